package experiments

import (
	"cmp"
	"context"
	"slices"

	"tickle/datasets"
)

// ClassRow is a label: a node of a hierarchy's tree. Rows stand in the tree's
// order, a node before what is below it, and among siblings the one with the
// most machines first.
type ClassRow struct {
	Hierarchy string `json:"hierarchy"`
	Level     int    `json:"level" doc:"0 is the coarsest"`
	Label     string `json:"label"`
	Parent    string `json:"parent" extra:"yes" doc:"the label above; empty at level 0"`
	Machines  int    `json:"machines" doc:"with this label"`
	Images    int    `json:"images" doc:"different kernel builds and releases among them: what folds may not split"`
	Share     Number `json:"share" unit:"share" decimals:"3" doc:"of all machines"`
	Modelled  int    `json:"modelled" doc:"of the machines, those that are models of a stack"`
	Below     int    `json:"below" doc:"different labels one level down; 0 at the finest level"`
}

var classes = Entry{
	Name:        "classes",
	Title:       "Label hierarchies",
	PaperFigure: "Table 1",
	Summary:     "What the machines are: every label of both hierarchies, with its machines and images.",
	Options: []Option{
		{Name: "hierarchies", Default: "kernel,distribution", Doc: "label hierarchies", Values: []string{"kernel", "distribution"}, List: true},
	},
	Rows: []ClassRow{},
	Run:  runClasses,
}

func runClasses(_ context.Context, in *Input) (*Result, error) {
	rows := []ClassRow{}
	for _, name := range in.list("hierarchies") {
		h, err := datasets.ParseHierarchy(name)
		if err != nil {
			return nil, err
		}
		all := make([]int, in.Data.Matrix.Rows())
		for i := range all {
			all[i] = i
		}
		t := &labelTree{machines: in.Data.Matrix.Machines, hierarchy: h, levels: in.Data.Origin.levels()}
		rows = append(rows, t.below("", 0, all)...)
	}
	return &Result{Rows: rows}, nil
}

// labelTree makes the rows of one hierarchy.
type labelTree struct {
	machines  []datasets.Machine
	hierarchy datasets.Hierarchy
	levels    int
}

// below gives the rows of a level's labels among some machines, each followed
// by those below it. A label under two parents is two nodes.
func (t *labelTree) below(parent string, level int, machines []int) []ClassRow {
	if level == t.levels {
		return nil
	}
	with := make(map[string][]int)
	for _, i := range machines {
		l := t.machines[i].Labels.At(t.hierarchy, level)
		with[l] = append(with[l], i)
	}
	labels := sortedKeys(with)
	slices.SortStableFunc(labels, func(a, b string) int { return cmp.Compare(len(with[b]), len(with[a])) })
	var rows []ClassRow
	for _, l := range labels {
		under := t.below(l, level+1, with[l])
		row := ClassRow{
			Hierarchy: t.hierarchy.String(), Level: level, Label: l, Parent: parent,
			Machines: len(with[l]), Share: Number(float64(len(with[l])) / float64(len(t.machines))),
		}
		images := make(map[string]bool)
		for _, i := range with[l] {
			images[t.machines[i].Group] = true
			if t.machines[i].Modelled {
				row.Modelled++
			}
		}
		row.Images = len(images)
		for i := range under {
			if under[i].Level == level+1 {
				row.Below++
			}
		}
		rows = append(append(rows, row), under...)
	}
	return rows
}
