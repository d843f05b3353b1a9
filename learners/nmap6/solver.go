package nmap6

import (
	"math"
	"math/rand/v2"
	"strings"
)

// How near a scaled value must come to a number that a feature can have, and
// a mean and standard deviation to those of the class: FPModel.cc gives eight digits of
// them, and six of the scale.
const (
	valueTolerance  = 5e-6
	momentTolerance = 1e-5
)

// solver finds n values of a feature that have a mean and a variance.
type solver struct {
	m              *Model
	feature        int
	n              int
	mean, variance float64
	absent         int // how many values are missing, if that is possible
	rng            *rand.Rand
}

// solve gives n values, unscaled, and whether they have the mean and variance.
func (s *solver) solve() ([]float64, bool) {
	candidates := s.missingCounts()
	for _, missing := range candidates {
		if values := s.exact(missing); values != nil {
			return values, true
		}
	}
	for _, missing := range candidates {
		if values := s.draw(missing); values != nil {
			return values, true
		}
	}
	return s.nearest(), false
}

// missingCounts lists how many values may be missing: first as many as other
// features of the probe suggest, then fewer and more.
func (s *solver) missingCounts() []int {
	counts := []int{min(s.absent, s.n)}
	for j := range s.n + 1 {
		if j != counts[0] {
			counts = append(counts, j)
		}
	}
	return counts
}

// rest gives the mean and variance of what is not missing; ok is false where
// there can be no such values.
func (s *solver) rest(missing int) (mean, variance float64, ok bool) {
	n, j := float64(s.n), float64(missing)
	if missing == s.n {
		return 0, 0, math.Abs(s.mean+1) <= valueTolerance && s.variance <= momentTolerance
	}
	mean = (n*s.mean + j) / (n - j)
	variance = (n*(s.variance+s.mean*s.mean)-j)/(n-j) - mean*mean
	return mean, max(0, variance), mean >= -valueTolerance && mean <= 1+valueTolerance && variance >= -momentTolerance
}

// exact gives the values where those that are not missing are of one or two
// kinds.
func (s *solver) exact(missing int) []float64 {
	mean, variance, ok := s.rest(missing)
	if !ok {
		return nil
	}
	r := s.n - missing
	if r == 0 {
		return s.fill(nil, 0, missing)
	}
	if a, ok := s.legal(mean); ok && s.near(s.fill(repeat(a, r), 0, missing)) {
		return s.fill(repeat(a, r), 0, missing)
	}
	if values := s.neighbours(mean, r, missing); values != nil {
		return values
	}
	start := 0
	if r > 2 {
		start = s.rng.IntN(r - 1)
	}
	for k := range r - 1 {
		low := 1 + (start+k)%(r-1) // how many have the lower value
		a, okA := s.legal(mean - math.Sqrt(variance*float64(r-low)/float64(low)))
		b, okB := s.legal(mean + math.Sqrt(variance*float64(low)/float64(r-low)))
		if values := s.fill(repeat(a, low), b, missing); okA && okB && s.near(values) {
			return values
		}
	}
	return nil
}

// neighbours gives values that are two whole numbers next to each other, whose
// variance is too small for the file to have it.
func (s *solver) neighbours(mean float64, r, missing int) []float64 {
	v := s.m.unscaled(s.feature, mean)
	low := math.Floor(v)
	n := int(math.Round((low + 1 - v) * float64(r)))
	a, okA := s.legal(s.m.scaled(s.feature, low))
	b, okB := s.legal(s.m.scaled(s.feature, low+1))
	if values := s.fill(repeat(a, n), b, missing); okA && okB && s.near(values) {
		return values
	}
	return nil
}

func repeat(v float64, n int) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = v
	}
	return all
}

// fill completes some values to n: so many missing ones, and the others v.
func (s *solver) fill(values []float64, v float64, missing int) []float64 {
	for len(values) < s.n-missing {
		values = append(values, v)
	}
	return append(values, repeat(Missing, missing)...)
}

// near reports whether values have the mean and variance.
func (s *solver) near(values []float64) bool {
	mean, variance := momentsOf(s.m, s.feature, values)
	return math.Abs(mean-s.mean) <= momentTolerance && math.Abs(math.Sqrt(variance)-math.Sqrt(s.variance)) <= momentTolerance
}

// legal gives the number that a scaled value stands for, if the feature can
// have it.
func (s *solver) legal(x float64) (float64, bool) {
	if x < -valueTolerance || x > 1+valueTolerance {
		return 0, false
	}
	v := s.m.unscaled(s.feature, x)
	name := s.m.Features[s.feature]
	if continuous(name) {
		return max(0, v), true
	}
	v = math.Round(v)
	if strings.HasSuffix(name, ".HLIM") && v != 32 && v != 64 && v != 128 && v != 255 {
		return 0, false
	}
	return v, v >= 0 && math.Abs(s.m.scaled(s.feature, v)-x) <= valueTolerance
}

// continuous reports whether a feature's values are not whole numbers.
func continuous(name string) bool {
	return name == "TCP_ISR" || strings.HasSuffix(name, ".TCP_CORR_WINDOW_MSS")
}

// tries bounds the draws of a feature.
const tries = 4000

// draw gives values of which all but two are drawn, and two make the mean and
// variance right.
func (s *solver) draw(missing int) []float64 {
	mean, variance, ok := s.rest(missing)
	r := s.n - missing
	if !ok || r < 3 {
		return nil
	}
	sd := math.Sqrt(variance)
	for range tries {
		values := make([]float64, 0, s.n)
		sum, squares := float64(r)*mean, float64(r)*(variance+mean*mean)
		for len(values) < r-2 {
			v, ok := s.round(clamp(mean + sd*s.rng.NormFloat64()))
			if !ok {
				break
			}
			x := s.m.scaled(s.feature, v)
			sum, squares = sum-x, squares-x*x
			values = append(values, v)
		}
		root := 2*squares - sum*sum
		if len(values) < r-2 || root < 0 {
			continue
		}
		a, okA := s.round((sum - math.Sqrt(root)) / 2)
		b, okB := s.round(sum - s.m.scaled(s.feature, a))
		if values = s.fill(append(values, a, b), 0, missing); okA && okB && s.near(values) {
			return values
		}
	}
	return nil
}

// round gives the number nearest to a scaled value that the feature can have
// within the range of all training.
func (s *solver) round(x float64) (float64, bool) {
	if x < -valueTolerance || x > 1+valueTolerance {
		return 0, false
	}
	v := s.m.unscaled(s.feature, x)
	name := s.m.Features[s.feature]
	switch {
	case continuous(name):
		return max(0, v), true
	case strings.HasSuffix(name, ".HLIM"):
		return s.hopLimit(v), true
	}
	return max(0, math.Round(v)), true
}

func (s *solver) hopLimit(v float64) float64 {
	best := 32.0
	for _, usual := range [...]float64{64, 128, 255} {
		if math.Abs(usual-v) < math.Abs(best-v) {
			best = usual
		}
	}
	return best
}

// nearest gives values that can be had and come near the mean and variance:
// of all choices of how many are missing and how many have the lower of two
// values, the one with the least difference.
func (s *solver) nearest() []float64 {
	var best []float64
	least := math.Inf(1)
	for missing := range s.n + 1 {
		n, j := float64(s.n), float64(missing)
		mean, variance := s.mean, s.variance
		if r := s.n - missing; r > 0 {
			mean = (n*s.mean + j) / (n - j)
			variance = max(0, (n*(s.variance+s.mean*s.mean)-j)/(n-j)-mean*mean)
		}
		for low := range s.n - missing + 1 {
			high := s.n - missing - low
			var a, b float64
			if low > 0 {
				a, _ = s.round(clamp(mean - math.Sqrt(variance*float64(high)/float64(low))))
			}
			if high > 0 {
				b, _ = s.round(clamp(mean + math.Sqrt(variance*float64(low)/float64(high))))
			}
			values := s.fill(repeat(a, low), b, missing)
			m, v := momentsOf(s.m, s.feature, values)
			if off := math.Abs(m-s.mean) + math.Abs(v-s.variance); off < least {
				best, least = values, off
			}
		}
	}
	return best
}

func clamp(x float64) float64 { return min(1, max(0, x)) }
