// Package learnertest holds every learner to the contract of package
// learners, on data that it makes up: a table typed by hand, or a synthetic
// data set with the proportions of the paper's.
package learnertest

import (
	"fmt"
	"math/rand/v2"

	"tickle/datasets"
	"tickle/learners"
)

// Data is a labelled selection.
type Data struct {
	*datasets.Selection
	Labels  []int32
	Classes []string
}

// Train makes a training set of some rows (nil: all).
func (d *Data) Train(rows []int32) *learners.Train {
	if rows == nil {
		rows = d.Except(func(int) bool { return false })
	}
	return &learners.Train{Data: d.Selection, Rows: rows, Labels: d.Labels, Classes: d.Classes, Seed: 1}
}

// Except gives the rows for which out is false.
func (d *Data) Except(out func(row int) bool) []int32 {
	var rows []int32
	for r := range d.Rows() {
		if !out(r) {
			rows = append(rows, int32(r))
		}
	}
	return rows
}

// Table makes data of columns of values, one a row, in which "?" is a missing
// cell. Classes are numbered by first appearance in labels.
func Table(columns [][]string, labels []string) *Data {
	d := &Data{}
	machines := make([]datasets.Machine, len(labels))
	for i, name := range labels {
		machines[i].Name = fmt.Sprintf("m%03d", i)
		machines[i].Group = machines[i].Name
		class := int32(-1)
		for c, known := range d.Classes {
			if known == name {
				class = int32(c)
			}
		}
		if class < 0 {
			class = int32(len(d.Classes))
			d.Classes = append(d.Classes, name)
		}
		d.Labels = append(d.Labels, class)
	}
	g := datasets.NewGrouper(machines)
	for c, column := range columns {
		numbers := make([]int32, len(column))
		names := map[string]int32{"?": -1}
		for r, v := range column {
			if _, ok := names[v]; !ok {
				names[v] = int32(len(names))
			}
			numbers[r] = names[v]
		}
		addColumn(g, c, numbers)
	}
	d.Selection = g.Matrix(nil).All()
	return d
}

// addColumn adds column number c with a value a row, below zero where the
// cell is missing.
func addColumn(g *datasets.Grouper, c int, numbers []int32) {
	addCells(g, datasets.Column{Probe: int32(c / datasets.NumFields), Field: datasets.FieldID(c % datasets.NumFields)}, numbers)
}

// addCells is addColumn for any column.
func addCells(g *datasets.Grouper, column datasets.Column, numbers []int32) {
	cells := make([]datasets.Code, len(numbers))
	codes := make(map[int32]datasets.Code)
	var values []datasets.Value
	for r, v := range numbers {
		if v < 0 {
			cells[r] = datasets.Missing
			continue
		}
		code, ok := codes[v]
		if !ok {
			code = datasets.Code(len(values))
			codes[v] = code
			values = append(values, datasets.Value{State: datasets.Present, Number: uint64(v)})
		}
		cells[r] = code
	}
	g.Add(column, cells, values)
}

// Shape says what Synthetic makes.
type Shape struct {
	Rows, Columns, Classes int
	Behaviours             int     // latent variables on which columns depend
	Constant               float64 // share of the columns
	Noise                  float64 // share of the other columns' cells that get a random value
	Missing                float64 // share of the other columns' cells that go missing
	Seed                   uint64
}

// Paper is the shape of the paper's data: 329 machines of 60 classes, 61 % of
// the columns constant, the others following 15 behaviours with 2 % noise.
func Paper(columns int) Shape {
	return Shape{Rows: 329, Columns: columns, Classes: 60, Behaviours: 15, Constant: 0.61, Noise: 0.02, Seed: 1}
}

// Synthetic makes data of a shape: labels, and the columns that Columns makes.
func Synthetic(s Shape) *Data {
	c := NewColumns(s)
	g := datasets.NewGrouper(c.Machines)
	for c.Next() {
		g.Add(c.Column, c.Cells, c.Values)
	}
	return c.Data(g.Matrix(nil).All())
}

// Columns makes the columns of a shape one after the other. The classes' sizes
// fall like 1/rank. A behaviour gives each class one of two to six values; a
// column shows a behaviour, in half of the cases only whether it has one
// certain value.
type Columns struct {
	Machines []datasets.Machine
	Labels   []int32
	Classes  []string

	// What Next makes, until it is called again.
	Column datasets.Column
	Cells  []datasets.Code // canonical: codes by first appearance
	Values []datasets.Value

	shape      Shape
	rng        *rand.Rand
	behaviours [][]int32 // by class
	values     []int32   // of each behaviour
	made       int
	numbers    []int32
	codes      [8]datasets.Code // by value
}

// NewColumns starts the columns of a shape.
func NewColumns(s Shape) *Columns {
	rng := rand.New(rand.NewPCG(s.Seed, 0x73796e7468))
	c := &Columns{shape: s, rng: rng, Labels: classLabels(s, rng), behaviours: make([][]int32, s.Behaviours), values: make([]int32, s.Behaviours),
		Cells: make([]datasets.Code, s.Rows), numbers: make([]int32, s.Rows)}
	for k := range s.Classes {
		c.Classes = append(c.Classes, fmt.Sprintf("class %02d", k))
	}
	for b := range c.behaviours {
		c.values[b] = 2 + rng.Int32N(5)
		c.behaviours[b] = make([]int32, s.Classes)
		for k := range c.behaviours[b] {
			c.behaviours[b][k] = rng.Int32N(c.values[b])
		}
	}
	for r := range s.Rows {
		name := fmt.Sprintf("m%03d", r)
		c.Machines = append(c.Machines, datasets.Machine{Name: name, Group: name})
	}
	return c
}

// Data is a selection of the columns with the labels.
func (c *Columns) Data(s *datasets.Selection) *Data { return &Data{s, c.Labels, c.Classes} }

// Next makes the next column; false when there are no more.
func (c *Columns) Next() bool {
	if c.made == c.shape.Columns {
		return false
	}
	rng, s := c.rng, &c.shape
	b := rng.IntN(s.Behaviours)
	constant, coarse, only := rng.Float64() < s.Constant, rng.IntN(2) == 0, rng.Int32N(c.values[b])
	for r := range c.numbers {
		v := c.behaviours[b][c.Labels[r]]
		switch {
		case constant:
			c.numbers[r] = 0
			continue
		case coarse && v == only:
			v = 1
		case coarse:
			v = 0
		}
		if x := rng.Float64(); x < s.Noise {
			v = rng.Int32N(c.values[b])
		} else if x < s.Noise+s.Missing {
			v = -1
		}
		c.numbers[r] = v
	}
	c.encode()
	c.Column = datasets.Column{Probe: int32(c.made / datasets.NumFields), Field: datasets.FieldID(c.made % datasets.NumFields)}
	c.made++
	return true
}

// encode turns numbers, negative where missing, into codes.
func (c *Columns) encode() {
	c.Values = c.Values[:0]
	for v := range c.codes {
		c.codes[v] = datasets.Missing
	}
	for r, v := range c.numbers {
		if v < 0 {
			c.Cells[r] = datasets.Missing
			continue
		}
		if c.codes[v] == datasets.Missing {
			c.codes[v] = datasets.Code(len(c.Values))
			c.Values = append(c.Values, datasets.Value{State: datasets.Present, Number: uint64(v)})
		}
		c.Cells[r] = c.codes[v]
	}
}

// classLabels gives each class a row, as far as they go, and spreads the rest
// by Zipf's law.
func classLabels(s Shape, rng *rand.Rand) []int32 {
	sum := 0.0
	for c := range s.Classes {
		sum += 1 / float64(c+1)
	}
	labels := make([]int32, s.Rows)
	for r := range labels {
		if r < s.Classes {
			labels[r] = int32(r)
			continue
		}
		x := rng.Float64() * sum
		for c := range s.Classes {
			if x -= 1 / float64(c+1); x < 0 || c == s.Classes-1 {
				labels[r] = int32(c)
				break
			}
		}
	}
	rng.Shuffle(len(labels), func(i, j int) { labels[i], labels[j] = labels[j], labels[i] })
	return labels
}
