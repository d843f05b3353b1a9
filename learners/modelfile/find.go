package modelfile

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"tickle/datasets"
)

// index makes the target's columns ready to be found, and checks that the
// table's are in order.
func (b *binder) index() error {
	b.lookup = newLookup(b.table.values)
	var last *tableColumn
	for i := range b.table.columns {
		c := &b.table.columns[i]
		if c.kind == numberColumn {
			continue
		}
		if last != nil && (last.kind != c.kind || c.kind == probeColumn && last.column.Compare(c.column) >= 0) {
			return fmt.Errorf("column %s: not in order, or of another kind than those before it", b.table.title(c))
		}
		last = c
	}
	if b.to.Matrix == nil {
		return nil
	}
	if last != nil && len(b.to.Matrix.Columns) > 0 {
		switch table := b.to.Matrix.Names != nil; {
		case table && last.kind == probeColumn:
			return errors.New("the model's columns are of probes, the data's of a table")
		case !table && last.kind == namedColumn:
			return errors.New("the model's columns are of a table, the data's of probes")
		}
	}
	b.named, b.numbers = make(map[string]int32), make(map[string]int32)
	for c, name := range b.to.Matrix.Names {
		enter(b.named, name, c)
	}
	for n := range b.to.Matrix.Numbers {
		enter(b.numbers, b.to.Matrix.Numbers[n].Name, n)
	}
	return nil
}

// enter adds a name; one that is there already becomes ambiguous.
func enter(names map[string]int32, name string, at int) {
	if _, twice := names[name]; twice {
		at = -1
	}
	names[name] = int32(at)
}

// find gives the target's column, -1 where it lacks it.
func (b *binder) find(c *tableColumn) (int32, error) {
	m := b.to.Matrix
	if m == nil {
		return -1, nil
	}
	at, found := int32(0), false
	if c.kind == probeColumn {
		i, ok := slices.BinarySearchFunc(m.Columns, c.column, datasets.Column.Compare)
		at, found = int32(i), ok
	} else {
		own, other, kind := b.named, b.numbers, "nominal"
		if c.kind == numberColumn {
			own, other, kind = other, own, "numbers"
		}
		at, found = own[b.table.names[c.name]]
		if _, wrong := other[b.table.names[c.name]]; !found && wrong {
			return 0, fmt.Errorf("column %s: the model knows it as %s, the data does not", b.table.title(c), kind)
		}
		if found && at < 0 {
			return 0, fmt.Errorf("column %s: the data has several of that name", b.table.title(c))
		}
	}
	if !found {
		if b.lacks++; b.lacks <= 3 {
			b.lacking = append(b.lacking, b.table.title(c))
		}
		return -1, nil
	}
	return at, nil
}

// lookup finds values in a table's list.
type lookup struct {
	values  map[value]int32
	numbers map[uint64]int32 // texts that are numbers, for most are
	// The code of a value in the column at hand: codes[i] where round[i] is
	// now.
	codes []datasets.Code
	round []int32
	now   int32
	out   []datasets.Code
}

func newLookup(list []value) *lookup {
	l := &lookup{values: make(map[value]int32, len(list)), numbers: make(map[uint64]int32), codes: make([]datasets.Code, len(list)), round: make([]int32, len(list))}
	for i, v := range list {
		l.values[v] = int32(i)
		if n, err := strconv.ParseUint(v.text, 10, 64); err == nil && v.state == datasets.Present && strconv.FormatUint(n, 10) == v.text {
			l.numbers[n] = int32(i)
		}
	}
	return l
}

// translate gives for each code of a target's column that of the table's
// column whose values are at ids: one more than its last for a value that it
// does not have.
func (l *lookup) translate(m *datasets.Matrix, c int, ids []int32) []datasets.Code {
	l.now++
	for code, id := range ids {
		l.codes[id], l.round[id] = datasets.Code(code), l.now
	}
	l.out = l.out[:0]
	uints := m.Names == nil && datasets.Catalogue[m.Columns[c].Field].Type == datasets.Uint
	for code, v := range m.Values(c) {
		var id int32
		var ok bool
		if uints && v.State == datasets.Present {
			id, ok = l.numbers[v.Number]
		} else {
			id, ok = l.values[valueOf(m, c, datasets.Code(code))]
		}
		if ok && l.round[id] == l.now {
			l.out = append(l.out, l.codes[id])
		} else {
			l.out = append(l.out, datasets.Code(len(ids)))
		}
	}
	return l.out
}
