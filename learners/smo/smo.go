// Package smo is the support vector machine as Weka's SMO makes it: missing
// cells become the training rows' mode or mean, nominal columns become
// numbers (a column of two values one of 0 and 1, any other an indicator a
// value), all are scaled to [0, 1] over the training rows, and each pair of
// classes gets a machine of its own, optimised as Keerthi, Shevade,
// Bhattacharyya and Murthy improve Platt's algorithm ("Improvements to
// Platt's SMO algorithm for SVM classifier design", Neural Computation 13,
// 2001).
//
// None of the expanded columns is ever made. The kernel over a nominal column
// is a matter of agreement, and a machine does not change when all its
// kernel's columns are shifted: f(i)+f(j)+c added to K(i, j) cancels out,
// because a machine's coefficients sum to zero. So with the linear kernel
// columns that are constant, in all rows or in those trained on, need no
// thought, and a two-valued column is half an agreement. All folds share one
// count of agreements; what differs is the mode of a few columns with missing
// cells, for which each fold corrects. The polynomial and RBF kernels need
// the dot products themselves: each fold looks at all partitions once.
package smo

import (
	"context"
	"fmt"

	"tickle/learners"
	"tickle/learners/wekarand"
)

// Entry offers the learner under the name "smo".
func Entry() learners.Entry {
	return learners.Entry{
		Name:    "smo",
		Summary: "Support vector machines, one against one, as Weka's SMO.",
		View:    learners.MatrixView,
		Options: []learners.Option{
			{Name: "c", Type: learners.FloatOption, Default: "1", Doc: "Complexity: the most weight of a training row, above 0."},
			{Name: "kernel", Type: learners.ChoiceOption, Default: linear, Values: []string{linear, poly, rbf}, Doc: "Kernel: x·y, its power (poly), or exp(-gamma·|x-y|²) (rbf)."},
			{Name: "exponent", Type: learners.FloatOption, Default: "2", Doc: "Exponent of the kernel poly, above 0."},
			{Name: "gamma", Type: learners.FloatOption, Default: "0.01", Doc: "Width of the kernel rbf, above 0."},
			{Name: "scores", Type: learners.ChoiceOption, Default: votes, Values: []string{votes, platt},
				Doc: "Share of the pairs that a class wins, or probabilities by Platt's sigmoid, fitted by 5-fold cross-validation, and pairwise coupling."},
			{Name: "modification", Type: learners.ChoiceOption, Default: "2", Values: []string{"1", "2"},
				Doc: "Which of Keerthi's loops over the unbound rows: 2 takes the worst pair each time, 1 visits rows in turn as Weka 3.6 does."},
		},
		New:  newLearner,
		Load: load,
	}
}

// The values of options.
const (
	linear, poly, rbf = "linear", "poly", "rbf"
	votes, platt      = "votes", "platt"
)

func newLearner(o learners.Options) (learners.Learner, error) {
	l := withOptions(o)
	for _, v := range []struct {
		name  string
		value float64
	}{{"c", l.c}, {"exponent", l.kernel.exponent}, {"gamma", l.kernel.gamma}} {
		if v.value <= 0 {
			return nil, fmt.Errorf("option %s=%v: want a number above 0", v.name, v.value)
		}
	}
	return l, nil
}

func withOptions(o learners.Options) learner {
	return learner{
		c:      o.Float("c"),
		kernel: kernel{o.Text("kernel"), o.Float("exponent"), o.Float("gamma")},
		platt:  o.Text("scores") == platt,
		worst:  o.Text("modification") == "2",
	}
}

type learner struct {
	c      float64
	kernel kernel
	platt  bool
	worst  bool // Keerthi's second modification
}

// Fit makes a machine for each pair of classes that have training rows.
// Numeric columns must be finite or missing. Rows enter a machine in the
// order in which Weka shuffles them with the seed t.Seed; the pairs share
// one generator, first pair first.
func (l learner) Fit(ctx context.Context, t *learners.Train) (learners.Model, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	g, err := newGram(ctx, t, l.kernel)
	if err != nil {
		return nil, err
	}
	m := &model{learner: l, train: t.Keep(), gram: g, classes: len(t.Classes)}
	m.present, m.pairs = pairs(t)
	m.machines = make([]machine, len(m.pairs))
	done := t.Counter(len(m.pairs))
	err = learners.Parallel(ctx, len(m.pairs), t.Workers, func(_, i int) error {
		var err error
		m.machines[i], err = l.train(ctx, g, &m.pairs[i])
		m.pairs[i].rows, m.pairs[i].y = nil, nil
		done()
		return err
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// pair is two classes with their training rows.
type pair struct {
	low, high int32     // classes, low < high
	rows      []int32   // indices into Train.Rows, shuffled
	y         []float64 // of rows: -1 for low, 1 for high
}

// pairs lists the classes that have training rows, and the pairs of them in
// order.
func pairs(t *learners.Train) (present []int32, list []pair) {
	byClass := make([][]int32, len(t.Classes))
	for i, r := range t.Rows {
		byClass[t.Labels[r]] = append(byClass[t.Labels[r]], int32(i))
	}
	rng := wekarand.New(int64(t.Seed))
	for low := range byClass {
		if len(byClass[low]) > 0 {
			present = append(present, int32(low))
		}
		for high := low + 1; high < len(byClass); high++ {
			p := pair{low: int32(low), high: int32(high)}
			p.rows = append(append(p.rows, byClass[low]...), byClass[high]...)
			for range byClass[low] {
				p.y = append(p.y, -1)
			}
			for range byClass[high] {
				p.y = append(p.y, 1)
			}
			for j := len(p.rows) - 1; j > 0; j-- {
				k := rng.IntN(j + 1)
				p.rows[j], p.rows[k] = p.rows[k], p.rows[j]
				p.y[j], p.y[k] = p.y[k], p.y[j]
			}
			if len(byClass[low]) > 0 && len(byClass[high]) > 0 {
				list = append(list, p)
			}
		}
	}
	return present, list
}

// machine tells two classes apart: the high one where its output is positive.
type machine struct {
	support []int32   // indices into Train.Rows
	weight  []float64 // of support: its multiplier with the sign of its class
	b       float64
	sigmoid sigmoid // of the output, where scores are probabilities
}

// output is the machine's for a row with these kernel values.
func (m *machine) output(kernels []float64) float64 {
	sum := 0.0
	for i, s := range m.support {
		sum += m.weight[i] * kernels[s]
	}
	return sum - m.b
}

func (l learner) train(ctx context.Context, g *gram, p *pair) (machine, error) {
	m, err := l.solve(ctx, g, p)
	if err != nil || !l.platt {
		return m, err
	}
	m.sigmoid, err = l.calibrate(ctx, g, p)
	return m, err
}

// model keeps the kernel between all rows of the matrix and those trained on.
type model struct {
	learner
	train    *learners.Train
	gram     *gram
	classes  int
	present  []int32 // classes with training rows, ascending
	pairs    []pair
	machines []machine
}

// Kind says what the option scores made of them.
func (m *model) Kind() learners.ScoreKind {
	if m.platt {
		return learners.Probability
	}
	return learners.Votes
}

// Predict gives the share of votes of each class, as Weka does: a pair votes
// for its class, one of a class with training rows and one without for the
// former. With Platt's scores it gives the coupled probabilities, which are
// no better than the rows that they were fitted on: among classes of one or
// two rows they are close to even, and name the right class less often than
// votes do. The label is the first class of the highest score.
func (m *model) Predict(row int32) learners.Prediction {
	kernels := m.gram.row(row)
	p := learners.Prediction{Scores: make([]float64, m.classes)}
	switch {
	case len(m.present) == 1:
		p.Scores[m.present[0]] = 1
	case m.platt:
		m.couple(kernels, p.Scores)
	default:
		m.vote(kernels, p.Scores)
	}
	for c := range p.Scores {
		if p.Scores[c] > p.Scores[p.Class] {
			p.Class = int32(c)
		}
	}
	return p
}

func (m *model) vote(kernels, scores []float64) {
	absent := float64(m.classes - len(m.present))
	for _, c := range m.present {
		scores[c] = absent
	}
	for i := range m.machines {
		if m.machines[i].output(kernels) > 0 {
			scores[m.pairs[i].high]++
		} else {
			scores[m.pairs[i].low]++
		}
	}
	total := float64(len(m.machines)) + absent*float64(len(m.present))
	for c := range scores {
		scores[c] /= total
	}
}
