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
	tree    tree
	entries []entry // those of the node at hand and of its ancestors
	tally   tally
	draws   shuffle
	epoch   uint32
	tried   []uint32 // by partition: the epoch of the node that last tried it
	vary    []uint64 // lanes of a RowMajor
	rest    []int32
	urn     urn
}

func newGrower(f *fit) *grower {
	pcg := rand.NewPCG(0, 0)
	g := &grower{fit: f, pcg: pcg, rng: rand.New(pcg), tried: make([]uint32, len(f.data.IDs))}
	g.tally = tally{xlogx: f.xlogx, counts: make([]int32, f.codes), totals: make([]int32, f.codes)}
	g.tally.table.index = make([]int32, f.codes)
	return g
}

// grow makes tree number i of the rows in bag.
func (g *grower) grow(ctx context.Context, i int, bag []int32) (tree, error) {
	g.ctx = ctx
	g.pcg.Seed(g.train.Seed, growStream+uint64(i))
	g.tree, g.entries = tree{}, g.entries[:0]
	for _, k := range g.byClass {
		if bag[k] > 0 {
			row := g.train.Rows[k]
			g.entries = append(g.entries, entry{row, g.train.Labels[row], float64(bag[k])})
		}
	}
	_, err := g.node(span{0, len(g.entries), 0})
	return g.tree, err
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
	best, err := g.best()
	if err != nil || best < 0 {
		return at, err
	}
	return at, g.split(at, best, s)
}

// share appends a leaf with the class distribution of the entries, and
// reports whether they are of one class.
func (g *grower) share(here []entry) (pure bool) {
	t := &g.tree
	n := node{column: leaf, share: int32(len(t.shares))}
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

// best draws candidates and gives the partition (an index into the
// selection's IDs) with the highest gain among them, the first of equals; if
// none has gain, that of further columns which is the first to have; -1 when
// there is none.
func (g *grower) best() (int32, error) {
	if g.epoch++; g.epoch == 0 {
		clear(g.tried)
		g.epoch = 1
	}
	g.draws.restart(g.data.D)
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
		i, ok := g.columns.partition(n)
		if !ok || g.tried[i] == g.epoch {
			continue
		}
		g.tried[i] = g.epoch
		if gain := g.gain(i); gain > most || gain == most && best > i {
			best, most = i, gain
		}
	}
	return best, nil
}

// gain is the gain of a partition at the node that tally was started for.
func (g *grower) gain(i int32) int64 {
	id := g.data.IDs[i]
	return g.tally.gain(g.data.Codes(id), g.data.Parts[id].Missing)
}

// further gives a partition with gain, when those tried have none: the next
// to have any if drawing went on. It looks only at those in which the node's
// rows are not all alike.
func (g *grower) further() (int32, error) {
	rows, err := g.train.RowMajor(g.ctx)
	if err != nil {
		return -1, err
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
			if uint16(v) != 0 && g.tried[rows.Index[lane]] != g.epoch {
				g.rest = append(g.rest, rows.Index[lane])
			}
			v >>= 16
		}
	}
	g.urn.fill(len(g.rest), func(i int) int { return int(g.data.Mult[g.rest[i]]) })
	for g.urn.total > 0 {
		i := g.rest[g.urn.take(g.rng)]
		if g.gain(i) > g.tally.least() {
			return i, nil
		}
	}
	return -1, nil
}

// split makes node at test partition i, with a child for each value.
func (g *grower) split(at, i int32, s span) error {
	t := &g.tally.table
	cells := g.data.Codes(g.data.IDs[i])
	t.fill(g.entries[s.from:s.to], cells)
	branches := make([]branch, len(t.code))
	for k, code := range t.code {
		branches[k] = branch{code: code, part: t.part[k]}
	}
	slices.SortFunc(branches, func(a, b branch) int { return cmp.Compare(a.code, b.code) })
	n := &g.tree.nodes[at]
	n.column, n.branch = g.data.First[i], int32(len(g.tree.branches))
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
