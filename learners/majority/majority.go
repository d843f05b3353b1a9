// Package majority is the learner that every other must beat: it names the
// commonest class of its training rows, whatever it is asked about.
package majority

import (
	"context"
	"slices"

	"tickle/learners"
)

// Entry offers the learner under the name "majority". It has no options.
func Entry() learners.Entry {
	return learners.Entry{
		Name:    "majority",
		Summary: "The commonest class of the training rows, for every row.",
		View:    learners.MatrixView,
		New:     func(learners.Options) (learners.Learner, error) { return learner{}, nil },
	}
}

type learner struct{}

// Fit counts the classes of the training rows. The first of equally common
// classes wins; scores are relative frequencies.
func (learner) Fit(ctx context.Context, t *learners.Train) (learners.Model, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m := &model{scores: make([]float64, len(t.Classes))}
	for _, r := range t.Rows {
		m.scores[t.Labels[r]]++
	}
	for c := range m.scores {
		m.scores[c] /= float64(len(t.Rows))
		if m.scores[c] > m.scores[m.class] {
			m.class = int32(c)
		}
	}
	return m, nil
}

type model struct {
	class  int32
	scores []float64
}

// Predict gives the same for every row.
func (m *model) Predict(int32) learners.Prediction {
	return learners.Prediction{Class: m.class, Scores: slices.Clone(m.scores)}
}

// Kind says that scores are probabilities.
func (m *model) Kind() learners.ScoreKind { return learners.Probability }
