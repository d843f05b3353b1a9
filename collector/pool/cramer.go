package pool

import "math"

// cramer gives Cramér's V of two nominal variables, given the category of
// each in every row from 0 up: plain, sqrt(χ²/n / min(r−1, c−1)), and
// corrected for its bias as W. Bergsma, "A bias-correction for Cramér's V and
// Tschuprow's T", Journal of the Korean Statistical Society 42 (2013) 323-328:
//
//	φ̃² = max(0, χ²/n − (r−1)(c−1)/(n−1))
//	r̃ = r − (r−1)²/(n−1), c̃ = c − (c−1)²/(n−1)
//	Ṽ = sqrt(φ̃² / min(r̃−1, c̃−1))
//
// Only categories that have rows count. Plain is NaN with fewer than two
// categories in either variable, for nothing can be associated with a
// constant; corrected is NaN also where r̃ or c̃ is at most 1, which is where
// a variable has a category of its own for every row. χ² has no continuity
// correction. Both are in [0, 1].
func cramer(x, y []int) (plain, corrected float64) {
	n := float64(len(x))
	rows, columns := counts(x), counts(y)
	r, c := float64(len(rows)), float64(len(columns))
	if r < 2 || c < 2 {
		return math.NaN(), math.NaN()
	}
	cells := map[[2]int]float64{}
	for i := range x {
		cells[[2]int{x[i], y[i]}]++
	}
	// χ²/n = Σ O²/(R·C) − 1; the cells are visited in a fixed order so that
	// the sum's rounding is too.
	phi2 := -1.0
	for i := range x {
		key := [2]int{x[i], y[i]}
		if o := cells[key]; o > 0 {
			phi2 += o * o / (rows[x[i]] * columns[y[i]])
			delete(cells, key)
		}
	}
	phi2 = max(phi2, 0)
	plain = min(1, math.Sqrt(phi2/min(r-1, c-1)))
	bound := min(r-(r-1)*(r-1)/(n-1), c-(c-1)*(c-1)/(n-1)) - 1
	if bound < 1e-9 { // exactly 0 but for rounding
		return plain, math.NaN()
	}
	phi2 = max(0, phi2-(r-1)*(c-1)/(n-1))
	return plain, min(1, math.Sqrt(phi2/bound))
}

// counts gives the rows of each category.
func counts(x []int) map[int]float64 {
	m := map[int]float64{}
	for _, v := range x {
		m[v]++
	}
	return m
}

// codes numbers values in the order in which they first come.
func codes(values []string) (codes []int, distinct int) {
	seen := map[string]int{}
	codes = make([]int, len(values))
	for i, v := range values {
		k, ok := seen[v]
		if !ok {
			k = len(seen)
			seen[v] = k
		}
		codes[i] = k
	}
	return codes, len(seen)
}
