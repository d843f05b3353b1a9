package stats

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Sure is an answer with the probability that it was given with.
type Sure struct {
	Confidence float64 // of the class answered, 0 to 1
	Right      bool
	Group      int // 0…; answers of one group come and go together
}

// Bin is a bin of a reliability diagram.
type Bin struct {
	N          int
	From, To   float64 // least and greatest confidence
	Confidence float64 // mean
	Accuracy   float64 // share that is right
}

// EqualMassBins sorts answers by confidence and cuts them into k bins whose
// sizes differ by one at most; fewer where there are fewer answers. Equal
// confidences may stand in two bins, in the order in which they were given.
func EqualMassBins(answers []Sure, k int) []Bin {
	sorted := slices.Clone(answers)
	slices.SortStableFunc(sorted, func(a, b Sure) int {
		switch {
		case a.Confidence < b.Confidence:
			return -1
		case a.Confidence > b.Confidence:
			return 1
		}
		return 0
	})
	k = min(k, len(sorted))
	bins := make([]Bin, k)
	for i := range bins {
		part := sorted[i*len(sorted)/k : (i+1)*len(sorted)/k]
		b := &bins[i]
		b.N, b.From, b.To = len(part), part[0].Confidence, part[len(part)-1].Confidence
		for _, a := range part {
			b.Confidence += a.Confidence / float64(len(part))
			if a.Right {
				b.Accuracy += 1 / float64(len(part))
			}
		}
	}
	return bins
}

// ECE is the expected calibration error of the answers' confidence (Naeini,
// Cooper and Hauskrecht 2015) in bins of equal mass: the mean over answers of
// the distance of its bin's accuracy from its bin's confidence. NaN for none.
func ECE(bins []Bin) float64 {
	sum, n := 0.0, 0
	for _, b := range bins {
		sum += float64(b.N) * math.Abs(b.Accuracy-b.Confidence)
		n += b.N
	}
	return sum / float64(n)
}

// Calibration says how far confidence is from accuracy.
type Calibration struct {
	Bins []Bin
	ECE  float64
	// Interval is a percentile bootstrap over groups, and reaches down to the
	// ECE at least: that is biased upwards, and in resamples more so, so that it
	// could lie below their quantiles.
	Interval Interval
	// Perfect is the mean ECE of answers with these confidences of which
	// each is right with just that probability, in whole groups at the same
	// n: what a perfectly calibrated model would show. PerfectHigh is its
	// 95 % quantile.
	Perfect, PerfectHigh float64
}

// Calibrator says how Calibrate computes.
type Calibrator struct {
	Bins      int // 0: 10
	Groups    int
	Resamples int // of the bootstrap and of the perfect model; 0: 1000
	Source    rand.Source
}

// Calibrate measures answers. All of it is NaN for none.
//
// The perfect model draws one uniform number a group, which all answers of
// the group share: where a group's rows are clones they are right together,
// as they are in the data, and its ECE is as noisy as theirs.
func (c *Calibrator) Calibrate(answers []Sure) Calibration {
	k, n := c.Bins, c.Resamples
	if k == 0 {
		k = 10
	}
	if n == 0 {
		n = 1000
	}
	r := Calibration{Bins: EqualMassBins(answers, k)}
	r.ECE = ECE(r.Bins)
	boot := Bootstrap{Method: Percentile, Groups: c.Groups, Resamples: n, Source: c.Source}
	var drawnAnswers []Sure
	r.Interval = boot.Interval(func(drawn []int) float64 {
		drawnAnswers = drawnAnswers[:0]
		for _, a := range answers {
			for range drawn[a.Group] {
				drawnAnswers = append(drawnAnswers, a)
			}
		}
		return ECE(EqualMassBins(drawnAnswers, k))
	})
	r.Interval.Low = math.Min(r.Interval.Low, r.ECE)
	rng := rand.New(c.Source)
	perfect := make([]float64, n)
	luck := make([]float64, c.Groups)
	fair := slices.Clone(answers)
	for i := range perfect {
		for g := range luck {
			luck[g] = rng.Float64()
		}
		for j := range fair {
			fair[j].Right = luck[fair[j].Group] < fair[j].Confidence
		}
		perfect[i] = ECE(EqualMassBins(fair, k))
		r.Perfect += perfect[i] / float64(n)
	}
	slices.Sort(perfect)
	r.PerfectHigh = Quantile(perfect, 0.95)
	return r
}

// Brier is the mean over answers of Σ over classes of (score − truth)²
// (Brier 1950): 0 for certain and right, 2 for certain and wrong. scores[i]
// has one probability a class and truth[i] is the class of answer i. NaN for
// none.
func Brier(scores [][]float64, truth []int32) float64 {
	sum := 0.0
	for i, p := range scores {
		for class, v := range p {
			if class == int(truth[i]) {
				v--
			}
			sum += v * v
		}
	}
	return sum / float64(len(scores))
}
