package formats

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"

	"tickle/datasets"
	"tickle/nearest"
)

// assembly makes a data set of columns whose cells come row by row.
type assembly struct {
	path    string
	format  string
	options ImportOptions
	columns []*column
	named   map[string]*column
	ours    bool // an export of data from machines
	rows    int
	lines   []int32 // of the rows, for errors; nil: the format has none
}

// role is what a column is for.
type role uint8

const (
	asFeature role = iota
	asNothing
	asLabel
	asGroup
	asID
	asMachine // a column that an export of ours begins with
)

// newAssembly starts a table with the given columns, whose kinds are still
// open.
func newAssembly(path, format string, names []string, o ImportOptions) (*assembly, error) {
	at := make(map[string]*column, len(names))
	a := &assembly{path: path, format: format, options: o, named: at}
	for i, name := range names {
		switch {
		case at[name] != nil:
			return nil, fmt.Errorf("%s: column %d: name %q is taken by another column", path, i+1, name)
		case name == "":
			return nil, fmt.Errorf("%s: column %d: no name", path, i+1)
		}
		c := &column{name: name}
		at[name] = c
		a.columns = append(a.columns, c)
	}
	if err := a.own(at); err != nil {
		return nil, err
	}
	give := func(flag string, r role, columns ...string) error {
		for _, name := range columns {
			c := at[name]
			switch {
			case c == nil:
				best, _ := nearest.Name(name, names)
				return fmt.Errorf("%s: --%s %s: no such column; the nearest is %q", path, flag, name, best)
			case c.role != asFeature:
				return fmt.Errorf("%s: --%s %s: the column is something else already", path, flag, name)
			}
			c.role, c.forced = r, true
		}
		return nil
	}
	err := cmp.Or(give("label", asLabel, a.options.Labels...), give("nominal", asFeature, o.Nominal...), give("drop", asNothing, o.Drop...))
	if a.options.Group != "" && err == nil {
		err = give("group", asGroup, a.options.Group)
	}
	if a.options.ID != "" && err == nil {
		err = give("id", asID, a.options.ID)
	}
	return a, err
}

// own gives the columns of an export of ours their roles where no labels are
// named.
func (a *assembly) own(at map[string]*column) error {
	if len(a.options.Labels) > datasets.Levels {
		return fmt.Errorf("--label: %d columns: want at most %d", len(a.options.Labels), datasets.Levels)
	}
	if a.options.Unlabelled && len(a.options.Labels) > 0 {
		return errors.New("--label with --unlabelled: want one of them")
	}
	if len(a.options.Labels) > 0 || a.options.Unlabelled {
		return nil
	}
	for _, l := range leading {
		if at[l.name] == nil {
			return fmt.Errorf("%s: want --label with the name of the column of labels, or --unlabelled", a.path)
		}
	}
	for _, l := range leading {
		at[l.name].role, at[l.name].forced = asMachine, true
	}
	a.ours = true
	return nil
}

// at names a place in errors.
func (a *assembly) at(row int, c *column) string {
	if a.lines == nil {
		return fmt.Sprintf("%s: row %d, column %s", a.path, row+1, c.name)
	}
	return fmt.Sprintf("%s:%d: column %s", a.path, a.lines[row], c.name)
}

// addRow counts a row, which stands on the given line.
func (a *assembly) addRow(line int) error {
	if a.rows == datasets.MaxRows {
		return fmt.Errorf("%s:%d: more rows than %d", a.path, line, datasets.MaxRows)
	}
	a.rows++
	a.lines = append(a.lines, int32(line))
	return nil
}

// dataset makes the data set, once all rows have come.
func (a *assembly) dataset(sum string) (*datasets.Dataset, error) {
	t := &datasets.Imported{Rows: make([]datasets.Machine, a.rows), Meta: datasets.TableMeta{
		Format: a.format, File: filepath.Base(a.path), SHA256: sum, ID: a.options.ID, Group: a.options.Group, Labels: a.options.Labels,
	}}
	if a.rows == 0 {
		return nil, fmt.Errorf("%s: no rows", a.path)
	}
	if err := a.machines(t.Rows); err != nil {
		return nil, err
	}
	for _, c := range a.columns {
		if c.role != asFeature {
			continue
		}
		if err := a.settle(c); err != nil {
			return nil, err
		}
		if c.numeric() {
			t.Columns = append(t.Columns, datasets.ImportedColumn{Name: c.name, Numbers: c.numbers})
		} else {
			t.Columns = append(t.Columns, datasets.ImportedColumn{Name: c.name, Codes: c.codes, Values: c.values})
		}
	}
	d, err := datasets.FromTable(t)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.path, err)
	}
	return d, nil
}

// settle decides what a column is: one whose cells are all missing is nominal,
// and what is no number among numbers is refused.
func (a *assembly) settle(c *column) error {
	if !c.numeric() && !c.texts && !c.forced {
		return c.turn()
	}
	if c.numeric() && c.odd != "" {
		return fmt.Errorf("%s: %s: want a finite number, or a missing cell", a.at(c.oddRow, c), c.odd)
	}
	return nil
}

// machines names, groups and labels the rows.
func (a *assembly) machines(rows []datasets.Machine) error {
	var labels []*column
	for _, name := range a.options.Labels {
		labels = append(labels, a.named[name])
	}
	id, group := a.named[a.options.ID], a.named[a.options.Group]
	given := make([]string, len(labels))
	for r := range rows {
		m := &rows[r]
		m.Name = strconv.Itoa(r + 1)
		if err := a.text(id, r, &m.Name); err != nil {
			return err
		}
		m.Group = m.Name
		if err := a.text(group, r, &m.Group); err != nil {
			return err
		}
		for level, c := range labels {
			if err := a.text(c, r, &given[level]); err != nil {
				return err
			}
		}
		if len(given) > 0 {
			m.Labels = datasets.GivenLabels(given...)
		} else if a.options.Unlabelled {
			continue
		} else if err := a.machine(m, r); err != nil {
			return err
		}
	}
	if err := a.unique(id, rows); err != nil {
		return err
	}
	return a.tree(labels)
}

// machine reads what an export of ours says of a row.
func (a *assembly) machine(m *datasets.Machine, row int) error {
	for i := range leading {
		l, s := &leading[i], ""
		c := a.named[l.name]
		if err := a.text(c, row, &s); err != nil && l.needed {
			return err
		}
		if err := l.set(m, s); err != nil {
			return fmt.Errorf("%s: %q: %w", a.at(row, c), s, err)
		}
	}
	return nil
}

// text gives a cell of a column that must have one; of no column it leaves s.
func (a *assembly) text(c *column, row int, s *string) error {
	if c == nil {
		return nil
	}
	if c.codes[row] == datasets.Missing || c.values[c.codes[row]] == "" {
		return fmt.Errorf("%s: empty: want a label, group or id in every row", a.at(row, c))
	}
	*s = c.values[c.codes[row]]
	return nil
}

// unique refuses an id that two rows have.
func (a *assembly) unique(id *column, rows []datasets.Machine) error {
	seen := make(map[string]int, len(rows))
	for r := range rows {
		if first, known := seen[rows[r].Name]; known {
			if id == nil {
				id = &column{name: "id"}
			}
			return fmt.Errorf("%s: id %q: row %d has it already", a.at(r, id), rows[r].Name, first+1)
		}
		seen[rows[r].Name] = r
	}
	return nil
}

// tree refuses a label that stands below two.
func (a *assembly) tree(labels []*column) error {
	for level := 1; level < len(labels); level++ {
		coarse, fine := labels[level-1], labels[level]
		above := make(map[datasets.Code]datasets.Code)
		for r, code := range fine.codes {
			if parent, known := above[code]; known && parent != coarse.codes[r] {
				return fmt.Errorf("%s: label %q stands below %q and %q: want one parent, as in \"parent child\"",
					a.at(r, fine), fine.values[code], coarse.values[parent], coarse.values[coarse.codes[r]])
			}
			above[code] = coarse.codes[r]
		}
	}
	return nil
}
