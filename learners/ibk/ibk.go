// Package ibk is k-nearest-neighbour classification after Aha, Kibler and
// Albert, "Instance-based learning algorithms" (Machine Learning 6, 1991), in
// the form that Weka's IBk gives it, without weighting by distance.
//
// All columns are nominal, so a distance is a count of columns. Fits share
// the counts (learners.Agreements): a fit costs nothing, and a prediction one
// look at each training row.
package ibk

import (
	"context"
	"fmt"
	"slices"

	"tickle/learners"
)

// Entry offers the learner under the name "ibk".
func Entry() learners.Entry {
	return learners.Entry{
		Name:    "ibk",
		Summary: "k nearest neighbours by the number of differing columns, as Weka's IBk.",
		View:    learners.MatrixView,
		Options: []learners.Option{
			{Name: "k", Type: learners.IntOption, Default: "3", Doc: "Neighbours that vote, at least 1; all that tie with the k-th vote too."},
			{Name: "missing", Type: learners.ChoiceOption, Default: different, Values: []string{different, skip},
				Doc: "A column in which either row is missing counts as different, or is left out (skip) and the distance is the share of differing columns among the others."},
		},
		New: func(o learners.Options) (learners.Learner, error) {
			l := learner{k: o.Int("k"), skip: o.Text("missing") == skip}
			if l.k < 1 {
				return nil, fmt.Errorf("option k=%d: want at least 1", l.k)
			}
			return l, nil
		},
	}
}

// The values of the option missing.
const (
	different = "different"
	skip      = "skip"
)

type learner struct {
	k    int
	skip bool
}

// Fit keeps the training rows and their classes.
func (l learner) Fit(ctx context.Context, t *learners.Train) (learners.Model, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	a, err := t.Agreements(ctx)
	if err != nil {
		return nil, err
	}
	m := &model{learner: l, agree: a, rows: slices.Clone(t.Rows), classes: len(t.Classes)}
	m.labels = make([]int32, len(t.Rows))
	for i, r := range t.Rows {
		m.labels[i] = t.Labels[r]
	}
	return m, nil
}

type model struct {
	learner
	agree   *learners.Agreements
	rows    []int32
	labels  []int32 // of rows
	classes int
}

// Kind says that scores are probabilities.
func (m *model) Kind() learners.ScoreKind { return learners.Probability }

// Predict counts the classes of the k nearest training rows and of all others
// as near as the k-th. Like Weka's, each class starts with 1/n, n being the
// number of training rows; the first class of the highest score is the label.
// A training row is its own neighbour.
func (m *model) Predict(row int32) learners.Prediction {
	distances := make([]distance, len(m.rows))
	for i, r := range m.rows {
		distances[i] = m.between(row, r)
	}
	kth := farthestOf(distances, m.k)
	p := learners.Prediction{Scores: make([]float64, m.classes)}
	start := 1 / float64(len(m.rows))
	total := start * float64(m.classes)
	for c := range p.Scores {
		p.Scores[c] = start
	}
	for i, d := range distances {
		if !kth.less(d) {
			p.Scores[m.labels[i]]++
			total++
		}
	}
	for c := range p.Scores {
		p.Scores[c] /= total
		if p.Scores[c] > p.Scores[p.Class] {
			p.Class = int32(c)
		}
	}
	return p
}

// distance is the fraction num/den, kept whole so that ties are exact.
type distance struct{ num, den int64 }

func (d distance) less(e distance) bool { return d.num*e.den < e.num*d.den }

// between gives the distance of two rows. Rows that share no column are
// wholly different.
func (m *model) between(a, b int32) distance {
	same := int64(m.agree.Same(a, b))
	if !m.skip {
		return distance{int64(m.agree.Columns()) - same, 1}
	}
	both := int64(m.agree.Both(a, b))
	if both == 0 {
		return distance{1, 1}
	}
	return distance{both - same, both}
}

// farthestOf gives the k-th smallest distance, the largest when there are
// fewer than k.
func farthestOf(distances []distance, k int) distance {
	nearest := make([]distance, 0, min(k, len(distances)))
	for _, d := range distances {
		if len(nearest) < cap(nearest) {
			nearest = append(nearest, d)
		} else if d.less(nearest[len(nearest)-1]) {
			nearest[len(nearest)-1] = d
		} else {
			continue
		}
		for i := len(nearest) - 1; i > 0 && nearest[i].less(nearest[i-1]); i-- {
			nearest[i], nearest[i-1] = nearest[i-1], nearest[i]
		}
	}
	return nearest[len(nearest)-1]
}
