package main

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A scale with vectors collects Nmap's IPv6 plan too, and runs the studies of
// vectors on its own data set.
func TestReproduceWithVectors(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a whole study")
	}
	r := reproduction{program: &program{stdout: new(bytes.Buffer), stderr: new(bytes.Buffer), quiet: true}, out: t.TempDir(), seed: 1,
		scale: scale{name: "test", pool: "demo", probes: 20, learners: "ibk", vectors: true}}
	require.NoError(t, r.run(context.Background()))
	for _, name := range []string{"data-vectors/dataset.json", "loo/table.csv", "vectors/table.csv", "map/result.json", "accuracy/table.csv", "index.html"} {
		require.FileExists(t, filepath.Join(r.out, name))
	}
}
