package bayes

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/learnertest"
)

// TestBundles adds up the columns that bundles stand for, over more partitions
// than are sorted together.
func TestBundles(t *testing.T) {
	d := learnertest.Synthetic(learnertest.Shape{Rows: 40, Columns: 60_000, Classes: 5, Behaviours: 9, Constant: .1, Noise: .3, Missing: .01, Seed: 4})
	require.Greater(t, len(d.IDs), bundleParts)
	bundles, err := newBundles(context.Background(), d.Selection, 2)
	require.NoError(t, err)
	columns := map[int32]int32{}
	for _, b := range bundles {
		require.LessOrEqual(t, len(b.ids), 64)
		for _, id := range b.ids {
			columns[id] += 1 << b.shift
			require.Equal(t, [2]any{d.Parts[id].Distinct, d.Parts[id].Missing}, [2]any{b.values, b.missing})
		}
	}
	for i, id := range d.IDs {
		if tells(&d.Parts[id]) {
			require.Equal(t, d.Mult[i], columns[id])
		}
	}
}
