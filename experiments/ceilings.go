package experiments

import (
	"fmt"
	"math"
	"strings"

	"tickle/datasets"
	"tickle/experiments/stats"
)

// task is what is to be learned from what, by whatever learner.
type task struct {
	fields    datasets.FieldSet
	hierarchy datasets.Hierarchy
	level     int
}

// ceilingAlike is the resubstitution bound of a cell, computed once for each
// field set and level. It is of the whole data set whatever rows the filter
// looks at. Of fingerprints it is n/a: they hold random numbers.
func (a *accuracyRun) ceilingAlike(o *Outcome) (Number, error) {
	if o.Cell.Fields == NmapFields {
		return NA, nil
	}
	k := task{o.Cell.Fields, o.Cell.Hierarchy, o.Cell.Level}
	if v, ok := a.alike[k]; ok {
		return v, nil
	}
	s, err := a.in.Data.Select(k.fields)
	if err != nil {
		return NA, fmt.Errorf("fields %s: %w", k.fields, err)
	}
	a.alike[k] = Number(CeilingAlike(AlikeRows(s), o.Labels, len(o.Classes)))
	return a.alike[k], nil
}

// AlikeRows gives each row of s the number of its set: rows are in one set
// when they are equal in every selected cell, a missing cell being a mark
// like any value. Sets are numbered in order of their first row.
func AlikeRows(s *datasets.Selection) []int32 {
	set := make([]int32, s.Rows())
	sets := min(1, len(set))
	for _, p := range s.IDs {
		if sets == len(set) {
			break
		}
		sets = divide(set, sets, s.Codes(p))
	}
	bits := make([]uint64, len(set))
	for _, n := range s.Numbers {
		for row, v := range s.Matrix.Numbers[n].Cells {
			if math.IsNaN(v) {
				v = math.NaN() // one for all
			}
			bits[row] = math.Float64bits(v + 0) // one zero for both
		}
		sets = divide(set, sets, bits)
	}
	return set
}

// divide divides sets of rows by their cells and gives their number.
func divide[T comparable](set []int32, sets int, cells []T) int {
	type part struct {
		set  int32
		cell T
	}
	at := make(map[part]int32, sets)
	for row, cell := range cells {
		k := part{set[row], cell}
		n, ok := at[k]
		if !ok {
			n = int32(len(at))
			at[k] = n
		}
		set[row] = n
	}
	return len(at)
}

// CeilingAlike is (1/n) Σ over sets of rows of the largest class count: what
// the best rule that treats rows of a set alike gets right on the very rows
// that it was made from. n/a (NaN) for no rows.
func CeilingAlike(set, labels []int32, classes int) float64 {
	count := make(map[int32][]int)
	most := make(map[int32]int)
	sum := 0
	for row, k := range set {
		if count[k] == nil {
			count[k] = make([]int, classes)
		}
		if count[k][labels[row]]++; count[k][labels[row]] > most[k] {
			most[k]++
			sum++
		}
	}
	return float64(sum) / float64(len(set))
}

// warnOfLevel says what a level's labels do not allow. It reports whether
// there are classes to tell apart at all.
func (a *accuracyRun) warnOfLevel(h datasets.Hierarchy, level int, labels []int32, classes []string) bool {
	warn := func(code, format string, args ...any) {
		a.result.Warnings = append(a.result.Warnings, Warning{code, fmt.Sprintf("%s level %d", h, level), fmt.Sprintf(format, args...)})
	}
	groupOf, groups := groupsOf(a.in.Data.Matrix)
	if len(classes) < 2 {
		warn(WarnFewClasses, "%d class: nothing to tell apart, no rows", len(classes))
		return false
	}
	if stats.SmallestP(groups) > 0.05 {
		warn(WarnSmallN, "n=%d is too small to tell at α=0.05", groups)
	}
	if groups < a.folds {
		warn(WarnFewFolds, "%d groups make no more than %d grouped folds", groups, groups)
	}
	of := make([]map[int32]bool, len(classes))
	for row, l := range labels {
		if of[l] == nil {
			of[l] = make(map[int32]bool)
		}
		of[l][groupOf[row]] = true
	}
	thin, single := 0, []string{}
	for l := range of {
		if len(of[l]) < a.folds {
			thin++
		}
		if len(of[l]) == 1 {
			single = append(single, classes[l])
		}
	}
	if thin > 0 {
		warn(WarnThinClasses, "%d of %d classes have fewer groups than the %d folds", thin, len(classes), a.folds)
	}
	if len(single) > 0 {
		warn(WarnUnseen, "%d of %d classes have one group and are unseen when it is held out: %s", len(single), len(classes), shortList(single))
	}
	return true
}

// shortList names a few of many.
func shortList(names []string) string {
	const few = 4
	if len(names) <= few+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}
