package reports

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tickle/experiments"
)

// WriteIndex writes out/index.html, which shows every result that lies in a
// folder of its own below out: first what became of the paper's statements,
// then all others in the order of experiments.All. A folder without any
// result is an error.
func WriteIndex(out string) error {
	var results []*experiments.Result
	for _, e := range experiments.All() {
		r, err := experiments.ReadResult(filepath.Join(out, e.Name, "result.json"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		results = append(results, r)
	}
	if len(results) == 0 {
		return fmt.Errorf("%s: no result: want a folder with a result.json for at least one experiment", out)
	}
	linked := func(name string) bool {
		_, err := os.Stat(filepath.Join(out, name))
		return err == nil
	}
	write := func(w io.Writer) error { return writePage(w, results, linked) }
	return experiments.WriteFile(filepath.Join(out, "index.html"), write)
}

// WritePage writes one self-contained page that shows results: nothing is
// loaded from elsewhere. It reads well without JavaScript, on paper, on a
// phone, in light and dark.
func WritePage(w io.Writer, results []*experiments.Result) error {
	return writePage(w, results, func(string) bool { return false })
}

//go:embed page.html
var pageText string

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// page is what page.html shows.
type page struct {
	CSS      template.CSS
	JS       template.JS
	Modelled string // how far the page rests on modelled machines; "" when it does not
	Sections []section
}

// section is one result.
type section struct {
	ID, Title, PaperFigure, Summary string
	Provenance, Modelled            string
	Verdicts                        *verdicts
	Findings                        []string      // sentences
	Wide, Narrow                    template.HTML // the figure at page and at column width
	Facts                           []fact
	Command                         string
	Warnings                        []string
	Files                           []string // beside the page, relative to it
	Columns                         []experiments.Column
	Predictions                     []experiments.Column // where there are single predictions
	Head                            []cell
	Rows                            [][]cell
	Folded                          bool // only the first rows are shown until the reader asks for all
}

// foldedFrom is the number of rows from which a table is folded. The style
// sheet knows how many are shown then.
const foldedFrom = 15

// longText is the number of characters from which a text may break.
const longText = 40

type fact struct{ Name, Value string }

type cell struct{ Text, Class, Doc string }

func writePage(w io.Writer, results []*experiments.Result, exists func(string) bool) error {
	p := page{CSS: template.CSS(pageCSS), JS: template.JS(pageJS)}
	real, modelled := false, false
	results = slices.Clone(results)
	slices.SortStableFunc(results, func(a, b *experiments.Result) int { return rank(a) - rank(b) })
	for _, r := range results {
		s, err := sectionOf(r, exists)
		if err != nil {
			return err
		}
		p.Sections = append(p.Sections, s)
		real, modelled = real || r.Provenance.Real > 0, modelled || r.Provenance.Modelled > 0
	}
	switch {
	case modelled && real:
		p.Modelled = "Some of the machines below are models of TCP/IP stacks, not real ones. What rests on them is marked."
	case modelled:
		p.Modelled = "All machines below are models of TCP/IP stacks, not real ones: the results hold for the models."
	}
	return pageTemplate.Execute(w, &p)
}

// rank puts the statements before all else.
func rank(r *experiments.Result) int {
	if r.Experiment == "statements" {
		return 0
	}
	return 1
}

func sectionOf(r *experiments.Result, exists func(string) bool) (section, error) {
	entry, err := experiments.Find(r.Experiment)
	if err != nil {
		return section{}, err
	}
	s := section{
		ID: r.Experiment, Title: r.Title, PaperFigure: entry.PaperFigure, Summary: entry.Summary,
		Provenance: provenanceLine(r), Facts: factsOf(r), Command: r.Provenance.Command, Columns: r.Columns,
	}
	if r.Provenance.Modelled > 0 {
		s.Modelled = fmt.Sprintf("modelled: %d of %d machines", r.Provenance.Modelled, r.Provenance.Machines)
	}
	for i := range r.Warnings {
		s.Warnings = append(s.Warnings, warningLine(&r.Warnings[i]))
	}
	for _, name := range []string{"figure.pdf", "figure.svg", "figure.png", "table.csv", "table.md", "table.tex", "result.json", "predictions.parquet", "splits.csv"} {
		if path := r.Experiment + "/" + name; exists(path) {
			s.Files = append(s.Files, path)
			if name == "predictions.parquet" {
				s.Predictions = experiments.PredictionColumns()
			}
		}
	}
	fig, err := FigureOf(r)
	if err != nil {
		return section{}, err
	}
	if fig != nil {
		s.Wide, s.Narrow = template.HTML(fig.svg(Page)), template.HTML(fig.svg(Column))
	}
	if s.Verdicts, err = verdictsOf(r); err != nil {
		return section{}, err
	}
	if s.Findings, err = findingsOf(r); err != nil {
		return section{}, err
	}
	s.fill(r)
	return s, nil
}

// fill makes the table of the section.
func (s *section) fill(r *experiments.Result) {
	class := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		if numeric(&c) {
			class[i] = "num"
		}
		if c.Extra {
			class[i] = strings.TrimSpace(class[i] + " extra")
		}
		s.Head = append(s.Head, cell{strings.ReplaceAll(c.Name, "_", " "), class[i], c.Doc})
	}
	for _, values := range r.Cells() {
		row := make([]cell, len(values))
		for i, v := range values {
			row[i] = cell{Text: rounded(v, &r.Columns[i]), Class: class[i]}
			if len(row[i].Text) > longText {
				row[i].Class = strings.TrimSpace("long " + class[i])
			}
		}
		s.Rows = append(s.Rows, row)
	}
	s.Folded = len(s.Rows) >= foldedFrom
}

// factsOf is the provenance as a list.
func factsOf(r *experiments.Result) []fact {
	p := &r.Provenance
	facts := []fact{
		{"pool", p.Pool},
		{"machines", fmt.Sprintf("%d (%d real, %d modelled) in %s", p.Machines, p.Real, p.Modelled, count(p.Groups, "group"))},
		{"probes", fmt.Sprintf("%d, each sent %d times; %d more dropped for loss", p.Probes, p.Repeats, p.Dropped)},
		{"policies", fmt.Sprintf("loss %s, nondeterminism %s, decided on %s rows", p.Policies.Loss, p.Policies.Nondet, p.Policies.Filter)},
	}
	if p.Table {
		facts = []fact{{"table", p.Pool}, {"rows", fmt.Sprintf("%d (%d modelled) in %s", p.Machines, p.Modelled, count(p.Groups, "group"))}}
	}
	facts = append(facts,
		fact{"data set", p.Data},
		fact{"SHA-256", p.DataHash},
		fact{"seed", fmt.Sprint(p.Seed)},
		fact{"version", p.Version})
	for _, name := range slices.Sorted(maps.Keys(r.Config)) {
		facts = append(facts, fact{"option " + name, r.Config[name]})
	}
	return facts
}
