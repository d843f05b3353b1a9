package datasets

import "github.com/parquet-go/parquet-go"

// Answered gives, for every summary of row group g in order, how many of its
// sendings were answered and how many there were. It reads nothing else.
func (s *SummaryFile) Answered(g int) (answered, repeats []uint16, err error) {
	var c cells
	for _, column := range []struct {
		number int
		to     *[]uint16
	}{{colAnswered, &answered}, {colRepeats, &repeats}} {
		if err := s.t.read(g, column.number, &c); err != nil {
			return nil, nil, err
		}
		*column.to = make([]uint16, len(c.ints))
		for r, v := range c.ints {
			(*column.to)[r] = uint16(v)
		}
	}
	return answered, repeats, nil
}

// Firsts gives, for every summary of row group g in order, the First of field
// f: 0 where it did not vary. It is nil where f varied in none of them, or where
// the file has no such field. It
// reads nothing else.
func (s *SummaryFile) Firsts(g int, f FieldID) ([]uint16, error) {
	column := s.Header.Layout.fieldColumn(f) + 2
	if column < colFields {
		return nil, nil
	}
	group := s.t.pq.RowGroups()[g]
	if chunk, ok := group.ColumnChunks()[column].(*parquet.FileColumnChunk); ok && chunk.NullCount() == group.NumRows() {
		return nil, nil // as the file's own statistics say
	}
	var c cells
	if err := s.t.read(g, column, &c); err != nil {
		return nil, err
	}
	if c.nulls == len(c.ints) {
		return nil, nil
	}
	firsts := make([]uint16, len(c.ints))
	for r, v := range c.ints {
		firsts[r] = uint16(v)
	}
	return firsts, nil
}
