package forest

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"

	"tickle/datasets"
	"tickle/learners"
)

// grower grows trees, one after the other, in memory that it keeps.
type grower struct {
	*fit
	ctx     context.Context
	pcg     *rand.PCG
	rng     *rand.Rand
	tree    tree    // the one at hand
	entries []entry // those of the node at hand and of its ancestors
	tally   tally
	draws   shuffle
	epoch   uint32
	tried   []uint32  // by attribute: the epoch of the node that last tried it
	points  []float64 // by attribute: the split point found when it was tried
	sides   []datasets.Code
	gini    gini
	vary    []uint64 // lanes of a RowMajor
	rest    []int32
	urn     urn
}

func newGrower(f *fit) *grower {
	pcg := rand.NewPCG(0, 0)
	g := &grower{fit: f, pcg: pcg, rng: rand.New(pcg), tried: make([]uint32, len(f.list)), points: make([]float64, len(f.list))}
	g.sides = make([]datasets.Code, f.data.Rows())
	g.gini.classes = make([]int64, f.classes)
	g.tally = tally{xlogx: f.xlogx, counts: make([]int32, f.codes), totals: make([]int32, f.codes)}
	g.tally.table = newTable(f.codes)
	return g
}

// grow makes tree number i of the rows in bag.
func (g *grower) grow(ctx context.Context, i int, bag []int32) (tree, error) {
	g.ctx = ctx
	g.pcg.Seed(g.train.Seed, growStream+uint64(i))
	g.tree = tree{g.tree.nodes[:0], g.tree.branches[:0], g.tree.shares[:0]}
	g.entries = g.entries[:0]
	for _, k := range g.byClass {
		if bag[k] > 0 {
			row := g.train.Rows[k]
			g.entries = append(g.entries, entry{row, g.train.Labels[row], float64(bag[k])})
		}
	}
	_, err := g.node(span{0, len(g.entries), 0})
	return tree{slices.Clone(g.tree.nodes), slices.Clone(g.tree.branches), slices.Clone(g.tree.shares)}, err
}

// span is where a node's entries are and how deep it lies.
type span struct{ from, to, depth int }

// node makes the subtree of the entries in s, and gives its number. It leaves
// the entries as they were.
func (g *grower) node(s span) (int32, error) {
	if err := g.ctx.Err(); err != nil {
		return 0, err
	}
	here := g.entries[s.from:s.to]
	g.tally.start(here)
	at := int32(len(g.tree.nodes))
	pure := g.share(here)
	// Weka's leaf holds at least weight 1, so that less than 2 is not split.
	if pure || g.tally.weight < 2 || s.depth == g.depth && g.depth > 0 {
		return at, nil
	}
	best := g.best
	if g.sklearn {
		best = g.bestGini
	}
	c, err := best()
	if err != nil || c.kind == leaf {
		return at, err
	}
	return at, g.split(at, c, s)
}

// choice is the test chosen for a node, of a leaf none.
type choice struct {
	kind  nodeKind
	index int32 // of the attribute
	code  datasets.Code
	point float64
	gain  float64 // in the node's weight times its impurity
}

// share appends a leaf with the class distribution of the entries, and
// reports whether they are of one class.
func (g *grower) share(here []entry) (pure bool) {
	t := &g.tree
	n := node{share: int32(len(t.shares))}
	for i := range here {
		if i == 0 || here[i].class != here[i-1].class {
			t.shares = append(t.shares, share{class: here[i].class})
		}
		t.shares[len(t.shares)-1].part += here[i].weight / g.tally.weight
	}
	n.last = int32(len(t.shares))
	t.nodes = append(t.nodes, n)
	return n.last-n.share == 1
}

// best draws candidates and gives the attribute with the highest gain among
// them, the first of equals in the order of the table; if none has gain, that
// of further columns which is the first to have.
func (g *grower) best() (choice, error) {
	if g.epoch++; g.epoch == 0 {
		clear(g.tried)
		g.epoch = 1
	}
	g.draws.restart(g.columns.total)
	best, most := int32(-1), g.tally.least()
	// A drawing misses the cache and costs as much as comparing some 1000
	// cells row by row, which is how further finds what has gain.
	patience := g.candidates + 16 + len(g.tally.here)*len(g.columns.varying)/1024
	for k := 0; k < g.candidates || best < 0; k++ {
		if k == patience {
			return g.further()
		}
		n, ok := g.draws.next(g.rng)
		if !ok {
			break
		}
		i, _, ok := g.columns.attribute(n)
		if !ok || g.tried[i] == g.epoch {
			continue
		}
		g.tried[i] = g.epoch
		if gain := g.gain(i); gain > most || gain == most && best > i {
			best, most = i, gain
		}
	}
	return g.chosen(best, most), nil
}

// chosen is the choice of an attribute; of none when it is negative.
func (g *grower) chosen(i int32, gain int64) choice {
	switch {
	case i < 0:
		return choice{}
	case g.list[i].Nominal():
		return choice{kind: eachValue, index: i, gain: float64(gain) / (1 << 32)}
	}
	return choice{kind: below, index: i, point: g.points[i], gain: float64(gain) / (1 << 32)}
}

// gain is the gain of an attribute at the node that tally was started for. Of
// numbers it notes the split point.
func (g *grower) gain(i int32) int64 {
	a := &g.list[i]
	if a.Nominal() {
		return g.tally.gain(a.Codes, a.Missing)
	}
	point, ok := g.tally.cut(a.Cells)
	if !ok {
		return 0
	}
	g.points[i] = point
	return g.tally.gain(g.cells(choice{kind: below, index: i, point: point}), a.Missing)
}

// cells gives the answers of the node's rows to a test.
func (g *grower) cells(c choice) []datasets.Code {
	a := &g.list[c.index]
	switch c.kind {
	case eachValue:
		return a.Codes
	case oneValue:
		for _, e := range g.tally.here {
			g.sides[e.row] = 0
			if a.Codes[e.row] == c.code {
				g.sides[e.row] = 1
			}
		}
	default:
		for _, e := range g.tally.here {
			g.sides[e.row] = side(c.kind, a.Cells[e.row], c.point)
		}
	}
	return g.sides
}

// further gives an attribute with gain, when those tried have none: the next
// to have any if drawing went on. It looks only at those in which the node's
// rows are not all alike.
func (g *grower) further() (choice, error) {
	rows, err := g.train.RowMajor(g.ctx)
	if err != nil {
		return choice{}, err
	}
	here := g.tally.here
	first := rows.Row(here[0].row)
	g.vary = append(g.vary[:0], make([]uint64, len(first))...)
	for i := range here[1:] {
		vary := g.vary
		for w, cells := range rows.Row(here[1+i].row) {
			vary[w] |= cells ^ first[w]
		}
	}
	g.rest = g.rest[:0]
	for w, v := range g.vary {
		for lane := w * learners.Lanes; v != 0; lane++ {
			if uint16(v) != 0 {
				g.rest = append(g.rest, g.place[rows.Index[lane]])
			}
			v >>= 16
		}
	}
	g.rest = append(g.rest, g.numbers...)
	g.rest = slices.DeleteFunc(g.rest, func(i int32) bool { return g.tried[i] == g.epoch })
	g.urn.fill(len(g.rest), func(i int) int { return int(g.list[g.rest[i]].Mult) })
	for g.urn.total > 0 {
		i := g.rest[g.urn.take(g.rng)]
		if gain := g.gain(i); gain > g.tally.least() {
			return g.chosen(i, gain), nil
		}
	}
	return choice{}, nil
}

// split makes node at ask the chosen test, with a child for each answer.
func (g *grower) split(at int32, c choice, s span) error {
	t := &g.tally.table
	// The children's tests use the memory of the cells.
	cells := g.cells(c)
	g.tally.fill(cells) // for its entries are those in s
	branches := make([]branch, len(t.code))
	for k, code := range t.code {
		branches[k] = branch{code: code, part: t.part[k]}
	}
	slices.SortFunc(branches, func(a, b branch) int { return cmp.Compare(a.code, b.code) })
	n := &g.tree.nodes[at]
	n.kind, n.column, n.code, n.point = c.kind, g.list[c.index].ID, c.code, c.point
	n.gain = c.gain / float64(len(g.train.Rows))
	n.branch = int32(len(g.tree.branches))
	n.ends = n.branch + int32(len(branches))
	first := n.branch
	g.tree.branches = append(g.tree.branches, branches...)
	base := len(g.entries)
	ends := g.deal(cells, branches, s)
	from := base
	for k, to := range ends {
		child, err := g.node(span{from, to, s.depth + 1})
		if err != nil {
			return err
		}
		g.tree.branches[int(first)+k].child = child
		from = to
	}
	g.entries = g.entries[:base]
	return nil
}

// deal appends the entries of each branch after one another, keeping their
// order, and gives where each branch's end. Entries whose cell is missing go
// down all branches with a part of their weight.
func (g *grower) deal(cells []datasets.Code, branches []branch, s span) (ends []int) {
	place := g.tally.table.index // zero between calls
	for k, b := range branches {
		place[b.code] = int32(k)
	}
	sizes, missing := make([]int, len(branches)), 0
	for _, e := range g.entries[s.from:s.to] {
		if c := cells[e.row]; c == datasets.Missing {
			missing++
		} else {
			sizes[place[c]]++
		}
	}
	base := len(g.entries)
	ends, at := sizes, base
	for k, n := range sizes {
		ends[k] = at
		at += n + missing
	}
	g.entries = slices.Grow(g.entries, at-base)[:at]
	for _, e := range g.entries[s.from:s.to] {
		if c := cells[e.row]; c != datasets.Missing {
			k := place[c]
			g.entries[ends[k]] = e
			ends[k]++
			continue
		}
		weight := e.weight
		for k, b := range branches {
			e.weight = weight * b.part
			g.entries[ends[k]] = e
			ends[k]++
		}
	}
	for _, b := range branches {
		place[b.code] = 0
	}
	return ends
}
