package experiments

import (
	"fmt"
	"strconv"
	"sync"

	"tickle/datasets"
)

// levelTask is a level of a hierarchy with the classes of the rows.
type levelTask struct {
	hierarchy datasets.Hierarchy
	level     int
	labels    []int32 // class of each row
	classes   []string
}

// String names the level in warnings and progress.
func (t *levelTask) String() string { return fmt.Sprintf("%s level %d", t.hierarchy, t.level) }

// The options by which several experiments choose levels and features.
var hierarchiesOption = Option{Name: "hierarchies", Default: "kernel,distribution", Doc: "label hierarchies", Values: []string{"kernel", "distribution"}, List: true}

func levelsOption(levels string) Option {
	return Option{Name: "levels", Default: levels, Doc: "label levels, 0 the coarsest", Values: []string{"0", "1", "2"}, List: true}
}

func fieldsOption(fields string) Option {
	return Option{Name: "fields", Default: fields, Doc: "field sets", Values: []string{"prone", "vetted"}, List: true}
}

// levels gives the levels that the options hierarchies and levels name. Those
// with fewer than two classes are left out with a warning.
func (in *Input) levels() (tasks []levelTask, warnings []Warning) {
	for _, name := range in.list("hierarchies") {
		h, err := datasets.ParseHierarchy(name)
		if err != nil {
			panic(err) // the option's values are checked
		}
		for _, name := range in.list("levels") {
			level, _ := strconv.Atoi(name)
			t := levelTask{hierarchy: h, level: level}
			t.labels, t.classes = labelsOf(in.Data.Matrix, h, level)
			if len(t.classes) < 2 {
				warnings = append(warnings, Warning{WarnFewClasses, t.String(), fmt.Sprintf("%d class: nothing to tell apart, no rows", len(t.classes))})
				continue
			}
			tasks = append(tasks, t)
		}
	}
	return tasks, warnings
}

// share gives an option that is a number above 0 and at most 1.
func (in *Input) share(name string) (float64, error) {
	v, err := strconv.ParseFloat(in.Options[name], 64)
	if err != nil || !(v > 0 && v <= 1) {
		return 0, fmt.Errorf("option %s=%s: want a number above 0 and at most 1", name, in.Options[name])
	}
	return v, nil
}

// counter gives a function that counts one more of total as done and tells
// in.Progress. It may be called from several goroutines.
func (in *Input) counter(total int) func(note string) {
	var mu sync.Mutex
	done := 0
	return func(note string) {
		mu.Lock()
		defer mu.Unlock()
		done++
		if in.Progress != nil {
			in.Progress(done, total, note)
		}
	}
}
