package smo

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners"
	"tickle/learners/learnertest"
	"tickle/learners/peers"
)

// mixes are the data on which Weka's SMO has been asked.
var mixes = map[string]peers.Mix{
	"nominal": {Rows: 120, Classes: 5, Nominal: 20, Values: 5, Noise: .3, Repeats: 5, Constant: 3, Seed: 11},
	"binary":  {Rows: 120, Classes: 4, Nominal: 20, Values: 2, Noise: .2, Repeats: 4, Constant: 1, Seed: 12},
	"missing": {Rows: 150, Classes: 6, Nominal: 24, Values: 4, Noise: .2, Missing: .2, Repeats: 3, Constant: 1, Seed: 13},
	"numeric": {Rows: 150, Classes: 4, Numeric: 8, Noise: .2, Missing: .05, Seed: 14},
	"mixed":   {Rows: 150, Classes: 5, Nominal: 10, Numeric: 5, Values: 4, Noise: .2, Missing: .1, Seed: 15},
	"many":    {Rows: 90, Classes: 25, Nominal: 40, Values: 6, Noise: .1, Missing: .02, Repeats: 5, Seed: 16},
}

// TestWeka holds predictions to those of Weka's SMO: every label is the same,
// in either of Keerthi's orders. So are the votes, but for rows that lie next
// to the plane between two classes. There Weka decides by rounding: it takes a
// machine for optimal at 0.001, its sums run over the expanded columns and
// ours over rows, and a multiplier that misses its bound by a rounding moves
// the threshold of a machine that has no other unbound row. Each vote that
// differs must be of such a pair, and of Weka's in its favour.
func TestWeka(t *testing.T) {
	for _, k := range []struct {
		name, spec string
		options    []string
	}{
		{"linear", "smo:c=1", nil},
		{"poly", "smo:kernel=poly", []string{"-K", "weka.classifiers.functions.supportVector.PolyKernel -E 2.0"}},
		{"rbf", "smo:kernel=rbf,gamma=0.05,c=2", []string{"-C", "2", "-K", "weka.classifiers.functions.supportVector.RBFKernel -G 0.05"}},
	} {
		for name, mix := range mixes {
			c := peers.Case{Name: "smo-" + k.name + "-" + name, Class: "weka.classifiers.functions.SMO", Options: k.options, Mix: mix, PredictionsOnly: true}
			t.Run(c.Name, func(t *testing.T) {
				want := peers.Weka(t, c)
				for _, modification := range []string{"1", "2"} {
					d, train, test := c.Data()
					m := fit(t, k.spec+",modification="+modification, d.Train(train))
					for i, r := range test {
						explain(t, m, r, want.Predictions[i])
					}
				}
			})
		}
	}
}

func fit(t *testing.T, spec string, train *learners.Train) *model {
	list, err := learners.NewRegistry(Entry()).Parse(spec)
	require.NoError(t, err)
	return learnertest.Fit(t, list[0].Learner, train).(*model)
}

// explain compares a prediction with Weka's, whose scores have three decimal
// places.
func explain(t *testing.T, m *model, row int32, weka peers.Prediction) {
	const near = 0.1 // of a plane whose margin is at 1
	got := m.Predict(row)
	require.Equal(t, weka.Class, got.Class, "row %d", row)
	absent := float64(m.classes - len(m.present))
	total := float64(len(m.machines)) + absent*float64(len(m.present))
	least, most := make([]float64, m.classes), make([]float64, m.classes)
	for _, c := range m.present {
		least[c], most[c] = absent, absent
	}
	for i := range m.machines {
		output := m.machines[i].output(m.gram.row(row))
		if output > -near {
			most[m.pairs[i].high]++
		}
		if output > near {
			least[m.pairs[i].high]++
		}
		if output < near {
			most[m.pairs[i].low]++
		}
		if output < -near {
			least[m.pairs[i].low]++
		}
	}
	for c, score := range weka.Scores {
		votes := math.Round(score * total)
		require.True(t, least[c] <= votes && votes <= most[c],
			"row %d, class %d: %v votes of Weka, %v to %v of ours", row, c, votes, least[c], most[c])
	}
}
