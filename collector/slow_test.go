package collector_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector"
	"tickle/collector/netstack"
	"tickle/collector/pool"
	"tickle/collector/sim"
	"tickle/datasets"
	"tickle/probegen"
)

// segmentAt is a step of an open connection, so many bytes past what is due.
func segmentAt(flags uint8, past uint32) probegen.Step {
	return probegen.Step{Packet: &probegen.Packet{Port: probegen.OpenTCP, IP: probegen.IPv4{DF: true, TTL: 64},
		TCP: &probegen.TCP{Flags: flags, SeqBase: probegen.SndNxt, Seq: past, AckBase: probegen.RcvNxt, Window: 65535}}}
}

// limitedSet are dialogues on a connection each: two segments beyond the window
// at once, the same with a second between them, and so many with one SYN.
func limitedSet(syns int) *probegen.Set {
	open := func(more ...probegen.Step) probegen.Probe {
		syn := probegen.Step{Packet: &probegen.Packet{Port: probegen.OpenTCP, IP: probegen.IPv4{DF: true, TTL: 64},
			TCP: &probegen.TCP{Flags: probegen.SYN, Seq: 1, Window: 64240}}}
		return probegen.Probe{Steps: append([]probegen.Step{syn, segmentAt(probegen.ACK, 0)}, more...)}
	}
	beyond := segmentAt(probegen.ACK, 1<<24)
	set := &probegen.Set{Header: probegen.Header{Format: probegen.Format, Family: "dialogue", Version: 1, N: syns + 2}, Probes: []probegen.Probe{
		open(beyond, beyond), open(beyond, probegen.Step{Wait: 1_000_000}, beyond),
	}}
	for range syns {
		set.Probes = append(set.Probes, open(segmentAt(probegen.SYN, 0)))
	}
	for i := range set.Probes {
		set.Probes[i].ID = i
	}
	return set
}

// slotOf gives the first place for an answer to a step, from 1.
func slotOf(t *testing.T, rows []datasets.Summary, probe int32, step uint8) datasets.Summary {
	t.Helper()
	for _, r := range rows {
		if r.Probe == probe && r.Step == step && r.Answer == 1 {
			return r
		}
	}
	require.FailNow(t, "no such slot", "probe %d step %d", probe, step)
	return datasets.Summary{}
}

// TestLimitsAreFoundByPace: a silence that a limit in the machine makes is no
// feature, one that it does not make stays one, and a machine without limits
// loses nothing.
func TestLimitsAreFoundByPace(t *testing.T) {
	const syns = 400
	of := &pool.Pool{Name: "limits"}
	for name, options := range map[string]map[string]string{
		"gvisor": nil, "linux-5.15": {"personality": "linux-5.15"}, "linux-3.10": {"personality": "linux-3.10"}, "linux-2.6.18": {"personality": "linux-2.6.18"},
	} {
		m := pool.Machine{Name: name, Backend: "sim", Image: name, Options: options, Ports: pool.Ports{Open: 22, Closed: 1, UDP: 40125}}
		if options == nil {
			m.Backend = "netstack"
		}
		m.Labels.Kernel[0], m.Labels.Distribution[0] = name, name
		of.Machines = append(of.Machines, m)
	}
	dir := t.TempDir()
	report, err := collector.Collect(context.Background(), collector.Config{Dir: dir, Pool: of, Seed: 1, Keep: collector.KeepRaw,
		Backends: map[string]pool.Backend{"netstack": netstack.Backend{}, "sim": sim.Backend{}},
		Plans:    []collector.Plan{{Name: "dialogue", Set: limitedSet(syns), Repeats: 2}}})
	require.NoError(t, err)
	require.Empty(t, report.Warnings)
	paced := map[string]int64{}
	for _, m := range report.Machines {
		paced[m.Machine] = m.Paced
		require.EqualValues(t, 2*(syns+2), m.Exchanges, "a copy at a slow pace is no exchange")
		require.LessOrEqual(t, m.Answered, m.Exchanges)
	}
	const kind = datasets.AnswerKind
	for name, want := range map[string]struct{ second datasets.State }{
		"gvisor": {datasets.Nondet}, "linux-5.15": {datasets.Nondet}, "linux-3.10": {datasets.Present}, "linux-2.6.18": {datasets.Present},
	} {
		var texts datasets.Interner
		rows := slotsOf(t, dir, name, &texts)
		require.Equal(t, datasets.Present, slotOf(t, rows, 0, 3).Fields[kind].State, name)
		require.Equal(t, want.second, slotOf(t, rows, 0, 4).Fields[kind].State, "%s: behind another answer of its connection", name)
		if want.second == datasets.Nondet {
			require.Zero(t, slotOf(t, rows, 0, 4).Answered, name)
			require.Equal(t, datasets.Nondet, slotOf(t, rows, 0, 4).Fields[datasets.StepAnswers].State, name)
		}
		slow := slotOf(t, rows, 1, 5)
		require.Equal(t, datasets.FieldSummary{State: datasets.Present, Value: uint64(datasets.KindTCP), Distinct: 1}, slow.Fields[kind], "%s: a second later", name)
		require.Equal(t, datasets.FieldSummary{State: datasets.Present, Value: uint64(datasets.KindNone), Distinct: 1}, slotOf(t, rows, 0, 2).Fields[kind], "%s: a handshake's ACK", name)
		silent, varied := 0, 0
		for probe := range int32(syns) {
			switch s := slotOf(t, rows, probe+2, 3); {
			case s.Fields[kind].State == datasets.Nondet:
				varied++
			case s.Answered == 0:
				silent++
			}
		}
		require.Zero(t, silent, "%s: of the SYNs", name)
		require.Equal(t, name == "linux-3.10", varied > 10, "%s: %d SYNs were limited, of a count for all connections", name, varied)
	}
	require.Zero(t, paced["linux-2.6.18"])
	require.Positive(t, paced["linux-5.15"])
}
