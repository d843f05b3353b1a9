package forest

import (
	"fmt"
	"strings"

	"tickle/datasets"
	"tickle/learners/attributes"
)

// Described is a forest as programs read it.
type Described struct {
	OutOfBag struct {
		Rows  int `json:"rows"`  // training rows that some tree has not seen
		Wrong int `json:"wrong"` // those that such trees get wrong
	} `json:"out_of_bag"`
	Importance []Importance `json:"importance"` // by gain, the most important first
	Trees      []*Node      `json:"trees"`
}

// Importance is a column's, see Gain.
type Importance struct {
	Column string  `json:"column"`
	Gain   float64 `json:"gain"`
}

// Node is a node of a tree: one with a Column and branches, or a leaf. A value
// that has no branch ends at the node.
type Node struct {
	Column   string             `json:"column,omitempty"`
	Branches []Branch           `json:"branches,omitempty"`
	Shares   map[string]float64 `json:"shares"` // of the classes, in the node's training rows
}

// Branch leads to a node.
type Branch struct {
	Answer string  `json:"answer"` // as "= 64", "!= 64", "< 5", ">= 5", "<= 5", "> 5"
	Part   float64 `json:"part"`   // of a row whose cell is missing
	Node   *Node   `json:"node"`
}

// Describe gives the trees, and the top columns by importance; 0: all that
// some tree tests.
func (m *Model) Describe(top int) any {
	var d Described
	d.OutOfBag.Wrong, d.OutOfBag.Rows = m.OutOfBag()
	d.Importance = m.importance(top)
	for k := range m.trees {
		d.Trees = append(d.Trees, m.describe(&m.trees[k], 0))
	}
	return d
}

func (m *Model) importance(top int) []Importance {
	gains := m.ImportanceByGain()
	if top > 0 {
		gains = gains[:min(top, len(gains))]
	}
	list := []Importance{}
	for _, g := range gains {
		list = append(list, Importance{attributes.Name(m.matrix, g.Column), g.Value})
	}
	return list
}

func (m *Model) describe(t *tree, at int32) *Node {
	n := &t.nodes[at]
	d := &Node{Shares: make(map[string]float64)}
	for _, s := range t.shares[n.share:n.last] {
		d.Shares[m.names[s.class]] += s.part
	}
	if n.kind == leaf {
		return d
	}
	d.Column = attributes.Name(m.matrix, n.column)
	for _, b := range t.branches[n.branch:n.ends] {
		d.Branches = append(d.Branches, Branch{m.answer(n, b.code), b.part, m.describe(t, b.child)})
	}
	return d
}

// answer writes the condition of a branch.
func (m *Model) answer(n *node, code datasets.Code) string {
	switch n.kind {
	case eachValue:
		return "= " + attributes.Value(m.matrix, n.column, code)
	case oneValue:
		return [2]string{"!= ", "= "}[code] + attributes.Value(m.matrix, n.column, n.code)
	case below:
		return [2]string{"< ", ">= "}[code] + attributes.Number(n.point, 6)
	case atMost:
		return [2]string{"<= ", "> "}[code] + attributes.Number(n.point, 6)
	}
	panic(fmt.Sprintf("forest: test of kind %d", n.kind))
}

// TextTop writes how large the forest is, what it says of rows that its trees
// have not seen, and the top columns by importance; 0: all that it tests.
func (m *Model) TextTop(top int) string {
	var b strings.Builder
	nodes, leaves := 0, 0
	for k := range m.trees {
		nodes += len(m.trees[k].nodes)
		for i := range m.trees[k].nodes {
			if m.trees[k].nodes[i].kind == leaf {
				leaves++
			}
		}
	}
	fmt.Fprintf(&b, "%d trees of %d nodes, %d of them leaves\n", len(m.trees), nodes, leaves)
	wrong, rows := m.OutOfBag()
	fmt.Fprintf(&b, "out of the bags: %d of %d rows wrong\n", wrong, rows)
	list := m.importance(top)
	if len(list) > 0 {
		fmt.Fprintf(&b, "importance by gain, mean over trees:\n")
	}
	for _, i := range list {
		fmt.Fprintf(&b, "%s\t%.4g\n", i.Column, i.Gain)
	}
	return b.String()
}
