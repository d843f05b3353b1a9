package collector

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
)

// slotOf makes the rows of one slot: a value a repeat, 9 not answered, 0 absent.
func slotOf(values []uint64) *slotRows {
	s := &slotRows{obs: [][]datasets.Observation{make([]datasets.Observation, len(values))}, answered: [][]bool{make([]bool, len(values))}}
	for i, v := range values {
		s.answered[0][i] = v != 9
		if v != 0 {
			s.obs[0][i].Set(datasets.TCPFlags, v)
		}
	}
	return s
}

func bootsOf(repeats, boots int) *program {
	g := &program{repeats: repeats, layout: datasets.Dialogues}
	for b := range boots {
		g.ends = append(g.ends, b+1)
	}
	return g
}

func TestApartByBoot(t *testing.T) {
	for _, c := range []struct {
		values []uint64
		boots  int
		want   bool
		chance float64
	}{
		{[]uint64{1, 1, 2, 2}, 2, true, 1. / 3},
		{[]uint64{0, 0, 2, 2}, 2, true, 1. / 3},
		{[]uint64{1, 2, 1, 2}, 2, false, 1. / 3},
		{[]uint64{1, 2, 2, 2}, 2, false, 0},
		{[]uint64{1, 9, 2, 2}, 2, false, 0}, // one answer is no rule
		{[]uint64{1, 9, 2, 9}, 2, false, 0},
		{[]uint64{1, 2, 3, 3}, 2, false, 0},
		{[]uint64{1, 1, 1, 2, 2, 2}, 2, true, .1},
		{[]uint64{1, 1, 9, 2, 2, 2}, 2, true, .1}, // of ten arrangements
		{[]uint64{1, 1, 2, 2, 1, 1}, 3, true, 3. / 15},
	} {
		v := slotOf(c.values).split(datasets.TCPFlags, 0, bootsOf(len(c.values), c.boots))
		require.Equal(t, c.want, v.apart(), "%+v", c)
		require.InDelta(t, c.chance, v.chance(), 1e-12, "%+v", c)
	}
}

// The chance is the share of all arrangements in which boots are apart.
func TestChanceIsOfAllArrangements(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		boots := 2 + r.IntN(2)
		values := make([]uint64, boots*(2+r.IntN(2)))
		for i := range values {
			values[i] = 1 + uint64(r.IntN(2))
		}
		g := bootsOf(len(values), boots)
		split := slotOf(values).split(datasets.TCPFlags, 0, g)
		seen, apart := map[string]bool{}, 0
		for range 20_000 {
			r.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
			if key := fmt.Sprint(values); !seen[key] {
				seen[key] = true
				if v := slotOf(values).split(datasets.TCPFlags, 0, g); v.apart() && len(v.counts) > 1 {
					apart++
				}
			}
		}
		require.InDelta(t, float64(apart)/float64(len(seen)), split.chance(), 1e-9, "%v", values)
	}
}

func TestHowAnswersVary(t *testing.T) {
	of := func(steps []uint8, answers ...string) answersTo {
		a := answersTo{steps: steps}
		for _, x := range answers {
			a.answers = append(a.answers, []byte(x))
		}
		return a
	}
	first := of([]uint8{0, 2, 2}, "SA", "A", "FA")
	for _, c := range []struct {
		other answersTo
		want  variation
	}{
		{first, valuesVary},
		{of([]uint8{0, 2, 3}, "SA", "A", "FA"), stepsVary},
		{of([]uint8{0, 2}, "SA", "FA"), ackVaries},
		{of([]uint8{0, 2, 2}, "SA", "FA", "A"), orderVaries},
		{of([]uint8{0, 2, 2}, "SA", "A", "R"), answersVary},
		{of([]uint8{0, 2}, "SA", "A"), answersVary},
	} {
		require.Equal(t, c.want, first.differs(c.other), "%+v", c.other)
		require.Equal(t, c.want, c.other.differs(first), "%+v", c.other)
	}
	var n Counts
	n.rebooted(&reboots{fields: []datasets.FieldID{datasets.TCPWindow, datasets.TCPFlags}, chance: .3}, valuesVary)
	n.rebooted(&reboots{fields: []datasets.FieldID{datasets.TCPWindow}}, valuesVary)
	n.rebooted(&reboots{fields: []datasets.FieldID{datasets.TCPWindow}}, stepsVary)
	n.rebooted(&reboots{chance: .1}, valuesVary)
	var sum Counts
	sum.Add(&n)
	sum.Add(&n)
	require.EqualValues(t, 8, sum.Reboots)
	require.InDelta(t, .8, sum.RebootsByChance, 1e-12)
	require.Equal(t, map[string]int64{"value of tcp.window": 4, "value of tcp.flags": 2, "the same answers in other steps": 2}, sum.RebootCauses)
}
