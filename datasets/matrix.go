package datasets

import (
	"encoding/binary"
	"sort"
)

// Code is a cell of a nominal column: the number of its value among the
// column's values, in order of first appearance down the rows. Codes are
// names: their order means nothing.
type Code = uint16

// Missing marks a cell without a usable value (nondeterministic or lossy).
// It is not a code. An absent field is a value like any other.
const Missing Code = 0xFFFF

// Column says what a column of the matrix holds.
type Column struct {
	Probe int32   // probe's ID
	Field FieldID // of the catalogue
}

// Value is what a code of a column stands for.
type Value struct {
	State  State
	Number uint64 // of a Present value: a Uint field's, or an index into Matrix.Texts for a Text field
}

// State is the state of a field after all repeats of a probe.
type State uint8

// The states. The zero value is invalid.
const (
	_       State = iota
	Present       // one value in every answer
	Absent        // absent in every answer, or the probe was never answered
	Nondet        // it varied; a value only under the category policy
)

// Matrix holds a data set of nominal columns as partitions: columns that
// group the rows alike share one column of codes. Grouping uses no labels
// and looks at all rows. Rows are machines.
//
// Memory is Partitions()·Rows() codes, 4 bytes a column and 16 a value.
type Matrix struct {
	Machines []Machine
	Columns  []Column // in probe order, then catalogue order
	Part     []int32  // partition of each column
	Texts    []string
	Parts    []Partition
	codes    []Code   // partition-major: codes[p*rows : (p+1)*rows]
	values   []Value  // column-major
	valueAt  []uint32 // values of column c: values[valueAt[c]:valueAt[c+1]]
}

// Partition is a way of grouping the rows.
type Partition struct {
	Distinct int   // number of codes; 0 when every cell is missing
	Missing  bool  // some cell is missing
	First    int32 // the first column that has it
	Columns  int32 // how many columns have it (its multiplicity over the whole matrix)
}

// Rows is the number of machines.
func (m *Matrix) Rows() int { return len(m.Machines) }

// Codes returns the cells of partition p, one a row. They must not be changed.
func (m *Matrix) Codes(p int32) []Code {
	n := len(m.Machines)
	return m.codes[int(p)*n : (int(p)+1)*n : (int(p)+1)*n]
}

// Values gives the meaning of each code of column c. It must not be changed.
func (m *Matrix) Values(c int) []Value {
	return m.values[m.valueAt[c]:m.valueAt[c+1]:m.valueAt[c+1]]
}

// Selection is a set of columns of a matrix, as partitions with
// multiplicities: what a learner sees.
type Selection struct {
	*Matrix
	IDs  []int32 // partitions with at least one selected column, by First
	Mult []int32 // number of selected columns of each
	// First is the first selected column of each. It breaks ties: the
	// partition whose first column comes first wins.
	First []int32
	D     int // number of selected columns, Σ Mult
}

// Select makes the selection of the columns for which keep is true. Constant
// columns are kept when keep says so.
func (m *Matrix) Select(keep func(c int) bool) *Selection {
	at := make([]int32, len(m.Parts))
	for i := range at {
		at[i] = -1
	}
	s := &Selection{Matrix: m}
	for c, p := range m.Part {
		if !keep(c) {
			continue
		}
		s.D++
		if at[p] < 0 {
			at[p] = int32(len(s.IDs))
			s.IDs = append(s.IDs, p)
			s.Mult = append(s.Mult, 0)
			s.First = append(s.First, int32(c))
		}
		s.Mult[at[p]]++
	}
	return s
}

// All selects every column.
func (m *Matrix) All() *Selection { return m.Select(func(int) bool { return true }) }

// Grouper builds a matrix column by column, in any order of columns.
type Grouper struct {
	m     *Matrix
	index map[string]int32
	key   []byte
}

// NewGrouper starts a matrix over the given rows. Columns are added by Add.
func NewGrouper(machines []Machine) *Grouper {
	return &Grouper{m: &Matrix{Machines: machines, valueAt: []uint32{0}}, index: make(map[string]int32)}
}

// Add appends a column. cells has one code a row and is canonical: codes are
// numbered in order of first appearance, Missing where there is no value.
// values gives the meaning of each code. Add keeps neither.
func (g *Grouper) Add(c Column, cells []Code, values []Value) {
	m := g.m
	g.key = g.key[:0]
	for _, v := range cells {
		g.key = binary.LittleEndian.AppendUint16(g.key, v)
	}
	p, ok := g.index[string(g.key)]
	if !ok {
		p = int32(len(m.Parts))
		g.index[string(g.key)] = p
		part := Partition{Distinct: len(values), First: int32(len(m.Columns))}
		for _, v := range cells {
			part.Missing = part.Missing || v == Missing
		}
		m.Parts = append(m.Parts, part)
		m.codes = append(m.codes, cells...)
	}
	m.Parts[p].Columns++
	m.Columns = append(m.Columns, c)
	m.Part = append(m.Part, p)
	m.values = append(m.values, values...)
	m.valueAt = append(m.valueAt, uint32(len(m.values)))
}

// Matrix ends the building: columns are put in order of probe and field, and
// partitions in order of their first column.
func (g *Grouper) Matrix(texts []string) *Matrix {
	m := g.m
	m.Texts = texts
	n := len(m.Columns)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	less := func(a, b Column) bool {
		return a.Probe < b.Probe || a.Probe == b.Probe && a.Field < b.Field
	}
	sort.SliceStable(order, func(i, j int) bool { return less(m.Columns[order[i]], m.Columns[order[j]]) })
	columns, part := make([]Column, n), make([]int32, n)
	values, valueAt := make([]Value, 0, len(m.values)), make([]uint32, 1, n+1)
	rank := make([]int32, len(m.Parts))
	for i := range rank {
		rank[i] = -1
	}
	parts := make([]Partition, 0, len(m.Parts))
	codes := make([]Code, 0, len(m.codes))
	rows := len(m.Machines)
	for i, from := range order {
		p := m.Part[from]
		if rank[p] < 0 {
			rank[p] = int32(len(parts))
			q := m.Parts[p]
			q.First = int32(i)
			parts = append(parts, q)
			codes = append(codes, m.codes[int(p)*rows:(int(p)+1)*rows]...)
		}
		columns[i], part[i] = m.Columns[from], rank[p]
		values = append(values, m.Values(from)...)
		valueAt = append(valueAt, uint32(len(values)))
	}
	m.Columns, m.Part, m.Parts, m.codes = columns, part, parts, codes
	m.values, m.valueAt = values, valueAt
	g.m, g.index = nil, nil
	return m
}
