package experiments

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"tickle/datasets"
	"tickle/learners"
)

// Cell is one learner on one choice of labels, features and folds: what a
// row of a comparison stands for.
type Cell struct {
	Hierarchy datasets.Hierarchy
	Level     int
	Learner   learners.Configured
	Fields    datasets.FieldSet
	Splitter  Splitter
	Filter    datasets.Filter // rows that the policies of loss and nondeterminism look at
}

// String names the cell in errors and warnings.
func (c *Cell) String() string {
	s := fmt.Sprintf("%s level %d, %s, %s, %s", c.Hierarchy, c.Level, c.Learner.Label, c.Fields, c.Splitter.Name())
	if c.Filter == datasets.FilterTrain {
		s += ", filter train"
	}
	return s
}

// Outcome is what a cell's models said of its rows.
type Outcome struct {
	Cell    Cell
	Classes []string
	Labels  []int32   // class of every row
	also    [][]int32 // by row: classes as true of it as its own; nil: there are none
	Folds   []Fold
	Kind    learners.ScoreKind
	Answers []Answer // fold by fold, rows ascending
}

// Answer is what the model of one fold said of one row.
type Answer struct {
	Fold  int32 // index into Outcome.Folds
	Row   int32
	Class int32 // learners.Abstain for none
	Truth int32 // the row's class; of several the one that was answered, else its first
	// Seen reports whether the row's class, or one of several, is in the training
	// rows.
	Seen   bool
	Scores []float64 // one a class
}

// foldTask is the fit of one fold of one cell.
type foldTask struct{ cell, fold int }

// CrossValidate fits every cell on every fold of its split and asks each
// model for its test rows. Cells and folds run side by side on in.Workers
// goroutines, and give the same outcomes for any number of them. A cell whose
// level has fewer than two classes is an error: callers leave it out. Data that
// Of made remembers what was said: a cell that was fitted with the same folds
// and seed is not fitted again.
func CrossValidate(ctx context.Context, in *Input, cells []Cell) ([]Outcome, error) {
	v := &validation{in: in, outcomes: make([]Outcome, len(cells)), answers: make([][][]Answer, len(cells)), keys: make([]string, len(cells))}
	var tasks []foldTask
	for i, c := range cells {
		if err := v.prepare(i, c); err != nil {
			return nil, fmt.Errorf("%s: %w", &c, err)
		}
		if !v.recall(i) {
			for f := range v.outcomes[i].Folds {
				tasks = append(tasks, foldTask{i, f})
			}
		}
	}
	if err := v.share(cells); err != nil {
		return nil, err
	}
	v.total = len(tasks)
	workers := in.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	v.perFit = max(1, workers/max(1, len(tasks)))
	err := learners.Parallel(ctx, len(tasks), workers, func(_, i int) error {
		t := tasks[i]
		if err := v.fit(ctx, t); err != nil {
			return fmt.Errorf("%s, fold %d: %w", &cells[t.cell], t.fold, err)
		}
		v.done(&cells[t.cell])
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range v.outcomes {
		v.in.Data.fitted.put(v.keys[i], said{v.outcomes[i].Kind, v.answers[i]})
		for _, answers := range v.answers[i] {
			v.outcomes[i].Answers = append(v.outcomes[i].Answers, answers...)
		}
	}
	return v.outcomes, nil
}

// recall takes the answers of cell i from an earlier validation of the same
// data, if there was one. Its folds must have been cut.
func (v *validation) recall(i int) bool {
	o := &v.outcomes[i]
	v.keys[i] = cellKey(o, v.in.Seed)
	s, ok := v.in.Data.fitted.get(v.keys[i])
	if ok {
		o.Kind, v.answers[i] = s.kind, s.answers
	}
	return ok
}

// validation is a CrossValidate under way.
type validation struct {
	in       *Input
	outcomes []Outcome
	answers  [][][]Answer // cell, fold
	keys     []string     // cell, see cellKey
	shared   map[datasets.FieldSet]*learners.Shared
	data     map[datasets.FieldSet]*datasets.Selection
	perFit   int // goroutines of one fit

	mu              sync.Mutex
	finished, total int
}

// prepare cuts the folds of cell i.
func (v *validation) prepare(i int, c Cell) error {
	m := v.in.Data.Matrix
	labels, classes := labelsOf(m, c.Hierarchy, c.Level)
	if len(classes) < 2 {
		return fmt.Errorf("%d classes: want two or more", len(classes))
	}
	if want := viewOf(c.Fields); c.Learner.View != want {
		return fmt.Errorf("learner %s reads the %s view: this experiment gives the %s", c.Learner.Label, c.Learner.View, want)
	}
	groups, _ := groupsOf(m)
	t := &Table{Rows: m.Rows(), Groups: groups, Machines: m.Machines, Hierarchy: c.Hierarchy, Level: c.Level}
	if c.Splitter.Stratified() {
		t.Labels = labels
	}
	folds, err := c.Splitter.Split(t, v.in.Seed)
	if err != nil {
		return err
	}
	v.outcomes[i] = Outcome{Cell: c, Classes: classes, Labels: labels, also: alsoOf(v.in.Data, &c, classes), Folds: folds}
	v.answers[i] = make([][]Answer, len(folds))
	return nil
}

// orAny takes the answer as right, and as possible, where other classes make it
// so.
func (a *Answer) orAny(also []int32, seen []bool) {
	for _, class := range also {
		if a.Class == class {
			a.Truth = class
		}
		a.Seen = a.Seen || seen[class]
	}
}

// alsoOf gives the classes that are as true of each row as its own, as far as
// some row has them; nil where no row has several.
func alsoOf(d *Data, c *Cell, classes []string) [][]int32 {
	if d.Origin.Table == nil || len(d.Origin.Table.Also) == 0 {
		return nil
	}
	also := make([][]int32, d.Matrix.Rows())
	for row := range also {
		for _, labels := range d.Origin.Table.Also[d.Matrix.Machines[row].Name] {
			of := datasets.GivenLabels(labels...)
			if class := slices.Index(classes, of.At(c.Hierarchy, c.Level)); class >= 0 {
				also[row] = append(also[row], int32(class))
			}
		}
	}
	return also
}

// share selects each field set once, for all cells that fit on it.
func (v *validation) share(cells []Cell) error {
	v.shared, v.data = make(map[datasets.FieldSet]*learners.Shared), make(map[datasets.FieldSet]*datasets.Selection)
	for _, c := range cells {
		if v.data[c.Fields] != nil {
			continue
		}
		s, err := v.choose(c.Fields)
		if err != nil {
			return fmt.Errorf("fields %s: %w", c.Fields, err)
		}
		v.data[c.Fields], v.shared[c.Fields] = s, learners.NewShared(s)
	}
	return nil
}

// viewOf is the view that a field set gives.
func viewOf(fields datasets.FieldSet) learners.View {
	if fields == NmapFields {
		return learners.Nmap4View
	}
	return learners.MatrixView
}

// choose makes the selection of a field set; that of NmapFields has rows and
// no features.
func (v *validation) choose(fields datasets.FieldSet) (*datasets.Selection, error) {
	if fields == NmapFields {
		return v.in.Data.Matrix.Select(func(int) bool { return false }), nil
	}
	return v.in.Data.Select(fields)
}

// fit trains on one fold and asks for its test rows.
func (v *validation) fit(ctx context.Context, t foldTask) error {
	o := &v.outcomes[t.cell]
	fold := &o.Folds[t.fold]
	data, shared := v.data[o.Cell.Fields], v.shared[o.Cell.Fields]
	if o.Cell.Filter == datasets.FilterTrain && o.Cell.Fields != NmapFields {
		var err error
		if data, err = v.in.Data.FilterTrain(o.Cell.Fields, fold.Train); err != nil {
			return err
		}
		shared = nil
	}
	model, err := o.Cell.Learner.Learner.Fit(ctx, &learners.Train{
		Data: data, Rows: fold.Train, Labels: o.Labels, Classes: o.Classes,
		Seed: fitSeed(v.in.Seed, fold), Workers: v.perFit, Shared: shared,
	})
	if err != nil {
		return err
	}
	seen := make([]bool, len(o.Classes))
	for _, row := range fold.Train {
		seen[o.Labels[row]] = true
	}
	answers := make([]Answer, len(fold.Test))
	for i, row := range fold.Test {
		p := model.Predict(row)
		if p.Class >= int32(len(o.Classes)) || len(p.Scores) != len(o.Classes) {
			return fmt.Errorf("row %d: class %d and %d scores: want one of %d classes and a score for each", row, p.Class, len(p.Scores), len(o.Classes))
		}
		answers[i] = Answer{Fold: int32(t.fold), Row: row, Class: p.Class, Truth: o.Labels[row], Seen: seen[o.Labels[row]], Scores: p.Scores}
		if o.also != nil {
			answers[i].orAny(o.also[row], seen)
		}
	}
	v.answers[t.cell][t.fold] = answers
	v.mu.Lock()
	defer v.mu.Unlock()
	if o.Kind != 0 && o.Kind != model.Kind() {
		return fmt.Errorf("scores are %s in one fold and %s in another", o.Kind, model.Kind())
	}
	o.Kind = model.Kind()
	return nil
}

// fitSeed is the seed of a fit: the first number of PCG(seed, stream), where
// the stream is a fold's own. Every cell fits a fold with the same seed.
func fitSeed(seed uint64, f *Fold) uint64 {
	return rand.NewPCG(seed, fitStream+uint64(f.Repeat)<<20+uint64(f.Fold)).Uint64()
}

// done counts a fit and tells how far the work is.
func (v *validation) done(c *Cell) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.finished++
	if v.in.Progress != nil {
		v.in.Progress(v.finished, v.total, c.String())
	}
}

// Predictions gives every answer of o as a row of predictions.parquet.
func (o *Outcome) Predictions(m *datasets.Matrix) []Prediction {
	rows := make([]Prediction, len(o.Answers))
	for i, a := range o.Answers {
		f, machine := &o.Folds[a.Fold], &m.Machines[a.Row]
		p := Prediction{
			Hierarchy: o.Cell.Hierarchy.String(), Level: int32(o.Cell.Level),
			Learner: o.Cell.Learner.Name, Options: o.Cell.Learner.Options,
			Fields: string(o.Cell.Fields), Split: o.Cell.Splitter.Name(), Filter: string(o.Cell.Filter),
			Repeat: int32(f.Repeat), Fold: int32(f.Fold), Machine: machine.Name, Group: machine.Group,
			Truth: o.Classes[a.Truth], ClassSeen: a.Seen, Kind: o.Kind.String(), Scores: a.Scores,
		}
		if a.Class >= 0 {
			p.Predicted, p.Confidence = &o.Classes[a.Class], &a.Scores[a.Class]
		}
		rows[i] = p
	}
	return rows
}

// Assign gives the folds of o as rows of splits.csv: machines in the matrix's
// order within a fold.
func (o *Outcome) Assign(m *datasets.Matrix) []Assignment {
	base := Assignment{Split: o.Cell.Splitter.Name()}
	if o.Cell.Splitter.Stratified() {
		base.Hierarchy, base.Level = o.Cell.Hierarchy.String(), o.Cell.Level
	}
	var rows []Assignment
	for i := range o.Folds {
		rows = append(rows, o.Folds[i].assign(base, m)...)
	}
	return rows
}

// assign gives a fold as rows like base, a row a machine that is in it.
func (f *Fold) assign(base Assignment, m *datasets.Matrix) []Assignment {
	role := make([]Role, m.Rows())
	for _, r := range f.Train {
		role[r] = TrainRole
	}
	for _, r := range f.Test {
		role[r] = TestRole
	}
	var rows []Assignment
	for i := range role {
		if role[i] != "" {
			base.Repeat, base.Fold, base.Machine, base.Role = f.Repeat, f.Fold, m.Machines[i].Name, role[i]
			rows = append(rows, base)
		}
	}
	return rows
}
