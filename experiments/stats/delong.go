package stats

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// AUROC is the area under an ROC curve with what its variance is made of.
type AUROC struct {
	Area     float64 // share of pairs in which the positive scores higher, ties half; NaN without pairs
	Variance float64 // of Area; NaN with fewer than two positives or negatives
	// positive and negative are DeLong's structural components: for each row
	// its share of pairs won.
	positive, negative []float64
}

// DeLong computes the area and its variance (DeLong, DeLong and
// Clarke-Pearson, Comparing the Areas under Two or More Correlated Receiver
// Operating Characteristic Curves, Biometrics 44, 1988) by midranks (Sun and Xu,
// IEEE Signal Processing Letters 21, 2014). Rows are independent.
func DeLong(positive, negative []float64) AUROC {
	m, n := float64(len(positive)), float64(len(negative))
	all := midranks(append(append([]float64(nil), positive...), negative...))
	own, other := midranks(positive), midranks(negative)
	a := AUROC{positive: make([]float64, len(positive)), negative: make([]float64, len(negative))}
	for i := range positive {
		a.positive[i] = (all[i] - own[i]) / n
		a.Area += a.positive[i] / m
	}
	for j := range negative {
		a.negative[j] = 1 - (all[len(positive)+j]-other[j])/m
	}
	if m == 0 || n == 0 {
		a.Area = math.NaN()
	}
	a.Variance = covariance(&a, &a)
	return a
}

func covariance(a, b *AUROC) float64 {
	m, n := len(a.positive), len(a.negative)
	if m < 2 || n < 2 {
		return math.NaN()
	}
	return stat.Covariance(a.positive, b.positive, nil)/float64(m) + stat.Covariance(a.negative, b.negative, nil)/float64(n)
}

// CompareAUROC tests whether two areas of the same rows, given in the same
// order, are equal; the statistic is z, of a minus b. P is NaN where there is
// no variance. It panics when the rows differ in number.
func CompareAUROC(a, b AUROC) Test {
	if len(a.positive) != len(b.positive) || len(a.negative) != len(b.negative) {
		panic("stats: areas of different rows")
	}
	t := Test{Name: "DeLong", Statistic: math.NaN(), P: math.NaN()}
	if v := a.Variance + b.Variance - 2*covariance(&a, &b); v > 0 {
		t.Statistic = (a.Area - b.Area) / math.Sqrt(v)
		t.P = 2 * distuv.UnitNormal.CDF(-math.Abs(t.Statistic))
	}
	return t
}
