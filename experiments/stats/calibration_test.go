package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/experiments/stats"
)

func TestEqualMassBinsByHand(t *testing.T) {
	answers := []stats.Sure{{0.9, true, 0}, {0.5, false, 1}, {0.6, true, 2}, {0.8, true, 3}, {0.7, false, 4}}
	bins := stats.EqualMassBins(answers, 2)
	require.Len(t, bins, 2)
	// 0.5 and 0.6, of which one is right; 0.7, 0.8 and 0.9, of which two are.
	require.Equal(t, []int{2, 3}, []int{bins[0].N, bins[1].N})
	require.InDelta(t, 0.55, bins[0].Confidence, 1e-12)
	require.InDelta(t, 0.5, bins[0].Accuracy, 1e-12)
	require.InDelta(t, 0.8, bins[1].Confidence, 1e-12)
	require.InDelta(t, 2.0/3, bins[1].Accuracy, 1e-12)
	require.Equal(t, []float64{0.5, 0.6, 0.7, 0.9}, []float64{bins[0].From, bins[0].To, bins[1].From, bins[1].To})
	require.InDelta(t, (2*0.05+3*(0.8-2.0/3))/5, stats.ECE(bins), 1e-12)
	require.Len(t, stats.EqualMassBins(answers, 10), 5)
	require.True(t, math.IsNaN(stats.ECE(nil)))
}

// simulated answers are right with just their confidence, or less by off.
func simulated(n int, off float64) []stats.Sure {
	rng := rand.New(rand.NewPCG(11, 3))
	answers := make([]stats.Sure, n)
	for i := range answers {
		p := 0.3 + 0.7*rng.Float64()
		answers[i] = stats.Sure{Confidence: p, Right: rng.Float64() < p-off, Group: i}
	}
	return answers
}

func TestCalibrationTellsGoodFromBad(t *testing.T) {
	const n = 400
	calibrate := func(answers []stats.Sure, groups int) stats.Calibration {
		c := stats.Calibrator{Groups: groups, Resamples: 400, Source: rand.NewPCG(1, 2)}
		return c.Calibrate(answers)
	}
	good := calibrate(simulated(n, 0), n)
	require.Less(t, good.ECE, good.PerfectHigh)
	// In each of ten bins of 40 answers the mean distance is about
	// sqrt(2/π · p(1−p)/40), with p from 0.3 to 1: 0.05 in the mean.
	require.InDelta(t, 0.05, good.Perfect, 0.01)
	bad := calibrate(simulated(n, 0.2), n)
	require.Greater(t, bad.ECE, bad.PerfectHigh)
	require.InDelta(t, 0.2, bad.ECE, 0.05)
	require.Less(t, bad.Interval.Low, 0.2)
	require.Greater(t, bad.Interval.High, 0.15)
	// Of clones there is less to learn: the perfect model looks worse.
	clones := simulated(n, 0)
	for i := range clones {
		clones[i].Group = i / 8
		clones[i].Confidence = clones[i/8*8].Confidence
	}
	require.Greater(t, calibrate(clones, n/8).Perfect, 1.5*good.Perfect)
	// Few answers, well calibrated: nearly all resamples' ECE is above theirs.
	few := calibrate(simulated(60, 0), 60)
	require.LessOrEqual(t, few.Interval.Low, few.ECE)
	require.Greater(t, few.Interval.High, few.ECE)
	none := calibrate(nil, 3)
	require.True(t, math.IsNaN(none.ECE) && math.IsNaN(none.Perfect) && math.IsNaN(none.Interval.Low))
}

// TestBrier holds two-class scores to twice scikit-learn 1.5's
// brier_score_loss([0, 1, 1, 0], [0.1, 0.9, 0.8, 0.3]) = 0.0375, the example
// of its documentation.
func TestBrier(t *testing.T) {
	scores := [][]float64{{0.9, 0.1}, {0.1, 0.9}, {0.2, 0.8}, {0.7, 0.3}}
	require.InDelta(t, 2*0.0375, stats.Brier(scores, []int32{0, 1, 1, 0}), 1e-12)
	require.EqualValues(t, 2, stats.Brier([][]float64{{1, 0}}, []int32{1}))
	require.True(t, math.IsNaN(stats.Brier(nil, nil)))
}
