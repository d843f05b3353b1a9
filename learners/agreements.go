package learners

import (
	"context"
	"math/bits"

	"tickle/datasets"
	"tickle/learners/bitslice"
)

// Agreements counts, for every pair of rows of a selection, the columns in
// which they agree. Hamming distances and the linear kernel over one-hot
// columns follow from it, whatever the labels and folds. It does not change
// once made.
//
// It is counted over bit slices: 64 columns of at most 2ᵇ values each are b
// words a row, and a pair of rows agrees where no word differs. A partition
// of multiplicity m is in the slices of m's binary digits, so that counts are
// exact and each slice costs one population count a pair.
type Agreements struct {
	rows int
	d    int32
	same []int32 // rows × rows, symmetric
	two  []int32 // likewise, of the columns of two values; nil when there is none
	both []int32 // likewise; nil when no cell is missing
}

// Columns is the number of columns counted, D.
func (a *Agreements) Columns() int { return int(a.d) }

// Same is the number of columns in which rows i and j have one value; a
// missing cell agrees with nothing, itself included. Values that a matrix has
// no code for (datasets.Partition.Other) agree with none that it has.
func (a *Agreements) Same(i, j int32) int32 { return a.same[int(i)*a.rows+int(j)] }

// SameOfTwo is the part of Same that columns of exactly two values, counted
// over all rows, have in it. Kernels need it where such a column is one
// number and any other is an indicator a value.
func (a *Agreements) SameOfTwo(i, j int32) int32 {
	if a.two == nil {
		return 0
	}
	return a.two[int(i)*a.rows+int(j)]
}

// Both is the number of columns in which neither row's cell is missing.
func (a *Agreements) Both(i, j int32) int32 {
	if a.both == nil {
		return a.d
	}
	return a.both[int(i)*a.rows+int(j)]
}

// NewAgreements counts the agreements of s with at most the given number of
// goroutines (0: GOMAXPROCS). Its time grows with Rows²·Partitions/64 and its
// memory is 4·Rows² bytes a count (all columns, those of two values, and with
// missing cells those shared), and the bit slices.
// It fails only when ctx ends.
func NewAgreements(ctx context.Context, s *datasets.Selection, workers int) (*Agreements, error) {
	return countAgreements(ctx, s, nil, workers)
}

// NewFilledAgreements counts as NewAgreements does after the missing cells of
// each partition s.IDs[i] that has a value have become fill[i], one of its
// codes: a learner that imputes starts from these.
func NewFilledAgreements(ctx context.Context, s *datasets.Selection, fill []datasets.Code, workers int) (*Agreements, error) {
	return countAgreements(ctx, s, fill, workers)
}

// countAgreements is both of the above; fill is nil where missing cells stay.
func countAgreements(ctx context.Context, s *datasets.Selection, fill []datasets.Code, workers int) (*Agreements, error) {
	n := s.Rows()
	a := &Agreements{rows: n, d: int32(s.D), same: make([]int32, n*n)}
	groups, constant, whole := sliceGroups(s, fill)
	for _, id := range s.IDs {
		if a.both == nil && s.Parts[id].Missing && fill == nil {
			a.both = make([]int32, n*n)
		}
		if a.two == nil && s.Parts[id].Distinct == 2 {
			a.two = make([]int32, n*n)
		}
	}
	slices := make([]slice, len(groups))
	err := Parallel(ctx, len(groups), workers, func(_, i int) error {
		slices[i] = groups[i].pack(s)
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	tiles := (n + tileRows - 1) / tileRows
	err = Parallel(ctx, tiles, workers, func(_, t int) error {
		return a.tile(ctx, slices, t*tileRows)
	})
	if err != nil {
		return nil, err
	}
	a.finish(constant, whole)
	return a, nil
}

// tileRows is how many rows are compared with all later ones while a slice is
// in the cache.
const tileRows = 16

// sliceGroup is up to 64 partitions whose codes fit into the same number of
// bits, all counted with one weight.
type sliceGroup struct {
	ids     []int32         // partitions
	fill    []datasets.Code // what a missing cell of each becomes; nil where it stays
	planes  int             // bits a code
	two     bool            // columns of two values
	shift   int             // the weight is 1 << shift
	missing bool            // some cell is missing
}

// slice is a packed sliceGroup.
type slice struct {
	bitslice.Pairs
	two bool
}

// sliceGroups sorts the partitions of s into groups of like ones. Partitions
// that are constant and without missing cells agree everywhere: of them it
// gives the number of columns. whole counts all columns without missing
// cells. Where fill is given no cell is missing.
func sliceGroups(s *datasets.Selection, fill []datasets.Code) (groups []sliceGroup, constant, whole int32) {
	const codeBits = 16
	var open [codeBits + 1][2][2][32]sliceGroup
	for i, id := range s.IDs {
		part := &s.Parts[id]
		if part.Distinct == 0 {
			continue // nowhere a value: nothing agrees and nothing is shared
		}
		gaps, values := part.Missing && fill == nil, part.Distinct
		if part.Other {
			values++
		}
		if !gaps {
			whole += s.Mult[i]
			if values == 1 {
				constant += s.Mult[i]
				continue
			}
		}
		planes, missing, two := bits.Len(uint(values-1)), 0, 0
		if gaps {
			missing = 1
		}
		if part.Distinct == 2 {
			two = 1
		}
		for m := uint32(s.Mult[i]); m != 0; m &= m - 1 {
			shift := bits.TrailingZeros32(m)
			g := &open[planes][missing][two][shift]
			g.planes, g.two, g.shift, g.missing = planes, two == 1, shift, gaps
			if fill != nil {
				g.fill = append(g.fill, fill[i])
			}
			if g.ids = append(g.ids, id); len(g.ids) == 64 {
				groups = append(groups, *g)
				g.ids, g.fill = nil, nil
			}
		}
	}
	for p := range open {
		for m := range open[p] {
			for two := range open[p][m] {
				for _, g := range open[p][m][two] {
					if len(g.ids) > 0 {
						groups = append(groups, g)
					}
				}
			}
		}
	}
	return groups, constant, whole
}

// pack makes planes of the codes.
func (g *sliceGroup) pack(s *datasets.Selection) slice {
	p := slice{two: g.two}
	p.Planes, p.Rows, p.Stride, p.Shift = g.planes, s.Rows(), bitslice.SlicedRows(s.Rows()), g.shift
	p.Used = ^uint64(0) >> (64 - len(g.ids))
	p.Codes = make([]uint64, p.Planes*p.Stride)
	columns := make([][]datasets.Code, len(g.ids))
	gaps := false
	for i, id := range g.ids {
		columns[i] = s.Codes(id)
		gaps = gaps || s.Parts[id].Missing
	}
	for b := range g.planes {
		bitslice.Slice(p.Codes[b*p.Stride:(b+1)*p.Stride], columns, b)
	}
	if !gaps {
		return p
	}
	there := bitslice.SliceKnown(columns)
	if g.missing {
		p.There = there
		return p
	}
	for b := range g.planes {
		filled := uint64(0)
		for i, code := range g.fill {
			filled |= uint64(code>>b&1) << i
		}
		plane := p.Codes[b*p.Stride:][:p.Rows]
		for r := range plane {
			plane[r] = plane[r]&there[r] | filled&^there[r]
		}
	}
	return p
}

// tile counts the agreements of rows from…from+tileRows-1 with themselves and
// later rows, in the upper triangle; what it leaves below means nothing.
func (a *Agreements) tile(ctx context.Context, slices []slice, from int) error {
	to := min(from+tileRows, a.rows)
	for k := range slices {
		if k%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		s, same, both := &slices[k], a.same, a.both
		if s.two {
			same = a.two
		}
		for i := from; i < to; i++ {
			in, out := i*a.rows, (i+1)*a.rows
			if s.There == nil {
				s.Agree(i, same[in:out], nil)
			} else {
				s.Agree(i, same[in:out], both[in:out])
			}
		}
	}
	return nil
}

// finish adds what all pairs have and mirrors the upper triangle.
func (a *Agreements) finish(constant, whole int32) {
	n := a.rows
	for i := range n {
		for j := i; j < n; j++ {
			a.same[i*n+j] += constant
			if a.two != nil {
				a.same[i*n+j] += a.two[i*n+j]
				a.two[j*n+i] = a.two[i*n+j]
			}
			a.same[j*n+i] = a.same[i*n+j]
			if a.both != nil {
				a.both[i*n+j] += whole
				a.both[j*n+i] = a.both[i*n+j]
			}
		}
	}
}
