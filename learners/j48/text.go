package j48

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"tickle/datasets"
	"tickle/learners/attributes"
)

// Text writes the tree in the form of C4.5, a branch a line, "|   " a level:
//
//	p0.ip.ttl = 64: linux (120.0/3.0)
//	p0.ip.ttl = 128
//	|   p7.tcp.window <= 8192: xp (31.0)
//
// In parentheses is the training weight of a leaf and, where there is any,
// how much of it is of other classes.
func (m *Model) Text() string {
	var b strings.Builder
	if m.root.test == nil {
		fmt.Fprintf(&b, ": %s\n", m.label(m.root.dist, 0))
	}
	m.branches(&b, m.root, 0)
	return b.String()
}

func (m *Model) branches(b *strings.Builder, n *node, depth int) {
	for i, son := range n.sons {
		b.WriteString(strings.Repeat("|   ", depth))
		b.WriteString(m.name(n.test) + " " + m.answer(n.test, i))
		if son.test == nil {
			b.WriteString(": " + m.label(n.dist, i))
		}
		b.WriteByte('\n')
		m.branches(b, son, depth+1)
	}
}

// name is the column that a test asks.
func (m *Model) name(t *test) string { return attributes.Name(m.matrix, t.id) }

// answer writes the condition of a branch.
func (m *Model) answer(t *test, bag int) string {
	switch t.kind {
	case eachValue:
		return "= " + attributes.Value(m.matrix, t.id, datasets.Code(bag))
	case oneValue:
		return [2]string{"= ", "!= "}[bag] + attributes.Value(m.matrix, t.id, t.code)
	case threshold:
		return [2]string{"<= ", "> "}[bag] + attributes.Number(t.point, 6)
	}
	panic(fmt.Sprintf("j48: test of kind %d", t.kind))
}

// label writes the class of a bag and its weights.
func (m *Model) label(d *distribution, bag int) string {
	class, right := d.commonestOf(bag)
	s := fmt.Sprintf("%s (%s", m.classes[class], weight(d.bag[bag]))
	if wrong := d.bag[bag] - right; greater(wrong, 0) {
		s += "/" + weight(wrong)
	}
	return s + ")"
}

// weight writes a weight with one or two decimal places.
func weight(w float64) string {
	s := strconv.FormatFloat(math.Floor(w*100+0.5)/100, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// Dot writes the tree as a graph for Graphviz.
func (m *Model) Dot() string {
	var b strings.Builder
	b.WriteString("digraph j48 {\n")
	next := 0
	m.dot(&b, dotNode{m.root, nil, 0}, &next)
	b.WriteString("}\n")
	return b.String()
}

// dotNode is a node, the distribution above it, and its bag in that.
type dotNode struct {
	*node
	above *distribution
	bag   int
}

// dot writes a subtree and gives the number of its root.
func (m *Model) dot(b *strings.Builder, n dotNode, next *int) int {
	id := *next
	*next++
	if n.test == nil {
		if n.above == nil {
			n.above = n.dist
		}
		fmt.Fprintf(b, "\tn%d [shape=box label=%q]\n", id, m.label(n.above, n.bag))
		return id
	}
	fmt.Fprintf(b, "\tn%d [label=%q]\n", id, m.name(n.test))
	for i, son := range n.sons {
		to := m.dot(b, dotNode{son, n.dist, i}, next)
		fmt.Fprintf(b, "\tn%d -> n%d [label=%q]\n", id, to, m.answer(n.test, i))
	}
	return id
}

// Size gives the numbers of leaves and of all nodes.
func (m *Model) Size() (leaves, nodes int) {
	var count func(n *node)
	count = func(n *node) {
		nodes++
		if n.test == nil {
			leaves++
		}
		for _, son := range n.sons {
			count(son)
		}
	}
	count(m.root)
	return leaves, nodes
}
