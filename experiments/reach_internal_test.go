package experiments

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/majority"
	"tickle/probegen"
)

// TestReachOfTheRecordedLab: the last point of a curve is what all probes
// tell, and nothing depends on the number of goroutines.
func TestReachOfTheRecordedLab(t *testing.T) {
	const run = "../testdata/lab/run"
	d, err := datasets.Build(context.Background(), run, datasets.BuildOptions{})
	require.NoError(t, err)
	ls, err := learners.NewRegistry(majority.Entry()).Parse("majority")
	require.NoError(t, err)
	ls[0].Name = "floor" // experiments leave majority out
	of := func(workers int) []ReachRow {
		r, err := Run(context.Background(), &reach, &Input{Data: Of("lab", d), Run: run, Learners: ls, Seed: 1, Workers: workers,
			Options: map[string]string{"subsets": "20", "halves": "3", "plans": "random,dialogue"}})
		require.NoError(t, err)
		require.Contains(t, r.Warnings, Warning{Code: WarnNoPlan, Text: run + ` has no plan "dialogue": its probes are not compared`})
		return r.Rows.([]ReachRow)
	}
	rows := of(1)
	require.Equal(t, fmt.Sprint(rows), fmt.Sprint(of(3)))
	last, labels, beyond := map[string]ReachRow{}, 0, 0
	for _, row := range rows {
		switch {
		case row.Kind == ReachLabels:
			require.LessOrEqual(t, row.Beyond, row.Differ)
			require.LessOrEqual(t, row.Said, row.Beyond)
			require.LessOrEqual(t, row.Differ, Number(row.Probes))
			if row.Scope == "Linux" {
				require.Less(t, row.First, row.Second)
				labels++
				if row.Said > 0 {
					beyond++
				}
			}
		case row.Kind == ReachCurve:
			last[row.Scope] = row
		case row.Kind == ReachPairs && row.Test == AllMachines:
			require.InDelta(t, float64(row.Told), float64(last[row.Scope].Told), 1e-9, row.Scope)
			require.EqualValues(t, row.Told, last[row.Scope].ToldLow)
			require.Equal(t, row.Packets, last[row.Scope].Packets)
		}
	}
	require.Contains(t, last, "Linux")
	require.Equal(t, 28, last["Linux"].Pairs)
	require.Equal(t, 28, labels)
	require.EqualValues(t, last["Linux"].Told, beyond, "no vetted field is a window's")
}

// TestReachComparesTheSameMachines: one that has no part in a plan is left out
// of all, and named.
func TestReachComparesTheSameMachines(t *testing.T) {
	run := t.TempDir()
	require.NoError(t, os.CopyFS(run, os.DirFS("../testdata/lab/run")))
	m, err := datasets.ReadManifest(run)
	require.NoError(t, err)
	at := slices.IndexFunc(m.Parts, func(p datasets.Part) bool { return p.Plan == "nmap4" && p.Missing == "" })
	require.Positive(t, at)
	name := m.Parts[at].Machine
	m.Parts[at].Missing = "it died"
	require.NoError(t, m.Write(nil, run))
	d, err := datasets.Build(context.Background(), run, datasets.BuildOptions{})
	require.NoError(t, err)
	r := &reachRun{in: &Input{Data: Of("lab", d), Run: run, Options: map[string]string{"plans": "random,nmap4"}}, result: &Result{}}
	require.NoError(t, r.open(context.Background()))
	require.Len(t, r.plans, 2)
	for _, p := range r.plans {
		require.Equal(t, d.Matrix.Rows()-1, p.data.Matrix.Rows(), p.name)
		require.False(t, slices.ContainsFunc(p.data.Matrix.Machines, func(m datasets.Machine) bool { return m.Name == name }), p.name)
	}
	require.Contains(t, r.result.Warnings, Warning{Code: WarnNotInAllPlans, Text: "1 machines have no part in all plans, and none in the comparison: " + name})
}

// TestReachLeavesOutWhatTheSearchKnew: machines of images that a search saw on
// machines of its own are not asked; where it saw machines of the data, all are.
func TestReachLeavesOutWhatTheSearchKnew(t *testing.T) {
	const run = "../testdata/lab/run"
	d, err := datasets.Build(context.Background(), run, datasets.BuildOptions{})
	require.NoError(t, err)
	man, err := datasets.ReadManifest(run)
	require.NoError(t, err)
	known := d.Matrix.Machines[3].Group
	groups := 0
	for i := range d.Matrix.Machines {
		if d.Matrix.Machines[i].Group == known {
			groups++
		}
	}
	at := slices.IndexFunc(man.Plans, func(p datasets.Plan) bool { return p.Name == "random" })
	for searched, left := range map[string]int{"elsewhere": groups, d.Matrix.Machines[3].Name: 0} {
		man.Plans[at].Probes.Options = map[string]string{probegen.SearchedOption: searched, probegen.ImagesOption: known + " other"}
		r := &reachRun{in: &Input{Data: Of("lab", d), Run: run}, result: &Result{}}
		common := r.common([]sentPlan{{name: "random", run: run, manifest: man, at: at}})
		require.Len(t, common, d.Matrix.Rows()-left, searched)
		require.Equal(t, left == 0, slices.Contains(common, d.Matrix.Machines[3].Name), searched)
		require.Equal(t, left > 0, slices.ContainsFunc(r.result.Warnings, func(w Warning) bool { return w.Code == WarnSearched }), searched)
	}
}

// TestReachAtEqualPackets: with another plan in the part of the bred one, the
// others are asked with as many packets at most, on the same halves.
func TestReachAtEqualPackets(t *testing.T) {
	const run = "../testdata/lab/run"
	d, err := datasets.Build(context.Background(), run, datasets.BuildOptions{})
	require.NoError(t, err)
	in := &Input{Data: Of("lab", d), Run: run, Seed: 1, Options: map[string]string{"plans": "random,nmap4"}}
	of := func() ([]ReachRow, *reachRun) {
		r := &reachRun{in: in, result: &Result{}, halves: 5}
		require.NoError(t, r.open(context.Background()))
		require.Len(t, r.plans, 2)
		r.plans[1].name = probegen.BredFamily
		r.equal(&levelTask{hierarchy: datasets.Kernel, level: 2})
		return r.rows, r
	}
	rows, r := of()
	again, _ := of()
	require.Equal(t, fmt.Sprint(rows), fmt.Sprint(again))
	bred := &r.plans[1]
	seen := 0
	for _, row := range rows {
		require.Equal(t, ReachEqual, row.Kind)
		require.Equal(t, OtherImages, row.Test)
		require.LessOrEqual(t, float64(row.Packets), float64(bred.probes)*bred.packets)
		if row.Plan == probegen.BredFamily {
			require.Equal(t, bred.probes, row.Probes)
			require.Equal(t, row.ToldLow, row.ToldHigh)
			require.True(t, row.Gain.IsNA())
			continue
		}
		require.Less(t, row.Probes, r.plans[0].probes)
		i := slices.IndexFunc(rows, func(b ReachRow) bool { return b.Plan == probegen.BredFamily && b.Scope == row.Scope })
		require.InDelta(t, float64(rows[i].Survive-row.Survive), float64(row.Gain), 1e-9)
		require.Equal(t, rows[i].Pairs, row.Pairs)
		seen++
	}
	require.Positive(t, seen)
	r.plans = r.plans[:1]
	r.rows = nil
	r.equal(&levelTask{hierarchy: datasets.Kernel, level: 2})
	require.Empty(t, r.rows, "nothing is asked where nothing was bred")
}
