package reports

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/experiments"
)

// update writes golden files anew: go test ./reports -update. They are then
// to be read by a person before they are committed.
var update = flag.Bool("update", false, "write the golden files in testdata anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// small is a result with everything that tables and figures must bear: n/a,
// values of the paper, names with characters that mean something elsewhere.
func small() *experiments.Result {
	row := func(h string, level int, learner, fields, split string, accuracy experiments.Number) experiments.AccuracyRow {
		return experiments.AccuracyRow{
			Hierarchy: h, Level: level, Learner: learner, Fields: fields, Split: split,
			Accuracy: accuracy, AccuracyLow: max(0, accuracy-0.1), AccuracyHigh: min(1, accuracy+0.05),
			BalancedAccuracy: accuracy - 0.02, MacroF1: accuracy - 0.03, Kappa: experiments.NA, LogLoss: experiments.NA, ConfidenceCorrect: 2.0 / 3,
			CeilingAlike: 0.995, CeilingSeen: 0.9, Majority: 0.4, N: 60, Classes: 4 + 5*level, Groups: 30, Unseen: 6, Folds: 10, Filter: "all",
		}
	}
	var rows []experiments.AccuracyRow
	for _, split := range []string{"paper", "grouped"} {
		for _, h := range []string{"kernel", "distribution"} {
			for level := range 3 {
				for i, learner := range []string{"forest", "ibk:k=1,missing=skip"} {
					for j, fields := range []string{"prone", "vetted"} {
						rows = append(rows, row(h, level, learner, fields, split, experiments.Number(0.95-0.2*float64(level)-0.05*float64(i)-0.08*float64(j))))
					}
				}
			}
		}
	}
	rows[0].Paper = experiments.PaperValue{Relation: ">", Value: 0.98}
	rows[8].Paper = experiments.PaperValue{Relation: "=", Value: 0.85}
	trained := rows[len(rows)-1]
	trained.Filter, trained.Accuracy = "train", trained.Accuracy-0.04
	rows = append(rows, trained)
	return &experiments.Result{
		Schema: experiments.Schema, Experiment: "accuracy", Title: "Classification accuracy",
		Config: map[string]string{"folds": "10", "learners": "forest;ibk:k=1,missing=skip"},
		Provenance: experiments.Provenance{
			Data: "out/data", DataHash: "c0ffee", Pool: "R&D_50%", Machines: 60, Real: 12, Modelled: 48, Groups: 30, Probes: 498, Dropped: 2, Repeats: 6, Seed: 7,
			Version: "devel", Policies: experiments.Policies{Loss: "drop-probe", Nondet: "mask", Filter: "all"}, Command: "tickle experiment accuracy --data 'a<b' -o out",
		},
		Columns: experiments.ColumnsOf(rows), Rows: rows,
		Warnings: []experiments.Warning{{Code: "small-n", Cell: "kernel level 2", Text: "n=4 is too small to tell at α=0.05"}, {Code: "modelled-pool", Text: "<b>48</b> of 60 | models"}},
	}
}

func TestTables(t *testing.T) {
	r := small()
	rows := r.Rows.([]experiments.AccuracyRow)
	r.Rows = append(rows[:3:3], rows[8], rows[len(rows)-1])
	for name, write := range map[string]func(io.Writer, *experiments.Result) error{"table.csv": WriteCSV, "table.md": WriteMarkdown, "table.tex": WriteLaTeX} {
		var b bytes.Buffer
		require.NoError(t, write(&b, r))
		golden(t, name, b.String())
	}
}

func TestLaTeXEscapes(t *testing.T) {
	require.Equal(t, `50\% \& a\_b \#1 \{\textbackslash{}\} \textasciitilde{}\textasciicircum{} \$`, latexText(`50% & a_b #1 {\} ~^ $`))
	points := experiments.Column{Type: "number", Decimals: 1}
	require.Equal(t, "$-6.5$", latexCell(experiments.Number(-6.49), &points))
	require.Equal(t, "6.5", latexCell(experiments.Number(6.49), &points))
	require.Equal(t, "--", latexCell(experiments.NA, &points))
}

func TestFiguresAreTheSameBytesEachTime(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, Write(filepath.Join(dir, "a"), small(), Options{}))
	require.NoError(t, Write(filepath.Join(dir, "b"), small(), Options{}))
	files, err := os.ReadDir(filepath.Join(dir, "a"))
	require.NoError(t, err)
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
		a, err := os.ReadFile(filepath.Join(dir, "a", f.Name()))
		require.NoError(t, err)
		b, err := os.ReadFile(filepath.Join(dir, "b", f.Name()))
		require.NoError(t, err)
		require.True(t, bytes.Equal(a, b), f.Name())
	}
	require.Equal(t, []string{"figure.pdf", "figure.png", "figure.svg", "table.csv", "table.md", "table.tex"}, names)
	require.EqualError(t, Write(dir, small(), Options{Formats: []Format{"gif"}}), `figure format "gif": want svg, png or pdf`)
}

func TestFormatsAreWhatTheySay(t *testing.T) {
	fig, err := FigureOf(small())
	require.NoError(t, err)
	for _, width := range []Width{Column, Page} {
		var b bytes.Buffer
		require.NoError(t, fig.Write(&b, PNG, width))
		c, err := png.DecodeConfig(&b)
		require.NoError(t, err)
		require.InDelta(t, width.Length().Points()/72*300, c.Width, 1)
		b.Reset()
		require.NoError(t, fig.Write(&b, PDF, width))
		require.Contains(t, b.String(), "/FontFile2", "no embedded font")
		require.NotContains(t, b.String(), "D:20", "a date")
		b.Reset()
		require.NoError(t, fig.Write(&b, SVG, width))
		wellFormed(t, b.String())
	}
}

// wellFormed reads all of an XML text.
func wellFormed(t *testing.T, s string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(s))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
	}
}

func TestResultWithoutRowsHasNoFigure(t *testing.T) {
	r := small()
	r.Rows = []experiments.AccuracyRow{}
	fig, err := FigureOf(r)
	require.NoError(t, err)
	require.Nil(t, fig)
	require.NoError(t, Write(t.TempDir(), r, Options{}))
}

func TestLearnerColours(t *testing.T) {
	require.Equal(t, LearnerColour("forest"), LearnerColour("forest:trees=300"))
	require.NotEqual(t, LearnerColour("forest"), LearnerColour("ibk"))
	require.Equal(t, LearnerColour("new"), LearnerColour("new:a=1"))
}
