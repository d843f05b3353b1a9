package forest

import (
	"cmp"
	"math"
	"slices"

	"tickle/datasets"
	"tickle/learners/attributes"
)

// tree is a decision tree in flat arrays; node 0 is the root.
type tree struct {
	nodes    []node
	branches []branch
	shares   []share
}

// node tests a column of the matrix, or nothing: then it is a leaf.
type node struct {
	kind         nodeKind
	column       attributes.ID
	point        float64       // below, atMost
	code         datasets.Code // oneValue
	branch, ends int32         // its branches, by ascending code
	share, last  int32         // its class distribution in shares
	gain         float64       // how much the test lowers the tree's impurity
}

// nodeKind is what a node asks. The answer is the code of a branch.
type nodeKind uint8

const (
	leaf      nodeKind = iota // nothing
	eachValue                 // the nominal value: its code
	oneValue                  // whether it is a certain one: 1 or 0, a missing cell having none
	below                     // whether a number is at least the point: 0 or 1
	atMost                    // whether a number is more than the point: 0 or 1
)

// branch leads rows with an answer to a child.
type branch struct {
	code  datasets.Code
	child int32
	part  float64 // of the training weight whose cell is not missing
}

// share is the part of a class in a node's training weight.
type share struct {
	class int32
	part  float64
}

// answer is the code of the branch of a row, Missing where its cell is.
func (n *node) answer(m *datasets.Matrix, row int32) datasets.Code {
	if number, ok := n.column.Number(); ok {
		return side(n.kind, m.Numbers[number].Cells[row], n.point)
	}
	code := attributes.Code(m, n.column, row)
	switch {
	case n.kind == eachValue:
		return code
	case code == n.code:
		return 1
	}
	return 0
}

// side is the answer for a number.
func side(kind nodeKind, v, point float64) datasets.Code {
	switch {
	case math.IsNaN(v):
		return datasets.Missing
	case v < point || kind == atMost && v == point:
		return 0
	}
	return 1
}

// vote adds the tree's class distribution for a row to scores.
func (t *tree) vote(m *datasets.Matrix, row int32, scores []float64) {
	t.walk(walk{matrix: m, row: row, scores: scores}, 0, 1)
}

// walk is a row on its way through a tree.
type walk struct {
	matrix *datasets.Matrix
	row    int32
	scores []float64
	// The cells of the columns for which swapped is true are those of the
	// row other; nil: of none.
	swapped func(attributes.ID) bool
	other   int32
}

// walk follows the row from node at. A missing cell takes every branch with
// the branch's part of the weight; a value that no training row at the node
// had ends in the node's own distribution.
func (t *tree) walk(w walk, at int32, weight float64) {
	for {
		n := &t.nodes[at]
		if n.kind == leaf {
			t.stop(w, n, weight)
			return
		}
		row := w.row
		if w.swapped != nil && w.swapped(n.column) {
			row = w.other
		}
		code := n.answer(w.matrix, row)
		branches := t.branches[n.branch:n.ends]
		if code == datasets.Missing {
			for i := range branches {
				t.walk(w, branches[i].child, weight*branches[i].part)
			}
			return
		}
		i, ok := slices.BinarySearchFunc(branches, code, func(b branch, c datasets.Code) int { return cmp.Compare(b.code, c) })
		if !ok {
			t.stop(w, n, weight)
			return
		}
		at = branches[i].child
	}
}

func (t *tree) stop(w walk, n *node, weight float64) {
	for _, s := range t.shares[n.share:n.last] {
		w.scores[s.class] += weight * s.part
	}
}
