package main

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// someMachines are a few of the demo's, real and modelled, enough to be
// interrupted between two of them and in the middle of one.
var someMachines = []string{"--only", "gvisor-0*", "--only", "distribution=Debian*"}

func collectArgs(probes, run string) []string {
	return append([]string{"collect", "--quiet", "--pool", "demo", "--probes", probes, "-o", run, "--seed", "7", "--workers", "2"}, someMachines...)
}

// A collection that is killed at a random moment and started again gives the
// bytes of one that is not. The kill is SIGKILL to another process: nothing
// can be tidied up.
func TestCollectGoesOnAfterKill(t *testing.T) {
	dir := t.TempDir()
	probes := filepath.Join(dir, "probes.jsonl")
	tickle(t, "probes", "gen", "--quiet", "-n", "60", "-o", probes)
	whole := filepath.Join(dir, "whole")
	start := time.Now()
	tickle(t, collectArgs(probes, whole)...)
	took := time.Since(start)
	want := hashes(t, whole)

	rounds := 20
	if testing.Short() {
		rounds = 2
	}
	random := rand.New(rand.NewPCG(1, 2))
	interrupted := 0
	for i := range rounds {
		run := filepath.Join(dir, "run")
		require.NoError(t, os.RemoveAll(run))
		c := exec.Command(os.Args[0], collectArgs(probes, run)...)
		c.Env = append(os.Environ(), asProgram+"=1")
		require.NoError(t, c.Start())
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		select {
		case <-time.After(time.Duration(random.Float64() * 1.3 * float64(took))):
			require.NoError(t, c.Process.Kill())
			if <-ended != nil {
				interrupted++
			}
		case err := <-ended:
			require.NoError(t, err)
		}
		tickle(t, collectArgs(probes, run)...)
		require.Equal(t, want, hashes(t, run), "round %d", i)
	}
	require.NotZero(t, interrupted, "no round was interrupted: the test shows nothing")
}

func TestCollectRefusesAnotherProbeSet(t *testing.T) {
	dir := t.TempDir()
	a, b, run := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "run")
	tickle(t, "probes", "gen", "--quiet", "-n", "5", "--seed", "1", "-o", a)
	tickle(t, "probes", "gen", "--quiet", "-n", "5", "--seed", "2", "-o", b)
	args := func(probes string) []string {
		return []string{"collect", "--quiet", "--probes", probes, "-o", run, "--only", "kernel=OpenBSD*"}
	}
	tickle(t, args(a)...)
	before := hashes(t, run)
	line := fails(t, args(b)...)
	require.Contains(t, line, run)
	require.NotContains(t, line, "\n")
	require.Equal(t, before, hashes(t, run))
}
