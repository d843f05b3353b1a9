package nmap4

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
)

// index answers which references resemble a subject without comparing it with
// each. The 5,678 references of Nmap 7.93 have only some 15,200 different tests
// and 16,100 different expressions. So the expressions that match are looked up
// (see slotIndex), their points are added up for each different test, and the
// references stand in a tree: a level a test, a node a different test that the
// references below it share. A search walks the tree and leaves out every
// branch that cannot reach MinAccuracy, whatever the tests below it give.
type index struct {
	points []int32     // by slot
	slots  []slotIndex // by slot
	levels []level     // of the tree
	shapes [][]slot    // the different lists of attributes that tests have
	shape  []int32     // of each line
	nodes  []node      // depth first
	leaves []int32     // references, in the order of the tree
	paths  []int32     // lines of the leaves, a level each
	names  []int32     // by reference: the first of the same name
	pool   sync.Pool   // of *search
}

// level is a test's name, and the different tests of that name (one of them may
// be no test at all), which are numbered with those of all levels: lines first
// to first+n−1.
type level struct {
	layout   int
	first, n int32
}

// node is a test that the references below it share, along with those of the
// nodes above it. A branch of one reference has no nodes below: the reference's
// path goes on.
type node struct {
	line  int32
	level int32
	// next is the node that follows when the branch is left out.
	next int32
	// leaves of the branch: leaves[first:end] of the index.
	first, end int32
}

// newIndex makes the index of db, with points by slot.
func newIndex(db *Database, dialect Dialect, points []int32) (*index, error) {
	b := &indexBuilder{index: &index{points: points, slots: make([]slotIndex, numSlots)}, shapeAt: make(map[string]int32)}
	for i := range b.slots {
		b.slots[i].dialect = dialect
	}
	rows := make([][]int32, len(db.References))
	for i := range rows {
		rows[i] = make([]int32, len(layout))
	}
	for at := range layout {
		if err := b.level(db, at, rows); err != nil {
			return nil, err
		}
	}
	b.grow(rows)
	b.names = nameNumbers(db)
	b.pool.New = func() any { return b.newSearch() }
	return b.index, nil
}

// nameNumbers gives each reference the number of the first that has its name.
func nameNumbers(db *Database) []int32 {
	first := make(map[string]int32, len(db.References))
	numbers := make([]int32, len(db.References))
	for i := range numbers {
		name := db.References[i].Name
		if _, ok := first[name]; !ok {
			first[name] = int32(i)
		}
		numbers[i] = first[name]
	}
	return numbers
}

// indexBuilder is an index under way.
type indexBuilder struct {
	*index
	shapeAt map[string]int32
}

// level numbers the different tests of one name, and writes the number of
// each reference's into its row.
func (b *indexBuilder) level(db *Database, at int, rows [][]int32) error {
	l := level{layout: at, first: int32(len(b.shape))}
	lineAt := make(map[string]int32)
	for i := range rows {
		r := &db.References[i]
		slots, exprs, err := b.compile(r, at)
		if err != nil {
			return fmt.Errorf("reference %q of line %d: %w", clip(r.Name), r.Line, err)
		}
		rows[i][at] = b.line(slots, exprs, lineAt)
	}
	l.n = int32(len(b.shape)) - l.first
	b.levels = append(b.levels, l)
	return nil
}

// compile gives the slots and expressions of a reference's test, but for
// those without points.
func (b *indexBuilder) compile(r *Reference, at int) (slots []slot, exprs []int32, err error) {
	t := r.Test(layout[at].test)
	if t == nil {
		return nil, nil, nil
	}
	for _, a := range t.Attrs {
		s, ok := slotAt[at][a.Name]
		if !ok {
			return nil, nil, fmt.Errorf("%s: unknown attribute %s", t.Name, clip(a.Name))
		}
		if b.points[s] == 0 {
			continue
		}
		e, err := b.slots[s].intern(a.Value)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %s=%s: %w", t.Name, a.Name, clip(a.Value), err)
		}
		slots, exprs = append(slots, s), append(exprs, e)
	}
	return slots, exprs, nil
}

// line gives the number of a test of the level under way, a new one if need
// be.
func (b *indexBuilder) line(slots []slot, exprs []int32, lineAt map[string]int32) int32 {
	var shapeKey, key []byte
	for i, s := range slots {
		shapeKey = append(shapeKey, byte(s))
		key = append(key, byte(s))
		key = binary.LittleEndian.AppendUint32(key, uint32(exprs[i]))
	}
	if n, ok := lineAt[string(key)]; ok {
		return n
	}
	n := int32(len(b.shape))
	lineAt[string(key)] = n
	shape, ok := b.shapeAt[string(shapeKey)]
	if !ok {
		shape = int32(len(b.shapes))
		b.shapeAt[string(shapeKey)] = shape
		b.shapes = append(b.shapes, slots)
	}
	b.shape = append(b.shape, shape)
	for i, s := range slots {
		lines := &b.slots[s].lines[exprs[i]]
		*lines = append(*lines, n)
		b.slots[s].total++
	}
	return n
}

// grow makes the tree of rows, the lines of each reference. Its levels go
// from the fewest different tests to the most, so that nodes are shared by
// many.
func (b *indexBuilder) grow(rows [][]int32) {
	slices.SortStableFunc(b.levels, func(x, y level) int { return int(x.n - y.n) })
	b.leaves = make([]int32, len(rows))
	for i := range b.leaves {
		b.leaves[i] = int32(i)
	}
	slices.SortStableFunc(b.leaves, func(x, y int32) int {
		for i := range b.levels {
			at := b.levels[i].layout
			if d := rows[x][at] - rows[y][at]; d != 0 {
				return int(d)
			}
		}
		return 0
	})
	for _, r := range b.leaves {
		for i := range b.levels {
			b.paths = append(b.paths, rows[r][b.levels[i].layout])
		}
	}
	b.branch(0, node{end: int32(len(rows))})
}

// branch makes the nodes of one level, and of those below it, for the leaves
// of above.
func (b *indexBuilder) branch(level int, above node) {
	line := func(leaf int32) int32 { return b.paths[int(leaf)*len(b.levels)+level] }
	for first := above.first; first < above.end; {
		n := node{line: line(first), level: int32(level), first: first, end: first + 1}
		for n.end < above.end && line(n.end) == n.line {
			n.end++
		}
		i := len(b.nodes)
		b.nodes = append(b.nodes, n)
		if level+1 < len(b.levels) && n.end-n.first > 1 {
			b.branch(level+1, n)
		}
		b.nodes[i].next = int32(len(b.nodes))
		first = n.end
	}
}
