package majority_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners"
	"tickle/learners/learnertest"
	"tickle/learners/majority"
)

func learner(t *testing.T) learners.Learner {
	list, err := learners.NewRegistry(majority.Entry()).Parse("majority")
	require.NoError(t, err)
	return list[0].Learner
}

func TestContract(t *testing.T) { learnertest.Contract(t, learner(t)) }

func TestPredict(t *testing.T) {
	for _, c := range []struct {
		name   string
		labels []string
		rows   []int32
		want   learners.Prediction
	}{
		{"the commonest", []string{"a", "b", "b", "c"}, nil, learners.Prediction{Class: 1, Scores: []float64{.25, .5, .25}}},
		{"the first of equals", []string{"a", "b", "b", "a"}, nil, learners.Prediction{Class: 0, Scores: []float64{.5, .5}}},
		{"of training rows alone", []string{"a", "b", "b", "a"}, []int32{1, 2}, learners.Prediction{Class: 1, Scores: []float64{0, 1}}},
	} {
		d := learnertest.Table([][]string{{"x", "y", "x", "y"}}, c.labels)
		m := learnertest.Fit(t, learner(t), d.Train(c.rows))
		for _, p := range learnertest.PredictAll(t, m, d) {
			require.Equal(t, c.want, p, c.name)
		}
	}
}

func TestStore(t *testing.T) {
	for _, spec := range []string{"majority"} {
		t.Run(spec, func(t *testing.T) {
			learnertest.StoreContract(t, learnertest.Storing{Entry: majority.Entry(), Spec: spec})
		})
	}
}
