package formats

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"tickle/datasets"
)

// maxSparseCells bounds the table that a file spells out only in part: what a
// dense one takes, its size justifies.
const maxSparseCells = 500_000_000

// ImportARFF reads Weka's ARFF, dense rows and sparse ones. Numeric, real and
// integer attributes are numeric columns, nominal ones nominal; values that no
// row has are forgotten. A string or date attribute is refused unless it is an
// id, group or label, or o.Nominal or o.Drop names it; so are relational
// attributes and weights of rows.
func ImportARFF(ctx context.Context, path string, o ImportOptions) (*datasets.Dataset, error) {
	return importFile(path, func(r io.Reader) (*assembly, error) { return readARFF(ctx, r, path, o) })
}

// arffReader reads a file line by line.
type arffReader struct {
	path string
	r    *bufio.Reader
	line int
	text string // of the line, what is left of it
	a    *assembly
}

func readARFF(ctx context.Context, r io.Reader, path string, o ImportOptions) (*assembly, error) {
	in := &arffReader{path: path, r: bufio.NewReaderSize(r, 1<<16)}
	if err := in.header(o); err != nil {
		return nil, err
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := in.next(); err == io.EOF {
			return in.a, nil
		} else if err != nil {
			return nil, err
		}
		if err := in.a.addRow(in.line); err != nil {
			return nil, err
		}
		read := in.dense
		if strings.HasPrefix(in.text, "{") {
			read = in.sparse
		}
		if err := read(); err != nil {
			return nil, err
		}
	}
}

// fail is an error in the line.
func (in *arffReader) fail(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", in.path, in.line, fmt.Errorf(format, args...))
}

// next reads the next line that is neither empty nor a comment.
func (in *arffReader) next() error {
	for {
		line, err := in.r.ReadString('\n')
		if err != nil && err != io.EOF {
			return fmt.Errorf("%s: %w", in.path, err)
		}
		if line == "" {
			return io.EOF
		}
		in.line++
		if in.line == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if !utf8.ValidString(line) {
			return in.fail("want UTF-8, not %q", cut(line))
		}
		in.text = line
		in.blanks()
		if in.text != "" && in.text[0] != '%' {
			return nil
		}
	}
}

// blanks skips what separates words.
func (in *arffReader) blanks() {
	i := 0
	for i < len(in.text) && in.text[i] <= ' ' {
		i++
	}
	in.text = in.text[i:]
}

// skip skips a character, if it comes next, and the blanks about it.
func (in *arffReader) skip(c byte) bool {
	in.blanks()
	if in.text == "" || in.text[0] != c {
		return false
	}
	in.text = in.text[1:]
	in.blanks()
	return true
}

// ended reports whether nothing is left of the line but a comment.
func (in *arffReader) ended() bool {
	in.blanks()
	return in.text == "" || in.text[0] == '%'
}

// word reads a word or a text in quotes; ok is false where neither comes next.
func (in *arffReader) word() (s string, quoted, ok bool, err error) {
	in.blanks()
	if in.text == "" {
		return "", false, false, nil
	}
	if q := in.text[0]; q == '\'' || q == '"' {
		s, err := in.quoted(q)
		return s, true, err == nil, err
	}
	i := 0
	for i < len(in.text) && in.text[i] > ' ' && strings.IndexByte(`,{}%'"`, in.text[i]) < 0 {
		i++
	}
	if i < len(in.text) && (in.text[i] == '\'' || in.text[i] == '"') {
		return "", false, false, in.fail("a quote within %q: want the whole in quotes", cut(in.text[:i+1]))
	}
	s, in.text = in.text[:i], in.text[i:]
	return s, false, i > 0, nil
}

// quoted reads a text in quotes, in which a backslash stands before characters
// as in Java.
func (in *arffReader) quoted(q byte) (string, error) {
	var b strings.Builder
	for i := 1; i < len(in.text); i++ {
		switch c := in.text[i]; {
		case c == q:
			in.text = in.text[i+1:]
			return b.String(), nil
		case c == '\n' || c == '\r':
			return "", in.fail("the quote is not closed: %q", cut(in.text))
		case c != '\\':
			b.WriteByte(c)
		case i+1 < len(in.text):
			i++
			n := 0
			for n < 3 && i+n < len(in.text) && in.text[i+n] >= '0' && in.text[i+n] <= '7' {
				n++
			}
			if v, err := strconv.ParseUint(in.text[i:i+n], 8, 8); n > 0 && err == nil {
				b.WriteRune(rune(v))
				i += n - 1
			} else if k := strings.IndexByte("abfnrtv", in.text[i]); k >= 0 {
				b.WriteByte("\a\b\f\n\r\t\v"[k])
			} else if in.text[i] != '\n' && in.text[i] != '\r' {
				b.WriteByte(in.text[i])
			}
		}
	}
	return "", in.fail("the quote is not closed: %q", cut(in.text))
}

// attribute is a declaration.
type attribute struct {
	name   string
	kind   string   // numeric, nominal, string, date
	values []string // of a nominal one
	line   int
}

// header reads up to the line @data and starts the table.
func (in *arffReader) header(o ImportOptions) error {
	var list []attribute
	for {
		if err := in.next(); err == io.EOF {
			return fmt.Errorf("%s: no line @data: want attributes, then @data, then rows", in.path)
		} else if err != nil {
			return err
		}
		word, quoted, _, err := in.word()
		if err != nil {
			return err
		}
		switch keyword := strings.ToLower(word); {
		case quoted || keyword == "" || keyword[0] != '@':
			return in.fail("%q: want @relation, @attribute or @data", cut(word+in.text))
		case keyword == "@relation":
		case keyword == "@attribute":
			a, err := in.attribute()
			if err != nil {
				return err
			}
			list = append(list, a)
		case keyword == "@data":
			return in.begin(list, o)
		default:
			return in.fail("%s: want @relation, @attribute or @data", word)
		}
	}
}

// attribute reads a declaration behind its keyword.
func (in *arffReader) attribute() (a attribute, err error) {
	a.line = in.line
	name, _, ok, err := in.word()
	if err != nil {
		return a, err
	}
	if !ok || name == "" {
		return a, in.fail("@attribute without a name")
	}
	a.name = name
	if in.skip('{') {
		a.kind = "nominal"
		a.values, err = in.values(name)
		return a, err
	}
	kind, _, _, err := in.word()
	if err != nil {
		return a, err
	}
	switch a.kind = strings.ToLower(kind); a.kind {
	case "numeric", "real", "integer":
		a.kind = "numeric"
	case "string", "date":
	default:
		return a, in.fail("attribute %s: type %q: want numeric, real, integer, string, date or values in braces", name, kind)
	}
	return a, nil
}

// values reads the values of a nominal attribute, whose brace has been read.
func (in *arffReader) values(name string) (list []string, err error) {
	known := make(map[string]bool)
	for !in.skip('}') {
		if len(list) > 0 && !in.skip(',') && in.ended() {
			return nil, in.fail("attribute %s: no closing brace", name)
		}
		s, _, ok, err := in.word()
		switch {
		case err != nil:
			return nil, err
		case !ok:
			return nil, in.fail("attribute %s: %q: want a value or a closing brace", name, cut(in.text))
		case known[s]:
			return nil, in.fail("attribute %s: two values %q", name, s)
		}
		known[s] = true
		list = append(list, s)
	}
	if !in.ended() {
		return nil, in.fail("attribute %s: %q behind the closing brace", name, cut(in.text))
	}
	return list, nil
}

// begin starts the table of the attributes declared.
func (in *arffReader) begin(list []attribute, o ImportOptions) error {
	if !in.ended() {
		return in.fail("%q behind @data", cut(in.text))
	}
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].name
	}
	var err error
	if in.a, err = newAssembly(in.path, "arff", names, o); err != nil {
		return err
	}
	for i, c := range in.a.columns {
		switch kind := list[i].kind; {
		case kind == "numeric":
			c.declared = true
		case kind == "nominal":
			if err := c.declare(list[i].values); err != nil {
				return fmt.Errorf("%s:%d: %w", in.path, list[i].line, err)
			}
		case c.role == asFeature && !c.forced:
			return fmt.Errorf("%s:%d: attribute %s is a %s: want --nominal, --drop, --label, --group or --id with its name",
				in.path, list[i].line, c.name, kind)
		}
	}
	return nil
}

// put adds a cell to a column.
func (in *arffReader) put(c *column, s string, quoted bool) error {
	if s == "?" && !quoted {
		c.miss()
		return nil
	}
	if err := c.add(s); err != nil {
		return fmt.Errorf("%s:%d: %w", in.path, in.line, err)
	}
	return nil
}

// dense reads a row of which every cell is there.
func (in *arffReader) dense() error {
	columns := in.a.columns
	for i, c := range columns {
		if i > 0 && !in.skip(',') && in.ended() {
			return in.fail("%d cells: want %d, as attributes are declared", i, len(columns))
		}
		s, quoted, ok, err := in.word()
		if err != nil {
			return err
		}
		if !ok {
			return in.fail("column %s: %q: want a value, or ? for a missing one", c.name, cut(strings.TrimSpace(in.text)))
		}
		if err := in.put(c, s, quoted); err != nil {
			return err
		}
	}
	return in.endRow()
}

// endRow refuses what stands behind a row.
func (in *arffReader) endRow() error {
	comma := in.skip(',')
	switch {
	case strings.HasPrefix(in.text, "{"):
		return in.fail("%q: rows with weights are not supported", cut(strings.TrimSpace(in.text)))
	case comma || !in.ended():
		return in.fail("more than %d cells, as attributes are declared", len(in.a.columns))
	}
	return nil
}

// sparse reads a row of pairs of a column's number, from 0, and its value.
// What is not there is 0, or the first value declared.
func (in *arffReader) sparse() error {
	columns := in.a.columns
	if in.a.rows*len(columns) > maxSparseCells {
		return in.fail("%d rows × %d columns are more than %d cells", in.a.rows, len(columns), maxSparseCells)
	}
	in.skip('{')
	next := 0
	for pairs := 0; !in.skip('}'); pairs++ {
		if pairs > 0 && !in.skip(',') {
			return in.fail("%q: want a comma or the closing brace", cut(strings.TrimSpace(in.text)))
		}
		number, _, _, err := in.word()
		if err != nil {
			return err
		}
		i, err := strconv.Atoi(number)
		if err != nil || i < next || i >= len(columns) {
			return in.fail("%q: want the number of a column from %d to %d, ascending", cut(number), next, len(columns)-1)
		}
		s, quoted, ok, err := in.word()
		if err != nil {
			return err
		}
		if !ok {
			return in.fail("column %s: %q: want a value", columns[i].name, cut(strings.TrimSpace(in.text)))
		}
		if err := cmp.Or(in.zeros(next, i), in.put(columns[i], s, quoted)); err != nil {
			return err
		}
		next = i + 1
	}
	if err := in.zeros(next, len(columns)); err != nil {
		return err
	}
	return in.endRow()
}

// zeros fills the columns that a sparse row leaves out.
func (in *arffReader) zeros(from, to int) error {
	for _, c := range in.a.columns[from:to] {
		switch {
		case c.role == asNothing:
		case c.declared:
			if err := c.add("0"); err != nil {
				return fmt.Errorf("%s:%d: %w", in.path, in.line, err)
			}
		case c.closed && len(c.values) > 0:
			c.codes = append(c.codes, 0)
		default:
			return in.fail("column %s: left out, and it has no first value: want it in every row", c.name)
		}
	}
	return nil
}
