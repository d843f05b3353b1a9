package all_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/all"
	"tickle/learners/learnertest"
)

// TestSomeColumns: a learner that walks columns one by one, as Weka does,
// reads of a selection with some columns of a partition those, and no others.
func TestSomeColumns(t *testing.T) {
	d := learnertest.Synthetic(learnertest.Shape{Rows: 80, Columns: 120, Classes: 4, Behaviours: 3, Constant: .2, Missing: .01, Seed: 5})
	keep := func(c int) bool { return c%3 != 1 }
	some := &learnertest.Data{Selection: d.Select(keep), Labels: d.Labels, Classes: d.Classes}
	g := datasets.NewGrouper(d.Machines)
	for c, column := range d.Columns {
		if keep(c) {
			g.Add(column, d.Codes(d.Part[c]), d.Values(c))
		}
	}
	alone := &learnertest.Data{Selection: g.Matrix(nil).All(), Labels: d.Labels, Classes: d.Classes}
	require.Less(t, len(some.IDs), some.D)
	list, err := all.Registry().Parse("forest:rng=weka,trees=5;jrip:rng=weka")
	require.NoError(t, err)
	for _, l := range list {
		want := learnertest.PredictAll(t, learnertest.Fit(t, l.Learner, alone.Train(nil)), alone)
		require.Equal(t, want, learnertest.PredictAll(t, learnertest.Fit(t, l.Learner, some.Train(nil)), some), l.Label)
	}
}

// TestRegistry: every learner and detector has a summary and documented options, and is
// made with its defaults.
func TestRegistry(t *testing.T) {
	for _, r := range []*learners.Registry{all.Registry(), all.Novelty()} {
		checkEntries(t, r)
	}
}

func checkEntries(t *testing.T, r *learners.Registry) {
	for _, e := range r.Entries() {
		require.NotEmpty(t, e.Summary, e.Name)
		for _, o := range e.Options {
			require.NotEmpty(t, o.Doc, e.Name+": "+o.Name)
		}
		list, err := r.Parse(e.Name)
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Empty(t, list[0].Options)
	}
}

// poor is data that has little to learn from.
func poor() map[string]*learnertest.Data {
	numbers := func(cells ...float64) *learnertest.Data {
		d := learnertest.Table([][]string{{"u", "u", "u", "u", "u"}}, []string{"a", "b", "b", "b", "a"})
		d.Matrix.Numbers = []datasets.NumericColumn{{Name: "x", Cells: cells}}
		d.Selection = d.All()
		return d
	}
	nan := math.NaN()
	return map[string]*learnertest.Data{
		"numbers all missing":  numbers(nan, nan, nan, nan, nan),
		"a number missing":     numbers(1, 2, nan, 2, 1),
		"numbers all the same": numbers(7, 7, 7, 7, 7),
		"one class":            learnertest.Table([][]string{{"u", "v", "u", "?"}}, []string{"a", "a", "a", "a"}),
		"all constant":         learnertest.Table([][]string{{"u", "u", "u", "u"}}, []string{"a", "b", "b", "b"}),
		"all missing":          learnertest.Table([][]string{{"?", "?", "?", "?"}}, []string{"a", "b", "b", "b"}),
		"a class of one row":   learnertest.Table([][]string{{"u", "v", "v", "v"}}, []string{"a", "b", "b", "b"}),
	}
}

// TestPoorData: every learner makes a model of data that has little to learn
// from, and every detector a measure. Peers may refuse, and a forest like
// scikit-learn's refuses missing numbers.
func TestPoorData(t *testing.T) {
	list, err := all.Registry().Parse("forest:trees=5;forest:trees=5,like=sklearn;j48;jrip;oner;ibk;smo;smo:scores=platt;logistic;logistic:multinomial=true;logistic:calibrated=true;bayes;majority")
	require.NoError(t, err)
	detectors, err := all.Novelty().Parse("lof;lof:like=sklearn;mahalanobis")
	require.NoError(t, err)
	for name, d := range poor() {
		gaps := len(d.Numbers) > 0 && slices.ContainsFunc(d.Matrix.Numbers[0].Cells, func(v float64) bool { return v != v })
		for _, l := range list {
			if gaps && strings.Contains(l.Options, "like=sklearn") {
				_, err := l.Learner.Fit(context.Background(), d.Train(nil))
				require.ErrorContains(t, err, "want a number", l.Label)
				continue
			}
			learnertest.PredictAll(t, learnertest.Fit(t, l.Learner, d.Train(nil)), d)
		}
		for _, l := range detectors {
			m, err := l.Detector.Fit(context.Background(), d.Train(nil))
			require.NoError(t, err, l.Label)
			for r := range int32(d.Rows()) {
				require.False(t, math.IsNaN(m.Score(r)), "%s, %s", l.Label, name)
			}
		}
	}
}

// TestUnusableNumbers: a number that cannot be calculated with is an error of
// every learner that looks at numbers.
func TestUnusableNumbers(t *testing.T) {
	for _, v := range []float64{math.Inf(1), math.Inf(-1), 1e101} {
		d := learnertest.Table([][]string{{"u", "v", "u", "v"}}, []string{"a", "b", "a", "b"})
		d.Matrix.Numbers = []datasets.NumericColumn{{Name: "x", Cells: []float64{1, 2, v, 2}}}
		d.Selection = d.All()
		for _, r := range []*learners.Registry{all.Registry(), all.Novelty()} {
			for _, e := range r.Entries() {
				list, err := r.Parse(e.Name)
				require.NoError(t, err)
				if list[0].Detector != nil {
					_, err = list[0].Detector.Fit(context.Background(), d.Train(nil))
				} else {
					_, err = list[0].Learner.Fit(context.Background(), d.Train(nil))
				}
				if e.Name == "majority" {
					require.NoError(t, err)
				} else if !strings.HasPrefix(e.Name, "golearn-") || e.Name == "golearn-knn" { // its trees take no numbers at all
					require.ErrorContains(t, err, "column x, row 2: ", e.Name)
				}
			}
		}
	}
}
