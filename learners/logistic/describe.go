package logistic

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"tickle/learners/attributes"
)

// Described is a model as programs read it: the sum of a class is its bias and
// the weights of what a row's cells say.
type Described struct {
	Multinomial bool    `json:"multinomial"`           // softmax of the sums; else their logistic functions, scaled to sum to one
	Temperature float64 `json:"temperature,omitempty"` // of a calibrated model: probabilities are their powers 1/T, scaled to sum to one
	Classes     []Class `json:"classes"`               // with training rows
}

// Class is the weights of a class.
type Class struct {
	Class   string   `json:"class"`
	Bias    float64  `json:"bias"`
	Weights []Weight `json:"weights"` // the largest first
}

// Weight is that of a value of a nominal column, or of a numeric one.
type Weight struct {
	Column  string  `json:"column"`
	Value   *string `json:"value,omitempty"` // none: a number is multiplied by the weight
	Columns int     `json:"columns"`         // how many columns group the rows as this one does, and have a value of the same weight
	Weight  float64 `json:"weight"`
}

// Describe gives for each class the top weights by size; 0: all. Of columns
// that group the rows alike it gives the first.
func (m *Model) Describe(top int) any {
	d := Described{Multinomial: m.multinomial, Classes: []Class{}}
	if m.calibrated {
		d.Temperature = m.temperature
	}
	for _, c := range m.present {
		weights := m.weights(c)
		slices.SortStableFunc(weights, func(a, b Weight) int { return cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight)) })
		if top > 0 {
			weights = weights[:min(top, len(weights))]
		}
		d.Classes = append(d.Classes, Class{m.names[c], m.Bias(c), weights})
	}
	return d
}

// weights lists the weights of a class that are not 0.
func (m *Model) weights(class int32) []Weight {
	s, list := m.space.selection(), []Weight{}
	add := func(w Weight) {
		if w.Weight != 0 {
			list = append(list, w)
		}
	}
	for i, c := range s.First {
		values := make([]float64, len(s.Values(int(c))))
		sign := 1.0
		if coefs := m.coefsOf(class, &sign); coefs != nil {
			m.space.weights(coefs, int(c), values)
		}
		for code, w := range values {
			w *= sign
			value := s.Text(int(c), uint16(code))
			add(Weight{s.Name(int(c)), &value, int(s.Mult[i]), w})
		}
	}
	for _, n := range s.Numbers {
		add(Weight{attributes.Name(s.Matrix, attributes.Numeric(n)), nil, 1, m.NumberWeight(class, int(n))})
	}
	return list
}

// TextTop writes what Describe gives, a line a weight.
func (m *Model) TextTop(top int) string {
	var b strings.Builder
	if m.calibrated {
		fmt.Fprintf(&b, "temperature %.4g\n", m.temperature)
	}
	for _, c := range m.Describe(top).(Described).Classes {
		fmt.Fprintf(&b, "%s: bias %.4g\n", c.Class, c.Bias)
		for _, w := range c.Weights {
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
