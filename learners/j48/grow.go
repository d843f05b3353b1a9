package j48

import (
	"cmp"
	"context"
	"math"
	"slices"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
	"tickle/learners/bitslice"
)

// node is a node of a tree. A leaf has no test and a distribution of one bag.
type node struct {
	test *test
	dist *distribution
	sons []*node
	// empty marks a leaf that no training row came to: whoever comes to it
	// has the distribution of the node above.
	empty bool
	rows  []entry // gone once the tree is made
}

// grower makes the nodes of one tree.
type grower struct {
	learner
	*layout
	ctx     context.Context
	train   *learners.Train
	classes int
	many    float64   // a nominal column of as many values does not enter the average gain
	average bool      // every column has so many values, and all enter it after all
	xlog2x  []float64 // for weights 0…len(Rows)
	shares  [][]float64
	scratch []*scratch
	// Of the attributes that a node measures: at a big one they are more than
	// any cache holds, so that there is no more of them than has to be.
	live          []int32   // those that may split the node or a part of it, in order
	gains, ratios []float64 // of each of those; a gain below zero is of one that cannot split the node
	left          [][]int32 // by depth, those that are left for the nodes below
	entering      []int32   // of each attribute: columns that enter the average gain
}

// layout is what growers on one selection share.
type layout struct {
	list     []attributes.Attribute
	most     int // values of a nominal attribute
	vertical     // its places are nil where branches are of one value
}

// layoutKey is for learners.Share.
type layoutKey struct{ binary bool }

func newLayout(ctx context.Context, l learner, t *learners.Train) (*layout, error) {
	list, err := attributes.Of(t.Data)
	if err != nil {
		return nil, err
	}
	lay := &layout{list: list}
	for i := range list {
		lay.most = max(lay.most, list[i].Values)
	}
	if l.binary {
		return lay, nil
	}
	onehot, err := t.OneHot(ctx)
	if err != nil {
		return nil, err
	}
	lay.vertical = newVertical(onehot, t.Data, list)
	return lay, nil
}

func newGrower(ctx context.Context, l learner, t *learners.Train) (*grower, error) {
	lay, err := learners.Share(ctx, t, layoutKey{l.binary}, func() (*layout, error) { return newLayout(ctx, l, t) })
	if err != nil {
		return nil, err
	}
	g := &grower{
		learner: l, layout: lay, ctx: ctx, train: t, classes: len(t.Classes), many: 0.3 * float64(len(t.Rows)), average: true,
		shares: make([][]float64, len(t.Rows)+1), entering: make([]int32, len(lay.list)),
	}
	for i := range g.list {
		if a := &g.list[i]; !a.Nominal() || g.few(a) {
			g.average = false
			break
		}
	}
	for i := range g.list {
		a := &g.list[i]
		if !a.Nominal() || g.average || g.few(a) {
			g.entering[i] = a.Mult
		}
	}
	g.xlog2x = make([]float64, len(t.Rows)+1)
	for n := range g.xlog2x {
		g.xlog2x[n] = xlog2x(float64(n))
	}
	g.scratch = make([]*scratch, workers)
	for i := range g.scratch {
		g.scratch[i] = &scratch{counts: make([]int32, g.most), totals: make([]int32, g.most), classes: make([]int32, g.classes)}
	}
	return g, nil
}

// few reports whether a nominal column declares less than 0.3·n values.
func (g *grower) few(a *attributes.Attribute) bool { return g.many-float64(a.Values) > tolerance }

// reached is the rows that come to a node, and the attributes, by index, that
// may split them: one that cannot split a node into two bags of a leaf's weight
// cannot split any part of it, and a number always may.
type reached struct {
	rows  []entry
	alive []int32
	depth int
}

// root gives all training rows, in order of class, and all attributes that are
// not constant.
func (g *grower) root() reached {
	rows := make([]entry, len(g.train.Rows))
	for i, r := range g.train.Rows {
		rows[i] = entry{r, g.train.Labels[r], 1}
	}
	slices.SortStableFunc(rows, func(a, b entry) int { return cmp.Compare(a.class, b.class) })
	alive := make([]int32, 0, len(g.list))
	for i := range g.list {
		if !g.list[i].Nominal() || g.list[i].Values > 1 {
			alive = append(alive, int32(i))
		}
	}
	return reached{rows: rows, alive: alive}
}

// grow makes the tree of what reaches its root.
func (g *grower) grow(at reached) (*node, error) {
	if err := g.ctx.Err(); err != nil {
		return nil, err
	}
	n := &node{rows: at.rows, dist: whole(at.rows)}
	test, alive, err := g.choose(n, at)
	if err != nil {
		return nil, err
	}
	if test == nil {
		n.empty = equal(n.dist.total, 0)
		return n, nil
	}
	n.test = test
	n.dist = test.tally(at.rows)
	for _, part := range test.deal(at.rows, n.dist) {
		son, err := g.grow(reached{part, alive, at.depth + 1})
		if err != nil {
			return nil, err
		}
		n.sons = append(n.sons, son)
	}
	return n, nil
}

// candidate is what a node knows of an attribute as its test.
type candidate struct {
	valid       bool
	gain, ratio float64
	point       float64
	code        datasets.Code
}

// choose gives the test with the highest gain ratio of those whose gain is not
// less than the average; nil for a leaf. It gives the attributes that are left for
// the nodes below, in memory of that depth, which the node's next sibling uses
// again.
func (g *grower) choose(n *node, at reached) (*test, []int32, error) {
	d := n.dist
	if 2*float64(g.leaf)-d.total > tolerance || equal(d.wrong(), 0) {
		return nil, nil, nil
	}
	h, parts, err := g.measure(n, at.alive)
	if err != nil {
		return nil, nil, err
	}
	var all part
	for i := range parts {
		all.sum += parts[i].sum
		all.columns += parts[i].columns
		all.live += parts[i].live
	}
	if all.columns == 0 {
		return nil, nil, nil
	}
	// Quinlan's average is rounded; Weka allows for it.
	best := g.first(parts, all.sum/float64(all.columns)-1e-3)
	if best < 0 {
		return nil, nil, nil
	}
	if at.depth == len(g.left) {
		g.left = append(g.left, nil)
	}
	left := slices.Grow(g.left[at.depth][:0], all.live)
	for i := range parts {
		left = append(left, g.live[parts[i].from:parts[i].from+parts[i].live]...)
	}
	g.left[at.depth] = left
	return g.testOf(h, &g.list[g.live[best]]), left, nil
}

// first gives the first attribute, as an index into g.live, of the highest gain
// ratio among those whose gain is not below the least; -1 where
// there is none.
func (g *grower) first(parts []part, least float64) int {
	least = max(least, 0)
	best, ratio := -1, 0.0
	for i := range parts {
		p := &parts[i]
		if p.gain < least || !greater(p.ratio, ratio) {
			continue
		}
		for k := p.from; k < p.from+p.live; k++ {
			if g.gains[k] >= least && greater(g.ratios[k], ratio) {
				best, ratio = k, g.ratios[k]
			}
		}
	}
	return best
}

// testOf makes the test of an attribute that was measured here.
func (g *grower) testOf(h *here, a *attributes.Attribute) *test {
	t := &test{kind: eachValue, id: a.ID, attr: a}
	switch {
	case !a.Nominal():
		t.kind, t.point = threshold, g.settle(a, g.number(h, a, g.scratch[0]).point)
	case g.binary:
		t.kind, t.code = oneValue, g.value(h, a, g.scratch[0]).code
	}
	return t
}

// settle gives the largest training number that is not above a split point:
// as in C4.5, thresholds are numbers that occur.
func (g *grower) settle(a *attributes.Attribute, point float64) float64 {
	best := -math.MaxFloat64
	for _, r := range g.train.Rows {
		if v := a.Cells[r]; greater(v, best) && v-point < tolerance {
			best = v
		}
	}
	return best
}

// workers is how many parts of a node's attributes are measured at once, as far
// as Train.Workers lets them.
const workers = 8

// parallelCells is how many cells a node needs before its parts are worth a
// goroutine.
const parallelCells = 1 << 16

// partColumns is how many of a node's attributes make a part. Sums are by part,
// so that they are the same for any number of workers.
const partColumns = 2048

// part is some of a node's attributes, and what was found of them.
type part struct {
	from, to    int     // as indices into those measured
	sum         float64 // gains of the columns that enter the average
	columns     int     // how many those are
	live        int     // how many of them are live: g.live[from:from+live]
	gain, ratio float64 // the highest
}

// parts divides attributes into parts. A block of values is not divided, for
// its rows would be counted twice.
func (g *grower) parts(alive []int32) []part {
	var parts []part
	for from := 0; from < len(alive); {
		to := min(from+partColumns, len(alive))
		if g.places != nil {
			block := g.places[alive[to-1]].first / bitslice.Bits
			for most := min(to+bitslice.Bits, len(alive)); to < most && g.places[alive[to]].first/bitslice.Bits == block; {
				to++
			}
		}
		parts = append(parts, part{from: from, to: to})
		from = to
	}
	return parts
}

// measure measures attributes at a node and leaves in g.live those that may split
// it or a part of it, part by part.
func (g *grower) measure(n *node, alive []int32) (*here, []part, error) {
	g.gains = slices.Grow(g.gains[:0], len(alive))[:len(alive)]
	g.ratios = slices.Grow(g.ratios[:0], len(alive))[:len(alive)]
	g.live = slices.Grow(g.live[:0], len(alive))[:len(alive)]
	h := newHere(n.rows, n.dist.total)
	if h.integer && g.places != nil {
		h.ids, h.classes = g.classesOf(n.rows)
	}
	parts := g.parts(alive)
	atOnce := g.train.Workers
	if len(alive)*len(n.rows) < parallelCells {
		atOnce = 1
	}
	err := learners.Parallel(g.ctx, min(workers, len(parts)), atOnce, func(_, w int) error {
		for i := w; i < len(parts); i += workers {
			if err := g.ctx.Err(); err != nil {
				return err
			}
			p := parts[i] // a copy, for other parts lie in the same cache line
			g.measurePart(h, &p, alive, g.scratch[w])
			parts[i] = p
		}
		return nil
	})
	return h, parts, err
}

// measurePart measures the attributes of a part.
func (g *grower) measurePart(h *here, p *part, alive []int32, s *scratch) {
	if h.classes != nil {
		g.verticals(h, p, alive, s)
	} else {
		for _, i := range alive[p.from:p.to] {
			p.live = g.keep(p.from+p.live, i, g.candidate(h, &g.list[i], s)) - p.from
		}
	}
	p.gain = -1
	for k := p.from; k < p.from+p.live; k++ {
		gain := g.gains[k]
		if gain < 0 {
			continue
		}
		if gain > p.gain {
			p.gain = gain
		}
		if g.ratios[k] > p.ratio {
			p.ratio = g.ratios[k]
		}
		if n := int(g.entering[g.live[k]]); n > 0 {
			p.sum += gain * float64(n)
			p.columns += n
		}
	}
}

// keep makes an attribute the live one at a place, if it may split the node or, as
// a number always may, a part of it, and gives the next free place.
func (g *grower) keep(at int, i int32, c candidate) int {
	if !c.valid {
		if g.list[i].Nominal() {
			return at
		}
		c.gain = -1
	}
	g.live[at], g.gains[at], g.ratios[at] = i, c.gain, c.ratio
	return at + 1
}

// span is alive[from:to].
type span struct {
	alive    []int32
	from, to int
}

func (g *grower) candidate(h *here, a *attributes.Attribute, s *scratch) candidate {
	switch {
	case !a.Nominal():
		return g.number(h, a, s)
	case g.binary:
		return g.value(h, a, s)
	case h.integer:
		return g.counted(h, a, s)
	}
	return g.values(h, a, s)
}
