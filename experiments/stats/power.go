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

// Detectable is the least difference of shares that a test on n independent
// pairs finds with that power, given the discordance, the mean square of the
// pairs' differences: for rows that are right or wrong the share on which
// exactly one of two learners is right. It solves
//
//	δ·√n = z₁₋α/₂·√ψ + z_power·√(ψ − δ²)
//
// for δ (Connor, Sample Size for Testing Differences in Proportions for the
// Paired-Sample Design, Biometrics 43, 1987). It is NaN for n < 1, without
// discordance, and where not even δ = √ψ, the largest there can be, is found.
func (p Power) Detectable(n int, discordance float64) float64 {
	a := distuv.UnitNormal.Quantile(1 - cmp.Or(p.Alpha, 0.05)/2)
	b := distuv.UnitNormal.Quantile(cmp.Or(p.Power, 0.8))
	root := math.Sqrt(discordance)
	short := func(d float64) bool {
		return d*math.Sqrt(float64(n)) < a*root+b*math.Sqrt(max(0, discordance-d*d))
	}
	if n < 1 || discordance <= 0 || short(root) {
		return math.NaN()
	}
	low, high := 0.0, root
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
