package datasets

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"slices"
)

// Grouper builds a matrix column by column, in any order of columns. Columns
// meet by the hash of their codes and are then compared, so that a collision
// costs time and nothing else; the hash's seed differs from process to
// process and shows in no result.
type Grouper struct {
	m    *Matrix
	seed maphash.Seed
	head map[uint64]int32 // hash to the last partition that has it
	next []int32          // partition to the one before with its hash, or -1
	// blocks have the partitions' codes as bytes, blockParts partitions each: what
	// one growing slice would copy again and again.
	blocks [][]byte
	key    []byte
}

// blockParts is the number of partitions in a block.
const blockParts = 1024

// cells gives the bytes of partition p, of which each has size.
func (g *Grouper) cells(p int32, size int) []byte {
	at := int(p) % blockParts * size
	return g.blocks[p/blockParts][at : at+size]
}

// keep adds the bytes of partition p, which is the next.
func (g *Grouper) keep(p int32, cells []byte) {
	if p%blockParts == 0 {
		g.blocks = append(g.blocks, nil)
		if p > 0 { // the first grows, for there may be few
			g.blocks[p/blockParts] = make([]byte, 0, blockParts*len(cells))
		}
	}
	b := &g.blocks[p/blockParts]
	*b = append(*b, cells...)
}

// NewGrouper starts a matrix over the given rows, at most 65,535. Columns
// are added by Add.
func NewGrouper(machines []Machine) *Grouper {
	return &Grouper{m: &Matrix{Machines: machines, valueAt: []uint32{0}}, seed: maphash.MakeSeed(), head: make(map[uint64]int32)}
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
	g.key = appendCodes(g.key[:0], cells)
	g.add(c, g.key, maphash.Bytes(g.seed, g.key), values)
}

// add is Add for cells as bytes, whose hash the caller has computed.
func (g *Grouper) add(c Column, cells []byte, hash uint64, values []Value) {
	m := g.m
	p, seen := g.head[hash]
	if !seen {
		p = -1
	}
	last := p
	for p >= 0 && !(m.Parts[p].Distinct == len(values) && bytes.Equal(g.cells(p, len(cells)), cells)) {
		p = g.next[p]
	}
	if p < 0 {
		p = int32(len(m.Parts))
		g.head[hash] = p
		g.next = append(g.next, last)
		g.keep(p, cells)
		part := Partition{Distinct: len(values)}
		for i := 0; i < len(cells); i += 2 {
			code := binary.LittleEndian.Uint16(cells[i:])
			part.Missing = part.Missing || code == Missing
			part.Other = part.Other || int(code) == len(values)
		}
		m.Parts = append(m.Parts, part)
	}
	g.place(c, p, values)
}

// place appends a column of partition p.
func (g *Grouper) place(c Column, p int32, values []Value) {
	m := g.m
	m.Parts[p].Columns++
	m.Columns = append(m.Columns, c)
	m.Part = append(m.Part, p)
	m.values = append(m.values, values...)
	m.valueAt = append(m.valueAt, uint32(len(m.values)))
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
	parts := make([]Partition, 0, len(m.Parts))
	rows := len(m.Machines)
	codes := make([]Code, 0, len(m.Parts)*rows)
	for i, from := range order {
		p := m.Part[from]
		if rank[p] < 0 {
			rank[p] = int32(len(parts))
			q := m.Parts[p]
			q.First = int32(i)
			parts = append(parts, q)
			codes = decodeCodes(codes, g.cells(p, 2*rows))
		}
		columns[i], part[i] = m.Columns[from], rank[p]
		values = append(values, m.Values(int(from))...)
		valueAt = append(valueAt, uint32(len(values)))
	}
	m.Columns, m.Part, m.Parts, m.codes = columns, part, parts, codes
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
	m.codes = make([]Code, 0, len(m.Parts)*len(m.Machines))
	for i := range g.blocks {
		m.codes = decodeCodes(m.codes, g.blocks[i])
		g.blocks[i] = nil
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

func decodeCodes(codes []Code, b []byte) []Code {
	n := len(codes)
	codes = slices.Grow(codes, len(b)/2)[:n+len(b)/2]
	out := codes[n:]
	for i := range out {
		out[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return codes
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

// encode appends the codes of a column to out, two bytes each, and their
// meanings to values. Row r has the cell number of[r]; cells are numbered in
// order of their first row.
func (c *coder) encode(cells []cell, of []int32, out []byte, values []Value) ([]byte, []Value) {
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
		out = append(out, byte(c.row[i]), byte(c.row[i]>>8))
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
