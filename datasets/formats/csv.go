package formats

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"tickle/datasets"
)

// ExportCSV writes a table as RFC 4180 has it, with a header: ids, groups and
// labels, then the features, named as "p12.tcp.window". A missing cell is
// empty, an empty text is "" in quotes; an absent field is "absent", and one
// that varied, where that is a category, "nondet". Numbers have all digits.
func ExportCSV(w io.Writer, d *datasets.Dataset, o Options) error {
	v, err := newView(d, o, 0)
	if err != nil {
		return err
	}
	out := &csvWriter{w: bufio.NewWriterSize(w, 1<<16)}
	for i := range v.columns {
		out.text(v.columns[i].name)
	}
	if err := out.endRow(); err != nil {
		return err
	}
	for r := range v.Machines {
		for i := range v.columns {
			if s, known := v.text(&v.columns[i], r); known {
				out.text(s)
			} else {
				out.cell("")
			}
		}
		if err := out.endRow(); err != nil {
			return err
		}
	}
	return out.w.Flush()
}

// csvWriter writes cells; encoding/csv has no way to tell an empty text from
// nothing.
type csvWriter struct {
	w     *bufio.Writer
	began bool // the row
}

// text writes a text, in quotes where it needs them.
func (c *csvWriter) text(s string) {
	if s == "" || strings.ContainsAny(s, "\",\r\n") || s[0] == ' ' || s[len(s)-1] == ' ' {
		s = `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	c.cell(s)
}

// cell writes a cell as it is. The buffer keeps its first error.
func (c *csvWriter) cell(s string) {
	if c.began {
		_ = c.w.WriteByte(',')
	}
	c.began = true
	_, _ = c.w.WriteString(s)
}

func (c *csvWriter) endRow() error {
	c.began = false
	return c.w.WriteByte('\n')
}

// ImportCSV reads what ExportCSV writes, and any other table of RFC 4180 with a
// header. A column is numeric when every cell that is not missing is a number,
// unless o.Nominal names it or data from machines was exported; one without any
// value is nominal. A cell is missing when it is empty, without
// quotes, or one of o.Missing.
func ImportCSV(ctx context.Context, path string, o ImportOptions) (*datasets.Dataset, error) {
	return importFile(path, func(r io.Reader) (*assembly, error) { return readCSV(ctx, r, path, o) })
}

func readCSV(ctx context.Context, r io.Reader, path string, o ImportOptions) (*assembly, error) {
	in, err := newCSVReader(r, o.Separator)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	header, err := in.record()
	if err == io.EOF {
		return nil, fmt.Errorf("%s: empty: want a header with the names of the columns", path)
	}
	if err != nil {
		return nil, fmt.Errorf("%s:%d: %w", path, in.line, err)
	}
	names := make([]string, len(header))
	for i := range header {
		names[i] = header[i].text
	}
	a, err := newAssembly(path, "csv", names, o)
	if err != nil {
		return nil, err
	}
	for _, c := range a.columns {
		c.forced = c.forced || a.ours // columns of codes, not of numbers
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		record, err := in.record()
		if err == io.EOF {
			return a, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, in.line, err)
		}
		if len(record) != len(names) {
			return nil, fmt.Errorf("%s:%d: %d cells: want %d, as the header has", path, in.started, len(record), len(names))
		}
		if err := a.addRow(in.started); err != nil {
			return nil, err
		}
		for i, c := range a.columns {
			cell := record[i]
			if !cell.quoted && (cell.text == "" || slices.Contains(o.Missing, cell.text)) {
				c.miss()
			} else if err := c.add(cell.text); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", path, in.started, err)
			}
		}
	}
}

// csvCell is a cell; only one without quotes can be missing.
type csvCell struct {
	text   string
	quoted bool
}

// csvReader reads records. It is encoding/csv's, but for two things: it tells
// an empty text in quotes from nothing, and keeps a carriage return in quotes.
type csvReader struct {
	r         *bufio.Reader
	separator string
	line      int // of what was read last
	started   int // line in which the last record began
	cells     []csvCell
}

func newCSVReader(r io.Reader, separator rune) (*csvReader, error) {
	if separator == 0 {
		separator = ','
	}
	if separator == '"' || separator == '\r' || separator == '\n' || separator == utf8.RuneError {
		return nil, fmt.Errorf("separator %q: want another character", separator)
	}
	b := bufio.NewReaderSize(r, 1<<16)
	if mark, _ := b.Peek(3); string(mark) == "\ufeff" {
		_, _ = b.Discard(3) // cannot fail: it was there
	}
	return &csvReader{r: b, separator: string(separator)}, nil
}

// next reads a line without its end; ok is false at the end of the file.
func (c *csvReader) next() (line string, ok bool, err error) {
	line, err = c.r.ReadString('\n')
	if err != nil && err != io.EOF {
		return "", false, err
	}
	if line == "" {
		return "", false, nil
	}
	c.line++
	if !utf8.ValidString(line) {
		return "", false, fmt.Errorf("want UTF-8, not %q", cut(line))
	}
	return strings.TrimSuffix(line, "\n"), true, nil
}

// record reads the cells of the next line that is not empty, and of those
// after it on which a quoted text goes on. They are kept until the next call.
func (c *csvReader) record() ([]csvCell, error) {
	line := ""
	for line == "" || line == "\r" {
		var ok bool
		var err error
		if line, ok, err = c.next(); err != nil {
			return nil, err
		} else if !ok {
			return nil, io.EOF
		}
	}
	c.started, c.cells = c.line, c.cells[:0]
	for more := true; more; {
		var cell csvCell
		var err error
		if strings.HasPrefix(line, `"`) {
			cell.quoted = true
			cell.text, line, err = c.quoted(line[1:])
		} else {
			if cell.text, line = until(line, c.separator); line == "" {
				cell.text = strings.TrimSuffix(cell.text, "\r")
			}
			if strings.Contains(cell.text, `"`) {
				err = fmt.Errorf("column %d: a quote within %q: want the cell in quotes and its quotes doubled", len(c.cells)+1, cut(cell.text))
			}
		}
		if err != nil {
			return nil, err
		}
		c.cells = append(c.cells, cell)
		line, more = strings.CutPrefix(line, c.separator)
	}
	return c.cells, nil
}

// until gives what stands before the first separator and what stands from it on.
func until(s, separator string) (before, rest string) {
	if i := strings.Index(s, separator); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// quoted reads a text whose opening quote has been read, and gives what
// follows the closing one.
func (c *csvReader) quoted(line string) (text, rest string, err error) {
	var b strings.Builder
	for {
		before, after, closed := strings.Cut(line, `"`)
		b.WriteString(before)
		if closed {
			if strings.HasPrefix(after, `"`) {
				b.WriteByte('"')
				line = after[1:]
				continue
			}
			if after == "\r" {
				after = ""
			}
			if after != "" && !strings.HasPrefix(after, c.separator) {
				return "", "", fmt.Errorf("column %d: %q after the closing quote: want %q or the line's end", len(c.cells)+1, cut(after), c.separator)
			}
			return b.String(), after, nil
		}
		next, ok, err := c.next()
		if err != nil {
			return "", "", err
		}
		if !ok {
			return "", "", fmt.Errorf("column %d: the quote that line %d opens is not closed", len(c.cells)+1, c.started)
		}
		b.WriteByte('\n')
		line = next
	}
}

// cut shortens what errors cite.
func cut(s string) string {
	if r := []rune(s); len(r) > 20 {
		return string(r[:20]) + "…"
	}
	return s
}
