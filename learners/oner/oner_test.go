package oner_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/learnertest"
	"tickle/learners/oner"
	"tickle/learners/peers"
)

func learner(t testing.TB, spec string) learners.Learner {
	list, err := learners.NewRegistry(oner.Entry()).Parse(spec)
	require.NoError(t, err)
	return list[0].Learner
}

func TestContract(t *testing.T) {
	learnertest.Contract(t, learner(t, "oner"))
}

func TestBadOption(t *testing.T) {
	_, err := learners.NewRegistry(oner.Entry()).Parse("oner:bucket=0")
	require.EqualError(t, err, "learner oner: option bucket=0: want at least 1")
}

func TestNumbers(t *testing.T) { peers.CheckNumbers(t, learner(t, "oner")) }

func TestPartitionsAreColumns(t *testing.T) {
	peers.CheckPartitions(t, learner(t, "oner"), func(m learners.Model) string { return m.(*oner.Model).Text() })
}

// TestByHand has rules worked out by hand, with buckets of 2.
func TestByHand(t *testing.T) {
	for _, c := range []struct {
		name    string
		columns [][]string
		numbers []float64
		labels  []string
		rows    []int32
		want    string
	}{
		{
			name: "the second column names 4 of 5", labels: []string{"a", "a", "b", "b", "b"},
			columns: [][]string{{"x", "x", "x", "x", "y"}, {"x", "y", "y", "y", "y"}},
			want:    "p0.ip.version:\n\t1\t-> a\n\t2\t-> b\n(4 of 5 rows)\n",
		}, {
			name: "missing is a value, and one unseen is of the first class", labels: []string{"b", "a", "b", "b", "a"},
			columns: [][]string{{"x", "?", "x", "y", "?"}}, rows: []int32{0, 1, 2, 4},
			want: "p0.answer.kind:\n\t1\t-> b\n\t2\t-> b\n\t?\t-> a\n(4 of 4 rows)\n",
		}, {
			// 1, 2 and 3 are of one class; of 5 and 6 there are two, enough for
			// 7 not to join them, and only the last may be as small as it.
			name: "intervals", labels: []string{"a", "a", "a", "b", "b", "a"},
			numbers: []float64{1, 2, 3, 5, 6, 7},
			want:    "n:\n\t< 4\t-> a\n\t< 6.5\t-> b\n\t>= 6.5\t-> a\n(6 of 6 rows)\n",
		}, {
			name: "all numbers missing", labels: []string{"a", "b", "b"},
			numbers: []float64{math.NaN(), math.NaN(), math.NaN()}, want: "b\n(2 of 3 rows)\n",
		},
	} {
		d := learnertest.Table(c.columns, c.labels)
		if c.numbers != nil {
			d.Matrix.Numbers = []datasets.NumericColumn{{Name: "n", Cells: c.numbers}}
			d.Selection = d.Matrix.All()
		}
		m := learnertest.Fit(t, learner(t, "oner:bucket=2"), d.Train(c.rows)).(*oner.Model)
		require.Equal(t, c.want, m.Text(), c.name)
	}
}

func TestStore(t *testing.T) {
	for _, spec := range []string{"oner", "oner:bucket=1"} {
		t.Run(spec, func(t *testing.T) {
			learnertest.StoreContract(t, learnertest.Storing{Entry: oner.Entry(), Spec: spec, Undeclared: true})
		})
	}
}
