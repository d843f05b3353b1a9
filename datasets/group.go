package datasets

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"slices"
	"unsafe"
)

// Grouper builds a matrix column by column, in any order of columns. Columns
// meet by the hash of their codes and are then compared, so that a collision
// costs time and nothing else; the hash's seed differs from process to
// process and shows in no result.
type Grouper struct {
	m      *Matrix
	seed   maphash.Seed
	hashes []uint64 // of the partitions
	// table has 1 + the partition, at its hash or the next free place; 0 is free.
	// Its size is a power of two.
	table []int32
}

// NewGrouper starts a matrix over the given rows, at most 65,535. Columns
// are added by Add.
func NewGrouper(machines []Machine) *Grouper {
	return &Grouper{m: &Matrix{Machines: machines, valueAt: []uint32{0}}, seed: maphash.MakeSeed(), table: make([]int32, 1<<10)}
}

// Add appends a column. cells has one code a row and is canonical: codes are
// numbered in order of first appearance, Missing where there is no value.
// values gives the meaning of each code. Add keeps neither.
//
// A column whose values were declared elsewhere need not be canonical: it may
// have values that no cell has, and cells with the code len(values), which
// stands for every other value (see Partition.Other). Columns with equal cells
// that declare different numbers of values are in different partitions.
func (g *Grouper) Add(c Column, cells []Code, values []Value) {
	g.add(c, cells, g.hash(cells), values)
}

// hash gives the hash of a column's cells.
func (g *Grouper) hash(cells []Code) uint64 { return maphash.Bytes(g.seed, codeBytes(cells)) }

// add is Add for cells whose hash the caller has computed.
func (g *Grouper) add(c Column, cells []Code, hash uint64, values []Value) {
	m := g.m
	at := hash & uint64(len(g.table)-1)
	for ; g.table[at] != 0; at = (at + 1) & uint64(len(g.table)-1) {
		p := g.table[at] - 1
		if g.hashes[p] == hash && m.Parts[p].Distinct == len(values) && bytes.Equal(codeBytes(m.Codes(p)), codeBytes(cells)) {
			g.place(c, p, values)
			return
		}
	}
	p := int32(len(m.Parts))
	copy(m.room(), cells)
	part := Partition{Distinct: len(values)}
	for _, code := range cells {
		if int(code) >= len(values) {
			part.Missing = part.Missing || code == Missing
			part.Other = part.Other || int(code) == len(values)
		}
	}
	m.Parts = append(double(m.Parts, 1), part)
	g.hashes = append(double(g.hashes, 1), hash)
	if g.table[at] = p + 1; 2*len(g.hashes) > len(g.table) {
		g.rehash()
	}
	g.place(c, p, values)
}

// rehash doubles the table.
func (g *Grouper) rehash() {
	g.table = make([]int32, 2*len(g.table))
	for p, hash := range g.hashes {
		at := hash & uint64(len(g.table)-1)
		for g.table[at] != 0 {
			at = (at + 1) & uint64(len(g.table)-1)
		}
		g.table[at] = int32(p + 1)
	}
}

// place appends a column of partition p.
func (g *Grouper) place(c Column, p int32, values []Value) {
	m := g.m
	m.Parts[p].Columns++
	m.Columns = append(double(m.Columns, 1), c)
	m.Part = append(double(m.Part, 1), p)
	m.values = append(double(m.values, len(values)), values...)
	m.valueAt = append(double(m.valueAt, 1), uint32(len(m.values)))
}

// double makes room for n more by twice the room there was: append's quarter
// would copy millions of columns many times over.
func double[T any](s []T, n int) []T {
	if len(s)+n <= cap(s) {
		return s
	}
	s = slices.Grow(s, max(n, len(s)))
	largePages(s)
	return s
}

// AddLike appends a column with the cells of the column that was the like-th
// to be added, and as many values.
func (g *Grouper) AddLike(like int, c Column, values []Value) {
	g.place(c, g.m.Part[like], values)
}

// Matrix ends the building: columns are put in order of probe and field, and
// partitions in order of their first column. So the matrix does not depend on
// the order of Add, as long as no column was added twice.
func (g *Grouper) Matrix(texts []string) *Matrix {
	m := g.m
	m.Texts = texts
	if slices.IsSortedFunc(m.Columns, compareColumns) {
		g.finish()
		return m
	}
	n := len(m.Columns)
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return compareColumns(m.Columns[a], m.Columns[b]) })
	columns, part := make([]Column, n), make([]int32, n)
	values, valueAt := make([]Value, 0, len(m.values)), make([]uint32, 1, n+1)
	rank := make([]int32, len(m.Parts))
	for i := range rank {
		rank[i] = -1
	}
	sorted := &Matrix{Machines: m.Machines}
	for i, from := range order {
		p := m.Part[from]
		if rank[p] < 0 {
			rank[p] = int32(len(sorted.Parts))
			q := m.Parts[p]
			q.First = int32(i)
			copy(sorted.room(), m.Codes(p))
			sorted.Parts = append(sorted.Parts, q)
		}
		columns[i], part[i] = m.Columns[from], rank[p]
		values = append(values, m.Values(int(from))...)
		valueAt = append(valueAt, uint32(len(values)))
	}
	m.Columns, m.Part, m.Parts, m.codes, m.blockShift = columns, part, sorted.Parts, sorted.codes, sorted.blockShift
	m.values, m.valueAt = values, valueAt
	*g = Grouper{}
	return m
}

// finish is Matrix where columns came in order, and so partitions did.
func (g *Grouper) finish() {
	m := g.m
	for c := len(m.Part) - 1; c >= 0; c-- {
		m.Parts[m.Part[c]].First = int32(c)
	}
	*g = Grouper{}
}

// Compare orders columns as a matrix has them: less than 0 where c comes first.
func (c Column) Compare(other Column) int { return compareColumns(c, other) }

func compareColumns(a, b Column) int {
	return cmp.Or(compareSlots(a.Slot(), b.Slot()), cmp.Compare(a.Field, b.Field))
}

// appendCodes appends codes as two bytes each, little end first.
func appendCodes(b []byte, codes []Code) []byte {
	n := len(b)
	b = slices.Grow(b, 2*len(codes))[:n+2*len(codes)]
	out := b[n:]
	for i, v := range codes {
		binary.LittleEndian.PutUint16(out[2*i:], v)
	}
	return b
}

// decodeCodes reads what appendCodes wrote.
func decodeCodes(codes []Code, b []byte) {
	for i := range codes {
		codes[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
}

// codeBytes gives codes as they lie in memory, for hashing and comparing within
// the process.
func codeBytes(codes []Code) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(codes))), 2*len(codes))
}

// coder turns a column's cells into codes in order of first appearance. It is
// a hash table that forgets everything between columns at no cost.
type coder struct {
	keys  []uint64
	codes []Code
	round []uint32
	now   uint32
	shift uint
	row   []Code // of the column's cells
}

// newCoder makes a coder for columns of the given number of rows.
func newCoder(rows int) *coder {
	size, shift := 2, uint(63)
	for size < 2*rows {
		size, shift = size*2, shift-1
	}
	return &coder{keys: make([]uint64, size), codes: make([]Code, size), round: make([]uint32, size), shift: shift}
}

// encode appends the codes of a column to out and their meanings to values. Row r has the cell number of[r]; cells are numbered in
// order of their first row.
func (c *coder) encode(cells []cell, of []int32, out []Code, values []Value) ([]Code, []Value) {
	c.now++
	n := Code(0)
	var last cell
	var code Code
	c.row = c.row[:0]
	for i, v := range cells {
		if i == 0 || v != last {
			last = v
			if v == missingCell {
				code = Missing
			} else {
				code = c.lookup(uint64(v), n)
				if code == n {
					n++
					values = append(values, v.value())
				}
			}
		}
		c.row = append(c.row, code)
	}
	for _, i := range of {
		out = append(out, c.row[i])
	}
	return out, values
}

// lookup gives the code of v, which is n when it is new.
func (c *coder) lookup(v uint64, n Code) Code {
	i := int(v * 0x9e3779b97f4a7c15 >> c.shift) // Fibonacci hashing (Knuth, TAOCP 3, 6.4)
	for c.round[i] == c.now {
		if c.keys[i] == v {
			return c.codes[i]
		}
		if i++; i == len(c.keys) {
			i = 0
		}
	}
	c.round[i], c.keys[i], c.codes[i] = c.now, v, n
	return n
}

// cell is what a machine's summary says of a feature: a value up to maxValue
// or one of the marks.
type cell uint64

const (
	absentCell cell = 1<<63 + iota
	nondetCell
	missingCell
)

func (c cell) value() Value {
	switch c {
	case absentCell:
		return Value{State: Absent}
	case nondetCell:
		return Value{State: Nondet}
	}
	return Value{State: Present, Number: uint64(c)}
}
