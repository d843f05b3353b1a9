package formats

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"tickle/datasets"
)

// view is a data set as the columns of a table: ids, groups and labels, then
// the features; or the features, then the one label that was asked for.
type view struct {
	*datasets.Matrix
	columns []tableColumn
	label   *tableColumn // the one that stands last; nil: none was asked for
}

// tableColumn is a column of a view. One of row, numbers and, where both are
// nil, nominal says what it holds.
type tableColumn struct {
	name    string
	row     func(m *datasets.Machine) string // what the data set says of its rows beside the cells
	label   bool                             // row gives a label
	id      bool                             // row gives a name
	group   bool                             // row gives a group
	numbers []float64
	nominal int // column of the matrix
}

// newView lays a data set out, or says why it is too large. limit is the most
// columns that the format can have; 0: any number.
func newView(d *datasets.Dataset, o Options, limit int) (*view, error) {
	v := &view{Matrix: d.Matrix}
	rows := rowColumns(&d.Meta)
	if o.Label == "" {
		v.columns = rows
	}
	before := len(v.columns)
	fields := o.Fields
	if fields == "" {
		fields = datasets.Prone
	}
	if err := v.add(d, fields); err != nil {
		return nil, err
	}
	features := len(v.columns) - before
	if o.Label != "" {
		if err := v.choose(o.Label, rows); err != nil {
			return nil, err
		}
	}
	if all := len(v.columns); limit > 0 && all > limit {
		return nil, fmt.Errorf("%d columns: this format has at most %d; choose fewer probes or fields", all, limit)
	}
	most := o.MaxCells
	if most == 0 {
		most = DefaultMaxCells
	}
	if cells := features * v.Rows(); most > 0 && cells > most {
		return nil, fmt.Errorf("%d machines × %d features are %d cells, more than %d: choose fewer probes or fields, or allow more cells",
			v.Rows(), features, cells, most)
	}
	return v, v.distinct()
}

// choose puts the label of a name last.
func (v *view) choose(name string, rows []tableColumn) error {
	var labels []string
	for i := range rows {
		if rows[i].label && rows[i].name == name {
			v.columns = append(v.columns, rows[i])
			v.label = &v.columns[len(v.columns)-1]
			return nil
		}
		if rows[i].label {
			labels = append(labels, rows[i].name)
		}
	}
	return fmt.Errorf("label %q: want one of %s", name, strings.Join(labels, ", "))
}

// add lists the features of a field set, in the table's order.
func (v *view) add(d *datasets.Dataset, fields datasets.FieldSet) error {
	in, err := d.Fields(fields)
	if err != nil {
		return err
	}
	next := 0
	numbers := func(before int) {
		for ; next < len(v.Numbers) && int(v.Numbers[next].Before) <= before; next++ {
			v.columns = append(v.columns, tableColumn{name: v.Numbers[next].Name, numbers: v.Numbers[next].Cells})
		}
	}
	for c, column := range v.Columns {
		numbers(c)
		if d.Meta.Table != nil || in[column.Field] {
			v.columns = append(v.columns, tableColumn{name: v.Name(c), nominal: c})
		}
	}
	numbers(len(v.Columns))
	return nil
}

// distinct refuses a feature that is named like an id, group or label.
func (v *view) distinct() error {
	taken := make(map[string]bool, len(v.columns))
	for i := range v.columns {
		if name := v.columns[i].name; taken[name] {
			return fmt.Errorf("column %s: an id, group or label has this name too", name)
		}
		taken[v.columns[i].name] = true
	}
	return nil
}

// text spells a cell; known is false for a missing one.
func (v *view) text(c *tableColumn, row int) (s string, known bool) {
	switch {
	case c.row != nil:
		return c.row(&v.Machines[row]), true
	case c.numbers != nil:
		x := c.numbers[row]
		return number(x), !math.IsNaN(x)
	}
	code := v.Codes(v.Part[c.nominal])[row]
	if code == datasets.Missing {
		return "", false
	}
	return v.Matrix.Text(c.nominal, code), true
}

// values lists the values of a column that is not numeric: those of the matrix
// by code, others ascending.
func (v *view) values(c *tableColumn) []string {
	if c.row == nil {
		list := make([]string, len(v.Values(c.nominal)))
		for code := range list {
			list[code] = v.Matrix.Text(c.nominal, datasets.Code(code))
		}
		return list
	}
	all := make([]string, v.Rows())
	for r := range all {
		all[r] = c.row(&v.Machines[r])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// rowColumns lists what a data set says of its rows: of an imported table what
// that said, else all that machines have.
func rowColumns(meta *datasets.Meta) []tableColumn {
	t := meta.Table
	if t == nil || t.Labels == nil {
		list := make([]tableColumn, len(leading))
		for i, l := range leading {
			list[i] = tableColumn{name: l.name, label: l.label, id: i == 0, group: i == 1, row: l.of}
		}
		return list
	}
	var list []tableColumn
	if t.ID != "" {
		list = append(list, tableColumn{name: t.ID, id: true, row: func(m *datasets.Machine) string { return m.Name }})
	}
	if t.Group != "" {
		list = append(list, tableColumn{name: t.Group, group: true, row: func(m *datasets.Machine) string { return m.Group }})
	}
	for level, name := range t.Labels {
		list = append(list, tableColumn{name: name, label: true, row: func(m *datasets.Machine) string { return m.Labels.At(datasets.Given, level) }})
	}
	return list
}

// machineColumn is one of the columns before the features in an export of data
// from machines, all of them texts.
type machineColumn struct {
	name   string
	label  bool
	needed bool // in every row
	of     func(m *datasets.Machine) string
	set    func(m *datasets.Machine, s string) error
}

// leading lists them: id, group, labels, all else.
var leading = []machineColumn{
	plain("id", func(m *datasets.Machine) *string { return &m.Name }),
	plain("group", func(m *datasets.Machine) *string { return &m.Group }),
	labels("kernel", 0, func(l *datasets.Labels) *[datasets.Levels]string { return &l.Kernel }),
	labels("kernel", 1, func(l *datasets.Labels) *[datasets.Levels]string { return &l.Kernel }),
	labels("kernel", 2, func(l *datasets.Labels) *[datasets.Levels]string { return &l.Kernel }),
	labels("distribution", 0, func(l *datasets.Labels) *[datasets.Levels]string { return &l.Distribution }),
	labels("distribution", 1, func(l *datasets.Labels) *[datasets.Levels]string { return &l.Distribution }),
	labels("distribution", 2, func(l *datasets.Labels) *[datasets.Levels]string { return &l.Distribution }),
	optional(plain("backend", func(m *datasets.Machine) *string { return &m.Backend })),
	optional(plain("stack", func(m *datasets.Machine) *string { return &m.Stack })),
	{name: "modelled", needed: true, of: func(m *datasets.Machine) string { return strconv.FormatBool(m.Modelled) }, set: setModelled},
	{name: "factors", of: factorsOf, set: setFactors},
}

func plain(name string, at func(m *datasets.Machine) *string) machineColumn {
	return machineColumn{name: name, needed: true, of: func(m *datasets.Machine) string { return *at(m) },
		set: func(m *datasets.Machine, s string) error { *at(m) = s; return nil }}
}

func labels(hierarchy string, level int, at func(l *datasets.Labels) *[datasets.Levels]string) machineColumn {
	c := plain(hierarchy+strconv.Itoa(level), func(m *datasets.Machine) *string { return &at(&m.Labels)[level] })
	c.label = true
	return c
}

func optional(c machineColumn) machineColumn {
	c.needed = false
	return c
}

func setModelled(m *datasets.Machine, s string) (err error) {
	if s != "true" && s != "false" {
		return fmt.Errorf("want true or false")
	}
	m.Modelled = s == "true"
	return nil
}

// factorsOf writes factors as JSON, with their names in order.
func factorsOf(m *datasets.Machine) string {
	if len(m.Factors) == 0 {
		return ""
	}
	b, err := json.Marshal(m.Factors)
	if err != nil {
		panic("formats: " + err.Error()) // strings always encode
	}
	return string(b)
}

func setFactors(m *datasets.Machine, s string) error {
	if s == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(s), &m.Factors); err != nil {
		return fmt.Errorf("want a JSON object of texts: %w", err)
	}
	return nil
}
