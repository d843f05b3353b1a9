package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/pool/paper"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "pool.yaml")
	for seed, args := range map[uint64][]string{paper.Seed: {"-o", out}, 7: {"-seed", "7", "-o", out}} {
		want, err := paper.Generate(seed)
		require.NoError(t, err)
		require.NoError(t, run(args))
		got, err := os.ReadFile(out)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}
	for _, args := range [][]string{{}, {"-o", out, "more"}, {"-seed", "7"}} {
		require.EqualError(t, run(args), "want -o FILE and no arguments")
	}
	require.Error(t, run([]string{"-o", filepath.Join(dir, "none", "pool.yaml")}))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing half-written is left")
}
