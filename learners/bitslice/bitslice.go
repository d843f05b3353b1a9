// Package bitslice has the inner loops of learners that count rows: a bit
// stands for a value of a column, a Vector for 512 of those in one row, and
// numbers are kept by bit, number i being bit i of some planes. So one
// instruction works on hundreds of columns.
//
// Every loop exists in Go and, for processors that have the instructions, in
// AVX-512; both give the same numbers, which are whole. The full adders are
// Harley and Seal's (Muła, Kurz and Lemire, Computer Journal 61, 2018).
package bitslice

import "math/bits"

// Words is the number of words of a Vector.
const Words = 8

// Bits is the number of bits of a Vector.
const Bits = 64 * Words

// Vector is 512 bits: bit i is bit i%64 of word i/64.
type Vector [Words]uint64

// Any reports whether some bit is set.
func (v *Vector) Any() bool {
	return v[0]|v[1]|v[2]|v[3]|v[4]|v[5]|v[6]|v[7] != 0
}

// Planes is the number of planes of Counts.
const Planes = 16

// Counts are 512 numbers below 2¹⁶, each of rows that have a bit. The zero
// value is of none.
type Counts struct {
	planes [Planes]Vector
	rows   int // how many rows were counted, which no number exceeds
}

// used is how many planes may be other than zero.
func (c *Counts) used() int { return bits.Len(uint(c.rows)) }

// Reset makes all numbers 0.
func (c *Counts) Reset() {
	clear(c.planes[:c.used()])
	c.rows = 0
}

// Add counts rows, which are indices into vectors. No more than 65,535 may be
// counted in all.
func (c *Counts) Add(vectors []Vector, rows []int32) {
	if len(rows) == 0 {
		return
	}
	if c.rows += len(rows); c.rows >= 1<<Planes {
		panic("bitslice: more rows than Counts can count")
	}
	add(&c.planes, vectors, rows)
}

// Plus adds other counts.
func (c *Counts) Plus(other *Counts) {
	if c.rows += other.rows; c.rows >= 1<<Planes {
		panic("bitslice: more rows than Counts can count")
	}
	var carry Vector
	for b := range c.used() {
		for w := range Words {
			c.planes[b][w], carry[w] = adder(c.planes[b][w], other.planes[b][w], carry[w])
		}
	}
}

// At gives a number.
func (c *Counts) At(bit int) int {
	w, shift := bit/64, bit%64
	n := uint64(0)
	for b := c.used() - 1; b >= 0; b-- {
		n = n<<1 | c.planes[b&(Planes-1)][w]>>shift&1
	}
	return int(n)
}

// All gives all numbers.
func (c *Counts) All(out *[Bits]uint16) { expand(out, &c.planes, c.used()) }

// AtLeast gives the bits whose number is n or more.
func (c *Counts) AtLeast(out *Vector, n int) {
	if n > c.rows {
		*out = Vector{}
		return
	}
	atLeast(out, &c.planes, threshold{n, c.used()})
}

// Divided gives the bits that some of the rows have and some have not.
func (c *Counts) Divided(out *Vector) { divided(out, &c.planes, c.rows) }

// Word gives the planes of 64 of the numbers, from 64·word on, and how many of
// those may be other than zero.
func (c *Counts) Word(word int, planes *[Planes]uint64) (used int) {
	used = c.used()
	for b := range used {
		planes[b] = c.planes[b][word]
	}
	return used
}

// threshold is what AtLeast asks of the lowest planes.
type threshold struct{ n, planes int }

// adder adds three bits in each place.
func adder(a, b, c uint64) (sum, carry uint64) {
	half := a ^ b
	return half ^ c, a&b | half&c
}

// addWords is add in Go. It goes through the vectors word by word, eight rows at
// a time into three planes, from which one carry goes on.
func addWords(planes *[Planes]Vector, vectors []Vector, rows []int32) {
	for w := range Words {
		ones, twos, fours := planes[0][w], planes[1][w], planes[2][w]
		left := rows
		for len(left) >= 8 {
			r := left[:8]
			left = left[8:]
			var twosA, twosB, foursA, foursB, eights uint64
			ones, twosA = adder(ones, vectors[r[0]][w], vectors[r[1]][w])
			ones, twosB = adder(ones, vectors[r[2]][w], vectors[r[3]][w])
			twos, foursA = adder(twos, twosA, twosB)
			ones, twosA = adder(ones, vectors[r[4]][w], vectors[r[5]][w])
			ones, twosB = adder(ones, vectors[r[6]][w], vectors[r[7]][w])
			twos, foursB = adder(twos, twosA, twosB)
			fours, eights = adder(fours, foursA, foursB)
			for b := 3; eights != 0; b++ {
				planes[b][w], eights = planes[b][w]^eights, planes[b][w]&eights
			}
		}
		planes[0][w], planes[1][w], planes[2][w] = ones, twos, fours
		for _, r := range left {
			carry := vectors[r][w]
			for b := 0; carry != 0; b++ {
				planes[b][w], carry = planes[b][w]^carry, planes[b][w]&carry
			}
		}
	}
}

// expandWords is expand in Go.
func expandWords(out *[Bits]uint16, planes *[Planes]Vector, used int) {
	*out = [Bits]uint16{}
	for b := range used {
		for w := range Words {
			for plane := planes[b][w]; plane != 0; plane &= plane - 1 {
				out[64*w+bits.TrailingZeros64(plane)] |= 1 << b
			}
		}
	}
}

// atLeastWords is atLeast in Go.
func atLeastWords(out *Vector, planes *[Planes]Vector, t threshold) {
	for w := range Words {
		equal, more := ^uint64(0), uint64(0)
		for b := t.planes - 1; b >= 0; b-- {
			if plane := planes[b][w]; t.n>>b&1 == 1 {
				equal &= plane
			} else {
				more |= equal & plane
				equal &^= plane
			}
		}
		out[w] = more | equal
	}
}

// dividedWords is divided in Go.
func dividedWords(out *Vector, planes *[Planes]Vector, rows int) {
	for w := range Words {
		any, every := uint64(0), ^uint64(0)
		for b := 0; rows>>b != 0; b++ {
			plane := planes[b][w]
			any |= plane
			if rows>>b&1 == 1 {
				every &= plane
			} else {
				every &^= plane
			}
		}
		out[w] = any &^ every
	}
}
