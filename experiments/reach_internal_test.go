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
