// Package models trains a learner on a data set, writes what it made to a file,
// and asks a model from a file about a data set: what the commands train,
// predict and model show do.
package models

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/modelfile"
)

// Training says what is trained on what.
type Training struct {
	// Learner is what is trained: a learner, or a detector of novelty.
	Learner learners.Configured
	// Certainty makes a measure of novelty of a learner: how unsure its model
	// is.
	Certainty bool
	Label     string // see ParseLabel
	Fields    datasets.FieldSet
	Seed      uint64
	Workers   int // goroutines at most; 0: GOMAXPROCS
	Progress  func(done, total int)

	// What the file says of where it came from, beside what d knows.
	Data, Version, Command string
}

// Trained is a model that was fitted and not yet written.
type Trained struct {
	Header   modelfile.Header
	Warnings []string // reasons to doubt it, one sentence each

	configured *learners.Configured
	made       any // learners.Model or learners.Novelty
}

// Train fits a model to the rows of d that have the label. Rows whose label is
// empty are left out, and a warning says how many. A classifier wants two
// classes at least.
func Train(ctx context.Context, d *datasets.Dataset, o *Training) (*Trained, error) {
	if o.Learner.View != learners.MatrixView {
		return nil, fmt.Errorf("learner %s reads the %s view: want one that reads tables", o.Learner.Label, o.Learner.View)
	}
	if d.Meta.Table != nil && o.Fields == datasets.Vetted {
		return nil, errors.New("fields vetted: an imported table has no fields")
	}
	label, err := ParseLabel(&d.Meta, o.Label)
	if err != nil {
		return nil, err
	}
	t := &learners.Train{Seed: o.Seed, Workers: o.Workers, Progress: o.Progress}
	t.Labels, t.Classes = label.classes(d.Matrix)
	for r, c := range t.Labels {
		if c >= 0 {
			t.Rows = append(t.Rows, int32(r))
		}
	}
	trained := &Trained{configured: &o.Learner}
	switch left := len(t.Labels) - len(t.Rows); {
	case len(t.Rows) == 0:
		return nil, fmt.Errorf("label %s: no row has it", label)
	case len(t.Classes) == 1 && o.Learner.Detector == nil && !o.Certainty:
		return nil, fmt.Errorf("label %s: one class alone, %s: want two at least", label, t.Classes[0])
	case left > 0:
		trained.Warnings = append(trained.Warnings, fmt.Sprintf("%d of %d rows have no label %s and are left out", left, len(t.Labels), label))
	}
	t.Data = d.FilterFor(t.Rows, o.Fields)
	if !tells(t) {
		trained.Warnings = append(trained.Warnings, "no column tells the training rows apart")
	}
	if o.Learner.Detector != nil {
		trained.made, err = o.Learner.Detector.Fit(ctx, t)
	} else {
		trained.made, err = o.Learner.Learner.Fit(ctx, t)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Learner.Label, err)
	}
	trained.describe(d, t, o)
	trained.Header.Training.Label = label.String()
	return trained, nil
}

// tells reports whether two training rows differ in some column.
func tells(t *learners.Train) bool {
	first := t.Rows[0]
	for _, id := range t.Data.IDs {
		codes := t.Data.Codes(id)
		if slices.ContainsFunc(t.Rows, func(r int32) bool { return codes[r] != codes[first] }) {
			return true
		}
	}
	for _, n := range t.Data.Numbers {
		cells := t.Data.Matrix.Numbers[n].Cells
		if slices.ContainsFunc(t.Rows, func(r int32) bool {
			return cells[r] != cells[first] && (cells[r] == cells[r] || cells[first] == cells[first])
		}) {
			return true
		}
	}
	return false
}

// describe says where the model came from.
func (m *Trained) describe(d *datasets.Dataset, t *learners.Train, o *Training) {
	meta := &d.Meta
	m.Header = modelfile.Header{Classes: t.Classes, Training: modelfile.Training{
		Data: o.Data, SHA256: d.Hash(), Pool: meta.Pool, Plan: meta.Plan, Probes: meta.Probes, Sent: meta.Sent, Repeats: meta.Repeats,
		Policies: fmt.Sprintf("loss %s, nondeterminism %s, filter %s", meta.Loss, meta.Nondet, meta.Filter),
		Rows:     len(t.Rows), Columns: t.Data.D + len(t.Data.Numbers), Seed: o.Seed, Version: o.Version, Command: o.Command,
	}}
	if meta.Table == nil {
		m.Header.Training.Fields = string(o.Fields)
	}
	for _, r := range t.Rows {
		if d.Matrix.Machines[r].Modelled {
			m.Header.Training.Modelled++
		}
	}
	if o.Certainty {
		m.Header.Role = modelfile.Certainty
	}
}

// Write writes the file.
func (m *Trained) Write(w io.Writer) error {
	return learners.WriteModel(w, m.configured, m.made, m.Header)
}

// Label is a label that rows of a data set may have.
type Label struct {
	hierarchy datasets.Hierarchy
	level     int
	name      string
}

// String gives the name that ParseLabel reads.
func (l Label) String() string { return l.name }

// ParseLabel reads a label's name: HIERARCHY/LEVEL, as "kernel/2", or of an
// imported table the name of the column. Empty is the finest of an imported
// table's, and an error otherwise.
func ParseLabel(meta *datasets.Meta, name string) (Label, error) {
	var known []Label
	for _, h := range meta.Hierarchies() {
		for level := range meta.Levels() {
			l := Label{h, level, fmt.Sprintf("%s/%d", h, level)}
			if h == datasets.Given {
				l.name = meta.Table.Labels[level]
			}
			known = append(known, l)
		}
	}
	var names []string
	for _, l := range known {
		if l.name == name {
			return l, nil
		}
		names = append(names, l.name)
	}
	if last := known[len(known)-1]; name == "" && last.hierarchy == datasets.Given {
		return last, nil
	}
	return Label{}, fmt.Errorf("label %q: want %s", name, strings.Join(names, ", "))
}

// of gives a row's label; it may be empty.
func (l Label) of(m *datasets.Machine) string { return m.Labels.At(l.hierarchy, l.level) }

// classes gives the classes, ascending, and that of each row, -1 where it has
// no label.
func (l Label) classes(m *datasets.Matrix) (labels []int32, names []string) {
	for r := range m.Machines {
		if name := l.of(&m.Machines[r]); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	for r := range m.Machines {
		at, ok := slices.BinarySearch(names, l.of(&m.Machines[r]))
		if !ok {
			at = -1
		}
		labels = append(labels, int32(at))
	}
	return labels, names
}
