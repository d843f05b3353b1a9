// Package oner is Holte's 1R ("Very simple classification rules perform well
// on most commonly used datasets", Machine Learning 11, 1993) in the form that
// Weka's OneR gives it: the one column whose values name the most training
// rows rightly, a missing cell being a value of its own.
//
// Numbers are cut into intervals: from one interval to the next the commonest
// class changes, and each but the last has at least a bucket's size of it.
package oner

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
)

// Entry offers the learner under the name "oner".
func Entry() learners.Entry {
	return learners.Entry{
		Name:    "oner",
		Summary: "The one column that names the most rows rightly, as Weka's OneR.",
		View:    learners.MatrixView,
		Options: []learners.Option{
			{Name: "bucket", Type: learners.IntOption, Default: "6", Doc: "Rows of its class that an interval of numbers needs, at least 1."},
		},
		New: func(o learners.Options) (learners.Learner, error) {
			l := learner{bucket: o.Int("bucket")}
			if l.bucket < 1 {
				return nil, fmt.Errorf("option bucket=%d: want at least 1", l.bucket)
			}
			return l, nil
		},
		Load: load,
	}
}

type learner struct {
	bucket int
}

// Model is a rule over one column. Its scores are votes: one for the class
// that the rule names.
type Model struct {
	matrix  *datasets.Matrix
	classes []string
	column  attributes.ID
	empty   bool  // no column has a value: fallback is for every row
	rule    []int // class by code, or by interval
	cuts    []float64
	missing int  // class of a missing cell
	other   int  // class of a value that the column does not have
	gaps    bool // some training row's cell was missing
	right   int  // training rows that the rule names rightly
	rows    int  // training rows
}

// Fit finds the rule. The first of equally good columns wins, and the first
// of equally common classes. A value, or a missing cell, that no training row
// has stands for the first class that has a training row. Where no column has
// any value in a training row, the model names the commonest class. It fails
// on infinite numbers.
func (l learner) Fit(ctx context.Context, t *learners.Train) (learners.Model, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	list, err := attributes.Of(t.Data)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f := newFit(l, t)
	best := Model{empty: true}
	for i := range list {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		m, ok := f.rule(&list[i])
		if ok && (best.empty || m.right > best.right) {
			best = m
		}
	}
	if best.empty {
		best.missing = argmax(f.totals)
		best.right = f.totals[best.missing]
	}
	best.matrix, best.classes, best.rows = t.Data.Matrix, slices.Clone(t.Classes), len(t.Rows)
	return &best, nil
}

// fit is the training rows and memory that the rules of all columns share.
type fit struct {
	learner
	rows    []int32
	labels  []int32 // of rows
	totals  []int   // rows of each class
	first   int     // the first class that has rows
	counts  []int   // by code and class; zero between calls
	missing []int   // by class
}

func newFit(l learner, t *learners.Train) *fit {
	f := &fit{learner: l, rows: t.Rows, totals: make([]int, len(t.Classes)), missing: make([]int, len(t.Classes))}
	for _, r := range t.Rows {
		f.labels = append(f.labels, t.Labels[r])
		f.totals[t.Labels[r]]++
	}
	f.first = slices.IndexFunc(f.totals, func(n int) bool { return n > 0 })
	most := 0
	for _, id := range t.Data.IDs {
		most = max(most, t.Data.Parts[id].Distinct)
	}
	f.counts = make([]int, most*len(t.Classes))
	return f
}

// argmax is the index of the first of the highest counts.
func argmax(counts []int) int {
	best := 0
	for i, n := range counts {
		if n > counts[best] {
			best = i
		}
	}
	return best
}

// rule makes the rule of a column; ok is false for a column of numbers that
// is missing in all training rows. As in Weka, a nominal one of that kind is
// a rule that knows the missing cell alone.
func (f *fit) rule(a *attributes.Attribute) (m Model, ok bool) {
	clear(f.missing)
	if a.Nominal() {
		m = f.nominal(a)
	} else if m, ok = f.numeric(a); !ok {
		return m, false
	}
	m.column, m.missing, m.other = a.ID, f.first, f.first
	if best := argmax(f.missing); f.missing[best] > 0 {
		m.missing, m.gaps = best, true
		m.right += f.missing[best]
	}
	return m, true
}

func (f *fit) nominal(a *attributes.Attribute) (m Model) {
	n := len(f.totals)
	counts := f.counts[:a.Values*n]
	for i, r := range f.rows {
		if c := a.Codes[r]; c == datasets.Missing {
			f.missing[f.labels[i]]++
		} else {
			counts[int(c)*n+int(f.labels[i])]++
		}
	}
	m.rule = make([]int, a.Values)
	for code := range m.rule {
		of := counts[code*n : (code+1)*n]
		m.rule[code] = f.commonest(of)
		m.right += of[m.rule[code]]
	}
	clear(counts)
	return m
}

// commonest is the first of the commonest classes, of those that have
// training rows.
func (f *fit) commonest(counts []int) int {
	best := f.first
	for c, n := range counts {
		if n > counts[best] {
			best = c
		}
	}
	return best
}

// interval is a range of numbers up to, not including, end.
type interval struct {
	counts []int
	end    float64
}

// numeric cuts the numbers into one interval a value, and then joins
// neighbours from below: first where the lower one is too small or the
// commonest classes are the same, then where the commonest classes are the
// same after all.
func (f *fit) numeric(a *attributes.Attribute) (m Model, ok bool) {
	var order []int
	for i, r := range f.rows {
		if math.IsNaN(a.Cells[r]) {
			f.missing[f.labels[i]]++
		} else {
			order = append(order, i)
		}
	}
	if len(order) == 0 {
		return m, false
	}
	sort.SliceStable(order, func(i, j int) bool { return a.Cells[f.rows[order[i]]] < a.Cells[f.rows[order[j]]] })
	var all []interval
	last := math.NaN()
	for _, i := range order {
		v := a.Cells[f.rows[i]]
		if v != last {
			if len(all) > 0 {
				all[len(all)-1].end = (last + v) / 2
			}
			all = append(all, interval{make([]int, len(f.totals)), math.Inf(1)})
			last = v
		}
		all[len(all)-1].counts[f.labels[i]]++
	}
	all = join(all, func(lower []int) bool { return lower[argmax(lower)] < f.bucket })
	all = join(all, func([]int) bool { return false })
	for i, in := range all {
		best := f.commonest(in.counts)
		m.rule = append(m.rule, best)
		m.right += in.counts[best]
		if i < len(all)-1 {
			m.cuts = append(m.cuts, in.end)
		}
	}
	return m, true
}

// join goes up the intervals and joins one with what became of those below
// when their commonest classes are the same, or the lower is too small.
func join(all []interval, small func(lower []int) bool) []interval {
	var out []interval
	for _, in := range all {
		if n := len(out); n > 0 {
			lower := out[n-1].counts
			if argmax(in.counts) == argmax(lower) || small(lower) {
				for c := range lower {
					lower[c] += in.counts[c]
				}
				out[n-1].end = in.end
				continue
			}
		}
		out = append(out, in)
	}
	return out
}

// Kind says that scores are votes.
func (m *Model) Kind() learners.ScoreKind { return learners.Votes }

// Predict names the class that the rule gives for the row's cell.
func (m *Model) Predict(row int32) learners.Prediction {
	p := learners.Prediction{Class: int32(m.class(row)), Scores: make([]float64, len(m.classes))}
	p.Scores[p.Class] = 1
	return p
}

func (m *Model) class(row int32) int {
	if m.empty {
		return m.missing
	}
	if n, ok := m.column.Number(); ok {
		v := m.matrix.Numbers[n].Cells[row]
		if math.IsNaN(v) {
			return m.missing
		}
		return m.rule[sort.Search(len(m.cuts), func(i int) bool { return v < m.cuts[i] })]
	}
	code := attributes.Code(m.matrix, m.column, row)
	switch {
	case code == datasets.Missing:
		return m.missing
	case int(code) >= len(m.rule):
		return m.other
	}
	return m.rule[code]
}

// Text writes the rule, a line a value or interval:
//
//	p0.ip.ttl:
//		64	-> linux
//		128	-> windows
//		?	-> linux
//	(270 of 329 rows)
func (m *Model) Text() string {
	var b strings.Builder
	if m.empty {
		fmt.Fprintf(&b, "%s\n", m.classes[m.missing])
	} else {
		fmt.Fprintf(&b, "%s:\n", m.name())
		for i, class := range m.rule {
			fmt.Fprintf(&b, "\t%s\t-> %s\n", m.value(i), m.classes[class])
		}
		if m.gaps {
			fmt.Fprintf(&b, "\t?\t-> %s\n", m.classes[m.missing])
		}
	}
	fmt.Fprintf(&b, "(%d of %d rows)\n", m.right, m.rows)
	return b.String()
}

// name is the column's.
func (m *Model) name() string { return attributes.Name(m.matrix, m.column) }

// value writes the i-th value or interval.
func (m *Model) value(i int) string {
	switch _, numeric := m.column.Number(); {
	case !numeric:
		return attributes.Value(m.matrix, m.column, datasets.Code(i))
	case i < len(m.cuts):
		return "< " + number(m.cuts[i])
	case i > 0:
		return ">= " + number(m.cuts[i-1])
	}
	return "any number"
}

// number writes a number in full.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
