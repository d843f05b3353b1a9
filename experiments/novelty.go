package experiments

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/novelty"
)

// NoveltyRow is what one rule is worth for noticing machines of systems that
// were not in training, or one point of its curve.
type NoveltyRow struct {
	Kind      string `json:"kind" doc:"measure, or point: of a curve over all thresholds"`
	Hierarchy string `json:"hierarchy"`
	Level     int    `json:"level"`
	Fields    string `json:"fields"`
	Rule      string `json:"rule" doc:"certainty: the learner's top score; a detector: its own score"`
	Learner   string `json:"learner" doc:"names the class, whatever the rule"`
	Unknown   string `json:"unknown" doc:"left out of training: a family (label of level 0), or random sets of classes"`
	AUROC     Number `json:"auroc" decimals:"3" doc:"probability that an unknown machine scores stranger than a known one, ties half"`
	Low       Number `json:"auroc_low" decimals:"3" doc:"of a family: 95 % interval, bootstrap over groups; of random sets: 5 % of the sets lie below"`
	High      Number `json:"auroc_high" decimals:"3"`
	FPR95     Number `json:"fpr95" unit:"share" decimals:"3" doc:"of the unknown machines, accepted when 95 % of the known are"`
	OSCR      Number `json:"oscr" decimals:"3" doc:"area under the curve of known machines accepted and named right against unknown ones accepted (Dhamija and others 2018)"`

	Threshold Number `json:"threshold" extra:"yes" decimals:"4" doc:"of a point: mean over folds and sets; scores above it are called unknown"`
	Known     Number `json:"known_accepted" unit:"share" decimals:"3" doc:"of the known machines; a measure's threshold is the 95 % quantile of out-of-fold scores of training rows, inner folds grouped"`
	Accepted  Number `json:"unknown_accepted" unit:"share" decimals:"3" doc:"of the unknown machines, at the same threshold"`
	Right     Number `json:"accepted_right" unit:"share" decimals:"3" doc:"of all machines accepted at it, named right; an unknown one is always wrong"`
	Share     Number `json:"share_accepted" extra:"yes" unit:"share" decimals:"3" doc:"of all machines, at it"`
	Correct   Number `json:"correct" extra:"yes" unit:"share" decimals:"3" doc:"of the known machines, accepted and named right"`

	LeaveKnown    Number `json:"leave_known_accepted" extra:"yes" unit:"share" decimals:"3" doc:"the same at the threshold that best tells classes left out of the training rows from those kept (inner leave-class-out, Youden's J)"`
	LeaveAccepted Number `json:"leave_unknown_accepted" extra:"yes" unit:"share" decimals:"3"`
	LeaveRight    Number `json:"leave_accepted_right" extra:"yes" unit:"share" decimals:"3"`

	ConstantKnown    Number `json:"constant_known_accepted" extra:"yes" unit:"share" decimals:"3" doc:"mahalanobis: the same at the option constant, Nmap's 15"`
	ConstantAccepted Number `json:"constant_unknown_accepted" extra:"yes" unit:"share" decimals:"3"`

	Singletons         int    `json:"singletons" extra:"yes" doc:"tests of known classes without a machine left in training, which other folds of splits.csv train on; in no other number"`
	SingletonsAccepted Number `json:"singletons_accepted" extra:"yes" unit:"share" decimals:"3"`
	N                  int    `json:"n_known" doc:"tests, over all sets"`
	NUnknown           int    `json:"n_unknown"`
	Sets               int    `json:"sets" extra:"yes" doc:"choices of what is unknown"`
}

// RandomSets is NoveltyRow.Unknown where classes were left out at random.
const RandomSets = "random sets"

// The kinds of NoveltyRow.
const (
	NoveltyMeasure = "measure"
	NoveltyPoint   = "point"
)

// CertaintyRule is the rule that needs no detector: the learner's top score.
const CertaintyRule = "certainty"

var noveltyEntry = Entry{
	Name:    "novelty",
	Title:   "Systems never met in training",
	Summary: "How well machines of unknown systems are noticed: each family in turn and random sets of classes are left out of training, and rules that call a machine unknown are judged on machines that no model saw.",
	Options: []Option{
		{Name: "rules", Default: CertaintyRule + ",lof,mahalanobis", Doc: "how strangeness is measured", Values: []string{CertaintyRule, "lof", "mahalanobis"}, List: true},
		{Name: "sets", Default: "20", Doc: "random sets of unknown classes"},
		{Name: "unknown", Default: "0.25", Doc: "share of the classes in a random set, above 0 and at most 1; two stay known in any case"},
		{Name: "folds", Default: "3", Doc: "grouped folds of each set, 2 or more; as many inner ones choose thresholds"},
		{Name: "constant", Default: "15", Doc: "a constant threshold for mahalanobis beside the fitted ones; Nmap's is 15, on its own vectors"},
		{Name: "resamples", Default: "500", Doc: "bootstrap resamples of a family's interval"},
		{Name: "hierarchies", Default: "kernel", Doc: "label hierarchies", Values: []string{"kernel", "distribution"}, List: true},
		levelsOption("1"), fieldsOption("prone"),
	},
	Rows: []NoveltyRow{},
	Run:  runNovelty,
}

// noveltyRun is one level and field set of a novelty experiment.
type noveltyRun struct {
	in        *Input
	task      levelTask
	fields    datasets.FieldSet
	folds     int
	constant  float64
	resamples int
	rules     []string
	detectors []learners.Configured // of the rules that are not certainty, in their order
	learners  []learners.Configured
	groups    []int32 // of every row
	data      *datasets.Selection
	shared    *learners.Shared
}

func runNovelty(ctx context.Context, in *Input) (*Result, error) {
	base, sets, share, err := newNoveltyRun(in)
	if err != nil {
		return nil, err
	}
	tasks, warnings := in.levels()
	r := &Result{Predictions: []Prediction{}, Assignments: []Assignment{}}
	rows := []NoveltyRow{}
	for _, t := range tasks {
		r.Classes = append(r.Classes, ClassList{t.hierarchy.String(), t.level, t.classes})
		for at, fields := range in.list("fields") {
			n := *base
			n.task, n.fields = t, datasets.FieldSet(fields)
			if n.data, err = in.Data.Select(n.fields); err != nil {
				return nil, err
			}
			n.shared = learners.NewShared(n.data)
			scenarios := n.scenarios(sets, share)
			if len(scenarios) == 0 {
				warnings = append(warnings, Warning{WarnFewClasses, t.String(), "fewer than three classes: none can be left out with two still known; no rows"})
				continue
			}
			judged, err := n.judgeAll(ctx, scenarios)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", &t, fields, err)
			}
			more, caveats := n.rows(scenarios, judged)
			rows, warnings = append(rows, more...), append(warnings, caveats...)
			r.Predictions = append(r.Predictions, n.predictions(scenarios, judged)...)
			if at == 0 { // the folds of all field sets are the same
				r.Assignments = append(r.Assignments, n.assignments(scenarios, judged)...)
			}
		}
	}
	r.Rows, r.Warnings = rows, warnings
	return r, nil
}

// newNoveltyRun reads the options.
func newNoveltyRun(in *Input) (n *noveltyRun, sets int, share float64, err error) {
	n = &noveltyRun{in: in, rules: in.list("rules")}
	if sets, err = in.integer("sets", 0); err != nil {
		return nil, 0, 0, err
	}
	if share, err = in.share("unknown"); err != nil {
		return nil, 0, 0, err
	}
	if n.folds, err = in.integer("folds", 2); err != nil {
		return nil, 0, 0, err
	}
	if n.constant, err = in.number("constant"); err != nil {
		return nil, 0, 0, err
	}
	if n.resamples, err = in.integer("resamples", 1); err != nil {
		return nil, 0, 0, err
	}
	for _, l := range in.Learners {
		if l.Name != "majority" { // answers alike on every machine
			n.learners = append(n.learners, l)
		}
	}
	if len(n.learners) == 0 {
		return nil, 0, 0, errors.New("no learners: want one at least that is not majority")
	}
	registry := learners.NewRegistry(novelty.Entries()...)
	for _, rule := range n.rules {
		if rule == CertaintyRule {
			continue
		}
		d, err := registry.Parse(rule)
		if err != nil {
			return nil, 0, 0, err
		}
		n.detectors = append(n.detectors, d...)
	}
	n.groups, _ = groupsOf(in.Data.Matrix)
	return n, sets, share, nil
}

// scenario is a choice of unknown classes.
type scenario struct {
	name    string // a family, or RandomSets
	set     int    // number of the random set
	unknown []bool // by class
	seed    uint64
}

// noveltyStream draws sets, folds and seeds of fits.
const noveltyStream = 0x6e6f76656c << 24

// scenarios leaves out each family in turn, ascending, then random sets. At
// least two classes stay known and one machine is unknown in each.
func (n *noveltyRun) scenarios(sets int, share float64) []scenario {
	m := n.in.Data.Matrix
	family := make([]string, len(n.task.classes))
	for r, class := range n.task.labels {
		family[class] = m.Machines[r].Labels.At(n.task.hierarchy, 0)
	}
	var all []scenario
	add := func(name string, set int, unknown []bool) {
		known := 0
		for _, u := range unknown {
			if !u {
				known++
			}
		}
		if known >= 2 && known < len(unknown) {
			seed := rand.NewPCG(n.in.Seed, noveltyStream+uint64(len(all))).Uint64()
			all = append(all, scenario{name, set, unknown, seed})
		}
	}
	names := slices.Compact(slices.Sorted(slices.Values(family)))
	for _, name := range names {
		unknown := make([]bool, len(family))
		for class := range unknown {
			unknown[class] = family[class] == name
		}
		add(name, 0, unknown)
	}
	for set := range sets {
		rng := rand.New(rand.NewPCG(n.in.Seed, noveltyStream+1<<16+uint64(set)))
		unknown := make([]bool, len(family))
		out := min(max(1, int(share*float64(len(family))+0.5)), len(family)-2)
		for _, class := range rng.Perm(len(family))[:max(out, 0)] {
			unknown[class] = true
		}
		add(RandomSets, set, unknown)
	}
	return all
}
