package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The recorded lab is real machines' answers, in today's formats: a data set
// is built of it and learnt from.
func TestRecordedLab(t *testing.T) {
	run, err := filepath.Abs(filepath.Join("..", "..", "testdata", "lab", "run"))
	require.NoError(t, err)
	dir := t.TempDir()
	data, out := filepath.Join(dir, "data"), filepath.Join(dir, "out")
	tickle(t, "dataset", "build", "--quiet", "--run", run, "-o", data)
	var info struct {
		Machines, Modelled, Probes int
	}
	require.NoError(t, json.Unmarshal([]byte(tickle(t, "dataset", "info", data, "--json")), &info))
	require.Equal(t, 24, info.Machines)
	require.Zero(t, info.Modelled)
	require.Equal(t, 200, info.Probes)

	tickle(t, "experiment", "accuracy", "--quiet", "--data", data, "--learners", "forest:trees=20", "--hierarchies", "kernel", "--splits", "grouped", "--resamples", "200", "-o", out)
	b, err := os.ReadFile(filepath.Join(out, "accuracy", "result.json"))
	require.NoError(t, err)
	var r struct {
		Rows []struct {
			Level              int
			Accuracy, Majority float64
		}
	}
	require.NoError(t, json.Unmarshal(b, &r))
	for _, row := range r.Rows {
		if row.Level == 0 {
			// Eight stacks are told apart far beyond guessing; what
			// remains is those whose image is one.
			require.Greater(t, row.Accuracy, row.Majority+0.2)
		}
	}
}
