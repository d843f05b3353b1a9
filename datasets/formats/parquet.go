package formats

import (
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"

	"tickle/datasets"
)

// maxParquetColumns keeps below what parquet-go can number.
const maxParquetColumns = parquet.MaxColumnIndex - 16

// group is a parquet.Group whose columns stand in the order of names.
type group struct {
	parquet.Group
	at map[string]int
}

func (g group) Fields() []parquet.Field {
	fields := g.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int { return g.at[a.Name()] - g.at[b.Name()] })
	return fields
}

// ExportParquet writes the table that ExportCSV writes: texts with a dictionary
// each, doubles for numbers, and null where a cell is missing. Parquet has at
// most some 65,000 columns.
func ExportParquet(w io.Writer, d *datasets.Dataset, o Options) error {
	v, err := newView(d, o, maxParquetColumns)
	if err != nil {
		return err
	}
	g := group{Group: make(parquet.Group), at: make(map[string]int)}
	text := parquet.Optional(parquet.Encoded(parquet.String(), &parquet.RLEDictionary))
	double := parquet.Optional(parquet.Leaf(parquet.DoubleType))
	for i := range v.columns {
		c := &v.columns[i]
		g.at[c.name], g.Group[c.name] = i, text
		if c.numbers != nil {
			g.Group[c.name] = double
		}
	}
	config := parquet.DefaultWriterConfig()
	config.Schema = parquet.NewSchema("dataset", g)
	config.CreatedBy = "tickle"
	config.KeyValueMetadata = map[string]string{"tickle.dataset_sha256": d.Hash()}
	out := parquet.NewGenericWriter[any](w, config)
	cells := make([]parquet.Value, v.Rows())
	for i := range v.columns {
		c := &v.columns[i]
		for r := range cells {
			switch s, known := v.text(c, r); {
			case !known:
				cells[r] = parquet.NullValue()
			case c.numbers != nil:
				cells[r] = parquet.DoubleValue(c.numbers[r]).Level(0, 1, 0)
			default:
				cells[r] = parquet.ByteArrayValue([]byte(s)).Level(0, 1, 0)
			}
		}
		if _, err := out.ColumnWriters()[i].WriteRowValues(cells); err != nil {
			return fmt.Errorf("column %s: %w", c.name, err)
		}
	}
	return out.Close()
}
