package main

import (
	"runtime"
	"slices"
	"strings"
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

// TestLeakageOfNmapOSDB holds Nmap's matcher to draws of its own references:
// by rows each reference is in training with its other draws, and by groups
// none is.
func TestLeakageOfNmapOSDB(t *testing.T) {
	t.Chdir(t.TempDir())
	// Both systems have two references that are nearly alike.
	text := ownDatabase + strings.NewReplacer("Anvil 1\n", "Anvil 1b\n", "Anvil 2\n", "Anvil 2b\n", "T=3B-45", "T=46-50").Replace(ownDatabase[strings.Index(ownDatabase, "\nFingerprint"):])
	db := write(t, "own-os-db", text)
	tickle(t, "dataset", "import", "--quiet", "--format", "nmap-os-db", "--draws", "4", db, "-o", "osdb")
	tickle(t, "experiment", "leakage", "--quiet", "--data", "osdb", "--folds", "2", "--levels", "2", "--learners", "majority", "--database", db, "-o", "out")
	r, err := experiments.ReadResult("out/leakage/result.json")
	require.NoError(t, err)
	rows, err := experiments.RowsOf[experiments.LeakageRow](r)
	require.NoError(t, err)
	require.Len(t, rows, 3)
	require.Equal(t, "nmap4", rows[1].Learner)
	require.Equal(t, 1.0, float64(rows[1].ByRows))
	require.Equal(t, 1.0, float64(rows[1].Siblings))
	require.FileExists(t, "out/leakage/figure.svg")
	other := write(t, "own-os-db", text+"\n")
	require.Contains(t, fails(t, "experiment", "leakage", "--data", "osdb", "--database", other, "-o", "bad"), "came of another own-os-db")
	tickle(t, "experiment", "accuracy", "--quiet", "--data", "osdb", "--folds", "2", "--learners", "majority", "--database", db, "-o", "out")
	accuracy, err := experiments.ReadResult("out/accuracy/result.json")
	require.NoError(t, err)
	all, err := experiments.RowsOf[experiments.AccuracyRow](accuracy)
	require.NoError(t, err)
	require.NotEmpty(t, nmapRows(all))
}
