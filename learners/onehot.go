package learners

import (
	"context"

	"tickle/datasets"
	"tickle/learners/bitslice"
)

// OneHot holds the nominal cells of a selection as bits, a vector a row for
// each block of up to 512 values: a bit for every value of a partition, set in
// the rows that have it. Rows of a class are counted in a block's values at
// once (see bitslice.Counts), which is what trees and rules do at every step.
// Partitions of one value without missing cells and those of more than
// OneHotValues are left out. It does not change once made; its memory is about
// Rows/8 bytes a value.
type OneHot struct {
	// First is the bit of the first value of each partition, by its index in
	// the selection's IDs, or -1 where it was left out. A partition's values
	// follow each other in one word: bit b is in word b/64, of block
	// b/bitslice.Bits. Partitions are in the order of their indices.
	First   []int32
	Blocks  int
	rows    int
	vectors []bitslice.Vector // blocks × rows
}

// OneHotValues is the most values of a partition that OneHot holds.
const OneHotValues = 16

// NewOneHot packs the cells of s with at most the given number of goroutines
// (0: GOMAXPROCS). It fails only when ctx ends.
func NewOneHot(ctx context.Context, s *datasets.Selection, workers int) (*OneHot, error) {
	o := &OneHot{First: make([]int32, len(s.IDs)), rows: s.Rows()}
	var begin []int32 // of each block: index of its first partition
	next := int32(0)
	for i, id := range s.IDs {
		p := &s.Parts[id]
		o.First[i] = -1
		if p.Distinct == 0 || p.Distinct > OneHotValues || p.Distinct == 1 && !p.Missing && !p.Other {
			continue
		}
		if next%64+int32(p.Distinct) > 64 {
			next = (next + 63) / 64 * 64
		}
		if o.First[i] = next; int(next/bitslice.Bits) == len(begin) {
			begin = append(begin, int32(i))
		}
		next += int32(p.Distinct)
	}
	o.Blocks = len(begin)
	o.vectors = make([]bitslice.Vector, o.Blocks*o.rows)
	begin = append(begin, int32(len(s.IDs)))
	err := Parallel(ctx, o.Blocks, workers, func(_, b int) error {
		vectors := o.Block(b)
		for i := begin[b]; i < begin[b+1]; i++ {
			if first := o.First[i]; first >= 0 {
				setBits(vectors, s.Codes(s.IDs[i]), int(first)%bitslice.Bits, s.Parts[s.IDs[i]].Distinct)
			}
		}
		return nil
	})
	return o, err
}

// setBits sets the bit of each cell that has one of a number of values.
func setBits(vectors []bitslice.Vector, codes []datasets.Code, first, values int) {
	vectors = vectors[:len(codes)]
	word, bit := first/64%bitslice.Words, first%64
	for r, code := range codes {
		if int(code) < values {
			vectors[r][word] |= 1 << (bit + int(code))
		}
	}
}

// Block gives the vectors of a block, one a row. They must not be changed.
func (o *OneHot) Block(b int) []bitslice.Vector {
	return o.vectors[b*o.rows : (b+1)*o.rows : (b+1)*o.rows]
}
