package nmap4

import (
	"cmp"
	"fmt"
	"slices"
)

// OneScan is how far SP, ISR and T may lie from what a single scan saw, to
// either side: the width that most references of nmap-os-db have in T, and
// near the least that they have in SP and ISR.
const OneScan = 5

// ranged are the attributes of which a reference has a range.
var ranged = map[string]bool{"SP": true, "ISR": true, "T": true}

// NewReference makes a reference of the scans of one machine: of SP, ISR and
// T the range from the least to the most that was seen, and widen to either
// side, of all else what was seen, as alternatives. What some scans have and
// others lack, a test or an attribute, is made of those that have it.
//
// Alternatives are in falling length, and then order, so that Dialect793,
// which takes all but the last for beginnings, takes as few values as can be
// for another; an empty one is the last.
func NewReference(name string, scans []*Fingerprint, widen uint64) Reference {
	r := Reference{Name: name}
	for at := range layout {
		var tests []*Test
		for _, f := range scans {
			if t := f.Test(layout[at].test); t != nil {
				tests = append(tests, t)
			}
		}
		if len(tests) == 0 {
			continue
		}
		t := Test{Name: layout[at].test}
		for _, attr := range layout[at].attrs {
			if e, ok := expressionOf(attr, tests, widen); ok {
				t.Attrs = append(t.Attrs, Attr{attr, e})
			}
		}
		r.Tests = append(r.Tests, t)
	}
	return r
}

// expressionOf gives the expression of an attribute, if any test has it.
func expressionOf(attr string, tests []*Test, widen uint64) (string, bool) {
	var values []string
	for _, t := range tests {
		if v, ok := t.Get(attr); ok && !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return "", false
	}
	if ranged[attr] && !slices.ContainsFunc(values, func(v string) bool { return !isHex(v) }) {
		return rangeAround(values, widen), true
	}
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	e := values[0]
	for _, v := range values[1:] {
		e += "|" + v
	}
	return e, true
}

// rangeAround gives the range of numbers, or the number where there is one.
func rangeAround(values []string, widen uint64) string {
	lo, hi := hexValue(values[0]), hexValue(values[0])
	for _, v := range values[1:] {
		lo, hi = min(lo, hexValue(v)), max(hi, hexValue(v))
	}
	lo, hi = lo-min(lo, widen), hi+widen
	if lo == hi {
		return fmt.Sprintf("%X", lo)
	}
	return fmt.Sprintf("%X-%X", lo, hi)
}
