package learners

import (
	"context"
	"math/bits"

	"tickle/datasets"
)

// OneHot holds the nominal cells of a selection as bits, a word a row for each
// group of up to 64 values: a bit for every value of a partition, set in the
// rows that have it. Rows of a class are counted in 64 values at once (see
// Count), which is what trees and rules do at every step. Partitions of one
// value without missing cells and those of more than OneHotValues are left out.
// It does not change once made; its memory is about Rows/8 bytes a value.
type OneHot struct {
	// First is the bit of the first value of each partition, by its index in
	// the selection's IDs, or -1 where it was left out. A partition's values
	// follow each other in one group: bit b is in group b/64. Partitions are in
	// the order of their indices.
	First  []int32
	Groups int
	rows   int
	words  []uint64 // groups × rows
}

// OneHotValues is the most values of a partition that OneHot holds.
const OneHotValues = 16

// NewOneHot packs the cells of s with at most the given number of goroutines
// (0: GOMAXPROCS). It fails only when ctx ends.
func NewOneHot(ctx context.Context, s *datasets.Selection, workers int) (*OneHot, error) {
	o := &OneHot{First: make([]int32, len(s.IDs)), rows: s.Rows()}
	var begin []int32 // of each group: index of its first partition
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
		if o.First[i] = next; int(next/64) == len(begin) {
			begin = append(begin, int32(i))
		}
		next += int32(p.Distinct)
	}
	o.Groups = len(begin)
	o.words = make([]uint64, o.Groups*o.rows)
	begin = append(begin, int32(len(s.IDs)))
	const chunk = 32
	err := Parallel(ctx, (o.Groups+chunk-1)/chunk, workers, func(_, k int) error {
		for g := k * chunk; g < min((k+1)*chunk, o.Groups); g++ {
			words := o.Words(g)
			for i := begin[g]; i < begin[g+1]; i++ {
				if first := o.First[i]; first >= 0 {
					setBits(words, s.Codes(s.IDs[i]), int(first)%64, s.Parts[s.IDs[i]].Distinct)
				}
			}
		}
		return nil
	})
	return o, err
}

// setBits sets the bit of each cell that has one of a number of values.
func setBits(words []uint64, codes []datasets.Code, first, values int) {
	words = words[:len(codes)]
	for r, code := range codes {
		if int(code) < values {
			words[r] |= 1 << (first + int(code))
		}
	}
}

// Words gives the words of a group, one a row. They must not be changed.
func (o *OneHot) Words(group int) []uint64 {
	return o.words[group*o.rows : (group+1)*o.rows : (group+1)*o.rows]
}

// Counts are 64 numbers below 2¹⁶, by bit: number i has bit i of plane b where
// it has 2ᵇ. Planes from the used-th on are zero.
type Counts struct {
	planes [16]uint64
	used   int
}

// Count makes c the number of the given rows, at most 65,535, that have each
// bit.
func (c *Counts) Count(words []uint64, rows []int32) {
	c.Reset()
	c.Add(words, rows)
}

// Reset makes all numbers 0.
func (c *Counts) Reset() {
	clear(c.planes[:c.used])
	c.used = 0
}

// Add counts more rows. Full adders take them eight at a time into three
// planes, from which one carry goes on (Harley and Seal's way; Muła, Kurz and
// Lemire, Computer Journal 61, 2018).
func (c *Counts) Add(words []uint64, rows []int32) {
	ones, twos, fours := c.planes[0], c.planes[1], c.planes[2]
	var twosA, twosB, foursA, foursB, eights uint64
	for len(rows) >= 8 {
		r := rows[:8]
		rows = rows[8:]
		ones, twosA = adder(ones, words[r[0]], words[r[1]])
		ones, twosB = adder(ones, words[r[2]], words[r[3]])
		twos, foursA = adder(twos, twosA, twosB)
		ones, twosA = adder(ones, words[r[4]], words[r[5]])
		ones, twosB = adder(ones, words[r[6]], words[r[7]])
		twos, foursB = adder(twos, twosA, twosB)
		fours, eights = adder(fours, foursA, foursB)
		for b := 3; eights != 0; b++ {
			c.planes[b], eights = c.planes[b]^eights, c.planes[b]&eights
			c.used = max(c.used, b+1)
		}
	}
	c.planes[0], c.planes[1], c.planes[2] = ones, twos, fours
	switch {
	case fours != 0:
		c.used = max(c.used, 3)
	case twos != 0:
		c.used = max(c.used, 2)
	case ones != 0:
		c.used = max(c.used, 1)
	}
	for _, r := range rows {
		c.carry(words[r], 0)
	}
}

// adder adds three bits in each place.
func adder(a, b, c uint64) (sum, carry uint64) {
	half := a ^ b
	return half ^ c, a&b | half&c
}

// carry adds a plane of 2ᵇ.
func (c *Counts) carry(plane uint64, b int) {
	for ; plane != 0; b++ {
		c.planes[b], plane = c.planes[b]^plane, c.planes[b]&plane
	}
	c.used = max(c.used, b)
}

// Plus adds other counts to c.
func (c *Counts) Plus(other *Counts) {
	carry := uint64(0)
	b := 0
	for ; b < other.used || carry != 0; b++ {
		x, y := c.planes[b], other.planes[b]
		c.planes[b] = x ^ y ^ carry
		carry = x&y | carry&(x^y)
	}
	c.used = max(c.used, b)
}

// At gives the number of a bit.
func (c *Counts) At(bit int) int {
	n := uint64(0)
	for b := c.used - 1; b >= 0; b-- {
		n = n<<1 | c.planes[b]>>bit&1
	}
	return int(n)
}

// AtLeast gives the bits whose number is n or more.
func (c *Counts) AtLeast(n int) uint64 {
	if bits.Len(uint(n)) > len(c.planes) {
		return 0
	}
	equal, more := ^uint64(0), uint64(0)
	for b := max(c.used, bits.Len(uint(n))) - 1; b >= 0; b-- {
		if plane := c.planes[b]; n>>b&1 == 1 {
			equal &= plane
		} else {
			more |= equal & plane
			equal &^= plane
		}
	}
	return more | equal
}
