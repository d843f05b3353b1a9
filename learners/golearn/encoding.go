//go:build cgo

package golearn

import (
	"fmt"
	"math"
	"strconv"

	"github.com/sjwhitworth/golearn/base"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
)

// maxCells is how many cells golearn may hold, at 8 bytes each.
const maxCells = 30_000_000

// encoding is a selection as golearn's columns.
type encoding struct {
	columns []column
	class   *base.CategoricalAttribute
}

// column is a column of golearn's: 0 or value where the codes are code, or
// numbers.
type column struct {
	attribute base.Attribute
	codes     []datasets.Code // nil: cells
	code      datasets.Code
	value     float64
	cells     []float64
	missing   float64 // what a missing number becomes
}

// newEncoding makes the columns of a training set. A learner of distances gets
// one column for a partition of m, with √m in the place of 1, which leaves
// distances as they are; one that draws columns gets all m.
func newEncoding(t *learners.Train, l learner) (*encoding, error) {
	s := t.Data
	if len(s.Numbers) > 0 && !l.numbers {
		return nil, fmt.Errorf("golearn: %d numeric columns: its trees read nominal ones only", len(s.Numbers))
	}
	total := len(s.Numbers)
	for i, id := range s.IDs {
		total += s.Parts[id].Distinct * l.copies(s.Mult[i])
	}
	if cells := total * (s.Rows() + len(t.Rows)); cells > maxCells {
		return nil, fmt.Errorf("golearn: %d one-hot columns of %d rows are %d cells: golearn holds each, want at most %d", total, s.Rows(), cells, maxCells)
	}
	e := &encoding{class: base.NewCategoricalAttribute()}
	e.class.SetName("class")
	for c := range t.Classes {
		e.class.GetSysValFromString(strconv.Itoa(c))
	}
	for i, id := range s.IDs {
		if s.Parts[id].Distinct < 2 && !s.Parts[id].Missing {
			continue
		}
		for code := range s.Parts[id].Distinct {
			for range l.copies(s.Mult[i]) {
				value := 1.0
				if l.numbers {
					value = math.Sqrt(float64(s.Mult[i]))
				}
				e.columns = append(e.columns, column{attribute: l.attribute(len(e.columns)), codes: s.Codes(id), code: datasets.Code(code), value: value})
			}
		}
	}
	if err := attributes.CheckNumbers(s); err != nil {
		return nil, err
	}
	for _, n := range s.Numbers {
		c := column{attribute: l.attribute(len(e.columns)), cells: s.Matrix.Numbers[n].Cells}
		sum, known := 0.0, 0.0
		for _, r := range t.Rows {
			if v := c.cells[r]; !math.IsNaN(v) {
				sum, known = sum+v, known+1
			}
		}
		c.missing = sum / max(known, 1)
		e.columns = append(e.columns, c)
	}
	return e, nil
}

// copies is how many columns of golearn's a value of a partition of m becomes.
func (l learner) copies(m int32) int {
	if l.expand {
		return int(m)
	}
	return 1
}

// attribute makes a column of the kind that the learner reads.
func (l learner) attribute(number int) base.Attribute {
	name := "a" + strconv.Itoa(number)
	if l.numbers {
		return base.NewFloatAttribute(name)
	}
	a := base.NewCategoricalAttribute()
	a.SetName(name)
	a.GetSysValFromString("0")
	a.GetSysValFromString("1")
	return a
}

// cell gives a row's value in a column.
func (c *column) cell(row int32) float64 {
	switch {
	case c.codes == nil && math.IsNaN(c.cells[row]):
		return c.missing
	case c.codes == nil:
		return c.cells[row]
	case c.codes[row] == c.code:
		return c.value
	}
	return 0
}

// grid makes golearn's table of some rows.
func (e *encoding) grid(rows []int32, class func(row int32) int32) (*base.DenseInstances, error) {
	grid := base.NewDenseInstances()
	specs := make([]base.AttributeSpec, len(e.columns))
	for i := range e.columns {
		specs[i] = grid.AddAttribute(e.columns[i].attribute)
	}
	classSpec := grid.AddAttribute(e.class)
	if err := grid.AddClassAttribute(e.class); err != nil {
		return nil, err
	}
	if err := grid.Extend(len(rows)); err != nil {
		return nil, err
	}
	for i := range e.columns {
		c := &e.columns[i]
		_, number := c.attribute.(*base.FloatAttribute)
		for k, r := range rows {
			if v := c.cell(r); number {
				grid.Set(specs[i], k, base.PackFloatToBytes(v))
			} else {
				grid.Set(specs[i], k, c.attribute.GetSysValFromString(strconv.Itoa(int(v))))
			}
		}
	}
	for k, r := range rows {
		grid.Set(classSpec, k, e.class.GetSysValFromString(strconv.Itoa(int(class(r)))))
	}
	return grid, nil
}
