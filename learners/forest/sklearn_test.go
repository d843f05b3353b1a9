package forest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners/attributes"
	"tickle/learners/learnertest"
	"tickle/learners/peers"
)

// TestOneHotColumns maps every number and counts: each value of a partition as
// often as it has columns, and what is the same in all rows apart.
func TestOneHotColumns(t *testing.T) {
	for _, missing := range []float64{0, .05} {
		d := learnertest.Synthetic(learnertest.Shape{Rows: 50, Columns: 700, Classes: 5, Behaviours: 6, Constant: .5, Noise: .001, Missing: missing, Seed: 2})
		list, err := attributes.Of(d.Selection)
		require.NoError(t, err)
		c := newColumns(list, oneHot)
		counts := make(map[[2]int]int)
		constant := 0
		for n := range c.total {
			i, which, ok := c.attribute(n)
			if !ok {
				constant++
				continue
			}
			counts[[2]int{int(i), which / int(list[i].Mult)}]++
		}
		for i := range list {
			a := &list[i]
			if a.Values == 1 && !a.Missing {
				constant -= int(a.Mult)
				continue
			}
			for code := range a.Values {
				require.Equal(t, int(a.Mult), counts[[2]int{i, code}])
			}
		}
		require.Zero(t, constant)
	}
}

// impurity is the weight times the Gini impurity.
func impurity(weights map[int32]float64) float64 {
	total, squares := 0.0, 0.0
	for _, w := range weights {
		total += w
		squares += w * w
	}
	if total == 0 {
		return 0
	}
	return total - squares/total
}

// TestGini compares decreases of impurity, over values and thresholds, with
// those by definition.
func TestGini(t *testing.T) {
	d := peers.Make(peers.Mix{Rows: 60, Classes: 4, Nominal: 4, Numeric: 3, Values: 4, Noise: .4, Grid: 1, Seed: 3})
	f, err := newFit(learner{trees: 1, sklearn: true}, d.Train(nil))
	require.NoError(t, err)
	g := newGrower(f)
	var here []entry
	for k, i := range f.byClass {
		here = append(here, entry{i, d.Labels[i], float64(1 + k%3)})
	}
	g.gini.start(here)
	decrease := func(left func(row int32) bool) float64 {
		all, sides := map[int32]float64{}, [2]map[int32]float64{{}, {}}
		for _, e := range here {
			all[e.class] += e.weight
			s := sides[1]
			if left(e.row) {
				s = sides[0]
			}
			s[e.class] += e.weight
		}
		return impurity(all) - impurity(sides[0]) - impurity(sides[1])
	}
	before := float64(g.gini.squares) / float64(g.gini.total)
	for i := range f.list {
		a := &f.list[i]
		for code := range a.Values {
			p, ok := g.gini.value(here, a.Codes, datasets.Code(code))
			require.True(t, ok)
			require.InDelta(t, decrease(func(r int32) bool { return a.Codes[r] == datasets.Code(code) }), p-before, 1e-9)
		}
		if a.Nominal() {
			continue
		}
		point, p, ok := g.gini.number(here, a.Cells)
		require.True(t, ok)
		most := 0.0
		for _, e := range here {
			most = math.Max(most, decrease(func(r int32) bool { return a.Cells[r] <= a.Cells[e.row] }))
		}
		require.InDelta(t, most, p-before, 1e-9)
		require.InDelta(t, most, decrease(func(r int32) bool { return side(atMost, a.Cells[r], point) == 0 }), 1e-9)
	}
	_, ok := g.gini.value(here, make([]datasets.Code, d.Rows()), 0)
	require.False(t, ok)
}

// TestSklearnGoesOn: with one candidate a node, of columns that are nearly all
// constant, trees still tell all rows apart.
func TestSklearnGoesOn(t *testing.T) {
	d := learnertest.Synthetic(learnertest.Shape{Rows: 30, Columns: 3000, Classes: 4, Behaviours: 3, Constant: .995, Noise: .3, Seed: 4})
	m := learnertest.Fit(t, learner{trees: 40, sklearn: true, candidates: 1}, d.Train(nil)).(*Model)
	for k := range m.trees {
		for i := range m.trees[k].nodes {
			if n := &m.trees[k].nodes[i]; n.kind == leaf {
				require.Equal(t, int32(1), n.last-n.share)
			}
		}
	}
	require.Greater(t, learnertest.Accuracy(m, d, d.Train(nil).Rows), 0.95)
}

// TestSklearnPartitionsAreColumns: forests on grouped columns and on the same
// columns one by one vote alike, within five standard errors.
func TestSklearnPartitionsAreColumns(t *testing.T) {
	const trees = 1500
	d := peers.Make(peers.Mix{Rows: 50, Classes: 4, Nominal: 30, Numeric: 1, Values: 4, Repeats: 18, Constant: 4, Noise: .3, Missing: 0, Seed: 5})
	apart := peers.Apart(t, d, 6)
	rows := d.Except(func(r int) bool { return r%3 == 0 })
	together := learnertest.Fit(t, learner{trees: trees, sklearn: true, candidates: 5}, d.Train(rows))
	train := apart.Train(rows)
	train.Seed = 77
	for i := range apart.Matrix.Numbers {
		for r, v := range apart.Matrix.Numbers[i].Cells {
			if math.IsNaN(v) {
				apart.Matrix.Numbers[i].Cells[r] = 0
			}
		}
	}
	alone := learnertest.Fit(t, learner{trees: trees, sklearn: true, candidates: 5}, train)
	for r := range int32(d.Rows()) {
		for c, p := range together.Predict(r).Scores {
			require.InDelta(t, alone.Predict(r).Scores[c], p, 5*math.Sqrt(2*.25/trees), "row %d class %d", r, c)
		}
	}
}
