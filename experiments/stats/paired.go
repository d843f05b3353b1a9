package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Test is the outcome of a hypothesis test. P is two-sided and NaN where the
// data allow no test; so is Statistic where the test has none.
type Test struct {
	Name      string // of the test, as a table shows it
	Statistic float64
	P         float64
}

// CorrectedT compares two learners by their differences in repeated k-fold
// cross-validation, one difference a fold. Folds share training rows, so that
// the plain t-test finds differences that are not there; Nadeau and Bengio
// (Inference for the Generalization Error, Machine Learning 52, 2003) enlarge
// the variance of the mean from s²/n to (1/n + ratio)·s², where ratio is test
// rows over training rows. Fewer than two differences, and differences
// without any spread, are no test (NaN); the interval at the confidence level
// is NaN with fewer than two.
func CorrectedT(differences []float64, ratio, level float64) (Test, Interval) {
	n := float64(len(differences))
	test := Test{Name: "corrected resampled t", Statistic: math.NaN(), P: math.NaN()}
	if n < 2 {
		return test, Interval{math.NaN(), math.NaN()}
	}
	mean, sd := stat.MeanStdDev(differences, nil)
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}
	err := sd * math.Sqrt(1/n+ratio)
	half := err * t.Quantile(0.5+level/2)
	if err > 0 {
		test.Statistic = mean / err
		test.P = 2 * t.CDF(-math.Abs(test.Statistic))
	}
	return test, Interval{mean - half, mean + half}
}

// mcnemarExact is the number of discordant pairs from which McNemar's
// statistic may be taken for χ².
const mcnemarExact = 25

// McNemar tests whether two learners are right equally often on the same
// independent rows (McNemar 1947), given how many rows only the first and only
// the second got right. With fewer than 25 of those it is the exact binomial
// test, else χ² with the continuity correction of Edwards. Without any, P is 1.
func McNemar(first, second int) Test {
	n := first + second
	if n < mcnemarExact {
		b := distuv.Binomial{N: float64(n), P: 0.5}
		p := 1.0
		if n > 0 {
			p = math.Min(1, 2*b.CDF(float64(min(first, second))))
		}
		return Test{Name: "McNemar, exact", Statistic: float64(min(first, second)), P: p}
	}
	d := max(0, math.Abs(float64(first-second))-1)
	x := d * d / float64(n)
	return Test{Name: "McNemar", Statistic: x, P: distuv.ChiSquared{K: 1}.Survival(x)}
}

// SignFlip tests whether the sum of differences is zero, where each is that
// of a group of rows that come and go together: under the hypothesis a group's
// difference has either sign alike. It is Fisher's permutation test (The
// Design of Experiments, 1935, section 21) on whole numbers, and exact for any
// number of groups, for the distribution of the sum is convolved and not
// enumerated: time is len(d) × Σ|d|. Without a difference P is 1; the
// statistic is the sum.
func SignFlip(d []int) Test {
	sum, span := 0, 0
	for _, v := range d {
		sum += v
		span += abs(v)
	}
	// at[span+s] is the probability of the sum s.
	at, next := make([]float64, 2*span+1), make([]float64, 2*span+1)
	at[span] = 1
	for _, v := range d {
		if v = abs(v); v == 0 {
			continue
		}
		clear(next)
		for s, p := range at {
			if p > 0 {
				next[s-v] += p / 2
				next[s+v] += p / 2
			}
		}
		at, next = next, at
	}
	p := 0.0
	for s, q := range at {
		if abs(s-span) >= abs(sum) {
			p += q
		}
	}
	return Test{Name: "sign flips by group, exact", Statistic: float64(sum), P: math.Min(1, p)}
}

func abs(v int) int { return max(v, -v) }

// Wilcoxon is the signed-rank test of paired differences (Wilcoxon 1945).
// Zeros are left out, ties share their mean rank, and the distribution is
// exact given the ranks, ties or not. The statistic is the sum of the ranks of
// positive differences.
func Wilcoxon(differences []float64) Test {
	d := slices.DeleteFunc(slices.Clone(differences), func(v float64) bool { return v == 0 })
	size := make([]float64, len(d))
	for i, v := range d {
		size[i] = math.Abs(v)
	}
	ranks := midranks(size)
	signed := make([]int, len(d))
	positive := 0.0
	for i, r := range ranks {
		signed[i] = int(2 * r) // whole: a mean rank is a multiple of a half
		if d[i] < 0 {
			signed[i] = -signed[i]
		} else {
			positive += r
		}
	}
	return Test{Name: "Wilcoxon signed rank, exact", Statistic: positive, P: SignFlip(signed).P}
}

// midranks gives each value its rank from 1 on, ascending; equal ones share
// the mean of theirs.
func midranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case x[a] < x[b]:
			return -1
		case x[a] > x[b]:
			return 1
		}
		return 0
	})
	ranks := make([]float64, len(x))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && x[order[j]] == x[order[i]] {
			j++
		}
		for _, k := range order[i:j] {
			ranks[k] = float64(i+j+1) / 2
		}
		i = j
	}
	return ranks
}

// Holm adjusts p-values for there being many (Holm 1979): each may be compared
// with α as if it were alone. A NaN is no test: it stays NaN and does not count.
func Holm(p []float64) []float64 {
	var order []int
	adjusted := make([]float64, len(p))
	for i, v := range p {
		adjusted[i] = v
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if p[a] < p[b] {
			return -1
		}
		if p[a] > p[b] {
			return 1
		}
		return 0
	})
	most := 0.0
	for rank, i := range order {
		most = max(most, math.Min(1, float64(len(order)-rank)*p[i]))
		adjusted[i] = most
	}
	return adjusted
}
