package datasets

import (
	"fmt"
	"slices"
)

// unit is one field of one row group over all machines.
type unit struct {
	b        *builder
	group    int
	field    FieldID
	probes   int
	kinds    kinds
	cells    []cell // probe-major: a column's cells stand together, one a kind
	row      []cell // a column's cells, one a machine
	value    cells
	distinct cells
	coder    *coder

	codes     []Code // of the columns that stay, in order
	values    []Value
	valueAt   []int
	kept      []int32 // rows of the columns that stay
	hashes    []uint64
	nondet    int64
	forgotten int64 // columns that nondeterminism dropped
}

func newUnit(b *builder) *unit {
	return &unit{b: b, coder: newCoder(len(b.files)), row: make([]cell, len(b.files))}
}

// read fills in the cells.
func (u *unit) read(group int, field FieldID) error {
	b := u.b
	u.group, u.field = group, field
	first := group * RowsPerGroup
	u.probes = min(RowsPerGroup, len(b.slots)-first)
	if err := u.kinds.find(b, group, field); err != nil {
		return err
	}
	n := len(u.kinds.first)
	u.cells = slices.Grow(u.cells[:0], u.probes*n)[:u.probes*n]
	for k, m := range u.kinds.first {
		if err := u.readKind(k, b.files[m].t); err != nil {
			return err
		}
	}
	return nil
}

// readKind fills in the cells of kind k from the file of its first machine.
func (u *unit) readKind(k int, t *tableFile) error {
	i := u.b.plan.Layout().fieldColumn(u.field)
	if err := t.read(u.group, i, &u.value); err != nil {
		return err
	}
	if err := u.number(t.path); err != nil {
		return err
	}
	u.distinct.nulls = len(u.value.ints)
	if u.value.nulls > 0 {
		if err := t.read(u.group, i+1, &u.distinct); err != nil {
			return err
		}
	}
	allAbsent := u.distinct.nulls == len(u.value.ints)
	n := len(u.kinds.first)
	for p, v := range u.value.ints {
		c := cell(v)
		if u.value.null[p] {
			c = absentCell
			if !allAbsent && !u.distinct.null[p] {
				c = nondetCell
			}
		}
		u.cells[p*n+k] = c
	}
	return nil
}

// number gives texts their number in the builder, and checks numbers.
func (u *unit) number(path string) error {
	if Catalogue[u.field].Type != Text {
		for _, v := range u.value.ints {
			if v < 0 || v > maxValue {
				return fmt.Errorf("%s: column %v: value %d: want 0 to 2^62-1", path, u.field, v)
			}
		}
		return nil
	}
	ids := make([]int64, len(u.value.texts))
	u.b.mu.Lock()
	for i, t := range u.value.texts {
		ids[i] = int64(u.b.texts.ID(t))
	}
	u.b.mu.Unlock()
	for p, at := range u.value.ints {
		if !u.value.null[p] {
			u.value.ints[p] = ids[at]
		}
	}
	return nil
}

// columns applies the policies and makes the columns that stay.
func (u *unit) columns() {
	b := u.b
	u.codes, u.values, u.valueAt, u.kept, u.hashes = u.codes[:0], u.values[:0], append(u.valueAt[:0], 0), u.kept[:0], u.hashes[:0]
	u.nondet, u.forgotten = 0, 0
	first := u.group * RowsPerGroup
	at, _ := slices.BinarySearchFunc(b.lossy, b.slots[first], func(p Pair, s Slot) int { return compareSlots(p.slot(), s) })
	lossy := b.lossy[at:]
	n := len(u.kinds.first)
	perStep := u.field == StepAnswers || u.field == StepOrder
	for p := range u.probes {
		slot := b.slots[first+p]
		for len(lossy) > 0 && compareSlots(lossy[0].slot(), slot) < 0 {
			lossy = lossy[1:] // of columns that are left out
		}
		if b.drop[slot.Probe] || perStep && slot.Answer > 1 {
			continue
		}
		column, of := u.cells[p*n:(p+1)*n], &u.kinds
		if len(lossy) > 0 && lossy[0].slot() == slot {
			for m, k := range u.kinds.of { // what is missing sets machines of a kind apart
				u.row[m] = column[k]
			}
			column, of = u.row, &b.each
		}
		for len(lossy) > 0 && lossy[0].slot() == slot {
			column[lossy[0].Machine] = missingCell
			lossy = lossy[1:]
		}
		if u.varies(column, of) {
			u.forgotten++
			continue
		}
		start := len(u.codes)
		u.codes, u.values = u.coder.encode(column, of.of, u.codes, u.values)
		u.valueAt = append(u.valueAt, len(u.values))
		u.kept = append(u.kept, int32(first+p))
		u.hashes = append(u.hashes, b.grouper.hash(u.codes[start:]))
	}
}

// varies counts the nondeterministic cells of a column, masks them where the
// policy says so, and reports whether they drop the column.
func (u *unit) varies(column []cell, of *kinds) (drop bool) {
	meta := &u.b.d.Meta
	for k, c := range column {
		if c != nondetCell {
			continue
		}
		u.nondet += of.machines[k]
		if meta.Nondet != Category {
			column[k] = missingCell
		}
		drop = drop || of.decides[k]
	}
	return drop && meta.Nondet == DropNondet && meta.Filter == FilterAll
}

// merge adds the columns to the matrix.
func (u *unit) merge() {
	b := u.b
	n := len(b.files)
	for i, row := range u.kept {
		slot := b.slots[row]
		b.grouper.add(Column{slot.Probe, u.field, slot.Step, slot.Answer}, u.codes[i*n:(i+1)*n], u.hashes[i], u.values[u.valueAt[i]:u.valueAt[i+1]])
	}
	b.d.Meta.NondetCells += u.nondet
	b.d.Meta.NondetFeatures += u.forgotten
}
