package main

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// A study with one seed gives the same bytes for any number of processors,
// from probes to figures.
func TestStudyRepeats(t *testing.T) {
	study := func(procs int) map[string]string {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		t.Chdir(t.TempDir())
		tickle(t, "probes", "gen", "--quiet", "-n", "80", "-o", "probes.jsonl")
		tickle(t, collectArgs("probes.jsonl", "run")...)
		tickle(t, "dataset", "build", "--quiet", "--run", "run", "-o", "data")
		tickle(t, "experiment", "accuracy", "--quiet", "--data", "data", "--folds", "3", "--learners", "forest:trees=10;ibk;majority", "-o", "out")
		return hashes(t, ".")
	}
	one := study(1)
	require.Contains(t, one, "out/accuracy/result.json")
	require.Contains(t, one, "data/partitions.parquet")
	require.Equal(t, one, study(2))
}
