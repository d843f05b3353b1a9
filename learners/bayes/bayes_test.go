package bayes_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/bayes"
	"tickle/learners/learnertest"
	"tickle/learners/peers"
)

func learner(t testing.TB) learners.Learner {
	list, err := learners.NewRegistry(bayes.Entry()).Parse("bayes")
	require.NoError(t, err)
	return list[0].Learner
}

func TestContract(t *testing.T) { learnertest.Contract(t, learner(t)) }

func TestInfiniteNumber(t *testing.T) {
	d := peers.Make(peers.Mix{Rows: 10, Classes: 2, Numeric: 2, Seed: 1})
	d.Matrix.Numbers[1].Cells[7] = math.Inf(1)
	_, err := learner(t).Fit(t.Context(), d.Train(nil))
	require.EqualError(t, err, "column n1, row 7: +Inf: want a finite number, or none")
}

// TestWeka holds labels and probabilities, which Weka gives with three decimal
// places, to those of Weka's NaiveBayes.
func TestWeka(t *testing.T) {
	for _, c := range []peers.Case{
		{Name: "bayes-nominal", Mix: peers.Mix{Rows: 120, Classes: 5, Nominal: 12, Values: 5, Noise: .4, Repeats: 3, Constant: 2, Seed: 31}},
		{Name: "bayes-missing", Mix: peers.Mix{Rows: 120, Classes: 5, Nominal: 12, Values: 4, Noise: .4, Missing: .3, Repeats: 3, Constant: 1, Seed: 32}},
		{Name: "bayes-numeric", Mix: peers.Mix{Rows: 150, Classes: 4, Numeric: 6, Noise: .3, Missing: .05, Seed: 33}},
		{Name: "bayes-coarse", Mix: peers.Mix{Rows: 90, Classes: 4, Numeric: 4, Noise: .3, Missing: .2, Grid: 4, Seed: 34}},
		{Name: "bayes-mixed", Mix: peers.Mix{Rows: 150, Classes: 6, Nominal: 6, Numeric: 4, Values: 4, Noise: .3, Missing: .1, Seed: 35}},
		{Name: "bayes-many", Mix: peers.Mix{Rows: 90, Classes: 25, Nominal: 30, Numeric: 2, Values: 6, Noise: .2, Missing: .02, Repeats: 5, Seed: 36}},
	} {
		t.Run(c.Name, func(t *testing.T) {
			c.Class, c.PredictionsOnly = "weka.classifiers.bayes.NaiveBayes", true
			want := peers.Weka(t, c)
			d, train, test := c.Data()
			m := learnertest.Fit(t, learner(t), d.Train(train))
			for i, r := range test {
				p := m.Predict(r)
				require.Equal(t, want.Predictions[i].Class, p.Class, "row %d", r)
				require.InDeltaSlice(t, want.Predictions[i].Scores, p.Scores, 0.000501, "row %d", r)
			}
		})
	}
}

// TestPartitionsAreColumns compares with products over the columns one by one.
func TestPartitionsAreColumns(t *testing.T) {
	for name, d := range map[string]*learnertest.Data{
		"whole":   learnertest.Synthetic(learnertest.Shape{Rows: 200, Columns: 700, Classes: 9, Behaviours: 6, Constant: .4, Noise: .02, Seed: 1}),
		"missing": learnertest.Synthetic(learnertest.Shape{Rows: 150, Columns: 500, Classes: 9, Behaviours: 6, Constant: .4, Noise: .02, Missing: .1, Seed: 2}),
		"repeats": peers.Make(peers.Mix{Rows: 70, Classes: 4, Nominal: 90, Values: 20, Repeats: 60, Constant: 5, Noise: .5, Missing: .2, Seed: 3}),
	} {
		train := d.Train(d.Except(func(r int) bool { return r%3 == 0 }))
		m := learnertest.Fit(t, learner(t), train)
		for r := range int32(d.Rows()) {
			require.InDeltaSlice(t, reference(train, r), m.Predict(r).Scores, 1e-9, "%s row %d", name, r)
		}
	}
}

func reference(t *learners.Train, row int32) []float64 {
	logs, n := make([]float64, len(t.Classes)), make([]float64, len(t.Classes))
	for _, r := range t.Rows {
		n[t.Labels[r]]++
	}
	for class := range logs {
		logs[class] = math.Log((n[class] + 1) / float64(len(t.Rows)+len(t.Classes)))
		for c := range t.Data.Columns {
			cells := t.Data.Codes(t.Data.Part[c])
			if cells[row] == datasets.Missing {
				continue
			}
			known, same := float64(len(t.Data.Values(c))), 1.0
			for _, r := range t.Rows {
				if t.Labels[r] == int32(class) && cells[r] != datasets.Missing {
					known++
					if cells[r] == cells[row] {
						same++
					}
				}
			}
			logs[class] += math.Log(same / known)
		}
	}
	total, highest := 0.0, math.Inf(-1)
	for _, v := range logs {
		highest = max(highest, v)
	}
	for class := range logs {
		logs[class] = math.Exp(logs[class] - highest)
		total += logs[class]
	}
	for class := range logs {
		logs[class] /= total
	}
	return logs
}

func TestPartitions(t *testing.T) { peers.CheckPartitions(t, learner(t), nil) }

func TestNumbers(t *testing.T) { peers.CheckNumbers(t, learner(t)) }

func TestStore(t *testing.T) {
	for _, spec := range []string{"bayes"} {
		t.Run(spec, func(t *testing.T) {
			learnertest.StoreContract(t, learnertest.Storing{Entry: bayes.Entry(), Spec: spec})
		})
	}
}

// A value that a stored model's data does not have counts as one of no
// training row: each class's 1 over its rows and the column's values.
func TestOtherValue(t *testing.T) {
	registry := learners.NewRegistry(bayes.Entry())
	list, err := registry.Parse("bayes")
	require.NoError(t, err)
	d := learnertest.Table([][]string{{"0", "0", "0"}, {"1", "2", "2"}}, []string{"a", "a", "b"})
	file := learnertest.Store(t, &list[0], learnertest.Fit(t, list[0].Learner, d.Train(nil)), d)
	// Made-up values are numbered by appearance: 0 and 1 are known to both
	// columns, 2 to neither.
	other := learnertest.Table([][]string{{"0", "1", "2"}, {"0", "1", "2"}}, []string{"a", "a", "a"})
	m, err := learnertest.Load(t, registry, file, other.Matrix)
	require.NoError(t, err)
	for r, c := range map[int32][2]float64{
		0: {3. / 5 * (3. / 3) * (2. / 4), 2. / 5 * (2. / 2) * (1. / 3)},
		2: {3. / 5 * (1. / 3) * (1. / 4), 2. / 5 * (1. / 2) * (1. / 3)},
	} {
		require.InDeltaSlice(t, []float64{c[0] / (c[0] + c[1]), c[1] / (c[0] + c[1])}, m.Predict(r).Scores, 1e-12, "row %d", r)
	}
}
