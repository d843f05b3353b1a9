package oner

import (
	"context"
	"math"

	"tickle/learners"
	"tickle/learners/attributes"
	"tickle/learners/modelfile"
)

// Store writes
//
//	table of the one column, or of none for a model that looks at nothing
//	index of the class of a missing cell, and one of that of a value that the
//	    column does not have
//	flag whether some training row's cell was missing
//	count of values or intervals, and the index of the class of each
//	for a column of numbers, where each interval but the last ends, as floats
//	uints: training rows that the rule names rightly, training rows
func (m *Model) Store(e *modelfile.Encoder) error {
	var ids []attributes.ID
	if !m.empty {
		ids = append(ids, m.column)
	}
	e.Table(m.matrix, ids, nil)
	e.Index(m.missing)
	e.Index(m.other)
	e.Flag(m.gaps)
	e.Count(len(m.rule))
	for _, class := range m.rule {
		e.Index(class)
	}
	e.Floats(m.cuts)
	e.Count(m.right)
	e.Count(m.rows)
	return nil
}

func load(ctx context.Context, s *learners.Stored) (learners.Model, error) {
	d := s.Payload
	b, err := d.Table(ctx, s.Target)
	if err != nil {
		return nil, err
	}
	m := &Model{matrix: b.Matrix, classes: s.Classes, empty: len(b.IDs) == 0}
	m.missing, m.other = d.Index("class", len(s.Classes)), d.Index("class", len(s.Classes))
	m.gaps = d.Flag("gaps")
	for range d.Count("values", 1) {
		m.rule = append(m.rule, d.Index("class", len(s.Classes)))
	}
	if len(b.IDs) > 1 {
		d.Fail("%d columns: want one", len(b.IDs))
	}
	if d.Err() != nil {
		return nil, d.Err()
	}
	if !m.empty {
		m.column = b.IDs[0]
		if _, numeric := m.column.Number(); numeric {
			m.loadCuts(d)
		} else if values := len(b.Values(int(m.column))); values != len(m.rule) {
			d.Fail("%d rules: want %d, one a value", len(m.rule), values)
		}
	}
	m.right, m.rows = d.Number("rows", 0, math.MaxInt32), d.Number("rows", 0, math.MaxInt32)
	return m, d.Err()
}

// loadCuts reads the intervals of a column of numbers.
func (m *Model) loadCuts(d *modelfile.Decoder) {
	if len(m.rule) == 0 {
		d.Fail("no intervals: want one at least")
		return
	}
	m.cuts = d.Floats("end of an interval", len(m.rule)-1)
	for i := 1; i < len(m.cuts); i++ {
		if m.cuts[i] < m.cuts[i-1] {
			d.Fail("intervals: want ends in rising order")
		}
	}
}
