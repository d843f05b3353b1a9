package formats

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"tickle/datasets"
)

// ImportLIBSVM reads what ExportLIBSVM writes, and any other file of LIBSVM,
// LIBLINEAR or SVMlight: a label, then index:value for what is not zero. With a
// legend beside it, it is the table that was exported; without one, every index
// that some row has is a numeric column named by its number, and labels are
// the texts that stand first. What follows # is a comment; qid and several
// labels a row are refused. The label is where it is, so that of o only Drop is
// read, and Labels must be nil or its name.
func ImportLIBSVM(ctx context.Context, path string, o ImportOptions) (*datasets.Dataset, error) {
	l, err := readLegend(path + LegendSuffix)
	if err != nil {
		return nil, err
	}
	return importFile(path, func(r io.Reader) (*assembly, error) { return readLIBSVM(ctx, r, path, libsvmOptions{o, l}) })
}

// libsvmOptions are options with the legend, where there is one.
type libsvmOptions struct {
	ImportOptions
	legend *legend
}

// readLegend reads a legend; nil when there is none.
func readLegend(path string) (*legend, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	l := &legend{}
	in := json.NewDecoder(bytes.NewReader(b))
	in.DisallowUnknownFields()
	if err := in.Decode(l); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	switch {
	case l.Format != legendFormat:
		return nil, fmt.Errorf("%s: format %q: want %q", path, l.Format, legendFormat)
	case l.Label == "":
		return nil, fmt.Errorf("%s: label: want its name", path)
	case (l.ID == "") != (l.IDs == nil) || (l.Group == "") != (l.Groups == nil):
		return nil, fmt.Errorf("%s: id, group: want the name of a column with its texts, or neither", path)
	}
	return l, nil
}

// sparseRow is a line: the texts of its values by index.
type sparseRow struct {
	label string
	at    []int64
	value []string
	line  int
}

func readLIBSVM(ctx context.Context, r io.Reader, path string, o libsvmOptions) (*assembly, error) {
	rows, err := sparseRows(ctx, r, path)
	if err != nil {
		return nil, err
	}
	name := "label"
	if o.legend != nil {
		name = o.legend.Label
	}
	if o.Labels != nil && !slices.Equal(o.Labels, []string{name}) {
		return nil, fmt.Errorf("%s: --label %s: the label stands first in each line and is called %s", path, strings.Join(o.Labels, ", "), name)
	}
	if o.Group != "" || o.ID != "" || len(o.Nominal) > 0 {
		return nil, fmt.Errorf("%s: --group, --id, --nominal: libsvm has numbers alone", path)
	}
	o.Labels = []string{name}
	if o.legend == nil {
		return bareTable(rows, path, o.ImportOptions)
	}
	return legendTable(rows, path, o)
}

// sparseRows reads the lines.
func sparseRows(ctx context.Context, r io.Reader, path string) (rows []sparseRow, err error) {
	in := bufio.NewReaderSize(r, 1<<16)
	for line := 1; ; line++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		text, err := in.ReadString('\n')
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if text == "" {
			return rows, nil
		}
		if !utf8.ValidString(text) {
			return nil, fmt.Errorf("%s:%d: want UTF-8, not %q", path, line, cut(text))
		}
		text, _, _ = strings.Cut(text, "#")
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		row, err := sparseRowOf(words)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, line, err)
		}
		row.line = line
		if rows = append(rows, row); len(rows) > datasets.MaxRows {
			return nil, fmt.Errorf("%s:%d: more rows than %d", path, line, datasets.MaxRows)
		}
	}
}

func sparseRowOf(words []string) (row sparseRow, err error) {
	row.label = strings.Clone(words[0])
	if strings.ContainsAny(row.label, ":,") {
		return row, fmt.Errorf("%q: want one label", cut(row.label))
	}
	for _, word := range words[1:] {
		index, value, found := strings.Cut(word, ":")
		if index == "qid" {
			return row, fmt.Errorf("%s: rankings are not supported", cut(word))
		}
		at, err := strconv.ParseInt(index, 10, 32)
		if err != nil || at < 0 || !found {
			return row, fmt.Errorf("%q: want index:value", cut(word))
		}
		if n := len(row.at); n > 0 && at <= row.at[n-1] {
			return row, fmt.Errorf("index %d after %d: want them ascending", at, row.at[n-1])
		}
		if _, ok := parseNumber(value); !ok {
			return row, fmt.Errorf("index %d: %q: want a number", at, cut(value))
		}
		row.at, row.value = append(row.at, at), append(row.value, strings.Clone(value))
	}
	return row, nil
}

// bareTable makes a numeric column of every index.
func bareTable(rows []sparseRow, path string, o ImportOptions) (*assembly, error) {
	var indices []int64
	for i := range rows {
		indices = append(indices, rows[i].at...)
		if len(indices) > 1<<20 {
			slices.Sort(indices)
			indices = slices.Compact(indices)
		}
	}
	slices.Sort(indices)
	indices = slices.Compact(indices)
	if len(indices)*len(rows) > maxSparseCells {
		return nil, fmt.Errorf("%s: %d rows × %d indices are more than %d cells", path, len(rows), len(indices), maxSparseCells)
	}
	names := []string{"label"}
	for _, at := range indices {
		names = append(names, strconv.FormatInt(at, 10))
	}
	a, err := newAssembly(path, "libsvm", names, o)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		row := &rows[i]
		if err := cmp.Or(a.addRow(row.line), a.columns[0].add(row.label)); err != nil {
			return nil, err
		}
		next := 0
		for k, c := range a.columns[1:] {
			c.declared = true
			value := "0"
			if next < len(row.at) && row.at[next] == indices[k] {
				value = row.value[next]
				next++
			}
			if err := c.add(value); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", path, row.line, err)
			}
		}
	}
	return a, nil
}

// legendTable makes the table that was exported.
func legendTable(rows []sparseRow, path string, o libsvmOptions) (*assembly, error) {
	l := o.legend
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%s: %w; the legend %s%s does not fit", path, fmt.Errorf(format, args...), path, LegendSuffix)
	}
	o.ID, o.Group = l.ID, l.Group
	var names []string
	for i := range l.Columns {
		names = append(names, l.Columns[i].Name)
	}
	lead := [][]string{}
	for _, c := range []struct {
		name  string
		texts []string
	}{{l.ID, l.IDs}, {l.Group, l.Groups}} {
		if c.name == "" {
			continue
		}
		if len(c.texts) != len(rows) {
			return nil, bad("%d rows and %d of %s", len(rows), len(c.texts), c.name)
		}
		names, lead = append(names, c.name), append(lead, c.texts)
	}
	if len(names)*len(rows) > maxSparseCells {
		return nil, bad("%d rows × %d columns are more than %d cells", len(rows), len(names), maxSparseCells)
	}
	a, err := newAssembly(path, "libsvm", append(names, l.Label), o.ImportOptions)
	if err != nil {
		return nil, err
	}
	for i, c := range l.Columns {
		a.columns[i].declared, a.columns[i].forced = c.Number, !c.Number
	}
	for r := range rows {
		class, err := strconv.Atoi(rows[r].label)
		if err != nil || class < 1 || class > len(l.Classes) {
			return nil, bad("line %d: class %q of %d", rows[r].line, cut(rows[r].label), len(l.Classes))
		}
		if err := cmp.Or(a.addRow(rows[r].line), a.columns[len(names)].add(l.Classes[class-1])); err != nil {
			return nil, err
		}
		for i, texts := range lead {
			if err := a.columns[len(l.Columns)+i].add(texts[r]); err != nil {
				return nil, err
			}
		}
		if err := l.cells(&rows[r], a.columns); err != nil {
			return nil, bad("line %d: %w", rows[r].line, err)
		}
	}
	return a, nil
}

// cells adds the cells of a row to the legend's columns.
func (l *legend) cells(row *sparseRow, columns []*column) error {
	index, next := int64(1), 0
	for i := range l.Columns {
		c := &l.Columns[i]
		width := int64(len(c.Values))
		if c.Number {
			width = 1
		}
		first := next
		for next < len(row.at) && row.at[next] < index+width {
			next++
		}
		var err error
		switch found := next - first; {
		case c.Number && found == 0:
			err = columns[i].add("0")
		case c.Number:
			err = columns[i].add(row.value[first])
		case found == 0:
			columns[i].miss()
		case found > 1 || row.value[first] != "1" || row.at[first] < index:
			err = fmt.Errorf("column %s: want at most one index, with value 1", c.Name)
		default:
			err = columns[i].add(c.Values[row.at[first]-index])
		}
		if err != nil {
			return err
		}
		index += width
	}
	if next < len(row.at) {
		return fmt.Errorf("index %d: want at most %d", row.at[next], index-1)
	}
	return nil
}
