package j48

// Node is a node of a tree as programs read it: one with a Column and branches,
// or a leaf with a Class.
type Node struct {
	Column   string   `json:"column,omitempty"`
	Branches []Branch `json:"branches,omitempty"`
	Class    string   `json:"class,omitempty"`
	Weight   float64  `json:"weight"` // of the training rows that came here
	Wrong    float64  `json:"wrong"`  // of those, of a class that is not the commonest
}

// Branch leads to a node.
type Branch struct {
	Answer string `json:"answer"` // as "= 64", "!= 64", "<= 5", "> 5"
	Node   *Node  `json:"node"`
}

// Describe gives the tree; the argument, how many of a list to give, means
// nothing here.
func (m *Model) Describe(int) any { return m.describe(m.root, m.root.dist, 0) }

// describe gives a node, whose training rows are a bag of a distribution.
func (m *Model) describe(n *node, above *distribution, bag int) *Node {
	class, weight := above.commonestOf(bag)
	d := &Node{Class: m.classes[class], Weight: above.bag[bag], Wrong: above.bag[bag] - weight}
	if n.test == nil {
		return d
	}
	d = &Node{Column: m.name(n.test), Weight: n.dist.total, Wrong: n.dist.wrong()}
	for i, son := range n.sons {
		d.Branches = append(d.Branches, Branch{m.answer(n.test, i), m.describe(son, n.dist, i)})
	}
	return d
}
