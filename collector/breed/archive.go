package breed

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"

	"tickle/datasets"
	"tickle/probegen"
)

// pair is two labels, ascending.
type pair [2]string

// found is a probe with the pairs that it tells apart.
type found struct {
	probe   probegen.Probe
	opening string           // see openingOf
	told    datasets.PairSet // by place in search.pairs
}

// openingOf names how a dialogue opens its connection. What opens none is like
// nothing but itself.
//
// A pair's probes should open in different ways, for what a machine is set to
// (timestamps, SACK, window scaling, ECN) decides what it says behind an opening
// that offers it: what tells two labels apart behind several is the more likely
// to do so on machines with other settings.
func openingOf(p *probegen.Probe) string {
	if opening, _, ok := strings.Cut(p.Name, "/"); ok {
		return opening
	}
	return contentOf(p)
}

// told gives the pairs that some probe tells apart.
func told(by []found, pairs int) datasets.PairSet {
	all := datasets.NewPairSet(pairs)
	for i := range by {
		all.Add(by[i].told)
	}
	return all
}

// held is the number of probes that the pairs have, of different openings, at
// most keep each.
func held(by []found, pairs, keep int) int {
	n := 0
	for _, need := range needs(by, pairs, keep) {
		n += need
	}
	return n
}

// needs gives for each pair how many probes a cover should have for it: keep,
// or as many as there are of different openings.
func needs(by []found, pairs, keep int) []int {
	need, openings := make([]int, pairs), make([]map[string]bool, pairs)
	for k := range need {
		openings[k] = make(map[string]bool)
		for i := range by {
			if by[i].told.Has(k) {
				openings[k][by[i].opening] = true
			}
		}
		need[k] = min(keep, len(openings[k]))
	}
	return need
}

// cover chooses probes, by place, until each told pair has keep of different
// openings, or as many as there are: each time the one that serves most pairs
// still short, the first of equals.
func cover(by []found, pairs, keep int) []int {
	need, openings := needs(by, pairs, keep), make([]map[string]bool, pairs)
	for k := range openings {
		openings[k] = make(map[string]bool)
	}
	chosen := make([]bool, len(by))
	serves := func(i, k int) bool { return need[k] > 0 && by[i].told.Has(k) && !openings[k][by[i].opening] }
	var order []int
	for {
		best, most := -1, 0
		for i := range by {
			n := 0
			for k := range need {
				if !chosen[i] && serves(i, k) {
					n++
				}
			}
			if n > most {
				best, most = i, n
			}
		}
		if best < 0 {
			return order
		}
		chosen[best], order = true, append(order, best)
		for k := range need {
			if serves(best, k) {
				need[k]--
				openings[k][by[best].opening] = true
			}
		}
	}
}

// worths gives each probe's worth: the sum over the pairs it tells of one over
// the number of openings behind which some probe does. What is told behind few
// is worth most.
func worths(by []found, pairs int) []float64 {
	openings := needs(by, pairs, len(by))
	worth := make([]float64, len(by))
	for i := range worth {
		for k := range openings {
			if by[i].told.Has(k) {
				worth[i] += 1 / float64(openings[k])
			}
		}
	}
	return worth
}

// parent is the best of three probes, drawn at random.
func parent(by []found, worth []float64, rng *rand.Rand) *probegen.Probe {
	best := rng.IntN(len(worth))
	for range 2 {
		if i := rng.IntN(len(worth)); worth[i] > worth[best] {
			best = i
		}
	}
	return &by[best].probe
}

// contentOf is what a probe sends, whatever it is called.
func contentOf(p *probegen.Probe) string {
	b, err := json.Marshal(p.Steps)
	if err != nil {
		panic("breed: " + err.Error()) // numbers and bytes always encode
	}
	return string(b)
}

// probesAt gives the probes at some places.
func probesAt(by []found, places []int) []probegen.Probe {
	var probes []probegen.Probe
	for _, i := range places {
		probes = append(probes, by[i].probe)
	}
	return probes
}

// without gives what is found but for some places.
func without(by []found, places []int) []found {
	var rest []found
	for i := range by {
		if !slices.Contains(places, i) {
			rest = append(rest, by[i])
		}
	}
	return rest
}
