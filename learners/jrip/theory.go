package jrip

import (
	"math"
	"slices"
)

// stat is what a rule does to the rows that come to it.
type stat struct {
	covered, uncovered int
	truePositive       int
	falsePositive      int
	falseNegative      int
}

// theory is the rules of one class, in order, and the rows that come to each.
type theory struct {
	*fit
	data    []int32
	rules   []*rule
	stats   []stat
	covered [][]int32 // by rule
	left    [][]int32 // by rule: what it and those before it do not cover
}

// apply sends rows through a rule.
func (f *fit) apply(r *rule, rows []int32) (s stat, in, out []int32) {
	for _, i := range rows {
		right := f.class[i] == r.class
		if f.covers(r, i) {
			in = append(in, i)
			if right {
				s.truePositive++
			} else {
				s.falsePositive++
			}
			continue
		}
		out = append(out, i)
		if right {
			s.falseNegative++
		}
	}
	s.covered, s.uncovered = len(in), len(out)
	return s, in, out
}

// uncovered is what no rule covers.
func (s *theory) uncovered() []int32 {
	if n := len(s.left); n > 0 {
		return s.left[n-1]
	}
	return s.data
}

// add appends a rule.
func (s *theory) add(r *rule) {
	st, in, out := s.apply(r, s.uncovered())
	s.rules = append(s.rules, r)
	s.stats = append(s.stats, st)
	s.covered = append(s.covered, in)
	s.left = append(s.left, out)
}

// removeLast takes the last rule away.
func (s *theory) removeLast() {
	n := len(s.rules) - 1
	s.rules, s.stats, s.covered, s.left = s.rules[:n], s.stats[:n], s.covered[:n], s.left[:n]
}

// with is the theory of rules of which the first, up to a position, are those
// of s; rows are what those leave.
func (s *theory) with(data []int32, rules []*rule, position int, rows []int32) *theory {
	t := &theory{fit: s.fit, data: data, rules: rules}
	t.stats = append(t.stats, s.stats[:position]...)
	t.covered = append(t.covered, s.covered[:position]...)
	t.left = append(t.left, s.left[:position]...)
	if position > 0 {
		t.left[position-1] = rows
	}
	for _, r := range rules[position:] {
		st, in, out := s.apply(r, rows)
		t.stats, t.covered, t.left = append(t.stats, st), append(t.covered, in), append(t.left, out)
		rows = out
	}
	return t
}

// reduce removes rules, from the last on, without which the description is
// shorter.
func (s *theory) reduce(rate float64) {
	whole := s.ruleset(s.stats)
	for k := len(s.stats) - 1; k >= 0; k-- {
		if _, drop := s.potential(k, rate, &whole, s.stats[k]); !drop {
			continue
		}
		s.rules = slices.Delete(slices.Clone(s.rules), k, k+1)
	}
	rules := s.rules
	*s = theory{fit: s.fit, data: s.data}
	for _, r := range rules {
		s.add(r)
	}
}

// ruleset adds up the statistics of rules that stand one after the other.
func (s *theory) ruleset(stats []stat) (sum stat) {
	for i, st := range stats {
		sum.covered += st.covered
		sum.truePositive += st.truePositive
		sum.falsePositive += st.falsePositive
		if i == len(stats)-1 {
			sum.uncovered, sum.falseNegative = st.uncovered, st.falseNegative
		}
	}
	return sum
}

// relativeBits is how much longer the rule at index makes the description,
// other rules being removed where that makes it shorter.
func (s *theory) relativeBits(index int, rate float64) float64 {
	return s.bitsWith(index, rate) + s.theoryBits(index) - s.bitsWithout(index, rate)
}

// bitsWith is the length of the data's description with the rule at index.
func (s *theory) bitsWith(index int, rate float64) float64 {
	return s.bits(index, rate, s.ruleset(s.stats), s.stats[index+1:])
}

// bitsWithout is the length of the data's description without it.
func (s *theory) bitsWithout(index int, rate float64) float64 {
	whole := s.ruleset(s.stats[:index])
	rows := s.data
	if index > 0 {
		rows = s.left[index-1]
	}
	var after []stat
	for _, r := range s.rules[index+1:] {
		st, _, out := s.apply(r, rows)
		after = append(after, st)
		rows = out
	}
	rest := s.ruleset(after)
	whole.covered += rest.covered
	whole.truePositive += rest.truePositive
	whole.falsePositive += rest.falsePositive
	switch {
	case len(after) > 0:
		whole.uncovered, whole.falseNegative = rest.uncovered, rest.falseNegative
	case index == 0:
		first := s.stats[0]
		whole.uncovered = first.covered + first.uncovered
		whole.falseNegative = first.truePositive + first.falseNegative
	}
	return s.bits(index, rate, whole, after)
}

// bits is the length of the data's description with a rule set, less what
// removing the rules after index saves.
func (s *theory) bits(index int, rate float64, whole stat, after []stat) float64 {
	saved := 0.0
	for k, st := range after {
		if bits, drop := s.potential(index+1+k, rate, &whole, st); drop {
			saved += bits
		}
	}
	return dataBits(rate, whole) - saved
}

// potential is how much shorter the description would be without a rule whose
// statistics are st. drop says that it would be, or that the rule errs in half
// of what it covers; then whole becomes the rule set without it.
func (s *theory) potential(index int, rate float64, whole *stat, st stat) (bits float64, drop bool) {
	without := *whole
	without.covered -= st.covered
	without.uncovered += st.covered
	without.falsePositive -= st.falsePositive
	without.falseNegative += st.truePositive
	bits = dataBits(rate, *whole) + s.theoryBits(index) - dataBits(rate, without)
	errs := s.errors && st.covered > 0 && 0.5-float64(st.falsePositive)/float64(st.covered) < tolerance
	if bits > -tolerance || errs {
		*whole = without
		return bits, true
	}
	return 0, false
}

// redundancy is what Cohen multiplies the bits of a rule with, for conditions
// say in part what others say.
const redundancy = 0.5

// theoryBits is the length of a rule's description: the number of its
// conditions, and which of all possible ones they are.
func (s *theory) theoryBits(index int) float64 {
	k := float64(len(s.rules[index].conditions))
	if k == 0 {
		return 0
	}
	bits := log2(k)
	if k > 1 {
		bits += 2 * log2(bits)
	}
	all := s.table.conditions
	return redundancy * (bits + subsetBits(all, k, k/all))
}

// subsetBits is the length of saying which k of n things are meant, when each
// is expected to be with probability p.
func subsetBits(n, k, p float64) float64 {
	bits := 0.0
	if p > tolerance {
		bits = -k * log2(p)
	}
	if n > k { // else nothing is left to say, however sure p was
		bits -= (n - k) * log2(1-p)
	}
	return bits
}

// dataBits is the length of saying where a rule set errs: how many rows it
// covers, which of those are wrong, which of the others are missed. rate is
// the share of the errors that are expected among the covered ones.
func dataBits(rate float64, s stat) float64 {
	covered, uncovered := float64(s.covered), float64(s.uncovered)
	wrong, missed := float64(s.falsePositive), float64(s.falseNegative)
	bits := log2(covered + uncovered + 1)
	if s.covered > s.uncovered {
		bits += subsetBits(covered, wrong, rate*(wrong+missed)/covered)
		if s.uncovered > 0 {
			bits += subsetBits(uncovered, missed, missed/uncovered)
		}
		return bits
	}
	if s.covered > 0 {
		bits += subsetBits(covered, wrong, wrong/covered)
	}
	if s.uncovered > 0 {
		bits += subsetBits(uncovered, missed, (1-rate)*(wrong+missed)/uncovered)
	}
	return bits
}

// surplus is how many bits more than the least there may be.
const surplus = 64

// stop reports whether a rule ends the making of rules: for it makes the
// description too long, covers no positive row, or errs too often. Where the
// description's length is not defined, Weka gives up; here the rule is not
// taken.
func (f *fit) stop(s stat, least, bits float64) bool {
	switch {
	case math.IsNaN(bits), bits > least+surplus, s.truePositive == 0:
		return true
	case float64(s.falsePositive)/float64(s.covered) >= 0.5:
		return f.errors
	}
	return false
}
