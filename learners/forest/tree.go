package forest

import (
	"cmp"
	"slices"

	"tickle/datasets"
)

// tree is a decision tree in flat arrays; node 0 is the root.
type tree struct {
	nodes    []node
	branches []branch
	shares   []share
}

// node tests a column of the matrix; a leaf tests none.
type node struct {
	column       int32 // leaf where there is none
	branch, ends int32 // its branches, by ascending code
	share, last  int32 // its class distribution in shares
}

// leaf marks a node without a column.
const leaf = -1

// branch leads rows with a value to a child.
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

// vote adds the tree's class distribution for a row to scores.
func (t *tree) vote(data *datasets.Selection, row int32, scores []float64) {
	t.walk(walk{data, row, scores}, 0, 1)
}

// walk is a row on its way through a tree.
type walk struct {
	data   *datasets.Selection
	row    int32
	scores []float64
}

// walk follows the row from node at. A missing cell takes every branch with
// the branch's part of the weight; a value that no training row at the node
// had ends in the node's own distribution.
func (t *tree) walk(w walk, at int32, weight float64) {
	for {
		n := &t.nodes[at]
		if n.column == leaf {
			t.stop(w, n, weight)
			return
		}
		code := w.data.Codes(w.data.Part[n.column])[w.row]
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
