package experiments_test

import (
	"context"
	"errors"

	"tickle/learners"
)

// fake is a learner whose models answer by a function of the training set and
// a row.
type fake struct {
	kind   learners.ScoreKind
	answer func(t *learners.Train, row int32) learners.Prediction
}

func (f fake) Fit(ctx context.Context, t *learners.Train) (learners.Model, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	return fakeModel{f, t}, ctx.Err()
}

type fakeModel struct {
	f fake
	t *learners.Train
}

func (m fakeModel) Predict(row int32) learners.Prediction { return m.f.answer(m.t, row) }
func (m fakeModel) Kind() learners.ScoreKind              { return m.f.kind }

func configured(name string, l learners.Learner) learners.Configured {
	return learners.Configured{Name: name, Label: name, View: learners.MatrixView, Learner: l}
}

// certain gives class c all of the score.
func certain(c int32, classes int) learners.Prediction {
	p := learners.Prediction{Class: c, Scores: make([]float64, classes)}
	p.Scores[c] = 1
	return p
}

// oracle peeks at the truth, where it was seen in training.
var oracle = configured("oracle", fake{learners.Probability, func(t *learners.Train, row int32) learners.Prediction {
	for _, r := range t.Rows {
		if t.Labels[r] == t.Labels[row] {
			return certain(t.Labels[row], len(t.Classes))
		}
	}
	return certain((t.Labels[row]+1)%int32(len(t.Classes)), len(t.Classes))
}})

// silent never answers.
var silent = configured("silent", fake{learners.Votes, func(t *learners.Train, _ int32) learners.Prediction {
	return learners.Prediction{Class: learners.Abstain, Scores: make([]float64, len(t.Classes))}
}})

// modulo answers by the row's number: right now and then.
var modulo = configured("forest", fake{learners.Probability, func(t *learners.Train, row int32) learners.Prediction {
	k := len(t.Classes)
	p := learners.Prediction{Class: row % int32(k), Scores: make([]float64, k)}
	for i := range p.Scores {
		p.Scores[i] = 0.4 / float64(k)
	}
	p.Scores[p.Class] += 0.6
	return p
}})

// broken cannot fit.
var broken = configured("broken", brokenLearner{})

type brokenLearner struct{}

func (brokenLearner) Fit(context.Context, *learners.Train) (learners.Model, error) {
	return nil, errors.New("no convergence")
}
