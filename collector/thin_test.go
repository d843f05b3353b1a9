package collector

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/pool"
	"tickle/datasets"
	"tickle/probegen"
)

// A limit of ICMP errors is found in dialogues too: the plan is made again more
// slowly, and nothing varies. Other answers that are missing are no reason.
func TestDialoguesAreSpacedForErrors(t *testing.T) {
	var probes [][]probegen.Step
	for range 200 {
		probes = append(probes, []probegen.Step{udpStep(), udpStep()}, handshake(relStep(probegen.ACK, 0, 0, "data")))
	}
	for name, c := range map[string]struct {
		mood    mood
		rate    float64
		warning string
		varied  bool
	}{
		"a limit":   {mood{delay: 100, errors: 600}, 1e6 / thinPace, "limits its ICMP errors: under plan dialogue 500 dialogues a second", false},
		"no limit":  {mood{delay: 100}, 0, "", false},
		"a low one": {mood{delay: 100, errors: 10}, 1e6 / thinPace, "of its ICMP errors under plan dialogue are missing", true},
		"of resets": {mood{delay: 100, limit: 50}, 0, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t, t.TempDir(), backend{})
			cfg.Pool, cfg.Backends = testPool(1), map[string]pool.Backend{"test": backend{timeouts: true, mood: c.mood}}
			cfg.Plans = []Plan{{Name: "dialogue", Set: setOf(probes...), Repeats: 6, Boots: 2, FullSpeed: true}}
			report, err := Collect(context.Background(), cfg)
			require.NoError(t, err)
			require.Equal(t, c.rate, report.Machines[0].Rate)
			if c.warning == "" {
				require.Empty(t, report.Warnings)
			} else {
				require.Len(t, report.Warnings, 1)
				require.Contains(t, report.Warnings[0], c.warning)
			}
			rows, _ := summaries(t, cfg.Dir, "dialogue", "m00")
			varied := false
			for i := range rows {
				varied = varied || rows[i].Answered%6 != 0
			}
			require.Equal(t, c.varied, varied)
		})
	}
}

// Fences count in a machine's rate, but not where dialogues alone are spaced.
func TestFencesAreNotSpacedWithDialogues(t *testing.T) {
	e := newEngine(nil)
	e.pace, e.least = 500, 20
	for _, c := range []struct {
		layout  datasets.Layout
		thinned bool
		want    int64
	}{{datasets.Packets, false, 500}, {datasets.Packets, true, 500}, {datasets.Dialogues, false, 500}, {datasets.Dialogues, true, 20}} {
		e.g, e.thinned = &program{layout: c.layout}, c.thinned
		require.Equal(t, c.want, e.fencePace(), "%+v", c)
	}
}
