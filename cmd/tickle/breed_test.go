package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/breed"
	"tickle/probegen"
)

// stopAt cancels once a line with some text was written.
type stopAt struct {
	bytes.Buffer
	text string
	stop context.CancelFunc
}

func (w *stopAt) Write(b []byte) (int, error) {
	if w.text != "" && strings.Contains(string(b), w.text) {
		w.stop()
	}
	return w.Buffer.Write(b)
}

// breedInStudy has a small study's dialogues, breeds, and has the bred ones,
// until a line with some text is written.
func breedInStudy(t *testing.T, out, until string) (string, error) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	said := &stopAt{text: until, stop: stop}
	r := &reproduction{program: &program{stdout: said, stderr: said}, out: out, seed: 1,
		scale: scale{pool: "demo", dialogues: 3, bred: 900, generation: 20, keep: breed.DefaultKeep}}
	for _, work := range []func(context.Context) error{r.dialogues, r.breedDialogues, r.bredDialogues} {
		if err := work(ctx); err != nil {
			return said.String(), err
		}
	}
	return said.String(), nil
}

// TestBreedingGoesOn: a study that was interrupted while it bred finds what one
// finds that was not, and sends no generation twice.
func TestBreedingGoesOn(t *testing.T) {
	whole, parts := t.TempDir(), t.TempDir()
	_, err := breedInStudy(t, whole, "")
	require.NoError(t, err)
	_, err = breedInStudy(t, parts, "generation 1:")
	require.ErrorContains(t, err, filepath.Join(parts, "search", "bred")+": interrupted; the same command again goes on")
	first := filepath.Join(parts, "search", "bred", "generation-001", "manifest.json")
	before, err := os.ReadFile(first)
	require.NoError(t, err)
	_, err = breedInStudy(t, parts, "their control")
	require.ErrorContains(t, err, filepath.Join(parts, "search", "control")+": interrupted")
	said, err := breedInStudy(t, parts, "")
	require.NoError(t, err)
	require.Contains(t, said, "generation 1:")
	after, err := os.ReadFile(first)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
	for _, name := range []string{"bred.jsonl", "control.jsonl"} {
		want, err := os.ReadFile(filepath.Join(whole, name))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(parts, name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), name)
	}
	control, err := probegen.ReadFile(filepath.Join(whole, "control.jsonl"))
	require.NoError(t, err)
	require.Equal(t, "true", control.Header.Options["control"])
}

// TestBreedRefuses: a line for what cannot be searched, and nothing written.
func TestBreedRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	tickle(t, "probes", "gen", "--quiet", "--family", "dialogue", "-n", "2", "-o", "d.jsonl")
	tickle(t, "collect", "--quiet", "--only", "gvisor-0*", "--probes", "d.jsonl", "-o", "run")
	tickle(t, "dataset", "build", "--quiet", "--run", "run", "-o", "data")
	for want, args := range map[string][]string{
		`the data set is of pool "demo": want that of the search, "paper"`:                                         {"--data", "data", "--pool", "paper"},
		`the machines of the search have no two labels at kernel level 2: want two or more, have ["gVisor v0.0.0-`: {"--pool", "demo", "--only", "gvisor-*"},
		`a budget of 10 packets to a machine: want`:                                                                {"--pool", "demo", "--budget", "10"},
		`--size 0: want a whole number from 1 on`:                                                                  {"--pool", "demo", "--size", "0"},
		`--label: "kernel/7": want kernel or distribution, and a level from 0 to 2, as kernel/2`:                   {"--pool", "demo", "--label", "kernel/7"},
		`pool demo: pattern "none-*" matches no machine`:                                                           {"--pool", "demo", "--only", "none-*"},
	} {
		err := fails(t, append([]string{"probes", "breed", "--quiet", "--probes", "d.jsonl", "--work", "search", "-o", "bred.jsonl"}, args...)...)
		require.Contains(t, err, want)
		require.NotContains(t, strings.TrimSpace(err), "\n")
		require.NoFileExists(t, "bred.jsonl")
		require.NoDirExists(t, "search")
	}
}

// TestBredSetsAreJoined: what a search and its control found is one set for a
// run, of which reach makes two plans.
func TestBredSetsAreJoined(t *testing.T) {
	t.Chdir(t.TempDir())
	tickle(t, "probes", "gen", "--quiet", "--family", "dialogue", "-n", "3", "-o", "d.jsonl")
	search := []string{"probes", "breed", "--quiet", "--probes", "d.jsonl", "--only", "linux-*", "--budget", "500", "--size", "10"}
	tickle(t, append(search, "--work", "search", "-o", "bred.jsonl")...)
	tickle(t, append(search, "--control", "--work", "control", "-o", "control.jsonl")...)
	tickle(t, "probes", "join", "bred.jsonl", "control.jsonl", "-o", "both.jsonl")
	both, err := probegen.ReadFile("both.jsonl")
	require.NoError(t, err)
	parts, err := both.Header.Parts()
	require.NoError(t, err)
	require.Len(t, parts, 2)
	for i, name := range []string{breed.BredPart, breed.ControlPart} {
		set, err := probegen.ReadFile(name + ".jsonl")
		require.NoError(t, err)
		require.Equal(t, name, parts[i].Name)
		require.Len(t, parts[i].Probes, len(set.Probes))
		require.Positive(t, parts[i].Searched)
		require.NotEmpty(t, parts[i].Progress)
	}
	require.Contains(t, fails(t, "probes", "join", "bred.jsonl", "both.jsonl", "-o", "x.jsonl"), "both.jsonl: is joined of 2 sets: want one that tickle probes breed made")
	require.Contains(t, fails(t, "probes", "join", "bred.jsonl", "d.jsonl", "-o", "x.jsonl"), "d.jsonl: is joined of 0 sets: want one that tickle probes breed made")
	require.Contains(t, fails(t, "probes", "join", "bred.jsonl", "bred.jsonl", "-o", "x.jsonl"), "two sets are called bred: want each once")
	require.NoFileExists(t, "x.jsonl")
}
