package forest

import (
	"cmp"
	"slices"

	"tickle/datasets"
	"tickle/learners/attributes"
)

// oneHot counts the columns that a one-hot encoding has, one a value. That of
// a column's only value is constant unless cells are missing, which are zero.
func oneHot(a *attributes.Attribute) (columns int, constant bool) {
	if !a.Nominal() {
		return 1, false
	}
	return int(a.Mult) * a.Values, a.Values == 0 || a.Values == 1 && !a.Missing
}

// gini computes decreases of Gini impurity at one node. Bootstrap weights are
// whole and no row is split, so that it counts in integers.
type gini struct {
	classes []int64 // weight on one side, by class; zero between calls
	whole   []int64 // weight of the node, by class
	total   int64
	squares int64 // of whole
	order   []int32
}

// start makes it ready for the entries of a node.
func (g *gini) start(here []entry) {
	g.whole = append(g.whole[:0], make([]int64, len(g.classes))...)
	g.total, g.squares = 0, 0
	for _, e := range here {
		g.whole[e.class] += int64(e.weight)
		g.total += int64(e.weight)
	}
	for _, w := range g.whole {
		g.squares += w * w
	}
}

// purity is what a split is judged by: the sum over sides of the squares of
// the classes' weights over the side's weight. The node's weight times the
// decrease of its impurity is this less squares/total.
func (g *gini) purity(weight, squares, across int64) float64 {
	rest := g.squares - 2*across + squares
	return float64(squares)/float64(weight) + float64(rest)/float64(g.total-weight)
}

// value judges the split by one value of a nominal column; ok is false when
// all entries are on one side.
func (g *gini) value(here []entry, cells []datasets.Code, code datasets.Code) (purity float64, ok bool) {
	weight, squares, across := int64(0), int64(0), int64(0)
	for at := 0; at < len(here); {
		class, side := here[at].class, int64(0)
		for ; at < len(here) && here[at].class == class; at++ {
			if cells[here[at].row] == code {
				side += int64(here[at].weight)
			}
		}
		weight += side
		squares += side * side
		across += side * g.whole[class]
	}
	if weight == 0 || weight == g.total {
		return 0, false
	}
	return g.purity(weight, squares, across), true
}

// number judges the best threshold of a column of numbers, the lowest of
// equals; ok is false when all numbers are the same.
func (g *gini) number(here []entry, cells []float64) (point, purity float64, ok bool) {
	g.order = g.order[:0]
	for i := range here {
		g.order = append(g.order, int32(i))
	}
	slices.SortFunc(g.order, func(a, b int32) int { return cmp.Compare(cells[here[a].row], cells[here[b].row]) })
	weight, squares, across := int64(0), int64(0), int64(0)
	for k, i := range g.order {
		v := cells[here[i].row]
		if k > 0 {
			if last := cells[here[g.order[k-1]].row]; v > last {
				if p := g.purity(weight, squares, across); !ok || p > purity {
					point, purity, ok = (last+v)/2, p, true
					if point == v {
						point = last
					}
				}
			}
		}
		class, w := here[i].class, int64(here[i].weight)
		squares += w * (2*g.classes[class] + w)
		across += w * g.whole[class]
		weight += w
		g.classes[class] += w
	}
	clear(g.classes)
	return point, purity, ok
}

// bestGini draws candidates among the one-hot columns and gives the test with
// the purest sides, the first drawn of equals. A candidate that is the same in
// all rows of the node is a candidate, too; but drawing goes on until one is
// not.
func (g *grower) bestGini() (choice, error) {
	g.gini.start(g.tally.here)
	g.draws.restart(g.columns.total)
	best, most := choice{}, 0.0
	patience := g.candidates + 1024
	for k := 0; k < g.candidates || best.kind == leaf; k++ {
		if k == patience {
			best, most = g.furtherGini()
			break
		}
		n, ok := g.draws.next(g.rng)
		if !ok {
			break
		}
		i, which, ok := g.columns.attribute(n)
		if !ok {
			continue
		}
		a := &g.list[i]
		c := choice{kind: atMost, index: i}
		if a.Nominal() {
			c.kind, c.code = oneValue, datasets.Code(which/int(a.Mult))
		}
		if p, ok := g.purity(&c); ok && (best.kind == leaf || p > most) {
			best, most = c, p
		}
	}
	best.gain = most - float64(g.gini.squares)/float64(g.gini.total)
	return best, nil
}

// purity judges a test, and finds its threshold.
func (g *grower) purity(c *choice) (purity float64, ok bool) {
	a := &g.list[c.index]
	if c.kind == oneValue {
		return g.gini.value(g.tally.here, a.Codes, c.code)
	}
	c.point, purity, ok = g.gini.number(g.tally.here, a.Cells)
	return purity, ok
}

// furtherGini gives any test that splits the node, as likely as it has
// one-hot columns; of none when there is none.
func (g *grower) furtherGini() (choice, float64) {
	here := g.tally.here
	var tests []choice
	for _, i := range g.columns.varying {
		a := &g.list[i]
		if !a.Nominal() {
			if slices.ContainsFunc(here[1:], func(e entry) bool { return a.Cells[e.row] != a.Cells[here[0].row] }) {
				tests = append(tests, choice{kind: atMost, index: i})
			}
			continue
		}
		first := a.Codes[here[0].row]
		if !slices.ContainsFunc(here[1:], func(e entry) bool { return a.Codes[e.row] != first }) {
			continue
		}
		from := len(tests)
		for _, e := range here {
			code := a.Codes[e.row]
			if code != datasets.Missing && !slices.ContainsFunc(tests[from:], func(c choice) bool { return c.code == code }) {
				tests = append(tests, choice{kind: oneValue, index: i, code: code})
			}
		}
	}
	if len(tests) == 0 {
		return choice{}, 0
	}
	g.urn.fill(len(tests), func(i int) int { return int(g.list[tests[i].index].Mult) })
	c := tests[g.urn.take(g.rng)]
	purity, _ := g.purity(&c)
	return c, purity
}
