package learnertest

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners"
)

// Contract holds a learner to what package learners promises. It needs some
// seconds of a slow learner.
func Contract(t *testing.T, l learners.Learner) {
	shape := Shape{Rows: 120, Columns: 600, Classes: 8, Behaviours: 6, Constant: 0.5, Noise: 0.02, Missing: 0.03, Seed: 3}
	missing := Synthetic(shape)
	shape.Missing = 0
	clean := Synthetic(shape)
	for _, c := range []struct {
		name  string
		check func(*testing.T, learners.Learner)
	}{
		{"same model for any number of workers, shared or not", func(t *testing.T, l learners.Learner) {
			sameForAnyWorkers(t, l, clean)
			sameForAnyWorkers(t, l, missing)
		}},
		{"labels outside the training rows are not read", func(t *testing.T, l learners.Learner) { labelsUnread(t, l, missing) }},
		{"learns nothing from shuffled labels", func(t *testing.T, l learners.Learner) { nothingFromNoise(t, l, clean) }},
		{"degenerate data", degenerate},
		{"bad training sets", func(t *testing.T, l learners.Learner) { badTrain(t, l, clean) }},
		{"stops with its context", func(t *testing.T, l learners.Learner) { stops(t, l, missing) }},
		{"predicts concurrently", func(t *testing.T, l learners.Learner) { concurrent(t, l, missing) }},
	} {
		t.Run(c.name, func(t *testing.T) { c.check(t, l) })
	}
}

// Fit fits and fails the test on an error.
func Fit(t testing.TB, l learners.Learner, train *learners.Train) learners.Model {
	t.Helper()
	m, err := l.Fit(context.Background(), train)
	require.NoError(t, err)
	return m
}

// PredictAll predicts every row and holds each prediction to its kind.
func PredictAll(t testing.TB, m learners.Model, d *Data) []learners.Prediction {
	t.Helper()
	all := make([]learners.Prediction, d.Rows())
	for r := range all {
		all[r] = m.Predict(int32(r))
		CheckPrediction(t, m.Kind(), all[r], len(d.Classes))
	}
	return all
}

// CheckPrediction holds a prediction to its kind: a score for each class;
// probabilities that sum to one; the label the first of the highest.
func CheckPrediction(t testing.TB, kind learners.ScoreKind, p learners.Prediction, classes int) {
	t.Helper()
	require.Len(t, p.Scores, classes)
	require.NotEqual(t, "invalid", kind.String())
	require.GreaterOrEqual(t, p.Class, int32(learners.Abstain))
	require.Less(t, int(p.Class), classes)
	if kind != learners.Probability {
		return
	}
	sum := 0.0
	for _, s := range p.Scores {
		require.GreaterOrEqual(t, s, 0.0)
		sum += s
	}
	require.InDelta(t, 1, sum, 1e-9)
	if p.Class != learners.Abstain {
		require.Equal(t, slices.Index(p.Scores, slices.Max(p.Scores)), int(p.Class))
	}
}

// Accuracy is the share of rows that are predicted rightly.
func Accuracy(m learners.Model, d *Data, rows []int32) float64 {
	right := 0
	for _, r := range rows {
		if m.Predict(r).Class == d.Labels[r] {
			right++
		}
	}
	return float64(right) / float64(len(rows))
}

// third marks every third row, the test rows of the contract.
func third(r int) bool { return r%3 == 0 }

func sameForAnyWorkers(t *testing.T, l learners.Learner, d *Data) {
	var want []learners.Prediction
	for _, workers := range []int{1, 2, 4, 0} {
		for _, shared := range []*learners.Shared{nil, learners.NewShared(d.Selection)} {
			train := d.Train(d.Except(third))
			train.Workers, train.Shared = workers, shared
			got := PredictAll(t, Fit(t, l, train), d)
			if want == nil {
				want = got
			}
			require.Equal(t, want, got, "workers %d", workers)
		}
	}
}

func labelsUnread(t *testing.T, l learners.Learner, d *Data) {
	want := PredictAll(t, Fit(t, l, d.Train(d.Except(third))), d)
	train := d.Train(d.Except(third))
	train.Labels = slices.Clone(d.Labels)
	for r := range train.Labels {
		if third(r) {
			train.Labels[r] = math.MinInt32
		}
	}
	m := Fit(t, l, train)
	// A model does not depend on what the caller does with its slices.
	for r := range train.Labels {
		train.Labels[r] = math.MinInt32
	}
	clear(train.Rows)
	require.Equal(t, want, PredictAll(t, m, d))
}

func nothingFromNoise(t *testing.T, l learners.Learner, d *Data) {
	rows, test := d.Except(third), d.Except(func(r int) bool { return !third(r) })
	majority := 0.0
	for c := range d.Classes {
		n := 0
		for _, r := range d.Labels {
			if r == int32(c) {
				n++
			}
		}
		majority = max(majority, float64(n)/float64(d.Rows()))
	}
	rng := rand.New(rand.NewPCG(7, 7))
	shuffled := *d
	shuffled.Labels = slices.Clone(d.Labels)
	rng.Shuffle(len(d.Labels), func(i, j int) {
		shuffled.Labels[i], shuffled.Labels[j] = shuffled.Labels[j], shuffled.Labels[i]
	})
	// Three standard errors above guessing the majority of 40 rows.
	limit := majority + 3*math.Sqrt(majority*(1-majority)/float64(len(test)))
	require.LessOrEqual(t, Accuracy(Fit(t, l, shuffled.Train(rows)), &shuffled, test), limit)
}

func degenerate(t *testing.T, l learners.Learner) {
	const a, b = "a", "b"
	for _, c := range []struct {
		name    string
		columns [][]string
		labels  []string
		rows    []int32
		want    []int32 // classes that may be predicted
	}{
		{"all columns constant", [][]string{{"x", "x", "x", "x"}, {"y", "y", "y", "y"}}, []string{a, b, b, b}, nil, []int32{1}},
		{"all cells missing", [][]string{{"?", "?", "?", "?"}, {"?", "?", "?", "?"}}, []string{a, b, b, b}, nil, []int32{1}},
		{"no columns", nil, []string{a, b, b, b}, nil, []int32{1}},
		{"one value or missing", [][]string{{"x", "?", "x", "?"}}, []string{a, b, b, b}, nil, []int32{0, 1}},
		{"one class", [][]string{{"x", "y", "x", "z"}}, []string{a, a, a, a}, nil, []int32{0}},
		{"one row", [][]string{{"x", "y", "x", "z"}}, []string{a, b, a, b}, []int32{3}, []int32{1}},
		{"a class without training rows", [][]string{{"x", "y", "x", "z"}}, []string{a, b, a, "c"}, []int32{0, 1, 2}, []int32{0, 1}},
		{"values unseen in training", [][]string{{"x", "y", "u", "v"}, {"x", "?", "?", "w"}}, []string{a, b, a, b}, []int32{0, 1}, []int32{0, 1}},
		{"missing in the test alone", [][]string{{"x", "y", "?", "?"}}, []string{a, b, a, b}, []int32{0, 1}, []int32{0, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Table(c.columns, c.labels)
			m := Fit(t, l, d.Train(c.rows))
			for _, p := range PredictAll(t, m, d) {
				if p.Class != learners.Abstain {
					require.Contains(t, c.want, p.Class)
				}
			}
		})
	}
}

func badTrain(t *testing.T, l learners.Learner, d *Data) {
	other := Table([][]string{{"x", "y"}}, []string{"a", "b"})
	for _, c := range []struct {
		name   string
		change func(*learners.Train)
	}{
		{"no rows", func(t *learners.Train) { t.Rows = nil }},
		{"a row twice", func(t *learners.Train) { t.Rows = []int32{1, 1} }},
		{"rows out of order", func(t *learners.Train) { t.Rows = []int32{2, 1} }},
		{"a row outside", func(t *learners.Train) { t.Rows = []int32{0, int32(d.Rows())} }},
		{"a class outside", func(t *learners.Train) { t.Classes = t.Classes[:1] }},
		{"labels of other data", func(t *learners.Train) { t.Labels = other.Labels }},
	} {
		train := d.Train(nil)
		c.change(train)
		_, err := l.Fit(context.Background(), train)
		require.Error(t, err, c.name)
	}
}

// fuse is a context that ends when it has been asked a number of times.
type fuse struct {
	context.Context
	left atomic.Int64
}

func (f *fuse) Err() error {
	if f.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

func stops(t *testing.T, l learners.Learner, d *Data) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := l.Fit(ended, d.Train(nil))
	require.ErrorIs(t, err, context.Canceled)
	// Wherever the context ends, there is a model or its error, and a store
	// that was shared serves the next fit.
	shared := learners.NewShared(d.Selection)
	for _, n := range []int64{1, 2, 5, 20, 100} {
		f := &fuse{Context: context.Background()}
		f.left.Store(n)
		train := d.Train(nil)
		train.Workers, train.Shared = 2, shared
		if m, err := l.Fit(f, train); err != nil {
			require.ErrorIs(t, err, context.Canceled)
		} else {
			require.NotNil(t, m)
		}
	}
	train := d.Train(nil)
	train.Shared = shared
	require.Equal(t, PredictAll(t, Fit(t, l, d.Train(nil)), d), PredictAll(t, Fit(t, l, train), d))
}

func concurrent(t *testing.T, l learners.Learner, d *Data) {
	m := Fit(t, l, d.Train(d.Except(third)))
	want := PredictAll(t, m, d)
	got := make([][]learners.Prediction, 4)
	var wg sync.WaitGroup
	for g := range got {
		wg.Go(func() {
			for r := range d.Rows() {
				got[g] = append(got[g], m.Predict(int32(r)))
			}
		})
	}
	wg.Wait()
	for g := range got {
		require.Equal(t, want, got[g])
	}
}

// CrossValidate cross-validates on interleaved tenths and gives the accuracy.
// Folds run side by side, as many as there are processors, with a goroutine
// each: as experiments run them. It is what benchmarks measure.
func CrossValidate(t testing.TB, l learners.Learner, d *Data, shared *learners.Shared) float64 {
	const folds = 10
	var right [folds]int
	err := learners.Parallel(context.Background(), folds, 0, func(_, fold int) error {
		held := func(r int) bool { return r%folds == fold }
		train := d.Train(d.Except(held))
		train.Shared, train.Workers = shared, 1
		m, err := l.Fit(context.Background(), train)
		if err != nil {
			return err
		}
		for _, r := range d.Except(func(r int) bool { return !held(r) }) {
			if m.Predict(r).Class == d.Labels[r] {
				right[fold]++
			}
		}
		return nil
	})
	require.NoError(t, err)
	sum := 0
	for _, n := range right {
		sum += n
	}
	return float64(sum) / float64(d.Rows())
}
