package modelfile

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"tickle/datasets"
	"tickle/learners/attributes"
)

// Table writes columns of a matrix, and of some rows the cells; rows may be
// nil, of a model that needs the columns alone. Nominal columns must be in
// the matrix's order. What refers to a column of the table later is its place
// in ids, what refers to a value its code.
//
// A table is stored as
//
//	count of rows
//	count of values, and of each: its state as a uint (1 present, 2 absent,
//	    3 nondeterministic) and, when present, its text
//	count of fields, and of each: its name in the catalogue, as a text
//	count of partitions, and of each: count of the values that its columns
//	    declare, and for each row a uint: 0 where the cell is missing, else
//	    the code plus 1
//	count of columns, and of each: a uint that says what kind it is, and
//	    kind 1 (of a probe): the probe, and of a dialogue the step and the
//	        answer (else 0 and 0) as uints, the field as an index
//	    kind 2 (of a table): the name as a text
//	    kind 3 (numbers): the name as a text, and for each row a float, NaN
//	        where the cell is missing
//	    and of kinds 1 and 2: the partition as an index, and for each of its
//	    values, in order of codes, an index into the values
//
// Columns that group the rows alike share a partition, so that the cells are
// in the file once. Without rows, columns of as many values do.
func (e *Encoder) Table(m *datasets.Matrix, ids []attributes.ID, rows []int32) {
	w := &tableWriter{matrix: m, rows: rows, values: make(map[value]int), fields: make(map[datasets.FieldID]int), parts: make(map[int32]int)}
	e.Count(len(rows))
	w.columns.Count(len(ids))
	for _, id := range ids {
		w.column(id)
	}
	e.Count(len(w.values))
	e.b = append(e.b, w.valueList.b...)
	e.Count(len(w.fields))
	e.b = append(e.b, w.fieldList.b...)
	e.Count(len(w.parts))
	e.b = append(e.b, w.partList.b...)
	e.b = append(e.b, w.columns.b...)
}

// The kinds of columns.
const (
	probeColumn  = 1
	namedColumn  = 2
	numberColumn = 3
)

// value is what a cell of a nominal column says.
type value struct {
	state datasets.State
	text  string // of a present one
}

// valueOf is the meaning of a code.
func valueOf(m *datasets.Matrix, c int, code datasets.Code) value {
	v := value{state: m.Values(c)[code].State}
	if v.state == datasets.Present {
		v.text = m.Text(c, code)
	}
	return v
}

// tableWriter writes the parts of a table side by side.
type tableWriter struct {
	matrix *datasets.Matrix
	rows   []int32
	// What was written to the lists, and its place there.
	values map[value]int
	fields map[datasets.FieldID]int
	parts  map[int32]int // by partition; without rows, by number of values

	valueList, fieldList, partList, columns Encoder
}

func (w *tableWriter) column(id attributes.ID) {
	if n, ok := id.Number(); ok {
		column := &w.matrix.Numbers[n]
		w.columns.Uint(numberColumn)
		w.columns.Text(column.Name)
		for _, r := range w.rows {
			w.columns.Float(column.Cells[r])
		}
		return
	}
	c := int(id)
	if w.matrix.Names != nil {
		w.columns.Uint(namedColumn)
		w.columns.Text(w.matrix.Names[c])
	} else {
		w.columns.Uint(probeColumn)
		column := w.matrix.Columns[c]
		for _, v := range [...]uint64{uint64(column.Probe), uint64(column.Step), uint64(column.Answer)} {
			w.columns.Uint(v)
		}
		w.columns.Index(w.field(column.Field))
	}
	w.columns.Index(w.part(w.matrix.Part[c], len(w.matrix.Values(c))))
	for code := range w.matrix.Values(c) {
		w.columns.Index(w.value(valueOf(w.matrix, c, datasets.Code(code))))
	}
}

func (w *tableWriter) field(f datasets.FieldID) int {
	at, ok := w.fields[f]
	if !ok {
		at = len(w.fields)
		w.fields[f] = at
		w.fieldList.Text(f.String())
	}
	return at
}

func (w *tableWriter) part(p int32, values int) int {
	if len(w.rows) == 0 {
		p = int32(values)
	}
	at, ok := w.parts[p]
	if !ok {
		at = len(w.parts)
		w.parts[p] = at
		w.partList.Count(values)
		for _, r := range w.rows {
			w.partList.Uint(uint64(w.matrix.Codes(p)[r] + 1)) // Missing wraps around to 0
		}
	}
	return at
}

func (w *tableWriter) value(v value) int {
	at, ok := w.values[v]
	if !ok {
		at = len(w.values)
		w.values[v] = at
		w.valueList.Uint(uint64(v.state))
		if v.state == datasets.Present {
			w.valueList.Text(v.text)
		}
	}
	return at
}

// table is a table as it was read.
type table struct {
	rows    int
	values  []value
	parts   []tablePart
	columns []tableColumn
	ids     []int32 // the columns' values, one column behind the other
	names   []string
	numbers [][]float64 // cells of columns of numbers
}

// tablePart is a partition.
type tablePart struct {
	values int
	codes  []datasets.Code // of the rows
	used   bool
}

// tableColumn is a column of any kind. A table may have millions.
type tableColumn struct {
	kind   uint8
	column datasets.Column // of a probe
	name   int32           // in table.names, of any other
	part   int32           // in table.parts; in table.numbers, of a column of numbers
	at     int32           // its values: table.ids[at : at+parts[part].values]
}

// A table of more than fewRows rows must have a byte of payload for each
// pairBytes bytes that a number of four bytes for each pair of rows takes.
const (
	fewRows   = 1 << 13
	pairBytes = 1 << 10
)

// maxValues is how many values a column may have: codes have 16 bits, two of
// which stand for something else.
const maxValues = 1<<16 - 2

// table reads a table. It is nil after an error.
func (d *Decoder) table() *table {
	t := &table{rows: d.Count("training rows", 1)}
	// What keeps rows compares them pair by pair.
	if pairs := 4 * t.rows * t.rows; t.rows > fewRows && pairs/pairBytes > len(d.b) {
		d.Fail("%d training rows in %d bytes: want more of each row, or fewer rows", t.rows, len(d.b))
	}
	t.values = make([]value, d.Count("values", 1))
	for i := range t.values {
		v := &t.values[i]
		v.state = datasets.State(d.Number("value", int(datasets.Present), int(datasets.Nondet)))
		if v.state == datasets.Present {
			v.text = d.Text("value")
		}
	}
	fields := make([]datasets.FieldID, d.Count("fields", 1))
	for i := range fields {
		name, ok := d.Text("field"), false
		if fields[i], ok = datasets.FieldByName(name); !ok {
			d.Fail("field %.64q is not in the catalogue", name)
		}
	}
	t.readParts(d)
	t.columns = make([]tableColumn, d.Count("columns", 3))
	for i := range t.columns {
		if d.err != nil {
			return nil
		}
		t.readColumn(d, i, fields)
	}
	for i := range t.parts {
		if !t.parts[i].used {
			d.Fail("partition %d: want a column that has it", i)
		}
	}
	if d.err != nil {
		return nil
	}
	return t
}

func (t *table) readParts(d *Decoder) {
	t.parts = make([]tablePart, d.Count("partitions", 1+t.rows))
	for i := range t.parts {
		p := &t.parts[i]
		p.values = d.Number("values of a partition", 0, maxValues)
		if !d.Holds("rows of a partition", t.rows) {
			return
		}
		p.codes = make([]datasets.Code, t.rows)
		for r := range p.codes {
			p.codes[r] = datasets.Code(d.Index("code", p.values+1)) - 1
		}
	}
}

func (t *table) readColumn(d *Decoder, i int, fields []datasets.FieldID) {
	c := &t.columns[i]
	c.kind = uint8(d.Number("kind of column", probeColumn, numberColumn))
	switch {
	case d.err != nil:
		return
	case c.kind == probeColumn:
		c.column.Probe = int32(d.Number("probe", 0, math.MaxInt32))
		c.column.Step, c.column.Answer = uint8(d.Number("step", 0, math.MaxUint8)), uint8(d.Number("answer", 0, math.MaxUint8))
		if at := d.Index("field", len(fields)); d.err == nil {
			c.column.Field = fields[at]
		}
	default:
		c.name = int32(len(t.names))
		t.names = append(t.names, d.Text("name"))
	}
	if c.kind == numberColumn {
		c.part = int32(len(t.numbers))
		t.numbers = append(t.numbers, d.numbers(t.rows))
		return
	}
	c.part = int32(d.Index("partition", len(t.parts)))
	if d.err != nil {
		return
	}
	p := &t.parts[c.part]
	p.used = true
	if c.at = int32(len(t.ids)); len(t.ids) > math.MaxInt32-maxValues {
		d.Fail("too many values")
		return
	}
	t.ids = append(t.ids, d.Indices("values of a column", p.values, len(t.values))...)
}

// numbers reads the cells of a column of numbers.
func (d *Decoder) numbers(rows int) []float64 {
	if !d.Holds("numbers", rows) {
		return nil
	}
	cells := make([]float64, rows)
	for r := range cells {
		cells[r] = d.Any("number")
		if err := attributes.CheckNumber(cells[r]); err != nil {
			d.Fail("number: %v", err)
		}
	}
	return cells
}

// title is a column's name for errors, on one line.
func (t *table) title(c *tableColumn) string {
	if c.kind == probeColumn {
		return c.column.String()
	}
	name := t.names[c.name]
	if quoted := strconv.Quote(name); len(quoted) > len(name)+len(`""`) {
		return quoted
	}
	return name
}

// Columns puts the columns that a model names into the order of a table, each
// once: nominal ones as the matrix has them, then those of numbers.
func Columns(ids []attributes.ID) []attributes.ID {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, compareIDs)
	return slices.Compact(ids)
}

// Place is the place of a column in what Columns gave.
func Place(columns []attributes.ID, id attributes.ID) int {
	at, _ := slices.BinarySearchFunc(columns, id, compareIDs)
	return at
}

func compareIDs(a, b attributes.ID) int {
	m, numberA := a.Number()
	n, numberB := b.Number()
	switch {
	case numberA && numberB:
		return cmp.Compare(m, n)
	case numberA:
		return 1
	case numberB:
		return -1
	}
	return cmp.Compare(a, b)
}
