package forest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/attributes"
	"tickle/learners/learnertest"
)

// TestColumns maps every number and counts: each partition as often as it has
// columns.
func TestColumns(t *testing.T) {
	for _, constant := range []float64{0, .6, 1} {
		for _, noise := range []float64{0, .001, .1} {
			d := learnertest.Synthetic(learnertest.Shape{Rows: 50, Columns: 700, Classes: 5, Behaviours: 6, Constant: constant, Noise: noise, Missing: noise, Seed: 2})
			list, err := attributes.Of(d.Selection)
			require.NoError(t, err)
			c := newColumns(list, plain)
			counts := make([]int32, len(d.IDs))
			dull := 0
			for n := range d.D {
				if i, which, ok := c.attribute(n); ok {
					require.Equal(t, int(counts[i]), which)
					counts[i]++
				} else {
					dull++
				}
			}
			for i, id := range d.IDs {
				if d.Parts[id].Distinct < 2 {
					dull -= int(d.Mult[i])
					require.Zero(t, counts[i])
				} else {
					require.Equal(t, d.Mult[i], counts[i])
				}
			}
			require.Zero(t, dull)
		}
	}
}

// TestShuffle: all numbers come once, a new start forgets the old one, and
// each number is as likely as any in every place.
func TestShuffle(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var s shuffle
	for _, n := range []int{0, 1, 2, 63, 64, 65, 1000} {
		s.restart(n)
		var all []int
		for {
			v, ok := s.next(rng)
			if !ok {
				break
			}
			all = append(all, v)
		}
		slices.Sort(all)
		require.Len(t, all, n)
		for i, v := range all {
			require.Equal(t, i, v)
		}
	}
	const n, rounds = 7, 14_000
	var counts [3][n]int
	for range rounds {
		s.restart(n)
		for place := range counts {
			v, _ := s.next(rng)
			counts[place][v]++
		}
	}
	for place := range counts {
		for _, k := range counts[place] {
			require.InDelta(t, rounds/n, k, 5*math.Sqrt(rounds/n))
		}
	}
	s.epoch = math.MaxUint32
	s.restart(3)
	require.Equal(t, uint32(1), s.epoch)
}

// TestUrn: things come once each, and first as often as their weight says.
func TestUrn(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	weights := []int{5, 0, 1, 10, 4}
	weight := func(i int) int { return weights[i] }
	const rounds = 20_000
	counts := make([]int, len(weights))
	var u urn
	for range rounds {
		u.fill(len(weights), weight)
		var order []int
		for u.total > 0 {
			order = append(order, u.take(rng))
		}
		counts[order[0]]++
		slices.Sort(order)
		require.Equal(t, []int{0, 2, 3, 4}, order)
	}
	for i, k := range counts {
		want := rounds * float64(weights[i]) / 20
		require.InDelta(t, want, k, 5*math.Sqrt(want))
	}
}
