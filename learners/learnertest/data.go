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

// Synthetic makes data of a shape. The classes' sizes fall like 1/rank. A
// behaviour gives each class one of two to six values; a column shows a
// behaviour, in half of the cases only whether it has one certain value.
func Synthetic(s Shape) *Data {
	rng := rand.New(rand.NewPCG(s.Seed, 0x73796e7468))
	d := &Data{Labels: classLabels(s, rng)}
	for c := range s.Classes {
		d.Classes = append(d.Classes, fmt.Sprintf("class %02d", c))
	}
	behaviours, values := make([][]int32, s.Behaviours), make([]int32, s.Behaviours)
	for b := range behaviours {
		values[b] = 2 + rng.Int32N(5)
		behaviours[b] = make([]int32, s.Classes)
		for c := range behaviours[b] {
			behaviours[b][c] = rng.Int32N(values[b])
		}
	}
	machines := make([]datasets.Machine, s.Rows)
	for r := range machines {
		machines[r] = datasets.Machine{Name: fmt.Sprintf("m%03d", r), Group: fmt.Sprintf("m%03d", r)}
	}
	g := datasets.NewGrouper(machines)
	numbers := make([]int32, s.Rows)
	for c := range s.Columns {
		b := rng.IntN(s.Behaviours)
		constant, coarse, only := rng.Float64() < s.Constant, rng.IntN(2) == 0, rng.Int32N(values[b])
		for r := range numbers {
			v := behaviours[b][d.Labels[r]]
			switch {
			case constant:
				numbers[r] = 0
				continue
			case coarse && v == only:
				v = 1
			case coarse:
				v = 0
			}
			if x := rng.Float64(); x < s.Noise {
				v = rng.Int32N(values[b])
			} else if x < s.Noise+s.Missing {
				v = -1
			}
			numbers[r] = v
		}
		addColumn(g, c, numbers)
	}
	d.Selection = g.Matrix(nil).All()
	return d
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
