// Package stats computes what experiments report: metrics of classification
// from a confusion matrix, intervals that respect groups, tests of learners
// against each other on the same rows, folds or data sets, and what such a
// test could have found. Rows of one group are clones of each other: tests of
// independent rows (McNemar, CochranQ, DeLong) want one row a group, and
// SignFlip and PermutedQ are for the rest. Each function says what it returns
// where the quantity is not defined: NaN, never a zero that looks like a
// measurement. What gonum has is gonum's and not here.
package stats

import "math"

// Confusion counts answers by true and by predicted class. An abstention has
// a column of its own that is no class: it is wrong, and predicts nothing.
type Confusion struct {
	K     int   // classes
	cells []int // K rows of K+1 columns; the last is abstention
	n     int
}

// NewConfusion makes an empty matrix of k classes.
func NewConfusion(k int) *Confusion {
	return &Confusion{K: k, cells: make([]int, k*(k+1))}
}

// Add counts an answer; a negative predicted class is an abstention. It
// panics on a class that there is not.
func (c *Confusion) Add(truth, predicted int) {
	if truth < 0 || truth >= c.K || predicted >= c.K {
		panic("stats: class out of range")
	}
	if predicted < 0 {
		predicted = c.K
	}
	c.cells[truth*(c.K+1)+predicted]++
	c.n++
}

// N is the number of answers.
func (c *Confusion) N() int { return c.n }

// At is how many rows of class truth were answered with class predicted; K is
// abstention.
func (c *Confusion) At(truth, predicted int) int { return c.cells[truth*(c.K+1)+predicted] }

// margins gives the rows of each class, and the answers that named it.
func (c *Confusion) margins() (truth, predicted []int) {
	truth, predicted = make([]int, c.K), make([]int, c.K)
	for t := range c.K {
		for p := range c.K {
			truth[t] += c.At(t, p)
			predicted[p] += c.At(t, p)
		}
		truth[t] += c.At(t, c.K)
	}
	return truth, predicted
}

// Accuracy is the share of right answers; NaN without answers.
func (c *Confusion) Accuracy() float64 {
	right := 0
	for k := range c.K {
		right += c.At(k, k)
	}
	return ratio(right, c.n)
}

// BalancedAccuracy is the mean recall over the classes that have rows; NaN
// without answers.
func (c *Confusion) BalancedAccuracy() float64 {
	truth, _ := c.margins()
	sum, classes := 0.0, 0
	for k, n := range truth {
		if n > 0 {
			sum += ratio(c.At(k, k), n)
			classes++
		}
	}
	return sum / float64(classes)
}

// MacroF1 is the mean over the classes that have rows of 2TP/(2TP+FP+FN),
// which is defined for every such class; NaN without answers.
func (c *Confusion) MacroF1() float64 {
	truth, predicted := c.margins()
	sum, classes := 0.0, 0
	for k, n := range truth {
		if n > 0 {
			sum += ratio(2*c.At(k, k), n+predicted[k])
			classes++
		}
	}
	return sum / float64(classes)
}

// Kappa is Cohen's agreement beyond chance (Cohen 1960), (pₒ−pₑ)/(1−pₑ), with
// pₑ from both margins. An abstention agrees with no class. It is NaN without
// answers, and when chance alone agrees always (one class, always answered).
func (c *Confusion) Kappa() float64 {
	truth, predicted := c.margins()
	chance := 0.0
	for k := range c.K {
		chance += ratio(truth[k], c.n) * ratio(predicted[k], c.n)
	}
	if chance >= 1 {
		return math.NaN()
	}
	return (c.Accuracy() - chance) / (1 - chance)
}

// ratio is a/b, NaN for 0/0.
func ratio(a, b int) float64 { return float64(a) / float64(b) }

// LogLossClip bounds probabilities away from 0 and 1 in LogLoss.
const LogLossClip = 1e-15

// LogLoss is the mean of −ln p, where p are the probabilities given to the
// true classes, each clipped to [LogLossClip, 1−LogLossClip]. Rows whose class
// the model never saw are for the caller to leave out and to count. NaN for
// no rows.
func LogLoss(p []float64) float64 {
	sum := 0.0
	for _, v := range p {
		sum -= math.Log(min(max(v, LogLossClip), 1-LogLossClip))
	}
	return sum / float64(len(p))
}

// PopulationSD is the standard deviation of x with divisor len(x); NaN for
// none.
func PopulationSD(x []float64) float64 {
	mean := 0.0
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	sum := 0.0
	for _, v := range x {
		sum += (v - mean) * (v - mean)
	}
	return math.Sqrt(sum / float64(len(x)))
}
