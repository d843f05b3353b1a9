package datasets

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/parquet-go/parquet-go"
)

// columnKind is the type of a table's column on disk.
type columnKind uint8

const (
	_     columnKind = iota
	small            // INT64 with few distinct values: dictionary
	wide             // INT64 with many: delta, which bounds its size
	text             // UTF-8 with few distinct values: dictionary
	blob             // bytes
	float            // DOUBLE
)

// columnSpec describes a column of a table.
type columnSpec struct {
	name     string
	kind     columnKind
	nullable bool
	list     bool // any number of values a row
}

func (c columnSpec) node() parquet.Node {
	var n parquet.Node
	switch c.kind {
	case small:
		n = parquet.Encoded(parquet.Leaf(parquet.Int64Type), &parquet.RLEDictionary)
	case wide:
		n = parquet.Encoded(parquet.Leaf(parquet.Int64Type), &parquet.DeltaBinaryPacked)
	case text:
		n = parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
	case blob:
		n = parquet.Encoded(parquet.Leaf(parquet.ByteArrayType), &parquet.DeltaLengthByteArray)
		n = parquet.Compressed(n, &parquet.Zstd)
	case float:
		n = parquet.Leaf(parquet.DoubleType)
	default:
		panic(fmt.Sprintf("datasets: column kind %d", c.kind))
	}
	switch {
	case c.list:
		return parquet.Repeated(n)
	case c.nullable:
		return parquet.Optional(n)
	}
	return n
}

// orderedGroup is a group whose columns stand in the order given, where
// parquet.Group would put them in order of their names.
type orderedGroup struct {
	parquet.Group
	order []string
}

func (g orderedGroup) Fields() []parquet.Field {
	fields := g.Group.Fields()
	at := make(map[string]int, len(g.order))
	for i, name := range g.order {
		at[name] = i
	}
	slices.SortFunc(fields, func(a, b parquet.Field) int { return at[a.Name()] - at[b.Name()] })
	return fields
}

func schemaOf(name string, specs []columnSpec) *parquet.Schema {
	g := orderedGroup{Group: make(parquet.Group, len(specs))}
	for _, c := range specs {
		g.Group[c.name] = c.node()
		g.order = append(g.order, c.name)
	}
	return parquet.NewSchema(name, g)
}

// tableKind is a table's name and columns, and the encoders of its files that
// are done, which are used again: to make one takes longer than to fill a
// short file. Every file of a kind has metadata under the same keys.
type tableKind struct {
	name  string
	specs []columnSpec
	idle  sync.Pool // of *parquet.GenericWriter[any]
}

// encoder gives an encoder that writes to w.
func (k *tableKind) encoder(w io.Writer) *parquet.GenericWriter[any] {
	if idle, ok := k.idle.Get().(*parquet.GenericWriter[any]); ok {
		idle.Reset(w)
		return idle
	}
	config := parquet.DefaultWriterConfig()
	config.Schema = schemaOf(k.name, k.specs)
	config.CreatedBy = "tickle"
	config.PageBufferSize = 8 << 20
	config.ColumnIndexSizeLimit = func([]string) int { return 1 }
	config.KeyValueMetadata = map[string]string{sealKey: sealBlank}
	return parquet.NewGenericWriter[any](w, config)
}

// release takes an encoder whose file is complete. Reset clears what the file's
// row groups hold, and in parquet-go 0.32 they share the columns' names with
// the encoder, which needs them: so the row groups give them up first.
func (k *tableKind) release(w *parquet.GenericWriter[any]) {
	groups := w.File().Metadata().RowGroups
	for i := range groups {
		for j := range groups[i].Columns {
			groups[i].Columns[j].MetaData.PathInSchema = nil
		}
	}
	w.Reset(io.Discard)
	k.idle.Put(w)
}

// tableWriter writes a sealed Parquet file column by column, a row group at a
// time. Only bytes are compressed: the dictionaries of the other columns leave
// little to gain.
type tableWriter struct {
	file *atomicFile
	seal *sealer
	w    *parquet.GenericWriter[any]
	kind *tableKind
	err  error
}

// createTable starts a file.
func createTable(fs FS, path string, kind *tableKind) (*tableWriter, error) {
	f, err := createAtomic(fs, path)
	if err != nil {
		return nil, err
	}
	t := &tableWriter{file: f, seal: newSealer(f), kind: kind}
	t.w = kind.encoder(t.seal)
	return t, nil
}

// column writes the cells of column i for the current row group. Those of
// nullable columns are made by null and some.
func (t *tableWriter) column(i int, cells []parquet.Value) {
	if t.err != nil {
		return
	}
	if _, err := t.w.ColumnWriters()[i].WriteRowValues(cells); err != nil {
		t.err = fmt.Errorf("%s: column %s: write: %w", t.file.path, t.kind.specs[i].name, err)
	}
}

// null is the cell of a nullable column without a value.
func null() parquet.Value { return parquet.NullValue() }

// some is the cell of a nullable column with a value.
func some(v parquet.Value) parquet.Value { return v.Level(0, 1, 0) }

// endGroup ends the row group, all of whose columns have been written.
func (t *tableWriter) endGroup() error {
	if t.err == nil {
		if err := t.w.Flush(); err != nil {
			t.err = fmt.Errorf("%s: write: %w", t.file.path, err)
		}
	}
	return t.err
}

func (t *tableWriter) meta(key, value string) { t.w.SetKeyValueMetadata(key, value) }

// close completes the file; on an error nothing is left of it.
func (t *tableWriter) close() error {
	if t.err == nil {
		t.seal.hold()
		if err := t.w.Close(); err != nil {
			t.err = fmt.Errorf("%s: write: %w", t.file.path, err)
		}
	}
	if t.err == nil {
		if err := t.seal.finish(); err != nil {
			t.err = fmt.Errorf("%s: write: %w", t.file.path, err)
		}
	}
	if t.err != nil {
		t.file.abort()
		return t.err
	}
	t.kind.release(t.w)
	return t.file.commit()
}

func (t *tableWriter) abort() { t.file.abort() }

// makeDirs makes the folder of a file.
func makeDirs(path string) error { return os.MkdirAll(filepath.Dir(path), 0o777) }
