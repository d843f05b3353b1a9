package collector

import (
	"bytes"
	"math"
	"slices"

	"tickle/datasets"
)

// What has one value as long as a machine runs and another after it was started
// again may be a secret of the boot's, or left from its start. It may also vary
// at any time and have fallen so by chance: of a feature with two values, three
// times each in two boots of three repeats, one arrangement in ten looks like
// that. So what chance gives is counted beside it, from all features that vary.

// reboots are the fields of a dialogue that varied between boots alone.
type reboots struct {
	fields []datasets.FieldID // one for each place for an answer
	chance float64            // how many there would be if repeats had fallen to boots at random
}

// reboots adds those of slot i, as far as two answers in each boot can tell. The
// header's checksum covers the address that was answered, which is another at
// each boot.
func (s *slotRows) reboots(r *reboots, i int, of *datasets.Summary, g *program) {
	if len(g.ends) < 2 {
		return
	}
	for _, f := range g.layout.Fields() {
		if f == datasets.IPChecksum || of.Fields[f].State != datasets.Nondet {
			continue
		}
		values := s.split(f, i, g)
		r.chance += values.chance()
		if values.apart() {
			r.fields = append(r.fields, f)
		}
	}
}

// bootValues are a feature's values, numbered, in repeats that were answered, by
// boot.
type bootValues struct {
	boots  [][]int
	counts []int // of each value
}

// split gives the values of a field of slot i by boot.
func (s *slotRows) split(f datasets.FieldID, i int, g *program) (v bootValues) {
	var seen []uint64
	last := -1
	for repeat, answered := range s.answered[i][:g.repeats] {
		if !answered {
			continue
		}
		x, ok := s.obs[i][repeat].Get(f)
		if !ok {
			x = math.MaxUint64
		}
		n := slices.Index(seen, x)
		if n < 0 {
			n = len(seen)
			seen, v.counts = append(seen, x), append(v.counts, 0)
		}
		v.counts[n]++
		if b := g.boot(repeat); b != last {
			last, v.boots = b, append(v.boots, nil)
		}
		v.boots[len(v.boots)-1] = append(v.boots[len(v.boots)-1], n)
	}
	return v
}

// apart says whether each boot has one value, twice or more.
func (v *bootValues) apart() bool {
	for _, values := range v.boots {
		if len(values) < 2 || slices.Max(values) != slices.Min(values) {
			return false
		}
	}
	return true
}

// chance is the probability that the values, in any order, are apart.
func (v *bootValues) chance() float64 {
	if len(v.counts) < 2 || len(v.counts) > len(v.boots) {
		return 0
	}
	n, arrangements := 0, 0.0 // of those the logarithm
	for _, values := range v.boots {
		if len(values) < 2 {
			return 0
		}
		n += len(values)
	}
	for _, k := range v.counts {
		arrangements -= logFactorial(k)
	}
	return float64(v.ways(0, slices.Clone(v.counts))) / math.Exp(arrangements+logFactorial(n))
}

// ways counts how the boots from b on can each have one value, of which left are
// to be given out.
func (v *bootValues) ways(b int, left []int) (n int) {
	if b == len(v.boots) {
		return 1
	}
	for i := range left {
		if k := len(v.boots[b]); left[i] >= k {
			left[i] -= k
			n += v.ways(b+1, left)
			left[i] += k
		}
	}
	return n
}

func logFactorial(n int) float64 {
	l, _ := math.Lgamma(float64(n + 1))
	return l
}

// variation is how the copies of a dialogue differ.
type variation uint8

const (
	valuesVary  variation = iota // in what the same answers to the same steps say
	stepsVary                    // the same answers in the same order came in other steps
	ackVaries                    // a FIN took the acknowledgement before it along, or did not
	orderVaries                  // the same answers came in another order
	answersVary                  // there were other answers
)

var variationNames = [...]string{valuesVary: "value of ", stepsVary: "the same answers in other steps", ackVaries: "an ACK before a FIN or in it",
	orderVaries: "the order of answers", answersVary: "other answers"}

// rebooted counts a dialogue's fields that varied between boots alone.
func (c *Counts) rebooted(r *reboots, how variation) {
	c.Reboots += int64(len(r.fields))
	c.RebootsByChance += r.chance
	if c.RebootCauses == nil && len(r.fields) > 0 {
		c.RebootCauses = make(map[string]int64)
	}
	for _, f := range r.fields {
		cause := variationNames[how]
		if how == valuesVary {
			cause += datasets.Catalogue[f].Name
		}
		c.RebootCauses[cause]++
	}
}

// variation compares the answers to all copies of a probe.
func (e *engine) variation(probe int) variation {
	first := e.answersTo(uint32(probe * e.g.repeats))
	how := valuesVary
	for repeat := 1; repeat < e.g.repeats; repeat++ {
		how = max(how, first.differs(e.answersTo(uint32(probe*e.g.repeats+repeat))))
	}
	return how
}

// answersTo is what a copy was answered, each answer as in StepOrder, and the steps.
type answersTo struct {
	answers [][]byte
	steps   []uint8
}

func (e *engine) answersTo(c uint32) (of answersTo) {
	for place := e.tape.copies[c].first; place != 0; place = e.tape.answers[place-1].next {
		a := &e.tape.answers[place-1]
		of.answers, of.steps = append(of.answers, appendOrder(nil, e.tape.of(a))), append(of.steps, a.step)
	}
	return of
}

// differs says how they do from another's.
func (a *answersTo) differs(b answersTo) variation {
	switch {
	case slices.EqualFunc(a.answers, b.answers, bytes.Equal) && slices.Equal(a.steps, b.steps):
		return valuesVary
	case slices.EqualFunc(a.answers, b.answers, bytes.Equal):
		return stepsVary
	case slices.EqualFunc(withoutACKs(a.answers), withoutACKs(b.answers), bytes.Equal):
		return ackVaries
	case slices.EqualFunc(slices.SortedFunc(slices.Values(a.answers), bytes.Compare), slices.SortedFunc(slices.Values(b.answers), bytes.Compare), bytes.Equal):
		return orderVaries
	}
	return answersVary
}

// withoutACKs leaves out those that a FIN follows.
func withoutACKs(answers [][]byte) (left [][]byte) {
	for i, a := range answers {
		if i+1 == len(answers) || string(a) != "A" || string(answers[i+1]) != "FA" {
			left = append(left, a)
		}
	}
	return left
}
