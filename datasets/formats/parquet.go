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

// ExportParquet writes the table that ExportCSV writes, every column a text
// and null where the cell is missing, with a dictionary each. Parquet has at
// most some 65,000 columns.
func ExportParquet(w io.Writer, d *datasets.Dataset, opt Options) error {
	features, err := columns(d, opt, maxParquetColumns-len(leading))
	if err != nil {
		return err
	}
	m := d.Matrix
	g := group{Group: make(parquet.Group), at: make(map[string]int)}
	cell := parquet.Optional(parquet.Encoded(parquet.String(), &parquet.RLEDictionary))
	add := func(name string) {
		g.at[name] = len(g.at)
		g.Group[name] = cell
	}
	for _, l := range leading {
		add(l.name)
	}
	for _, c := range features {
		add(m.Name(c))
	}
	config := parquet.DefaultWriterConfig()
	config.Schema = parquet.NewSchema("dataset", g)
	config.CreatedBy = "tickle"
	config.KeyValueMetadata = map[string]string{"tickle.dataset_sha256": d.Hash()}
	out := parquet.NewGenericWriter[any](w, config)
	cells := make([]parquet.Value, m.Rows())
	put := func(i int) error {
		if _, err := out.ColumnWriters()[i].WriteRowValues(cells); err != nil {
			return fmt.Errorf("column %d: %w", i, err)
		}
		return nil
	}
	for i, l := range leading {
		for r := range cells {
			cells[r] = parquet.ByteArrayValue([]byte(l.of(&m.Machines[r]))).Level(0, 1, 0)
		}
		if err := put(i); err != nil {
			return err
		}
	}
	for i, c := range features {
		for r, code := range m.Codes(m.Part[c]) {
			cells[r] = parquet.NullValue()
			if code != datasets.Missing {
				cells[r] = parquet.ByteArrayValue([]byte(m.Text(c, code))).Level(0, 1, 0)
			}
		}
		if err := put(len(leading) + i); err != nil {
			return err
		}
	}
	return out.Close()
}
