package ibk_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/ibk"
	"tickle/learners/learnertest"
	"tickle/learners/peers"
)

func learner(t testing.TB, spec string) learners.Learner {
	list, err := learners.NewRegistry(ibk.Entry()).Parse(spec)
	require.NoError(t, err)
	return list[0].Learner
}

func TestContract(t *testing.T) {
	for _, spec := range []string{"ibk", "ibk:k=1,missing=skip", "ibk:k=5,choose=true,weight=inverse", "ibk:weight=similarity,weka-ranges=true"} {
		t.Run(spec, func(t *testing.T) { learnertest.Contract(t, learner(t, spec)) })
	}
}

func TestBadOption(t *testing.T) {
	_, err := learners.NewRegistry(ibk.Entry()).Parse("ibk:k=0")
	require.EqualError(t, err, "learner ibk: option k=0: want at least 1")
}

// TestPredictByHand has distances and votes counted by hand. Scores are
// (1/n + votes) / (classes/n + all votes).
func TestPredictByHand(t *testing.T) {
	columns := [][]string{
		{"x", "x", "x", "y", "x", "?"},
		{"x", "x", "y", "y", "x", "x"},
		{"x", "y", "y", "y", "x", "?"},
	}
	labels := []string{"a", "a", "b", "b", "b", "a"} // rows 4 and 5 are for testing
	for _, c := range []struct {
		name, spec string
		row        int32
		want       [2]float64 // n = 4 training rows
	}{
		// Row 4 is 0, 1, 2 and 3 columns from the training rows.
		{"nearest", "ibk:k=1", 4, [2]float64{(.25 + 1) / 1.5, .25 / 1.5}},
		{"three nearest", "ibk", 4, [2]float64{(.25 + 2) / 3.5, (.25 + 1) / 3.5}},
		{"more than there are", "ibk:k=9", 4, [2]float64{.5, .5}},
		// Row 5 is 2, 2, 3, 3 away: a missing cell differs from everything.
		{"ties vote too", "ibk:k=1", 5, [2]float64{(.25 + 2) / 2.5, .25 / 2.5}},
		{"ties at the third vote too", "ibk:k=3", 5, [2]float64{.5, .5}},
		// Of its one shared column it differs in 0, 0, 1, 1 parts.
		{"shared columns alone", "ibk:k=2,missing=skip", 5, [2]float64{(.25 + 2) / 2.5, .25 / 2.5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := learnertest.Table(columns, labels)
			p := learnertest.Fit(t, learner(t, c.spec), d.Train([]int32{0, 1, 2, 3})).Predict(c.row)
			require.InDeltaSlice(t, c.want[:], p.Scores, 1e-12)
			if c.want[0] >= c.want[1] {
				require.Equal(t, int32(0), p.Class)
			}
		})
	}
}

// TestPartitionsAreColumns compares with a neighbour search that reads the
// columns one by one and measures with Euclid's root of summed ones, as Weka
// does.
func TestPartitionsAreColumns(t *testing.T) {
	for seed := range uint64(3) {
		shape := learnertest.Shape{Rows: 90, Columns: 400, Classes: 7, Behaviours: 5, Constant: .5, Noise: .002, Missing: .003, Seed: seed}
		d := learnertest.Synthetic(shape)
		require.Less(t, len(d.IDs), d.D/2+1) // many columns share a partition
		train := d.Train(d.Except(func(r int) bool { return r%4 == 0 }))
		for _, missing := range []string{"different", "skip"} {
			m := learnertest.Fit(t, learner(t, "ibk:missing="+missing), train)
			for r := range int32(d.Rows()) {
				want := reference(train, r, missing == "skip")
				require.Equal(t, want, m.Predict(r).Class, "seed %d row %d %s", seed, r, missing)
			}
		}
	}
}

func reference(t *learners.Train, row int32, skip bool) int32 {
	dist := make([]float64, len(t.Rows))
	for i, r := range t.Rows {
		differ, shared := 0, 0
		for c := range t.Data.Columns {
			cells := t.Data.Codes(t.Data.Part[c])
			a, b := cells[row], cells[r]
			if a != datasets.Missing && b != datasets.Missing {
				shared++
			} else if skip {
				continue
			}
			if a != b || a == datasets.Missing {
				differ++
			}
		}
		if dist[i] = math.Sqrt(float64(differ)); skip {
			dist[i] = float64(differ) / float64(shared)
		}
	}
	const k = 3
	votes := make([]int, len(t.Classes))
	for i := range dist {
		nearer := 0
		for j := range dist {
			if dist[j] < dist[i] {
				nearer++
			}
		}
		if nearer < k {
			votes[t.Labels[t.Rows[i]]]++
		}
	}
	best := 0
	for c := range votes {
		if votes[c] > votes[best] {
			best = c
		}
	}
	return int32(best)
}

func TestNumbers(t *testing.T) {
	for _, spec := range []string{"ibk", "ibk:missing=skip,weight=inverse", "ibk:choose=true,weka-ranges=true"} {
		peers.CheckNumbers(t, learner(t, spec))
	}
}

func TestStore(t *testing.T) {
	for _, spec := range []string{"ibk", "ibk:k=5,missing=skip,weight=inverse", "ibk:k=9,choose=true", "ibk:weka-ranges=true"} {
		t.Run(spec, func(t *testing.T) {
			learnertest.StoreContract(t, learnertest.Storing{Entry: ibk.Entry(), Spec: spec, Undeclared: spec != "ibk:weka-ranges=true", Ordered: spec == "ibk:weka-ranges=true"})
		})
	}
}
