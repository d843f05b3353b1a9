package smo

import (
	"context"
	"math"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
)

// kernel is a kernel function of dot products.
type kernel struct {
	name            string
	exponent, gamma float64
}

// exact reports whether the kernel needs the dot products themselves, and not
// up to f(i)+f(j)+c.
func (k kernel) exact() bool { return k.name != linear }

// gram is the kernel between all rows of the matrix and the training rows.
type gram struct {
	rows   []int32   // the training rows
	values []float64 // rows of the matrix × training rows
}

// row gives the kernel of a row of the matrix with each training row.
func (g *gram) row(r int32) []float64 {
	return g.values[int(r)*len(g.rows) : (int(r)+1)*len(g.rows)]
}

// trained is row for the i-th training row.
func (g *gram) trained(i int32) []float64 { return g.row(g.rows[i]) }

// between is the kernel of the i-th with the j-th training row.
func (g *gram) between(i, j int32) float64 { return g.values[int(g.rows[i])*len(g.rows)+int(j)] }

// newGram makes the kernel for a training set.
func newGram(ctx context.Context, t *learners.Train, k kernel) (*gram, error) {
	b, err := sharedBase(ctx, t)
	if err != nil {
		return nil, err
	}
	n := t.Data.Rows()
	g := &gram{rows: append([]int32(nil), t.Rows...), values: make([]float64, n*len(t.Rows))}
	for i := range n {
		row := g.row(int32(i))
		for j, r := range g.rows {
			row[j] = float64(b.agree.Same(int32(i), r)) - float64(b.agree.SameOfTwo(int32(i), r))/2
		}
	}
	f := newFold(t, b, g, k.exact())
	if err := f.nominal(ctx); err != nil {
		return nil, err
	}
	if err := f.numeric(); err != nil {
		return nil, err
	}
	if k.exact() {
		f.apply(k)
	}
	return g, nil
}

// base is what the folds of a selection share.
type base struct {
	agree *learners.Agreements
	// fill is the mode of each partition over all rows, the first of equally
	// common codes; nil when no cell is missing. It is only where folds
	// start from.
	fill []datasets.Code
	// lead is by how many rows the mode is ahead of the next code, for
	// partitions with missing cells.
	lead []int32
}

type baseKey struct{}

func sharedBase(ctx context.Context, t *learners.Train) (*base, error) {
	return learners.Share(ctx, t, baseKey{}, func() (*base, error) {
		b, err := &base{}, error(nil)
		for _, id := range t.Data.IDs {
			if t.Data.Parts[id].Missing {
				b.findModes(t.Data)
				b.agree, err = learners.NewFilledAgreements(ctx, t.Data, b.fill, t.Workers)
				return b, err
			}
		}
		b.agree, err = t.Agreements(ctx)
		return b, err
	})
}

func (b *base) findModes(s *datasets.Selection) {
	b.fill, b.lead = make([]datasets.Code, len(s.IDs)), make([]int32, len(s.IDs))
	var counts []int32
	for i, id := range s.IDs {
		if part := &s.Parts[id]; part.Missing && part.Distinct > 0 {
			counts = zeros(counts, part.Distinct)
			for _, c := range s.Codes(id) {
				if int(c) < part.Distinct { // neither missing nor unknown
					counts[c]++
				}
			}
			mode, next := modeOf(counts)
			b.fill[i], b.lead[i] = mode, counts[mode]-next
		}
	}
}

// modeOf gives the first of the commonest codes, and how often the commonest
// of the others occurs.
func modeOf(counts []int32) (mode datasets.Code, next int32) {
	next = -1
	for c := 1; c < len(counts); c++ {
		if counts[c] > counts[mode] {
			mode, next = datasets.Code(c), counts[mode]
		} else {
			next = max(next, counts[c])
		}
	}
	return mode, max(next, 0)
}

// zeros gives n zeros, in the memory of s where it suffices.
func zeros(s []int32, n int) []int32 {
	if cap(s) < n {
		return make([]int32, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// fold turns the kernel of the base into a fold's.
type fold struct {
	*base
	data    *datasets.Selection
	gram    *gram
	trained []bool // of each row of the matrix
	exact   bool
	gaps    []int32 // scratch of refill

	// For exact dot products: what to add to all values of a row of the
	// matrix, to all of a training row, and to all; and each row's dot
	// product with itself.
	ofRow, ofTrained []float64
	ofAll            float64
	self             []float64
}

func newFold(t *learners.Train, b *base, g *gram, exact bool) *fold {
	n := t.Data.Rows()
	f := &fold{base: b, data: t.Data, gram: g, trained: make([]bool, n), exact: exact}
	for _, r := range g.rows {
		f.trained[r] = true
	}
	if exact {
		f.ofRow, f.ofTrained, f.self = make([]float64, n), make([]float64, n), make([]float64, n)
	}
	return f
}

// nominal corrects for the modes of the training rows and, for exact
// products, for what shifting left aside.
func (f *fold) nominal(ctx context.Context) error {
	s, held := f.data, int32(f.data.Rows()-len(f.gram.rows))
	var counts []int32
	cells := make([]datasets.Code, s.Rows())
	for i, id := range s.IDs {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		part := &s.Parts[id]
		if part.Distinct == 0 || !f.exact && (!part.Missing || part.Distinct == 1 || f.lead[i] > held) {
			continue
		}
		codes := s.Codes(id)
		counts = zeros(counts, part.Distinct)
		for _, r := range f.gram.rows {
			if c := codes[r]; c != datasets.Missing {
				counts[c]++
			}
		}
		mode := datasets.Code(0)
		if part.Missing {
			if mode, _ = modeOf(counts); mode != f.fill[i] {
				f.refill(i, mode)
			}
		}
		if f.exact {
			for r, c := range codes {
				if cells[r] = c; c == datasets.Missing {
					cells[r] = mode
					if f.trained[r] {
						counts[mode]++
					}
				}
			}
			f.unshift(part, float64(s.Mult[i]), cells, counts)
		}
	}
	return nil
}

// refill moves the missing cells of partition i from the base's mode to
// another.
func (f *fold) refill(i int, mode datasets.Code) {
	codes, was, weight := f.data.Codes(f.data.IDs[i]), f.fill[i], float64(f.data.Mult[i])
	if f.data.Parts[f.data.IDs[i]].Distinct == 2 {
		weight /= 2
	}
	change := func(c datasets.Code) float64 {
		switch c {
		case mode:
			return weight
		case was:
			return -weight
		}
		return 0
	}
	gaps := f.gaps[:0] // training rows with a missing cell, as columns of the kernel
	for j, r := range f.gram.rows {
		if codes[r] == datasets.Missing {
			gaps = append(gaps, int32(j))
		}
	}
	f.gaps = gaps
	for a, c := range codes {
		row := f.gram.row(int32(a))
		if c != datasets.Missing {
			if d := change(c); d != 0 {
				for _, j := range gaps {
					row[j] += d
				}
			}
			continue
		}
		for j, r := range f.gram.rows {
			if other := codes[r]; other != datasets.Missing {
				row[j] += change(other)
			}
		}
	}
}

// unshift takes a partition's part from agreements to the dot product of what
// Weka makes of its columns: nothing of a column that is constant in training,
// 0 or 1 where there are two values, else an indicator for each value seen in
// training. cells are filled, counts those of the training rows. A value that
// the column does not have is no indicator's, and between the two where there
// are two.
func (f *fold) unshift(part *datasets.Partition, weight float64, cells []datasets.Code, counts []int32) {
	constant := -1
	for c, n := range counts {
		if int(n) == len(f.gram.rows) {
			constant = c
		}
	}
	switch {
	case part.Distinct == 1:
		f.ofAll -= weight // all agree
		for r, c := range cells {
			if int(c) == part.Distinct { // but those
				f.ofRow[r] += weight
			}
		}
	case part.Distinct == 2:
		// xy = (agree + x + y - 1)/2.
		f.ofAll -= weight / 2
		for r, c := range cells {
			x, square := float64(c)*weight, float64(c)*weight
			if int(c) == part.Distinct {
				x, square = weight/2, weight/4
				f.ofRow[r] += weight / 4 // it agrees by half
			}
			f.ofRow[r] += x / 2
			f.ofTrained[r] += x / 2
			if constant < 0 {
				f.self[r] += square
			} else if constant == 1 {
				f.ofRow[r] -= x
			}
		}
	case constant >= 0:
		for r, c := range cells {
			if int(c) == constant {
				f.ofRow[r] -= weight
			}
		}
	default:
		for r, c := range cells {
			if int(c) < part.Distinct && counts[c] > 0 {
				f.self[r] += weight
			}
		}
	}
}

// numeric adds the numeric columns: missing cells become the training rows'
// mean, and cells are scaled to the training rows' range.
func (f *fold) numeric() error {
	if err := attributes.CheckNumbers(f.data); err != nil {
		return err
	}
	x := make([]float64, f.data.Rows())
	for _, c := range f.data.Numbers {
		column := &f.data.Matrix.Numbers[c]
		sum, n := 0.0, 0.0
		low, high := math.Inf(1), math.Inf(-1)
		for r, v := range column.Cells {
			if !math.IsNaN(v) && f.trained[r] {
				sum, n = sum+v, n+1
				low, high = min(low, v), max(high, v)
			}
		}
		if !(low < high) {
			continue
		}
		for r, v := range column.Cells {
			if math.IsNaN(v) {
				v = sum / n
			}
			x[r] = (v - low) / (high - low)
		}
		f.addNumbers(x)
	}
	return nil
}

func (f *fold) addNumbers(x []float64) {
	for i, v := range x {
		row := f.gram.row(int32(i))
		for j, r := range f.gram.rows {
			row[j] += v * x[r]
		}
		if f.exact {
			f.self[i] += v * v
		}
	}
}

// apply turns dot products, once shifted back, into kernels.
func (f *fold) apply(k kernel) {
	for i := range f.self {
		row := f.gram.row(int32(i))
		for j, r := range f.gram.rows {
			dot := row[j] + f.ofRow[i] + f.ofTrained[r] + f.ofAll
			switch k.name {
			case poly:
				row[j] = math.Pow(dot, k.exponent)
			case rbf:
				row[j] = math.Exp(k.gamma * (2*dot - f.self[i] - f.self[r]))
			}
		}
	}
}
