package j48

import (
	"cmp"
	"context"
	"math"
	"slices"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
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
	ctx     context.Context
	train   *learners.Train
	list    []attributes.Attribute
	classes int
	many    float64   // a nominal column of as many values does not enter the average gain
	average bool      // every column has so many values, and all enter it after all
	xlog2x  []float64 // for weights 0…len(Rows)
	scratch []*scratch
	// Of the attributes that a node measures: at a big one they are more than
	// any cache holds, so that there is no more of them than has to be.
	gains, ratios []float64 // a gain below zero is of one that cannot split
	// Of each attribute, for loops over all of them at every node:
	numeric  []bool
	entering []int32 // columns that enter the average gain
	// vertical is nil where branches are of one value.
	vertical *vertical
}

func newGrower(ctx context.Context, l learner, t *learners.Train) (*grower, error) {
	list, err := attributes.Of(t.Data)
	if err != nil {
		return nil, err
	}
	g := &grower{learner: l, ctx: ctx, train: t, list: list, classes: len(t.Classes), many: 0.3 * float64(len(t.Rows)), average: true}
	values := 0
	for i := range list {
		values = max(values, list[i].Values)
		if !list[i].Nominal() || g.few(&list[i]) {
			g.average = false
		}
	}
	g.numeric, g.entering = make([]bool, len(list)), make([]int32, len(list))
	for i := range list {
		a := &list[i]
		g.numeric[i] = !a.Nominal()
		if !a.Nominal() || g.average || g.few(a) {
			g.entering[i] = a.Mult
		}
	}
	g.xlog2x = make([]float64, len(t.Rows)+1)
	for n := range g.xlog2x {
		g.xlog2x[n] = xlog2x(float64(n))
	}
	if !g.binary {
		onehot, err := t.OneHot(ctx)
		if err != nil {
			return nil, err
		}
		g.vertical = newVertical(onehot, g)
	}
	g.scratch = make([]*scratch, workers)
	for i := range g.scratch {
		g.scratch[i] = &scratch{counts: make([]int32, values), totals: make([]int32, values), classes: make([]int32, g.classes)}
	}
	return g, nil
}

// few reports whether a nominal column declares less than 0.3·n values.
func (g *grower) few(a *attributes.Attribute) bool { return g.many-float64(a.Values) > tolerance }

// root gives all training rows, in order of class.
func (g *grower) root() []entry {
	rows := make([]entry, len(g.train.Rows))
	for i, r := range g.train.Rows {
		rows[i] = entry{r, g.train.Labels[r], 1}
	}
	slices.SortStableFunc(rows, func(a, b entry) int { return cmp.Compare(a.class, b.class) })
	return rows
}

// grow makes the tree of rows. alive are the attributes, by index, that may
// split them: one that cannot split a node into two bags of a leaf's weight
// cannot split any part of it, and a number always may.
func (g *grower) grow(rows []entry, alive []int32) (*node, error) {
	if err := g.ctx.Err(); err != nil {
		return nil, err
	}
	n := &node{rows: rows, dist: whole(rows, g.classes)}
	test, alive, err := g.choose(n, alive)
	if err != nil {
		return nil, err
	}
	if test == nil {
		n.empty = equal(n.dist.total, 0)
		return n, nil
	}
	n.test = test
	n.dist = test.tally(rows, g.classes)
	for _, part := range test.deal(rows, n.dist) {
		son, err := g.grow(part, alive)
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
// less than the average; nil for a leaf. It narrows alive down for the nodes
// below.
func (g *grower) choose(n *node, alive []int32) (*test, []int32, error) {
	d := n.dist
	if 2*float64(g.leaf)-d.total > tolerance || equal(d.total, d.class[most(d.class)]) {
		return nil, nil, nil
	}
	h, err := g.measure(n, alive)
	if err != nil {
		return nil, nil, err
	}
	sum, columns := 0.0, 0
	left := make([]int32, 0, g.live(alive))
	for k, i := range alive {
		if g.gains[k] < 0 {
			if g.numeric[i] {
				left = append(left, i)
			}
			continue
		}
		left = append(left, i)
		if n := int(g.entering[i]); n > 0 {
			sum += g.gains[k] * float64(n)
			columns += n
		}
	}
	if columns == 0 {
		return nil, nil, nil
	}
	// Quinlan's average is rounded; Weka allows for it.
	least := sum/float64(columns) - 1e-3
	best, ratio := -1, 0.0
	for k, gain := range g.gains {
		if gain >= least && gain >= 0 && greater(g.ratios[k], ratio) {
			best, ratio = k, g.ratios[k]
		}
	}
	if best < 0 {
		return nil, nil, nil
	}
	return g.testOf(h, &g.list[alive[best]]), left, nil
}

// live is how many attributes may split a part of the node.
func (g *grower) live(alive []int32) int {
	n := 0
	for k, i := range alive {
		if g.gains[k] >= 0 || g.numeric[i] {
			n++
		}
	}
	return n
}

// testOf makes the test of an attribute that was measured here.
func (g *grower) testOf(h *here, a *attributes.Attribute) *test {
	t := &test{kind: eachValue, id: a.ID, attr: a}
	switch {
	case !a.Nominal():
		t.kind, t.point = threshold, g.settle(a, g.number(h, a).point)
	case g.binary:
		t.kind, t.code = oneValue, g.value(h, a).code
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

// workers is the number of parts in which a node's attributes are measured,
// as far as Train.Workers lets them be measured at once.
const workers = 8

// parallelCells is how many cells a node needs before its parts are worth a
// goroutine.
const parallelCells = 1 << 16

// measure measures attributes at a node and leaves what it finds in g.gains and
// g.ratios.
func (g *grower) measure(n *node, alive []int32) (*here, error) {
	g.gains = slices.Grow(g.gains[:0], len(alive))[:len(alive)]
	g.ratios = slices.Grow(g.ratios[:0], len(alive))[:len(alive)]
	h := newHere(n.rows, n.dist.total)
	if h.integer && g.vertical != nil {
		h.ids, h.classes = g.classesOf(n.rows)
	}
	if len(alive)*len(n.rows) < parallelCells {
		g.measureFrom(h, span{alive, 0, len(alive)}, g.scratch[0])
		return h, nil
	}
	const step = 256
	err := learners.Parallel(g.ctx, workers, g.train.Workers, func(_, part int) error {
		for from := part * step; from < len(alive); from += workers * step {
			if err := g.ctx.Err(); err != nil {
				return err
			}
			g.measureFrom(h, span{alive, from, min(from+step, len(alive))}, g.scratch[part])
		}
		return nil
	})
	return h, err
}

// span is alive[from:to].
type span struct {
	alive    []int32
	from, to int
}

func (g *grower) candidate(h *here, a *attributes.Attribute, s *scratch) candidate {
	switch {
	case !a.Nominal():
		return g.number(h, a)
	case g.binary:
		return g.value(h, a)
	case h.integer:
		return g.counted(h, a, s)
	}
	return g.values(h, a)
}
