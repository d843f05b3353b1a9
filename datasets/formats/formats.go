// Package formats writes data sets as tables that other programs read: a row
// a machine, a column a feature, every cell spelled out. A data set is small
// because columns that group the machines alike share their codes; a table is
// not, so that a writer streams, and declines what would fill a disk unless
// told to go on.
package formats

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"tickle/datasets"
)

// Options say what a table holds. The zero value is every feature, up to
// DefaultMaxCells cells.
type Options struct {
	Fields   datasets.FieldSet // empty: Prone
	MaxCells int               // a larger table is refused; 0: DefaultMaxCells, negative: none is
}

// DefaultMaxCells is some 500 MB of CSV, at about five bytes a cell.
const DefaultMaxCells = 100_000_000

// Format is a way of writing a table.
type Format struct {
	Name   string // as in flags, and the usual extension of files
	Export func(w io.Writer, d *datasets.Dataset, opt Options) error
}

// All lists the formats in the order in which help shows them.
var All = []Format{
	{"csv", ExportCSV},
	{"parquet", ExportParquet},
}

// ByName finds a format.
func ByName(name string) (Format, error) {
	if i := slices.IndexFunc(All, func(f Format) bool { return f.Name == name }); i >= 0 {
		return All[i], nil
	}
	names := make([]string, len(All))
	for i, f := range All {
		names[i] = f.Name
	}
	return Format{}, fmt.Errorf("format %q: want one of %s", name, strings.Join(names, ", "))
}

// leading are the columns before the features, all of them texts.
var leading = []struct {
	name string
	of   func(m *datasets.Machine) string
}{
	{"id", func(m *datasets.Machine) string { return m.Name }},
	{"group", func(m *datasets.Machine) string { return m.Group }},
	{"kernel0", func(m *datasets.Machine) string { return m.Labels.Kernel[0] }},
	{"kernel1", func(m *datasets.Machine) string { return m.Labels.Kernel[1] }},
	{"kernel2", func(m *datasets.Machine) string { return m.Labels.Kernel[2] }},
	{"distribution0", func(m *datasets.Machine) string { return m.Labels.Distribution[0] }},
	{"distribution1", func(m *datasets.Machine) string { return m.Labels.Distribution[1] }},
	{"distribution2", func(m *datasets.Machine) string { return m.Labels.Distribution[2] }},
}

// columns gives the features of a table, in order, or says why there are too
// many of them. limit is the most columns that the format can have; 0: any
// number.
func columns(d *datasets.Dataset, opt Options, limit int) ([]int, error) {
	fields := opt.Fields
	if fields == "" {
		fields = datasets.Prone
	}
	in, err := d.Fields(fields)
	if err != nil {
		return nil, err
	}
	var out []int
	for c, column := range d.Matrix.Columns {
		if in[column.Field] {
			out = append(out, c)
		}
	}
	if limit > 0 && len(out) > limit {
		return nil, fmt.Errorf("%d columns: this format has at most %d; choose fewer probes or fields", len(out), limit)
	}
	most := opt.MaxCells
	if most == 0 {
		most = DefaultMaxCells
	}
	if cells := len(out) * d.Matrix.Rows(); most > 0 && cells > most {
		return nil, fmt.Errorf("%d machines × %d features are %d cells, more than %d: choose fewer probes or fields, or allow more cells",
			d.Matrix.Rows(), len(out), cells, most)
	}
	return out, nil
}
