// Package j48 is Quinlan's decision tree ("C4.5: Programs for Machine
// Learning", 1993) as of release 8, in which a threshold pays for its choice
// ("Improved use of continuous attributes in C4.5", JAIR 4, 1996), in the form
// that Weka's J48 gives it.
//
// A node asks the column with the highest gain ratio among those whose gain
// is not below the average of all columns that can split it. The average is
// over columns, so that a partition counts as often as it has columns. A
// missing cell sends a row down all branches, in parts.
package j48

import (
	"context"
	"fmt"
	"slices"

	"tickle/datasets"
	"tickle/learners"
)

// Entry offers the learner under the name "j48".
func Entry() learners.Entry {
	return learners.Entry{
		Name:    "j48",
		Summary: "C4.5 release 8 with pessimistic pruning and subtree raising, as Weka's J48.",
		View:    learners.MatrixView,
		Options: []learners.Option{
			{Name: "confidence", Type: learners.FloatOption, Default: "0.25", Doc: "Confidence of the pessimistic estimate of errors, above 0 and up to 0.5; less prunes more."},
			{Name: "leaf", Type: learners.IntOption, Default: "2", Doc: "Rows that two branches of a split need at least, at least 1."},
			{Name: "unpruned", Type: learners.BoolOption, Default: "false", Doc: "Leave the tree unpruned, but for subtrees that err no less than a leaf on training rows."},
			{Name: "raising", Type: learners.BoolOption, Default: "true", Doc: "Consider raising a node's heaviest branch into its place when pruning."},
			{Name: "binary", Type: learners.BoolOption, Default: "false", Doc: "Split nominal columns into one value and the others."},
			{Name: "laplace", Type: learners.BoolOption, Default: "false", Doc: "Add 1 to each class's weight in a leaf's scores."},
		},
		New: func(o learners.Options) (learners.Learner, error) {
			l := newLearner(o)
			if l.confidence <= 0 || l.confidence > 0.5 {
				return nil, fmt.Errorf("option confidence=%v: want more than 0, and 0.5 at most", l.confidence)
			}
			if l.leaf < 1 {
				return nil, fmt.Errorf("option leaf=%d: want at least 1", l.leaf)
			}
			return l, nil
		},
		Load: load,
	}
}

func newLearner(o learners.Options) learner {
	return learner{
		confidence: o.Float("confidence"), leaf: o.Int("leaf"), unpruned: o.Bool("unpruned"),
		raising: o.Bool("raising"), binary: o.Bool("binary"), laplace: o.Bool("laplace"),
	}
}

type learner struct {
	confidence                         float64
	leaf                               int
	unpruned, raising, binary, laplace bool
}

// Fit grows and prunes a tree. Of columns with equal gain ratios the first
// wins. The model is a *Model. It fails on infinite numbers.
func (l learner) Fit(ctx context.Context, t *learners.Train) (learners.Model, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	g, err := newGrower(ctx, l, t)
	if err != nil {
		return nil, err
	}
	root, err := g.grow(g.root())
	if err != nil {
		return nil, err
	}
	root.collapse()
	if !l.unpruned {
		newPruner(l).prune(root)
	}
	root.finish()
	return &Model{learner: l, matrix: t.Data.Matrix, classes: slices.Clone(t.Classes), root: root}, nil
}

// finish lets go of what only growing and pruning need.
func (n *node) finish() {
	n.rows = nil
	if n.test != nil {
		t := *n.test
		a := *t.attr
		t.attr = &a
		n.test = &t
	}
	for _, son := range n.sons {
		son.finish()
	}
}

// Model is a decision tree over columns of the matrix that it was trained on.
type Model struct {
	learner
	matrix  *datasets.Matrix
	classes []string
	root    *node
}

// Kind says that scores are probabilities.
func (m *Model) Kind() learners.ScoreKind { return learners.Probability }

// Predict gives the class distribution of the leaf that the row comes to, or
// the mean of those that its parts come to. A value that no training row at a
// node had ends in the node's own distribution. The label is the first class
// whose score exceeds those before it by more than Weka's tolerance of 1e-6;
// scores within it of the label's are made equal to it.
func (m *Model) Predict(row int32) learners.Prediction {
	p := learners.Prediction{Scores: make([]float64, len(m.classes))}
	w := walk{m.laplace, row, p.Scores}
	w.follow(m.root, 1)
	p.Class = int32(max(0, most(p.Scores)))
	sum, best := 0.0, p.Scores[p.Class]
	for c, s := range p.Scores {
		if s > best {
			p.Scores[c] = best
		}
		sum += p.Scores[c]
	}
	for c := range p.Scores {
		if sum == 0 {
			p.Scores[c] = 1 / float64(len(p.Scores))
		} else {
			p.Scores[c] /= sum
		}
	}
	return p
}

// walk is a row on its way through a tree.
type walk struct {
	laplace bool
	row     int32
	scores  []float64
}

// follow sends a part of the row down from a node.
func (w *walk) follow(n *node, weight float64) {
	for n.test != nil {
		b := n.test.bag(w.row)
		if b < 0 {
			for i, son := range n.sons {
				if !son.empty {
					w.follow(son, weight*n.dist.bag[i]/n.dist.total)
				}
			}
			return
		}
		if b >= len(n.sons) { // a value that the column does not have
			w.stop(n.dist.ids, n.dist.class, weight)
			return
		}
		if n.sons[b].empty {
			if greater(n.dist.bag[b], 0) {
				w.stop(n.dist.ids, n.dist.row(b), weight)
			} else {
				w.stop(n.dist.ids, n.dist.class, weight)
			}
			return
		}
		n = n.sons[b]
	}
	w.stop(n.dist.ids, n.dist.class, weight)
}

// stop adds the weights of classes to the scores, as a part of the row.
func (w *walk) stop(ids []int32, weights []float64, part float64) {
	total := 0.0
	for _, v := range weights {
		total += v
	}
	if !w.laplace {
		for i, v := range weights {
			if !equal(total, 0) {
				w.scores[ids[i]] += part * v / total
			}
		}
		return
	}
	total += float64(len(w.scores))
	at := 0
	for c := range w.scores {
		v := 0.0
		if at < len(ids) && int(ids[at]) == c {
			v = weights[at]
			at++
		}
		w.scores[c] += part * (v + 1) / total
	}
}
