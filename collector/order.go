package collector

import "math/rand/v2"

// A copy is one sending of a probe, numbered probe·repeats + repeat within
// its plan.

// listOrder gives the copies of an ordered plan: the list, again and again.
func listOrder(probes, repeats int) []uint32 {
	order := make([]uint32, 0, probes*repeats)
	for r := range repeats {
		for p := range probes {
			order = append(order, uint32(p*repeats+r))
		}
	}
	return order
}

// randomOrder shuffles all copies such that no two copies of a probe follow
// each other, unless there is but one probe. Each pair of neighbours that
// does is parted by swapping its second with the next copy that fits there
// and where it goes; what so few probes leave no room for is drawn in rounds
// instead.
func randomOrder(r *rand.Rand, probes, repeats int) []uint32 {
	order := make([]uint32, probes*repeats)
	for i := range order {
		order[i] = uint32(i)
	}
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	if probes == 1 || partNeighbours(order, repeats) {
		return order
	}
	return roundOrder(r, probes, repeats)
}

// partNeighbours does so in place and says whether it could.
func partNeighbours(order []uint32, repeats int) bool {
	n, k := len(order), uint32(repeats)
	probeAt := func(i int) int {
		if i < 0 || i >= n {
			return -1
		}
		return int(order[i] / k)
	}
	// free says whether probe p can stand at place i.
	free := func(p, i int) bool { return probeAt(i-1) != p && probeAt(i+1) != p }
	for i := 1; i < n; i++ {
		p := probeAt(i)
		if probeAt(i-1) != p {
			continue
		}
		parted := false
		for d := 2; d < n && !parted; d++ {
			j := (i + d) % n
			if q := probeAt(j); free(p, j) && free(q, i) {
				order[i], order[j] = order[j], order[i]
				parted = true
			}
		}
		if !parted {
			return false
		}
	}
	return true
}

// roundOrder sends every probe once a round, in a fresh order each, with
// repeats in ascending order.
func roundOrder(r *rand.Rand, probes, repeats int) []uint32 {
	order := make([]uint32, 0, probes*repeats)
	for round := range repeats {
		list := r.Perm(probes)
		if round > 0 && list[0] == int(order[len(order)-1])/repeats {
			list[0], list[probes-1] = list[probes-1], list[0]
		}
		for _, p := range list {
			order = append(order, uint32(p*repeats+round))
		}
	}
	return order
}
