package experiments_test

import (
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/experiments"
)

// TestRepeatsAgainstEverySubset counts the fields that look deterministic
// over every subset of the sendings, on random answers.
func TestRepeatsAgainstEverySubset(t *testing.T) {
	const probes, sendings = 4, 8
	rng := rand.New(rand.NewPCG(3, 3))
	fields := []datasets.FieldID{datasets.IPID, datasets.IPChecksum, datasets.TCPWindow, datasets.TCPMSS}
	// values[machine][probe][sending] is nil for silence; -1 is an absent field.
	var values [3][probes][sendings][]int
	for m := range values {
		for p := range values[m] {
			for s := range values[m][p] {
				if rng.IntN(5) == 0 || p == 3 {
					continue
				}
				values[m][p][s] = make([]int, len(fields))
				for f := range fields {
					values[m][p][s][f] = rng.IntN(1+f) - rng.IntN(2)*rng.IntN(2)
				}
			}
		}
	}
	run := writeRun(t, sentPlan{name: "repeats", n: probes, repeats: sendings, singles: true, answer: func(machine, probe, repeat int) map[datasets.FieldID]uint64 {
		v := values[machine][probe][repeat]
		if v == nil {
			return nil
		}
		answer := map[datasets.FieldID]uint64{}
		for f, x := range v {
			if x >= 0 {
				answer[fields[f]] = uint64(x)
			}
		}
		return answer
	}})
	// deterministic counts the fields that agree among the answers of a
	// subset of the sendings.
	deterministic := func(subset uint, count func(datasets.FieldID) bool) int {
		n := 0
		for m := range values {
			for p := range values[m] {
				for f := range fields {
					if !count(fields[f]) {
						continue
					}
					seen := map[int]bool{}
					for s, v := range values[m][p] {
						if subset>>s&1 == 1 && v != nil {
							seen[v[f]] = true
						}
					}
					if len(seen) < 2 {
						n++
					}
				}
			}
		}
		return n
	}
	_, rows := rowsOf[experiments.RepeatsRow](t, "repeats", experiments.Input{Data: runData(), Run: run})
	require.Len(t, rows, 2*sendings, "there is no plan random")
	for _, row := range rows {
		others := 3 * probes * (datasets.NumFields - len(fields))
		count := func(datasets.FieldID) bool { return true }
		if row.Set == experiments.NoChecksums {
			others -= 3 * probes // the TCP checksum
			count = func(f datasets.FieldID) bool { return f != datasets.IPChecksum }
		}
		require.Equal(t, others+deterministic(1<<row.Repeats-1, count), row.Deterministic, "%s, %d sendings", row.Set, row.Repeats)
		sum, subsets := 0, 0
		for subset := range uint(1 << sendings) {
			if bits.OnesCount(subset) == row.Repeats {
				sum += others + deterministic(subset, count)
				subsets++
			}
		}
		require.InDelta(t, float64(sum)/float64(subsets), float64(row.Expected), 1e-9, "%s, %d sendings", row.Set, row.Repeats)
		if row.Repeats == 6 {
			require.Equal(t, "1", row.Paper.String())
		} else {
			require.False(t, row.Paper.Given())
		}
	}
	require.EqualValues(t, 1, rows[sendings-1].Found)
}

func TestRepeatsAtFullScale(t *testing.T) {
	at := func(first int) func(machine, probe, repeat int) map[datasets.FieldID]uint64 {
		return func(_, probe, repeat int) map[datasets.FieldID]uint64 {
			id := uint64(0)
			if repeat >= first+probe {
				id = 1
			}
			return map[datasets.FieldID]uint64{datasets.IPID: id}
		}
	}
	run := writeRun(t, sentPlan{name: "repeats", n: 1, repeats: 40, answer: at(30)}, sentPlan{name: "random", n: 3, repeats: 6, answer: at(3)})
	r, rows := rowsOf[experiments.RepeatsRow](t, "repeats", experiments.Input{Data: runData(), Run: run})
	require.Equal(t, "repeats", r.Provenance.Plan)
	first := make(map[string]map[int]int)
	for _, row := range rows {
		require.True(t, row.Expected.IsNA())
		if row.Set == experiments.AllFields && row.FirstVaried > 0 {
			if first[row.Plan] == nil {
				first[row.Plan] = map[int]int{}
			}
			first[row.Plan][row.Repeats] = row.FirstVaried
			require.Contains(t, row.Which, "ip.id 3")
		}
	}
	// The grid has 30 and 40: what varied at the 31st sending is at 40.
	require.Equal(t, map[string]map[int]int{"repeats": {40: 3}, "random": {4: 3, 5: 3, 6: 3}}, first)
	require.Contains(t, r.Warnings, experiments.Warning{Code: experiments.WarnNoSingles, Cell: "plan repeats", Text: "3 machines without single exchanges: no expected number: a0, a1, b0"})
}
