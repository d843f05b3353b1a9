package j48

import (
	"math/bits"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
	"tickle/learners/bitslice"
)

// vertical measures nominal columns without missing cells a block of values at
// a time, at nodes where every row is whole. For a class of n rows a value that none
// or all of them have adds nothing to the entropy of the classes within the
// bags; so that only values which divide a class are counted one by one.
type vertical struct {
	onehot *learners.OneHot
	places []place // of each attribute
}

// place is where an attribute's values are.
type place struct {
	first int32  // bit of the first, or of an attribute before it
	mask  uint32 // a bit for each; 0 for an attribute that is not measured so
}

// newVertical lays out which of the attributes of a selection are measured so.
func newVertical(o *learners.OneHot, s *datasets.Selection, list []attributes.Attribute) vertical {
	v := vertical{onehot: o, places: make([]place, len(list))}
	nominal, last := 0, int32(0)
	for i := range list {
		a := &list[i]
		v.places[i].first = last
		if !a.Nominal() {
			continue
		}
		if first := o.First[nominal]; first >= 0 && !a.Missing && !s.Parts[s.IDs[nominal]].Other {
			v.places[i] = place{first, 1<<a.Values - 1}
			last = first
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
	if g.shares[n] == nil {
		shares := make([]float64, n+1)
		for k := 1; k <= n; k++ {
			shares[k] = g.xlog2x[k] - float64(k)*(g.xlog2x[n]/float64(n))
		}
		g.shares[n] = shares
	}
	return g.shares[n]
}

// tally is what a node's rows say of the values of a block.
type tally struct {
	total      bitslice.Counts        // rows that have each value
	numbers    [bitslice.Bits]uint16  // the same one by one
	large      bitslice.Vector        // the values that have a leaf's weight
	wanted     bitslice.Vector        // the values of the columns that can split the node
	shares     [bitslice.Bits]float64 // of the wanted, Σ over classes of k·log₂(k/n)
	own        bitslice.Counts        // of a class
	ownNumbers [bitslice.Bits]uint16
	divided    bitslice.Vector // the values that some rows of a class have
}

// verticals measures attributes of a part, block by block.
func (g *grower) verticals(h *here, p *part, alive []int32, s *scratch) {
	for from := p.from; from < p.to; {
		from = g.block(h, p, span{alive, from, p.to}, s)
	}
}

// block measures the attributes of a span as far as they lie in the block of the
// first, and gives where the next block begins.
func (g *grower) block(h *here, p *part, in span, s *scratch) (next int) {
	t, live := &s.tally, p.from+p.live
	first := live
	block := g.places[in.alive[in.from]].first / bitslice.Bits
	counted := false
	for next = in.from; next < in.to; next++ {
		i := in.alive[next]
		at := g.places[i]
		if at.first/bitslice.Bits != block {
			break
		}
		if at.mask == 0 {
			live = g.keep(live, i, g.candidate(h, &g.list[i], s))
			continue
		}
		if !counted {
			t.count(g, g.onehot.Block(int(block)), h)
			counted = true
		}
		word, bit := at.first/64%bitslice.Words, at.first%64
		// A column needs two values of a leaf's weight to split the node.
		if own := uint32(t.large[word]>>bit) & at.mask; own&(own-1) != 0 {
			t.wanted[word] |= uint64(at.mask) << bit
			g.live[live] = i
			live++
		}
	}
	p.live = live - p.from
	if !counted || !t.wanted.Any() {
		return next
	}
	t.total.All(&t.numbers)
	t.share(g.onehot.Block(int(block)), h)
	for k := first; k < live; k++ {
		if at := g.places[g.live[k]]; at.mask != 0 {
			g.gains[k], g.ratios[k] = t.measure(g, at, h)
		}
	}
	return next
}

// count counts a node's rows in a block.
func (t *tally) count(g *grower, vectors []bitslice.Vector, h *here) {
	t.total.Reset()
	t.total.Add(vectors, h.ids)
	t.total.AtLeast(&t.large, max(1, g.leaf))
	t.wanted = bitslice.Vector{}
}

// share computes the shares of the wanted values.
func (t *tally) share(vectors []bitslice.Vector, h *here) {
	t.shares = [bitslice.Bits]float64{}
	for i := range h.classes {
		c := &h.classes[i]
		if len(c.rows) == 1 {
			continue
		}
		t.own.Reset()
		t.own.Add(vectors, c.rows)
		t.own.Divided(&t.divided)
		values := 0
		for w := range t.divided {
			t.divided[w] &= t.wanted[w]
			values += bits.OnesCount64(t.divided[w])
		}
		switch {
		case values == 0:
		case values < dense:
			t.shareFew(c)
		default:
			t.shareMany(c)
		}
	}
}

// dense is how many values of a block are worth having all its numbers one by
// one.
const dense = 32

// shareMany adds a class's shares of the values that divide it.
func (t *tally) shareMany(c *class) {
	t.own.All(&t.ownNumbers)
	for w, values := range t.divided {
		numbers, shares := t.ownNumbers[64*w:64*(w+1)], t.shares[64*w:64*(w+1)]
		for ; values != 0; values &= values - 1 {
			bit := bits.TrailingZeros64(values) & 63
			shares[bit] += c.shares[numbers[bit]]
		}
	}
}

// shareFew is shareMany for few values.
func (t *tally) shareFew(c *class) {
	for w, values := range t.divided {
		for ; values != 0; values &= values - 1 {
			bit := 64*w + bits.TrailingZeros64(values)
			t.shares[bit] += c.shares[t.own.At(bit)]
		}
	}
}

// measure gives gain and gain ratio of a column that can split the node: as
// sums.measure, where every row is known.
func (t *tally) measure(g *grower, at place, h *here) (gain, ratio float64) {
	bags, shares := 0.0, 0.0
	bit := at.first % bitslice.Bits
	for mask := at.mask; mask != 0; mask, bit = mask>>1, bit+1 {
		bags += g.xlog2x[t.numbers[bit]]
		shares += t.shares[bit]
	}
	entropy := g.xlog2x[len(h.rows)] - bags
	if sum := entropy + shares; !equal(sum, 0) {
		gain = sum / h.total
	}
	if !equal(entropy, 0) {
		ratio = gain / (entropy / h.total)
	}
	return gain, ratio
}
