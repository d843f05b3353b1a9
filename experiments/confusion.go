package experiments

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tickle/datasets"
	"tickle/experiments/stats"
)

// ConfusionRow is a cell of a confusion matrix that is not empty.
type ConfusionRow struct {
	Hierarchy string `json:"hierarchy"`
	Level     int    `json:"level"`
	Learner   string `json:"learner"`
	Fields    string `json:"fields"`
	Truth     string `json:"truth"`
	Predicted string `json:"predicted" doc:"empty for an abstention"`
	N         int    `json:"n" doc:"machines, over all repeats"`
	Share     Number `json:"share" unit:"share" decimals:"3" doc:"of the machines of the true class"`
	Common    string `json:"common" doc:"the finest label that the true and the predicted class share: right, or level 1, level 0, or none"`
	Of        int    `json:"of" extra:"yes" doc:"machines of the true class"`
	Order     int    `json:"order" extra:"yes" doc:"of the true class, by the hierarchy: classes of one parent stand together"`
	Ancestor0 string `json:"ancestor_0" extra:"yes" doc:"of the true class"`
	Ancestor1 string `json:"ancestor_1" extra:"yes"`
}

var confusion = Entry{
	Name:    "confusion",
	Title:   "Which systems are taken for which",
	Summary: "Confusion matrices under grouped folds, classes in the order of the hierarchy: near the diagonal a system is taken for its relatives.",
	Options: []Option{
		{Name: "folds", Default: "10", Doc: "folds of the grouped cross-validation, 2 or more"},
		hierarchiesOption, levelsOption("2"), fieldsOption("prone"),
	},
	Rows: []ConfusionRow{},
	Run:  runConfusion,
}

func runConfusion(ctx context.Context, in *Input) (*Result, error) {
	folds, err := in.integer("folds", 2)
	if err != nil {
		return nil, err
	}
	tasks, warnings := in.levels()
	cells, err := in.cells(tasks, GroupedFolds{K: folds, Repeats: 1})
	if err != nil {
		return nil, err
	}
	outcomes, err := CrossValidate(ctx, in, cells)
	if err != nil {
		return nil, err
	}
	r := &Result{Warnings: warnings}
	rows := []ConfusionRow{}
	for i := range outcomes {
		rows = append(rows, confusionRows(in.Data.Matrix, &outcomes[i])...)
	}
	r.Rows = rows
	r.record(in.Data.Matrix, outcomes)
	return r, nil
}

// cells makes a cell of every level, learner and field set under one split.
// A learner that always gives one answer shows nothing here and is left out.
func (in *Input) cells(tasks []levelTask, split Splitter) ([]Cell, error) {
	if len(in.Learners) == 0 {
		return nil, errors.New("no learners: want one at least")
	}
	var cells []Cell
	for _, t := range tasks {
		for _, l := range in.Learners {
			if l.Name == "majority" {
				continue
			}
			for _, fields := range in.list("fields") {
				cells = append(cells, Cell{Hierarchy: t.hierarchy, Level: t.level, Learner: l, Fields: datasets.FieldSet(fields), Splitter: split, Filter: in.Data.Origin.Policies.Filter})
			}
		}
	}
	return cells, nil
}

// record keeps the predictions and folds of outcomes, and the names of the
// classes: each level's once.
func (r *Result) record(m *datasets.Matrix, outcomes []Outcome) {
	r.Predictions, r.Assignments = []Prediction{}, []Assignment{}
	written := make(map[string]bool)
	for i := range outcomes {
		o := &outcomes[i]
		r.Predictions = append(r.Predictions, o.Predictions(m)...)
		c := ClassList{o.Cell.Hierarchy.String(), o.Cell.Level, o.Classes}
		if r.ClassesAt(o.Cell.Hierarchy, o.Cell.Level) == nil {
			r.Classes = append(r.Classes, c)
		}
		k := o.Cell.Splitter.Name()
		if o.Cell.Splitter.Stratified() {
			k = fmt.Sprintf("%s %s %d", k, c.Hierarchy, c.Level)
		}
		if !written[k] {
			written[k] = true
			r.Assignments = append(r.Assignments, o.Assign(m)...)
		}
	}
}

// lineage is a class with the labels above it.
type lineage struct {
	class   string
	parents [datasets.Levels]string // by level; its own and finer ones are the class itself
	rows    int
}

// lineages gives each class of a level its parents: those of its first
// machine, for labels nest.
func lineages(m *datasets.Matrix, o *Outcome) []lineage {
	list := make([]lineage, len(o.Classes))
	for r := range m.Machines {
		l := &list[o.Labels[r]]
		l.rows++
		if l.rows > 1 {
			continue
		}
		l.class = o.Classes[o.Labels[r]]
		for level := range datasets.Levels {
			l.parents[level] = m.Machines[r].Labels.At(o.Cell.Hierarchy, min(level, o.Cell.Level))
		}
	}
	return list
}

// byHierarchy gives the classes in the order of figures: by the label of
// level 0, then of level 1, then by the class's own; names are compared with
// runs of digits as numbers, so that releases stand in order.
func byHierarchy(list []lineage) []int {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return slices.CompareFunc(list[a].parents[:], list[b].parents[:], compareNatural)
	})
	return order
}

// confusionRows makes the rows of one matrix, in the order of the hierarchy.
func confusionRows(m *datasets.Matrix, o *Outcome) []ConfusionRow {
	c := stats.NewConfusion(len(o.Classes))
	for _, a := range o.Answers {
		c.Add(int(a.Truth), int(a.Class))
	}
	classes := lineages(m, o)
	order := byHierarchy(classes)
	var rows []ConfusionRow
	for at, truth := range order {
		of := 0
		for predicted := range len(classes) + 1 {
			of += c.At(truth, predicted)
		}
		for _, predicted := range append(slices.Clone(order), len(classes)) {
			n := c.At(truth, predicted)
			if n == 0 {
				continue
			}
			t := &classes[truth]
			r := ConfusionRow{
				Hierarchy: o.Cell.Hierarchy.String(), Level: o.Cell.Level, Learner: o.Cell.Learner.Label, Fields: string(o.Cell.Fields),
				Truth: t.class, N: n, Of: of, Share: Number(float64(n) / float64(of)),
				Order: at, Ancestor0: t.parents[0], Ancestor1: t.parents[1], Common: "none",
			}
			if predicted < len(classes) {
				r.Predicted = classes[predicted].class
				r.Common = common(t, &classes[predicted], o.Cell.Level)
			}
			rows = append(rows, r)
		}
	}
	return rows
}

// common names the finest level that two classes share.
func common(a, b *lineage, level int) string {
	if a.class == b.class {
		return "right"
	}
	for l := level - 1; l >= 0; l-- {
		if a.parents[l] == b.parents[l] {
			return fmt.Sprintf("level %d", l)
		}
	}
	return "none"
}

// compareNatural compares names as people order them: runs of digits by their
// number, all else by its bytes. It is 0 for equal names only.
func compareNatural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		dx, dy := digits(x), digits(y)
		if dx == 0 || dy == 0 {
			if x[0] != y[0] {
				return cmp.Compare(x[0], y[0])
			}
			x, y = x[1:], y[1:]
			continue
		}
		nx, ny := strings.TrimLeft(x[:dx], "0"), strings.TrimLeft(y[:dy], "0")
		if c := cmp.Or(cmp.Compare(len(nx), len(ny)), strings.Compare(nx, ny)); c != 0 {
			return c
		}
		x, y = x[dx:], y[dy:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(a, b))
}

// digits is how many digits s begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
