package experiments

import (
	"context"
	"fmt"

	"tickle/datasets"
	"tickle/learners"
)

// AccuracyRow is a bar of the accuracy figure: one learner at one level. Under
// the paper's split accuracy, its interval and ceiling_seen are of the mean
// over folds of each fold's share; all else is over all test rows together.
type AccuracyRow struct {
	Hierarchy         string     `json:"hierarchy"`
	Level             int        `json:"level"`
	Learner           string     `json:"learner" doc:"with the options that differ from their default"`
	Fields            string     `json:"fields"`
	Split             string     `json:"split"`
	Accuracy          Number     `json:"accuracy" unit:"share" decimals:"3" doc:"an abstention is wrong"`
	AccuracyLow       Number     `json:"accuracy_low" unit:"share" decimals:"3" doc:"95 % interval over groups: BCa bootstrap; Wilson where a group is one row, or where every answer is right or every one wrong"`
	AccuracyHigh      Number     `json:"accuracy_high" unit:"share" decimals:"3"`
	BalancedAccuracy  Number     `json:"balanced_accuracy" unit:"share" decimals:"3" doc:"mean recall of the classes"`
	MacroF1           Number     `json:"macro_f1" decimals:"3" doc:"mean of 2TP/(2TP+FP+FN) over the classes"`
	Kappa             Number     `json:"kappa" decimals:"3" doc:"Cohen's; n/a where chance alone always agrees"`
	LogLoss           Number     `json:"log_loss" extra:"yes" unit:"nat" decimals:"3" doc:"rows of unseen classes left out; n/a for scores that are no probabilities"`
	ConfidenceCorrect Number     `json:"confidence_correct" extra:"yes" decimals:"3" doc:"mean probability of the answers that are right; n/a for scores that are no probabilities"`
	CeilingAlike      Number     `json:"ceiling_alike" unit:"share" decimals:"3" doc:"best possible for a rule that treats rows alike in every cell alike; exceeded only by chance"`
	CeilingSeen       Number     `json:"ceiling_seen" unit:"share" decimals:"3" doc:"rows whose class is in their training fold"`
	Majority          Number     `json:"majority" unit:"share" decimals:"3" doc:"the largest class"`
	N                 int        `json:"n" extra:"yes" doc:"rows"`
	Classes           int        `json:"classes"`
	Groups            int        `json:"groups" extra:"yes"`
	Unseen            int        `json:"unseen" extra:"yes" doc:"tests whose class is not in their training fold, over all repeats"`
	Folds             int        `json:"folds" extra:"yes" doc:"a repeat"`
	Paper             PaperValue `json:"paper" doc:"what the paper gives; empty where it gives nothing"`
	Filter            string     `json:"filter" doc:"rows that the policies of loss and nondeterminism looked at"`
}

var accuracy = Entry{
	Name:        "accuracy",
	Title:       "Classification accuracy",
	PaperFigure: "Figure 5",
	Summary:     "How often each learner names the right label, by hierarchy, level, field set and split.",
	Options: []Option{
		{Name: "folds", Default: "10", Doc: "folds of the cross-validation, 2 or more"},
		{Name: "repeats", Default: "1", Doc: "times that the cross-validation is repeated with other folds"},
		{Name: "resamples", Default: "2000", Doc: "bootstrap resamples of the intervals"},
		hierarchiesOption, fieldsOption("prone,vetted"),
		nmapOption, databaseOption,
		{Name: "splits", Default: "paper,grouped", Doc: "ways of cutting folds, comma separated: " + splitNames},
	},
	Rows: []AccuracyRow{},
	Run:  runAccuracy,
}

func runAccuracy(ctx context.Context, in *Input) (*Result, error) {
	a := &accuracyRun{in: in, result: &Result{}, alike: make(map[task]Number)}
	if err := a.plan(ctx); err != nil {
		return nil, err
	}
	outcomes, err := CrossValidate(ctx, in, a.cells)
	if err != nil {
		return nil, err
	}
	rows := make([]AccuracyRow, len(outcomes))
	for i := range outcomes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if rows[i], err = a.row(&outcomes[i]); err != nil {
			return nil, err
		}
	}
	a.result.Rows = rows
	a.record(outcomes)
	return a.result, nil
}

// accuracyRun is an accuracy experiment under way.
type accuracyRun struct {
	in        *Input
	result    *Result
	folds     int
	resamples int
	nmap      []learners.Configured // see nmapLearners
	cells     []Cell
	alike     map[task]Number
}

// plan lists the cells and warns of the levels that allow little.
func (a *accuracyRun) plan(ctx context.Context) error {
	if len(a.in.Learners) == 0 {
		return fmt.Errorf("no learners: want one at least")
	}
	var repeats int
	if err := a.in.integers(whole{"folds", 2, &a.folds}, whole{"repeats", 1, &repeats}, whole{"resamples", 1, &a.resamples}); err != nil {
		return err
	}
	splitters, err := a.in.splitters("splits", a.folds, repeats)
	if err != nil {
		return err
	}
	if a.nmap, a.result.Warnings, err = nmapLearners(ctx, a.in); err != nil {
		return err
	}
	for _, name := range a.in.list("hierarchies") {
		h, err := datasets.ParseHierarchy(name)
		if err != nil {
			return err
		}
		for level := range a.in.Data.Origin.levels() {
			a.planLevel(h, level, splitters)
		}
	}
	return nil
}

// planLevel adds the cells of a level that has classes to tell apart.
func (a *accuracyRun) planLevel(h datasets.Hierarchy, level int, splitters []Splitter) {
	labels, classes := labelsOf(a.in.Data.Matrix, h, level)
	if !a.warnOfLevel(h, level, labels, classes) {
		return
	}
	a.result.Classes = append(a.result.Classes, ClassList{h.String(), level, classes})
	for _, split := range splitters {
		for i, l := range a.in.Learners {
			for _, fields := range a.in.list("fields") {
				c := Cell{Hierarchy: h, Level: level, Learner: l, Fields: datasets.FieldSet(fields), Splitter: split, Filter: a.in.Data.Origin.Policies.Filter}
				a.cells = append(a.cells, c)
				// What the filter's look at test rows is worth is shown once.
				if i == 0 && c.Filter != datasets.FilterTrain && a.in.Data.FilterTrain != nil && split.Name() == "grouped" {
					c.Filter = datasets.FilterTrain
					a.cells = append(a.cells, c)
				}
			}
		}
		for _, l := range a.nmap {
			a.cells = append(a.cells, Cell{Hierarchy: h, Level: level, Learner: l, Fields: NmapFields, Splitter: split, Filter: a.in.Data.Origin.Policies.Filter})
		}
	}
}

// row computes the metrics of one cell.
func (a *accuracyRun) row(o *Outcome) (AccuracyRow, error) {
	ceiling, err := a.ceilingAlike(o)
	if err != nil {
		return AccuracyRow{}, err
	}
	s := newScores(a.in.Data.Matrix, o)
	interval := s.interval(a.in.Seed, a.resamples)
	return AccuracyRow{
		Hierarchy: o.Cell.Hierarchy.String(), Level: o.Cell.Level,
		Learner: o.Cell.Learner.Label, Fields: string(o.Cell.Fields), Split: o.Cell.Splitter.Name(),
		Accuracy: Number(s.accuracy()), AccuracyLow: Number(interval.Low), AccuracyHigh: Number(interval.High),
		BalancedAccuracy: Number(s.confusion.BalancedAccuracy()), MacroF1: Number(s.confusion.MacroF1()), Kappa: Number(s.confusion.Kappa()),
		LogLoss: s.logLoss(), ConfidenceCorrect: s.confidenceCorrect(),
		CeilingAlike: ceiling, CeilingSeen: Number(s.seen()), Majority: Number(majorityShare(o)),
		N: len(o.Labels), Classes: len(o.Classes), Groups: s.groups, Unseen: s.unseen(), Folds: s.folds(),
		Paper: a.paper(&o.Cell), Filter: string(o.Cell.Filter),
	}, nil
}

// record keeps every prediction and every fold, the folds of a split once.
func (a *accuracyRun) record(outcomes []Outcome) {
	m := a.in.Data.Matrix
	type cut struct {
		split     string
		hierarchy datasets.Hierarchy
		level     int
	}
	written := make(map[cut]bool)
	a.result.Predictions, a.result.Assignments = []Prediction{}, []Assignment{}
	for i := range outcomes {
		o := &outcomes[i]
		a.result.Predictions = append(a.result.Predictions, o.Predictions(m)...)
		k := cut{split: o.Cell.Splitter.Name()}
		if o.Cell.Splitter.Stratified() {
			k.hierarchy, k.level = o.Cell.Hierarchy, o.Cell.Level
		}
		if !written[k] {
			written[k] = true
			a.result.Assignments = append(a.result.Assignments, o.Assign(m)...)
		}
	}
}

// paper is what the paper gives for a cell of data from machines.
func (a *accuracyRun) paper(c *Cell) PaperValue {
	if a.in.Data.Origin.Table != nil {
		return PaperValue{}
	}
	return paperAccuracy(c)
}

// paperAccuracy is what the paper gives for a cell: of random forests, support
// vector machines and Nmap only, for its own split, and only where its text
// still says it (section 4.3; the bars of its Figure 5 are lost). Level 0 is
// the same in both hierarchies.
func paperAccuracy(c *Cell) PaperValue {
	if c.Fields == NmapFields {
		return paperNmap(c)
	}
	if c.Learner.Name != "forest" && c.Learner.Name != "smo" || c.Splitter.Name() != "paper" || c.Filter == datasets.FilterTrain {
		return PaperValue{}
	}
	if c.Level == 0 {
		return PaperValue{">", 0.98}
	}
	switch (task{c.Fields, c.Hierarchy, c.Level}) {
	case task{datasets.Prone, datasets.Kernel, 1}:
		return PaperValue{">", 0.97}
	case task{datasets.Prone, datasets.Kernel, 2}:
		return PaperValue{"=", 0.85}
	case task{datasets.Vetted, datasets.Kernel, 2}:
		return PaperValue{"=", 0.60}
	case task{datasets.Prone, datasets.Distribution, 1}:
		return PaperValue{"=", 0.62}
	case task{datasets.Prone, datasets.Distribution, 2}:
		return PaperValue{"<", 0.30}
	}
	return PaperValue{}
}

// paperNmap is what the paper gives for Nmap, with ties broken by what is most
// frequent in training, and without.
func paperNmap(c *Cell) PaperValue {
	if c.Splitter.Name() != "paper" || c.Hierarchy != datasets.Distribution || c.Level != 2 {
		return PaperValue{}
	}
	switch c.Learner.Label {
	case "nmap4":
		return PaperValue{"=", 0.21}
	case "nmap4:policy=strict":
		return PaperValue{"=", 0.075}
	}
	return PaperValue{}
}
