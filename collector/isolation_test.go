package collector_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector"
	"tickle/collector/netstack"
	"tickle/collector/pool"
	"tickle/collector/sim"
	"tickle/datasets"
	"tickle/probegen"
)

// dialogueMachines are a real stack in the process and models of three systems.
func dialogueMachines() *pool.Pool {
	p := &pool.Pool{Name: "dialogues"}
	for _, m := range []struct{ name, backend, personality string }{
		{"gvisor", "netstack", ""}, {"linux", "sim", "linux-5.15"}, {"old-linux", "sim", "linux-2.6.18"}, {"windows", "sim", "windows-10"},
	} {
		machine := pool.Machine{Name: m.name, Backend: m.backend, Image: m.name, Ports: pool.Ports{Open: 22, Closed: 1, UDP: 40125}}
		machine.Labels.Kernel[0], machine.Labels.Distribution[0] = m.name, m.name
		if m.personality != "" {
			machine.Options = map[string]string{"personality": m.personality}
		}
		p.Machines = append(p.Machines, machine)
	}
	return p
}

func converse(t *testing.T, plan collector.Plan) (dir string, of *pool.Pool) {
	t.Helper()
	of = dialogueMachines()
	dir = t.TempDir()
	plan.Name = "dialogue"
	report, err := collector.Collect(context.Background(), collector.Config{Dir: dir, Pool: of, Plans: []collector.Plan{plan}, Seed: 3,
		Backends: map[string]pool.Backend{"netstack": netstack.Backend{}, "sim": sim.Backend{}}})
	require.NoError(t, err)
	require.Empty(t, report.Warnings)
	return dir, of
}

func slotsOf(t *testing.T, dir, machine string, texts *datasets.Interner) []datasets.Summary {
	t.Helper()
	f, err := datasets.OpenSummary(datasets.SummaryPath(dir, "dialogue", machine))
	require.NoError(t, err)
	defer f.Close()
	rows, err := f.Read(0, texts)
	require.NoError(t, err)
	return rows
}

// TestDialoguesLeaveNothingBehind: among many others, in any order, a dialogue
// draws what it draws alone on a silent machine.
func TestDialoguesLeaveNothingBehind(t *testing.T) {
	set, err := probegen.Generate("dialogue", probegen.Config{N: 80, Seed: 11})
	require.NoError(t, err)
	among, machines := converse(t, collector.Plan{Set: set, Repeats: 4, Pace: 500})
	alone, _ := converse(t, collector.Plan{Set: set, Repeats: 2, Order: collector.Ordered, Pace: 5_000_000})
	for _, m := range machines.Machines {
		var texts datasets.Interner
		a, b := slotsOf(t, among, m.Name, &texts), slotsOf(t, alone, m.Name, &texts)
		require.Len(t, b, len(a))
		differ, present := 0, 0
		for r := range a {
			require.Equal(t, b[r].Step, a[r].Step)
			for _, f := range datasets.Dialogues.Fields() {
				if !datasets.Catalogue[f].Vetted() && f != datasets.StepOrder && f != datasets.AnswerKind {
					continue // depends on what is counted or limited
				}
				x, y := a[r].Fields[f], b[r].Fields[f]
				if x.State == datasets.Nondet || y.State == datasets.Nondet || a[r].Lossy() || b[r].Lossy() {
					continue
				}
				present++
				if x != y {
					differ++
					t.Logf("%s: %s, step %d, answer %d: %v: %v among others, %v alone", m.Name, set.Probes[a[r].Probe].Name, a[r].Step, a[r].Answer, f, x, y)
				}
			}
		}
		require.Zero(t, differ, "%s: of %d features", m.Name, present)
	}
}

// BenchmarkDialogues reports dialogues a second with modelled machines, one at a
// time, at full speed, with the store written.
func BenchmarkDialogues(b *testing.B) {
	set, err := probegen.Generate("dialogue", probegen.Config{N: 2000, Seed: 1})
	require.NoError(b, err)
	machines := dialogueMachines()
	machines.Machines = machines.Machines[1:] // the models
	for b.Loop() {
		_, err := collector.Collect(context.Background(), collector.Config{Dir: b.TempDir(), Pool: machines, Seed: 1, Workers: 1,
			Plans: []collector.Plan{{Name: "dialogue", Set: set, FullSpeed: true}}, Backends: map[string]pool.Backend{"sim": sim.Backend{}}, Observations: collector.ObserveNone})
		require.NoError(b, err)
	}
	b.ReportMetric(float64(b.N*len(machines.Machines)*6*len(set.Probes))/b.Elapsed().Seconds(), "dialogues/s")
}

// TestDialoguesAreDeterministic: on machines that are started twice little
// varies, and all that does is what is random or counted.
func TestDialoguesAreDeterministic(t *testing.T) {
	set, err := probegen.Generate("dialogue", probegen.Config{N: 60, Seed: 12})
	require.NoError(t, err)
	dir, _ := converse(t, collector.Plan{Set: set})
	man, err := datasets.ReadManifest(dir)
	require.NoError(t, err)
	require.Equal(t, 2, man.Plans[0].Boots)
	d, err := datasets.Build(context.Background(), dir, datasets.BuildOptions{Nondet: datasets.Category})
	require.NoError(t, err)
	require.True(t, d.Meta.Dialogues)
	require.Equal(t, datasets.Dialogues, d.Matrix.Layout())
	varies, limited := map[datasets.FieldID]int{}, map[string]bool{}
	for c, column := range d.Matrix.Columns {
		for row, v := range d.Matrix.Values(c) {
			slot := fmt.Sprint(row, column.Probe, column.Step, column.Answer)
			switch {
			case v.State != datasets.Nondet:
			case column.Field == datasets.AnswerKind:
				limited[slot] = true
			case !limited[slot]: // which its first column tells
				varies[column.Field]++
			}
		}
	}
	require.Less(t, len(limited), 20)
	for _, f := range []datasets.FieldID{datasets.TCPSeqRel, datasets.TCPAckRel, datasets.TCPFlags, datasets.TCPSACKRel, datasets.TCPTSEcrRel, datasets.TCPOptionsOrder} {
		require.Less(t, varies[f], 10, f)
	}
	out := t.TempDir()
	require.NoError(t, d.Write(nil, out))
	again, err := datasets.Open(out)
	require.NoError(t, err)
	require.Equal(t, d.Hash(), again.Hash())
	require.Equal(t, d.Matrix.Columns, again.Matrix.Columns)
	require.Equal(t, d.Lossy, again.Lossy)
}
