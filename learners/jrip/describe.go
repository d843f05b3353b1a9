package jrip

import (
	"tickle/learners/attributes"
)

// Rule is a rule as programs read it: where all conditions hold, the class is
// named. The first rule that a row satisfies counts.
type Rule struct {
	Conditions []Condition `json:"conditions"`
	Class      string      `json:"class"`
	Covered    int         `json:"covered"` // training rows that came to the rule and satisfy it
	Wrong      int         `json:"wrong"`   // of them, of other classes
}

// Condition is what a rule asks.
type Condition struct {
	Column string   `json:"column"`
	Is     *string  `json:"is,omitempty"`
	Most   *float64 `json:"at_most,omitempty"`
	Least  *float64 `json:"at_least,omitempty"`
}

// Describe gives the rules; the argument, how many of a list to give, means
// nothing here.
func (m *Model) Describe(int) any {
	rules := []Rule{}
	for i := range m.rules {
		k := &m.rules[i]
		r := Rule{Conditions: []Condition{}, Class: m.classes[k.class], Covered: k.covered, Wrong: k.wrong}
		for _, c := range k.conditions {
			d := Condition{Column: attributes.Name(m.matrix, c.attr.ID)}
			switch c.kind {
			case is:
				value := m.matrix.Text(int(c.attr.ID), c.code)
				d.Is = &value
			case atMost:
				d.Most = &c.point
			case atLeast:
				d.Least = &c.point
			}
			r.Conditions = append(r.Conditions, d)
		}
		rules = append(rules, r)
	}
	return map[string]any{"rules": rules}
}
