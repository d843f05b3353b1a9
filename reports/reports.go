// Package reports makes figures, tables and a page that shows them out of
// results. It computes no metric: what it draws is in the Result, or is not
// drawn. All figures speak one language, so that they can stand side by side
// in a paper: the same learner has the same colour everywhere, prone fields
// are solid and vetted ones hatched, and a footer says how many machines,
// real and modelled, of which pool, and from which seed. The same result
// gives the same bytes, in every format.
package reports

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"tickle/experiments"
)

// Format is a file format of figures.
type Format string

// The formats.
const (
	SVG Format = "svg" // text stays text, in Liberation Sans or a font of the same metrics
	PNG Format = "png" // 300 dots an inch
	PDF Format = "pdf" // fonts embedded
)

// Formats lists all formats.
var Formats = []Format{SVG, PNG, PDF}

// Options says how figures are drawn. The zero value is every format at
// column width.
type Options struct {
	Formats []Format // nil: all
	Width   Width
}

// Write makes table.csv, table.md and table.tex of a result in dir and, where
// its experiment has one, figure.svg, figure.png and figure.pdf. Each file is
// written under another name and renamed.
func Write(dir string, r *experiments.Result, o Options) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	files := []struct {
		name  string
		write func(io.Writer) error
	}{
		{"table.csv", func(w io.Writer) error { return WriteCSV(w, r) }},
		{"table.md", func(w io.Writer) error { return WriteMarkdown(w, r) }},
		{"table.tex", func(w io.Writer) error { return WriteLaTeX(w, r) }},
	}
	for _, f := range files {
		if err := experiments.WriteFile(filepath.Join(dir, f.name), f.write); err != nil {
			return err
		}
	}
	fig, err := FigureOf(r)
	if err != nil || fig == nil {
		return err
	}
	formats := o.Formats
	if formats == nil {
		formats = Formats
	}
	for _, format := range formats {
		if !slices.Contains(Formats, format) {
			return fmt.Errorf("figure format %q: want svg, png or pdf", format)
		}
		write := func(w io.Writer) error { return fig.Write(w, format, o.Width) }
		if err := experiments.WriteFile(filepath.Join(dir, "figure."+string(format)), write); err != nil {
			return err
		}
	}
	return nil
}

// FigureOf gives the figure of a result, nil when its experiment has none or
// there is no row to draw.
func FigureOf(r *experiments.Result) (*Figure, error) {
	draw, ok := figures[r.Experiment]
	if !ok {
		return nil, nil
	}
	return draw(r)
}

// figures draws the results of each experiment that has a figure, by its name.
var figures = map[string]func(*experiments.Result) (*Figure, error){
	"accuracy":       accuracyFigure,
	"classes":        classesFigure,
	"example":        exampleFigure,
	"sources":        sourcesFigure,
	"loss":           lossFigure,
	"probe-count":    probeCountFigure,
	"repeats":        repeatsFigure,
	"unique-values":  uniqueFigure,
	"bias":           biasFigure,
	"calibration":    calibrationFigure,
	"confusion":      confusionFigure,
	"factors":        factorsFigure,
	"importance":     importanceFigure,
	"leakage":        leakageFigure,
	"learning-curve": learningCurveFigure,
	"novelty":        noveltyFigure,
	"overfitting":    overfittingFigure,
	"reach":          reachFigure,
	"loo":            looFigure,
	"map":            mapFigure,
	"vectors":        vectorsFigure,
	"vector-novelty": vectorNoveltyFigure,
}
