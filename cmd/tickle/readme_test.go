package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// shellWords splits a command line at spaces, minding single quotes.
func shellWords(line string) []string {
	var words []string
	var word strings.Builder
	quoted, open := false, false
	for _, c := range line {
		switch {
		case c == '\'':
			quoted, open = !quoted, true
		case c == ' ' && !quoted:
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open = false
		default:
			word.WriteRune(c)
			open = true
		}
	}
	if open {
		words = append(words, word.String())
	}
	return words
}

// readme gives the README's command lines: those of the tour, which is its first
// sh block, and of other ones, and its make targets.
func readme(t *testing.T) (tour, rest, targets []string) {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	defer f.Close()
	block, blocks := false, 0
	for s := bufio.NewScanner(f); s.Scan(); {
		line := s.Text()
		switch {
		case strings.HasPrefix(line, "```"):
			if block = line == "```sh"; block {
				blocks++
			}
		case block && blocks == 1:
			tour = append(tour, line)
		case block:
			rest = append(rest, line)
		case strings.HasPrefix(line, "    make "):
			targets = append(targets, strings.Fields(line)[1])
		}
	}
	return tour, rest, targets
}

// Every command of the README runs, one after the other, as a newcomer would
// run them.
func TestREADME(t *testing.T) {
	if testing.Short() {
		t.Skip("the tour runs the demo")
	}
	tour, rest, targets := readme(t)
	require.Len(t, tour, 10, "the tour has ten commands")
	makefile, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	require.NoError(t, err)
	require.Contains(t, targets, "demo")
	require.Contains(t, targets, "test")
	for _, target := range targets {
		require.Contains(t, string(makefile), "\n"+target+":")
	}
	t.Chdir(t.TempDir())
	for _, line := range append(tour, rest...) {
		words := shellWords(line)
		require.Equal(t, "tickle", words[0], line)
		tickle(t, append(words[1:], "--quiet")...)
	}
	for _, file := range []string{"out/demo/index.html", "out/demo/timing.json", "out/demo/accuracy/figure.svg", "data.arff", "tree.model", "table/numbers.parquet", "out/linux/index.html", "out/linux/accuracy/table.tex"} {
		info, err := os.Stat(filepath.FromSlash(file))
		require.NoError(t, err)
		require.NotZero(t, info.Size())
	}
	// The study compares packets, Nmap's probes and dialogues.
	reach, err := os.ReadFile(filepath.FromSlash("out/demo/reach/result.json"))
	require.NoError(t, err)
	for _, plan := range []string{"random", "nmap4", "dialogue", "control", "bred"} {
		require.Contains(t, string(reach), `"plan": "`+plan+`"`)
	}
}
