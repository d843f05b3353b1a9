package experiments

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/experiments/stats"
)

// An interval that resampling made a point is as wide as Wilson's is for none of
// so many groups: 3.8415/(72+3.8415) is 0.0507.
func TestUnmet(t *testing.T) {
	for _, c := range []struct {
		in   stats.Interval
		most float64
		want stats.Interval
	}{
		{stats.Interval{Low: 0, High: 0}, 1, stats.Interval{Low: -.0507, High: .0507}},
		{stats.Interval{Low: 0, High: 0}, 2, stats.Interval{Low: -.1013, High: .1013}},
		{stats.Interval{Low: 1, High: 1}, 1, stats.Interval{Low: 1 - 2*.0507, High: 1}},
		{stats.Interval{Low: -1, High: -1}, 1, stats.Interval{Low: -1, High: -1 + 2*.0507}},
		{stats.Interval{Low: -.1, High: .2}, 1, stats.Interval{Low: -.1, High: .2}},
	} {
		got := unmet(c.in, 72, c.most)
		require.InDelta(t, c.want.Low, got.Low, 1e-4, "%+v", c)
		require.InDelta(t, c.want.High, got.High, 1e-4, "%+v", c)
	}
	require.True(t, math.IsNaN(unmet(stats.Interval{Low: math.NaN(), High: math.NaN()}, 72, 1).Low))
}
