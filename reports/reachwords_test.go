package reports

import (
	"math"
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

func TestBreedingInWords(t *testing.T) {
	row := func(kind, plan string, packets, told, survive, gain [3]float64) experiments.ReachRow {
		n := func(v float64) experiments.Number { return experiments.Number(v) }
		return experiments.ReachRow{Kind: kind, Plan: plan, Scope: "Linux", Test: experiments.OtherImages, Probes: int(packets[1]), Packets: n(packets[0]), Search: n(packets[2]), Pairs: 28,
			Told: n(told[0]), ToldLow: n(told[1]), ToldHigh: n(told[2]), Survive: n(survive[0]), Low: n(survive[1]), High: n(survive[2]), Gain: n(gain[0]), GainLow: n(gain[1]), GainHigh: n(gain[2])}
	}
	none := [3]float64{math.NaN(), math.NaN(), math.NaN()}
	all := func(plan string, packets, told [3]float64) experiments.ReachRow {
		r := row(experiments.ReachPairs, plan, packets, told, none, none)
		r.Test = experiments.AllMachines
		return r
	}
	p := &reachFigurePlan{plans: []string{"random", "dialogue", "control", "bred"}, family: "Linux", rows: []experiments.ReachRow{
		all("dialogue", [3]float64{17899, 500}, [3]float64{26}),
		row(experiments.ReachPairs, "dialogue", [3]float64{17899, 500}, [3]float64{27}, [3]float64{12.8, 11, 15}, none),
		all("bred", [3]float64{932, 26, 17000}, [3]float64{26}),
		row(experiments.ReachEqual, "random", [3]float64{930, 155}, [3]float64{9, 7, 11}, [3]float64{6, 5, 8}, [3]float64{6.9, 4, 9}),
		row(experiments.ReachEqual, "dialogue", [3]float64{931, 26}, [3]float64{19.9, 17, 23}, [3]float64{10.7, 8, 13}, [3]float64{2.2, -1, 5}),
		row(experiments.ReachEqual, "control", [3]float64{910, 25}, [3]float64{26, 26, 26}, [3]float64{15, 14, 17}, [3]float64{-2.1, -3, -1}),
		row(experiments.ReachEqual, "bred", [3]float64{932, 26}, [3]float64{26, 26, 26}, [3]float64{12.9, 11, 15}, none),
	}}
	require.Equal(t, []string{
		"Random dialogues (17899 packets to a machine) tell 26 of 28 pairs of labels within Linux apart; of 27.0 found on half of the images 12.8 [11.0, 15.0] hold on the others.",
		"Bred dialogues (932 packets to a machine, after 17000 to each machine of the search) tell 26 of 28 pairs of labels within Linux apart.",
		"With as many packets as the bred dialogues have, 932 to a machine, at most (in brackets 90 % of the draws): bred ones tell 26 of 28 pairs within Linux apart, and 12.9 [11.0, 15.0] hold on other images; " +
			"random packets (930) 9.0 [7.0, 11.0] and 6.0 [5.0, 8.0]: of the bred ones' 6.9 [4.0, 9.0] more hold; " +
			"random dialogues (931) 19.9 [17.0, 23.0] and 10.7 [8.0, 13.0] (with all 17899: 26 and 12.8 [11.0, 15.0]): of the bred ones' no more hold than the draws vary, 2.2 [-1.0, 5.0]; " +
			"chosen random dialogues (910) 26.0 and 15.0 [14.0, 17.0]: of the bred ones' fewer hold, -2.1 [-3.0, -1.0].",
	}, p.words("Linux"))
}
