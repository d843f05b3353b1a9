package stats

import (
	"cmp"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Power says what a test is asked to do. The zero value is a two-sided test
// at 0.05 that finds what is there 80 times in 100.
type Power struct {
	Alpha float64 // 0: 0.05
	Power float64 // 0: 0.8
}

// Detectable is the least mean difference that a test of independent pairs
// finds with that power, given differences like those seen: for rows that are
// right or wrong 1, −1 and 0, so that their mean square ψ is the share on which
// exactly one of two learners is right. It solves
//
//	δ·√n = z₁₋α/₂·√ψ + z_power·√(ψ − δ²)
//
// for δ (Connor, Sample Size for Testing Differences in Proportions for the
// Paired-Sample Design, Biometrics 43, 1987). No difference is larger than the
// discordance: where δ would be, as many more pairs are taken to differ, each
// by as much as those seen. It is NaN without any difference, and where not
// even all pairs differing one way is found, or none can be (see SmallestP).
func (p Power) Detectable(differences []float64) float64 {
	a := distuv.UnitNormal.Quantile(1 - cmp.Or(p.Alpha, 0.05)/2)
	b := distuv.UnitNormal.Quantile(cmp.Or(p.Power, 0.8))
	n := float64(len(differences))
	size, square, differing := 0.0, 0.0, 0.0
	for _, d := range differences {
		size += math.Abs(d) / n
		square += d * d / n
		if d != 0 {
			differing += 1 / n
		}
	}
	if differing == 0 || SmallestP(len(differences)) > cmp.Or(p.Alpha, 0.05) {
		return math.NaN()
	}
	short := func(d float64) bool {
		psi := square * max(1, d/size)
		return d*math.Sqrt(n) < a*math.Sqrt(psi)+b*math.Sqrt(max(0, psi-d*d))
	}
	low, high := 0.0, size/differing
	if short(high) {
		return math.NaN()
	}
	for high-low > 1e-12 {
		if m := (low + high) / 2; short(m) {
			low = m
		} else {
			high = m
		}
	}
	return (low + high) / 2
}

// NoneSeen is the most that a share can be, at 95 % confidence, when none of n
// independent rows has it: 1 − 0.05^(1/n), the exact limit of Clopper and
// Pearson, one-sided. 1 for n < 1.
func NoneSeen(n int) float64 {
	if n < 1 {
		return 1
	}
	return 1 - math.Pow(0.05, 1/float64(n))
}
