package jrip

import (
	"context"
	"math"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
	"tickle/learners/modelfile"
)

// Store writes
//
//	table of the columns that the rules name
//	count of rules, in the order in which they are tried, and of each:
//	    index of its class
//	    uints: training rows that came to it and satisfied it, and how many of
//	        them are of other classes
//	    floats: the shares of the classes among them
//	    count of conditions, and of each: uint 1 (the value is), 2 (the number
//	        is at most) or 3 (at least), index of the column, and the code of
//	        the value as an index or the number as a float
//
// The last rule has no conditions.
func (m *Model) Store(e *modelfile.Encoder) error {
	var ids []attributes.ID
	for i := range m.rules {
		for _, c := range m.rules[i].conditions {
			ids = append(ids, c.attr.ID)
		}
	}
	ids = modelfile.Columns(ids)
	e.Table(m.matrix, ids, nil)
	e.Count(len(m.rules))
	for i := range m.rules {
		k := &m.rules[i]
		e.Index(int(k.class))
		e.Count(k.covered)
		e.Count(k.wrong)
		e.Floats(k.scores)
		e.Count(len(k.conditions))
		for _, c := range k.conditions {
			e.Uint(uint64(c.kind))
			e.Index(modelfile.Place(ids, c.attr.ID))
			if c.kind == is {
				e.Index(int(c.code))
			} else {
				e.Float(c.point)
			}
		}
	}
	return nil
}

func load(ctx context.Context, s *learners.Stored) (learners.Model, error) {
	d := s.Payload
	b, err := d.Table(ctx, s.Target)
	if err != nil {
		return nil, err
	}
	m := &Model{matrix: b.Matrix, classes: s.Classes}
	for range d.Count("rules", 4+len(s.Classes)) {
		k := kept{class: int32(d.Index("class", len(s.Classes)))}
		k.covered, k.wrong = d.Number("rows", 0, math.MaxInt32), d.Number("rows", 0, math.MaxInt32)
		k.scores = d.Shares("share", len(s.Classes))
		for range d.Count("conditions", 3) {
			k.conditions = append(k.conditions, loadCondition(d, b))
			if d.Err() != nil {
				return nil, d.Err()
			}
		}
		m.rules = append(m.rules, k)
	}
	if n := len(m.rules); n == 0 || len(m.rules[n-1].conditions) > 0 {
		d.Fail("no rule without conditions at the end")
	}
	return m, d.Err()
}

func loadCondition(d *modelfile.Decoder, b *modelfile.Bound) condition {
	c := condition{kind: conditionKind(d.Number("kind of condition", int(is), int(atLeast)))}
	column := d.Index("column", len(b.IDs))
	if d.Err() != nil {
		return c
	}
	attr := attributes.At(b.Matrix, b.IDs[column])
	c.attr = &attr
	if attr.Nominal() != (c.kind == is) {
		d.Fail("column %d: a condition for the other kind of column", column)
		return c
	}
	if c.kind == is {
		c.code = datasets.Code(d.Index("value", attr.Values))
	} else {
		c.point = d.Float("number")
	}
	return c
}
