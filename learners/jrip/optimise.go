package jrip

import (
	"math"
	"slices"
)

// rulesFor makes the rules of a class from rows of which some are positive.
func (f *fit) rulesFor(class int32, data []int32, positive int) (*theory, error) {
	all := 0
	for _, n := range f.counts[class:] {
		all += n
	}
	rate := float64(f.counts[class]) / float64(all)
	initial := dataBits(rate, stat{uncovered: len(data), falseNegative: positive})
	s, err := f.build(class, data, building{rate, initial})
	if err != nil || f.unpruned {
		return s, err
	}
	for range f.passes {
		if s, err = f.optimise(class, data, s.rules, building{rate, initial}); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// building is what the making of a class's rules starts from.
type building struct {
	rate    float64 // the share of the class among it and the commoner ones
	initial float64 // bits of the data without rules
}

// build makes rules until one stops it.
func (f *fit) build(class int32, data []int32, b building) (*theory, error) {
	var s *theory
	rows, bits, least := data, b.initial, b.initial
	for {
		r := &rule{class: class}
		var err error
		if rows, err = f.make(r, rows); err != nil {
			return nil, err
		}
		if s == nil {
			s = &theory{fit: f, data: rows}
		}
		s.add(r)
		last := len(s.rules) - 1
		bits += s.relativeBits(last, b.rate)
		least = math.Min(least, bits)
		if f.stop(s.stats[last], least, bits) {
			s.removeLast()
			return s, nil
		}
		rows = s.left[last]
		if s.stats[last].falseNegative == 0 {
			return s, nil
		}
	}
}

// make grows and prunes a rule, and gives rows in the order in which they were
// split.
func (f *fit) make(r *rule, rows []int32) ([]int32, error) {
	if f.unpruned {
		return rows, f.grow(r, rows)
	}
	rows, grow, prune := f.split(rows)
	if err := f.grow(r, grow); err != nil {
		return nil, err
	}
	f.prune(r, prune, false)
	return rows, nil
}

// optimise holds each of rules against a replacement and a revision, makes
// rules for what is left, and removes what does not pay.
func (f *fit) optimise(class int32, data []int32, rules []*rule, b building) (*theory, error) {
	rules = slices.Clone(rules)
	s := &theory{fit: f, data: data}
	rows, bits, least := data, b.initial, b.initial
	position := 0
	for stop, left := false, true; !stop && left; position++ {
		var grow, prune []int32
		rows, grow, prune = f.split(rows)
		residual := position >= len(rules)
		r := &rule{class: class}
		if residual {
			if err := f.grow(r, grow); err != nil {
				return nil, err
			}
			f.prune(r, prune, false)
		} else {
			old := rules[position]
			if !slices.ContainsFunc(rows, func(i int32) bool { return f.covers(old, i) }) {
				s.add(old)
				continue
			}
			v := variants{s, data, rules, position, rows, grow, prune}
			var err error
			if r, err = v.best(b.rate); err != nil {
				return nil, err
			}
		}
		s.add(r)
		st := s.stats[position]
		if !residual {
			rules[position] = r
		} else {
			bits += s.relativeBits(position, b.rate)
			least = math.Min(least, bits)
			if stop = f.stop(st, least, bits); stop {
				s.removeLast()
				position--
			} else {
				rules = append(rules, r)
			}
		}
		if len(s.rules) > 0 {
			rows = s.left[position]
		}
		left = st.falseNegative > 0
	}
	// With no positive row left, the first rule not held against variants is
	// dropped and those after it stay, as in Weka.
	for k := position + 1; k < len(rules); k++ {
		s.add(rules[k])
	}
	s.reduce(b.rate)
	return s, nil
}

// variants are the rules that may stand at a position.
type variants struct {
	done        *theory // the rules before, optimised
	data        []int32
	rules       []*rule
	position    int
	rows        []int32 // that come to the position
	grow, prune []int32 // which are these
}

// best is the old rule, the revision or the replacement: the one with the
// shortest description of all, the first of equals.
func (v *variants) best(rate float64) (*rule, error) {
	f, old := v.done.fit, v.rules[v.position]
	replacement := &rule{class: old.class}
	if err := f.grow(replacement, v.grow); err != nil {
		return nil, err
	}
	// What the rules after this one cover anyway does not count against it.
	prune := slices.DeleteFunc(slices.Clone(v.prune), func(i int32) bool {
		return slices.ContainsFunc(v.rules[v.position+1:], func(r *rule) bool { return f.covers(r, i) })
	})
	f.prune(replacement, prune, true)
	revision := &rule{class: old.class, conditions: slices.Clone(old.conditions)}
	grow := slices.DeleteFunc(slices.Clone(v.grow), func(i int32) bool { return !f.covers(revision, i) })
	if err := f.grow(revision, grow); err != nil {
		return nil, err
	}
	f.prune(revision, prune, true)
	best, least := old, v.bits(old, rate)
	revised, replaced := v.bits(revision, rate), v.bits(replacement, rate)
	switch {
	case least <= revised && least <= replaced:
	case revised <= replaced:
		best = revision
	default:
		best = replacement
	}
	return best, nil
}

// bits is the length that a rule at the position adds to the description.
func (v *variants) bits(r *rule, rate float64) float64 {
	rules := slices.Clone(v.rules)
	rules[v.position] = r
	return v.done.with(v.data, rules, v.position, v.rows).relativeBits(v.position, rate)
}
