package forest

import (
	"context"
	"math"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
	"tickle/learners/modelfile"
)

// Store writes
//
//	table of the columns that the trees test
//	uints: training rows that some tree has not seen, and how many of them
//	    those trees get wrong
//	count of trees, and of each: count of nodes, the root first, and of each:
//	    uint: 0 of a leaf, 1 of a branch a value, 2 of one value (branch 1)
//	        against the others (0), 3 of numbers below a point (0) and others
//	        (1), 4 of numbers up to a point (0) and others (1)
//	    count of classes that its training rows have, and of each its index and
//	        its share as a float
//	    of all but leaves: index of the column, with 2 the code of the value as
//	        an index, with 3 and 4 the point as a float; as a float, how much
//	        the test lowers the impurity; count of branches, and of each: the
//	        code as an index, the node as an index, and as a float the part of
//	        a missing cell's weight
//
// A node comes behind the one that branches to it.
func (m *Model) Store(e *modelfile.Encoder) error {
	var ids []attributes.ID
	for k := range m.trees {
		if m.trees[k].depth() > modelfile.MaxDepth {
			return modelfile.TooDeep()
		}
		for i := range m.trees[k].nodes {
			if n := &m.trees[k].nodes[i]; n.kind != leaf {
				ids = append(ids, n.column)
			}
		}
	}
	ids = modelfile.Columns(ids)
	e.Table(m.matrix, ids, nil)
	wrong, rows := m.OutOfBag()
	e.Count(rows)
	e.Count(wrong)
	e.Count(len(m.trees))
	for k := range m.trees {
		m.trees[k].store(e, ids)
	}
	return nil
}

// depth is the number of levels below the root.
func (t *tree) depth() int {
	deepest := int32(0)
	depth := make([]int32, len(t.nodes))
	for i := range t.nodes {
		n := &t.nodes[i]
		for _, b := range t.branches[n.branch:n.ends] {
			depth[b.child] = depth[i] + 1
			deepest = max(deepest, depth[b.child])
		}
	}
	return int(deepest)
}

func (t *tree) store(e *modelfile.Encoder, ids []attributes.ID) {
	e.Count(len(t.nodes))
	for i := range t.nodes {
		n := &t.nodes[i]
		e.Uint(uint64(n.kind))
		e.Count(int(n.last - n.share))
		for _, s := range t.shares[n.share:n.last] {
			e.Index(int(s.class))
			e.Float(s.part)
		}
		if n.kind == leaf {
			continue
		}
		e.Index(modelfile.Place(ids, n.column))
		switch n.kind {
		case oneValue:
			e.Index(int(n.code))
		case below, atMost:
			e.Float(n.point)
		}
		e.Float(n.gain)
		e.Count(int(n.ends - n.branch))
		for _, b := range t.branches[n.branch:n.ends] {
			e.Index(int(b.code))
			e.Index(int(b.child))
			e.Float(b.part)
		}
	}
}

func load(ctx context.Context, s *learners.Stored) (learners.Model, error) {
	d := s.Payload
	b, err := d.Table(ctx, s.Target)
	if err != nil {
		return nil, err
	}
	m := &Model{matrix: b.Matrix, names: s.Classes, classes: len(s.Classes)}
	m.bagged.rows, m.bagged.wrong = d.Number("rows", 0, math.MaxInt32), d.Number("rows", 0, math.MaxInt32)
	m.trees = make([]tree, d.Count("trees", 3))
	r := &reader{Decoder: d, bound: b, classes: len(s.Classes)}
	for k := range m.trees {
		if d.Err() != nil {
			return nil, d.Err()
		}
		r.tree(&m.trees[k])
	}
	if len(m.trees) == 0 {
		d.Fail("no trees: want one at least")
	}
	return m, d.Err()
}

// reader reads trees.
type reader struct {
	*modelfile.Decoder
	bound   *modelfile.Bound
	classes int
	depth   []int32 // of the nodes of the tree at hand; -1 where nothing leads yet
}

func (r *reader) tree(t *tree) {
	n := r.Count("nodes", 2)
	if n == 0 {
		r.Fail("a tree without nodes")
		return
	}
	t.nodes = make([]node, n)
	r.depth = append(r.depth[:0], make([]int32, n)...)
	for i := range r.depth[1:] {
		r.depth[i+1] = -1
	}
	for i := range t.nodes {
		if r.depth[i] < 0 {
			r.Fail("node %d: want a branch of an earlier node that leads to it", i)
		}
		if r.Err() != nil {
			return
		}
		r.node(t, i)
	}
}

func (r *reader) node(t *tree, i int) {
	n := &t.nodes[i]
	n.kind = nodeKind(r.Number("kind of node", int(leaf), int(atMost)))
	n.share = int32(len(t.shares))
	sum := 0.0
	for range r.Count("classes of a node", 2) {
		s := share{int32(r.Index("class", r.classes)), r.Share("share")}
		sum += s.part
		t.shares = append(t.shares, s)
	}
	if n.last = int32(len(t.shares)); sum == 0 {
		r.Fail("node %d: want shares of classes", i)
	}
	if n.kind == leaf || r.Err() != nil {
		return
	}
	column := r.Index("column", len(r.bound.IDs))
	if r.Err() != nil {
		return
	}
	n.column = r.bound.IDs[column]
	attr := attributes.At(r.bound.Matrix, n.column)
	if attr.Nominal() != (n.kind == eachValue || n.kind == oneValue) {
		r.Fail("node %d: a test for the other kind of column", i)
		return
	}
	answers := 2
	switch n.kind {
	case eachValue:
		answers = attr.Values
	case oneValue:
		n.code = datasets.Code(r.Index("value", attr.Values))
	default:
		n.point = r.Float("point")
	}
	n.gain = r.Float("gain")
	r.branches(t, i, answers)
}

// branches reads the branches of node i, whose test has so many answers.
func (r *reader) branches(t *tree, i, answers int) {
	n := &t.nodes[i]
	n.branch = int32(len(t.branches))
	last, sum := -1, 0.0
	for range r.Count("branches", 3) {
		b := branch{code: datasets.Code(r.Index("answer", answers)), child: int32(r.Index("node", len(t.nodes))), part: r.Share("part")}
		switch {
		case r.Err() != nil:
			return
		case int(b.code) <= last:
			r.Fail("node %d: want branches in order of their answers", i)
		case int(b.child) <= i || r.depth[b.child] >= 0:
			r.Fail("node %d: branch to node %d: want one that comes later and has no other branch to it", i, b.child)
		case r.depth[i] >= modelfile.MaxDepth:
			r.Fail("a tree of more than %d levels", modelfile.MaxDepth)
		}
		last, sum = int(b.code), sum+b.part
		r.depth[b.child] = r.depth[i] + 1
		t.branches = append(t.branches, b)
	}
	n.ends = int32(len(t.branches))
	r.One("parts of branches", sum)
}
