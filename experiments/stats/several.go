package stats

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"
)

// CochranQ tests whether k learners are right equally often on the same
// independent rows (Cochran 1950): right has one row a machine and one column
// a learner. Rows on which all agree say nothing; without any other P is 1. It
// panics when rows differ in length.
func CochranQ(right [][]bool) Test {
	counts := make([][]int, len(right))
	for i, row := range right {
		counts[i] = make([]int, len(row))
		for j, r := range row {
			if r {
				counts[i][j] = 1
			}
		}
	}
	q, k := cochran(counts)
	if math.IsNaN(q) {
		return Test{Name: "Cochran's Q", Statistic: 0, P: 1}
	}
	return Test{Name: "Cochran's Q", Statistic: q, P: distuv.ChiSquared{K: float64(k - 1)}.Survival(q)}
}

// cochran is (k−1)·Σ(Cⱼ−C̄)² over Σ over rows of within-row variation, which
// is Cochran's Q for zeros and ones. NaN without variation.
func cochran(counts [][]int) (q float64, k int) {
	var columns []float64
	within := 0.0
	for _, row := range counts {
		if columns == nil {
			columns = make([]float64, len(row))
		}
		if len(row) != len(columns) {
			panic("stats: rows of different length")
		}
		mean := 0.0
		for j, c := range row {
			columns[j] += float64(c)
			mean += float64(c) / float64(len(row))
		}
		for _, c := range row {
			within += (float64(c) - mean) * (float64(c) - mean)
		}
	}
	k = len(columns)
	if within == 0 {
		return math.NaN(), k
	}
	mean := 0.0
	for _, c := range columns {
		mean += c / float64(k)
	}
	between := 0.0
	for _, c := range columns {
		between += (c - mean) * (c - mean)
	}
	return float64(k-1) * between / within, k
}

// PermutedQ is CochranQ where groups of rows come and go together: counts has
// one row a group, of how many answers of each learner are right. Under the
// hypothesis a group's counts belong to the learners in any order alike; the
// order is drawn resamples times from source. P counts the data themselves as
// one draw, so that it is never zero (Phipson and Smyth 2010).
func PermutedQ(counts [][]int, resamples int, source rand.Source) Test {
	t := Test{Name: "Cochran's Q, permuted by group", Statistic: 0, P: 1}
	q, k := cochran(counts)
	if math.IsNaN(q) {
		return t
	}
	t.Statistic = q
	rng := rand.New(source)
	shuffled := make([][]int, len(counts))
	for i := range counts {
		shuffled[i] = append([]int(nil), counts[i]...)
	}
	above := 1
	for range resamples {
		for _, row := range shuffled {
			rng.Shuffle(k, func(i, j int) { row[i], row[j] = row[j], row[i] })
		}
		// Equal sums can differ in their last bit.
		if p, _ := cochran(shuffled); p >= q*(1-1e-12) {
			above++
		}
	}
	t.P = float64(above) / float64(resamples+1)
	return t
}

// Ranked is what Friedman's test makes of scores of k learners on n data sets.
type Ranked struct {
	Ranks []float64 // mean rank of each learner; 1 is best
	N     int       // data sets
	Test  Test
}

// Friedman ranks k learners on n independent data sets and tests whether all
// are alike (Friedman 1937), with the correction for ties that R makes. score
// has one row a data set and one column a learner; higher is better. Folds of
// one data set are not independent and must not be rows. P is NaN with fewer
// than two rows or columns, and 1 where all are tied.
func Friedman(score [][]float64) Ranked {
	r := Ranked{N: len(score), Test: Test{Name: "Friedman", Statistic: math.NaN(), P: math.NaN()}}
	if len(score) == 0 {
		return r
	}
	k := len(score[0])
	r.Ranks = make([]float64, k)
	spread := 0.0
	for _, row := range score {
		down := make([]float64, k)
		for j, v := range row {
			down[j] = -v
		}
		for j, rank := range midranks(down) {
			r.Ranks[j] += rank / float64(len(score))
			d := rank - float64(k+1)/2
			spread += d * d
		}
	}
	if len(score) < 2 || k < 2 {
		return r
	}
	if spread == 0 {
		r.Test.Statistic, r.Test.P = 0, 1
		return r
	}
	between := 0.0
	for _, rank := range r.Ranks {
		d := float64(len(score)) * (rank - float64(k+1)/2)
		between += d * d
	}
	r.Test.Statistic = float64(k-1) * between / spread
	r.Test.P = distuv.ChiSquared{K: float64(k - 1)}.Survival(r.Test.Statistic)
	return r
}

// CriticalDifference is how far two mean ranks must lie apart to differ at α
// in Nemenyi's test (Demšar, Statistical Comparisons of Classifiers over
// Multiple Data Sets, JMLR 7, 2006).
func (r *Ranked) CriticalDifference(alpha float64) float64 {
	return rangeQuantile(1-alpha, len(r.Ranks)) / math.Sqrt2 * r.rankError()
}

// Nemenyi gives the p of each pair of learners, which is adjusted for the
// number of pairs.
func (r *Ranked) Nemenyi() [][]float64 {
	k := len(r.Ranks)
	p := make([][]float64, k)
	for i := range p {
		p[i] = make([]float64, k)
		for j := range p[i] {
			p[i][j] = 1 - rangeCDF(math.Abs(r.Ranks[i]-r.Ranks[j])/r.rankError()*math.Sqrt2, k)
		}
	}
	return p
}

// rankError is the standard error of the difference of two mean ranks.
func (r *Ranked) rankError() float64 {
	k := float64(len(r.Ranks))
	return math.Sqrt(k * (k + 1) / (6 * float64(r.N)))
}

// rangeCDF is the distribution of the range of k standard normal variables,
// the studentized range with infinitely many degrees of freedom:
// k ∫ φ(z)·(Φ(z) − Φ(z−q))^(k−1) dz.
func rangeCDF(q float64, k int) float64 {
	if q <= 0 {
		return 0
	}
	f := func(z float64) float64 {
		return distuv.UnitNormal.Prob(z) * math.Pow(distuv.UnitNormal.CDF(z)-distuv.UnitNormal.CDF(z-q), float64(k-1))
	}
	return math.Min(1, float64(k)*quad.Fixed(f, -8, q+8, 256, quad.Legendre{}, 0))
}

// rangeQuantile inverts rangeCDF by bisection.
func rangeQuantile(p float64, k int) float64 {
	low, high := 0.0, 40.0
	for high-low > 1e-12 {
		if m := (low + high) / 2; rangeCDF(m, k) < p {
			low = m
		} else {
			high = m
		}
	}
	return (low + high) / 2
}

// WilcoxonHolm gives the p of each pair of columns of score, one row a data
// set, by Wilcoxon's test of their differences, adjusted by Holm's method over
// the pairs. The diagonal is 1.
func WilcoxonHolm(score [][]float64) [][]float64 {
	if len(score) == 0 {
		return nil
	}
	k := len(score[0])
	var raw []float64
	for i := range k {
		for j := range i {
			d := make([]float64, len(score))
			for row := range score {
				d[row] = score[row][i] - score[row][j]
			}
			raw = append(raw, Wilcoxon(d).P)
		}
	}
	adjusted := Holm(raw)
	p := make([][]float64, k)
	for i := range p {
		p[i] = make([]float64, k)
		p[i][i] = 1
	}
	at := 0
	for i := range k {
		for j := range i {
			p[i][j], p[j][i] = adjusted[at], adjusted[at]
			at++
		}
	}
	return p
}
