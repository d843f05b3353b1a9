package stats_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/experiments/stats"
)

// confusion counts answers; -1 is an abstention.
func confusion(k int, truth, predicted []int) *stats.Confusion {
	c := stats.NewConfusion(k)
	for i := range truth {
		c.Add(truth[i], predicted[i])
	}
	return c
}

func TestMetricsAgainstScikitLearn(t *testing.T) {
	// The examples in the documentation of scikit-learn 1.5, metrics:
	// balanced_accuracy_score, f1_score(average="macro"), cohen_kappa_score
	// (negative 0, neutral 1, positive 2) and log_loss.
	c := confusion(2, []int{0, 1, 0, 0, 1, 0}, []int{0, 1, 0, 0, 0, 1})
	require.InDelta(t, 0.625, c.BalancedAccuracy(), 1e-12)
	c = confusion(3, []int{0, 1, 2, 0, 1, 2}, []int{0, 2, 1, 0, 0, 1})
	require.InDelta(t, 0.26666666666666666, c.MacroF1(), 1e-12)
	c = confusion(3, []int{0, 2, 0, 1, 2}, []int{0, 2, 0, 1, 0})
	require.InDelta(t, 0.6875, c.Kappa(), 1e-12)
	require.InDelta(t, 0.21616187468057912, stats.LogLoss([]float64{0.9, 0.9, 0.8, 0.65}), 1e-12)
}

func TestMetricsAtTheirEdges(t *testing.T) {
	empty := stats.NewConfusion(3)
	for name, v := range map[string]float64{"accuracy": empty.Accuracy(), "balanced": empty.BalancedAccuracy(), "F1": empty.MacroF1(), "kappa": empty.Kappa(), "log loss": stats.LogLoss(nil)} {
		require.True(t, math.IsNaN(v), name)
	}
	// A class without rows is no class, but predicting it costs.
	c := confusion(3, []int{0, 0, 1, 1}, []int{0, 2, 1, 1})
	require.InDelta(t, 0.75, c.BalancedAccuracy(), 1e-12)
	require.InDelta(t, (2.0/3+1)/2, c.MacroF1(), 1e-12)
	// Abstaining is wrong and predicts nothing.
	c = confusion(2, []int{0, 0, 1, 1}, []int{0, -1, 1, -1})
	require.InDelta(t, 0.5, c.Accuracy(), 1e-12)
	require.InDelta(t, 2.0/3, c.MacroF1(), 1e-12)
	require.InDelta(t, (0.5-0.25)/0.75, c.Kappa(), 1e-12)
	require.Equal(t, 1, c.At(0, c.K))
	// Chance alone always agrees.
	require.True(t, math.IsNaN(confusion(2, []int{0, 0}, []int{0, 0}).Kappa()))
	require.InDelta(t, -math.Log(1e-15), stats.LogLoss([]float64{0}), 1e-12)
	require.Panics(t, func() { stats.NewConfusion(2).Add(0, 2) })
}

func TestWilsonAgainstNewcombe(t *testing.T) {
	// Newcombe, Two-sided confidence intervals for the single proportion,
	// Statistics in Medicine 17 (1998), table I, method 3.
	for _, c := range []struct {
		r, n      int
		low, high float64
	}{
		{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718},
	} {
		i := stats.Wilson(float64(c.r)/float64(c.n), c.n, 0.95)
		require.InDelta(t, c.low, i.Low, 5e-5, "%d/%d", c.r, c.n)
		require.InDelta(t, c.high, i.High, 5e-5, "%d/%d", c.r, c.n)
	}
	require.True(t, math.IsNaN(stats.Wilson(0, 0, 0.95).Low))
}

// spatial is the A column of the spatial test data: 26 impaired children
// (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, table 14.1).
var spatial = []float64{48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6, 0, 33, 28, 34, 4, 32, 24, 47, 41, 24, 26, 30, 41}

// variance is the plug-in variance of spatial as drawn.
func variance(drawn []int) float64 {
	n, mean := 0.0, 0.0
	for i, w := range drawn {
		n += float64(w)
		mean += float64(w) * spatial[i]
	}
	mean /= n
	sum := 0.0
	for i, w := range drawn {
		sum += float64(w) * (spatial[i] - mean) * (spatial[i] - mean)
	}
	return sum / n
}

func TestBootstrapAgainstEfronAndTibshirani(t *testing.T) {
	// Their table 14.2: the variance is 171.5; 90 % intervals from 2000
	// resamples are 100.8 to 233.9 (percentile) and 115.8 to 259.6 (BCa). The
	// tolerance is of their resampling, not of ours.
	b := stats.Bootstrap{Method: stats.Percentile, Groups: len(spatial), Resamples: 40000, Level: 0.90, Source: rand.NewPCG(1, 2)}
	i := b.Interval(variance)
	require.InDelta(t, 100.8, i.Low, 4)
	require.InDelta(t, 233.9, i.High, 4)
	b.Method, b.Source = stats.BCa, rand.NewPCG(1, 2)
	i = b.Interval(variance)
	require.InDelta(t, 115.8, i.Low, 5)
	require.InDelta(t, 259.6, i.High, 7)
}

func TestBootstrapEdges(t *testing.T) {
	bootstrap := func(groups int) *stats.Bootstrap {
		return &stats.Bootstrap{Method: stats.BCa, Groups: groups, Source: rand.NewPCG(1, 1)}
	}
	require.True(t, math.IsNaN(bootstrap(0).Interval(variance).Low))
	require.Equal(t, stats.Interval{Low: 3, High: 3}, bootstrap(5).Interval(func([]int) float64 { return 3 }))
	none := bootstrap(5).Interval(func([]int) float64 { return math.NaN() })
	require.True(t, math.IsNaN(none.High))
	require.Equal(t, bootstrap(26).Interval(variance), bootstrap(26).Interval(variance))
	require.Panics(t, func() {
		(&stats.Bootstrap{Groups: 26, Source: rand.NewPCG(1, 1)}).Interval(variance)
	})
}

func TestQuantileIsRsTypeSeven(t *testing.T) {
	// R 4.3: quantile(c(1, 2, 3, 4, 10), c(0, .1, .4, .9, 1)).
	x := []float64{1, 2, 3, 4, 10}
	for p, want := range map[float64]float64{0: 1, 0.1: 1.4, 0.4: 2.6, 0.9: 7.6, 1: 10} {
		require.InDelta(t, want, stats.Quantile(x, p), 1e-12, "p = %g", p)
	}
}

func ExampleSmallestP() {
	// Five machines can never show a difference at α = 0.05; six can.
	fmt.Println(stats.SmallestP(5), stats.SmallestP(6))
	// Output: 0.0625 0.03125
}

func BenchmarkBootstrap(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		boot := stats.Bootstrap{Method: stats.BCa, Groups: len(spatial), Source: rand.NewPCG(1, 1)}
		boot.Interval(variance)
	}
}
