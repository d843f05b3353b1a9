package datasets

import (
	"encoding/binary"
	"fmt"
	"hash"
	"math"

	"github.com/parquet-go/parquet-go"
)

// The files that only the folder of an imported table has:
//
//	names.parquet    a row a nominal column: its name
//	numbers.parquet  a row a numeric column: its name, how many nominal ones
//	                 stand before it, and its cells, eight bytes a row, little
//	                 end first, NaN where missing
const (
	namesFile   = "names.parquet"
	numbersFile = "numbers.parquet"
)

var (
	nameColumns   = []columnSpec{{name: "name", kind: blob}}
	numberColumns = []columnSpec{{name: "name", kind: blob}, {name: "before", kind: wide}, {name: "cells", kind: blob}}
)

func (d *Dataset) nameCells(out [][]parquet.Value, c int) error {
	out[0] = append(out[0], textCell(d.Matrix.Names[c]))
	return nil
}

func (d *Dataset) numberCells(out [][]parquet.Value, i int) error {
	c := &d.Matrix.Numbers[i]
	out[0], out[1] = append(out[0], textCell(c.Name)), append(out[1], parquet.Int64Value(int64(c.Before)))
	out[2] = append(out[2], parquet.ByteArrayValue(appendNumbers(nil, c.Cells)))
	return nil
}

// appendNumbers appends numbers, with one NaN for all.
func appendNumbers(b []byte, cells []float64) []byte {
	for _, v := range cells {
		if math.IsNaN(v) {
			v = math.NaN()
		}
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

func (d *Dataset) readNames(_ *tableFile, c []cells) error {
	for _, at := range c[0].ints {
		d.Matrix.Names = append(d.Matrix.Names, string(c[0].texts[at]))
	}
	return nil
}

func (d *Dataset) readNumbers(_ *tableFile, c []cells) error {
	m := d.Matrix
	for r := range c[0].ints {
		b := c[2].texts[c[2].ints[r]]
		if len(b) != 8*m.Rows() {
			return fmt.Errorf("column cells: row %d has %d bytes, want %d", r, len(b), 8*m.Rows())
		}
		n := NumericColumn{Name: string(c[0].texts[c[0].ints[r]]), Cells: make([]float64, m.Rows()), Before: int32(c[1].ints[r])}
		for i := range n.Cells {
			n.Cells[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
			if math.IsInf(n.Cells[i], 0) {
				return fmt.Errorf("column cells: row %d: %v for %s: want a finite number, or none", r, n.Cells[i], m.Machines[i].Name)
			}
		}
		last := int32(0)
		if k := len(m.Numbers); k > 0 {
			last = m.Numbers[k-1].Before
		}
		if n.Before < last {
			return fmt.Errorf("column before: row %d is not in order", r)
		}
		m.Numbers = append(m.Numbers, n)
	}
	return nil
}

// checkTable holds an imported table's columns against the matrix.
func (d *Dataset) checkTable() error {
	m := d.Matrix
	if d.Meta.Table == nil {
		return nil
	}
	if len(m.Names) != len(m.Columns) {
		return fmt.Errorf("%s: %d names, want one for each of %d columns", namesFile, len(m.Names), len(m.Columns))
	}
	if n := len(m.Numbers); n > 0 && int(m.Numbers[n-1].Before) > len(m.Columns) {
		return fmt.Errorf("%s: %d columns before one: there are %d", numbersFile, m.Numbers[n-1].Before, len(m.Columns))
	}
	return nil
}

// hashTable writes what an imported table has beside codes and values.
func (m *Matrix) hashTable(h hash.Hash) {
	text := func(s string) {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	for _, name := range m.Names {
		text(name)
	}
	for i := range m.Numbers {
		c := &m.Numbers[i]
		text(c.Name)
		h.Write(appendNumbers(binary.LittleEndian.AppendUint32(nil, uint32(c.Before)), c.Cells))
	}
}
