package main

import (
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/experiments"
)

// scanned are some of someMachines: the others have no scan.
var scanned = []string{"--machine", "gvisor-01", "--machine", "gvisor-02", "--machine", "linux-4.19-debian10-5", "--machine", "linux-4.19-debian10-14",
	"--machine", "linux-2.6.32-debian6-5", "--machine", "linux-2.6.32-debian6-45", "--machine", "linux-6.1-debian12-9", "--machine", "linux-6.1-debian12-21"}

// TestNmapInAccuracy has Nmap's bars beside the learners', on the same folds:
// with its scans in the run, and in the same bytes for any number of
// processors.
func TestNmapInAccuracy(t *testing.T) {
	t.Chdir(t.TempDir())
	tickle(t, "probes", "gen", "--quiet", "-n", "40", "-o", "probes.jsonl")
	tickle(t, collectArgs("probes.jsonl", "run")...)
	tickle(t, "dataset", "build", "--quiet", "--run", "run", "-o", "data")
	tickle(t, append([]string{"nmap4", "scan", "--quiet", "--pool", "demo", "--repeats", "3", "--run", "scans", "-o", "scans.txt"}, scanned...)...)
	accuracy := func(out string, more ...string) []experiments.AccuracyRow {
		tickle(t, append([]string{"experiment", "accuracy", "--quiet", "--data", "data", "--folds", "3", "--learners", "majority", "--fields", "prone", "-o", out}, more...)...)
		r, err := experiments.ReadResult(out + "/accuracy/result.json")
		require.NoError(t, err)
		rows, err := experiments.RowsOf[experiments.AccuracyRow](r)
		require.NoError(t, err)
		return rows
	}
	require.Empty(t, nmapRows(accuracy("none")))
	require.Empty(t, nmapRows(accuracy("other", "--run", "run"))) // it has no plan of Nmap's
	all := accuracy("off", "--run", "scans", "--nmap", "off")
	require.Empty(t, nmapRows(all))
	rows := nmapRows(accuracy("nmap", "--run", "scans"))
	require.Len(t, rows, 2*len(all))
	guess, strict := rows[0], rows[1]
	require.Equal(t, "nmap4", guess.Learner)
	require.Equal(t, "nmap4:policy=strict", strict.Learner)
	require.Positive(t, float64(guess.Accuracy))
	require.LessOrEqual(t, float64(strict.Accuracy), float64(guess.Accuracy))
	r, err := experiments.ReadResult("nmap/accuracy/result.json")
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(r.Warnings, func(w experiments.Warning) bool { return w.Code == experiments.WarnNoScans }))
	require.Contains(t, fails(t, "experiment", "accuracy", "--data", "data", "--run", "scans", "--nmap", "nmap5", "-o", "bad"), `option nmap: learner "nmap5"`)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	once := hashes(t, "nmap")
	accuracy("nmap", "--run", "scans")
	require.Equal(t, once, hashes(t, "nmap"))
}

// nmapRows are the rows of Nmap.
func nmapRows(rows []experiments.AccuracyRow) []experiments.AccuracyRow {
	var nmap []experiments.AccuracyRow
	for _, r := range rows {
		if r.Fields == string(experiments.NmapFields) {
			nmap = append(nmap, r)
		}
	}
	return nmap
}
