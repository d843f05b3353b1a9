package bayes

import (
	"context"
	"math"

	"tickle/datasets"
	"tickle/learners"
)

// table has the counts of nominal columns as they are, by value and class. It
// takes the place of words where those are slow: where columns are few and have
// many different numbers of values, in tables of many rows and classes. Then most
// lines of a tally are empty, and in the table only what is not zero counts.
type table struct {
	classes int
	columns []counted
}

// counted is a partition.
type counted struct {
	codes  []datasets.Code
	values [][]part  // of each value, the classes that have it, ascending
	known  []float64 // what a class says of any row that has a value; nil where all have one
}

// part is what a class says of a value that it has.
type part struct {
	class int32
	log   float64
}

// tableLines is how many lines of a tally words may have, whatever a table
// would cost.
const tableLines = 1 << 17

// suits reports whether a table costs less than words.
func suits(s *datasets.Selection, rows, classes int) bool {
	kinds, partitions := map[int]bool{}, 0
	for _, id := range s.IDs {
		if p := &s.Parts[id]; tells(p) {
			partitions++
			if p.Missing {
				kinds[p.Distinct] = true
			}
		}
	}
	lines := (1 + len(kinds)) * (rows + classes)
	return lines > tableLines && partitions*classes < lines
}

// newTable counts the training rows. What a class says of any row, in columns
// without missing cells, it adds to from.
func newTable(ctx context.Context, t *learners.Train, byClass [][]int32, from []float64) (*table, error) {
	s := t.Data
	all := &table{classes: len(byClass)}
	for i, id := range s.IDs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p := &s.Parts[id]
		if !tells(p) {
			continue
		}
		c := count(s.Codes(id), byClass, p.Distinct)
		c.weigh(float64(s.Mult[i]))
		if !p.Missing {
			for class, v := range c.known {
				from[class] += v
			}
			c.known = nil
		}
		all.columns = append(all.columns, c)
	}
	return all, nil
}

// count makes the table of a column of a number of values.
func count(codes []datasets.Code, byClass [][]int32, distinct int) counted {
	c := counted{codes: codes, values: make([][]part, distinct), known: make([]float64, len(byClass))}
	rowsOf := make([]int, distinct)
	for class, rows := range byClass {
		known := distinct
		for _, r := range rows {
			if codes[r] != datasets.Missing {
				known++
				rowsOf[codes[r]]++
			}
		}
		for _, r := range rows {
			if code := codes[r]; code != datasets.Missing && rowsOf[code] > 0 {
				c.values[code] = append(c.values[code], part{int32(class), math.Log(float64(1 + rowsOf[code]))})
				rowsOf[code] = 0
			}
		}
		c.known[class] = -math.Log(float64(known))
	}
	return c
}

// weigh makes a column as many.
func (c *counted) weigh(columns float64) {
	for class := range c.known {
		c.known[class] *= columns
	}
	for _, parts := range c.values {
		for i := range parts {
			parts[i].log *= columns
		}
	}
}

// add adds the nominal columns' logarithms to the scores of rows, rows × classes.
func (t *table) add(ctx context.Context, rows []int32, scores []float64) error {
	for i := range t.columns {
		if err := ctx.Err(); err != nil {
			return err
		}
		c := &t.columns[i]
		for k, r := range rows {
			code, own := c.codes[r], scores[k*t.classes:(k+1)*t.classes]
			if code == datasets.Missing {
				continue
			}
			for class, v := range c.known {
				own[class] += v
			}
			if int(code) < len(c.values) { // else one that no training row has
				for _, p := range c.values[code] {
					own[p.class] += p.log
				}
			}
		}
	}
	return nil
}
