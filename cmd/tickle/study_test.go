package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// studyOn makes a small data set and a study file beside it.
func studyOn(t *testing.T, text string) (dir, file string) {
	t.Helper()
	dir = t.TempDir()
	probes, run := filepath.Join(dir, "probes.jsonl"), filepath.Join(dir, "run")
	tickle(t, "probes", "gen", "--quiet", "-n", "60", "-o", probes)
	tickle(t, collectArgs(probes, run)...)
	tickle(t, "dataset", "build", "--quiet", "--run", run, "-o", filepath.Join(dir, "data"))
	file = filepath.Join(dir, "study.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	return dir, file
}

const smallStudy = `
data: [{path: data}]
labels: kernel
learners: ["forest:trees=20", majority]
splits: [paper, grouped]
options: {folds: 3, resamples: 100}
`

// results gives the hashes of a study's files; what a killed process was just
// writing has a name with a dot and is no part of it.
func results(t *testing.T, dir string) map[string]string {
	sums := hashes(t, dir)
	for name := range sums {
		if strings.HasPrefix(filepath.Base(name), ".") {
			delete(sums, name)
		}
	}
	return sums
}

// A study that is killed at a random moment and started again ends with the
// files of one that is not.
func TestStudyGoesOnAfterKill(t *testing.T) {
	dir, file := studyOn(t, smallStudy)
	out := filepath.Join(dir, "out")
	args := []string{"experiment", "run", file, "--quiet", "-o", out}
	start := time.Now()
	tickle(t, args...)
	took := time.Since(start)
	want := results(t, out)
	require.Contains(t, want, "compare/result.json")
	require.Contains(t, want, "accuracy/figure.svg")
	require.Contains(t, want, "index.html")

	rounds := 3
	if testing.Short() {
		rounds = 2
	}
	random := rand.New(rand.NewPCG(3, 4))
	interrupted := 0
	for i := range rounds {
		require.NoError(t, os.RemoveAll(out))
		c := exec.Command(os.Args[0], args...)
		c.Env = append(os.Environ(), asProgram+"=1")
		require.NoError(t, c.Start())
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		select {
		case <-time.After(time.Duration(random.Float64() * 1.2 * float64(took))):
			require.NoError(t, c.Process.Kill())
			if <-ended != nil {
				interrupted++
			}
		case err := <-ended:
			require.NoError(t, err)
		}
		tickle(t, args...)
		require.Equal(t, want, results(t, out), "round %d", i)
	}
	require.NotZero(t, interrupted, "no round was interrupted: the test shows nothing")
}

// Shares that lie in one folder are the whole, and what is finished is not run
// again.
func TestStudySharesMerge(t *testing.T) {
	dir, file := studyOn(t, smallStudy)
	whole, parts := filepath.Join(dir, "whole"), filepath.Join(dir, "parts")
	tickle(t, "experiment", "run", file, "--quiet", "-o", whole)
	for i := 2; i >= 1; i-- {
		tickle(t, "experiment", "run", file, "--quiet", "-o", parts, "--cells", fmt.Sprintf("%d/2", i))
	}
	want, got := results(t, whole), results(t, parts)
	for _, name := range []string{"study.json", "compare/table.csv"} {
		require.Equal(t, want[name], got[name], name)
	}
	cells, err := filepath.Glob(filepath.Join(parts, "cells", "*", "predictions.parquet"))
	require.NoError(t, err)
	require.Len(t, cells, 4)
	require.NoError(t, os.WriteFile(cells[0]+".kept", nil, 0o644))
	tickle(t, "experiment", "run", file, "--quiet", "-o", parts)
	require.FileExists(t, cells[0]+".kept", "a finished cell was made anew")
	require.Contains(t, fails(t, "experiment", "run", file, "-o", parts, "--cells", "4/3"), "--cells")
}

func TestStudyRecordsWhatFails(t *testing.T) {
	dir, file := studyOn(t, `
data: [{path: nowhere}, {path: data}]
labels: kernel
learners: [majority]
splits: grouped
options: {folds: 3}
`)
	out := filepath.Join(dir, "out")
	line := fails(t, "experiment", "run", file, "--quiet", "-o", out)
	require.Contains(t, line, "1 of 2 cells failed")
	require.Contains(t, line, "nowhere")
	state, err := os.ReadFile(filepath.Join(out, "study.json"))
	require.NoError(t, err)
	require.Contains(t, string(state), `"state": "failed"`)
	require.Contains(t, string(state), `"state": "finished"`)
	require.FileExists(t, filepath.Join(out, "table.csv"))
	twice := filepath.Join(dir, "twice.yaml")
	require.NoError(t, os.WriteFile(twice, []byte("data: [{path: data}, {path: ./data/}]\nlearners: majority\nlabels: kernel\nsplits: paper\n"), 0o644))
	require.Contains(t, fails(t, "experiment", "run", twice, "--quiet", "-o", out), "want each once")
}

func TestStudyRefusesWhatIsNone(t *testing.T) {
	for text, want := range map[string]string{
		"learners: [forest]":                                           "want one data set",
		"data: [{path: a}]\nlerners: [forest]":                         "lerners",
		"data: [{path: a}]\nlearners: [nosuch]":                        "nosuch",
		"data: [{path: a}]\noptions: {depth: 3}":                       `no option "depth"`,
		"data: [{path: a}]\nexperiment: nosuch":                        `experiment "nosuch"`,
		"data: [{path: a}]\nsplits: grouped\noptions: {splits: paper}": "option splits",
	} {
		line := fails(t, "experiment", "run", write(t, "study.yaml", text), "-o", t.TempDir())
		require.Contains(t, line, want)
		require.NotContains(t, line, "\n")
	}
}
