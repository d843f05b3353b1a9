package j48

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// collapse makes leaves of subtrees that err no less on their training rows.
func (n *node) collapse() {
	if n.test == nil {
		return
	}
	if n.trainingErrors() >= n.dist.wrong()-1e-3 {
		n.cut()
		return
	}
	for _, son := range n.sons {
		son.collapse()
	}
}

// cut makes a leaf of a node.
func (n *node) cut() {
	n.test, n.sons, n.dist = nil, nil, n.dist.merged()
}

func (n *node) trainingErrors() float64 {
	if n.test == nil {
		return n.dist.wrong()
	}
	sum := 0.0
	for _, son := range n.sons {
		sum += son.trainingErrors()
	}
	return sum
}

// pruner prunes by the pessimistic estimate of errors.
type pruner struct {
	learner
	z float64 // the normal quantile of 1 - confidence
}

func newPruner(l learner) *pruner {
	return &pruner{learner: l, z: distuv.UnitNormal.Quantile(1 - l.confidence)}
}

// prune replaces a subtree by a leaf, or by its heaviest branch, where that is
// estimated to err no more, from the leaves up.
func (p *pruner) prune(n *node) {
	if n.test == nil {
		return
	}
	for _, son := range n.sons {
		p.prune(son)
	}
	largest, asBranch := n.dist.largest(), math.MaxFloat64
	if p.raising {
		asBranch = p.branchErrors(n.sons[largest], n.rows)
	}
	asLeaf, asTree := p.errors(n.dist), p.treeErrors(n)
	// A tree must be better by a tenth of an error to stay.
	const slack = 0.1 + tolerance
	switch {
	case asLeaf-asTree < slack && asLeaf-asBranch < slack:
		n.cut()
	case asBranch-asTree < slack:
		son := n.sons[largest]
		n.test, n.sons, n.dist = son.test, son.sons, son.dist
		p.refill(n, n.rows)
		p.prune(n)
	}
}

// refill sends rows down a subtree that has been raised.
func (p *pruner) refill(n *node, rows []entry) {
	n.rows = rows
	if n.test == nil {
		n.dist = whole(rows)
		if !equal(n.dist.total, 0) {
			n.empty = false
		}
		return
	}
	n.dist = n.test.tally(rows)
	for i, part := range n.test.deal(rows, n.dist) {
		p.refill(n.sons[i], part)
	}
}

func (p *pruner) treeErrors(n *node) float64 {
	if n.test == nil {
		return p.errors(n.dist)
	}
	sum := 0.0
	for _, son := range n.sons {
		sum += p.treeErrors(son)
	}
	return sum
}

// branchErrors estimates the errors of a subtree on rows that are not its own.
func (p *pruner) branchErrors(n *node, rows []entry) float64 {
	if n.test == nil {
		return p.errors(whole(rows))
	}
	sum := 0.0
	for i, part := range n.test.deal(rows, n.test.tally(rows)) {
		sum += p.branchErrors(n.sons[i], part)
	}
	return sum
}

// errors estimates the errors of a leaf: those seen and those to be feared.
func (p *pruner) errors(d *distribution) float64 {
	if equal(d.total, 0) {
		return 0
	}
	wrong := d.wrong()
	return wrong + p.more(d.total, wrong)
}

// more gives how many more than e errors of n are to be feared: the upper
// confidence limit of a binomial by the normal approximation with a
// correction for continuity (Quinlan, "C4.5", 1993, chapter 4), exact for no
// error and interpolated up to one; near n, the rest.
func (p *pruner) more(n, e float64) float64 {
	if e < 1 {
		none := n * (1 - math.Pow(p.confidence, 1/n))
		if e == 0 {
			return none
		}
		return none + e*(p.more(n, 1)-none)
	}
	if e+0.5 >= n {
		return max(n-e, 0)
	}
	z2, f := p.z*p.z, (e+0.5)/n
	upper := (f + z2/(2*n) + p.z*math.Sqrt(f/n-f*f/n+z2/(4*n*n))) / (1 + z2/n)
	return upper*n - e
}
