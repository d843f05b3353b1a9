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

const limitedSYNs = 400

// haveLimited has limitedSet's dialogues with a real stack and with models that
// have limits and have none. It gives what was counted by machine.
func haveLimited(t *testing.T, full bool) (dir string, counts map[string]collector.Counts) {
	t.Helper()
	of := &pool.Pool{Name: "limits"}
	for _, name := range []string{"gvisor", "linux-5.15", "linux-3.10", "linux-2.6.18"} {
		m := pool.Machine{Name: name, Backend: "sim", Image: name, Options: map[string]string{"personality": name}, Ports: pool.Ports{Open: 22, Closed: 1, UDP: 40125}}
		if name == "gvisor" {
			m.Backend, m.Options = "netstack", nil
		}
		m.Labels.Kernel[0], m.Labels.Distribution[0] = name, name
		of.Machines = append(of.Machines, m)
	}
	dir, counts = t.TempDir(), map[string]collector.Counts{}
	report, err := collector.Collect(context.Background(), collector.Config{Dir: dir, Pool: of, Seed: 1, Keep: collector.KeepRaw,
		Backends: map[string]pool.Backend{"netstack": netstack.Backend{}, "sim": sim.Backend{}},
		Plans:    []collector.Plan{{Name: "dialogue", Set: limitedSet(limitedSYNs), Repeats: 2, FullSpeed: full}}})
	require.NoError(t, err)
	require.Empty(t, report.Warnings)
	for _, m := range report.Machines {
		counts[m.Machine] = m.Counts
	}
	return dir, counts
}

// TestLimitsAreFoundByPace: a silence that a limit in the machine makes is no
// feature, one that it does not make stays one, and a machine without limits
// loses nothing.
func TestLimitsAreFoundByPace(t *testing.T) {
	const kind = datasets.AnswerKind
	dir, counts := haveLimited(t, false)
	for name, second := range map[string]datasets.State{
		"gvisor": datasets.Nondet, "linux-5.15": datasets.Nondet, "linux-3.10": datasets.Present, "linux-2.6.18": datasets.Present,
	} {
		n := counts[name]
		require.EqualValues(t, 2*(limitedSYNs+2), n.Exchanges, "a copy at a slow pace is no exchange")
		require.LessOrEqual(t, n.Answered, n.Exchanges)
		require.Equal(t, name != "linux-2.6.18", n.Paced > 0, name)
		var texts datasets.Interner
		rows := slotsOf(t, dir, name, &texts)
		require.Equal(t, datasets.Present, slotOf(t, rows, 0, 3).Fields[kind].State, name)
		behind := slotOf(t, rows, 0, 4)
		require.Equal(t, second, behind.Fields[kind].State, "%s: behind another answer of its connection", name)
		if second == datasets.Nondet {
			require.Zero(t, behind.Answered, name)
			require.Equal(t, datasets.Nondet, behind.Fields[datasets.StepAnswers].State, name)
		}
		for step, answer := range map[uint8]datasets.Kind{5: datasets.KindTCP, 2: datasets.KindNone} { // a second later; a handshake's ACK
			require.Equal(t, datasets.FieldSummary{State: datasets.Present, Value: uint64(answer), Distinct: 1},
				slotOf(t, rows, 1, step).Fields[kind], "%s: step %d", name, step)
		}
		silent, varied := limitedAnswers(t, rows)
		require.Zero(t, silent, "%s: of the SYNs", name)
		require.Equal(t, name == "linux-3.10", varied > 10, "%s: %d SYNs were limited, of a count for all connections", name, varied)
	}
}

// limitedAnswers counts the dialogues with one SYN whose silence is a feature,
// and those whose silence is not.
func limitedAnswers(t *testing.T, rows []datasets.Summary) (silent, varied int) {
	for probe := range int32(limitedSYNs) {
		switch s := slotOf(t, rows, probe+2, 3); {
		case s.Fields[datasets.AnswerKind].State == datasets.Nondet:
			varied++
		case s.Answered == 0:
			silent++
		}
	}
	return silent, varied
}

// TestFullSpeedTakesLimitsForSilence: without copies at a slow pace a limit is
// a property of the machine, like any other.
func TestFullSpeedTakesLimitsForSilence(t *testing.T) {
	dir, counts := haveLimited(t, true)
	for name, n := range counts {
		require.Zero(t, n.Slow+n.Paced, name)
	}
	var texts datasets.Interner
	rows := slotsOf(t, dir, "linux-5.15", &texts)
	require.Equal(t, datasets.FieldSummary{State: datasets.Present, Value: uint64(datasets.KindNone), Distinct: 1}, slotOf(t, rows, 0, 4).Fields[datasets.AnswerKind])
	silent, _ := limitedAnswers(t, slotsOf(t, dir, "linux-3.10", &texts))
	require.Greater(t, silent, 10)
}
