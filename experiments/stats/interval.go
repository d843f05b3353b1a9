package stats

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Interval is a confidence interval. Both ends are NaN when there is none.
type Interval struct{ Low, High float64 }

// Wilson is Wilson's score interval (Wilson 1927) of a share p of n
// independent observations, at a confidence level such as 0.95. NaN for n < 1.
func Wilson(p float64, n int, level float64) Interval {
	if n < 1 {
		return Interval{math.NaN(), math.NaN()}
	}
	z := distuv.UnitNormal.Quantile(0.5 + level/2)
	m := float64(n)
	centre := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return Interval{max(0, centre-half), min(1, centre+half)}
}

// SmallestP is the least two-sided p that n independent observations can
// give in a sign test or an exact McNemar test: 2·2⁻ⁿ. Where it is not below
// α, no outcome whatever shows a difference.
func SmallestP(n int) float64 { return math.Min(1, 2*math.Pow(2, -float64(n))) }

// Method is a way of making an interval from bootstrap replicates.
type Method uint8

// The methods. The zero value is invalid.
const (
	_          Method = iota
	Percentile        // quantiles of the replicates
	BCa               // bias-corrected and accelerated (Efron 1987)
)

// Bootstrap resamples groups with replacement: what varies from one study to
// the next is which groups were met, and rows of one group come and go
// together.
type Bootstrap struct {
	Method    Method
	Groups    int     // number of groups
	Resamples int     // 0: 2000
	Level     float64 // 0: 0.95
	Source    rand.Source
}

// Interval bootstraps a statistic. It is called with how often each group was
// drawn, which it must not keep; all ones gives the estimate. Resamples in
// which the statistic is NaN are left out. The interval is NaN when there are
// no groups or half the resamples are NaN; it is a point when all are equal.
//
// BCa's acceleration comes from the jackknife over groups; where that has no
// spread the acceleration is zero. Quantiles interpolate between order
// statistics (R's type 7). Replicates equal to the estimate count half in the
// bias correction, as discrete statistics need.
func (b *Bootstrap) Interval(statistic func(drawn []int) float64) Interval {
	none := Interval{math.NaN(), math.NaN()}
	if b.Groups < 1 {
		return none
	}
	replicates := b.replicates(statistic)
	wanted := cmp.Or(b.Resamples, 2000)
	if 2*len(replicates) <= wanted {
		return none
	}
	slices.Sort(replicates)
	tail := (1 - cmp.Or(b.Level, 0.95)) / 2
	if b.Method == Percentile || replicates[0] == replicates[len(replicates)-1] {
		return Interval{Quantile(replicates, tail), Quantile(replicates, 1-tail)}
	}
	if b.Method != BCa {
		panic("stats: invalid bootstrap method")
	}
	z0, a := b.bias(statistic, replicates), b.acceleration(statistic)
	if math.IsInf(z0, 0) {
		return Interval{Quantile(replicates, tail), Quantile(replicates, 1-tail)}
	}
	at := func(p float64) float64 {
		z := z0 + distuv.UnitNormal.Quantile(p)
		return Quantile(replicates, distuv.UnitNormal.CDF(z0+z/(1-a*z)))
	}
	return Interval{at(tail), at(1 - tail)}
}

// replicates gives the statistic of every resample that has one.
func (b *Bootstrap) replicates(statistic func([]int) float64) []float64 {
	rng := rand.New(b.Source)
	drawn := make([]int, b.Groups)
	var values []float64
	for range cmp.Or(b.Resamples, 2000) {
		clear(drawn)
		for range drawn {
			drawn[rng.IntN(b.Groups)]++
		}
		if v := statistic(drawn); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	return values
}

// bias is z₀: the normal quantile of the share of replicates below the
// estimate.
func (b *Bootstrap) bias(statistic func([]int) float64, replicates []float64) float64 {
	estimate := statistic(b.ones())
	below := 0.0
	for _, v := range replicates {
		switch {
		case v < estimate:
			below++
		case v == estimate:
			below += 0.5
		}
	}
	return distuv.UnitNormal.Quantile(below / float64(len(replicates)))
}

// acceleration is a: the skewness of the jackknife values over 6.
func (b *Bootstrap) acceleration(statistic func([]int) float64) float64 {
	drawn := b.ones()
	var values []float64
	mean := 0.0
	for g := range drawn {
		drawn[g] = 0
		if v := statistic(drawn); !math.IsNaN(v) {
			values = append(values, v)
			mean += v
		}
		drawn[g] = 1
	}
	mean /= float64(len(values))
	square, cube := 0.0, 0.0
	for _, v := range values {
		d := mean - v
		square += d * d
		cube += d * d * d
	}
	if square == 0 || len(values) == 0 {
		return 0
	}
	return cube / (6 * math.Pow(square, 1.5))
}

func (b *Bootstrap) ones() []int {
	drawn := make([]int, b.Groups)
	for i := range drawn {
		drawn[i] = 1
	}
	return drawn
}

// Quantile is the p-quantile of ascending x by linear interpolation (R's type
// 7, NumPy's default). It panics when x is empty.
func Quantile(x []float64, p float64) float64 {
	at := min(max(p, 0), 1) * float64(len(x)-1)
	i := int(at)
	if i+1 >= len(x) {
		return x[len(x)-1]
	}
	return x[i] + (at-float64(i))*(x[i+1]-x[i])
}
