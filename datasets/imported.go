package datasets

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// MaxRows is the most rows that a matrix has.
const MaxRows = math.MaxUint16

// Imported is a table that was not made of answers to probes. FromTable turns
// it into a data set.
type Imported struct {
	Rows    []Machine // names must differ
	Columns []ImportedColumn
	Meta    TableMeta
}

// ImportedColumn is a column of texts or, when Numbers is not nil, of numbers.
type ImportedColumn struct {
	Name    string
	Codes   []Code    // one a row: indices into Values, in any order, or Missing
	Values  []string  // distinct; those that no row has are left out of the data set
	Numbers []float64 // one a row; NaN is missing, infinity an error
}

// TableMeta says what a data set knows of the table that it was made of.
type TableMeta struct {
	Format string `json:"format"`          // of the file, by its name in package formats
	File   string `json:"file"`            // base name
	SHA256 string `json:"sha256"`          // of the file, hexadecimal
	ID     string `json:"id,omitempty"`    // column that named the rows; empty: they are numbered from 1
	Group  string `json:"group,omitempty"` // column that grouped them; empty: a row is a group
	// Labels are the columns that gave the labels, from coarse to fine: the
	// levels of the one hierarchy Given. Nil: the rows have labels of both
	// hierarchies, as machines do.
	Labels []string `json:"labels,omitempty"`
	// Drawn says how rows were drawn of a file of descriptions; nil: the
	// file had the rows.
	Drawn *Drawn `json:"drawn,omitempty"`
	// Also are, by a row's name, labels as true of it as its own, each from
	// coarse to fine: an answer that names any of them is right.
	Also map[string][][]string `json:"also,omitempty"`
}

// Drawn says how rows were drawn of descriptions, which allow many values of
// a cell.
type Drawn struct {
	Seed    uint64 `json:"seed"`
	Draws   int    `json:"draws"`    // rows of each description
	LeftOut int    `json:"left_out"` // descriptions of which no row was made
}

// Hierarchies lists the hierarchies that the rows have labels of.
func (m *Meta) Hierarchies() []Hierarchy {
	if m.Table != nil && m.Table.Labels != nil {
		return []Hierarchy{Given}
	}
	return Hierarchies[:]
}

// Levels is the number of levels of each hierarchy of the rows.
func (m *Meta) Levels() int {
	if m.Table != nil && m.Table.Labels != nil {
		return len(m.Table.Labels)
	}
	return Levels
}

// GivenLabels makes the labels of a row of a table with one hierarchy, of one
// to three labels from coarse to fine. Levels that it lacks repeat the finest,
// and Distribution is Kernel.
func GivenLabels(coarseToFine ...string) Labels {
	var l Labels
	for level := range l.Kernel {
		l.Kernel[level] = coarseToFine[min(level, len(coarseToFine)-1)]
	}
	l.Distribution = l.Kernel
	return l
}

// FromTable makes a data set of a table. Nominal columns are grouped into
// partitions as those of answers are. It keeps t's rows and numbers.
func FromTable(t *Imported) (*Dataset, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	b := tableBuilder{grouper: NewGrouper(t.Rows), cells: make([]Code, len(t.Rows)), names: []string{}}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Numbers != nil {
			b.numbers = append(b.numbers, NumericColumn{Name: c.Name, Cells: c.Numbers, Before: int32(len(b.names))})
			continue
		}
		if err := b.add(c); err != nil {
			return nil, err
		}
	}
	texts := make([]string, b.texts.Len())
	copy(texts, b.texts.texts)
	m := b.grouper.Matrix(texts)
	m.Names, m.Numbers = b.names, b.numbers
	meta := t.Meta
	modelled := 0
	for i := range t.Rows {
		if t.Rows[i].Modelled {
			modelled++
		}
	}
	d := &Dataset{Matrix: m, Meta: Meta{
		Format: DatasetFormat, Catalogue: CatalogueVersion, Pool: meta.File, PoolHash: meta.SHA256, Modelled: modelled,
		Loss: MaskLoss, Nondet: MaskNondet, Filter: FilterAll, Sources: DefaultSources(), Columns: len(m.Columns), Table: &meta,
	}}
	d.Meta.SHA256 = d.contentHash()
	return d, nil
}

// check holds the table to what a data set can be.
func (t *Imported) check() error {
	switch {
	case len(t.Rows) == 0:
		return errors.New("no rows: want one at least")
	case len(t.Rows) > MaxRows:
		return fmt.Errorf("%d rows: want at most %d", len(t.Rows), MaxRows)
	case len(t.Columns) == 0:
		return errors.New("no columns: want one at least beside labels, groups and ids")
	case len(t.Meta.Labels) > Levels:
		return fmt.Errorf("%d label columns: want at most %d", len(t.Meta.Labels), Levels)
	}
	names := make(map[string]bool, len(t.Rows))
	for i := range t.Rows {
		if name := t.Rows[i].Name; names[name] {
			return fmt.Errorf("two rows have the id %q", name)
		} else {
			names[name] = true
		}
	}
	columns := make(map[string]bool, len(t.Columns))
	for i := range t.Columns {
		c := &t.Columns[i]
		if columns[c.Name] {
			return fmt.Errorf("two columns have the name %q", c.Name)
		}
		columns[c.Name] = true
		if n := len(c.Codes) + len(c.Numbers); n != len(t.Rows) {
			return fmt.Errorf("column %s: %d cells, want %d", c.Name, n, len(t.Rows))
		}
		if r := slices.IndexFunc(c.Numbers, func(v float64) bool { return math.IsInf(v, 0) }); r >= 0 {
			return fmt.Errorf("column %s, row %d: %v: want a finite number, or none", c.Name, r+1, c.Numbers[r])
		}
	}
	return nil
}

// tableBuilder groups the nominal columns of a table.
type tableBuilder struct {
	grouper *Grouper
	texts   Interner
	names   []string
	numbers []NumericColumn
	cells   []Code
	renamed []Code // by the column's own code; Missing: not met yet
	values  []Value
}

// add groups a column, its codes numbered by first appearance.
func (b *tableBuilder) add(c *ImportedColumn) error {
	b.values, b.renamed = b.values[:0], b.renamed[:0]
	for range c.Values {
		b.renamed = append(b.renamed, Missing)
	}
	for r, code := range c.Codes {
		if code == Missing {
			b.cells[r] = Missing
			continue
		}
		if int(code) >= len(c.Values) {
			return fmt.Errorf("column %s, row %d: code %d of %d values", c.Name, r+1, code, len(c.Values))
		}
		if b.renamed[code] == Missing {
			b.renamed[code] = Code(len(b.values))
			b.values = append(b.values, Value{State: Present, Number: b.texts.ID([]byte(c.Values[code]))})
		}
		b.cells[r] = b.renamed[code]
	}
	b.grouper.Add(Column{Probe: int32(len(b.names))}, b.cells, b.values)
	b.names = append(b.names, c.Name)
	return nil
}
