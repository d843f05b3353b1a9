package novelty_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/learnertest"
	"tickle/learners/majority"
	"tickle/learners/modelfile"
	"tickle/learners/novelty"
	"tickle/learners/peers"
)

func detector(t testing.TB, spec string) learners.Detector {
	list, err := learners.NewRegistry(novelty.Entries()...).Parse(spec)
	require.NoError(t, err)
	return list[0].Detector
}

func fit(t testing.TB, spec string, train *learners.Train) learners.Novelty {
	m, err := detector(t, spec).Fit(context.Background(), train)
	require.NoError(t, err)
	return m
}

func TestBadOption(t *testing.T) {
	_, err := learners.NewRegistry(novelty.Entries()...).Parse("lof:k=0")
	require.EqualError(t, err, "learner lof: option k=0: want at least 1")
}

// TestContract: the same scores for any number of workers, shared or not; no
// score is NaN, whatever the data; a fit stops with its context.
func TestContract(t *testing.T) {
	d := learnertest.Synthetic(learnertest.Shape{Rows: 100, Columns: 300, Classes: 6, Behaviours: 5, Constant: .5, Noise: .02, Missing: .03, Seed: 3})
	for _, spec := range []string{"lof", "lof:like=sklearn,mode=outlier", "lof:metric=euclidean,k=3", "mahalanobis"} {
		var want []float64
		for _, workers := range []int{1, 3} {
			for _, shared := range []*learners.Shared{nil, learners.NewShared(d.Selection)} {
				train := d.Train(d.Except(func(r int) bool { return r%3 == 0 }))
				train.Workers, train.Shared = workers, shared
				m := fit(t, spec, train)
				clear(train.Rows)
				var got []float64
				for r := range int32(d.Rows()) {
					got = append(got, m.Score(r))
				}
				if want == nil {
					want = got
				}
				require.Equal(t, want, got, spec)
			}
		}
		for _, columns := range [][][]string{nil, {{"?", "?", "?", "?"}}, {{"x", "x", "x", "x"}}, {{"x", "?", "y", "z"}, {"x", "x", "?", "?"}}} {
			odd := learnertest.Table(columns, []string{"a", "b", "a", "c"})
			m := fit(t, spec, odd.Train([]int32{0, 1, 2}))
			for r := range int32(4) {
				require.False(t, math.IsNaN(m.Score(r)), "%s %v", spec, columns)
			}
		}
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := detector(t, spec).Fit(ended, d.Train(nil))
		require.ErrorIs(t, err, context.Canceled)
		bad := d.Train(nil)
		bad.Rows = nil
		_, err = detector(t, spec).Fit(context.Background(), bad)
		require.Error(t, err)
	}
}

func TestCertainty(t *testing.T) {
	list, err := learners.NewRegistry(majority.Entry()).Parse("majority")
	require.NoError(t, err)
	d := learnertest.Table([][]string{{"x", "y", "x", "y"}}, []string{"a", "b", "b", "b"})
	m, err := novelty.Certainty(list[0].Learner).Fit(context.Background(), d.Train(nil))
	require.NoError(t, err)
	require.Equal(t, -.75, m.Score(2))
	_, err = novelty.Certainty(list[0].Learner).Fit(context.Background(), d.Train([]int32{}))
	require.EqualError(t, err, "certainty: no training rows")
}

// TestMahalanobisByHand: class a has x at 0 and 2 (mean 1, variance 1), class b
// at 10 alone.
func TestMahalanobisByHand(t *testing.T) {
	d := learnertest.Table(nil, []string{"a", "a", "b", "?", "?", "?"})
	d.Matrix.Numbers = []datasets.NumericColumn{{Name: "x", Cells: []float64{0, 2, 10, 4, 9.9, math.NaN()}}}
	d.Selection = d.Matrix.All()
	m := fit(t, "mahalanobis", d.Train([]int32{0, 1, 2}))
	for row, want := range []float64{1, 1, 0, 3, 1, 0} {
		require.InDelta(t, want, m.Score(int32(row)), 1e-12, "row %d", row)
	}
}

// TestMahalanobisPartitionsAreColumns compares with sums over one-hot columns.
func TestMahalanobisPartitionsAreColumns(t *testing.T) {
	d := peers.Make(peers.Mix{Rows: 60, Classes: 4, Nominal: 20, Numeric: 3, Values: 4, Repeats: 8, Constant: 2, Noise: .3, Missing: .2, Seed: 7})
	train := d.Train(d.Except(func(r int) bool { return r%3 == 0 }))
	m := fit(t, "mahalanobis", train)
	for row := range int32(d.Rows()) {
		least := math.Inf(1)
		for class := range d.Classes {
			least = min(least, distance(d, train, int32(class), row))
		}
		require.InDelta(t, least, m.Score(row), 1e-9, "row %d", row)
	}
}

func distance(d *learnertest.Data, train *learners.Train, class, row int32) float64 {
	sum := 0.0
	add := func(x func(r int32) (float64, bool)) {
		v, ok := x(row)
		var seen []float64
		for _, r := range train.Rows {
			if u, ok := x(r); ok && d.Labels[r] == class {
				seen = append(seen, u)
			}
		}
		if !ok || len(seen) == 0 {
			return
		}
		mean, variance := 0.0, 0.0
		for _, u := range seen {
			mean += u / float64(len(seen))
		}
		for _, u := range seen {
			variance += (u - mean) * (u - mean) / float64(len(seen))
		}
		if slices.Min(seen) == slices.Max(seen) {
			variance = 0.01
		}
		sum += (v - mean) * (v - mean) / variance
	}
	for c := range d.Columns {
		codes := d.Codes(d.Part[c])
		for value := range d.Values(c) {
			add(func(r int32) (float64, bool) {
				if int(codes[r]) == value {
					return 1, true
				}
				return 0, codes[r] != datasets.Missing
			})
		}
	}
	for _, column := range d.Matrix.Numbers {
		add(func(r int32) (float64, bool) { return column.Cells[r], !math.IsNaN(column.Cells[r]) })
	}
	return math.Sqrt(sum)
}

func BenchmarkDetectors(b *testing.B) {
	d := learnertest.Synthetic(learnertest.Paper(77_000))
	train := d.Train(d.Except(func(r int) bool { return r%10 == 0 }))
	train.Shared = learners.NewShared(d.Selection)
	for _, spec := range []string{"lof", "mahalanobis"} {
		b.Run(fmt.Sprintf("%s/partitions=%d", spec, len(d.IDs)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m := fit(b, spec, train)
				for r := int32(0); int(r) < d.Rows(); r += 10 {
					m.Score(r)
				}
			}
		})
	}
}

func TestStore(t *testing.T) {
	for i, specs := range [][]string{{"lof", "lof:k=3,like=sklearn,metric=euclidean"}, {"mahalanobis"}} {
		for _, spec := range specs {
			t.Run(spec, func(t *testing.T) {
				learnertest.StoreContract(t, learnertest.Storing{Entry: novelty.Entries()[i], Spec: spec})
			})
		}
	}
}

// A measure that is about the training rows cannot be asked about others.
func TestOutlierModeIsNotStored(t *testing.T) {
	d := learnertest.Table([][]string{{"x", "y", "x"}}, []string{"a", "b", "a"})
	list, err := learners.NewRegistry(novelty.Entries()...).Parse("lof:mode=outlier")
	require.NoError(t, err)
	m, err := list[0].Detector.Fit(context.Background(), d.Train(nil))
	require.NoError(t, err)
	require.EqualError(t, learners.WriteModel(io.Discard, &list[0], m, modelfile.Header{Classes: d.Classes}),
		"learner lof: mode=outlier is about the training rows alone: want mode=novelty for a file")
}

// A value that a stored measure's data does not have is none of the one-hot
// columns'.
func TestOtherValue(t *testing.T) {
	registry := learners.NewRegistry(novelty.Entries()...)
	list, err := registry.Parse("mahalanobis")
	require.NoError(t, err)
	d := learnertest.Table([][]string{{"0", "0", "1", "1"}}, []string{"a", "a", "a", "a"})
	m, err := list[0].Detector.Fit(context.Background(), d.Train(nil))
	require.NoError(t, err)
	other := learnertest.Table([][]string{{"0", "1", "2", "?"}}, []string{"a", "a", "a", "a"})
	again, err := learnertest.Load(t, registry, learnertest.Store(t, &list[0], m, d), other.Matrix)
	require.NoError(t, err)
	// Each of two columns has the mean 1/2 and the variance 1/4.
	for r, want := range []float64{math.Sqrt(2), math.Sqrt(2), math.Sqrt(2), 0} {
		require.InDelta(t, want, again.Predict(int32(r)).Scores[0], 1e-12, "row %d", r)
	}
}
