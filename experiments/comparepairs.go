package experiments

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"tickle/experiments/stats"
)

// alpha is the level at which comparisons conclude.
const alpha = 0.05

// pairs compares the learners of a contest two by two, and all at once where
// there are more than two.
// Learners that did not answer for the same rows of the same folds are an error.
func (c *Comparison) pairs(k *contest) ([]CompareRow, error) {
	for i := range k.marks {
		if !slices.EqualFunc(k.marks[0], k.marks[i], mark.same) {
			return nil, fmt.Errorf("%s, %s: %s and %s did not answer for the same rows in the same folds", k.data, k, k.learners[0], k.learners[i])
		}
	}
	var rows []CompareRow
	var p []float64
	for i := range k.learners {
		for j := i + 1; j < len(k.learners); j++ {
			row := c.pair(k, i, j)
			rows, p = append(rows, row), append(p, float64(row.P))
		}
	}
	for i, adjusted := range stats.Holm(p) {
		rows[i].Holm = Number(adjusted)
		rows[i].Conclusion = k.conclude(&rows[i])
	}
	if len(k.learners) > 2 {
		rows = append([]CompareRow{c.omnibus(k)}, rows...)
	}
	return rows, nil
}

// same reports whether two marks are of the same row in the same fold.
func (m mark) same(o mark) bool { return m.repeat == o.repeat && m.fold == o.fold && m.row == o.row }

// row is a row of the contest without any number.
func (k *contest) row(kind string) CompareRow {
	return CompareRow{
		Kind: kind, Data: k.data, Hierarchy: k.hierarchy, Level: k.level, Fields: k.fields, Split: k.split,
		AccuracyA: NA, AccuracyB: NA, Difference: NA, Low: NA, High: NA, P: NA, Holm: NA, FoldP: NA, Detectable: NA,
		Rank: NA, CriticalDifference: NA, N: k.rows(), Groups: k.groups,
	}
}

// rows is the number of machines that were asked for.
func (k *contest) rows() int {
	seen := make(map[int32]bool)
	for _, m := range k.marks[0] {
		seen[m.row] = true
	}
	return len(seen)
}

// independent reports whether each group is one answer.
func (k *contest) independent() bool { return len(k.marks[0]) == k.groups && k.rows() == k.groups }

func (c *Comparison) pair(k *contest, i, j int) CompareRow {
	row := k.row("pair")
	row.A, row.B = k.learners[i], k.learners[j]
	difference, answers := make([]int, k.groups), make([]int, k.groups)
	rightA, rightB := 0, 0
	for n, a := range k.marks[i] {
		b, g := k.marks[j][n], k.groupOf[a.row]
		answers[g]++
		switch {
		case a.right && !b.right:
			row.OnlyA++
			difference[g]++
		case b.right && !a.right:
			row.OnlyB++
			difference[g]--
		case a.right:
			rightB++
		}
	}
	all := float64(len(k.marks[i]))
	rightA, rightB = rightB+row.OnlyA, rightB+row.OnlyB
	row.AccuracyA, row.AccuracyB = Number(float64(rightA)/all), Number(float64(rightB)/all)
	row.Difference = Number(100 * float64(rightA-rightB) / all)
	if row.OnlyA+row.OnlyB > 0 {
		interval := c.interval(difference, answers)
		row.Low, row.High = Number(100*interval.Low), Number(100*interval.High)
	}
	test := stats.SignFlip(difference)
	if k.independent() {
		test = stats.McNemar(row.OnlyA, row.OnlyB)
	}
	row.Test, row.P = test.Name, Number(test.P)
	folds, _ := stats.CorrectedT(k.byFold(i, j), k.ratio(), 0.95)
	row.FoldP = Number(folds.P)
	row.Detectable = Number(100 * detectable(difference, len(k.marks[i])))
	return row
}

// detectable is the least difference of accuracy that so many groups show,
// each of which counts by how much it moves the accuracy over n answers.
func detectable(difference []int, n int) float64 {
	moved := make([]float64, len(difference))
	for g, d := range difference {
		moved[g] = float64(d*len(difference)) / float64(n)
	}
	return stats.Power{}.Detectable(moved)
}

// compareStream draws the bootstrap and the permutations of comparisons.
const compareStream = 0x636f6d70 << 24

// interval bootstraps the difference of accuracy over groups.
// interval is that of the mean difference of an answer, given the sums of groups.
func (c *Comparison) interval(difference, answers []int) stats.Interval {
	b := stats.Bootstrap{Method: stats.BCa, Groups: len(difference), Resamples: c.Resamples, Source: rand.NewPCG(c.Seed, compareStream)}
	i := b.Interval(func(drawn []int) float64 {
		sum, n := 0, 0
		for g, times := range drawn {
			sum += times * difference[g]
			n += times * answers[g]
		}
		return float64(sum) / float64(n)
	})
	return unmet(i, len(difference), 1)
}

// unmet widens an interval of a mean difference that is a point, for resampling
// cannot show what no group showed: as many groups as Wilson's interval of none
// of so many allows could have any difference from -most to most.
func unmet(i stats.Interval, groups int, most float64) stats.Interval {
	if i.Low != i.High {
		return i
	}
	share := stats.Wilson(0, groups, 0.95).High
	middle, half := (1-share)*i.Low, share*most
	return stats.Interval{Low: middle - half, High: middle + half}
}

// byFold gives the difference of accuracy of two learners on every fold.
func (k *contest) byFold(i, j int) []float64 {
	var differences []float64
	sum, n := 0, 0
	flush := func() {
		if n > 0 {
			differences = append(differences, float64(sum)/float64(n))
		}
		sum, n = 0, 0
	}
	for at, a := range k.marks[i] {
		if at > 0 && (k.marks[i][at-1].repeat != a.repeat || k.marks[i][at-1].fold != a.fold) {
			flush()
		}
		n++
		if a.right {
			sum++
		}
		if k.marks[j][at].right {
			sum--
		}
	}
	flush()
	return differences
}

// omnibus tests all learners at once.
func (c *Comparison) omnibus(k *contest) CompareRow {
	row := k.row("all")
	counts := make([][]int, k.groups)
	for g := range counts {
		counts[g] = make([]int, len(k.learners))
	}
	for i := range k.learners {
		for _, m := range k.marks[i] {
			if m.right {
				counts[k.groupOf[m.row]][i]++
			}
		}
	}
	var test stats.Test
	if k.independent() {
		right := make([][]bool, len(counts))
		for g := range counts {
			for _, n := range counts[g] {
				right[g] = append(right[g], n > 0)
			}
		}
		test = stats.CochranQ(right)
	} else {
		test = stats.PermutedQ(counts, c.Resamples, rand.NewPCG(c.Seed, compareStream+1))
	}
	row.Test, row.P = test.Name, Number(test.P)
	if test.P < alpha {
		row.Conclusion = fmt.Sprintf("the %d learners are not all right equally often: see the pairs", len(k.learners))
	} else {
		row.Conclusion = fmt.Sprintf("no difference among the %d learners shown", len(k.learners))
	}
	return row
}

// conclude says what a pair's tests allow to be said.
func (k *contest) conclude(r *CompareRow) string {
	machines := fmt.Sprintf("%d machines", r.N)
	if k.groups != r.N {
		machines += fmt.Sprintf(" in %d groups", k.groups)
	}
	switch {
	case stats.SmallestP(k.groups) > alpha:
		return fmt.Sprintf("cannot tell: %s are too few for any outcome to be significant at α=0.05", machines)
	case r.OnlyA+r.OnlyB == 0:
		return fmt.Sprintf("no difference seen: both were right on the same of %s; they differ on fewer than %.1f %% of groups at 95 %% confidence", machines, 100*stats.NoneSeen(k.groups))
	case r.Holm < alpha:
		better, worse := r.A, r.B
		low, high := r.Low, r.High
		if r.Difference < 0 {
			better, worse, low, high = r.B, r.A, -high, -low
		}
		s := fmt.Sprintf("%s is right more often than %s, by %s points (95 %% interval %s to %s)", better, worse, Number(math.Abs(float64(r.Difference))).Format(1), low.Format(1), high.Format(1))
		if r.FoldP < alpha || r.FoldP.IsNA() { // n/a: the same in every fold
			return s
		}
		return s + "; this is of the models fitted here: over folds it is not shown that the learners differ"
	case r.Detectable.IsNA():
		return fmt.Sprintf("no difference shown: with the discordance seen, %s detect no difference at 80 %% power", machines)
	}
	return fmt.Sprintf("no difference shown: with the discordance seen, %s detect %s points at 80 %% power", machines, r.Detectable.Format(1))
}
