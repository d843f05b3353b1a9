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

// sameBlock reports whether two attributes lie in one block.
func (v *vertical) sameBlock(i, j int32) bool {
	return v.places[i].first/bitslice.Bits == v.places[j].first/bitslice.Bits
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
	total   bitslice.Counts        // rows that have each value
	numbers [bitslice.Bits]uint16  // the same one by one
	large   bitslice.Vector        // the values that have a leaf's weight
	wanted  bitslice.Vector        // the values of the columns that can split the node
	shares  [bitslice.Bits]float64 // of the wanted, Σ over classes of k·log₂(k/n)
	own     bitslice.Counts        // of a class
	divided bitslice.Vector        // the values that some rows of a class have
	able    []int32                // the columns that can split the node, as indices into span.alive
}

// block measures the columns of a span that lie in a block of values. A column
// needs two values of a leaf's weight to be able to split the node.
func (t *tally) block(g *grower, h *here, in span) {
	block := int(g.places[in.alive[in.from]].first / bitslice.Bits)
	vectors := g.onehot.Block(block)
	t.total.Reset()
	t.total.Add(vectors, h.ids)
	t.total.AtLeast(&t.large, max(1, g.leaf))
	t.wanted, t.able = bitslice.Vector{}, t.able[:0]
	for k := in.from; k < in.to; k++ {
		place := g.places[in.alive[k]]
		if place.mask == 0 {
			continue
		}
		word, bit := place.first/64%bitslice.Words, place.first%64
		if own := uint32(t.large[word]>>bit) & place.mask; own&(own-1) == 0 {
			g.gains[k] = -1
			continue
		}
		t.wanted[word] |= uint64(place.mask) << bit
		t.able = append(t.able, int32(k))
	}
	if len(t.able) == 0 {
		return
	}
	t.total.All(&t.numbers)
	t.share(vectors, h)
	for _, k := range t.able {
		place := g.places[in.alive[k]]
		g.gains[k], g.ratios[k] = t.measure(g, place, h)
	}
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
		for w, divided := range t.divided {
			if divided &= t.wanted[w]; divided != 0 {
				t.shareWord(c, w, divided)
			}
		}
	}
}

// shareWord adds a class's shares of some values of a word.
func (t *tally) shareWord(c *class, word int, values uint64) {
	var planes [bitslice.Planes]uint64
	shares := t.shares[64*word : 64*(word+1)]
	if used := t.own.Word(word, &planes); used == 2 { // two or three rows
		for ; values != 0; values &= values - 1 {
			bit := bits.TrailingZeros64(values) & 63
			shares[bit] += c.shares[planes[0]>>bit&1|planes[1]>>bit&1<<1]
		}
	} else {
		for ; values != 0; values &= values - 1 {
			bit := bits.TrailingZeros64(values) & 63
			n := uint64(0)
			for b, plane := range planes[:used] {
				n |= plane >> bit & 1 << (b & 63)
			}
			shares[bit] += c.shares[n]
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

// measureFrom measures some of the attributes at a node.
func (g *grower) measureFrom(h *here, in span, s *scratch) {
	for from := in.from; from < in.to; {
		to := from + 1
		for h.classes != nil && to < in.to && g.sameBlock(in.alive[from], in.alive[to]) {
			to++
		}
		vertical := false
		for k := from; k < to; k++ {
			i := in.alive[k]
			if h.classes != nil && g.places[i].mask != 0 {
				vertical = true
				continue
			}
			c := g.candidate(h, &g.list[i], s)
			if g.gains[k], g.ratios[k] = c.gain, c.ratio; !c.valid {
				g.gains[k] = -1
			}
		}
		if vertical {
			s.tally.block(g, h, span{in.alive, from, to})
		}
		from = to
	}
}
