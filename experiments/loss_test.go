package experiments_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/experiments"
)

func TestLoss(t *testing.T) {
	// Probe 0 is always answered, 1 never, 2 but for one sending to b0, and 3
	// twice by a0.
	run := writeRun(t, sentPlan{name: "random", n: 4, repeats: 3, answer: func(machine, probe, repeat int) map[datasets.FieldID]uint64 {
		silent := probe == 1 || probe == 2 && machine == 2 && repeat == 1 || probe == 3 && (machine != 0 || repeat == 2)
		if silent {
			return nil
		}
		return steady(machine, probe, repeat)
	}})
	r, rows := rowsOf[experiments.LossRow](t, "loss", experiments.Input{Data: runData(), Run: run})
	third := experiments.Number(1.0 / 3)
	require.Equal(t, []experiments.LossRow{
		{Counted: "sets", Outcome: "0 answers", Answered: 0, Count: 5, Of: 12, Share: 5.0 / 12, Machines: 3},
		{Counted: "sets", Outcome: "1 answer", Answered: 1, Count: 0, Of: 12},
		{Counted: "sets", Outcome: "2 answers", Answered: 2, Count: 2, Of: 12, Share: third / 2, Machines: 2},
		{Counted: "sets", Outcome: "3 answers", Answered: 3, Count: 5, Of: 12, Share: 5.0 / 12, Machines: 3},
	}, rows[:4])
	require.Len(t, rows, 6)
	require.Equal(t, "lossy on some machine, 2 of 4, 0.0024", rows[4].Outcome+", 2 of 4, "+rows[4].Paper.String())
	require.Equal(t, []int{2, 4}, []int{rows[4].Count, rows[4].Of})
	require.True(t, rows[4].Answered.IsNA())
	require.Equal(t, "dropped from the data set", rows[5].Outcome)
	require.Equal(t, 1, rows[5].Count, "as the data set says")
	require.False(t, rows[5].Paper.Given())
	// One of four probes is more than 1 %.
	require.Contains(t, r.Warnings, experiments.Warning{Code: experiments.WarnLossySets, Cell: "b0",
		Text: "answered some sendings only of 1 of 4 probes: more than 1 %, so that it is masked and drops no probe for others"})
}
