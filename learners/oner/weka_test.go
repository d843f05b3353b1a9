package oner_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/learnertest"
	"tickle/learners/oner"
	"tickle/learners/peers"
)

// TestWeka holds rules and predictions to those of Weka's OneR.
func TestWeka(t *testing.T) {
	for _, c := range []peers.Case{
		{Name: "oner-nominal", Mix: peers.Mix{Rows: 90, Classes: 4, Nominal: 8, Values: 5, Noise: .3, Repeats: 1, Constant: 1, Seed: 1}},
		{Name: "oner-missing", Mix: peers.Mix{Rows: 90, Classes: 4, Nominal: 8, Values: 4, Noise: .3, Missing: .3, Seed: 2}},
		{Name: "oner-numeric", Mix: peers.Mix{Rows: 120, Classes: 4, Numeric: 5, Noise: .3, Seed: 3}},
		{Name: "oner-mixed", Mix: peers.Mix{Rows: 120, Classes: 5, Nominal: 4, Numeric: 4, Values: 4, Noise: .3, Missing: .2, Grid: 1, Seed: 4}},
		{Name: "oner-bucket1", Options: []string{"-B", "1"}, Mix: peers.Mix{Rows: 60, Classes: 3, Nominal: 2, Numeric: 4, Values: 3, Noise: .4, Missing: .1, Seed: 5}},
		{Name: "oner-bucket12", Options: []string{"-B", "12"}, Mix: peers.Mix{Rows: 120, Classes: 3, Numeric: 4, Noise: .4, Missing: .1, Seed: 6}},
	} {
		t.Run(c.Name, func(t *testing.T) {
			c.Class = "weka.classifiers.rules.OneR"
			spec := "oner"
			if c.Options != nil {
				spec += ":bucket=" + c.Options[1]
			}
			want := peers.Weka(t, c)
			d, train, test := c.Data()
			m := learnertest.Fit(t, learner(t, spec), d.Train(train)).(*oner.Model)
			for i, r := range test {
				require.Equal(t, want.Predictions[i].Class, m.Predict(r).Class, "row %d", r)
			}
			_, correct, _ := strings.Cut(want.Model, "(")
			var right, rows int
			_, err := fmt.Sscanf(correct, "%d/%d", &right, &rows)
			require.NoError(t, err, want.Model)
			require.Contains(t, m.Text(), fmt.Sprintf("(%d of %d rows)", right, rows))
			rule, _, _ := strings.Cut(m.Text(), "(")
			require.Contains(t, want.Model, rule)
		})
	}
}
