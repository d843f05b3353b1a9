package experiments

import (
	"math"
	"math/rand/v2"

	"tickle/datasets"
	"tickle/experiments/stats"
	"tickle/learners"
)

// scores computes the metrics of an outcome.
type scores struct {
	o         *Outcome
	groupOf   []int32 // row: group
	groups    int
	confusion *stats.Confusion
}

func newScores(m *datasets.Matrix, o *Outcome) *scores {
	s := &scores{o: o, confusion: stats.NewConfusion(len(o.Classes))}
	s.groupOf, s.groups = groupsOf(m)
	for _, a := range o.Answers {
		s.confusion.Add(int(o.Labels[a.Row]), int(a.Class))
	}
	return s
}

// byFold reports whether shares are means of the folds' shares.
func (s *scores) byFold() bool { return s.o.Cell.Splitter.Name() == "paper" }

// share is the share of answers that are so, each counting as often as its
// group was drawn (once when drawn is nil): over all, or the mean over folds
// that have any. NaN for no answers.
func (s *scores) share(drawn []int, so func(*Answer) bool) float64 {
	hits, all := make([]int, len(s.o.Folds)), make([]int, len(s.o.Folds))
	for i := range s.o.Answers {
		a := &s.o.Answers[i]
		weight := 1
		if drawn != nil {
			weight = drawn[s.groupOf[a.Row]]
		}
		f := a.Fold
		if !s.byFold() {
			f = 0
		}
		all[f] += weight
		if so(a) {
			hits[f] += weight
		}
	}
	sum, folds := 0.0, 0
	for f := range all {
		if all[f] > 0 {
			sum += float64(hits[f]) / float64(all[f])
			folds++
		}
	}
	return sum / float64(folds)
}

func (s *scores) accuracy(drawn []int) float64 {
	return s.share(drawn, func(a *Answer) bool { return a.Class == s.o.Labels[a.Row] })
}

// seen is the share of rows whose class is in their training fold: no learner
// gets more right.
func (s *scores) seen() float64 {
	return s.share(nil, func(a *Answer) bool { return a.Seen })
}

func (s *scores) unseen() int {
	n := 0
	for _, a := range s.o.Answers {
		if !a.Seen {
			n++
		}
	}
	return n
}

// folds is the number of folds a repeat.
func (s *scores) folds() int {
	n := 0
	for _, f := range s.o.Folds {
		n = max(n, f.Fold+1)
	}
	return n
}

// interval is the 95 % interval of the accuracy over groups. Where every
// group is one row it is Wilson's. So it is, over groups, where all answers
// are right or all are wrong: then each group is one observation, and
// resampling, which cannot show errors that it never met, gives a point.
func (s *scores) interval(seed uint64, resamples int) stats.Interval {
	p := s.accuracy(nil)
	if p == 0 || p == 1 || s.groups == len(s.groupOf) && len(s.o.Answers) == len(s.groupOf) {
		return stats.Wilson(p, s.groups, 0.95)
	}
	b := stats.Bootstrap{Method: stats.BCa, Groups: s.groups, Resamples: resamples, Source: rand.NewPCG(seed, bootstrapStream)}
	return b.Interval(s.accuracy)
}

// logLoss is over the rows whose class was seen.
func (s *scores) logLoss() Number {
	if s.o.Kind != learners.Probability {
		return NA
	}
	var p []float64
	for _, a := range s.o.Answers {
		if a.Seen {
			p = append(p, a.Scores[s.o.Labels[a.Row]])
		}
	}
	return Number(stats.LogLoss(p))
}

// confidenceCorrect is the mean probability of the answers that are right.
func (s *scores) confidenceCorrect() Number {
	sum, n := 0.0, 0
	for _, a := range s.o.Answers {
		if a.Class == s.o.Labels[a.Row] {
			sum += a.Scores[a.Class]
			n++
		}
	}
	if s.o.Kind != learners.Probability || n == 0 {
		return NA
	}
	return Number(sum / float64(n))
}

// majorityShare is the share of the largest class among all rows: what
// always answering it gets right.
func majorityShare(o *Outcome) float64 {
	count := make([]int, len(o.Classes))
	most := 0
	for _, l := range o.Labels {
		count[l]++
		most = max(most, count[l])
	}
	if len(o.Labels) == 0 {
		return math.NaN()
	}
	return float64(most) / float64(len(o.Labels))
}
