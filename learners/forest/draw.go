package forest

import (
	"math/bits"
	"math/rand/v2"
	"sort"

	"tickle/learners/attributes"
)

// columns maps the numbers 0…total-1 to attributes, each as often as it has
// columns: the constant columns first, as one, then the others by attribute.
type columns struct {
	total    int
	constant int      // columns that are the same in every row
	varying  []int32  // the other attributes, by index
	end      []int    // past the last number of each
	shift    int      // of a number to its place in guide
	guide    []uint32 // where in varying to begin, by number >> shift
}

// newColumns maps attributes of which each has a number of columns.
func newColumns(list []attributes.Attribute, count func(a *attributes.Attribute) (columns int, constant bool)) *columns {
	c := &columns{}
	for i := range list {
		if n, constant := count(&list[i]); constant {
			c.constant += n
		}
	}
	c.total = c.constant
	for i := range list {
		if n, constant := count(&list[i]); !constant {
			c.total += n
			c.varying = append(c.varying, int32(i))
			c.end = append(c.end, c.total)
		}
	}
	if len(c.varying) == 0 {
		return c
	}
	c.shift = bits.Len(uint(c.total / len(c.varying)))
	i := 0
	for n := 0; n>>c.shift<<c.shift <= c.total; n += 1 << c.shift {
		for i < len(c.end)-1 && c.end[i] <= n {
			i++
		}
		c.guide = append(c.guide, uint32(i))
	}
	return c
}

// plain counts the columns of the table. One that has fewer than two values
// is constant, missing cells or not: it has no gain.
func plain(a *attributes.Attribute) (columns int, constant bool) {
	return int(a.Mult), a.Nominal() && a.Values < 2
}

// attribute gives the attribute of column number n, and which of its columns
// that is; ok is false for a constant column.
func (c *columns) attribute(n int) (index int32, which int, ok bool) {
	if n < c.constant {
		return 0, 0, false
	}
	from := int(c.guide[n>>c.shift])
	to := len(c.end)
	if next := n>>c.shift + 1; next < len(c.guide) {
		to = int(c.guide[next]) + 1
	}
	i := from + sort.Search(to-from-1, func(i int) bool { return c.end[from+i] > n })
	start := c.constant
	if i > 0 {
		start = c.end[i-1]
	}
	return c.varying[i], n - start, true
}

// shuffle draws the numbers 0…n-1 without replacement: Fisher and Yates's
// shuffle of an array of which only the places that were swapped exist.
// Starting again costs nothing.
type shuffle struct {
	n, drawn int
	epoch    uint32
	places   []place // a hash table with linear probing
}

type place struct {
	epoch     uint32 // the entry is empty in any other
	at, value uint32
}

// restart begins a new drawing from 0…n-1.
func (s *shuffle) restart(n int) {
	s.n, s.drawn = n, 0
	if s.epoch++; s.epoch == 0 || s.places == nil {
		s.places = make([]place, 128)
		s.epoch = 1
	}
}

// next draws a number; ok is false when all have been drawn.
func (s *shuffle) next(rng *rand.Rand) (n int, ok bool) {
	if s.drawn == s.n {
		return 0, false
	}
	if 2*s.drawn >= len(s.places) {
		s.enlarge()
	}
	at := s.drawn + rng.IntN(s.n-s.drawn)
	last := uint32(s.drawn)
	if p := s.find(last); p.epoch == s.epoch {
		last = p.value
	}
	p := s.find(uint32(at))
	value := uint32(at)
	if p.epoch == s.epoch {
		value = p.value
	}
	*p = place{s.epoch, uint32(at), last}
	s.drawn++
	return int(value), true
}

// find gives the entry of a place, or the empty one where it belongs.
func (s *shuffle) find(at uint32) *place {
	mask := uint32(len(s.places) - 1)
	for i := at * 0x9E3779B1 & mask; ; i = (i + 1) & mask {
		if p := &s.places[i]; p.epoch != s.epoch || p.at == at {
			return p
		}
	}
}

func (s *shuffle) enlarge() {
	old := s.places
	s.places = make([]place, 2*len(old))
	for _, p := range old {
		if p.epoch == s.epoch {
			*s.find(p.at) = p
		}
	}
}

// urn draws things without replacement, each as likely as its weight among
// those left: a Fenwick tree, in which both a drawing and a removal take
// log₂ n steps.
type urn struct {
	sums  []int // of 1-based position i: the weights of (i − lowest bit of i, i]
	total int
}

// fill puts in one thing a weight.
func (u *urn) fill(n int, weight func(i int) int) {
	u.sums, u.total = append(u.sums[:0], make([]int, n+1)...), 0
	for i := 1; i <= n; i++ {
		w := weight(i - 1)
		u.total += w
		u.sums[i] += w
		if up := i + i&-i; up <= n {
			u.sums[up] += u.sums[i]
		}
	}
}

// take draws a thing and removes it; there must be one left.
func (u *urn) take(rng *rand.Rand) int {
	rest := rng.IntN(u.total)
	at := 0
	for step := 1 << (bits.Len(uint(len(u.sums)-1)) - 1); step > 0; step >>= 1 {
		if next := at + step; next < len(u.sums) && u.sums[next] <= rest {
			at = next
			rest -= u.sums[next]
		}
	}
	weight := u.weight(at + 1)
	u.total -= weight
	for i := at + 1; i < len(u.sums); i += i & -i {
		u.sums[i] -= weight
	}
	return at
}

// weight gives the weight at a 1-based position.
func (u *urn) weight(i int) int {
	w := u.sums[i]
	for j := i - 1; j > i-i&-i; j -= j & -j {
		w -= u.sums[j]
	}
	return w
}
