// Package learners holds the contract that every learner keeps, and the
// registry by which commands and studies find them by name.
package learners

import (
	"context"

	"tickle/datasets"
)

// Learner makes models. Fit with the same training data and seed makes the
// same model whatever Workers is.
type Learner interface {
	Fit(ctx context.Context, t *Train) (Model, error)
}

// Train is a training set: some rows of a selection with their classes.
type Train struct {
	Data    *datasets.Selection
	Rows    []int32  // training rows, indices into Data's machines, ascending
	Labels  []int32  // class of every row of Data; those outside Rows must not be read
	Classes []string // class names; a class may have no training row
	Seed    uint64
	Workers int // goroutines at most; 0: GOMAXPROCS
	// Progress, where given, is told how far a long fit is, in units of the
	// learner's own, one call at a time. It need not be told anything.
	Progress func(done, total int)
	// Shared holds what fits on Data share, for whoever makes many (folds,
	// classes, learners); nil when this fit is alone.
	Shared *Shared
}

// Model is what a learner produces. It is safe for concurrent use.
type Model interface {
	// Predict classifies a row of the matrix that the model was trained on.
	Predict(row int32) Prediction
	// Kind says what Scores are.
	Kind() ScoreKind
}

// Prediction is a model's answer for one row.
type Prediction struct {
	Class  int32     // index into Classes, or Abstain
	Scores []float64 // one a class
}

// Abstain is the class of a prediction that names none.
const Abstain = -1

// ScoreKind says what the scores of a model mean.
type ScoreKind uint8

// The kinds. Only probabilities sum to one. The zero value is invalid.
const (
	_ ScoreKind = iota
	Probability
	Votes
	Uncalibrated
)

// String gives the name used in results.
func (k ScoreKind) String() string {
	switch k {
	case Probability:
		return "probability"
	case Votes:
		return "votes"
	case Uncalibrated:
		return "uncalibrated"
	}
	return "invalid"
}
