//go:build cgo

package golearn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/sjwhitworth/golearn/base"
	"github.com/sjwhitworth/golearn/ensemble"
	"github.com/sjwhitworth/golearn/knn"
	"github.com/sjwhitworth/golearn/trees"

	"tickle/learners"
)

// Entries offers golearn-knn, golearn-id3 and golearn-forest.
func Entries() []learners.Entry {
	return []learners.Entry{
		{
			Name:    "golearn-knn",
			Summary: "golearn's k nearest neighbours over one-hot columns, for comparison.",
			View:    learners.MatrixView,
			Options: []learners.Option{{Name: "k", Type: learners.IntOption, Default: "3", Doc: "Neighbours, at least 1."}},
			New: func(o learners.Options) (learners.Learner, error) {
				k := o.Int("k")
				if k < 1 {
					return nil, fmt.Errorf("option k=%d: want at least 1", k)
				}
				return learner{numbers: true, make: func(rows, _ int) classifier {
					return knn.NewKnnClassifier("euclidean", "linear", min(k, rows))
				}}, nil
			},
		},
		{
			Name:    "golearn-id3",
			Summary: "golearn's ID3 tree over one-hot columns, for comparison.",
			View:    learners.MatrixView,
			New: func(learners.Options) (learners.Learner, error) {
				return learner{make: func(int, int) classifier { return trees.NewID3DecisionTree(0) }}, nil
			},
		},
		{
			Name:    "golearn-forest",
			Summary: "golearn's random forest over one-hot columns, for comparison.",
			View:    learners.MatrixView,
			Options: []learners.Option{
				{Name: "trees", Type: learners.IntOption, Default: "10", Doc: "Trees, at least 1."},
				{Name: "features", Type: learners.IntOption, Default: "0", Doc: "One-hot columns that a tree gets; 0: the square root of their number."},
			},
			New: func(o learners.Options) (learners.Learner, error) {
				size, features := o.Int("trees"), o.Int("features")
				if size < 1 || features < 0 {
					return nil, fmt.Errorf("options trees=%d, features=%d: want at least 1, and 0 or more", size, features)
				}
				return learner{expand: true, make: func(_, columns int) classifier {
					n := features
					if n == 0 {
						n = int(math.Ceil(math.Sqrt(float64(columns))))
					}
					return ensemble.NewRandomForest(size, min(n, columns))
				}}, nil
			},
		},
	}
}

// classifier is what golearn's have in common.
type classifier interface {
	Fit(base.FixedDataGrid) error
	Predict(base.FixedDataGrid) (base.FixedDataGrid, error)
}

type learner struct {
	make    func(rows, columns int) classifier
	numbers bool // it reads numbers, and nothing else
	expand  bool // it draws columns, so that each has to be there
}

// Fit trains golearn's classifier and asks it about all rows of the matrix.
func (l learner) Fit(ctx context.Context, t *learners.Train) (learners.Model, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m := &model{classes: len(t.Classes), labels: make([]int32, t.Data.Rows())}
	if only, ok := theOnlyClass(t); ok {
		for r := range m.labels {
			m.labels[r] = only
		}
		return m, nil
	}
	e, err := newEncoding(t, l)
	if err != nil {
		return nil, err
	}
	if len(e.columns) == 0 {
		return nil, errors.New("golearn: want a column of two values at least")
	}
	if err := l.ask(e, t, m.labels); err != nil {
		return nil, err
	}
	return m, ctx.Err()
}

func theOnlyClass(t *learners.Train) (class int32, ok bool) {
	class = t.Labels[t.Rows[0]]
	for _, r := range t.Rows {
		if t.Labels[r] != class {
			return 0, false
		}
	}
	return class, true
}

// ask trains on the training rows and labels all. What golearn panics with
// becomes an error.
func (l learner) ask(e *encoding, t *learners.Train, labels []int32) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("golearn: panic: %v", p)
		}
	}()
	all := make([]int32, t.Data.Rows())
	for r := range all {
		all[r] = int32(r)
	}
	known, err := e.grid(t.Rows, func(r int32) int32 { return t.Labels[r] })
	if err != nil {
		return fmt.Errorf("golearn: %w", err)
	}
	asked, err := e.grid(all, func(int32) int32 { return t.Labels[t.Rows[0]] })
	if err != nil {
		return fmt.Errorf("golearn: %w", err)
	}
	c := l.make(len(t.Rows), len(e.columns))
	if err := c.Fit(known); err != nil {
		return fmt.Errorf("golearn: fit: %w", err)
	}
	answers, err := c.Predict(asked)
	if err != nil {
		return fmt.Errorf("golearn: predict: %w", err)
	}
	for r := range labels {
		class, err := strconv.Atoi(base.GetClass(answers, r))
		if err != nil {
			return fmt.Errorf("golearn: row %d: class: %w", r, err)
		}
		labels[r] = int32(class)
	}
	return nil
}

type model struct {
	classes int
	labels  []int32 // of all rows
}

// Kind says that scores are votes: one for the label.
func (m *model) Kind() learners.ScoreKind { return learners.Votes }

// Predict gives golearn's label.
func (m *model) Predict(row int32) learners.Prediction {
	p := learners.Prediction{Class: m.labels[row], Scores: make([]float64, m.classes)}
	p.Scores[p.Class] = 1
	return p
}
