package nmap4

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"tickle/datasets"
	"tickle/nearest"
)

// TableFormat is the name of nmap-os-db among the formats of tables.
const TableFormat = "nmap-os-db"

// TableLabels are what a reference's class can be labelled by.
var TableLabels = []string{"vendor", "family", "generation", "type"}

// TableOptions say how a database becomes a data set.
type TableOptions struct {
	// Labels are one to three of TableLabels from coarse to fine; nil: vendor,
	// family, generation. A label names those above it.
	Labels []string
	Draws  int // rows of each reference; 0: one
	Seed   uint64
	// AnyClass keeps references with several classes that differ in the labels:
	// the first one's are theirs, and the others' are as true (TableMeta.Also).
	AnyClass bool
}

// Table makes rows of the references: each is a subject drawn from it
// (Reference.Draw), several with Draws. Rows of references with the same tests
// are one group. References with several classes that differ in the labels
// asked for are left out and counted, unless o.AnyClass, as are those with none:
// no label is true of them. A column is an attribute of a test, as SEQ.TI; SP, ISR, GCD, T
// and TG are numbers, all else is nominal. What a reference does not have is
// missing.
func (d *Database) Table(o TableOptions) (*datasets.Imported, error) {
	if o.Labels == nil {
		o.Labels = TableLabels[:datasets.Levels]
	}
	if len(o.Labels) > datasets.Levels {
		return nil, fmt.Errorf("%d labels: want at most %d of %s", len(o.Labels), datasets.Levels, strings.Join(TableLabels, ", "))
	}
	for _, l := range o.Labels {
		if !slices.Contains(TableLabels, l) {
			best, _ := nearest.Name(l, TableLabels)
			return nil, fmt.Errorf("label %q: want one of %s; the nearest is %q", l, strings.Join(TableLabels, ", "), best)
		}
	}
	drawn := &datasets.Drawn{Seed: o.Seed, Draws: max(1, o.Draws)}
	t := &datasets.Imported{Meta: datasets.TableMeta{Format: TableFormat, ID: "reference", Group: "tests", Labels: o.Labels, Drawn: drawn}}
	b := &tableBuilder{columns: make([]tableColumn, numSlots)}
	groups := make(map[string]string)
	for i := range d.References {
		r := &d.References[i]
		labels := labelsOf(r, o.Labels)
		if len(labels) == 0 || len(labels) > 1 && !o.AnyClass {
			drawn.LeftOut++
			continue
		}
		group := groupOf(r, groups)
		for draw := range drawn.Draws {
			rng := rand.New(rand.NewPCG(o.Seed, uint64(i)<<20|uint64(draw)))
			name := rowName(r, draw, drawn.Draws)
			if len(labels) > 1 {
				if t.Meta.Also == nil {
					t.Meta.Also = make(map[string][][]string)
				}
				t.Meta.Also[name] = labels[1:]
			}
			t.Rows = append(t.Rows, datasets.Machine{Name: name, Group: group, Stack: r.Name, Labels: datasets.GivenLabels(labels[0]...)})
			b.add(r.Draw(rng))
		}
	}
	t.Columns = b.finish()
	return t, nil
}

// rowName names a row: the reference's line is in it (see lineOf).
func rowName(r *Reference, draw, draws int) string {
	if draws > 1 {
		return fmt.Sprintf("%d.%d %s", r.Line, draw+1, r.Name)
	}
	return fmt.Sprintf("%d %s", r.Line, r.Name)
}

// lineOf reads the line of a reference, and its name, from a row's name.
func lineOf(row string) (line int, name string, ok bool) {
	number, name, _ := strings.Cut(row, " ")
	number, _, _ = strings.Cut(number, ".")
	line, err := strconv.Atoi(number)
	return line, name, err == nil
}

// labelsOf gives the labels of r's classes, each once, in the order of the
// classes; those without the coarsest have none.
func labelsOf(r *Reference, chosen []string) (labels [][]string) {
	for i := range r.Classes {
		var parts, of []string
		for _, name := range chosen {
			part := map[string]string{"vendor": r.Classes[i].Vendor, "family": r.Classes[i].Family, "generation": r.Classes[i].Generation, "type": r.Classes[i].Type}[name]
			if part != "" && (len(parts) == 0 || part != parts[len(parts)-1]) { // "Linux", not "Linux Linux"
				parts = append(parts, part)
			}
			of = append(of, strings.Join(parts, " "))
		}
		same := func(have []string) bool { return slices.Equal(have, of) }
		if len(of) > 0 && of[0] != "" && !slices.ContainsFunc(labels, same) {
			labels = append(labels, of)
		}
	}
	return labels
}

// groupOf names the group of r by the first reference that has its tests.
func groupOf(r *Reference, groups map[string]string) string {
	var b strings.Builder
	for i := range r.Tests {
		r.Tests[i].write(&b)
	}
	key := b.String()
	if groups[key] == "" {
		groups[key] = fmt.Sprintf("line %d", r.Line)
	}
	return groups[key]
}

// tableBuilder makes columns of subjects.
type tableBuilder struct {
	rows    int
	columns []tableColumn // by slot
}

type tableColumn struct {
	codes  []datasets.Code
	values []string
	at     map[string]datasets.Code
}

func (b *tableBuilder) add(f *Fingerprint) {
	b.rows++
	for i := range f.Tests {
		at, ok := testAt[f.Tests[i].Name]
		if !ok {
			continue
		}
		for _, a := range f.Tests[i].Attrs {
			c := &b.columns[slotAt[at][a.Name]]
			code, ok := c.at[a.Value]
			if !ok {
				if c.at == nil {
					c.at = make(map[string]datasets.Code)
				}
				code = datasets.Code(len(c.values))
				c.at[a.Value], c.values = code, append(c.values, a.Value)
			}
			c.fill(b.rows - 1)
			c.codes = append(c.codes, code)
		}
	}
}

// fill makes the cells of rows that the column was not met in.
func (c *tableColumn) fill(rows int) {
	for len(c.codes) < rows {
		c.codes = append(c.codes, datasets.Missing)
	}
}

// quantities are the attributes that are numbers with a distance.
var quantities = map[string]bool{"SP": true, "ISR": true, "GCD": true, "T": true, "TG": true}

// finish gives the columns that some row has.
func (b *tableBuilder) finish() []datasets.ImportedColumn {
	var columns []datasets.ImportedColumn
	for i, t := range layout {
		for _, attr := range t.attrs {
			c := &b.columns[slotAt[i][attr]]
			if len(c.values) == 0 {
				continue
			}
			c.fill(b.rows)
			column := datasets.ImportedColumn{Name: t.test + "." + attr, Codes: c.codes, Values: c.values}
			if numbers, ok := c.numbers(); ok && quantities[attr] {
				column = datasets.ImportedColumn{Name: column.Name, Numbers: numbers}
			}
			columns = append(columns, column)
		}
	}
	return columns
}

// numbers reads the column's values, if all are numbers.
func (c *tableColumn) numbers() ([]float64, bool) {
	values := make([]float64, len(c.values))
	for i, v := range c.values {
		if !isHex(v) {
			return nil, false
		}
		values[i] = float64(hexValue(v))
	}
	cells := make([]float64, len(c.codes))
	for i, code := range c.codes {
		cells[i] = math.NaN()
		if code != datasets.Missing {
			cells[i] = values[code]
		}
	}
	return cells, true
}

// RowsOfTable makes, of a data set that came of db by Table, what a Learner
// needs: each row's reference, and its cells as the subject. A row that names
// no reference of db is an error.
func RowsOfTable(m *datasets.Matrix, db *Database) (*Rows, error) {
	byLine := make(map[int]*Reference, len(db.References))
	for i := range db.References {
		byLine[db.References[i].Line] = &db.References[i]
	}
	references := make([]*Reference, m.Rows())
	for i := range references {
		line, name, ok := lineOf(m.Machines[i].Name)
		r := byLine[line]
		if !ok || r == nil || r.Name != name {
			return nil, fmt.Errorf("%s: row %q: no such reference", db.name, clip(m.Machines[i].Name))
		}
		references[i] = r
	}
	return NewRowsOf(references, subjectsOf(m), db.Points)
}

// subjectsOf reads the cells of rows back.
func subjectsOf(m *datasets.Matrix) []*Fingerprint {
	cells := make([]map[string]string, m.Rows())
	for i := range cells {
		cells[i] = make(map[string]string)
	}
	for c, name := range m.Names {
		codes := m.Codes(m.Part[c])
		for row := range cells {
			if codes[row] != datasets.Missing {
				cells[row][name] = m.Text(c, codes[row])
			}
		}
	}
	for _, n := range m.Numbers {
		for row, v := range n.Cells {
			if !math.IsNaN(v) {
				cells[row][n.Name] = fmt.Sprintf("%X", uint64(v))
			}
		}
	}
	subjects := make([]*Fingerprint, len(cells))
	for row := range subjects {
		subjects[row] = subjectOf(cells[row])
	}
	return subjects
}

// subjectOf makes a subject of cells by the names of their columns.
func subjectOf(cells map[string]string) *Fingerprint {
	f := &Fingerprint{}
	for _, t := range layout {
		test := Test{Name: t.test}
		for _, attr := range t.attrs {
			if v, ok := cells[t.test+"."+attr]; ok {
				test.Attrs = append(test.Attrs, Attr{attr, v})
			}
		}
		if test.Attrs != nil {
			f.Tests = append(f.Tests, test)
		}
	}
	return f
}
