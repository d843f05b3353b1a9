package experiments

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/nmap6"
)

// planted makes scaled vectors in which every feature is one of two hidden
// numbers, so that any probe tells what the others were.
func plantedVectors(n int) [][]float64 {
	r := rand.New(rand.NewPCG(1, 2))
	rows := make([][]float64, n)
	for k := range rows {
		hidden := [2]float64{r.Float64(), r.Float64()}
		rows[k] = make([]float64, nmap6.NumFeatures)
		for i := range rows[k] {
			rows[k][i] = hidden[i%2]
		}
	}
	return rows
}

// Filled features are near those that were taken away, nearer than the mean,
// and all else stays.
func TestFillers(t *testing.T) {
	rows := plantedVectors(60)
	lost := make([]float64, nmap6.NumFeatures)
	copy(lost, rows[0])
	for i := range lost {
		if probeOf[i] == 4 || probeOf[i] == 9 {
			lost[i] = nmap6.Missing
		}
	}
	unanswered := unansweredIn(lost)
	require.True(t, unanswered[4] && unanswered[9] && !unanswered[0])
	for _, way := range []string{byNearest, regression} {
		fill, err := newFiller(way, rows[1:])
		require.NoError(t, err)
		out := fill.fill(lost, unanswered)
		again := fill.fill(lost, unanswered)
		require.Equal(t, out, again)
		for i := range out {
			if lost[i] != nmap6.Missing {
				require.Equal(t, lost[i], out[i])
				continue
			}
			require.InDelta(t, rows[0][i], out[i], 0.15, "%s, %s", way, nmap6.Features[i])
		}
	}
	_, err := newFiller("zero", rows)
	require.ErrorContains(t, err, "want -1, missing, k-nn or regression")
}

// A probe that no training vector has answered stays missing.
func TestFillersLeaveWhatNothingTells(t *testing.T) {
	rows := plantedVectors(10)
	for _, x := range rows {
		for i := range x {
			if probeOf[i] == 8 {
				x[i] = nmap6.Missing
			}
		}
	}
	for _, way := range []string{byNearest, regression} {
		fill, err := newFiller(way, rows[1:])
		require.NoError(t, err)
		for i, v := range fill.fill(rows[0], unansweredIn(rows[0])) {
			require.Equal(t, probeOf[i] == 8, v == nmap6.Missing, "%s, %s", way, nmap6.Features[i])
		}
	}
}
