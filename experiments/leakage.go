package experiments

import (
	"context"
	"fmt"
	"math/rand/v2"

	"tickle/datasets"
	"tickle/experiments/stats"
	"tickle/learners"
)

// LeakageRow is one learner at one level, measured with rows of a group on
// both sides of folds and without.
type LeakageRow struct {
	Hierarchy      string `json:"hierarchy"`
	Level          int    `json:"level"`
	Learner        string `json:"learner" doc:"with the options that differ from their default"`
	Fields         string `json:"fields"`
	ByRows         Number `json:"by_rows" unit:"share" decimals:"3" doc:"accuracy when folds split rows and not groups"`
	ByRowsLow      Number `json:"by_rows_low" extra:"yes" unit:"share" decimals:"3" doc:"95 % interval over groups, as in accuracy"`
	ByRowsHigh     Number `json:"by_rows_high" extra:"yes" unit:"share" decimals:"3"`
	ByGroups       Number `json:"by_groups" unit:"share" decimals:"3" doc:"accuracy when folds keep groups whole"`
	ByGroupsLow    Number `json:"by_groups_low" extra:"yes" unit:"share" decimals:"3"`
	ByGroupsHigh   Number `json:"by_groups_high" extra:"yes" unit:"share" decimals:"3"`
	Lie            Number `json:"lie" unit:"share" decimals:"3" doc:"by rows less by groups: what is only remembering the group"`
	LieLow         Number `json:"lie_low" unit:"share" decimals:"3" doc:"95 % BCa bootstrap over groups, paired; where no group differs, what so many groups still allow"`
	LieHigh        Number `json:"lie_high" unit:"share" decimals:"3"`
	BalancedRows   Number `json:"balanced_by_rows" unit:"share" decimals:"3" doc:"mean recall of the classes"`
	BalancedGroups Number `json:"balanced_by_groups" unit:"share" decimals:"3"`
	Siblings       Number `json:"siblings" unit:"share" decimals:"3" doc:"of the tests by rows, those with a row of their group in training"`
	SeenRows       Number `json:"seen_by_rows" extra:"yes" unit:"share" decimals:"3" doc:"tests whose class is in their training fold: no learner gets more right"`
	SeenGroups     Number `json:"seen_by_groups" unit:"share" decimals:"3" doc:"tests whose class is in their training fold: no learner gets more right"`
	N              int    `json:"n" doc:"rows"`
	Groups         int    `json:"groups"`
	Classes        int    `json:"classes"`
}

// WarnNoSiblings says that every row is a group: there is nothing to leak.
const WarnNoSiblings = "no-siblings"

var leakage = Entry{
	Name:    "leakage",
	Title:   "What splitting rows instead of groups adds",
	Summary: "Accuracy with rows of one group (draws of one reference, clones of one image) on both sides of folds, beside folds that keep groups whole: the difference is a lie.",
	Options: []Option{
		{Name: "folds", Default: "10", Doc: "folds of the cross-validation, 2 or more"},
		{Name: "repeats", Default: "1", Doc: "times that the cross-validation is repeated with other folds"},
		{Name: "resamples", Default: "1000", Doc: "bootstrap resamples of the intervals"},
		hierarchiesOption, levelsOption("0,1,2"), fieldsOption("prone"), databaseOption, nmapOption,
	},
	Rows: []LeakageRow{},
	Run:  runLeakage,
}

func runLeakage(ctx context.Context, in *Input) (*Result, error) {
	l := leakageRun{in: in}
	if err := in.integers(whole{"folds", 2, &l.folds}, whole{"repeats", 1, &l.repeats}, whole{"resamples", 1, &l.resamples}); err != nil {
		return nil, err
	}
	tasks, warnings := in.levels()
	nmap, more, err := nmapLearners(ctx, in)
	if err != nil {
		return nil, err
	}
	cells, err := l.cells(tasks, nmap)
	if err != nil {
		return nil, err
	}
	outcomes, err := CrossValidate(ctx, in, cells)
	if err != nil {
		return nil, err
	}
	rows := []LeakageRow{}
	for i := 0; i < len(outcomes); i += 2 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rows = append(rows, l.row(&outcomes[i], &outcomes[i+1]))
	}
	r := &Result{Rows: rows, Warnings: append(warnings, more...)}
	if _, groups := groupsOf(in.Data.Matrix); groups == in.Data.Matrix.Rows() {
		r.Warnings = append(r.Warnings, Warning{Code: WarnNoSiblings, Text: "every row is a group of its own: both splits are alike, and differ by chance"})
	}
	r.record(in.Data.Matrix, outcomes)
	return r, nil
}

// leakageRun is a leakage experiment under way.
type leakageRun struct {
	in                        *Input
	folds, repeats, resamples int
}

// cells makes two cells, by rows and by groups, of each level and learner.
func (l *leakageRun) cells(tasks []levelTask, nmap []learners.Configured) ([]Cell, error) {
	var cells []Cell
	pair := func(c Cell) {
		for _, s := range []Splitter{RowFolds{l.folds, l.repeats}, GroupedFolds{l.folds, l.repeats}} {
			c.Splitter = s
			cells = append(cells, c)
		}
	}
	if len(l.in.Learners)+len(nmap) == 0 {
		return nil, fmt.Errorf("no learners: want one at least")
	}
	for _, t := range tasks {
		c := Cell{Hierarchy: t.hierarchy, Level: t.level, Filter: l.in.Data.Origin.Policies.Filter}
		for _, learner := range l.in.Learners {
			for _, fields := range l.in.list("fields") {
				c.Learner, c.Fields = learner, datasets.FieldSet(fields)
				pair(c)
			}
		}
		for _, learner := range nmap {
			c.Learner, c.Fields = learner, NmapFields
			pair(c)
		}
	}
	return cells, nil
}

// row compares the two outcomes of a cell.
func (l *leakageRun) row(byRows, byGroups *Outcome) LeakageRow {
	m := l.in.Data.Matrix
	rows, groups := newScores(m, byRows), newScores(m, byGroups)
	rowsIn, groupsIn := rows.interval(l.in.Seed, l.resamples), groups.interval(l.in.Seed, l.resamples)
	lie := fallOf(groups, rows)
	b := stats.Bootstrap{Method: stats.BCa, Groups: rows.groups, Resamples: l.resamples, Source: rand.NewPCG(l.in.Seed, bootstrapStream)}
	lieIn := unmet(b.Interval(lie), rows.groups, 1)
	c := &byRows.Cell
	return LeakageRow{
		Hierarchy: c.Hierarchy.String(), Level: c.Level, Learner: c.Learner.Label, Fields: string(c.Fields),
		ByRows: Number(rows.accuracy()), ByRowsLow: Number(rowsIn.Low), ByRowsHigh: Number(rowsIn.High),
		ByGroups: Number(groups.accuracy()), ByGroupsLow: Number(groupsIn.Low), ByGroupsHigh: Number(groupsIn.High),
		Lie: Number(lie(rows.once())), LieLow: Number(lieIn.Low), LieHigh: Number(lieIn.High),
		BalancedRows: Number(rows.confusion.BalancedAccuracy()), BalancedGroups: Number(groups.confusion.BalancedAccuracy()),
		Siblings: siblings(rows), SeenRows: Number(rows.seen()), SeenGroups: Number(groups.seen()),
		N: m.Rows(), Groups: rows.groups, Classes: len(byRows.Classes),
	}
}

// siblings is the share of tests with a row of their group in training.
func siblings(s *scores) Number {
	training := make([]map[int32]bool, len(s.o.Folds))
	for i := range s.o.Folds {
		training[i] = make(map[int32]bool)
		for _, row := range s.o.Folds[i].Train {
			training[i][s.groupOf[row]] = true
		}
	}
	n := 0
	for _, a := range s.o.Answers {
		if training[a.Fold][s.groupOf[a.Row]] {
			n++
		}
	}
	return Number(float64(n) / float64(len(s.o.Answers)))
}
