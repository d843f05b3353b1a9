package smo

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"tickle/datasets"
	"tickle/learners/attributes"
)

// Described is a model as programs read it: a machine for each pair of
// classes, which names High where its output is positive.
type Described struct {
	Kernel   string    `json:"kernel"`
	Machines []Machine `json:"machines"`
}

// Machine is a machine; with the linear kernel its output is the sum of the
// weights of what a row's cells say, less the threshold, up to what is the same
// for every row.
type Machine struct {
	Low       string   `json:"low"`
	High      string   `json:"high"`
	Vectors   int      `json:"support_vectors"`
	Threshold float64  `json:"threshold"`
	Weights   []Weight `json:"weights,omitempty"` // the largest first
}

// Weight is that of a value of a nominal column, or of a numeric one.
type Weight struct {
	Column  string  `json:"column"`
	Value   *string `json:"value,omitempty"` // none: the number, on 0 to 1 over the training rows, is multiplied by the weight
	Columns int     `json:"columns"`         // how many columns group the rows as this one does, and have a value of the same weight
	Weight  float64 `json:"weight"`
}

// Describe gives each machine, and of the linear kernel the top weights by
// size; 0: all. Of columns that group the rows alike it gives the first.
func (m *model) Describe(top int) any {
	d := Described{Kernel: m.kernel.name, Machines: []Machine{}}
	for i := range m.machines {
		k := &m.machines[i]
		d.Machines = append(d.Machines, Machine{
			Low: m.train.Classes[m.pairs[i].low], High: m.train.Classes[m.pairs[i].high],
			Vectors: len(k.support), Threshold: k.b, Weights: m.weights(k, top),
		})
	}
	return d
}

// weights lists a machine's weights that are not 0; nil where the kernel is
// not linear.
func (m *model) weights(k *machine, top int) []Weight {
	if m.kernel.exact() {
		return nil
	}
	s, list := m.train.Data, []Weight{}
	for i, id := range s.IDs {
		values := m.valueWeights(k, id)
		for code, w := range values {
			if w != 0 {
				value := s.Text(int(s.First[i]), datasets.Code(code))
				list = append(list, Weight{s.Name(int(s.First[i])), &value, int(s.Mult[i]), w})
			}
		}
	}
	for _, n := range s.Numbers {
		if w := m.numberWeight(k, n); w != 0 {
			list = append(list, Weight{attributes.Name(s.Matrix, attributes.Numeric(n)), nil, 1, w})
		}
	}
	slices.SortStableFunc(list, func(a, b Weight) int { return cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight)) })
	if top > 0 {
		list = list[:min(top, len(list))]
	}
	return list
}

// valueWeights gives the weights of a partition's values. That of a number
// that is 0 or 1 is shared by the two.
func (m *model) valueWeights(k *machine, id int32) []float64 {
	part, codes := &m.train.Data.Parts[id], m.train.Data.Codes(id)
	if part.Distinct == 0 {
		return nil
	}
	counts, values := make([]int32, part.Distinct), make([]float64, part.Distinct)
	for _, r := range m.train.Rows {
		if c := codes[r]; c != datasets.Missing {
			counts[c]++
		}
	}
	mode, _ := modeOf(counts)
	if int(counts[mode]) == len(m.train.Rows) {
		return nil // constant, and of no weight to Weka
	}
	for i, at := range k.support {
		code := codes[m.train.Rows[at]]
		if code == datasets.Missing {
			code = mode
		}
		values[code] += k.weight[i]
	}
	if part.Distinct == 2 {
		values[0], values[1] = values[0]/2, values[1]/2
	}
	return values
}

// numberWeight gives the weight of a column of numbers.
func (m *model) numberWeight(k *machine, n int32) float64 {
	cells := m.train.Data.Matrix.Numbers[n].Cells
	sum, known, low, high := 0.0, 0.0, math.Inf(1), math.Inf(-1)
	for _, r := range m.train.Rows {
		if v := cells[r]; !math.IsNaN(v) {
			sum, known = sum+v, known+1
			low, high = min(low, v), max(high, v)
		}
	}
	if !(low < high) {
		return 0
	}
	weight := 0.0
	for i, at := range k.support {
		v := cells[m.train.Rows[at]]
		if math.IsNaN(v) {
			v = sum / known
		}
		weight += k.weight[i] * (v - low) / (high - low)
	}
	return weight
}

// TextTop writes what Describe gives, a line a weight.
func (m *model) TextTop(top int) string {
	d := m.Describe(top).(Described)
	var b strings.Builder
	fmt.Fprintf(&b, "%d training rows, %s kernel, %d machines\n", len(m.train.Rows), d.Kernel, len(d.Machines))
	for _, k := range d.Machines {
		fmt.Fprintf(&b, "%s or %s: %d support vectors, threshold %.4g\n", k.Low, k.High, k.Vectors, k.Threshold)
		for _, w := range k.Weights {
			fmt.Fprintf(&b, "\t%+.4g\t%s", w.Weight, w.Column)
			if w.Value != nil {
				fmt.Fprintf(&b, " = %s", *w.Value)
			}
			if w.Columns > 1 {
				fmt.Fprintf(&b, " (and %d columns like it)", w.Columns-1)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}
