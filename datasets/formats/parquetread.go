package formats

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"tickle/datasets"
)

// ImportParquet reads what ExportParquet writes, and any other flat table.
// Integers and floating-point numbers are numeric columns, texts and booleans
// nominal; null is missing, NaN an error. Columns of dates, times, decimals,
// raw bytes and lists are refused unless o.Drop names them, and whole numbers
// beyond 2⁵³ unless o.Nominal does. It keeps what it has read of one column at
// a time beside the data set.
func ImportParquet(ctx context.Context, path string, o ImportOptions) (d *datasets.Dataset, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	a, err := readParquet(ctx, io.NewSectionReader(f, 0, size), path, o)
	if err != nil {
		return nil, err
	}
	return a.dataset(hex.EncodeToString(sum.Sum(nil)))
}

// readParquet reads a file whose decoder may panic on what it does not expect.
func readParquet(ctx context.Context, r *io.SectionReader, path string, o ImportOptions) (a *assembly, err error) {
	defer func() {
		if r := recover(); r != nil {
			a, err = nil, fmt.Errorf("%s: corrupt Parquet file: %v", path, r)
		}
	}()
	if err := footerFits(r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f, err := parquet.OpenFile(r, r.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if n := f.NumRows(); n > datasets.MaxRows || n < 0 {
		return nil, fmt.Errorf("%s: %d rows: want at most %d", path, n, datasets.MaxRows)
	}
	fields := f.Schema().Fields()
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].Name()
	}
	if a, err = newAssembly(path, "parquet", names, o); err != nil {
		return nil, err
	}
	a.rows = int(f.NumRows())
	for i, c := range a.columns {
		if c.role == asNothing {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := readParquetColumn(f, fields[i], c); err != nil {
			return nil, fmt.Errorf("%s: column %s: %w", path, c.name, err)
		}
	}
	return a, nil
}

// footerFits makes sure that the file is as long as its last bytes say, which
// the decoder believes.
func footerFits(r *io.SectionReader) error {
	const magic = "PAR1"
	var end [8]byte
	if n, _ := r.ReadAt(end[:], r.Size()-int64(len(end))); n < len(end) || string(end[4:]) != magic {
		return errors.New("not a whole Parquet file: want PAR1 at its end")
	}
	if n := binary.LittleEndian.Uint32(end[:]); int64(n) > r.Size()-int64(len(magic)+len(end)) {
		return fmt.Errorf("footer of %d bytes: the file has %d", n, r.Size())
	}
	return nil
}

// readParquetColumn reads the pages of a column.
func readParquetColumn(f *parquet.File, field parquet.Field, c *column) error {
	spell, err := spelling(field, c)
	if err != nil {
		return err
	}
	leaf, _ := f.Schema().Lookup(field.Name())
	values := make([]parquet.Value, 1024)
	rows := 0
	for _, group := range f.RowGroups() {
		pages := group.ColumnChunks()[leaf.ColumnIndex].Pages()
		for {
			page, err := pages.ReadPage()
			if err == io.EOF {
				break
			}
			if err != nil {
				return cmp.Or(err, pages.Close())
			}
			err = addPage(page.Values(), values, func(v parquet.Value) error {
				if rows++; int64(rows) > f.NumRows() {
					return fmt.Errorf("more cells than the file has rows, %d", f.NumRows())
				}
				if v.IsNull() {
					c.miss()
					return nil
				}
				s, err := spell(v)
				if err == nil {
					err = c.add(s)
				}
				if err != nil {
					return fmt.Errorf("row %d: %w", rows, err)
				}
				return nil
			})
			parquet.Release(page)
			if err != nil {
				return cmp.Or(err, pages.Close())
			}
		}
		if err := pages.Close(); err != nil {
			return err
		}
	}
	if int64(rows) != f.NumRows() {
		return fmt.Errorf("%d cells: want %d", rows, f.NumRows())
	}
	return nil
}

// addPage hands every value of a page to add.
func addPage(r parquet.ValueReader, buffer []parquet.Value, add func(parquet.Value) error) error {
	for {
		n, err := r.ReadValues(buffer)
		for _, v := range buffer[:n] {
			if err := add(v); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// spelling gives the way to write the values of a column, and says in the
// column whether they are numbers or names.
func spelling(field parquet.Field, c *column) (func(parquet.Value) (string, error), error) {
	if !field.Leaf() || field.Repeated() {
		return nil, errors.New("a list or group: want a column of single values, or --drop with its name")
	}
	kind := field.Type().Kind()
	if l := field.Type().LogicalType(); l != nil && l.Value != nil {
		switch l.Value.(type) {
		case *format.StringType, *format.EnumType, *format.IntType, *format.JsonType, *format.NullType:
		default:
			return nil, fmt.Errorf("type %s: want numbers, texts or booleans, or --drop with its name", l)
		}
		if t, ok := l.Value.(*format.IntType); ok && !t.IsSigned {
			c.declared = true
			return unsigned(c), nil
		}
	}
	switch kind {
	case parquet.Boolean:
		c.forced = true
		return func(v parquet.Value) (string, error) { return strconv.FormatBool(v.Boolean()), nil }, nil
	case parquet.Int32, parquet.Int64:
		c.declared = true
		return signed(c, kind), nil
	case parquet.Float:
		c.declared = true
		return func(v parquet.Value) (string, error) {
			return strconv.FormatFloat(float64(v.Float()), 'g', -1, 64), nil
		}, nil
	case parquet.Double:
		c.declared = true
		return func(v parquet.Value) (string, error) { return number(v.Double()), nil }, nil
	case parquet.ByteArray:
		c.forced = true
		return utf8Text, nil
	}
	return nil, fmt.Errorf("type %s: want numbers, texts or booleans, or --drop with its name", kind)
}

// exact is the largest whole number up to which float64 has every one.
const exact = 1 << 53

func signed(c *column, kind parquet.Kind) func(parquet.Value) (string, error) {
	return func(v parquet.Value) (string, error) {
		n := v.Int64()
		if kind == parquet.Int32 {
			n = int64(v.Int32())
		}
		if !c.forced && (n > exact || n < -exact) {
			return "", fmt.Errorf("%d: want a number that a double holds, or --nominal with the column's name", n)
		}
		return strconv.FormatInt(n, 10), nil
	}
}

func unsigned(c *column) func(parquet.Value) (string, error) {
	return func(v parquet.Value) (string, error) {
		n := v.Uint64()
		if v.Kind() == parquet.Int32 {
			n = uint64(v.Uint32())
		}
		if !c.forced && n > exact {
			return "", fmt.Errorf("%d: want a number that a double holds, or --nominal with the column's name", n)
		}
		return strconv.FormatUint(n, 10), nil
	}
}

func utf8Text(v parquet.Value) (string, error) {
	b := v.ByteArray()
	if !utf8.Valid(b) {
		return "", fmt.Errorf("want UTF-8, not %q", cut(string(b)))
	}
	return string(b), nil
}
