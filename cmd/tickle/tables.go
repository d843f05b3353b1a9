package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"tickle/datasets"
	"tickle/datasets/formats"
)

// tableFormats are the formats of tables that the program has.
func tableFormats() *formats.Registry {
	return formats.NewRegistry(slices.Concat(formats.Standard(), formats.Signatures(), []formats.Format{nmapOSDB()})...)
}

func (p *program) datasetImport() *cobra.Command {
	var format, separator, out string
	var o formats.ImportOptions
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Make a data set of a table, a row an example, from any program",
		Long: `Reads a table and writes it as a data set, on which learners and experiments
run. --label names the column of labels, or, given several times, up to three
columns from coarse to fine. Without it the table must be one that dataset
export wrote. Folds never split a group; without --group each row is one.

The other columns are features, nominal or numeric. In CSV a column of numbers
is numeric unless --nominal names it, and an empty cell is missing. ARFF and
Parquet say what a column is: texts of no fixed set of values, and dates, are
refused unless --nominal, --drop, --label, --group or --id names them.

nmap-os-db is Nmap's database: a row is drawn of each reference's expressions
(--draws, --seed), references with the same tests are a group, and the levels
of labels are vendor, family and generation, or those of vendor, family,
generation and type that --label names. References of several systems that
differ in these are left out, or with --any-class kept: an answer is then
right if it names any of them.

p0f and satori are the signatures of those programs, p0f.fp and the XML file
of TCP: a row a signature.`,
		Example: `  tickle dataset import --format csv iris.csv --label species -o iris
  tickle dataset import --format nmap-os-db /usr/share/nmap/nmap-os-db -o osdb
  tickle dataset import --format p0f /etc/p0f/p0f.fp -o p0f`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if format == "" {
				format = strings.TrimPrefix(filepath.Ext(args[0]), ".")
			}
			if format == "" {
				return fmt.Errorf("%s: the name does not end in a format: want --format, one of %s", args[0], strings.Join(tableFormats().Importers(), ", "))
			}
			f, err := tableFormats().Importer(format)
			if err != nil {
				return fmt.Errorf("--format: %w", err)
			}
			if err := takes(f, c.Flags().Changed); err != nil {
				return err
			}
			if separator == `\t` {
				separator = "\t"
			}
			if o.Separator, _ = utf8.DecodeRuneInString(separator); utf8.RuneCountInString(separator) != 1 {
				return fmt.Errorf("--separator %q: want one character", separator)
			}
			d, err := f.Import(c.Context(), args[0], o)
			if err != nil {
				return err
			}
			if err := d.Write(nil, out); err != nil {
				return err
			}
			if drawn := d.Meta.Table.Drawn; drawn != nil && drawn.LeftOut > 0 {
				p.say("%s: %d left out, whose labels differ within themselves or lack", args[0], drawn.LeftOut)
			}
			p.say("%s: %d rows, %d nominal columns in %d partitions, %d numeric ones", out, d.Matrix.Rows(), len(d.Matrix.Columns), len(d.Matrix.Parts), len(d.Matrix.Numbers))
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&format, "format", "", strings.Join(tableFormats().Importers(), ", ")+"; default: as the file's name ends")
	f.StringArrayVar(&o.Labels, "label", nil, "`COLUMN` of labels; up to three, from coarse to fine")
	f.BoolVar(&o.Unlabelled, "unlabelled", false, "no column has labels: the rows are for tickle predict")
	f.StringVar(&o.Group, "group", "", "`COLUMN` of groups, which folds do not split")
	f.StringVar(&o.ID, "id", "", "`COLUMN` that names the rows")
	f.StringArrayVar(&o.Drop, "drop", nil, "`COLUMN` to leave out; may be repeated")
	f.StringArrayVar(&o.Nominal, "nominal", nil, "`COLUMN` whose cells are names, whatever they look like; may be repeated")
	f.StringArrayVar(&o.Missing, "missing", nil, "CSV: `TEXT` of a cell that is missing, as NA; may be repeated")
	f.StringVar(&separator, "separator", ",", `CSV: what separates cells; \t is a tab`)
	f.IntVar(&o.Draws, "draws", 1, "nmap-os-db: rows of each reference")
	f.Uint64Var(&o.Seed, "seed", 1, "nmap-os-db: the seed of draws")
	f.BoolVar(&o.AnyClass, "any-class", false, "nmap-os-db: keep references of several systems; an answer that names any of them is right")
	f.StringVarP(&out, "output", "o", "", "the data set's `FOLDER`")
	must(c.MarkFlagRequired("output"))
	return c
}

// takes makes sure that a format has a use for every flag of an import that was
// given.
func takes(f formats.Format, given func(flag string) bool) error {
	all := tableFormats()
	for _, flag := range all.Takes() {
		if given(flag) && !slices.Contains(f.Takes, flag) {
			return fmt.Errorf("--%s: format %s has no use for it: want it with %s alone", flag, f.Name, strings.Join(all.Taking(flag), ", "))
		}
	}
	return nil
}

func (p *program) datasetExport() *cobra.Command {
	var format, fields, out string
	var o formats.Options
	var huge bool
	c := &cobra.Command{
		Use:   "export FOLDER",
		Short: "Write a data set as one table, a row a machine, for other programs",
		Long: `Writes the table that dataset import reads. Ids, groups and labels come first,
then the features; with --label the features, then that label alone, which is
what learners of other programs expect.`,
		Example: "  tickle dataset export out/demo/data --format csv -o demo.csv",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := tableFormats().Exporter(format)
			if err != nil {
				return fmt.Errorf("--format: %w", err)
			}
			if o.Fields, err = datasets.ParseFieldSet(fields); err != nil {
				return fmt.Errorf("--fields: %w", err)
			}
			if huge {
				o.MaxCells = -1
			}
			d, err := datasets.Open(args[0])
			if err != nil {
				return err
			}
			if err := p.writeFile(out, func(w io.Writer) error { return f.Export(w, d, o) }); err != nil || f.Legend == nil {
				return err
			}
			if out == "" || out == "-" {
				p.say("%s cannot name columns and classes: with -o FILE they go to FILE%s", format, formats.LegendSuffix)
				return nil
			}
			return p.writeFile(out+formats.LegendSuffix, func(w io.Writer) error { return f.Legend(w, d, o) })
		},
	}
	f := c.Flags()
	f.StringVar(&format, "format", "csv", strings.Join(tableFormats().Exporters(), ", "))
	f.StringVar(&fields, "fields", "prone", "prone (all fields) or vetted (those that depend on the system alone)")
	f.StringVar(&o.Label, "label", "", "the one `LABEL` to write, last, as kernel2")
	f.BoolVar(&huge, "huge", false, "also a table that few programs can read")
	f.StringVarP(&out, "output", "o", "-", "the `FILE`")
	return c
}
