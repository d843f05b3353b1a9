package j48

import (
	"math"
	"sort"

	"tickle/datasets"
	"tickle/learners/attributes"
)

// here is a node's rows as its attributes are measured on them.
type here struct {
	rows    []entry
	total   float64
	integer bool // every weight is one
	// Where vertical measures columns: the rows, and the same by class.
	ids     []int32
	classes []class
}

func newHere(rows []entry, total float64) *here {
	h := &here{rows: rows, total: total, integer: true}
	for i := range rows {
		h.integer = h.integer && rows[i].weight == 1
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

// byValue is the distribution of the rows whose cell is known, a bag a value.
func (g *grower) byValue(h *here, a *attributes.Attribute) *distribution {
	d := newDistribution(a.Values, g.classes)
	for _, e := range h.rows {
		if code := a.Codes[e.row]; code != datasets.Missing {
			d.add(int(code), e.class, e.weight)
		}
	}
	return d
}

// values measures a nominal column with a branch a value.
func (g *grower) values(h *here, a *attributes.Attribute) (c candidate) {
	d := g.byValue(h, a)
	if d.splits(float64(g.leaf)) {
		c.valid = true
		c.gain, c.ratio = d.measure(h.total)
	}
	return c
}

// value measures a nominal column with two branches: the value that gives the
// highest gain ratio, and all others.
func (g *grower) value(h *here, a *attributes.Attribute) (c candidate) {
	d := g.byValue(h, a)
	for code := range a.Values {
		if !greaterOrEqual(d.bag[code], float64(g.leaf)) {
			continue
		}
		two := newDistribution(2, g.classes)
		two.total = d.total
		copy(two.class, d.class)
		copy(two.cells, d.row(code))
		two.bag[0], two.bag[1] = d.bag[code], d.total-d.bag[code]
		for class, w := range d.class {
			two.cells[g.classes+class] = w - two.cells[class]
		}
		if !two.splits(float64(g.leaf)) {
			continue
		}
		gain, ratio := two.measure(h.total)
		if code == 0 || greater(ratio, c.ratio) {
			c.gain, c.ratio, c.code = gain, ratio, datasets.Code(code)
		}
		c.valid = true
	}
	return c
}

// number measures a column of numbers: the threshold with the highest gain,
// less what it costs to say which of the possible ones it is.
func (g *grower) number(h *here, a *attributes.Attribute) (c candidate) {
	known := make([]entry, 0, len(h.rows))
	two := newDistribution(2, g.classes)
	for _, e := range h.rows {
		if !math.IsNaN(a.Cells[e.row]) {
			known = append(known, e)
			two.add(1, e.class, e.weight)
		}
	}
	sort.SliceStable(known, func(i, j int) bool { return a.Cells[known[i].row] < a.Cells[known[j].row] })
	least := 0.1 * two.total / float64(g.classes)
	if least-float64(g.leaf) < tolerance {
		least = float64(g.leaf)
	} else if greater(least, 25) {
		least = 25
	}
	if 2*least-float64(len(known)) > tolerance {
		return c
	}
	best, tried := g.cut(h, two, numbers{a, known, least})
	c.gain = best.gain
	if tried == 0 {
		return c
	}
	c.gain -= math.Log2(float64(tried)) / h.total
	if c.gain < tolerance {
		return candidate{}
	}
	c.valid = true
	low, high := a.Cells[known[best.at-1].row], a.Cells[known[best.at].row]
	if c.point = (low + high) / 2; c.point == high {
		c.point = low
	}
	c.ratio = best.sums.ratio(c.gain)
	return c
}

// numbers is a node's known rows in order of a column of numbers, and the
// least weight of a side.
type numbers struct {
	attr  *attributes.Attribute
	known []entry
	least float64
}

// cutting is a place to cut numbers: rows before at go left.
type cutting struct {
	at   int
	gain float64
	sums sums
}

// cut tries all places between different numbers, first to last. two has all
// rows in its right bag. tried counts the places that leave both sides heavy
// enough.
func (g *grower) cut(h *here, two *distribution, in numbers) (best cutting, tried int) {
	before := xlog2x(two.total)
	for _, w := range two.class {
		before -= xlog2x(w)
	}
	const close = 1e-5 // numbers nearer than this are not told apart
	moved := 0
	for at := 1; at < len(in.known); at++ {
		if in.attr.Cells[in.known[at-1].row]+close >= in.attr.Cells[in.known[at].row] {
			continue
		}
		for ; moved < at; moved++ {
			e := in.known[moved]
			two.cells[e.class] += e.weight
			two.cells[g.classes+int(e.class)] -= e.weight
			two.bag[0] += e.weight
			two.bag[1] -= e.weight
		}
		if !greaterOrEqual(two.bag[0], in.least) || !greaterOrEqual(two.bag[1], in.least) {
			continue
		}
		s := sums{before: before, within: two.within(), bags: two.bags(), known: two.total, all: h.total}
		if gain := s.gain(); greater(gain, best.gain) {
			best = cutting{at, gain, s}
		}
		tried++
	}
	return best, tried
}
