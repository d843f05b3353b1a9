package experiments

import (
	"math/bits"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"

	"tickle/experiments/stats"
)

// balancer assigns groups to folds so that classes are spread evenly.
type balancer struct {
	k      int
	counts [][]float64 // group × class: rows
	total  []float64   // class: rows
	placed [][]float64 // class × fold: rows
	size   []float64   // fold: rows
}

func newBalancer(t *Table, groups, k int) *balancer {
	classes := int(slices.Max(append([]int32{-1}, t.Labels...))) + 1
	b := &balancer{k: k, total: make([]float64, classes), size: make([]float64, k)}
	b.counts, b.placed = grid(groups, classes), grid(classes, k)
	for row, g := range t.Groups {
		b.counts[g][t.Labels[row]]++
		b.total[t.Labels[row]]++
	}
	return b
}

func grid(rows, columns int) [][]float64 {
	g := make([][]float64, rows)
	for i := range g {
		g[i] = make([]float64, columns)
	}
	return g
}

// assign gives the fold of each group.
func (b *balancer) assign(rng *rand.Rand) []int32 {
	order := rng.Perm(len(b.counts))
	size := make([]int, len(b.counts))
	for g, c := range b.counts {
		size[g] = bits.Len(uint(floats.Sum(c)))
	}
	slices.SortStableFunc(order, func(x, y int) int { return size[y] - size[x] })
	fold := make([]int32, len(b.counts))
	for _, g := range order {
		best, least := 0, 0.0
		for f := range b.k {
			if e := b.unevenness(g, f); f == 0 || e < least-1e-12 || e < least+1e-12 && b.size[f] < b.size[best] {
				best, least = f, e
			}
		}
		b.place(g, best, 1)
		fold[g] = int32(best)
	}
	return fold
}

// unevenness is what group g in fold f would make of the classes that it has:
// the sum of the standard deviations over folds of the shares of each.
func (b *balancer) unevenness(g, f int) float64 {
	b.place(g, f, 1)
	sum := 0.0
	for class, n := range b.counts[g] {
		if n > 0 {
			sum += stats.PopulationSD(b.placed[class]) / b.total[class]
		}
	}
	b.place(g, f, -1)
	return sum
}

// place puts group g into fold f, or takes it out when sign is -1. Counts are
// whole numbers, so that taking out leaves no rounding behind.
func (b *balancer) place(g, f int, sign float64) {
	for class, n := range b.counts[g] {
		b.placed[class][f] += sign * n
		b.size[f] += sign * n
	}
}
