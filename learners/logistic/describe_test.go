package logistic_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners/learnertest"
	"tickle/learners/logistic"
	"tickle/learners/peers"
)

// What a model is described by gives its probabilities: each class's bias and
// the weights of what a row's cells say, of all columns alike.
func TestDescribe(t *testing.T) {
	d := peers.Make(peers.Mix{Rows: 60, Classes: 4, Nominal: 12, Numeric: 2, Values: 3, Repeats: 4, Noise: .2, Missing: .1, Seed: 6})
	for _, spec := range []string{"logistic", "logistic:space=primal", "logistic:multinomial=true"} {
		m := learnertest.Fit(t, learner(t, spec), d.Train(d.Except(func(r int) bool { return r%4 == 0 }))).(*logistic.Model)
		described := m.Describe(0).(logistic.Described)
		require.Len(t, described.Classes, 4)
		for r := range int32(d.Rows()) {
			scores, total := make([]float64, 4), 0.0
			for c := range scores {
				sum := described.Classes[c].Bias
				for _, w := range described.Classes[c].Weights {
					sum += float64(w.Columns) * w.Weight * cell(d, w.Column, w.Value, r)
				}
				scores[c] = 1 / (1 + math.Exp(-sum))
				if described.Multinomial {
					scores[c] = math.Exp(sum)
				}
				total += scores[c]
			}
			for c := range scores {
				scores[c] /= total
			}
			require.InDeltaSlice(t, m.Predict(r).Scores, scores, 1e-9, "%s row %d", spec, r)
		}
		require.Len(t, m.Describe(3).(logistic.Described).Classes[1].Weights, 3)
		require.Contains(t, m.TextTop(2), "c1: bias ")
	}
}

// cell is what a weight is multiplied by: 1 where the row has the value, or
// the number.
func cell(d *learnertest.Data, column string, value *string, r int32) float64 {
	for n := range d.Matrix.Numbers {
		if v := d.Matrix.Numbers[n].Cells[r]; d.Matrix.Numbers[n].Name == column && !math.IsNaN(v) {
			return v
		}
	}
	for c := range d.Columns {
		code := d.Codes(d.Part[c])[r]
		if value != nil && d.Name(c) == column && code != datasets.Missing && d.Matrix.Text(c, code) == *value {
			return 1
		}
	}
	return 0
}
