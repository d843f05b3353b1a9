package experiments

import (
	"fmt"
	"strings"

	"tickle/datasets"
)

// By tests, one after the other, all rows that share a value of a column, and
// trains on rows of other values: "new kernels, unseen in training" is
// By{"kernel.2"} while the level learned is coarser. Rows of a group that is
// tested are not trained on, whatever their value.
type By struct {
	// Column is what the values are of: "backend", "stack", a level of a
	// hierarchy as "kernel.2", or a factor, as "memory" or
	// "sysctl.tcp_timestamps". A machine without the factor has the value "".
	Column string
}

// Name is "by:" and the column.
func (s By) Name() string { return "by:" + s.Column }

// Stratified is false.
func (By) Stratified() bool { return false }

// Split makes one fold a value, in ascending order. It is an error when the
// rows have fewer than two values, and when a fold has no row to train on:
// its groups are all there is.
func (s By) Split(t *Table, _ uint64) ([]Fold, error) {
	value := make([]string, t.Rows)
	rows := make(map[string]int)
	for i := range value {
		value[i] = columnOf(&t.Machines[i], s.Column)
		rows[value[i]]++
	}
	values := sortedKeys(rows)
	if len(values) < 2 {
		return nil, fmt.Errorf("split by %s: every machine has the value %q: want two values at least", s.Column, strings.Join(values, ""))
	}
	folds := make([]Fold, len(values))
	for i, v := range values {
		f := &folds[i]
		f.Fold = i
		tested := make(map[int32]bool)
		for row := range value {
			if value[row] == v {
				f.Test = append(f.Test, int32(row))
				tested[t.Groups[row]] = true
			}
		}
		for row, g := range t.Groups {
			if !tested[g] {
				f.Train = append(f.Train, int32(row))
			}
		}
		if len(f.Train) == 0 {
			return nil, fmt.Errorf("split by %s: every group has a machine with the value %q: nothing is left to train on", s.Column, v)
		}
	}
	return folds, nil
}

// columnOf gives a machine's value of a column as By names them.
func columnOf(m *datasets.Machine, column string) string {
	switch column {
	case "backend":
		return m.Backend
	case "stack":
		return m.Stack
	}
	for _, h := range datasets.Hierarchies {
		for level := range datasets.Levels {
			if column == fmt.Sprintf("%s.%d", h, level) {
				return m.Labels.At(h, level)
			}
		}
	}
	return m.Factors[column]
}
