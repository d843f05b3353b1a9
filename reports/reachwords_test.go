package reports

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/experiments"
)

func TestReachInWords(t *testing.T) {
	row := func(plan, test string, pairs int, told, survive experiments.Number) experiments.ReachRow {
		return experiments.ReachRow{Kind: experiments.ReachPairs, Plan: plan, Scope: "Linux", Test: test, Packets: 6000, Pairs: pairs,
			Told: told, Survive: survive, Low: experiments.NA, High: experiments.NA}
	}
	halves := row("random", experiments.OtherImages, 28, 15.05, 9.35)
	halves.Low, halves.High = 5, 12
	p := &reachFigurePlan{plans: []string{"random", "bred", "nmap4"}, family: "Linux", rows: []experiments.ReachRow{
		row("random", experiments.AllMachines, 28, 12, experiments.NA), halves, row("random", "held-out:memory", 28, 20, 7),
		row("bred", experiments.NeverSeen, 28, 27, 11), row("nmap4", experiments.OtherImages, 0, 0, 0),
	}}
	require.Equal(t, []string{"Random packets (6000 packets to a machine) tell 12 of 28 pairs of labels within Linux apart; " +
		"of 15.1 found on half of the images 9.3 [5.0, 12.0] hold on the others; of 20 found elsewhere 7 hold with values of memory never met.",
		"Bred dialogues of 27 found elsewhere 11 hold on machines that the search never saw."}, p.words("Linux"))
}
