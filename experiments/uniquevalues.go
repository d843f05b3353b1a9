package experiments

import (
	"context"
	"fmt"

	"tickle/datasets"
)

// UniqueRow is a bar of the histogram: the fields that had so many different
// values. A field here is one field of the catalogue in the answers of one
// machine to one probe, or in one place for an answer in a dialogue.
type UniqueRow struct {
	Distinct int    `json:"distinct" unit:"values" doc:"different values among the answers to all sendings of a probe; being absent is one"`
	Fields   int    `json:"fields" doc:"that have so many"`
	Absent   int    `json:"absent" doc:"of these, absent from every answer, or never answered: nothing else can be said of them"`
	Vetted   int    `json:"vetted" doc:"of these, in the vetted set"`
	Share    Number `json:"share" unit:"share" decimals:"4" doc:"of all fields"`
	Which    string `json:"which" extra:"yes" doc:"the fields that do so most often, with how often"`
}

var uniqueValues = Entry{
	Name:          "unique-values",
	Title:         "Distinct values of a field over many sendings of one probe",
	PaperFigure:   "Figure 2b",
	Summary:       "How many different values each field takes when one probe is sent very often: one, or very many.",
	NeedsMachines: true,
	Options:       []Option{{Name: "plan", Default: "repeats", Doc: "the plan of the run that sends few probes often"}},
	NeedsRun:      true,
	Rows:          []UniqueRow{},
	Run:           runUniqueValues,
}

// fewProbes says what the experiment wants of a run.
const fewProbes = "want one that sends few probes very often, as tickle reproduce collects and tickle collect --repeats 1500 of a set of 20 (then --plan is the set's family)"

func runUniqueValues(ctx context.Context, in *Input) (*Result, error) {
	p, missing, err := openPlan(in, in.Options["plan"], fewProbes)
	if p == nil {
		return &Result{Rows: []UniqueRow{}, Warnings: missing}, err
	}
	perMachine := make([]uniqueCount, len(p.machines))
	err = p.each(ctx, in, func(i int, f *datasets.SummaryFile) error {
		perMachine[i].of = p.fields()
		return perMachine[i].read(f)
	})
	if err != nil {
		return nil, err
	}
	all := uniqueCount{of: p.fields(), fewest: p.plan.Repeats}
	for i := range perMachine {
		all.add(&perMachine[i])
	}
	r := &Result{Rows: all.rows(in.Data.VettedFields()), Warnings: append(p.warnings(), p.checksums()...), scope: p.scope()}
	if all.lossy > 0 {
		r.Warnings = append(r.Warnings, Warning{Code: WarnLossySets, Text: fmt.Sprintf(
			"%d of %d pairs of machine and probe had answers to some sendings only: their values are of fewer answers, %d of %d at least", all.lossy, all.sets, all.fewest, p.plan.Repeats)})
	}
	return r, nil
}

// uniqueCount counts fields by how many values they had.
type uniqueCount struct {
	of     []datasets.FieldID // that are counted
	fields map[int]*[datasets.NumAllFields]int
	absent [datasets.NumAllFields]int
	sets   int // pairs of machine and probe
	lossy  int
	fewest int // answers that a lossy set has
}

func (u *uniqueCount) read(f *datasets.SummaryFile) error {
	u.fields = make(map[int]*[datasets.NumAllFields]int)
	var texts datasets.Interner
	for g := range f.Groups() {
		summaries, err := f.Read(g, &texts)
		if err != nil {
			return err
		}
		for i := range summaries {
			u.count(&summaries[i])
		}
	}
	return nil
}

func (u *uniqueCount) count(s *datasets.Summary) {
	u.sets++
	if s.Lossy() {
		if u.lossy == 0 || int(s.Answered) < u.fewest {
			u.fewest = int(s.Answered)
		}
		u.lossy++
	}
	for _, f := range u.of {
		x := &s.Fields[f]
		at := u.fields[int(x.Distinct)]
		if at == nil {
			at = new([datasets.NumAllFields]int)
			u.fields[int(x.Distinct)] = at
		}
		at[f]++
		if x.State == datasets.Absent {
			u.absent[f]++
		}
	}
}

func (u *uniqueCount) add(o *uniqueCount) {
	if u.fields == nil {
		u.fields = make(map[int]*[datasets.NumAllFields]int)
	}
	for distinct, counts := range o.fields {
		if u.fields[distinct] == nil {
			u.fields[distinct] = new([datasets.NumAllFields]int)
		}
		for f, n := range counts {
			u.fields[distinct][f] += n
		}
	}
	for f, n := range o.absent {
		u.absent[f] += n
	}
	if o.lossy > 0 {
		u.fewest = min(u.fewest, o.fewest)
	}
	u.sets, u.lossy = u.sets+o.sets, u.lossy+o.lossy
}

func (u *uniqueCount) rows(vetted [datasets.NumAllFields]bool) []UniqueRow {
	rows := []UniqueRow{}
	for _, distinct := range sortedInts(u.fields) {
		row := UniqueRow{Distinct: distinct, Which: mostOften(u.fields[distinct])}
		for f, n := range u.fields[distinct] {
			row.Fields += n
			if vetted[f] {
				row.Vetted += n
			}
			if distinct == 1 {
				row.Absent += u.absent[f]
			}
		}
		row.Share = Number(float64(row.Fields) / float64(u.sets*len(u.of)))
		rows = append(rows, row)
	}
	return rows
}
