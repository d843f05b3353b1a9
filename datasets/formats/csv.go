package formats

import (
	"bufio"
	"encoding/csv"
	"io"

	"tickle/datasets"
)

// ExportCSV writes a table as RFC 4180 has it, with a header: id, group, the
// labels of both hierarchies, and the features, named as "p12.tcp.window". A
// missing cell is empty; an absent field is "absent", and one that varied,
// where that is a category, "nondet".
func ExportCSV(w io.Writer, d *datasets.Dataset, opt Options) error {
	features, err := columns(d, opt, 0)
	if err != nil {
		return err
	}
	m := d.Matrix
	buffer := bufio.NewWriterSize(w, 1<<16)
	out := csv.NewWriter(buffer)
	record := make([]string, 0, len(leading)+len(features))
	for _, l := range leading {
		record = append(record, l.name)
	}
	for _, c := range features {
		record = append(record, m.Name(c))
	}
	if err := out.Write(record); err != nil {
		return err
	}
	for r := range m.Machines {
		record = record[:0]
		for _, l := range leading {
			record = append(record, l.of(&m.Machines[r]))
		}
		for _, c := range features {
			record = append(record, m.Text(c, m.Codes(m.Part[c])[r]))
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return err
	}
	return buffer.Flush()
}
