package experiments

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNoneOfAgainstBinomials(t *testing.T) {
	for n := range 14 {
		for d := range n + 1 {
			for s := range n + 1 {
				var left, all big.Int
				left.Binomial(int64(n-d), int64(s))
				if s > n-d {
					left.SetInt64(0)
				}
				want, _ := new(big.Rat).SetFrac(&left, all.Binomial(int64(n), int64(s))).Float64()
				require.InDelta(t, want, noneOf(n, d, s), 1e-14, "C(%d-%d,%d)/C(%d,%d)", n, d, s, n, s)
			}
		}
	}
	// At the paper's scale: two of 50,000, half of them drawn.
	require.InDelta(t, 24999.0/(2*49999), noneOf(50000, 2, 25000), 1e-15)
}

func TestDrawPairs(t *testing.T) {
	const rows, total = 9, 36
	drawn := make(map[[2]int]int)
	rng := rand.New(rand.NewPCG(1, 1))
	for range 4000 {
		pairs := drawPairs(rows, 5, rng)
		require.Len(t, pairs, 5)
		for i, p := range pairs {
			require.Less(t, p[0], p[1])
			if i > 0 {
				require.Less(t, pairs[i-1][0]*rows+pairs[i-1][1], p[0]*rows+p[1], "ascending, none twice")
			}
			drawn[p]++
		}
	}
	require.Len(t, drawn, total)
	for p, n := range drawn {
		// Mean 555.6, standard deviation 21.9.
		require.InDelta(t, 4000*5.0/total, n, 110, "%v", p)
	}
	require.Len(t, drawPairs(rows, total, rng), total)
}

func TestLogGrid(t *testing.T) {
	require.Equal(t, []int{1}, logGrid(1))
	require.Equal(t, []int{1, 2, 3, 5, 7, 10}, logGrid(10))
	require.Equal(t, []int{1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100, 121}, logGrid(121))
	require.Equal(t, []int{1, 2, 3}, repeatsGrid(3))
	require.Equal(t, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20, 25}, repeatsGrid(25))
}
