package stats_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"

	"tickle/experiments/stats"
)

// single makes groups of one row of which some have a difference.
func single(first, second, n int) (b, c, rows []int) {
	b, c, rows = make([]int, n), make([]int, n), make([]int, n)
	for g := range rows {
		rows[g] = 1
		if g < first {
			b[g] = 1
		} else if g < first+second {
			c[g] = 1
		}
	}
	return b, c, rows
}

// TestMarginTest holds the statistic to one whose table is searched for: the
// likeliest with the margin as its difference.
func TestMarginTest(t *testing.T) {
	for _, c := range []struct {
		first, second, n int
		margin           float64
	}{{0, 0, 72, .05}, {1, 0, 44, .1}, {9, 2, 77, .02}, {3, 12, 60, -.1}, {20, 20, 100, -.05}, {0, 7, 30, .2}} {
		best, likeliest := 0.0, math.Inf(-1)
		const steps = 1_000_000
		for i := range steps {
			q := float64(i) / steps // only the second, or with a margin below 0 only the first
			p := q + math.Abs(c.margin)
			b, s := float64(c.first), float64(c.second)
			if c.margin < 0 {
				b, s = s, b
			}
			if p+q > 1 {
				break
			}
			l := term(b, p) + term(s, q) + term(float64(c.n)-b-s, 1-p-q)
			if l > likeliest {
				best, likeliest = q, l
			}
		}
		d := math.Abs(c.margin)
		n := float64(c.n)
		want := (float64(c.first-c.second) - c.margin*n) / math.Sqrt(n*(2*best+d-d*d))
		first, second, rows := single(c.first, c.second, c.n)
		got := stats.MarginTest(first, second, rows, c.margin)
		// The groups' own sums may vary more than the likeliest table says.
		require.LessOrEqual(t, math.Abs(got.Statistic), math.Abs(want)+1e-4, "%+v", c)
		require.Greater(t, math.Abs(got.Statistic), 0.93*math.Abs(want), "%+v", c)
		require.Equal(t, want > 0, got.Statistic > 0, "%+v", c)
		require.InDelta(t, 2*distuv.UnitNormal.CDF(-math.Abs(got.Statistic)), got.P, 1e-12)
	}
}

func term(count, p float64) float64 {
	if count == 0 {
		return 0
	}
	return count * math.Log(p)
}

// TestMarginSize adds up how often the test rejects where the difference is the
// margin, and only the first learner is ever right alone: sign flips about the
// margin would reject whenever there is no difference at all.
func TestMarginSize(t *testing.T) {
	for _, n := range []int{40, 72, 150, 329} {
		for _, margin := range []float64{.02, .05, .1} {
			binomial := distuv.Binomial{N: float64(n), P: margin}
			rejected := 0.0
			for b := range n + 1 {
				first, second, rows := single(b, 0, n)
				if stats.MarginTest(first, second, rows, margin).P < .05 {
					rejected += binomial.Prob(float64(b))
				}
			}
			require.Less(t, rejected, .075, "n=%d, margin %g", n, margin)
		}
	}
	first, second, rows := single(0, 0, 72)
	// All 72 without a difference are no surprise of 2·2⁻⁷²: 0.95⁷² is 0.025.
	require.InDelta(t, .0516, stats.MarginTest(first, second, rows, .05).P, 1e-4)
}

// TestMarginGroups: rows of one group are worth one observation, not many.
func TestMarginGroups(t *testing.T) {
	b, c, rows := single(8, 1, 40)
	alone := stats.MarginTest(b, c, rows, .05)
	for g := range rows {
		b[g], c[g], rows[g] = 6*b[g], 6*c[g], 6*rows[g]
	}
	require.InDelta(t, alone.Statistic, stats.MarginTest(b, c, rows, .05).Statistic, 1e-9)
}
