package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The experiments on single exchanges take a run of dialogues, and where one
// wants another plan it says which.
func TestExperimentsOnDialogues(t *testing.T) {
	t.Chdir(t.TempDir())
	tickle(t, "probes", "gen", "--quiet", "--family", "dialogue", "-n", "2", "-o", "d.jsonl")
	tickle(t, "collect", "--quiet", "--only", "gvisor-01", "--probes", "d.jsonl", "-o", "run")
	tickle(t, "dataset", "build", "--quiet", "--run", "run", "-o", "data")
	for name, want := range map[string]string{
		"loss":          `"outcome": "6 answers"`,
		"repeats":       `"plan": "dialogue"`,
		"example":       `"field": "step 1 answers"`,
		"unique-values": `has no plan \"repeats\": it has dialogue; want one that sends few probes very often`,
	} {
		tickle(t, "experiment", name, "--quiet", "--run", "run", "--data", "data", "-o", "out")
		b, err := os.ReadFile(filepath.Join("out", name, "result.json"))
		require.NoError(t, err)
		require.Contains(t, string(b), want)
	}
	b, err := os.ReadFile(filepath.Join("out", "example", "result.json"))
	require.NoError(t, err)
	require.Contains(t, string(b), "SA seq 0 ack 1 win ", "answers are read")
}
