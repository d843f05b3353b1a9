package experiments

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/forest"
)

// ImportanceRow is what a forest makes of one field over all its probes, or
// of one probe over all its fields.
type ImportanceRow struct {
	Hierarchy   string `json:"hierarchy"`
	Level       int    `json:"level"`
	Learner     string `json:"learner" extra:"yes"`
	Fields      string `json:"fields" extra:"yes" doc:"field set"`
	Kind        string `json:"kind" doc:"field or probe"`
	Name        string `json:"name" doc:"of the field; of a probe its number"`
	Sources     string `json:"sources" doc:"likely sources of a field's variation"`
	Vetted      string `json:"vetted" doc:"yes where no source but the operating system is likely"`
	Gain        Number `json:"gain" unit:"bit" decimals:"4" doc:"by which nodes that test its columns lower the impurity, mean over the trees"`
	GainShare   Number `json:"gain_share" unit:"share" decimals:"3" doc:"of the gain of all columns; of columns that group the machines alike only the first is ever tested"`
	Permutation Number `json:"permutation" unit:"share" decimals:"3" doc:"by which the accuracy out of the bags falls when the field's cells are permuted among the machines, over all probes together; n/a for a probe"`
	Columns     int    `json:"columns" doc:"that some tree tests"`
	Rank        int    `json:"rank" extra:"yes" doc:"by gain, from 1, among its kind"`
	OutOfBag    Number `json:"out_of_bag_accuracy" extra:"yes" unit:"share" decimals:"3" doc:"of the whole forest"`
}

var importance = Entry{
	Name:          "importance",
	Title:         "What the models use",
	Summary:       "Fields and probes by what a forest gains from them and by what it loses without them, with the sources of the fields.",
	NeedsMachines: true,
	Options: []Option{
		{Name: "permutations", Default: "5", Doc: "over which the fall of the accuracy is a mean, 1 or more"},
		{Name: "probes", Default: "10", Doc: "probes listed for each level, 0 or more"},
		hierarchiesOption, levelsOption("2"), fieldsOption("prone"),
	},
	Rows: []ImportanceRow{},
	Run:  runImportance,
}

// WarnNoForest marks a result that needs a forest and was given none.
const WarnNoForest = "no-forest"

func runImportance(ctx context.Context, in *Input) (*Result, error) {
	run := &importanceRun{in: in, sources: in.Data.SourcesOf()}
	if err := in.integers(whole{"permutations", 1, &run.permutations}, whole{"probes", 0, &run.probes}); err != nil {
		return nil, err
	}
	if len(in.Learners) == 0 {
		return nil, errors.New("no learners: want one at least")
	}
	tasks, warnings := in.levels()
	rows := []ImportanceRow{}
	i := slices.IndexFunc(in.Learners, func(l learners.Configured) bool { return l.Name == "forest" })
	if i < 0 {
		warnings = append(warnings, Warning{WarnNoForest, "", "no forest among the learners: none of them says what it uses; no rows"})
		return &Result{Rows: rows, Warnings: warnings}, nil
	}
	run.learner = in.Learners[i]
	count := in.counter(len(tasks) * len(in.list("fields")))
	for _, fields := range in.list("fields") {
		data, err := in.Data.Select(datasets.FieldSet(fields))
		if err != nil {
			return nil, fmt.Errorf("fields %s: %w", fields, err)
		}
		shared := learners.NewShared(data)
		for k := range tasks {
			of, err := run.level(ctx, &tasks[k], data, shared)
			if err != nil {
				return nil, err
			}
			for j := range of {
				of[j].Fields = fields
			}
			rows = append(rows, of...)
			count(tasks[k].String())
		}
	}
	return &Result{Rows: rows, Warnings: warnings}, nil
}

// importanceRun is an importance experiment under way.
type importanceRun struct {
	in                   *Input
	learner              learners.Configured
	sources              *datasets.Sources
	permutations, probes int
}

// importanceStream is the fold number of the fit on all machines, for its
// seed.
const importanceStream = 1<<20 - 1

// level fits a forest on all machines and asks what it uses.
func (r *importanceRun) level(ctx context.Context, t *levelTask, data *datasets.Selection, shared *learners.Shared) ([]ImportanceRow, error) {
	all := make([]int32, data.Rows())
	for i := range all {
		all[i] = int32(i)
	}
	train := &learners.Train{
		Data: data, Rows: all, Labels: t.labels, Classes: t.classes, Workers: r.in.Workers, Shared: shared,
		Seed: fitSeed(r.in.Seed, &Fold{Fold: importanceStream}),
	}
	model, err := r.learner.Learner.Fit(ctx, train)
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w", t, r.learner.Label, err)
	}
	m, ok := model.(*forest.Model)
	if !ok {
		return nil, fmt.Errorf("%s, %s: its model is a %T, no forest", t, r.learner.Label, model)
	}
	group, groups := m.Fields()
	falls, err := m.ImportanceByPermutation(ctx, forest.Permutation{Group: group, Groups: groups, Repeats: r.permutations, Seed: train.Seed, Workers: r.in.Workers})
	if err != nil {
		return nil, err
	}
	return r.rows(t, data, m, falls), nil
}

// rows makes the rows of one forest: its fields by gain, then its probes.
func (r *importanceRun) rows(t *levelTask, data *datasets.Selection, m *forest.Model, falls []float64) []ImportanceRow {
	wrong, of := m.OutOfBag()
	base := ImportanceRow{
		Hierarchy: t.hierarchy.String(), Level: t.level, Learner: r.learner.Label,
		OutOfBag: Number(1 - float64(wrong)/float64(of)),
	}
	gains := m.ImportanceByGain()
	var rows []ImportanceRow
	field := func(c datasets.Column) int { return int(c.Field) }
	for rank, u := range usesOf(data, gains, field) {
		row := base
		f := datasets.FieldID(u.what)
		row.Kind, row.Name, row.Rank = "field", f.String(), rank+1
		row.Sources, row.Vetted = likelySources(r.sources, f), "no"
		if r.sources.Vetted(f) {
			row.Vetted = "yes"
		}
		row.Gain, row.GainShare, row.Columns, row.Permutation = u.gain, u.share, u.columns, Number(falls[f])
		rows = append(rows, row)
	}
	probe := func(c datasets.Column) int { return int(c.Probe) }
	for rank, u := range usesOf(data, gains, probe) {
		if rank == r.probes {
			break
		}
		row := base
		row.Kind, row.Name, row.Rank = "probe", fmt.Sprint(u.what), rank+1
		row.Gain, row.GainShare, row.Columns, row.Permutation = u.gain, u.share, u.columns, NA
		rows = append(rows, row)
	}
	return rows
}

// use is what a forest gains from the columns of one thing.
type use struct {
	what        int
	gain, share Number
	columns     int
}

// usesOf sums gains by what their columns are of, from the greatest down,
// equals by number. Columns of numbers are of neither field nor probe.
func usesOf(data *datasets.Selection, gains []forest.Gain, of func(datasets.Column) int) []use {
	at := make(map[int]int)
	var uses []use
	total := Number(0)
	for _, g := range gains {
		total += Number(g.Value)
		if _, number := g.Column.Number(); number {
			continue
		}
		what := of(data.Columns[g.Column])
		if _, known := at[what]; !known {
			at[what] = len(uses)
			uses = append(uses, use{what: what})
		}
		u := &uses[at[what]]
		u.gain += Number(g.Value)
		u.columns++
	}
	for i := range uses {
		uses[i].share = uses[i].gain / total
	}
	slices.SortFunc(uses, func(a, b use) int {
		switch {
		case a.gain > b.gain:
			return -1
		case a.gain < b.gain:
			return 1
		}
		return a.what - b.what
	})
	return uses
}

// likelySources lists the likely sources of a field.
func likelySources(s *datasets.Sources, f datasets.FieldID) string {
	var names []string
	for source, in := range s[f] {
		if in == datasets.Likely {
			names = append(names, datasets.SourceNames[source])
		}
	}
	return strings.Join(names, " ")
}
