package modelfile

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"tickle/datasets"
	"tickle/learners/attributes"
)

// Target is the data that a model is tied to: what it will be asked about.
// The zero value is of no rows, for a model that is only looked at.
type Target struct {
	Matrix *datasets.Matrix // nil: no rows
	// From and To are the rows that the model will be asked about: From is its
	// row 0. To = 0 is all. What keeps training rows compares each of them
	// with each of these, so that many rows are better asked in blocks.
	From, To int
	// Probes is the SHA-256 of the probe set that the data is of. A model of
	// another probe set cannot be tied to it: "p12" is another probe there.
	Probes  string
	Lacking Lacking
	Workers int // goroutines at most; 0: GOMAXPROCS
}

// Lacking says what becomes of a column that the model has and the data lacks.
type Lacking uint8

// What may become of it. The zero value is an error, for a data set that lacks
// columns is more often the wrong one than not.
const (
	LackingError   Lacking = iota
	LackingMissing         // its cells are missing, and whatever the learner does with such
)

// LackingColumns is the error that a target lacks columns.
type LackingColumns struct {
	N, Of int
	First []string // the first few
}

func (l *LackingColumns) Error() string {
	return fmt.Sprintf("the data lacks %d of the model's %d columns, as %s", l.N, l.Of, strings.Join(l.First, ", "))
}

// rows is the number of the target's rows.
func (t *Target) rows() int {
	if t.Matrix == nil {
		return 0
	}
	return t.to() - t.From
}

func (t *Target) to() int {
	if t.To == 0 {
		return t.Matrix.Rows()
	}
	return t.To
}

// Bound is a table tied to a target: a selection of the table's columns in its
// order, whose rows are the target's and behind them those of the table. A
// code is the table's own, whatever the target's is. A value that the table
// does not have is the code Distinct (see datasets.Partition.Other): different
// from every value, and not missing.
type Bound struct {
	*datasets.Selection
	Rows []int32         // those of the table
	IDs  []attributes.ID // of the table's columns, by their place in it
}

// Table reads a table and ties it to a target. It fails when the file or the
// context says so, when the target lacks a column or has it as another kind of
// column, and on infinite numbers.
func (d *Decoder) Table(ctx context.Context, to *Target) (*Bound, error) {
	t := d.table()
	if d.err != nil {
		return nil, d.err
	}
	b := &binder{ctx: ctx, table: t, to: to}
	return b.bind()
}

// binder ties a table to a target.
type binder struct {
	ctx   context.Context
	table *table
	to    *Target

	named   map[string]int32 // nominal columns of a target with names; -1: several
	numbers map[string]int32 // its columns of numbers
	lookup  *lookup
	lacking []string // the first few
	lacks   int

	grouper *datasets.Grouper
	bound   *Bound
	columns map[combination]int32 // to the first column that has it
	cells   []datasets.Code       // scratch: target's rows, then the table's
	key     []byte                // scratch
}

// combination is what makes the cells of a column of the bound matrix: those
// of the table, those of the target, and what the target's codes mean.
type combination struct {
	stored, target int32
	translation    string
}

func (b *binder) bind() (*Bound, error) {
	t, n := b.table, b.to.rows()
	if err := b.index(); err != nil {
		return nil, err
	}
	var machines []datasets.Machine
	if b.to.Matrix != nil {
		machines = slices.Clone(b.to.Matrix.Machines[b.to.From:b.to.to()])
	}
	b.bound = &Bound{IDs: make([]attributes.ID, 0, len(t.columns))}
	for r := range t.rows {
		machines = append(machines, datasets.Machine{Name: "training row " + strconv.Itoa(r)})
		b.bound.Rows = append(b.bound.Rows, int32(n+r))
	}
	b.grouper = datasets.NewGrouper(machines)
	b.columns = make(map[combination]int32)
	b.cells = make([]datasets.Code, n+t.rows)
	var numbers []datasets.NumericColumn
	names, nominal := []string(nil), int32(0)
	for i := range t.columns {
		if i%4096 == 0 && b.ctx.Err() != nil {
			return nil, b.ctx.Err()
		}
		c := &t.columns[i]
		if c.kind == numberColumn {
			column, err := b.number(c)
			if err != nil {
				return nil, err
			}
			column.Before = nominal
			b.bound.IDs = append(b.bound.IDs, attributes.Numeric(int32(len(numbers))))
			numbers = append(numbers, column)
			continue
		}
		if err := b.nominal(c, nominal); err != nil {
			return nil, err
		}
		if c.kind == namedColumn {
			names = append(names, t.names[c.name])
		}
		b.bound.IDs = append(b.bound.IDs, attributes.ID(nominal))
		nominal++
	}
	if b.lacks > 0 && b.to.Lacking != LackingMissing {
		return nil, &LackingColumns{N: b.lacks, Of: len(t.columns), First: b.lacking}
	}
	m := b.grouper.Matrix(b.texts())
	m.Names, m.Numbers = names, numbers
	b.bound.Selection = m.All()
	return b.bound, nil
}

// texts are the texts of the values, by their place.
func (b *binder) texts() []string {
	texts := make([]string, len(b.table.values))
	for i, v := range b.table.values {
		texts[i] = v.text
	}
	return texts
}

// number makes a column of numbers.
func (b *binder) number(c *tableColumn) (datasets.NumericColumn, error) {
	column := datasets.NumericColumn{Name: b.table.names[c.name]}
	at, err := b.find(c)
	if err != nil {
		return column, err
	}
	for r := range b.to.rows() {
		v := math.NaN()
		if at >= 0 {
			v = b.to.Matrix.Numbers[at].Cells[b.to.From+r]
		}
		if err := attributes.CheckNumber(v); err != nil {
			return column, fmt.Errorf("column %s, row %d: %w", b.table.title(c), b.to.From+r, err)
		}
		column.Cells = append(column.Cells, v)
	}
	column.Cells = append(column.Cells, b.table.numbers[c.part]...)
	return column, nil
}

// nominal adds a nominal column, the one of the given place among them.
func (b *binder) nominal(c *tableColumn, place int32) error {
	at, err := b.find(c)
	if err != nil {
		return err
	}
	ids := b.table.ids[c.at : int(c.at)+b.table.parts[c.part].values]
	values, err := b.values(c, ids)
	if err != nil {
		return err
	}
	column := c.column
	if c.kind == namedColumn {
		column = datasets.Column{Probe: place}
	}
	key := combination{stored: c.part, target: -1}
	var translation []datasets.Code
	if at >= 0 {
		key.target = b.to.Matrix.Part[at]
		translation = b.lookup.translate(b.to.Matrix, int(at), ids)
		b.key = b.key[:0]
		for _, code := range translation {
			b.key = append(b.key, byte(code), byte(code>>8))
		}
		key.translation = string(b.key)
	}
	first, known := b.columns[key]
	if known {
		b.grouper.AddLike(int(first), column, values)
		return nil
	}
	b.columns[key] = place
	b.fill(&key, translation)
	b.grouper.Add(column, b.cells, values)
	return nil
}

// fill makes the cells of a combination.
func (b *binder) fill(key *combination, translation []datasets.Code) {
	n := b.to.rows()
	if key.target < 0 {
		for r := range n {
			b.cells[r] = datasets.Missing
		}
	} else {
		for r, code := range b.to.Matrix.Codes(key.target)[b.to.From:b.to.to()] {
			if b.cells[r] = datasets.Missing; code != datasets.Missing {
				b.cells[r] = translation[code]
			}
		}
	}
	copy(b.cells[n:], b.table.parts[key.stored].codes)
}

// values gives the values of a column as a matrix has them.
func (b *binder) values(c *tableColumn, ids []int32) ([]datasets.Value, error) {
	values := make([]datasets.Value, len(ids))
	numbers := c.kind == probeColumn && datasets.Catalogue[c.column.Field].Type == datasets.Uint
	for i, id := range ids {
		v := &b.table.values[id]
		values[i] = datasets.Value{State: v.state, Number: uint64(id)}
		if v.state != datasets.Present || !numbers {
			continue
		}
		var err error
		if values[i].Number, err = strconv.ParseUint(v.text, 10, 64); err != nil {
			return nil, fmt.Errorf("column %s: value %.64q: want a number", b.table.title(c), v.text)
		}
	}
	return values, nil
}
