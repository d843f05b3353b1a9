// Package peers holds our learners to the programs whose names they bear. It
// makes small data, hands it to the program as ARFF, and reads back what the
// program printed: from a golden file when tests run as usual, which needs
// nothing installed, or from the program itself when they run with the build
// tag peers (go test -tags peers ./learners/...; with -update the golden files
// are written anew). A program that is not installed then fails the test by
// name.
package peers

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"

	"tickle/datasets"
	"tickle/learners/attributes"
	"tickle/learners/learnertest"
)

// Mix says what Make makes. Columns depend on the class as far as noise lets
// them.
type Mix struct {
	Rows, Classes    int
	Nominal, Numeric int     // columns; the kinds alternate as long as both last
	Values           int     // most values of a nominal column, at least 2
	Repeats          int     // of the nominal columns, how many repeat an earlier one with its values renamed
	Constant         int     // of the nominal columns, how many have one value
	Noise            float64 // share of cells that do not depend on the class
	Missing          float64 // share of cells
	Grid             float64 // numeric cells are multiples of it; 0: 0.01
	Seed             uint64
}

// Make makes data of a mix. The classes' sizes fall; the first rows have one
// of each.
func Make(m Mix) *learnertest.Data {
	rng := rand.New(rand.NewPCG(m.Seed, 0x7065657273))
	d := &learnertest.Data{}
	for c := range m.Classes {
		d.Classes = append(d.Classes, "c"+strconv.Itoa(c))
	}
	machines := make([]datasets.Machine, m.Rows)
	for r := range machines {
		machines[r].Name = fmt.Sprintf("m%03d", r)
		class := min(rng.IntN(m.Classes), rng.IntN(m.Classes))
		if r < m.Classes {
			class = r
		}
		d.Labels = append(d.Labels, int32(class))
	}
	g := datasets.NewGrouper(machines)
	var columns [][]int
	for c := range m.Nominal {
		var column []int
		switch {
		case c >= m.Nominal-m.Constant:
			column = make([]int, m.Rows)
		case c >= m.Nominal-m.Constant-m.Repeats:
			for _, v := range columns[rng.IntN(m.Nominal-m.Constant-m.Repeats)] {
				if v >= 0 {
					v = 90 - 3*v
				}
				column = append(column, v)
			}
		default:
			column = m.nominal(rng, d.Labels)
		}
		columns = append(columns, column)
		addColumn(g, c, column)
	}
	matrix := g.Matrix(nil)
	for n := range m.Numeric {
		matrix.Numbers = append(matrix.Numbers, datasets.NumericColumn{
			Name: "n" + strconv.Itoa(n), Cells: m.numeric(rng, d.Labels), Before: int32(min(n+1, m.Nominal)),
		})
	}
	d.Selection = matrix.All()
	return d
}

func (m Mix) nominal(rng *rand.Rand, labels []int32) []int {
	values := 2
	if m.Values > 2 {
		values += rng.IntN(m.Values - 1)
	}
	of := make([]int, m.Classes)
	for c := range of {
		of[c] = rng.IntN(values)
	}
	column := make([]int, len(labels))
	for r, class := range labels {
		column[r] = of[class]
		if rng.Float64() < m.Noise {
			column[r] = rng.IntN(values)
		}
		if rng.Float64() < m.Missing {
			column[r] = -1
		}
	}
	return column
}

func (m Mix) numeric(rng *rand.Rand, labels []int32) []float64 {
	of := make([]float64, m.Classes)
	for c := range of {
		of[c] = rng.Float64() * 10
	}
	grid := m.Grid
	if grid == 0 {
		grid = 0.01
	}
	column := make([]float64, len(labels))
	for r, class := range labels {
		v := of[class] + rng.NormFloat64()*(0.5+5*m.Noise)
		column[r] = math.Round(v/grid) * grid
		if grid < 1 {
			column[r] = math.Round(v/grid) / math.Round(1/grid) // the nearest number to what ARFF says
		}
		if rng.Float64() < m.Missing {
			column[r] = math.NaN()
		}
	}
	return column
}

// addColumn adds a column of values, negative where missing.
func addColumn(g *datasets.Grouper, c int, column []int) {
	codes := map[int]datasets.Code{-1: datasets.Missing}
	var values []datasets.Value
	cells := make([]datasets.Code, len(column))
	for r, v := range column {
		if _, known := codes[v]; !known {
			codes[v] = datasets.Code(len(values))
			values = append(values, datasets.Value{State: datasets.Present, Number: uint64(v)})
		}
		cells[r] = codes[v]
	}
	g.Add(datasets.Column{Probe: int32(c), Field: datasets.IPTTL}, cells, values)
}

// WriteARFF writes some rows of d as ARFF, the class last. A nominal column
// declares its values over all rows of d.
func WriteARFF(w io.Writer, d *learnertest.Data, rows []int32) error {
	columns := attributes.Columns(d.Selection)
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "@relation tickle\n")
	for _, id := range columns {
		fmt.Fprintf(out, "@attribute %s ", attributes.Quote(attributes.Name(d.Matrix, id)))
		if _, number := id.Number(); number {
			fmt.Fprintf(out, "numeric\n")
			continue
		}
		for code := range d.Values(int(id)) {
			fmt.Fprintf(out, "%c%s", "{,"[min(code, 1)], attributes.Value(d.Matrix, id, datasets.Code(code)))
		}
		fmt.Fprintf(out, "}\n")
	}
	fmt.Fprintf(out, "@attribute class ")
	for c, name := range d.Classes {
		fmt.Fprintf(out, "%c%s", "{,"[min(c, 1)], attributes.Quote(name))
	}
	fmt.Fprintf(out, "}\n@data\n")
	for _, r := range rows {
		for _, id := range columns {
			if n, number := id.Number(); !number {
				fmt.Fprintf(out, "%s,", attributes.Value(d.Matrix, id, attributes.Code(d.Matrix, id, r)))
			} else if v := d.Matrix.Numbers[n].Cells[r]; math.IsNaN(v) {
				fmt.Fprintf(out, "?,")
			} else {
				fmt.Fprintf(out, "%v,", v)
			}
		}
		fmt.Fprintf(out, "%s\n", attributes.Quote(d.Classes[d.Labels[r]]))
	}
	return out.Flush()
}
