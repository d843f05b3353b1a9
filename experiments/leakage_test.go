package experiments_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/experiments"
	"tickle/learners"
	"tickle/learners/all"
)

// TestLeakage has three clones of each image, which differ in nothing that
// tells images apart: a nearest neighbour knows every row by its clones, and by
// images only what they share.
func TestLeakage(t *testing.T) {
	ls, err := all.Registry().Parse("ibk:k=1")
	require.NoError(t, err)
	r := study(t, "leakage", experiments.Input{Data: synthetic(6, 5, 3), Learners: ls, Options: map[string]string{"folds": "5", "levels": "2", "hierarchies": "kernel", "resamples": "50"}, Seed: 1})
	rows, err := experiments.RowsOf[experiments.LeakageRow](r)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	row := rows[0]
	require.Equal(t, 90, row.N)
	require.Equal(t, 30, row.Groups)
	require.InDelta(t, float64(row.ByRows-row.ByGroups), float64(row.Lie), 1e-12)
	require.LessOrEqual(t, float64(row.LieLow), float64(row.Lie))
	require.Greater(t, float64(row.Siblings), 0.9)
	require.GreaterOrEqual(t, float64(row.Lie), 0.0)
	require.Len(t, r.Predictions, 2*90)
}

// TestLeakageWithoutSiblings has one row a group: the splits are the same.
func TestLeakageWithoutSiblings(t *testing.T) {
	r := study(t, "leakage", experiments.Input{Data: synthetic(6, 5, 1), Learners: []learners.Configured{oracle}, Options: map[string]string{"folds": "3", "resamples": "20"}, Seed: 1})
	rows, err := experiments.RowsOf[experiments.LeakageRow](r)
	require.NoError(t, err)
	for _, row := range rows {
		require.Zero(t, float64(row.Lie))
		require.Zero(t, float64(row.Siblings))
	}
	require.Equal(t, experiments.WarnNoSiblings, r.Warnings[len(r.Warnings)-1].Code)
}

// TestRowFolds splits the rows of a group.
func TestRowFolds(t *testing.T) {
	table := &experiments.Table{Rows: 6, Labels: []int32{0, 0, 0, 1, 1, 1}, Groups: []int32{0, 0, 0, 1, 1, 1}}
	folds, err := experiments.RowFolds{K: 3}.Split(table, 1)
	require.NoError(t, err)
	require.Len(t, folds, 3)
	for _, f := range folds {
		require.Len(t, f.Test, 2)
		require.NotEqual(t, table.Labels[f.Test[0]], table.Labels[f.Test[1]])
	}
	_, err = experiments.GroupedFolds{K: 3}.Split(table, 1)
	require.NoError(t, err)
	require.Equal(t, []int32{0, 0, 0, 1, 1, 1}, table.Groups)
}
