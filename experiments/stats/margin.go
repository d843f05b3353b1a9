package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// MarginTest tests whether one learner is right more often than another by a
// margin, as a share between -1 and 1 and not 0, given for each group by how many
// rows more only the first got right, how many only the second, and how many rows
// it has. Signs of what exceeds the margin cannot be flipped here as SignFlip does
// it: where learners seldom differ, a row without a difference lies always on one
// side of the margin.
//
// It is the score test of Tango (Equivalence test and confidence interval for the
// difference in proportions for the paired-sample design, Statistics in Medicine
// 17, 1998): the variance of the difference is that of the likeliest table of
// answers in which the difference is the margin. Rows of one group may answer
// alike, so that they count as one row does of as much weight; and the variance is
// no less than that of the groups' own sums about the margin. The statistic is
// standard normal; it is NaN, and so is P, without any row.
func MarginTest(first, second, rows []int, margin float64) Test {
	b, c := 0.0, 0.0
	n, squares := 0.0, 0.0
	robust := 0.0
	for g := range rows {
		size := float64(rows[g])
		b, c = b+float64(first[g]), c+float64(second[g])
		n, squares = n+size, squares+size*size
		excess := float64(first[g]-second[g]) - margin*size
		robust += excess * excess
	}
	sum := b - c - margin*n
	p := scoreVariance([2]float64{b, c}, n, margin)
	statistic := sum / math.Sqrt(max(p*squares, robust))
	return Test{Name: "score test against a margin, by group", Statistic: statistic, P: 2 * distuv.UnitNormal.CDF(-math.Abs(statistic))}
}

// scoreVariance is the variance of a row's difference where it is in the mean the
// margin, given how many of n rows only the first and only the second got right.
func scoreVariance(only [2]float64, n, margin float64) float64 {
	b, c := only[0], only[1]
	if margin < 0 {
		b, c, margin = c, b, -margin
	}
	// q, the probability that only the second is right, solves 2nq² + Bq + C = 0.
	linear := (2*n-b+c)*margin - b - c
	constant := -c * margin * (1 - margin)
	q := (math.Sqrt(linear*linear-8*n*constant) - linear) / (4 * n)
	return 2*q + margin*(1-margin)
}
