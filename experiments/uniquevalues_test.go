package experiments_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/experiments"
)

func TestUniqueValues(t *testing.T) {
	// The identification counts modulo 4 on probe 0 and never repeats on
	// probe 1; the MSS is absent from every other answer to probe 1. Probe 2 is never
	// answered, and one sending of probe 0 to b0 is lost.
	run := writeRun(t, sentPlan{name: "repeats", n: 3, repeats: 10, answer: func(machine, probe, repeat int) map[datasets.FieldID]uint64 {
		switch {
		case probe == 2 || probe == 0 && machine == 2 && repeat == 7:
			return nil
		case probe == 0:
			return map[datasets.FieldID]uint64{datasets.IPID: uint64(repeat % 4), datasets.IPFlags: 2}
		}
		values := map[datasets.FieldID]uint64{datasets.IPID: uint64(repeat)}
		if repeat%2 == 0 {
			values[datasets.TCPMSS] = 1460
		}
		return values
	}})
	r, rows := rowsOf[experiments.UniqueRow](t, "unique-values", experiments.Input{Data: runData(), Run: run})
	vetted, inSet := 0, runData().VettedFields()
	for f := range datasets.NumFields {
		if inSet[f] {
			vetted++
		}
	}
	all := 3 * 3 * datasets.NumFields
	share := func(n int) experiments.Number { return experiments.Number(float64(n) / float64(all)) }
	// Of a set that was answered only the kind and the flags or the
	// identification are there; of one that was not, only the kind.
	absent := 3 * (datasets.NumFields - 3 + datasets.NumFields - 3 + datasets.NumFields - 1)
	require.Equal(t, []experiments.UniqueRow{
		{Distinct: 1, Fields: all - 9, Absent: absent, Vetted: 9 * vetted, Share: share(all - 9), Which: rows[0].Which},
		{Distinct: 2, Fields: 3, Share: share(3), Which: "tcp.mss 3"},
		{Distinct: 4, Fields: 3, Share: share(3), Which: "ip.id 3"},
		{Distinct: 10, Fields: 3, Share: share(3), Which: "ip.id 3"},
	}, rows)
	require.Equal(t, experiments.Warning{Code: experiments.WarnLossySets,
		Text: "1 of 9 pairs of machine and probe had answers to some sendings only: their values are of fewer answers, 9 of 10 at least"}, r.Warnings[len(r.Warnings)-1])
}
