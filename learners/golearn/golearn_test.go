//go:build cgo

package golearn_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners"
	"tickle/learners/golearn"
	"tickle/learners/ibk"
	"tickle/learners/learnertest"
	"tickle/learners/peers"
)

func learner(t testing.TB, spec string) learners.Learner {
	list, err := learners.NewRegistry(append(golearn.Entries(), ibk.Entry())...).Parse(spec)
	require.NoError(t, err)
	return list[0].Learner
}

// TestLearns: each peer finds classes that the columns tell, on rows that it
// has not seen, and labels match scores.
func TestLearns(t *testing.T) {
	d := learnertest.Synthetic(learnertest.Shape{Rows: 60, Columns: 60, Classes: 3, Behaviours: 6, Constant: .3, Noise: .01, Seed: 4})
	held := func(r int) bool { return r%3 == 0 }
	for _, spec := range []string{"golearn-knn", "golearn-knn:k=100", "golearn-id3", "golearn-forest:features=10"} {
		m := learnertest.Fit(t, learner(t, spec), d.Train(d.Except(held)))
		require.Equal(t, learners.Votes, m.Kind())
		for _, p := range learnertest.PredictAll(t, m, d) {
			require.Equal(t, 1.0, p.Scores[p.Class])
		}
		accuracy := learnertest.Accuracy(m, d, d.Except(func(r int) bool { return !held(r) }))
		least := map[string]float64{"golearn-knn:k=100": 0, "golearn-forest:features=10": .6} // the majority; chance
		if want, ok := least[spec]; ok {
			require.GreaterOrEqual(t, accuracy, want, spec)
		} else {
			require.Greater(t, accuracy, .9, spec)
		}
	}
}

// TestNearest: the nearest of one-hot columns is the nearest by differing
// columns, as our own k-NN finds it, where one is the nearest.
func TestNearest(t *testing.T) {
	d := learnertest.Synthetic(learnertest.Shape{Rows: 80, Columns: 400, Classes: 5, Behaviours: 6, Constant: .3, Noise: .1, Seed: 5})
	train := d.Train(d.Except(func(r int) bool { return r%2 == 0 }))
	a, err := learners.NewAgreements(context.Background(), d.Selection, 1)
	require.NoError(t, err)
	ours, theirs := learnertest.Fit(t, learner(t, "ibk:k=1"), train), learnertest.Fit(t, learner(t, "golearn-knn:k=1"), train)
	compared := 0
	for r := int32(0); r < int32(d.Rows()); r += 2 {
		most, ties := int32(0), 0
		for _, other := range train.Rows {
			switch same := a.Same(r, other); {
			case same > most:
				most, ties = same, 1
			case same == most:
				ties++
			}
		}
		if ties == 1 {
			require.Equal(t, ours.Predict(r).Class, theirs.Predict(r).Class, "row %d", r)
			compared++
		}
	}
	require.Greater(t, compared, 20)
}

func TestErrors(t *testing.T) {
	numbers := peers.Make(peers.Mix{Rows: 12, Classes: 2, Nominal: 2, Numeric: 1, Values: 2, Seed: 1})
	_, err := learner(t, "golearn-id3").Fit(context.Background(), numbers.Train(nil))
	require.EqualError(t, err, "golearn: 1 numeric columns: its trees read nominal ones only")
	numbers.Matrix.Numbers[0].Cells[5] = math.Inf(1)
	_, err = learner(t, "golearn-knn").Fit(context.Background(), numbers.Train(nil))
	require.EqualError(t, err, "column n0, row 5: +Inf: want a finite number, or none")
	large := learnertest.Synthetic(learnertest.Shape{Rows: 300, Columns: 40_000, Classes: 3, Behaviours: 6, Seed: 4})
	_, err = learner(t, "golearn-forest").Fit(context.Background(), large.Train(nil))
	require.ErrorContains(t, err, "golearn holds each, want at most 30000000")
	constant := learnertest.Table([][]string{{"x", "x"}}, []string{"a", "b"})
	_, err = learner(t, "golearn-knn").Fit(context.Background(), constant.Train(nil))
	require.EqualError(t, err, "golearn: want a column of two values at least")
	_, err = learner(t, "golearn-knn").Fit(context.Background(), constant.Train([]int32{}))
	require.EqualError(t, err, "no training rows")
	_, err = learners.NewRegistry(golearn.Entries()...).Parse("golearn-knn:k=0")
	require.EqualError(t, err, "learner golearn-knn: option k=0: want at least 1")
}
