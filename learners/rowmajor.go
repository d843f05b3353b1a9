package learners

import (
	"context"

	"tickle/datasets"
)

// RowMajor holds the cells of a selection row by row, four codes a word, so
// that a few rows are compared in all partitions at the speed of memory. It
// leaves out partitions of fewer than two values, in which nothing can be
// told apart but a missing cell. It takes as much memory as the codes of the
// partitions that are left; it does not change once made.
type RowMajor struct {
	// Index says which partition each lane is: an index into the
	// selection's IDs, Mult and First, ascending.
	Index []int32
	width int // words a row
	words []uint64
}

// Lanes is the number of codes in a word.
const Lanes = 4

// NewRowMajor makes the row-major cells of s with at most the given number of
// goroutines (0: GOMAXPROCS). It fails only when ctx ends.
func NewRowMajor(ctx context.Context, s *datasets.Selection, workers int) (*RowMajor, error) {
	m := &RowMajor{}
	for i, id := range s.IDs {
		if s.Parts[id].Distinct > 1 {
			m.Index = append(m.Index, int32(i))
		}
	}
	m.width = (len(m.Index) + Lanes - 1) / Lanes
	m.words = make([]uint64, m.width*s.Rows())
	// A block of words a row is a cache line, and its partitions' codes
	// stay in the cache while all rows take theirs.
	const block = 8
	blocks := (m.width + block - 1) / block
	err := Parallel(ctx, blocks, workers, func(_, b int) error {
		for w := b * block; w < min((b+1)*block, m.width); w++ {
			for lane := w * Lanes; lane < min((w+1)*Lanes, len(m.Index)); lane++ {
				shift := 16 * (lane % Lanes)
				at := w
				for _, code := range s.Codes(s.IDs[m.Index[lane]]) {
					m.words[at] |= uint64(code) << shift
					at += m.width
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Row gives the words of a row: lane l of all is bits 16·(l mod 4) up of word
// l/4. Lanes beyond the last partition are zero. It must not be changed.
func (m *RowMajor) Row(r int32) []uint64 {
	return m.words[int(r)*m.width : (int(r)+1)*m.width : (int(r)+1)*m.width]
}
