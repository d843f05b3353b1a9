package j48

import (
	"context"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
	"tickle/learners/modelfile"
)

// Store writes
//
//	table of the columns that the tree tests
//	the root, and each node's branches behind it:
//	    uint: 4 of a leaf, 5 of a branch a value, 6 of one value against the
//	        others, 7 of a threshold
//	    of a leaf: flag whether no training row came to it
//	    of any other: index of the column; with 6 the code of the value as an
//	        index, with 7 the threshold as a float, up to which the first of
//	        two branches goes
//	    count of bags (a leaf has one, any other node one a branch)
//	    count of the classes that came to it, and the index of each, ascending
//	    floats: the training weight of each bag by these classes, of each bag, of
//	        each of these classes, and of all
//
// In older files the uint is 4 less, no classes are listed, and the weights are
// of all of them.
func (m *Model) Store(e *modelfile.Encoder) error {
	var ids []attributes.ID
	deepest := 0
	var visit func(n *node, depth int)
	visit = func(n *node, depth int) {
		deepest = max(deepest, depth)
		if n.test != nil {
			ids = append(ids, n.test.id)
		}
		for _, son := range n.sons {
			visit(son, depth+1)
		}
	}
	visit(m.root, 0)
	if deepest > modelfile.MaxDepth {
		return modelfile.TooDeep()
	}
	ids = modelfile.Columns(ids)
	e.Table(m.matrix, ids, nil)
	storeNode(e, m.root, ids)
	return nil
}

// listed is what a node's uint is above its kind where its classes are listed.
const listed = 4

func storeNode(e *modelfile.Encoder, n *node, ids []attributes.ID) {
	if n.test == nil {
		e.Uint(listed)
		e.Flag(n.empty)
	} else {
		e.Uint(listed + uint64(n.test.kind))
		e.Index(modelfile.Place(ids, n.test.id))
		switch n.test.kind {
		case oneValue:
			e.Index(int(n.test.code))
		case threshold:
			e.Float(n.test.point)
		}
	}
	e.Count(len(n.dist.bag))
	e.Count(len(n.dist.ids))
	e.Indices(n.dist.ids)
	e.Floats(n.dist.cells)
	e.Floats(n.dist.bag)
	e.Floats(n.dist.class)
	e.Float(n.dist.total)
	for _, son := range n.sons {
		storeNode(e, son, ids)
	}
}

func load(ctx context.Context, s *learners.Stored) (learners.Model, error) {
	b, err := s.Payload.Table(ctx, s.Target)
	if err != nil {
		return nil, err
	}
	r := &reader{Decoder: s.Payload, bound: b, classes: len(s.Classes)}
	root := r.node(0)
	if r.Err() != nil {
		return nil, r.Err()
	}
	return &Model{learner: newLearner(s.Options), matrix: b.Matrix, classes: s.Classes, root: root}, nil
}

// reader reads the nodes of a tree.
type reader struct {
	*modelfile.Decoder
	bound   *modelfile.Bound
	classes int
}

// node reads a node and those below it; nil after an error.
func (r *reader) node(depth int) *node {
	if depth > modelfile.MaxDepth {
		r.Fail("a tree of more than %d levels", modelfile.MaxDepth)
	}
	number := r.Number("kind of node", 0, listed+int(threshold))
	if r.Err() != nil {
		return nil
	}
	kind := testKind(number % listed)
	n, bags := &node{}, 1
	if kind == 0 {
		n.empty = r.Flag("empty")
	} else if n.test = r.test(kind); n.test != nil {
		bags = n.test.bags()
	}
	n.dist = r.distribution(bags, number >= listed)
	if r.Err() != nil || n.test == nil {
		return n
	}
	if n.dist.total < tolerance {
		r.Fail("a test of no training rows")
	}
	for range bags {
		n.sons = append(n.sons, r.node(depth+1))
		if r.Err() != nil {
			return nil
		}
	}
	return n
}

// test reads what a node asks; nil after an error.
func (r *reader) test(kind testKind) *test {
	column := r.Index("column", len(r.bound.IDs))
	if r.Err() != nil {
		return nil
	}
	t := &test{kind: kind, id: r.bound.IDs[column]}
	attr := attributes.At(r.bound.Matrix, t.id)
	t.attr = &attr
	if attr.Nominal() != (kind != threshold) {
		r.Fail("column %d: a test of the other kind of column", column)
		return nil
	}
	switch kind {
	case oneValue:
		t.code = datasets.Code(r.Index("value", attr.Values))
	case threshold:
		t.point = r.Float("threshold")
	}
	return t
}

// distribution reads the weights of a node; nil after an error. Where its classes
// are not listed they are of all, of which those with weight are kept.
func (r *reader) distribution(bags int, listed bool) *distribution {
	if got := r.Count("bags", 2); got != bags {
		r.Fail("%d bags: want %d", got, bags)
	}
	ids := r.ids(listed)
	if r.Err() != nil || !r.Holds("weights", (bags+1)*(len(ids)+1)) {
		return nil
	}
	between := [2]float64{0, modelfile.MaxWeight}
	d := newDistribution(bags, ids)
	copy(d.cells, r.FloatsBetween("weight", len(d.cells), between))
	copy(d.bag, r.FloatsBetween("weight of a bag", bags, between))
	copy(d.class, r.FloatsBetween("weight of a class", len(ids), between))
	d.total = r.Between("weight", between[0], between[1])
	if r.Err() != nil {
		return nil
	}
	if !listed {
		return d.narrow()
	}
	return d
}

// ids reads the classes of a node, or gives all.
func (r *reader) ids(listed bool) []int32 {
	if !listed {
		all := make([]int32, r.classes)
		for c := range all {
			all[c] = int32(c)
		}
		return all
	}
	ids := r.Indices("class", r.Count("classes", 1), r.classes)
	for i := 1; i < len(ids); i++ {
		if ids[i] <= ids[i-1] {
			r.Fail("class %d behind class %d: want classes in rising order", ids[i], ids[i-1])
		}
	}
	return ids
}

// narrow leaves the classes that have weight.
func (d *distribution) narrow() *distribution {
	var places []int
	var ids []int32
	for place, c := range d.ids {
		has := d.class[place] != 0
		for bag := range d.bag {
			has = has || d.row(bag)[place] != 0
		}
		if has {
			places, ids = append(places, place), append(ids, c)
		}
	}
	n := newDistribution(len(d.bag), ids)
	copy(n.bag, d.bag)
	n.total = d.total
	for i, place := range places {
		n.class[i] = d.class[place]
		for bag := range n.bag {
			n.row(bag)[i] = d.row(bag)[place]
		}
	}
	return n
}
