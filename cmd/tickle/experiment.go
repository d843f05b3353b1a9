package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tickle/collector"
	"tickle/datasets"
	"tickle/experiments"
	"tickle/learners"
	"tickle/learners/all"
	"tickle/reports"
)

// defaultLearners are those of the paper's Figure 5 that the program has, and
// the majority as a floor.
const defaultLearners = "forest;smo;ibk;majority"

// learnersOf gives those that an experiment fits when the user names none.
func learnersOf(e *experiments.Entry) string { return cmp.Or(e.Learners, defaultLearners) }

func (p *program) experiment() *cobra.Command {
	c := group("experiment", "Run one experiment on a data set", "  tickle experiment accuracy --data out/demo/data -o out/demo")
	c.AddCommand(p.experimentRun())
	entries := experiments.All()
	for i := range entries {
		c.AddCommand(p.oneExperiment(&entries[i]))
	}
	return c
}

// study says on what and how an experiment runs.
type study struct {
	data, run string
	learners  string
	options   map[string]string
	seed      uint64
	workers   int
	out       string
}

func (p *program) oneExperiment(e *experiments.Entry) *cobra.Command {
	s := study{options: map[string]string{}}
	figure, run := "", ""
	if e.PaperFigure != "" {
		figure = " (the paper's " + e.PaperFigure + ")"
	}
	if e.NeedsRun {
		run = " --run out/demo/run"
	}
	c := &cobra.Command{
		Use:     e.Name,
		Short:   e.Title + figure,
		Long:    e.Summary + "\n\nWrites OUT/" + e.Name + "/ with result.json, tables and figures, and OUT/index.html.",
		Example: fmt.Sprintf("  tickle experiment %s --data out/demo/data%s -o out/demo", e.Name, run),
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := datasets.Open(s.data)
			if err != nil {
				return err
			}
			r, err := p.runExperiment(c.Context(), e, &s, experiments.Of(s.data, d))
			if err != nil {
				return err
			}
			if err := reports.WriteIndex(s.out); err != nil {
				return err
			}
			for _, w := range r.Warnings {
				if w.Code == experiments.WarnNoResult {
					p.say("%s: %s", e.Name, w.Text)
				}
			}
			p.say("%s: %s, %s: %s, %s", e.Name, counted(len(r.Cells()), "row"), counted(len(r.Warnings), "reason")+" for doubt",
				filepath.Join(s.out, e.Name), filepath.Join(s.out, "index.html"))
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&s.data, "data", "", "the data set's `FOLDER` (see tickle dataset build)")
	f.StringVar(&s.run, "run", "", "the run `FOLDER`, for what looks at single exchanges")
	f.StringVar(&s.learners, "learners", learnersOf(e), "learners with options, as `'forest:trees=300;ibk:k=1'` (see tickle learners), or all")
	f.Uint64Var(&s.seed, "seed", 1, "the seed of folds, learners and intervals")
	f.Var((*workers)(&s.workers), "workers", "goroutines; 0: one a processor; changes no result")
	f.StringVarP(&s.out, "output", "o", "", "the `FOLDER` of results")
	for _, o := range e.Options {
		doc := o.Doc
		if o.Values != nil {
			doc += " (" + strings.Join(o.Values, ", ") + ")"
		}
		f.Var(&optionValue{name: o.Name, text: o.Default, set: s.options}, o.Name, doc)
	}
	must(c.MarkFlagRequired("data"))
	must(c.MarkFlagRequired("output"))
	return c
}

// optionValue is a flag that stands for an option of an experiment.
type optionValue struct {
	name, text string
	set        map[string]string
}

func (o *optionValue) String() string { return o.text }
func (o *optionValue) Type() string   { return "value" }
func (o *optionValue) Set(s string) error {
	o.text = s
	o.set[o.name] = s
	return nil
}

// runExperiment runs e on data and writes its result, tables and figures.
func (p *program) runExperiment(ctx context.Context, e *experiments.Entry, s *study, data *experiments.Data) (*experiments.Result, error) {
	configured, err := parseLearners(s.learners)
	if err != nil {
		return nil, err
	}
	show := p.stage(e.Name)
	in := &experiments.Input{
		Data: data, Run: s.run, Results: s.out, Learners: configured, Options: s.options, AnswerLadder: collector.AnswerLadder,
		Seed: s.seed, Workers: s.workers, Version: version(), Command: s.command(e.Name),
		Progress: func(done, total int, note string) { show.set(int64(done), int64(total), note) },
	}
	result, err := experiments.Run(ctx, e, in)
	show.end(err == nil)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(s.out, e.Name)
	if err := result.Write(dir); err != nil {
		return nil, err
	}
	if len(result.Cells()) == 0 {
		for _, w := range result.Warnings {
			if w.Code != experiments.WarnModelled && w.Code != experiments.WarnTransductive {
				p.say("%s: no rows: %s", e.Name, w.Text)
			}
		}
	}
	return result, reports.Write(dir, result, reports.Options{Width: reports.Page})
}

// counted writes how many things there are.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// parseLearners reads a list of learners; "all" is every one of ours with its
// defaults (golearn's are asked for by name, for they take no seed).
func parseLearners(spec string) ([]learners.Configured, error) {
	registry := all.Registry()
	if spec != "all" {
		return registry.Parse(spec)
	}
	var names []string
	for _, e := range registry.Entries() {
		if !strings.HasPrefix(e.Name, "golearn-") {
			names = append(names, e.Name)
		}
	}
	return registry.Parse(strings.Join(names, ";"))
}

// command is the command line that makes the result again.
func (s *study) command(name string) string {
	words := []string{"tickle", "experiment", name, "--data", s.data, "--seed", fmt.Sprint(s.seed), "--learners", "'" + s.learners + "'"}
	if s.run != "" {
		words = append(words, "--run", s.run)
	}
	for _, key := range slices.Sorted(maps.Keys(s.options)) {
		words = append(words, "--"+key, s.options[key])
	}
	return strings.Join(append(words, "-o", s.out), " ")
}
