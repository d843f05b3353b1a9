package datasets

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// tableFile reads a file that tableWriter made. Its methods may be called
// from several goroutines.
type tableFile struct {
	path  string
	f     *os.File
	pq    *parquet.File
	specs []columnSpec
}

// openTable opens a file and checks its seal and columns. Its errors are one
// line with the file's name, whatever the file holds.
func openTable(path string, specs []columnSpec) (t *tableFile, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: corrupt Parquet file: %v", path, r)
		}
		if err != nil {
			_ = f.Close()
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := checkSeal(f, info.Size()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	pq, err := parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	columns := pq.Schema().Columns()
	for i, c := range specs {
		if i >= len(columns) || len(columns[i]) != 1 || columns[i][0] != c.name {
			return nil, fmt.Errorf("%s: column %d: want %s", path, i, c.name)
		}
		leaf, _ := pq.Schema().Lookup(c.name)
		want := c.node()
		if leaf.Node.Type().Kind() != want.Type().Kind() || leaf.Node.Optional() != want.Optional() || leaf.Node.Repeated() != want.Repeated() {
			return nil, fmt.Errorf("%s: column %s: want another type than %s", path, c.name, leaf.Node)
		}
	}
	if len(columns) != len(specs) {
		return nil, fmt.Errorf("%s: %d columns, want %d", path, len(columns), len(specs))
	}
	return &tableFile{path: path, f: f, pq: pq, specs: specs}, nil
}

func (t *tableFile) close() error { return t.f.Close() }

func (t *tableFile) rows() int   { return int(t.pq.NumRows()) }
func (t *tableFile) groups() int { return len(t.pq.RowGroups()) }

func (t *tableFile) meta(key string) string {
	v, _ := t.pq.Lookup(key)
	return v
}

// cells are the cells of one column in one row group.
type cells struct {
	ints   []int64 // a value each; an index into texts for text and blob columns; 0 where null
	floats []float64
	null   []bool   // of nullable columns
	start  []int32  // of list columns: row r has the values start[r]:start[r+1]
	texts  [][]byte // not kept over the next read
	nulls  int
}

// read fills c with column i of row group g.
func (t *tableFile) read(g, i int, c *cells) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("corrupt: %v", r)
		}
		if err != nil {
			err = fmt.Errorf("%s: column %s: %w", t.path, t.specs[i].name, err)
		}
	}()
	group := t.pq.RowGroups()[g]
	c.reset()
	pages := group.ColumnChunks()[i].Pages()
	defer pages.Close()
	for {
		page, err := pages.ReadPage()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		err = c.add(page, t.specs[i])
		parquet.Release(page)
		if err != nil {
			return err
		}
	}
	rows := len(c.ints) + len(c.floats)
	if t.specs[i].list {
		rows = len(c.start)
		c.start = append(c.start, int32(len(c.ints)))
	}
	if int64(rows) != group.NumRows() {
		return fmt.Errorf("%d rows, want %d", rows, group.NumRows())
	}
	return nil
}

// appendRaw appends the bytes on disk of columns from … to of row group g. Of
// files with the same columns they are the same where the cells are.
func (t *tableFile) appendRaw(b []byte, g, from, to int) ([]byte, error) {
	columns := t.pq.Metadata().RowGroups[g].Columns
	start, _ := extent(&columns[from].MetaData)
	_, end := extent(&columns[to].MetaData)
	if start < 0 || end < start || end > t.pq.Size() {
		return b, fmt.Errorf("%s: column %s: corrupt: at bytes %d to %d of %d", t.path, t.specs[from].name, start, end, t.pq.Size())
	}
	n := len(b)
	b = slices.Grow(b, int(end-start))[:n+int(end-start)]
	if _, err := t.f.ReadAt(b[n:], start); err != nil {
		return b[:n], fmt.Errorf("%s: column %s: %w", t.path, t.specs[from].name, err)
	}
	return b, nil
}

// extent gives where a column of a row group starts and ends. A dictionary,
// where there is one, comes first.
func extent(m *format.ColumnMetaData) (start, end int64) {
	start = m.DataPageOffset
	if m.DictionaryPageOffset > 0 {
		start = m.DictionaryPageOffset
	}
	return start, start + m.TotalCompressedSize
}

func (c *cells) reset() {
	c.ints, c.floats, c.null, c.start, c.texts, c.nulls = c.ints[:0], c.floats[:0], c.null[:0], c.start[:0], c.texts[:0], 0
}

// add appends a page.
func (c *cells) add(page parquet.Page, spec columnSpec) error {
	var ints []int64
	data := page.Data()
	base := int64(len(c.texts))
	if dict := page.Dictionary(); dict != nil {
		n := dict.Len()
		indexes := data.Int32()
		ints = make([]int64, len(indexes))
		table := make([]int64, n)
		for j := range n {
			if spec.kind == text || spec.kind == blob {
				c.texts = append(c.texts, slices.Clone(dict.Index(int32(j)).ByteArray()))
				table[j] = base + int64(j)
			} else {
				table[j] = dict.Index(int32(j)).Int64()
			}
		}
		for j, at := range indexes {
			if at < 0 || int(at) >= n {
				return fmt.Errorf("dictionary has %d entries, not number %d", n, at)
			}
			ints[j] = table[at]
		}
	} else {
		switch data.Kind() {
		case encoding.Int64:
			ints = data.Int64()
		case encoding.ByteArray:
			bytes, offsets := data.ByteArray()
			for j := range max(len(offsets)-1, 0) {
				ints = append(ints, int64(len(c.texts)))
				c.texts = append(c.texts, slices.Clone(bytes[offsets[j]:offsets[j+1]]))
			}
		case encoding.Double:
			c.floats = append(c.floats, data.Double()...)
			return nil
		default:
			return fmt.Errorf("values of unexpected kind %v", data.Kind())
		}
	}
	return c.place(page, spec, ints)
}

// place puts the values of a page into their rows.
func (c *cells) place(page parquet.Page, spec columnSpec, ints []int64) error {
	if !spec.nullable && !spec.list {
		c.ints = append(c.ints, ints...)
		return nil
	}
	if spec.list {
		return c.placeLists(page, ints)
	}
	n := len(c.null)
	rows, nulls := int(page.NumValues()), int(page.NumNulls())
	if rows-nulls != len(ints) || len(page.DefinitionLevels()) != rows {
		return fmt.Errorf("%d values in %d rows, %d of them null", len(ints), rows, nulls)
	}
	c.nulls += nulls
	c.null = append(c.null, make([]bool, rows)...)
	if nulls == 0 {
		c.ints = append(c.ints, ints...)
		return nil
	}
	c.ints = append(c.ints, make([]int64, rows)...)
	k := 0
	for j, def := range page.DefinitionLevels() {
		if def == 0 {
			c.null[n+j] = true
			continue
		}
		c.ints[n+j] = ints[k]
		k++
	}
	return nil
}

// placeLists puts the values of a page of a list column into their rows.
func (c *cells) placeLists(page parquet.Page, ints []int64) error {
	k := 0
	rep := page.RepetitionLevels()
	for j, def := range page.DefinitionLevels() {
		if rep[j] == 0 {
			c.start = append(c.start, int32(len(c.ints)))
		}
		if def == 0 {
			continue
		}
		if k == len(ints) {
			return fmt.Errorf("%d values, want more", k)
		}
		c.ints = append(c.ints, ints[k])
		k++
	}
	return nil
}
