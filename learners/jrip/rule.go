package jrip

import (
	"math"
	"slices"

	"tickle/datasets"
	"tickle/learners/attributes"
)

// tolerance is the difference that Weka takes for none.
const tolerance = 1e-6

// condition is what a rule asks of a row; a missing cell never satisfies it.
type condition struct {
	kind  conditionKind
	attr  *attributes.Attribute
	code  datasets.Code
	point float64
}

// conditionKind is a kind of condition. The zero value is invalid.
type conditionKind uint8

const (
	_       conditionKind = iota
	is                    // the nominal value is code
	atMost                // the number is at most point
	atLeast               // the number is at least point
)

// holds reports whether a row of the matrix satisfies the condition.
func (c *condition) holds(row int32) bool {
	switch c.kind {
	case is:
		return c.attr.Codes[row] == c.code
	case atMost:
		return c.attr.Cells[row] <= c.point // NaN is not
	case atLeast:
		return c.attr.Cells[row] >= c.point
	}
	panic("jrip: condition of no kind")
}

// rule is a conjunction of conditions.
type rule struct {
	class      int32 // as fit numbers them
	conditions []condition
}

func (f *fit) covers(r *rule, i int32) bool {
	row := f.train.Rows[i]
	for k := range r.conditions {
		if !r.conditions[k].holds(row) {
			return false
		}
	}
	return true
}

// positives counts the rows of a class.
func (f *fit) positives(rows []int32, class int32) int {
	n := 0
	for _, i := range rows {
		if f.class[i] == class {
			n++
		}
	}
	return n
}

// grow adds conditions to a rule by FOIL's information gain until it errs no
// more on rows, or no condition gains. A nominal column is used once.
func (f *fit) grow(r *rule, rows []int32) error {
	if len(rows) == 0 {
		return nil
	}
	g := f.table.newGrowth(rows, func(i int32) bool { return f.class[i] == r.class })
	rate := float64(f.positives(rows, r.class)+1) / float64(len(rows)+1)
	used := make(map[attributes.ID]bool)
	for k := range r.conditions {
		if r.conditions[k].kind == is {
			used[r.conditions[k].attr.ID] = true
		}
	}
	for g.rows > 0 && 1-rate > tolerance {
		if err := f.ctx.Err(); err != nil {
			return err
		}
		best, err := f.table.best(f, g, growing{used: used, log: log2(rate)})
		if err != nil {
			return err
		}
		if best.attr == nil || f.weight-float64(best.right) > tolerance {
			return nil
		}
		if best.kind == is {
			used[best.attr.ID] = true
		}
		r.conditions = append(r.conditions, best.condition)
		g.narrow(f.table, &best.condition)
		rate = float64(best.right+1) / float64(best.covered+1)
	}
	return nil
}

// prune cuts a rule's last conditions off where that raises its worth on
// rows: the share of right ones among those covered, or, when the rule stands
// before others that stay (whole), the share of rows that it puts on the right
// side. A rule that is worth no more than one without conditions becomes that.
func (f *fit) prune(r *rule, rows []int32, whole bool) {
	if len(rows) == 0 || len(r.conditions) == 0 {
		return
	}
	total := float64(len(rows))
	worth, keep := float64(f.positives(rows, r.class)+1)/(total+2), -1
	outside := 0 // rows of other classes that the conditions so far exclude
	for k := range r.conditions {
		var in []int32
		for _, i := range rows {
			if r.conditions[k].holds(f.train.Rows[i]) {
				in = append(in, i)
			} else if f.class[i] != r.class {
				outside++
			}
		}
		rows = in
		right := f.positives(rows, r.class)
		w := float64(right+1) / float64(len(rows)+2)
		if whole {
			w = float64(right+outside) / total
		}
		if w > worth {
			worth, keep = w, k
		}
	}
	r.conditions = slices.Clone(r.conditions[:keep+1])
}

// split deals rows into those that grow and those that prune: each class
// shuffled, its rows dealt in turns to as many folds as there are, of which
// the last prunes.
func (f *fit) split(rows []int32) (all, grow, prune []int32) {
	byClass := make([][]int32, len(f.counts))
	for _, i := range rows {
		byClass[f.class[i]] = append(byClass[f.class[i]], i)
	}
	var sorted []int32
	for _, in := range byClass {
		for j := len(in) - 1; j > 0; j-- {
			k := f.rng.IntN(j + 1)
			in[j], in[k] = in[k], in[j]
		}
		sorted = append(sorted, in...)
	}
	for fold := range f.folds {
		for i := fold; i < len(sorted); i += f.folds {
			all = append(all, sorted[i])
		}
	}
	cut := len(all) * (f.folds - 1) / f.folds
	return all, all[:cut], all[cut:]
}

func log2(x float64) float64 { return math.Log(x) / math.Ln2 }
