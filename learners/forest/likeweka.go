package forest

import (
	"context"
	"math"
	"slices"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
	"tickle/learners/wekarand"
)

// exact grows trees as Weka does down to the order of its random numbers and
// of its sums, so that the same seed gives the same trees: column by column,
// for where partitions are drawn from there are other draws. Weka's rows are
// in the order of the bag, and each column of numbers that is looked at sorts
// those of the node.
type exact struct {
	*fit
	columns []attributes.ID
	window  []int32 // a permutation of the columns that lives as long as the tree
	random  *wekarand.Random
	tree    tree
}

// likeWeka draws the bags and seeds one after the other and grows the trees at
// once.
func (f *fit) likeWeka(ctx context.Context, m *Model) error {
	columns := attributes.Columns(f.data)
	n := len(f.train.Rows)
	random := wekarand.New(int64(f.train.Seed))
	bags, seeds := make([][]entry, f.trees), make([]int32, f.trees)
	m.trees, m.bags = make([]tree, f.trees), make([][]int32, f.trees)
	for i := range bags {
		m.bags[i] = make([]int32, n)
		for range n {
			// Weka's alias method, of which equal weights leave one draw.
			k := int(float64(n) * random.Float64())
			m.bags[i][k]++
			row := f.train.Rows[k]
			bags[i] = append(bags[i], entry{row, f.train.Labels[row], 1})
		}
		seeds[i] = random.Int32()
	}
	done := f.train.Counter(f.trees)
	return learners.Parallel(ctx, f.trees, f.train.Workers, func(_, i int) error {
		g := &exact{fit: f, columns: columns}
		var err error
		m.trees[i], err = g.grow(ctx, bags[i], seeds[i])
		done()
		return err
	})
}

func (g *exact) grow(ctx context.Context, bag []entry, seed int32) (tree, error) {
	g.random = wekarand.ForRows(int64(seed), len(bag), func(i int) string {
		return attributes.Row(g.data.Matrix, g.columns, bag[i].row, g.train.Classes[bag[i].class])
	})
	for c := range g.columns {
		g.window = append(g.window, int32(c))
	}
	classes := make([]float64, g.classes)
	for _, e := range bag {
		classes[e.class] += e.weight
	}
	_, err := g.node(ctx, exactNode{bag, classes, 0})
	return g.tree, err
}

// exactNode is a node to be made: its rows, its weight by class, its depth.
type exactNode struct {
	here    []entry
	classes []float64
	depth   int
}

// looked is what Weka knows of a column at a node.
type looked struct {
	column int32
	value  float64 // the gain
	point  float64
	dist   [][]float64 // weight by branch and class
	part   []float64   // by branch
}

func (g *exact) node(ctx context.Context, n exactNode) (int32, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	at := int32(len(g.tree.nodes))
	total, most := 0.0, n.classes[0]
	for _, w := range n.classes {
		total += w
		most = math.Max(most, w)
	}
	made := node{share: int32(len(g.tree.shares))}
	for class, w := range n.classes {
		if w > 0 {
			g.tree.shares = append(g.tree.shares, share{int32(class), w / total})
		}
	}
	made.last = int32(len(g.tree.shares))
	g.tree.nodes = append(g.tree.nodes, made)
	if total < 2 || math.Abs(most-total) < tolerance || g.depth > 0 && n.depth >= g.depth || len(g.columns) == 0 {
		return at, nil
	}
	best := g.look(n.here)
	if best.value <= tolerance {
		return at, nil
	}
	return at, g.split(ctx, at, n, best)
}

// tolerance is the difference that Weka takes for none.
const tolerance = 1e-6

// look draws columns out of the window and gives the one with the highest
// gain, the first column of equals.
func (g *exact) look(here []entry) looked {
	candidates := g.learner.candidates
	if candidates == 0 {
		candidates = int(wekarand.Log(float64(len(g.columns)))/math.Ln2) + 1
	}
	candidates = min(candidates, len(g.columns))
	best, found := looked{value: math.Inf(-1)}, false
	for size := len(g.window); size > 0 && (candidates > 0 || !found); size-- {
		candidates--
		k := g.random.IntN(size)
		column := g.window[k]
		g.window[k], g.window[size-1] = g.window[size-1], column
		l := g.distribution(column, here)
		found = found || l.value > tolerance
		if l.value > best.value || l.value == best.value && column < best.column {
			best = l
		}
	}
	return best
}

// distribution looks at a column.
func (g *exact) distribution(column int32, here []entry) looked {
	id := g.columns[column]
	l := looked{column: column}
	answer := func(row int32) datasets.Code { return attributes.Code(g.data.Matrix, id, row) }
	if n, number := id.Number(); number {
		cells := g.data.Matrix.Numbers[n].Cells
		sortBy(here, cells)
		l.point, l.dist = g.cut(here, cells)
		answer = func(row int32) datasets.Code { return side(below, cells[row], l.point) }
	} else {
		l.dist = weights(len(g.data.Values(int(id))), g.classes)
		for _, e := range here {
			if code := answer(e.row); code != datasets.Missing {
				l.dist[code][e.class] += e.weight
			}
		}
	}
	total := 0.0
	for _, row := range l.dist {
		sum := 0.0
		for _, w := range row {
			sum += w
		}
		l.part = append(l.part, sum)
		total += sum
	}
	for b := range l.part {
		if math.Abs(total) < tolerance {
			l.part[b] = 1 / float64(len(l.part))
		} else {
			l.part[b] /= total
		}
	}
	for _, e := range here {
		if answer(e.row) == datasets.Missing {
			for b, part := range l.part {
				l.dist[b][e.class] += part * e.weight
			}
		}
	}
	l.value = gainOf(l.dist, classEntropy(l.dist))
	return l
}

// sortBy sorts entries by a column of numbers as Weka sorts them, missing ones
// last.
func sortBy(here []entry, cells []float64) {
	values := make([]float64, len(here))
	for i, e := range here {
		if values[i] = cells[e.row]; math.IsNaN(values[i]) {
			values[i] = math.MaxFloat64
		}
	}
	before := slices.Clone(here)
	for i, k := range wekarand.Order(values) {
		here[i] = before[k]
	}
}

// weights makes a table of weights by branch and class.
func weights(branches, classes int) [][]float64 {
	t := make([][]float64, branches)
	for b := range t {
		t[b] = make([]float64, classes)
	}
	return t
}

// cut finds the split point of sorted entries with the highest gain, and the
// weights on its sides; NaN, and all above it, when there is none. Weights
// that are split come off one side and onto the other row by row, as Weka
// rounds them.
func (g *exact) cut(here []entry, cells []float64) (point float64, best [][]float64) {
	sides := weights(2, g.classes)
	known := slices.IndexFunc(here, func(e entry) bool { return math.IsNaN(cells[e.row]) })
	if known < 0 {
		known = len(here)
	}
	for _, e := range here[:known] {
		sides[1][e.class] += e.weight
	}
	prior := classEntropy(sides)
	most := math.Inf(-1)
	point, best = math.NaN(), [][]float64{slices.Clone(sides[0]), slices.Clone(sides[1])}
	for i, e := range here[:known] {
		if i > 0 && cells[e.row] > cells[here[i-1].row] {
			if gain := gainOf(sides, prior); gain > most {
				most, point = gain, halfway(cells[here[i-1].row], cells[e.row])
				copy(best[0], sides[0])
				copy(best[1], sides[1])
			}
		}
		sides[0][e.class] += e.weight
		sides[1][e.class] -= e.weight
	}
	return point, best
}

// gainOf is the information gain in bits of a table of weights by branch and
// class.
func gainOf(dist [][]float64, prior float64) float64 {
	within, total := 0.0, 0.0
	for _, row := range dist {
		sum := 0.0
		for _, w := range row {
			within += xlnx(w)
			sum += w
		}
		within -= xlnx(sum)
		total += sum
	}
	if math.Abs(total) < tolerance {
		return prior
	}
	return prior - -within/(total*math.Ln2)
}

// classEntropy is the entropy in bits of the classes of a table.
func classEntropy(dist [][]float64) float64 {
	entropy, total := 0.0, 0.0
	if len(dist) == 0 {
		return 0 // a column without any value
	}
	for class := range dist[0] {
		sum := 0.0
		for _, row := range dist {
			sum += row[class]
		}
		entropy -= xlnx(sum)
		total += sum
	}
	if math.Abs(total) < tolerance {
		return 0
	}
	return (entropy + xlnx(total)) / (total * math.Ln2)
}

func xlnx(x float64) float64 {
	if x <= 0 {
		return 0
	}
	return x * wekarand.Log(x)
}

// split makes node at test the column that was looked at.
func (g *exact) split(ctx context.Context, at int32, n exactNode, l looked) error {
	made := &g.tree.nodes[at]
	made.kind, made.column = eachValue, g.columns[l.column]
	if _, number := made.column.Number(); number {
		made.kind, made.point = below, l.point
	}
	total := 0.0
	for _, w := range n.classes {
		total += w
	}
	made.gain = l.value * total / float64(len(g.train.Rows))
	parts := make([][]entry, len(l.dist))
	for _, e := range n.here {
		if code := made.answer(g.data.Matrix, e.row); code != datasets.Missing {
			parts[code] = append(parts[code], e)
			continue
		}
		weight := e.weight
		for b, part := range l.part {
			if part > 0 {
				e.weight = part * weight
				parts[b] = append(parts[b], e)
			}
		}
	}
	first := int32(len(g.tree.branches))
	for code, here := range parts {
		if len(here) > 0 {
			g.tree.branches = append(g.tree.branches, branch{code: datasets.Code(code), part: l.part[code]})
		}
	}
	ends := int32(len(g.tree.branches))
	made.branch, made.ends = first, ends
	for i := first; i < ends; i++ {
		code := g.tree.branches[i].code
		child, err := g.node(ctx, exactNode{parts[code], l.dist[code], n.depth + 1})
		if err != nil {
			return err
		}
		g.tree.branches[i].child = child
	}
	return nil
}
