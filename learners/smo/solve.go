package smo

import (
	"context"
	"math"
	"slices"
)

// Constants of Weka's: what counts as no violation of optimality, as no
// change of a multiplier, and as a multiplier of nothing.
const (
	tolerance  = 1e-3
	epsilon    = 1e-12
	negligible = 1000 * math.SmallestNonzeroFloat64
)

// solver optimises the machine of a pair. Names are the paper's: the row with
// the greatest error among those whose multiplier may fall is low, the one
// with the least among those whose may rise is up, and a machine is optimal
// where bLow ≤ bUp + 2·tolerance.
type solver struct {
	c         float64
	gram      *gram
	rows      []int32
	y         []float64
	alpha     []float64
	support   []int     // the rows whose multiplier is not 0, ascending
	err       []float64 // F of the paper; kept for unbound rows, and as last computed for others
	bLow, bUp float64
	low, up   int
}

// solve finds the multipliers of a pair.
func (l learner) solve(ctx context.Context, g *gram, p *pair) (machine, error) {
	n := len(p.rows)
	s := &solver{c: l.c, gram: g, rows: p.rows, y: p.y, alpha: make([]float64, n), err: make([]float64, n), bLow: 1, bUp: -1}
	for i, y := range p.y {
		if y < 0 {
			s.low = i
		} else {
			s.up = i
		}
	}
	s.err[s.low], s.err[s.up] = 1, -1
	for changed, all := 0, true; changed > 0 || all; {
		if err := ctx.Err(); err != nil {
			return machine{}, err
		}
		switch {
		case all:
			changed = s.examineAll()
		case l.worst:
			changed = 0
			for s.bLow-s.bUp > 2*tolerance && s.takeStep(s.up, s.low, s.err[s.low]) {
			}
		default:
			changed = s.examineUnbound()
		}
		all = !all && changed == 0
	}
	m := machine{b: (s.bLow + s.bUp) / 2}
	m.support, m.weight = make([]int32, len(s.support)), make([]float64, len(s.support))
	for k, i := range s.support {
		m.support[k], m.weight[k] = p.rows[i], s.alpha[i]*p.y[i]
	}
	return m, nil
}

// examineAll visits every row and counts those that led to a change.
func (s *solver) examineAll() int {
	changed := 0
	for i := range s.alpha {
		if s.examine(i) {
			changed++
		}
	}
	return changed
}

// examineUnbound is Keerthi's first modification: it visits the unbound rows
// until they are optimal.
func (s *solver) examineUnbound() int {
	changed := 0
	for i := range s.alpha {
		if !s.unbound(i) {
			continue
		}
		if s.examine(i) {
			changed++
		}
		if s.bUp > s.bLow-2*tolerance {
			return 0
		}
	}
	return changed
}

// The index sets of the paper, I0 and unions with it.
func (s *solver) unbound(i int) bool { return s.alpha[i] > 0 && s.alpha[i] < s.c }
func (s *solver) boundFalls(i int) bool {
	return s.y[i] > 0 && s.alpha[i] == s.c || s.y[i] < 0 && s.alpha[i] == 0
}

// k is the kernel between the i-th and the j-th row of the pair.
func (s *solver) k(i, j int) float64 { return s.gram.between(s.rows[i], s.rows[j]) }

// output is the machine's for a row, without the threshold.
func (s *solver) output(i int) float64 {
	kernels, sum := s.gram.trained(s.rows[i]), 0.0
	for _, j := range s.support {
		sum += s.alpha[j] * s.y[j] * kernels[s.rows[j]]
	}
	return sum
}

// examine looks for a row to optimise together with i2 and reports whether
// that changed anything.
func (s *solver) examine(i2 int) bool {
	unbound, falls := s.unbound(i2), s.boundFalls(i2)
	if !unbound {
		s.err[i2] = s.output(i2) - s.y[i2]
		if f := s.err[i2]; !falls && f < s.bUp {
			s.bUp, s.up = f, i2
		} else if falls && f > s.bLow {
			s.bLow, s.low = f, i2
		}
	}
	f, i1 := s.err[i2], -1
	if (unbound || !falls) && s.bLow-f > 2*tolerance {
		i1 = s.low
	}
	if (unbound || falls) && f-s.bUp > 2*tolerance {
		i1 = s.up
	}
	if i1 < 0 {
		return false
	}
	if unbound {
		if i1 = s.up; s.bLow-f > f-s.bUp {
			i1 = s.low
		}
	}
	return s.takeStep(i1, i2, f)
}

// takeStep optimises two multipliers and reports whether they changed. f2 is
// the error of i2.
func (s *solver) takeStep(i1, i2 int, f2 float64) bool {
	if i1 == i2 {
		return false
	}
	a1, a2 := s.alpha[i1], s.alpha[i2]
	least, most := max(0, a1+a2-s.c), min(s.c, a1+a2)
	if s.y[i1] != s.y[i2] {
		least, most = max(0, a2-a1), min(s.c, s.c+a2-a1)
	}
	if least >= most {
		return false
	}
	k11, k12, k22 := s.k(i1, i1), s.k(i1, i2), s.k(i2, i2)
	n2 := a2
	if curve := 2*k12 - k11 - k22; curve < 0 {
		n2 = min(max(a2-s.y[i2]*(s.err[i1]-f2)/curve, least), most)
	} else {
		n2 = s.betterEnd(i1, i2, least, most)
	}
	if math.Abs(n2-a2) < epsilon*(n2+a2+epsilon) {
		return false
	}
	n2 = s.snap(n2)
	n1 := s.snap(a1 + s.y[i1]*s.y[i2]*(a2-n2))
	s.set(i1, n1)
	s.set(i2, n2)
	d1, d2 := s.y[i1]*(n1-a1), s.y[i2]*(n2-a2)
	row1, row2 := s.gram.trained(s.rows[i1]), s.gram.trained(s.rows[i2])
	for _, j := range s.support {
		if r := s.rows[j]; j != i1 && j != i2 && s.unbound(j) {
			s.err[j] += d1*row1[r] + d2*row2[r]
		}
	}
	s.err[i1] += d1*k11 + d2*k12
	s.err[i2] += d1*k12 + d2*k22
	s.newBounds(i1, i2)
	return true
}

// set changes a multiplier.
func (s *solver) set(i int, a float64) {
	s.alpha[i] = a
	switch at, in := slices.BinarySearch(s.support, i); {
	case a > 0 && !in:
		s.support = slices.Insert(s.support, at, i)
	case !(a > 0) && in:
		s.support = slices.Delete(s.support, at, at+1)
	}
}

// snap puts a multiplier on a bound that it all but meets.
func (s *solver) snap(a float64) float64 {
	switch {
	case a > s.c-negligible*s.c:
		return s.c
	case a <= negligible*s.c:
		return 0
	}
	return a
}

// betterEnd is where the objective is higher at one end of the segment on
// which i2's multiplier may lie, where it has no maximum inside; without a
// better end the multiplier stays.
func (s *solver) betterEnd(i1, i2 int, least, most float64) float64 {
	y1, y2, a1, a2 := s.y[i1], s.y[i2], s.alpha[i1], s.alpha[i2]
	k11, k12, k22 := s.k(i1, i1), s.k(i1, i2), s.k(i2, i2)
	v1 := s.output(i1) - y1*a1*k11 - y2*a2*k12
	v2 := s.output(i2) - y1*a1*k12 - y2*a2*k22
	sign := y1 * y2
	gamma := a1 + sign*a2
	objective := func(n2 float64) float64 {
		n1 := gamma - sign*n2
		return n1 + n2 - 0.5*k11*n1*n1 - 0.5*k22*n2*n2 - sign*k12*n1*n2 - y1*n1*v1 - y2*n2*v2
	}
	switch low, high := objective(least), objective(most); {
	case low > high+epsilon:
		return least
	case low < high-epsilon:
		return most
	}
	return a2
}

// newBounds finds low and up among the unbound rows and the two just changed.
func (s *solver) newBounds(i1, i2 int) {
	s.bLow, s.bUp, s.low, s.up = math.Inf(-1), math.Inf(1), -1, -1
	for _, j := range s.support {
		if s.unbound(j) {
			s.mayBeUp(j)
			s.mayBeLow(j)
		}
	}
	for _, i := range [2]int{i1, i2} {
		switch {
		case s.unbound(i):
		case s.boundFalls(i):
			s.mayBeLow(i)
		default:
			s.mayBeUp(i)
		}
	}
}

func (s *solver) mayBeLow(i int) {
	if s.err[i] > s.bLow {
		s.bLow, s.low = s.err[i], i
	}
}

func (s *solver) mayBeUp(i int) {
	if s.err[i] < s.bUp {
		s.bUp, s.up = s.err[i], i
	}
}
