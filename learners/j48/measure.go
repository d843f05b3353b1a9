package j48

import (
	"cmp"
	"math"
	"slices"

	"tickle/datasets"
	"tickle/learners/attributes"
)

// here is a node's rows as its attributes are measured on them.
type here struct {
	rows    []entry
	total   float64
	integer bool    // every weight is one
	present []int32 // the classes of the rows
	place   []int32 // of each row: its class's place in present
	// Where vertical measures columns: the rows, and the same by class.
	ids     []int32
	classes []class
}

func newHere(rows []entry, total float64) *here {
	h := &here{rows: rows, total: total, integer: true, present: classesIn(rows), place: make([]int32, len(rows))}
	at := places{ids: h.present}
	for i := range rows {
		h.integer = h.integer && rows[i].weight == 1
		h.place[i] = int32(at.of(rows[i].class))
	}
	return h
}

// scratch is memory for counting; all zero between calls.
type scratch struct {
	counts  []int32 // by code
	totals  []int32 // by code
	classes []int32 // known cells, by class
	codes   []datasets.Code
	seen    []datasets.Code
	tally   tally
	bags    distribution // of byValue
	two     distribution // of a split in two
	terms   []float64    // xlog2x of the cells of two
	known   []placed
}

// reset empties a distribution over other bags and classes, in the memory that it
// has.
func (d *distribution) reset(bags int, ids []int32) {
	*d = distribution{ids: ids, cells: cleared(d.cells, bags*len(ids)), bag: cleared(d.bag, bags), class: cleared(d.class, len(ids))}
}

// cleared gives n zeros, in the memory of s where it suffices.
func cleared(s []float64, n int) []float64 {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}

// counted measures a nominal column where every row is whole. It counts one
// class after the other, so that only codes which occur cost anything.
func (g *grower) counted(h *here, a *attributes.Attribute, s *scratch) (c candidate) {
	cells, rows := a.Codes, h.rows
	codes, seen := s.codes[:0], s.seen[:0]
	known, mixed, classes := int32(0), 0.0, 0.0
	for at := 0; at < len(rows); {
		class, inClass := rows[at].class, int32(0)
		for ; at < len(rows) && rows[at].class == class; at++ {
			code := cells[rows[at].row]
			if code == datasets.Missing {
				continue
			}
			if s.counts[code] == 0 {
				codes = append(codes, code)
			}
			s.counts[code]++
			inClass++
		}
		for _, code := range codes {
			n := s.counts[code]
			mixed += g.xlog2x[n]
			if s.totals[code] == 0 {
				seen = append(seen, code)
			}
			s.totals[code] += n
			s.counts[code] = 0
		}
		codes = codes[:0]
		classes += g.xlog2x[inClass]
		known += inClass
	}
	bags, large := 0.0, 0
	for _, code := range seen {
		n := s.totals[code]
		bags += g.xlog2x[n]
		if int(n) >= g.leaf {
			large++
		}
		s.totals[code] = 0
	}
	s.codes, s.seen = codes, seen
	if large < 2 {
		return c
	}
	c.valid = true
	c.gain, c.ratio = sums{
		before: g.xlog2x[known] - classes, within: bags - mixed, bags: bags, known: float64(known), all: h.total,
	}.measure()
	return c
}

// byValue is the distribution of the rows whose cell is known over the values
// that occur, ascending.
func (h *here) byValue(a *attributes.Attribute, s *scratch) (d *distribution, codes []datasets.Code) {
	codes, place := s.codes[:0], s.counts
	for _, e := range h.rows {
		if code := a.Codes[e.row]; code != datasets.Missing && place[code] == 0 {
			place[code] = 1
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	for k, code := range codes {
		place[code] = int32(k)
	}
	d = &s.bags
	d.reset(len(codes), h.present)
	for i, e := range h.rows {
		if code := a.Codes[e.row]; code != datasets.Missing {
			d.add(int(place[code]), int(h.place[i]), e.weight)
		}
	}
	for _, code := range codes {
		place[code] = 0
	}
	s.codes = codes
	return d, codes
}

// values measures a nominal column with a branch a value.
func (g *grower) values(h *here, a *attributes.Attribute, s *scratch) (c candidate) {
	d, _ := h.byValue(a, s)
	if d.splits(float64(g.leaf)) {
		c.valid = true
		c.gain, c.ratio = d.measure(h.total)
	}
	return c
}

// value measures a nominal column with two branches: the value that gives the
// highest gain ratio, and all others.
func (g *grower) value(h *here, a *attributes.Attribute, s *scratch) (c candidate) {
	d, codes := h.byValue(a, s)
	two := &s.two
	for k, code := range codes {
		if !greaterOrEqual(d.bag[k], float64(g.leaf)) {
			continue
		}
		two.reset(2, d.ids)
		two.total = d.total
		copy(two.class, d.class)
		copy(two.cells, d.row(k))
		two.bag[0], two.bag[1] = d.bag[k], d.total-d.bag[k]
		for place, w := range d.class {
			two.cells[len(d.ids)+place] = w - two.cells[place]
		}
		if !two.splits(float64(g.leaf)) {
			continue
		}
		gain, ratio := two.measure(h.total)
		if code == 0 || greater(ratio, c.ratio) {
			c.gain, c.ratio, c.code = gain, ratio, code
		}
		c.valid = true
	}
	return c
}

// placed is a row's number at a node, its weight, and the place of its class.
type placed struct {
	value, weight float64
	place         int32
}

// number measures a column of numbers: the threshold with the highest gain,
// less what it costs to say which of the possible ones it is.
func (g *grower) number(h *here, a *attributes.Attribute, s *scratch) (c candidate) {
	known, two := s.known[:0], &s.two
	two.reset(2, h.present)
	for i, e := range h.rows {
		if v := a.Cells[e.row]; !math.IsNaN(v) {
			known = append(known, placed{v, e.weight, h.place[i]})
			two.add(1, int(h.place[i]), e.weight)
		}
	}
	s.known = known
	slices.SortStableFunc(known, func(a, b placed) int { return cmp.Compare(a.value, b.value) })
	least := 0.1 * two.total / float64(g.classes)
	if least-float64(g.leaf) < tolerance {
		least = float64(g.leaf)
	} else if greater(least, 25) {
		least = 25
	}
	if 2*least-float64(len(known)) > tolerance {
		return c
	}
	best, tried := h.cut(s, least)
	c.gain = best.gain
	if tried == 0 {
		return c
	}
	c.gain -= math.Log2(float64(tried)) / h.total
	if c.gain < tolerance {
		return candidate{}
	}
	c.valid = true
	low, high := known[best.at-1].value, known[best.at].value
	if c.point = (low + high) / 2; c.point == high {
		c.point = low
	}
	c.ratio = best.sums.ratio(c.gain)
	return c
}

// cutting is a place to cut numbers: rows before at go left.
type cutting struct {
	at   int
	gain float64
	sums sums
}

// cut tries all places between different numbers of s.known, first to last, that
// leave the least weight on either side, and counts them as tried. s.two has all
// rows in its right bag.
func (h *here) cut(s *scratch, least float64) (best cutting, tried int) {
	known, two, n := s.known, &s.two, len(h.present)
	before := xlog2x(two.total)
	s.terms = s.terms[:0]
	for _, w := range two.class {
		before -= xlog2x(w)
	}
	for _, w := range two.cells {
		s.terms = append(s.terms, xlog2x(w))
	}
	const close = 1e-5 // numbers nearer than this are not told apart
	moved := 0
	for at := 1; at < len(known); at++ {
		if known[at-1].value+close >= known[at].value {
			continue
		}
		for ; moved < at; moved++ {
			e := &known[moved]
			left, right := int(e.place), n+int(e.place)
			two.cells[left] += e.weight
			two.cells[right] -= e.weight
			s.terms[left], s.terms[right] = xlog2x(two.cells[left]), xlog2x(two.cells[right])
			two.bag[0] += e.weight
			two.bag[1] -= e.weight
		}
		if !greaterOrEqual(two.bag[0], least) || !greaterOrEqual(two.bag[1], least) {
			continue
		}
		bags := two.bags()
		within := bags // as distribution.within, whose terms these are
		for _, term := range s.terms {
			within -= term
		}
		sums := sums{before: before, within: within, bags: bags, known: two.total, all: h.total}
		if gain := sums.gain(); greater(gain, best.gain) {
			best = cutting{at, gain, sums}
		}
		tried++
	}
	return best, tried
}
