// Package formats reads and writes data sets as tables of other programs: a
// row a machine, a column a feature, every cell spelled out. A data set is
// small because columns that group the machines alike share their codes; a
// table is not, so that a writer streams, and declines what would fill a disk
// unless told to go on.
//
// A table that is read need not come from us: its columns are nominal or
// numeric, and one to three of them are labels (see ImportOptions). What is
// written and read again is the same table: names, order, kinds, missing
// cells, ids, groups and labels.
//
// Formats of other packages join by NewRegistry.
package formats

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"tickle/datasets"
	"tickle/nearest"
)

// Format is a kind of file that holds a table.
type Format struct {
	Name string // as in flags, and the usual extension of files
	// Import reads the file at path; nil: the format is only written. An
	// error names the file and, where there is one, line and field. It stops
	// with ctx.
	Import func(ctx context.Context, path string, o ImportOptions) (*datasets.Dataset, error)
	// Takes names the fields of ImportOptions that Import makes something of, or
	// refuses with a reason of its own, as flags name them ("any-class").
	Takes []string
	// Export writes a table; nil: the format is only read.
	Export func(w io.Writer, d *datasets.Dataset, o Options) error
	// Legend writes what the format itself cannot say, to a file that stands
	// beside the table with LegendSuffix behind its name, where Import finds
	// it; nil: the format says all.
	Legend func(w io.Writer, d *datasets.Dataset, o Options) error
}

// LegendSuffix is what the name of a legend has behind that of its table.
const LegendSuffix = ".legend.json"

// ImportOptions say what the columns of a table are. An importer ignores what it
// has no use for (see Format.Takes).
type ImportOptions struct {
	// Labels are one to three label columns from coarse to fine. None: those
	// that an export of ours has ("kernel0" to "distribution2"), with its id,
	// group and what else it says of machines.
	Labels []string
	// Unlabelled says that no column has labels: the rows are for models that
	// are there already. A column with the labels' name is a feature then.
	Unlabelled bool
	Group      string // column of groups, which folds may not split; "": a row is a group
	ID         string // column of unique names; "": rows are numbered from 1
	Drop       []string
	// Nominal are columns to be taken as nominal whatever their cells look
	// like. In CSV any other column is numeric when every cell is a number.
	Nominal []string
	// Missing are cells of CSV that are missing beside the empty ones.
	Missing   []string
	Separator rune // of CSV; 0: a comma
	// Seed and Draws are for formats whose rows are drawn of descriptions: a
	// description gives Draws rows (0: one).
	Seed  uint64
	Draws int
	// AnyClass is for formats whose descriptions may be of several systems that
	// differ in the labels: they are kept, and any of the labels is right.
	AnyClass bool
}

// Options say what an exported table holds. The zero value is every feature,
// up to DefaultMaxCells cells, after ids, groups and labels.
type Options struct {
	Fields datasets.FieldSet // empty: Prone
	// Label, where given, is the column of labels that stands last, and the
	// only one beside the features: what a learner of another program wants.
	Label    string
	MaxCells int // a larger table is refused; 0: DefaultMaxCells, negative: none is
}

// DefaultMaxCells is some 500 MB of CSV, at about five bytes a cell.
const DefaultMaxCells = 100_000_000

// Standard gives the formats of this package, in the order in which help shows
// them.
func Standard() []Format {
	columns := []string{"label", "unlabelled", "group", "id", "drop", "nominal"}
	return []Format{
		{Name: "csv", Import: ImportCSV, Takes: append(slices.Clone(columns), "missing", "separator"), Export: ExportCSV},
		{Name: "arff", Import: ImportARFF, Takes: columns, Export: ExportARFF},
		{Name: "libsvm", Import: ImportLIBSVM, Takes: columns, Export: ExportLIBSVM, Legend: LegendLIBSVM},
		{Name: "parquet", Import: ImportParquet, Takes: columns, Export: ExportParquet},
	}
}

// Registry finds formats by name.
type Registry struct{ list []Format }

// NewRegistry makes a registry; of two formats with one name it panics.
func NewRegistry(list ...Format) *Registry {
	r := &Registry{}
	for _, f := range list {
		if slices.Contains(names(r.list), f.Name) {
			panic("formats: two formats " + f.Name)
		}
		r.list = append(r.list, f)
	}
	return r
}

// Importers lists the names of the formats that can be read.
func (r *Registry) Importers() []string { return names(r.importers()) }

// Exporters lists the names of the formats that can be written.
func (r *Registry) Exporters() []string { return names(r.exporters()) }

// Importer finds a format that can be read.
func (r *Registry) Importer(name string) (Format, error) { return find(name, r.importers()) }

// Exporter finds a format that can be written.
func (r *Registry) Exporter(name string) (Format, error) { return find(name, r.exporters()) }

// Takes lists the options of imports that some format takes, by alphabet.
func (r *Registry) Takes() (options []string) {
	for _, f := range r.importers() {
		options = append(options, f.Takes...)
	}
	slices.Sort(options)
	return slices.Compact(options)
}

// Taking lists the names of the formats that take an option of imports.
func (r *Registry) Taking(option string) []string {
	return names(slices.DeleteFunc(r.importers(), func(f Format) bool { return !slices.Contains(f.Takes, option) }))
}

func (r *Registry) importers() []Format {
	return slices.DeleteFunc(slices.Clone(r.list), func(f Format) bool { return f.Import == nil })
}

func (r *Registry) exporters() []Format {
	return slices.DeleteFunc(slices.Clone(r.list), func(f Format) bool { return f.Export == nil })
}

func names(list []Format) []string {
	out := make([]string, len(list))
	for i, f := range list {
		out[i] = f.Name
	}
	return out
}

func find(name string, list []Format) (Format, error) {
	if i := slices.Index(names(list), name); i >= 0 {
		return list[i], nil
	}
	best, _ := nearest.Name(name, names(list))
	return Format{}, fmt.Errorf("format %q: want one of %s; the nearest is %q", name, strings.Join(names(list), ", "), best)
}
