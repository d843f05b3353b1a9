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
		s.confusion.Add(int(a.Truth), int(a.Class))
	}
	return s
}

// byFold reports whether shares are means of the folds' shares.
func (s *scores) byFold() bool { return s.o.Cell.Splitter.Name() == "paper" }

// tally counts, of the answers of one group in one fold, those that are so.
type tally struct {
	group, fold int32
	so, all     int
}

// tally counts by group and by fold, or by group alone where folds do not
// matter.
func (s *scores) tally(so func(*Answer) bool) []tally {
	at := make(map[[2]int32]int)
	var tallies []tally
	for i := range s.o.Answers {
		a := &s.o.Answers[i]
		k := [2]int32{s.groupOf[a.Row], 0}
		if s.byFold() {
			k[1] = a.Fold
		}
		n, ok := at[k]
		if !ok {
			n = len(tallies)
			at[k] = n
			tallies = append(tallies, tally{group: k[0], fold: k[1]})
		}
		tallies[n].all++
		if so(a) {
			tallies[n].so++
		}
	}
	return tallies
}

// share makes a function of how often each group is drawn: the share of
// answers that are so, over all or as the mean over the folds that have any.
// It is NaN for no answers.
func (s *scores) share(so func(*Answer) bool) func(drawn []int) float64 {
	tallies := s.tally(so)
	hits, all := make([]int, len(s.o.Folds)), make([]int, len(s.o.Folds))
	return func(drawn []int) float64 {
		clear(hits)
		clear(all)
		for i := range tallies {
			t := &tallies[i]
			hits[t.fold] += drawn[t.group] * t.so
			all[t.fold] += drawn[t.group] * t.all
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
}

// once draws every group once.
func (s *scores) once() []int {
	drawn := make([]int, s.groups)
	for i := range drawn {
		drawn[i] = 1
	}
	return drawn
}

func (s *scores) right(a *Answer) bool { return a.Class == a.Truth }

func (s *scores) accuracy() float64 { return s.share(s.right)(s.once()) }

// seen is the share of rows whose class is in their training fold: no learner
// gets more right.
func (s *scores) seen() float64 {
	return s.share(func(a *Answer) bool { return a.Seen })(s.once())
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
	p := s.accuracy()
	if p == 0 || p == 1 || s.groups == len(s.groupOf) && len(s.o.Answers) == len(s.groupOf) {
		return stats.Wilson(p, s.groups, 0.95)
	}
	b := stats.Bootstrap{Method: stats.BCa, Groups: s.groups, Resamples: resamples, Source: rand.NewPCG(seed, bootstrapStream)}
	return b.Interval(s.share(s.right))
}

// logLoss is over the rows whose class was seen.
func (s *scores) logLoss() Number {
	if s.o.Kind != learners.Probability {
		return NA
	}
	var p []float64
	for _, a := range s.o.Answers {
		if a.Seen {
			p = append(p, a.Scores[a.Truth])
		}
	}
	return Number(stats.LogLoss(p))
}

// confidenceCorrect is the mean probability of the answers that are right.
func (s *scores) confidenceCorrect() Number {
	sum, n := 0.0, 0
	for _, a := range s.o.Answers {
		if a.Class == a.Truth {
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
