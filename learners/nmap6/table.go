package nmap6

import (
	"fmt"
	"math"

	"tickle/datasets"
)

// FromMatrix gives the vectors that a data set's numeric columns hold, by
// their names, with the labels of one level. A matrix without columns that are
// features is an error.
func FromMatrix(m *datasets.Matrix, h datasets.Hierarchy, level int) ([]LabelledVector, error) {
	columns := make(map[int][]float64)
	for i := range m.Numbers {
		if f, ok := featureIndex[m.Numbers[i].Name]; ok {
			columns[f] = m.Numbers[i].Cells
		}
	}
	if len(columns) == 0 {
		return nil, fmt.Errorf("the data set has no columns of vectors: want numeric ones named as S1.PLEN")
	}
	rows := make([]LabelledVector, m.Rows())
	for r := range rows {
		machine := &m.Machines[r]
		rows[r].ID, rows[r].Label = machine.Name, machine.Labels.At(h, level)
		for f := range rows[r].Vector {
			rows[r].Vector[f] = Missing
			if cells := columns[f]; cells != nil && !math.IsNaN(cells[r]) {
				rows[r].Vector[f] = cells[r]
			}
		}
	}
	return rows, nil
}

// Columns gives vectors as columns of a table; what is missing is NaN.
func Columns(rows []LabelledVector) []datasets.ImportedColumn {
	columns := make([]datasets.ImportedColumn, NumFeatures)
	for f := range columns {
		c := datasets.ImportedColumn{Name: Features[f], Numbers: make([]float64, len(rows))}
		for r := range rows {
			if c.Numbers[r] = rows[r].Vector[f]; c.Numbers[r] == Missing {
				c.Numbers[r] = math.NaN()
			}
		}
		columns[f] = c
	}
	return columns
}

// originFactor is the factor of a row of a data set that says where a
// recovered row comes from.
const originFactor = "origin"

// Table gives the rows of a recovery as a table whose labels are family and
// class. Each row's factor "origin" says how far it is real.
func (r *Recovery) Table() *datasets.Imported {
	t := &datasets.Imported{Meta: datasets.TableMeta{Format: "nmap6", Labels: []string{"family", "class"}}}
	vectors := make([]LabelledVector, len(r.Rows))
	for i := range r.Rows {
		row := &r.Rows[i]
		vectors[i] = row.LabelledVector
		t.Rows = append(t.Rows, datasets.Machine{Name: row.ID, Group: row.ID, Backend: "nmap6", Stack: row.Family,
			Labels: datasets.GivenLabels(row.Family, row.Label), Modelled: row.Origin == Resampled, Factors: map[string]string{originFactor: string(row.Origin)}})
	}
	t.Columns = Columns(vectors)
	return t
}

// OriginOf gives what a row of a data set says of its origin; "" for a row of
// a scan.
func OriginOf(m *datasets.Machine) Origin { return Origin(m.Factors[originFactor]) }
