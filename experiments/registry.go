package experiments

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tickle/datasets"
	"tickle/learners"
	"tickle/probegen"
)

// Entry is an experiment as programs find it by name.
type Entry struct {
	Name          string // also the folder of its result
	Title         string // of its figure and its part of the report
	PaperFigure   string // as "Figure 5", or "" when the paper has none
	Summary       string // one sentence
	Options       []Option
	Learners      string // those that it is about, as a registry parses them; "": those of the program
	NeedsRun      bool   // Input.Run must be given
	NeedsMachines bool   // looks at probes, fields or hierarchies of machines, which an imported table lacks
	NeedsVectors  bool   // the data must hold vectors of Nmap's IPv6 classifier; see HasVectors
	Rows          any    // an empty slice of its row struct: what Result.Rows holds
	Run           func(context.Context, *Input) (*Result, error)
}

// All gives every experiment, in the order in which reports show them.
func All() []Entry {
	return []Entry{classes, machines, sources, probeCount, uniqueValues, repeats, loss, overfitting, accuracy, bias, confusion, importance, learningCurve, calibration, factors, noveltyEntry, leakage, compare, reach, loo, classMap, vectorClassifiers, vectorNovelty, example, statements}
}

// Find gives the experiment of a name; an unknown one is an error that lists
// those there are.
func Find(name string) (*Entry, error) {
	var names []string
	for _, e := range All() {
		if e.Name == name {
			return &e, nil
		}
		names = append(names, e.Name)
	}
	return nil, fmt.Errorf("experiment %q: want one of %s", name, strings.Join(names, ", "))
}

// Option is a setting of an experiment, which a command makes a flag.
type Option struct {
	Name    string
	Default string
	Doc     string   // one sentence, with the unit or range
	Values  []string // where given: one of these, or a comma-separated list of them when List
	List    bool
}

// Input is what an experiment runs on.
type Input struct {
	Data     *Data
	Run      string // run folder, for experiments on single observations; "" when there is none
	Results  string // folder in which other experiments' results lie; "" when there is none
	Learners []learners.Configured
	// AnswerLadder, where given, says for each step of a dialogue what came to
	// it, a line an answer.
	AnswerLadder func(*probegen.Probe, []datasets.Answer) ([][]string, error)
	Options      map[string]string // by name; the default holds for those that are not there
	Seed         uint64
	Workers      int    // goroutines at most; 0: GOMAXPROCS. It changes no result
	Version      string // of the program
	Command      string // that makes this result again
	// Progress, where given, is told how much is done: done of total in
	// units of the experiment's own, and a few words. It is never called
	// from two goroutines at once.
	Progress func(done, total int, note string)
}

// Run checks in against e's options and runs the experiment. The result's
// schema, name, configuration, provenance and columns are filled in here.
func Run(ctx context.Context, e *Entry, in *Input) (*Result, error) {
	settings, err := e.settings(in.Options)
	if err != nil {
		return nil, err
	}
	if e.NeedsRun && in.Run == "" {
		return nil, fmt.Errorf("experiment %s: looks at single exchanges: want --run with the run folder", e.Name)
	}
	if err := in.Data.narrow(e, in.Options, settings); err != nil {
		return nil, fmt.Errorf("experiment %s: %w", e.Name, err)
	}
	if e.NeedsVectors && !HasVectors(in.Data) {
		return nil, fmt.Errorf("experiment %s: %s holds no vectors of IPv6 answers: want a data set of tickle nmap6 recover or of a run's plan nmap6", e.Name, in.Data.Origin.Name)
	}
	completed := *in
	completed.Options = settings
	r, err := e.Run(ctx, &completed)
	if err != nil {
		return nil, fmt.Errorf("experiment %s: %w", e.Name, err)
	}
	r.Schema, r.Experiment, r.Title = Schema, e.Name, e.Title
	r.Config = settings
	if len(in.Learners) > 0 {
		labels := make([]string, len(in.Learners))
		for i := range in.Learners {
			labels[i] = in.Learners[i].Label
		}
		r.Config["learners"] = strings.Join(labels, ";")
	}
	r.Provenance = provenance(&completed)
	r.scope.narrow(&r.Provenance)
	r.Columns = ColumnsOf(e.Rows)
	r.Warnings = append(warningsOf(in.Data, &r.Provenance), r.Warnings...)
	return r, nil
}

// settings gives a value to every option of e, checked.
func (e *Entry) settings(given map[string]string) (map[string]string, error) {
	values := make(map[string]string, len(e.Options))
	for _, o := range e.Options {
		values[o.Name] = o.Default
	}
	for _, name := range sortedKeys(given) {
		i := slices.IndexFunc(e.Options, func(o Option) bool { return o.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("experiment %s: no option %q", e.Name, name)
		}
		if err := e.Options[i].check(given[name]); err != nil {
			return nil, fmt.Errorf("experiment %s: %w", e.Name, err)
		}
		values[name] = given[name]
	}
	return values, nil
}

func (o *Option) check(value string) error {
	if o.Values == nil {
		return nil
	}
	parts := []string{value}
	if o.List {
		parts = strings.Split(value, ",")
	}
	for _, part := range parts {
		if !slices.Contains(o.Values, part) {
			return fmt.Errorf("option %s=%s: want %s", o.Name, value, strings.Join(o.Values, ", "))
		}
	}
	return nil
}

// list gives the parts of an option that is a comma-separated list.
func (in *Input) list(name string) []string { return strings.Split(in.Options[name], ",") }

// integer gives an option that is a whole number of at least least.
func (in *Input) integer(name string, least int) (int, error) {
	v, err := strconv.Atoi(in.Options[name])
	if err != nil || v < least {
		return 0, fmt.Errorf("option %s=%s: want a whole number from %d on", name, in.Options[name], least)
	}
	return v, nil
}

// whole is an option that is a whole number from a least one on.
type whole struct {
	name  string
	least int
	to    *int
}

// integers reads several options.
func (in *Input) integers(options ...whole) (err error) {
	for _, o := range options {
		if *o.to, err = in.integer(o.name, o.least); err != nil {
			return err
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
