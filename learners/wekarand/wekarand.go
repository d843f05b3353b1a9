// Package wekarand draws random numbers as Weka draws them, so that a learner
// can be held to Weka seed by seed. Weka uses java.util.Random, whose
// generator the documentation of the Java platform gives: the linear
// congruential generator of Knuth, "The Art of Computer Programming", volume
// 2, section 3.2.1, modulo 2⁴⁸.
package wekarand

import "unicode/utf16"

// Random is java.util.Random. The zero value is not seeded.
type Random struct {
	state int64
}

const (
	multiplier = 0x5DEECE66D
	increment  = 0xB
	mask       = 1<<48 - 1
)

// New makes a generator with a seed.
func New(seed int64) *Random {
	r := &Random{}
	r.Seed(seed)
	return r
}

// Seed starts the generator anew.
func (r *Random) Seed(seed int64) { r.state = (seed ^ multiplier) & mask }

// next gives the upper bits of the next state, up to 32 of them.
func (r *Random) next(bits uint) int32 {
	r.state = (r.state*multiplier + increment) & mask
	return int32(r.state >> (48 - bits))
}

// Int32 is nextInt(): any 32 bits.
func (r *Random) Int32() int32 { return r.next(32) }

// IntN is nextInt(n): a number from 0 to n-1. It panics when n is not
// positive.
func (r *Random) IntN(n int) int {
	if n <= 0 || n > 1<<31-1 {
		panic("wekarand: IntN of a number outside 1…2³¹-1")
	}
	bound := int32(n)
	if bound&-bound == bound {
		return int(int64(bound) * int64(r.next(31)) >> 31)
	}
	for {
		bits := r.next(31)
		value := bits % bound
		if bits-value+(bound-1) >= 0 { // no overflow: not of the last, incomplete round
			return int(value)
		}
	}
}

// Float64 is nextDouble(): a multiple of 2⁻⁵³ in [0, 1).
func (r *Random) Float64() float64 {
	high := int64(r.next(26)) << 27
	return float64(high+int64(r.next(27))) * (1.0 / (1 << 53))
}

// HashCode is String.hashCode(): a polynomial in 31 over UTF-16 units.
func HashCode(s string) int32 {
	var h int32
	for _, unit := range utf16.Encode([]rune(s)) {
		h = 31*h + int32(unit)
	}
	return h
}

// ForRows makes the generator that Weka makes for a data set of n rows: a
// generator with the seed picks a row, and the hash of the row as text is
// added to the seed.
func ForRows(seed int64, n int, text func(row int) string) *Random {
	r := New(seed)
	r.Seed(int64(HashCode(text(r.IntN(n)))) + seed)
	return r
}

// Order gives the indices of values in ascending order. Equal values come in
// the order in which Weka's sort leaves them: the quicksort with the median of
// three of Weiss, "Data Structures and Algorithm Analysis", down to four
// values; fewer are compared one by one. Its time may grow with the square of
// their number.
func Order(values []float64) []int {
	s := sorting{values, make([]int, len(values))}
	for i := range s.index {
		s.index[i] = i
	}
	s.sort(0, len(values)-1)
	return s.index
}

type sorting struct {
	values []float64
	index  []int
}

func (s sorting) at(i int) float64 { return s.values[s.index[i]] }

func (s sorting) swap(i, j int) { s.index[i], s.index[j] = s.index[j], s.index[i] }

// put brings three places into order.
func (s sorting) put(low, middle, high int) {
	for _, pair := range [3][2]int{{low, middle}, {low, high}, {middle, high}} {
		if s.at(pair[0]) > s.at(pair[1]) {
			s.swap(pair[0], pair[1])
		}
	}
}

func (s sorting) sort(low, high int) {
	switch high - low + 1 {
	case 2:
		s.put(low, low, high)
		return
	case 3:
		s.put(low, low+1, high)
		return
	}
	if high <= low {
		return
	}
	middle := (low + high) / 2
	s.put(low, middle, high)
	s.swap(middle, high-1)
	pivot := s.at(high - 1)
	i, j := low, high-1
	for {
		for i++; s.at(i) < pivot; i++ {
		}
		for j--; s.at(j) > pivot; j-- {
		}
		if i >= j {
			break
		}
		s.swap(i, j)
	}
	s.swap(i, high-1)
	s.sort(low, i-1)
	s.sort(i+1, high)
}
