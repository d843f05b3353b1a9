package experiments_test

import (
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/experiments"
)

// pairData makes probes × machines cells of two vetted fields and a prone
// one, some of them missing and some that only say that the field varied.
func pairData(machines, probes int) (*experiments.Data, func(field datasets.FieldID, probe, machine int) (value int, known bool)) {
	rng := rand.New(rand.NewPCG(9, 9))
	var rows []datasets.Machine
	for i := range machines {
		l := [datasets.Levels]string{"os", "os", "os"}
		rows = append(rows, datasets.Machine{Name: string(rune('a' + i)), Group: string(rune('a' + i/2)), Labels: datasets.Labels{Kernel: l, Distribution: l}})
	}
	g := datasets.NewGrouper(rows)
	type cell struct{ field, probe, machine int }
	truth := make(map[cell]int)
	fields := []datasets.FieldID{datasets.AnswerKind, datasets.IPFlags, datasets.TCPWindow, datasets.TCPUrgent}
	for p := range probes {
		for _, f := range fields {
			codes, values, at := make([]datasets.Code, machines), []datasets.Value{}, map[int]datasets.Code{}
			for i := range codes {
				v := rng.IntN(2) * rng.IntN(2) // 0 three times out of four
				if f == datasets.TCPWindow {
					v = i
				}
				switch rng.IntN(8) {
				case 0:
					codes[i] = datasets.Missing
					continue
				case 1:
					v = -1 // varied
				}
				if _, ok := at[v]; !ok {
					at[v] = datasets.Code(len(values))
					state := datasets.Present
					if v < 0 {
						state = datasets.Nondet
					}
					values = append(values, datasets.Value{State: state, Number: uint64(max(v, 0))})
				}
				codes[i] = at[v]
				if v >= 0 {
					truth[cell{int(f), p, i}] = v
				}
			}
			g.Add(datasets.Column{Probe: int32(p), Field: f}, codes, values)
		}
	}
	d := experiments.Of("pairs", &datasets.Dataset{
		Meta:   datasets.Meta{Pool: "lab", Sent: probes, Repeats: 6, Nondet: datasets.Category, Sources: datasets.DefaultSources()},
		Matrix: g.Matrix(nil),
	})
	return d, func(field datasets.FieldID, probe, machine int) (int, bool) {
		v, ok := truth[cell{int(field), probe, machine}]
		return v, ok
	}
}

// TestProbeCountAgainstEverySubset counts the pairs told apart by every
// subset of the probes.
func TestProbeCountAgainstEverySubset(t *testing.T) {
	const machines, probes = 6, 11
	d, at := pairData(machines, probes)
	_, rows := rowsOf[experiments.ProbeCountRow](t, "probe-count", experiments.Input{Data: d, Options: map[string]string{"fields": "vetted,vetted-same-kind,prone", "pairs": "15"}})
	differ := func(f datasets.FieldID, p, a, b int) bool {
		v, ok := at(f, p, a)
		w, was := at(f, p, b)
		return ok && was && v != w
	}
	told := func(set string, fields []datasets.FieldID, a, b int) (by uint) {
		for p := range probes {
			if set == experiments.VettedSameKind && differ(datasets.AnswerKind, p, a, b) {
				continue
			}
			for _, f := range fields {
				if differ(f, p, a, b) {
					by |= 1 << p
				}
			}
		}
		return by
	}
	vetted := []datasets.FieldID{datasets.IPFlags, datasets.TCPUrgent}
	sets := map[string][]datasets.FieldID{"vetted": vetted, experiments.VettedSameKind: vetted,
		"prone": {datasets.AnswerKind, datasets.IPFlags, datasets.TCPUrgent, datasets.TCPWindow}}
	sizes := map[string][]int{}
	for _, row := range rows {
		sum, subsets := 0, 0
		for subset := range uint(1 << probes) {
			if bits.OnesCount(subset) != row.Probes {
				continue
			}
			subsets++
			for a := range machines {
				for b := range a {
					if told(row.Fields, sets[row.Fields], a, b)&subset != 0 {
						sum++
					}
				}
			}
		}
		require.InDelta(t, float64(sum)/float64(subsets), float64(row.Mean), 1e-9, "%s, %d probes", row.Fields, row.Probes)
		require.LessOrEqual(t, row.SpreadLow, row.SpreadHigh)
		require.Equal(t, 15, row.Pairs)
		require.Equal(t, 3, row.SameImage)
		require.False(t, row.Paper.Given(), "the paper has 200 pairs")
		sizes[row.Fields] = append(sizes[row.Fields], row.Probes)
		if row.Probes == probes {
			require.Equal(t, row.Mean, row.SpreadLow, "there is one subset of all probes")
			require.Equal(t, row.Mean, row.SpreadHigh)
		}
	}
	grid := []int{1, 2, 3, 5, 7, 10, 11}
	require.Equal(t, map[string][]int{"vetted": grid, experiments.VettedSameKind: grid, "prone": grid}, sizes)
}

func TestProbeCountOfThePapersPairs(t *testing.T) {
	d, _ := pairData(24, 5)
	r, rows := rowsOf[experiments.ProbeCountRow](t, "probe-count", experiments.Input{Data: d, Seed: 4, Options: map[string]string{"fields": "vetted"}})
	require.Equal(t, "30", rows[len(rows)-1].Paper.String())
	require.False(t, rows[0].Paper.Given())
	require.Empty(t, r.Warnings)
	_, again := rowsOf[experiments.ProbeCountRow](t, "probe-count", experiments.Input{Data: d, Seed: 4, Workers: 3, Options: map[string]string{"fields": "vetted"}})
	require.Equal(t, rows, again)
	_, other := rowsOf[experiments.ProbeCountRow](t, "probe-count", experiments.Input{Data: d, Seed: 5, Options: map[string]string{"fields": "vetted"}})
	require.NotEqual(t, rows, other)

	few, _ := pairData(4, 5)
	r, rows = rowsOf[experiments.ProbeCountRow](t, "probe-count", experiments.Input{Data: few})
	require.Equal(t, 6, rows[0].Pairs)
	require.Equal(t, "4 machines make 6 pairs, not 200: all are taken", r.Warnings[0].Text)
	one, _ := pairData(1, 5)
	r, rows = rowsOf[experiments.ProbeCountRow](t, "probe-count", experiments.Input{Data: one})
	require.Empty(t, rows)
	require.Equal(t, experiments.WarnFewPairs, r.Warnings[0].Code)
	few.Origin.Probes = 0
	r, rows = rowsOf[experiments.ProbeCountRow](t, "probe-count", experiments.Input{Data: few})
	require.Empty(t, rows)
	require.Equal(t, experiments.WarnNoProbes, r.Warnings[0].Code)
}
