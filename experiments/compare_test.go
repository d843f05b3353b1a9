package experiments_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/experiments"
	"tickle/learners"
)

func compareOn(t *testing.T, in experiments.Input) []experiments.CompareRow {
	t.Helper()
	e, err := experiments.Find("compare")
	require.NoError(t, err)
	r, err := experiments.Run(context.Background(), e, &in)
	require.NoError(t, err)
	rows, err := experiments.RowsOf[experiments.CompareRow](r)
	require.NoError(t, err)
	return rows
}

func TestCompareSaysWhatMayBeConcluded(t *testing.T) {
	in := experiments.Input{
		Data: synthetic(6, 6, 2), Learners: []learners.Configured{oracle, modulo, silent}, Seed: 3,
		Options: map[string]string{"hierarchies": "kernel", "fields": "prone", "folds": "4", "resamples": "200"},
	}
	var text []string
	for _, r := range compareOn(t, in) {
		if r.Level == 2 {
			text = append(text, fmt.Sprintf("%s %s %s: %d:%d, %s, %s: %s", r.Kind, r.A, r.B, r.OnlyA, r.OnlyB, r.Difference.Format(1), r.Test, r.Conclusion))
		}
	}
	require.Equal(t, []string{
		"all  : 0:0, n/a, Cochran's Q, permuted by group: the 3 learners are not all right equally often: see the pairs",
		"pair oracle forest: 66:0, 91.7, sign flips by group, exact: oracle is right more often than forest, by 91.7 points (95 % interval 83.5 to 95.8)",
		"pair oracle silent: 72:0, 100.0, sign flips by group, exact: oracle is right more often than silent, by 100.0 points (95 % interval 80.7 to 100.0)",
		// Six groups of 36 differ, all one way: p = 2·2⁻⁶ = 0.031.
		"pair forest silent: 6:0, 8.3, sign flips by group, exact: forest is right more often than silent, by 8.3 points (95 % interval 4.2 to 16.5); this is of the models fitted here: over folds it is not shown that the learners differ",
	}, text)
}

func TestCompareOfIndependentMachinesIsMcNemar(t *testing.T) {
	in := experiments.Input{
		Data: synthetic(6, 6, 1), Learners: []learners.Configured{oracle, modulo, silent}, Seed: 3,
		Options: map[string]string{"hierarchies": "kernel", "fields": "vetted", "folds": "4", "resamples": "200"},
	}
	for _, r := range compareOn(t, in) {
		if r.Kind == "all" {
			require.Equal(t, "Cochran's Q", r.Test)
		} else {
			require.Contains(t, r.Test, "McNemar")
		}
	}
	// Repeats are not independent of each other.
	in.Options["repeats"] = "2"
	require.Contains(t, compareOn(t, in)[1].Test, "by group")
	in.Data = synthetic(3, 1, 1)
	require.Contains(t, compareOn(t, in)[1].Conclusion, "cannot tell: 3 machines are too few")
}

// What accuracy has answered is read and not fitted again, and gives the same.
func TestCompareReadsWhatAccuracyAnswered(t *testing.T) {
	in := experiments.Input{
		Data: synthetic(6, 4, 2), Learners: []learners.Configured{oracle, modulo}, Seed: 3,
		Options: map[string]string{"hierarchies": "kernel", "folds": "4", "resamples": "100"},
	}
	want := compareOn(t, in)
	dir := t.TempDir()
	e, err := experiments.Find("accuracy")
	require.NoError(t, err)
	r, err := experiments.Run(context.Background(), e, &in)
	require.NoError(t, err)
	require.NoError(t, r.Write(dir+"/accuracy"))
	in.Results = dir
	unfit := in
	unfit.Learners = []learners.Configured{oracle, modulo}
	for i := range unfit.Learners {
		unfit.Learners[i].Learner = broken.Learner
	}
	require.Equal(t, fmt.Sprint(want), fmt.Sprint(compareOn(t, unfit)))
	// Another seed makes other folds: those answers are no use.
	unfit.Seed = 4
	e, err = experiments.Find("compare")
	require.NoError(t, err)
	_, err = experiments.Run(context.Background(), e, &unfit)
	require.ErrorContains(t, err, "no convergence")
}

// predictionsOf makes answers of learners on a data set of n machines, where
// a learner of skill s is right on the first s machines.
func predictionsOf(n int, skill map[string]int, order ...string) []experiments.Prediction {
	yes, no := "yes", "no"
	var rows []experiments.Prediction
	for _, name := range order {
		for i := range n {
			p := experiments.Prediction{Hierarchy: "kernel", Learner: name, Fields: "prone", Split: "grouped", Filter: "all", Fold: int32(i % 5), Machine: fmt.Sprint(i), Group: fmt.Sprint(i), Truth: yes, Predicted: &no}
			if i < skill[name] {
				p.Predicted = &yes
			}
			rows = append(rows, p)
		}
	}
	return rows
}

func TestCompareRanksOverFiveDataSets(t *testing.T) {
	c := &experiments.Comparison{Seed: 1, Resamples: 100}
	for d := range 5 {
		c.AddPredictions(fmt.Sprint("data", d), predictionsOf(20, map[string]int{"good": 18 - d, "fair": 12, "poor": d}, "good", "fair", "poor"))
		r, err := c.Result()
		require.NoError(t, err)
		var ranks []string
		for _, row := range r.Rows.([]experiments.CompareRow) {
			if row.Kind == "rank" {
				ranks = append(ranks, row.A+" "+row.Rank.Format(1))
			}
		}
		if d < 4 {
			require.Empty(t, ranks, "%d data sets", d+1)
			continue
		}
		require.Equal(t, []string{"good 1.0", "fair 2.0", "poor 3.0"}, ranks)
		last := r.Rows.([]experiments.CompareRow)[len(r.Rows.([]experiments.CompareRow))-2]
		require.Equal(t, "good ranks higher", last.Conclusion, "good against poor")
	}
}

func TestCompareRefusesOtherFolds(t *testing.T) {
	c := &experiments.Comparison{Seed: 1, Resamples: 100}
	c.AddPredictions("data", predictionsOf(20, nil, "one"))
	other := predictionsOf(20, nil, "two")
	other[3].Fold = 4
	c.AddPredictions("data", other)
	_, err := c.Result()
	require.ErrorContains(t, err, "one and two did not answer for the same rows in the same folds")
}
