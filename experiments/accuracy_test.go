package experiments_test

import (
	"bytes"
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"tickle/datasets"
	"tickle/experiments"
	"tickle/learners"
	"tickle/learners/all"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// runAccuracy runs the experiment and gives its rows.
func runAccuracy(t *testing.T, in experiments.Input) (*experiments.Result, []experiments.AccuracyRow) {
	t.Helper()
	entry, err := experiments.Find("accuracy")
	require.NoError(t, err)
	r, err := experiments.Run(context.Background(), entry, &in)
	require.NoError(t, err)
	rows, err := experiments.RowsOf[experiments.AccuracyRow](r)
	require.NoError(t, err)
	return r, rows
}

func TestAccuracyOfKnownLearners(t *testing.T) {
	_, rows := runAccuracy(t, experiments.Input{Data: synthetic(6, 5, 3), Learners: []learners.Configured{oracle, silent}, Seed: 1})
	require.Len(t, rows, 2*3*2*2*2)
	for _, r := range rows {
		require.Equal(t, 90, r.N)
		require.Equal(t, 30, r.Groups)
		require.Equal(t, 10, r.Folds)
		require.Zero(t, r.Paper)
		switch r.Learner {
		case "oracle":
			// It is right wherever it can be: its accuracy is the ceiling.
			require.Equal(t, r.CeilingSeen, r.Accuracy)
			if r.Split == "grouped" {
				require.InDelta(t, 1-float64(r.Unseen)/90, float64(r.Accuracy), 1e-12)
			}
			if r.Accuracy > 0 {
				require.EqualValues(t, 1, r.ConfidenceCorrect)
				require.InDelta(t, 0, float64(r.LogLoss), 1e-12)
			}
		case "silent":
			require.Zero(t, r.Accuracy)
			require.Zero(t, r.MacroF1)
			require.Zero(t, r.AccuracyLow)
			require.Greater(t, r.AccuracyHigh, experiments.Number(0.05))
			require.True(t, r.LogLoss.IsNA())
			require.True(t, r.ConfidenceCorrect.IsNA())
		}
		require.LessOrEqual(t, r.AccuracyLow, r.Accuracy)
		require.GreaterOrEqual(t, r.AccuracyHigh, r.Accuracy)
	}
}

func TestClassesOfOneGroupAreUnseen(t *testing.T) {
	r, rows := runAccuracy(t, experiments.Input{Data: synthetic(6, 5, 3), Learners: []learners.Configured{oracle}, Options: map[string]string{"splits": "grouped", "hierarchies": "distribution"}})
	// Every class of distribution level 2 is one image.
	last := rows[len(rows)-1]
	require.Equal(t, 30, last.Classes)
	require.Equal(t, 90, last.Unseen)
	require.Zero(t, last.CeilingSeen)
	require.True(t, last.LogLoss.IsNA())
	require.Contains(t, r.Warnings, experiments.Warning{Code: experiments.WarnUnseen, Cell: "distribution level 2",
		Text: "30 of 30 classes have one group and are unseen when it is held out: dos0.0.00, dos0.0.02, dos0.0.04, dos0.0.11 and 26 more"})
}

func TestAccuracyFollowsFromPredictions(t *testing.T) {
	r, rows := runAccuracy(t, experiments.Input{Data: synthetic(6, 5, 3), Learners: []learners.Configured{modulo}, Seed: 8, Options: map[string]string{"repeats": "2"}})
	for _, row := range rows {
		right, all := make(map[[2]int32]float64), make(map[[2]int32]float64)
		var loss, seen float64
		for _, p := range r.Predictions {
			if p.Hierarchy != row.Hierarchy || int(p.Level) != row.Level || p.Fields != row.Fields || p.Split != row.Split {
				continue
			}
			k := [2]int32{p.Repeat, p.Fold}
			if row.Split == "grouped" {
				k = [2]int32{}
			}
			all[k]++
			if p.Predicted != nil && *p.Predicted == p.Truth {
				right[k]++
			}
			if p.ClassSeen {
				h, err := datasets.ParseHierarchy(p.Hierarchy)
				require.NoError(t, err)
				for i, name := range r.ClassesAt(h, int(p.Level)) {
					if name == p.Truth {
						loss -= math.Log(p.Scores[i])
					}
				}
				seen++
			}
		}
		mean := 0.0
		for k := range all {
			mean += right[k] / all[k] / float64(len(all))
		}
		require.InDelta(t, mean, float64(row.Accuracy), 1e-12)
		if seen > 0 {
			require.InDelta(t, loss/seen, float64(row.LogLoss), 1e-9)
		}
	}
}

func TestPaperValuesStandOnlyBesideThePapersSplit(t *testing.T) {
	d := synthetic(6, 5, 3)
	d.FilterTrain = func(f datasets.FieldSet, _ []int32) (*datasets.Selection, error) { return d.Select(f) }
	_, rows := runAccuracy(t, experiments.Input{Data: d, Learners: []learners.Configured{modulo, oracle}})
	given, trained := make(map[string]int), 0
	for _, r := range rows {
		if r.Filter == "train" {
			trained++
			require.Equal(t, "grouped", r.Split)
		}
		if r.Paper.Given() {
			require.Equal(t, "paper", r.Split)
			require.Equal(t, "forest", r.Learner)
			given[r.Paper.String()]++
		}
	}
	require.Equal(t, map[string]int{">0.98": 4, ">0.97": 1, "0.85": 1, "0.6": 1, "0.62": 1, "<0.3": 1}, given)
	require.Equal(t, 12, trained)
}

func TestWarningsOfLittleData(t *testing.T) {
	r, rows := runAccuracy(t, experiments.Input{Data: synthetic(2, 2, 1), Learners: []learners.Configured{oracle}, Options: map[string]string{"hierarchies": "kernel"}})
	codes := make(map[string]bool)
	for _, w := range r.Warnings {
		codes[w.Code] = true
		if w.Code == experiments.WarnSmallN {
			require.Equal(t, "n=4 is too small to tell at α=0.05", w.Text)
		}
	}
	require.Equal(t, map[string]bool{experiments.WarnModelled: true, experiments.WarnSmallN: true, experiments.WarnFewFolds: true, experiments.WarnThinClasses: true, experiments.WarnUnseen: true}, codes)
	require.Equal(t, 4, rows[0].Folds)
	r, rows = runAccuracy(t, experiments.Input{Data: synthetic(1, 3, 2), Learners: []learners.Configured{oracle}, Options: map[string]string{"hierarchies": "kernel", "folds": "2"}})
	require.Equal(t, 2, rows[0].Level)
	require.Equal(t, experiments.WarnFewClasses, r.Warnings[1].Code)
}

func TestResultIsTheSameForAnyNumberOfWorkers(t *testing.T) {
	ls, err := all.Registry().Parse("forest:trees=5;ibk")
	require.NoError(t, err)
	var first []byte
	for _, workers := range []int{1, 3} {
		calls := 0
		r, _ := runAccuracy(t, experiments.Input{Data: synthetic(4, 4, 2), Learners: ls, Seed: 3, Workers: workers,
			Options: map[string]string{"resamples": "50"}, Progress: func(done, total int, _ string) {
				calls++
				require.Equal(t, calls, done)
			}})
		var b bytes.Buffer
		require.NoError(t, r.WriteJSON(&b))
		if first == nil {
			first = b.Bytes()
		}
		require.Equal(t, string(first), b.String())
		require.Positive(t, calls)
	}
}

func TestAccuracyStops(t *testing.T) {
	entry, err := experiments.Find("accuracy")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = experiments.Run(ctx, entry, &experiments.Input{Data: synthetic(3, 3, 2), Learners: []learners.Configured{oracle}})
	require.ErrorIs(t, err, context.Canceled)
	_, err = experiments.Run(context.Background(), entry, &experiments.Input{Data: synthetic(3, 3, 2), Learners: []learners.Configured{broken}})
	require.EqualError(t, err, "experiment accuracy: kernel level 0, broken, prone, paper, fold 0: no convergence")
	for options, want := range map[string]string{
		"folds=1":   "experiment accuracy: option folds=1: want a whole number from 2 on",
		"folds=ten": "experiment accuracy: option folds=ten: want a whole number from 2 on",
		"split=loo": `experiment accuracy: no option "split"`,
		"splits=x":  `experiment accuracy: option splits=x: "x": want paper, grouped, rows (stratified, groups split), leave-one-out, leave-one-group-out, hold-out, by:COLUMN (backend, stack, kernel.2, distribution.1, …, or a factor as memory), or a file of folds as splits.csv`,
	} {
		name, value, _ := bytes.Cut([]byte(options), []byte("="))
		_, err = experiments.Run(context.Background(), entry, &experiments.Input{Data: synthetic(3, 3, 2), Learners: []learners.Configured{oracle}, Options: map[string]string{string(name): string(value)}})
		require.EqualError(t, err, want)
	}
}

// TestAnyClassCounts: where every row has all classes no answer is wrong.
func TestAnyClassCounts(t *testing.T) {
	majority, err := all.Registry().Parse("majority")
	require.NoError(t, err)
	right := func(d *experiments.Data) (n, of int) {
		outcomes, err := experiments.CrossValidate(context.Background(), &experiments.Input{Data: d, Seed: 1},
			[]experiments.Cell{{Hierarchy: datasets.Given, Fields: datasets.Prone, Learner: majority[0], Splitter: experiments.GroupedFolds{K: 5, Repeats: 1}}})
		require.NoError(t, err)
		for _, a := range outcomes[0].Answers {
			if a.Class == a.Truth {
				n++
			}
		}
		return n, len(outcomes[0].Answers)
	}
	n, of := right(synthetic(6, 5, 1))
	require.Less(t, n, of)
	d := synthetic(6, 5, 1)
	d.Origin.Table = &datasets.TableMeta{Also: make(map[string][][]string)}
	for _, m := range d.Matrix.Machines {
		d.Origin.Table.Also[m.Name] = [][]string{{"os0"}, {"os1"}, {"os2"}}
	}
	n, of = right(d)
	require.Equal(t, of, n)
}
