package ibk_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/learnertest"
	"tickle/learners/peers"
)

// TestWeka holds predictions to those of Weka's IBk.
func TestWeka(t *testing.T) {
	nominal := peers.Mix{Rows: 120, Classes: 5, Nominal: 9, Values: 4, Noise: .3, Repeats: 2, Constant: 1, Seed: 41}
	missing := peers.Mix{Rows: 120, Classes: 5, Nominal: 9, Values: 4, Noise: .3, Missing: .2, Seed: 42}
	numeric := peers.Mix{Rows: 120, Classes: 4, Numeric: 4, Noise: .3, Missing: .1, Seed: 43}
	mixed := peers.Mix{Rows: 120, Classes: 4, Nominal: 3, Numeric: 3, Values: 4, Noise: .3, Missing: .1, Grid: 1, Seed: 44}
	for _, c := range []struct {
		name, spec string
		mix        peers.Mix
		args       []string
	}{
		{"ibk-nominal", "ibk", nominal, []string{"-K", "3"}},
		{"ibk-one", "ibk:k=1", nominal, []string{"-K", "1"}},
		{"ibk-missing", "ibk", missing, []string{"-K", "3"}},
		{"ibk-numeric", "ibk:weka-ranges=true", numeric, []string{"-K", "3"}},
		{"ibk-mixed", "ibk:weka-ranges=true", mixed, []string{"-K", "3"}},
		{"ibk-inverse", "ibk:k=5,weight=inverse,weka-ranges=true", mixed, []string{"-K", "5", "-I"}},
		{"ibk-similarity", "ibk:k=5,weight=similarity,weka-ranges=true", mixed, []string{"-K", "5", "-F"}},
		{"ibk-similaritynominal", "ibk:k=4,weight=similarity", missing, []string{"-K", "4", "-F"}},
		{"ibk-choose", "ibk:k=12,choose=true", nominal, []string{"-K", "12", "-X"}},
		{"ibk-choosenumeric", "ibk:k=9,choose=true,weka-ranges=true", numeric, []string{"-K", "9", "-X"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := peers.Case{Name: c.name, Class: "weka.classifiers.lazy.IBk", Mix: c.mix, Options: c.args, PredictionsOnly: true}
			want := peers.Weka(t, k)
			d, rows, test := k.Data()
			m := learnertest.Fit(t, learner(t, c.spec), d.Train(rows))
			for i, r := range test {
				p := m.Predict(r)
				require.InDeltaSlice(t, want.Predictions[i].Scores, p.Scores, 5.1e-4, "row %d", r)
				require.Equal(t, want.Predictions[i].Class, p.Class, "row %d", r)
			}
		})
	}
}
