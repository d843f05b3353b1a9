package bayes

import (
	"fmt"
	"strings"
)

// Described is a model as programs read it. What it says of nominal columns
// are counts of its training rows.
type Described struct {
	Classes        []Class  `json:"classes"`
	NominalColumns int      `json:"nominal_columns"`
	Numbers        []Normal `json:"numbers"`
}

// Class is a class with its training rows and its share as Laplace corrects it.
type Class struct {
	Class string  `json:"class"`
	Rows  int     `json:"rows"`
	Share float64 `json:"share"`
}

// Normal is a column of numbers: a normal distribution a class, in the classes'
// order, of cells rounded to the precision.
type Normal struct {
	Column    string    `json:"column"`
	Precision float64   `json:"precision"`
	Mean      []float64 `json:"mean"`
	Deviation []float64 `json:"deviation"`
}

// Describe gives the classes and the distributions of numbers; the argument,
// how many of a list to give, means nothing here.
func (m *model) Describe(int) any {
	d := Described{NominalColumns: m.data.D, Numbers: []Normal{}}
	for c, n := range m.train.Counts() {
		share := float64(n+1) / float64(len(m.trained)+len(m.byClass))
		d.Classes = append(d.Classes, Class{m.train.Classes[c], n, share})
	}
	for i, n := range m.normals {
		d.Numbers = append(d.Numbers, Normal{m.data.Matrix.Numbers[m.data.Numbers[i]].Name, n.precision, n.mean, n.deviation})
	}
	return d
}

// Text writes what Describe gives.
func (m *model) Text() string {
	d := m.Describe(0).(Described)
	var b strings.Builder
	fmt.Fprintf(&b, "%d rows, %d nominal columns\n", len(m.trained), d.NominalColumns)
	for _, c := range d.Classes {
		fmt.Fprintf(&b, "%s\t%d\t%.4g\n", c.Class, c.Rows, c.Share)
	}
	for _, n := range d.Numbers {
		fmt.Fprintf(&b, "%s (to %.4g):", n.Column, n.Precision)
		for c := range n.Mean {
			fmt.Fprintf(&b, " %s %.4g±%.4g", d.Classes[c].Class, n.Mean[c], n.Deviation[c])
		}
		b.WriteByte('\n')
	}
	return b.String()
}
