package nmap4

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
)

// index answers which references resemble a subject without looking at each.
// The 5,678 references of Nmap 7.93 have only some 15,200 different tests and
// 16,100 different expressions, and they stand in a tree: a level a test, a
// node a different test of the references below it. A search walks the tree
// and leaves out every branch that cannot reach MinAccuracy, whatever the tests
// below it give; a test that many nodes share is compared once a subject.
type index struct {
	points []int32
	slots  []slotIndex
	tests  []testIndex // in the order of the tree's levels
	nodes  []node      // depth first
	leaves []int32     // references, in the order of the tree
	pool   sync.Pool   // of *search
}

// slotIndex holds the different expressions of a slot.
type slotIndex struct {
	at    map[string]int32
	exprs []expression
}

func (s *slotIndex) intern(text string, d Dialect) (int32, error) {
	if i, ok := s.at[text]; ok {
		return i, nil
	}
	if err := checkExpression(text); err != nil {
		return 0, err
	}
	e, err := d.compile(text)
	if err != nil {
		return 0, err
	}
	if s.at == nil {
		s.at = make(map[string]int32)
	}
	i := int32(len(s.exprs))
	s.at[text], s.exprs = i, append(s.exprs, e)
	return i, nil
}

// testIndex holds the different tests of one name. The first is the absent one.
type testIndex struct {
	layout int
	tests  []compiled
	at     map[string]int32
}

func (t *testIndex) intern(c compiled) int32 {
	key := make([]byte, 0, 5*len(c.slots))
	for i, s := range c.slots {
		key = append(key, byte(s))
		key = binary.LittleEndian.AppendUint32(key, uint32(c.exprs[i]))
	}
	if i, ok := t.at[string(key)]; ok {
		return i
	}
	i := int32(len(t.tests))
	t.at[string(key)], t.tests = i, append(t.tests, c)
	return i
}

// node is a test that the references below it share, along with those of the
// nodes above it.
type node struct {
	test  int32 // index into the level's tests
	level int32
	// next is the node that follows when the branch is left out.
	next int32
	// leaves of the branch: leaves[first:end] of the index.
	first, end int32
}

func newIndex(m *Matcher) (*index, error) {
	x := &index{points: m.points, slots: make([]slotIndex, numSlots), tests: make([]testIndex, len(layout))}
	for i := range x.tests {
		x.tests[i] = testIndex{layout: i, at: make(map[string]int32)}
		x.tests[i].intern(compiled{})
	}
	rows := make([][]int32, len(m.db.References))
	for i := range m.db.References {
		r := &m.db.References[i]
		rows[i] = make([]int32, len(layout))
		for j := range r.Tests {
			c, err := x.compileTest(&r.Tests[j], m.points, m.dialect)
			if err != nil {
				return nil, fmt.Errorf("reference %q of line %d: %w", clip(r.Name), r.Line, err)
			}
			at := testAt[r.Tests[j].Name]
			rows[i][at] = x.tests[at].intern(c)
		}
	}
	x.grow(rows)
	x.pool.New = func() any { return x.newSearch() }
	return x, nil
}

// grow makes the tree of rows, the tests of each reference. The levels go
// from the fewest different tests to the most, so that nodes are shared by
// many.
func (x *index) grow(rows [][]int32) {
	slices.SortStableFunc(x.tests, func(a, b testIndex) int { return len(a.tests) - len(b.tests) })
	x.leaves = make([]int32, len(rows))
	for i := range x.leaves {
		x.leaves[i] = int32(i)
	}
	path := func(i int32, level int) int32 { return rows[i][x.tests[level].layout] }
	slices.SortStableFunc(x.leaves, func(a, b int32) int {
		for level := range x.tests {
			if d := path(a, level) - path(b, level); d != 0 {
				return int(d)
			}
		}
		return 0
	})
	var branch func(first, end int32, level int)
	branch = func(first, end int32, level int) {
		for first < end {
			last := first + 1
			for last < end && path(x.leaves[last], level) == path(x.leaves[first], level) {
				last++
			}
			n := len(x.nodes)
			x.nodes = append(x.nodes, node{test: path(x.leaves[first], level), level: int32(level), first: first, end: last})
			if level+1 < len(x.tests) {
				branch(first, last, level+1)
			}
			x.nodes[n].next = int32(len(x.nodes))
			first = last
		}
	}
	branch(0, int32(len(x.leaves)), 0)
}
