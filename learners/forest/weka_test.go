package forest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/learnertest"
	"tickle/learners/peers"
)

// TestWeka holds predictions, to all digits that Weka prints, to those of
// Weka's RandomForest with the same seed, which they are when all trees are
// the same.
func TestWeka(t *testing.T) {
	nominal := peers.Mix{Rows: 120, Classes: 5, Nominal: 14, Values: 5, Noise: .2, Repeats: 3, Constant: 2, Seed: 31}
	missing := peers.Mix{Rows: 120, Classes: 4, Nominal: 10, Values: 4, Noise: .2, Missing: .15, Seed: 32}
	numeric := peers.Mix{Rows: 120, Classes: 4, Numeric: 6, Noise: .2, Seed: 33}
	mixed := peers.Mix{Rows: 120, Classes: 4, Nominal: 4, Numeric: 4, Values: 4, Noise: .3, Missing: .15, Grid: 1, Seed: 34}
	for _, c := range []struct {
		name string
		mix  peers.Mix
		seed uint64
		spec string
		args []string
	}{
		{"forest-tree", nominal, 1, "trees=1", []string{"-I", "1"}},
		{"forest-nominal", nominal, 1, "trees=10", []string{"-I", "10"}},
		{"forest-nominal7", nominal, 7, "trees=10", []string{"-I", "10"}},
		{"forest-missing", missing, 2, "trees=10", []string{"-I", "10"}},
		{"forest-numeric", numeric, 3, "trees=10", []string{"-I", "10"}},
		{"forest-mixed", mixed, 4, "trees=10", []string{"-I", "10"}},
		{"forest-mixed99", mixed, 99, "trees=30", []string{"-I", "30"}},
		{"forest-depth", mixed, 5, "trees=10,depth=3,candidates=1", []string{"-I", "10", "-depth", "3", "-K", "1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := peers.Case{
				Name: c.name, Class: "weka.classifiers.trees.RandomForest", Mix: c.mix,
				Options: append(c.args, "-S", fmt.Sprint(c.seed)),
			}
			want := peers.Weka(t, k)
			d, rows, test := k.Data()
			train := d.Train(rows)
			train.Seed = c.seed
			m := learnertest.Fit(t, learner(t, "forest:rng=weka,"+c.spec), train)
			for i, r := range test {
				p := m.Predict(r)
				require.InDeltaSlice(t, want.Predictions[i].Scores, p.Scores, 5.1e-4, "row %d", r)
				require.Equal(t, want.Predictions[i].Class, p.Class, "row %d", r)
			}
		})
	}
}
