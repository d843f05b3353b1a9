// Package majority is the learner that every other must beat: it names the
// commonest class of its training rows, whatever it is asked about.
package majority

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tickle/learners"
	"tickle/learners/modelfile"
)

// Entry offers the learner under the name "majority". It has no options.
func Entry() learners.Entry {
	return learners.Entry{
		Name:    "majority",
		Summary: "The commonest class of the training rows, for every row.",
		View:    learners.MatrixView,
		New:     func(learners.Options) (learners.Learner, error) { return learner{}, nil },
		Load:    load,
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
	m := &model{scores: make([]float64, len(t.Classes)), classes: slices.Clone(t.Classes)}
	for _, r := range t.Rows {
		m.scores[t.Labels[r]]++
	}
	for c := range m.scores {
		m.scores[c] /= float64(len(t.Rows))
	}
	m.class = first(m.scores)
	return m, nil
}

// first is the first of the commonest classes.
func first(scores []float64) int32 { return int32(slices.Index(scores, slices.Max(scores))) }

// Store writes, for each class, its share as a float.
func (m *model) Store(e *modelfile.Encoder) error {
	e.Floats(m.scores)
	return nil
}

func load(_ context.Context, s *learners.Stored) (learners.Model, error) {
	m := &model{scores: s.Payload.Shares("share", len(s.Classes)), classes: s.Classes}
	if err := s.Payload.Err(); err != nil {
		return nil, err
	}
	m.class = first(m.scores)
	return m, nil
}

type model struct {
	class   int32
	scores  []float64
	classes []string
}

// Predict gives the same for every row.
func (m *model) Predict(int32) learners.Prediction {
	return learners.Prediction{Class: m.class, Scores: slices.Clone(m.scores)}
}

// Kind says that scores are probabilities.
func (m *model) Kind() learners.ScoreKind { return learners.Probability }

// Text gives the classes with their shares, a line a class.
func (m *model) Text() string {
	var b strings.Builder
	for c, share := range m.scores {
		fmt.Fprintf(&b, "%s\t%.4g\n", m.classes[c], share)
	}
	return b.String()
}

// Describe gives the shares of the classes; the argument, how many of a list
// to give, means nothing here.
func (m *model) Describe(int) any {
	shares := make(map[string]float64, len(m.scores))
	for c, share := range m.scores {
		shares[m.classes[c]] = share
	}
	return map[string]any{"shares": shares}
}
