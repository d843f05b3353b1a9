package j48

import (
	"math/bits"

	"tickle/learners"
)

// vertical measures nominal columns without missing cells 64 values at a time,
// at nodes where every row is whole. For a class of n rows a value that none
// or all of them have adds nothing to the entropy of the classes within the
// bags; so that only values which divide a class are counted one by one.
type vertical struct {
	onehot *learners.OneHot
	places []place // of each attribute
	shares [][]float64
}

// place is where an attribute's values are; the zero value is of one that is
// not measured so.
type place struct {
	first int32  // bit of the first
	mask  uint32 // a bit for each
}

// newVertical lays out which attributes are measured so.
func newVertical(o *learners.OneHot, g *grower) *vertical {
	v := &vertical{onehot: o, places: make([]place, len(g.list)), shares: make([][]float64, len(g.train.Rows)+1)}
	nominal := 0
	for i := range g.list {
		a := &g.list[i]
		if !a.Nominal() {
			continue
		}
		if first := o.First[nominal]; first >= 0 && !a.Missing && !g.train.Data.Parts[g.train.Data.IDs[nominal]].Other {
			v.places[i] = place{first, 1<<a.Values - 1}
		}
		nominal++
	}
	return v
}

// class is the rows of a node that have one class.
type class struct {
	rows   []int32
	shares []float64 // k·log₂(k/n) by k, of n rows
}

// classesOf divides the rows of a node, which stand in order of class.
func (g *grower) classesOf(rows []entry) (ids []int32, list []class) {
	ids = make([]int32, len(rows))
	from := 0
	for i := range rows {
		ids[i] = rows[i].row
		if i+1 == len(rows) || rows[i+1].class != rows[i].class {
			n := i + 1 - from
			list = append(list, class{rows: ids[from : i+1], shares: g.sharesOf(n)})
			from = i + 1
		}
	}
	return ids, list
}

// sharesOf gives k·log₂(k/n) for k from 0 to n.
func (g *grower) sharesOf(n int) []float64 {
	if g.vertical.shares[n] == nil {
		shares := make([]float64, n+1)
		for k := 1; k <= n; k++ {
			shares[k] = g.xlog2x[k] - float64(k)*(g.xlog2x[n]/float64(n))
		}
		g.vertical.shares[n] = shares
	}
	return g.vertical.shares[n]
}

// tally is what a node's rows say of the values of a group.
type tally struct {
	total  learners.Counts // rows that have each value
	large  uint64          // the values that have a leaf's weight
	shares [64]float64     // Σ over classes of k·log₂(k/n)
}

// count counts the rows of a node in a group of values.
func (t *tally) count(g *grower, words []uint64, h *here) {
	t.total.Count(words, h.ids)
	t.large = t.total.AtLeast(max(1, g.leaf))
	if t.large&(t.large-1) == 0 {
		return // no two of them: no column can split the node
	}
	some := t.total.AtLeast(1)
	t.shares = [64]float64{}
	for i := range h.classes {
		c := &h.classes[i]
		if len(c.rows) == 1 {
			continue
		}
		every, any := ^uint64(0), uint64(0)
		for _, r := range c.rows {
			w := words[r]
			every &= w
			any |= w
		}
		divided := any &^ every & some
		if divided == 0 {
			continue
		}
		var own learners.Counts
		own.Count(words, c.rows)
		for ; divided != 0; divided &= divided - 1 {
			bit := bits.TrailingZeros64(divided)
			t.shares[bit] += c.shares[own.At(bit)]
		}
	}
}

// candidate measures the column of the values in a mask, the first of them at
// a bit; two at least are large.
func (t *tally) candidate(g *grower, bit int, mask uint32, h *here) (c candidate) {
	bags, shares := 0.0, 0.0
	for ; mask != 0; mask, bit = mask>>1, bit+1 {
		bags += g.xlog2x[t.total.At(bit)]
		shares += t.shares[bit]
	}
	c.valid = true
	// As sums.measure, where every row is known.
	entropy := g.xlog2x[len(h.rows)] - bags
	if gain := entropy + shares; !equal(gain, 0) {
		c.gain = gain / h.total
	}
	if !equal(entropy, 0) {
		c.ratio = c.gain / (entropy / h.total)
	}
	return c
}

// measureFrom measures some of the attributes at a node.
func (g *grower) measureFrom(h *here, in span, s *scratch) {
	last := -1 // the group that s.tally is of
	for k := in.from; k < in.to; k++ {
		i := in.alive[k]
		var place place
		if h.classes != nil {
			place = g.vertical.places[i]
		}
		var c candidate
		if place.mask == 0 {
			c = g.candidate(h, &g.list[i], s)
		} else {
			if group := int(place.first / 64); group != last {
				s.tally.count(g, g.vertical.onehot.Words(group), h)
				last = group
			}
			bit := int(place.first % 64)
			if own := uint32(s.tally.large>>bit) & place.mask; own&(own-1) != 0 {
				c = s.tally.candidate(g, bit, place.mask, h)
			}
		}
		if g.gains[k], g.ratios[k] = c.gain, c.ratio; !c.valid {
			g.gains[k] = -1
		}
	}
}
