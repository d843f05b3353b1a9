package novelty

import (
	"fmt"

	"tickle/learners"
)

// Described is a measure as programs read it: it keeps its training rows.
type Described struct {
	Rows           int            `json:"rows"`
	Neighbours     int            `json:"neighbours,omitempty"`
	NominalColumns int            `json:"nominal_columns"`
	NumericColumns int            `json:"numeric_columns"`
	Classes        map[string]int `json:"classes"` // training rows of each
}

func describe(t *learners.Train) Described {
	d := Described{Rows: len(t.Rows), NominalColumns: t.Data.D, NumericColumns: len(t.Data.Numbers), Classes: make(map[string]int)}
	for c, n := range t.Counts() {
		d.Classes[t.Classes[c]] = n
	}
	return d
}

func (d *Described) text(t *learners.Train) string {
	return fmt.Sprintf("%d rows, %d nominal and %d numeric columns\n%s", d.Rows, d.NominalColumns, d.NumericColumns, t.CountsText())
}

// Describe says what the measure is over.
func (m *lofModel) Describe(int) any {
	d := describe(m.train)
	d.Neighbours = m.k
	return d
}

// Text writes what Describe says.
func (m *lofModel) Text() string {
	d := describe(m.train)
	return fmt.Sprintf("%d neighbours among ", m.k) + d.text(m.train)
}

// Describe says what the measure is over.
func (m *distances) Describe(int) any { return describe(m.train) }

// Text writes what Describe says.
func (m *distances) Text() string {
	d := describe(m.train)
	return d.text(m.train)
}
