package forest

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
	"tickle/learners/learnertest"
)

// rawTree is the reference: Weka's random tree as its documentation and
// Quinlan's fractional rows have it, on columns one by one, with weights as
// plain numbers, recursion and maps, knowing nothing of partitions.
type rawTree struct {
	column int // -1: leaf
	dist   []float64
	kids   map[datasets.Code]*rawTree
	part   map[datasets.Code]float64
}

type rawRow struct {
	row    int32
	weight float64
}

type rawGrower struct {
	train *learners.Train
	rng   *rand.Rand
	draws int
}

func (g *rawGrower) cell(column int, row int32) datasets.Code {
	return g.train.Data.Codes(g.train.Data.Part[column])[row]
}

// tabulate gives the weight by value and class, missing rows spread, and each
// value's part of the known weight.
func (g *rawGrower) tabulate(column int, rows []rawRow) (map[datasets.Code][]float64, map[datasets.Code]float64) {
	table, part, known := map[datasets.Code][]float64{}, map[datasets.Code]float64{}, 0.0
	for _, r := range rows {
		if c := g.cell(column, r.row); c != datasets.Missing {
			if table[c] == nil {
				table[c] = make([]float64, len(g.train.Classes))
			}
			table[c][g.train.Labels[r.row]] += r.weight
			part[c] += r.weight
			known += r.weight
		}
	}
	for c := range part {
		part[c] /= known
		for _, r := range rows {
			if g.cell(column, r.row) == datasets.Missing {
				table[c][g.train.Labels[r.row]] += part[c] * r.weight
			}
		}
	}
	return table, part
}

func entropy(weights []float64) float64 {
	sum, h := 0.0, 0.0
	for _, w := range weights {
		sum += w
	}
	for _, w := range weights {
		if w > 0 {
			h -= w / sum * math.Log2(w/sum)
		}
	}
	return h
}

func (g *rawGrower) gain(column int, rows []rawRow, dist []float64) float64 {
	table, _ := g.tabulate(column, rows)
	if len(table) == 0 {
		return 0
	}
	total, after := 0.0, 0.0
	for _, r := range rows {
		total += r.weight
	}
	for _, weights := range table {
		sum := 0.0
		for _, w := range weights {
			sum += w
		}
		after += sum / total * entropy(weights)
	}
	return entropy(dist) - after
}

func (g *rawGrower) grow(rows []rawRow) *rawTree {
	t := &rawTree{column: -1, dist: make([]float64, len(g.train.Classes))}
	total := 0.0
	for _, r := range rows {
		t.dist[g.train.Labels[r.row]] += r.weight
		total += r.weight
	}
	defer func() {
		for c := range t.dist {
			t.dist[c] /= total
		}
	}()
	if total < 2 || slices.Max(t.dist) == total {
		return t
	}
	gains := make([]float64, g.train.Data.D)
	found := false
	for k, column := range g.rng.Perm(g.train.Data.D) {
		if k >= g.draws && found {
			break
		}
		gains[column] = g.gain(column, rows, t.dist)
		found = found || gains[column] > 1e-6
	}
	if !found {
		return t
	}
	for c, gain := range gains {
		if t.column < 0 || gain > gains[t.column]+1e-9 { // equals are not told apart by rounding
			t.column = c
		}
	}
	table, part := g.tabulate(t.column, rows)
	t.part, t.kids = part, map[datasets.Code]*rawTree{}
	for c := range table {
		var below []rawRow
		for _, r := range rows {
			switch g.cell(t.column, r.row) {
			case c:
				below = append(below, r)
			case datasets.Missing:
				below = append(below, rawRow{r.row, r.weight * part[c]})
			}
		}
		t.kids[c] = g.grow(below)
	}
	return t
}

func (t *rawTree) predict(g *rawGrower, row int32) []float64 {
	if t.column < 0 {
		return t.dist
	}
	c := g.cell(t.column, row)
	if c != datasets.Missing {
		if kid := t.kids[c]; kid != nil {
			return kid.predict(g, row)
		}
		return t.dist
	}
	sum := make([]float64, len(t.dist))
	for c, kid := range t.kids {
		for k, p := range kid.predict(g, row) {
			sum[k] += t.part[c] * p
		}
	}
	return sum
}

// TestPartitionsAreColumns grows many trees both ways, on the same bags but
// with random streams of their own, and compares the mean class distribution
// of each row. The reference shuffles all columns at each node.
func TestPartitionsAreColumns(t *testing.T) {
	const trees = 1500
	for _, c := range []struct {
		name    string
		shape   learnertest.Shape
		options learner
	}{
		{"plain", learnertest.Shape{Rows: 40, Columns: 60, Classes: 5, Behaviours: 4, Constant: .5, Noise: .1}, learner{trees: trees}},
		{"missing", learnertest.Shape{Rows: 40, Columns: 60, Classes: 5, Behaviours: 4, Constant: .5, Noise: .1, Missing: .15}, learner{trees: trees}},
		{"one candidate", learnertest.Shape{Rows: 30, Columns: 40, Classes: 4, Behaviours: 3, Constant: .3, Noise: .2}, learner{trees: trees, candidates: 1}},
		{"drawing on", learnertest.Shape{Rows: 30, Columns: 800, Classes: 4, Behaviours: 3, Constant: .98, Noise: .01}, learner{trees: trees}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.shape.Seed = 11
			d := learnertest.Synthetic(c.shape)
			train := d.Train(d.Except(func(r int) bool { return r%5 == 0 }))
			model := learnertest.Fit(t, c.options, train).(*Model)
			f, err := newFit(c.options, train)
			require.NoError(t, err)
			raw := &rawGrower{train: train, rng: rand.New(rand.NewPCG(5, 5)), draws: f.candidates}
			mine, theirs, squares := newMeans(d), newMeans(d), newMeans(d)
			for i := range trees {
				bag := f.bag(i)
				var rows []rawRow
				for k, n := range bag {
					if n > 0 {
						rows = append(rows, rawRow{train.Rows[k], float64(n)})
					}
				}
				tree := raw.grow(rows)
				for r := range d.Rows() {
					scores := make([]float64, len(d.Classes))
					model.trees[i].vote(d.Matrix, int32(r), scores)
					for k, p := range tree.predict(raw, int32(r)) {
						mine[r][k] += scores[k] / trees
						theirs[r][k] += p / trees
						squares[r][k] += (scores[k] - p) * (scores[k] - p) / trees
					}
				}
			}
			for r := range mine {
				for k := range mine[r] {
					// Pairs share a bag: the error of their mean difference,
					// five times, over some 200 comparisons.
					limit := 5*math.Sqrt(squares[r][k]/trees) + 1e-9
					require.InDelta(t, theirs[r][k], mine[r][k], limit, "row %d class %d", r, k)
				}
			}
		})
	}
}

func newMeans(d *learnertest.Data) [][]float64 {
	m := make([][]float64, d.Rows())
	for r := range m {
		m[r] = make([]float64, len(d.Classes))
	}
	return m
}

func growerOf(t *testing.T, l learner, train *learners.Train) *grower {
	f, err := newFit(l, train)
	require.NoError(t, err)
	return newGrower(f)
}

// tennis is Quinlan's fourteen days ("Induction of decision trees", Machine
// Learning 1, 1986): outlook, temperature, humidity, wind; and whether one
// plays.
func tennis() *learnertest.Data {
	return learnertest.Table([][]string{
		{"sun", "sun", "cloud", "rain", "rain", "rain", "cloud", "sun", "sun", "rain", "sun", "cloud", "cloud", "rain"},
		{"hot", "hot", "hot", "mild", "cool", "cool", "cool", "mild", "cool", "mild", "mild", "mild", "hot", "mild"},
		{"high", "high", "high", "high", "normal", "normal", "normal", "high", "normal", "normal", "normal", "high", "normal", "high"},
		{"no", "yes", "no", "no", "no", "yes", "yes", "no", "no", "no", "yes", "yes", "no", "yes"},
	}, []string{"N", "N", "P", "P", "P", "N", "P", "N", "P", "P", "P", "P", "P", "N"})
}

// TestGainByHand: the class entropy is H(9/14) = 0.940286; each column's gain
// subtracts the entropies of its values weighted by their days, as
// 5/14·H(2/5) + 4/14·0 + 5/14·H(3/5) for the outlook.
func TestGainByHand(t *testing.T) {
	h := func(p, q float64) float64 { return entropy([]float64{p, q}) }
	d := tennis()
	g := growerOf(t, learner{trees: 1}, d.Train(nil))
	for _, k := range g.byClass {
		g.entries = append(g.entries, entry{k, d.Labels[k], 1})
	}
	g.tally.start(g.entries)
	for i, want := range []float64{
		h(9, 5) - 5./14*h(2, 3) - 5./14*h(3, 2),
		h(9, 5) - 4./14*h(2, 2) - 6./14*h(4, 2) - 4./14*h(3, 1),
		h(9, 5) - 7./14*h(3, 4) - 7./14*h(6, 1),
		h(9, 5) - 8./14*h(6, 2) - 6./14*h(3, 3),
	} {
		require.InDelta(t, want, float64(g.gain(int32(i)))/14/(1<<32), 1e-8)
		require.InDelta(t, []float64{0.246750, 0.029223, 0.151836, 0.048127}[i], want, 1e-6)
		// The two ways of tallying agree to the last bit.
		g.tally.fill(d.Codes(int32(i)))
		require.Equal(t, g.gain(int32(i)), g.tally.prior-g.tally.table.entropy(&g.tally.memo))
	}
}

// TestTreeByHand: with all columns as candidates and every day once, the tree
// is Quinlan's: outlook; under sun humidity, under rain wind.
func TestTreeByHand(t *testing.T) {
	d := tennis()
	g := growerOf(t, learner{trees: 1, candidates: 4}, d.Train(nil))
	tree, err := g.grow(context.Background(), 0, slices.Repeat([]int32{1}, 14))
	require.NoError(t, err)
	require.Len(t, tree.nodes, 8)
	root := tree.nodes[0]
	require.Equal(t, eachValue, root.kind)
	require.Equal(t, attributes.ID(0), root.column)
	var tests []attributes.ID
	for _, b := range tree.branches[root.branch:root.ends] {
		n := tree.nodes[b.child]
		tests = append(tests, n.column)
		require.Equal(t, n.column == 0, n.kind == leaf)
	}
	require.Equal(t, []attributes.ID{2, 0, 3}, tests) // sun, cloud, rain
	for r, class := range d.Labels {
		scores := make([]float64, 2)
		tree.vote(d.Matrix, int32(r), scores)
		require.Equal(t, 1.0, scores[class])
	}
	g.depth = 1
	stump, err := g.grow(context.Background(), 0, slices.Repeat([]int32{1}, 14))
	require.NoError(t, err)
	require.Len(t, stump.nodes, 4)
}

// TestMissingByHand: of four rows a, a, b, b a column says x, x, y and
// nothing. The last row goes down x by 2/3 and y by 1/3.
func TestMissingByHand(t *testing.T) {
	d := learnertest.Table([][]string{{"x", "x", "y", "?", "z"}}, []string{"a", "a", "b", "b", "b"})
	g := growerOf(t, learner{trees: 1, candidates: 1}, d.Train([]int32{0, 1, 2, 3}))
	tree, err := g.grow(context.Background(), 0, []int32{1, 1, 1, 1})
	require.NoError(t, err)
	const x = 2. / (2 + 2./3) // of a under x
	for row, want := range [][]float64{
		{x, 1 - x}, {x, 1 - x},
		{0, 1},
		{2. / 3 * x, 2./3*(1-x) + 1./3}, // missing: both ways
		{.5, .5},                        // a value unseen: the parent's
	} {
		scores := make([]float64, 2)
		tree.vote(d.Matrix, int32(row), scores)
		require.InDeltaSlice(t, want, scores, 1e-12, "row %d", row)
	}
}

// TestTiesGoToTheFirstColumn: columns 1 and 2 split alike with the values in
// another order on a class of three, column 0 is useless.
func TestTiesGoToTheFirstColumn(t *testing.T) {
	d := learnertest.Table([][]string{
		{"u", "v", "u", "v", "u", "v", "w"},
		{"p", "p", "q", "q", "r", "r", "s"},
		{"r", "r", "p", "p", "q", "q", "r"}, // row 6 is not trained on
	}, []string{"a", "a", "b", "b", "c", "c", "a"})
	require.Len(t, d.IDs, 3)
	for seed := range uint64(20) {
		train := d.Train([]int32{0, 1, 2, 3, 4, 5})
		train.Seed = seed
		g := growerOf(t, learner{trees: 1, candidates: 3}, train)
		tree, err := g.grow(context.Background(), 0, []int32{1, 1, 1, 1, 1, 1})
		require.NoError(t, err)
		require.Equal(t, attributes.ID(1), tree.nodes[0].column)
	}
}
