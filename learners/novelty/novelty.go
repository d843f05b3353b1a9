// Package novelty measures how unlike the training rows a row is: by the
// density around it (LOF), by its distance from the classes (Mahalanobis), or
// by how unsure a classifier is of it (Certainty). A threshold on the measure
// is the user's, fitted inside the fold.
package novelty

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"tickle/learners"
	"tickle/learners/attributes"
)

// Entries offers the detectors "lof" and "mahalanobis". Certainty needs a
// learner and has no entry.
func Entries() []learners.Entry { return []learners.Entry{lofEntry(), mahalanobisEntry()} }

// Certainty makes a detector of a learner: a row is as strange as the
// learner's model is unsure of it. Its score is the negative of the highest
// of the row's scores, which for probabilities is from -1 up.
func Certainty(l learners.Learner) learners.Detector { return certainty{l} }

type certainty struct{ learner learners.Learner }

// Fit fits the learner.
func (c certainty) Fit(ctx context.Context, t *learners.Train) (learners.Novelty, error) {
	m, err := c.learner.Fit(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("certainty: %w", err)
	}
	return unsure{m}, nil
}

// CertaintyOf measures novelty by a model that is there already: one that was
// loaded from a file, say, in which the role is modelfile.Certainty.
func CertaintyOf(m learners.Model) learners.Novelty { return unsure{m} }

type unsure struct{ model learners.Model }

// Score is the negative of the model's highest score.
func (u unsure) Score(row int32) float64 { return -slices.Max(u.model.Predict(row).Scores) }

// numbers are the selected numeric columns with the training rows' mean in
// missing cells, a slice a column.
func numbers(t *learners.Train) ([][]float64, error) {
	if err := attributes.CheckNumbers(t.Data); err != nil {
		return nil, err
	}
	var columns [][]float64
	for _, n := range t.Data.Numbers {
		column := &t.Data.Matrix.Numbers[n]
		sum, known := 0.0, 0.0
		for _, r := range t.Rows {
			if v := column.Cells[r]; !math.IsNaN(v) {
				sum, known = sum+v, known+1
			}
		}
		filled := slices.Clone(column.Cells)
		for r, v := range filled {
			if math.IsNaN(v) {
				filled[r] = sum / max(known, 1)
			}
		}
		columns = append(columns, filled)
	}
	return columns, nil
}

var errOneRow = errors.New("one training row: want at least 2, for it has no neighbours")
