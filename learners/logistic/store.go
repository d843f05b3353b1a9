package logistic

import (
	"context"
	"fmt"
	"math"

	"tickle/learners"
	"tickle/learners/attributes"
	"tickle/learners/modelfile"
)

// Store writes
//
//	count of classes with training rows, and each as an index, rising
//	if the option calibrated is set: the temperature, a float
//	flag whether the weights are given by training rows
//	if they are: table of the training rows, and for each class with training
//	    rows, of two the first alone, a coefficient a row as a float: a weight
//	    is the sum of the coefficients of the rows whose cell has the value
//	else: table of the columns alone; count of groups of columns that have
//	    equal weights, and of each the number of values that its columns have
//	    and of its columns, as uints; for each nominal column its group as an
//	    index; and for each class as above, as floats, a weight times the root
//	    of the number of the group's columns for each group's values, a weight
//	    for each column of numbers, and that of the bias
//
// Both say the same; with fewer rows than columns the first is the shorter.
func (m *Model) Store(e *modelfile.Encoder) error {
	e.Count(len(m.present))
	e.Indices(m.present)
	if m.calibrated {
		e.Float(m.temperature)
	}
	var err error
	switch s := m.space.(type) {
	case *gramSpace:
		e.Flag(true)
		e.Table(s.data.Matrix, attributes.Columns(s.data), s.trained)
	case *primalSpace:
		e.Flag(false)
		s.store(e)
	default:
		err = fmt.Errorf("a space of type %T", s)
	}
	for _, c := range m.coefs {
		e.Floats(c)
	}
	return err
}

// store writes the columns and their groups.
func (p *primalSpace) store(e *modelfile.Encoder) {
	ids := attributes.Columns(p.data)
	e.Table(p.data.Matrix, ids, nil)
	e.Count(len(p.groups))
	for _, g := range p.groups {
		e.Count(int(g.values))
		e.Count(int(g.columns))
	}
	for _, id := range ids {
		if _, number := id.Number(); !number {
			e.Index(int(p.of(int(id))))
		}
	}
}

func load(ctx context.Context, s *learners.Stored) (learners.Model, error) {
	d, l := s.Payload, withOptions(s.Options)
	m := &Model{names: s.Classes, classes: len(s.Classes), multinomial: l.multinomial, calibrated: l.calibrated, temperature: 1}
	m.present = d.Indices("class", d.Count("classes", 1), len(s.Classes))
	for i := 1; i < len(m.present); i++ {
		if m.present[i] <= m.present[i-1] {
			d.Fail("classes with training rows: want them in rising order")
		}
	}
	if m.calibrated {
		m.temperature = d.Between("temperature", lowestTemperature, highestTemperature)
	}
	byRows := d.Flag("by rows")
	if len(m.present) == 0 {
		d.Fail("no class with training rows")
	}
	if d.Err() != nil {
		return nil, d.Err()
	}
	b, err := d.Table(ctx, s.Target)
	if err != nil {
		return nil, err
	}
	if byRows {
		m.space, err = newGramSpace(ctx, &learners.Train{Data: b.Selection, Rows: b.Rows, Workers: s.Target.Workers}, l.bias)
	} else {
		m.space, err = loadPrimal(d, b, l.bias)
	}
	if err != nil {
		return nil, err
	}
	for range problems(len(m.present), l.multinomial) {
		m.coefs = append(m.coefs, d.Floats("coefficient", m.space.dim()))
		if d.Err() != nil {
			return nil, d.Err()
		}
	}
	return m, nil
}

// problems is how many vectors of coefficients tell so many classes apart.
func problems(classes int, multinomial bool) int {
	switch {
	case classes == 1:
		return 0
	case classes == 2 && !multinomial:
		return 1
	}
	return classes
}

// loadPrimal reads the groups of columns, and finds what the matrix makes of
// each.
func loadPrimal(d *modelfile.Decoder, b *modelfile.Bound, bias float64) (*primalSpace, error) {
	p := &primalSpace{data: b.Selection, value: bias, groups: make([]group, d.Count("groups of columns", 2))}
	for i := range p.groups {
		g := &p.groups[i]
		g.offset = int32(p.at)
		g.values = int32(d.Number("values", 0, math.MaxUint16))
		g.columns = int32(d.Number("columns", 1, math.MaxInt32))
		if p.at += int(g.values); p.at > math.MaxInt32-math.MaxUint16 {
			d.Fail("too many values")
		}
		if d.Err() != nil {
			return nil, d.Err()
		}
	}
	groups := d.Indices("group", len(b.Columns), len(p.groups))
	if d.Err() != nil {
		return nil, d.Err()
	}
	p.of = func(column int) int32 { return groups[column] }
	type key struct{ group, id int32 }
	place, columns := make(map[key]int), []int32(nil)
	for c, g := range groups {
		id := b.Part[c]
		if int(p.groups[g].values) != b.Parts[id].Distinct {
			d.Fail("column %d: %d values: want %d, as its group has", c, b.Parts[id].Distinct, p.groups[g].values)
			return nil, d.Err()
		}
		at, known := place[key{g, id}]
		if !known {
			at = len(p.parts)
			place[key{g, id}] = at
			p.parts, columns = append(p.parts, part{id: id, group: g}), append(columns, 0)
		}
		columns[at]++
	}
	for i := range p.parts {
		all := float64(p.groups[p.parts[i].group].columns)
		if p.parts[i].root = math.Sqrt(all); float64(columns[i]) != all {
			p.parts[i].root = float64(columns[i]) / math.Sqrt(all)
		}
	}
	return p, nil
}
