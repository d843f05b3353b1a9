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
	probe probegen.Probe
	told  datasets.PairSet // by place in search.pairs
}

// told gives the pairs that some probe tells apart.
func told(by []found, pairs int) datasets.PairSet {
	all := datasets.NewPairSet(pairs)
	for i := range by {
		all.Add(by[i].told)
	}
	return all
}

// held is the number of probes that the pairs have, at most keep each.
func held(by []found, pairs, keep int) int {
	n := 0
	for _, need := range needs(by, pairs, keep) {
		n += need
	}
	return n
}

// needs gives for each pair how many probes a cover should have for it: keep,
// or as many as there are.
func needs(by []found, pairs, keep int) []int {
	need := make([]int, pairs)
	for k := range need {
		for i := range by {
			if by[i].told.Has(k) && need[k] < keep {
				need[k]++
			}
		}
	}
	return need
}

// cover chooses probes, by place, until each told pair has keep of them, or all
// that there are: each time the one that serves most pairs still short, the
// first of equals. A pair's probes should open their connections in different
// ways, for what a machine is set to (timestamps, SACK, window scaling) decides
// what it says behind an opening that offers it; only when no other is left
// does a probe serve a pair that has one of its opening.
func cover(by []found, pairs, keep int) []int {
	c := covering{by: by, need: needs(by, pairs, keep), chosen: make([]bool, len(by)), openings: make([]map[string]bool, pairs)}
	for k := range c.openings {
		c.openings[k] = make(map[string]bool)
	}
	for _, anew := range []bool{true, false} {
		for c.step(anew) {
		}
	}
	return c.order
}

// covering is a cover in the making.
type covering struct {
	by       []found
	need     []int             // probes that a pair is short of
	openings []map[string]bool // of a pair's probes
	chosen   []bool
	order    []int
}

// step takes in the best probe, and reports whether there was one. With anew it
// looks only at pairs that have no probe of its opening.
func (c *covering) step(anew bool) bool {
	best, most := -1, 0
	for i := range c.by {
		if c.chosen[i] {
			continue
		}
		serves := 0
		for k := range c.need {
			if c.serves(i, k) && !(anew && c.openings[k][openingOf(&c.by[i].probe)]) {
				serves++
			}
		}
		if serves > most {
			best, most = i, serves
		}
	}
	if best < 0 {
		return false
	}
	c.chosen[best] = true
	c.order = append(c.order, best)
	for k := range c.need {
		if c.serves(best, k) {
			c.need[k]--
			c.openings[k][openingOf(&c.by[best].probe)] = true
		}
	}
	return true
}

func (c *covering) serves(i, k int) bool { return c.need[k] > 0 && c.by[i].told.Has(k) }

// openingOf names how a dialogue opens its connection; probes of one packet,
// and what is none, are alike in it.
func openingOf(p *probegen.Probe) string {
	opening, _, _ := strings.Cut(p.Name, "/")
	return opening
}

// worths gives each probe's worth: the sum over the pairs it tells of one over
// the number of probes that do. What few can is worth most.
func worths(by []found, pairs int) []float64 {
	many := make([]int, pairs)
	for i := range by {
		for k := range many {
			if by[i].told.Has(k) {
				many[k]++
			}
		}
	}
	worth := make([]float64, len(by))
	for i := range worth {
		for k := range many {
			if by[i].told.Has(k) {
				worth[i] += 1 / float64(many[k])
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
