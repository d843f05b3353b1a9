package jrip

import (
	"fmt"
	"strings"

	"tickle/learners/attributes"
)

// Text writes the rules, one a line, in the order in which they are tried:
//
//	(p0.ip.ttl = 128) and (p7.tcp.window <= 8192) => xp (31/2)
//	=> linux (270/5)
//
// In parentheses are the training rows that came to the rule and satisfy it,
// and how many of them are of other classes.
func (m *Model) Text() string {
	var b strings.Builder
	for i := range m.rules {
		k := &m.rules[i]
		for j := range k.conditions {
			if j > 0 {
				b.WriteString(" and ")
			}
			fmt.Fprintf(&b, "(%s)", m.condition(&k.conditions[j]))
		}
		if len(k.conditions) > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "=> %s (%d/%d)\n", m.classes[k.class], k.covered, k.wrong)
	}
	return b.String()
}

func (m *Model) condition(c *condition) string {
	name := attributes.Name(m.matrix, c.attr.ID)
	switch c.kind {
	case is:
		return name + " = " + attributes.Value(m.matrix, c.attr.ID, c.code)
	case atMost:
		return name + " <= " + attributes.Number(c.point, 6)
	case atLeast:
		return name + " >= " + attributes.Number(c.point, 6)
	}
	panic(fmt.Sprintf("jrip: condition of kind %d", c.kind))
}
