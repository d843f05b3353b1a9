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
//	    uint: 0 of a leaf, 1 of a branch a value, 2 of one value against the
//	        others, 3 of a threshold
//	    of a leaf: flag whether no training row came to it
//	    of any other: index of the column; with 2 the code of the value as an
//	        index, with 3 the threshold as a float, up to which the first of
//	        two branches goes
//	    count of bags (a leaf has one, any other node one a branch)
//	    floats: the training weight of each bag by class, of each bag, of each
//	        class, and of all
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
	w := writer{e, ids, make([]float64, len(m.classes))}
	w.node(m.root)
	return nil
}

// writer writes the nodes of a tree.
type writer struct {
	*modelfile.Encoder
	columns []attributes.ID
	all     []float64 // weights of all classes
}

func (w *writer) node(n *node) {
	if n.test == nil {
		w.Uint(0)
		w.Flag(n.empty)
	} else {
		w.Uint(uint64(n.test.kind))
		w.Index(modelfile.Place(w.columns, n.test.id))
		switch n.test.kind {
		case oneValue:
			w.Index(int(n.test.code))
		case threshold:
			w.Float(n.test.point)
		}
	}
	w.Count(len(n.dist.bag))
	for bag := range n.dist.bag {
		w.weights(n.dist.ids, n.dist.row(bag))
	}
	w.Floats(n.dist.bag)
	w.weights(n.dist.ids, n.dist.class)
	w.Float(n.dist.total)
	for _, son := range n.sons {
		w.node(son)
	}
}

// weights writes the weights of classes as those of all.
func (w *writer) weights(ids []int32, weights []float64) {
	clear(w.all)
	for i, c := range ids {
		w.all[c] = weights[i]
	}
	w.Floats(w.all)
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
	kind := testKind(r.Number("kind of node", 0, int(threshold)))
	if r.Err() != nil {
		return nil
	}
	n, bags := &node{}, 1
	if kind == 0 {
		n.empty = r.Flag("empty")
	} else if n.test = r.test(kind); n.test != nil {
		bags = n.test.bags()
	}
	n.dist = r.distribution(bags)
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

func (r *reader) distribution(bags int) *distribution {
	if got := r.Count("bags", r.classes+1); got != bags {
		r.Fail("%d bags: want %d", got, bags)
	}
	if r.Err() != nil {
		return nil
	}
	between := [2]float64{0, modelfile.MaxWeight}
	cells := r.FloatsBetween("weight", bags*r.classes, between)
	bag := r.FloatsBetween("weight of a bag", bags, between)
	class := r.FloatsBetween("weight of a class", r.classes, between)
	total := r.Between("weight", between[0], between[1])
	if r.Err() != nil {
		return nil
	}
	return narrow(distribution{cells: cells, bag: bag, class: class, total: total})
}

// narrow leaves the classes of a distribution over all that have weight.
func narrow(all distribution) *distribution {
	classes := len(all.class)
	var ids []int32
	for c := range all.class {
		has := all.class[c] != 0
		for b := range all.bag {
			has = has || all.cells[b*classes+c] != 0
		}
		if has {
			ids = append(ids, int32(c))
		}
	}
	d := newDistribution(len(all.bag), ids)
	copy(d.bag, all.bag)
	d.total = all.total
	for i, c := range ids {
		d.class[i] = all.class[c]
		for b := range d.bag {
			d.row(b)[i] = all.cells[b*classes+int(c)]
		}
	}
	return d
}
