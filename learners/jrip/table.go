package jrip

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
)

// fewValues is how many values a nominal column may have for its values to be
// sets of bits. A column of more is counted row by row.
const fewValues = 16

// table is the training rows, numbered from 0, by column: for each value of a
// nominal column the set of rows that have it, for a column of numbers the
// rows in their order.
type table struct {
	rows       []int32 // of the matrix
	words      int     // of a set of rows
	columns    []column
	sets       []uint64
	conditions float64 // how many there may be: a column's values, or two a number
	values     int     // most values of a nominal column
}

type column struct {
	*attributes.Attribute
	at    int     // in sets, for a nominal column of few values
	order []int32 // of a column of numbers: rows that have one, ascending
}

func newTable(list []attributes.Attribute, rows []int32) *table {
	t := &table{rows: rows, words: (len(rows) + 63) / 64}
	size := 0
	for i := range list {
		a := &list[i]
		c := column{Attribute: a, at: size}
		if !a.Nominal() {
			c.order = t.sorted(a)
			t.conditions += 2 * float64(t.distinct(c))
		} else {
			t.conditions += float64(a.Mult) * float64(a.Values)
			t.values = max(t.values, a.Values)
			if a.Values <= fewValues {
				size += a.Values * t.words
			}
		}
		if !a.Nominal() || a.Values > 1 || a.Missing {
			t.columns = append(t.columns, c)
		}
	}
	t.sets = make([]uint64, size)
	for k := range t.columns {
		c := &t.columns[k]
		if !c.Nominal() || c.Values > fewValues {
			continue
		}
		for i, r := range rows {
			if code := c.Codes[r]; code != datasets.Missing {
				t.sets[c.at+int(code)*t.words+i/64] |= 1 << (i % 64)
			}
		}
	}
	return t
}

func (t *table) sorted(a *attributes.Attribute) []int32 {
	var order []int32
	for i, r := range t.rows {
		if !math.IsNaN(a.Cells[r]) {
			order = append(order, int32(i))
		}
	}
	slices.SortStableFunc(order, func(i, j int32) int { return cmp.Compare(a.Cells[t.rows[i]], a.Cells[t.rows[j]]) })
	return order
}

func (t *table) distinct(c column) int {
	n := 0
	for k, i := range c.order {
		if k == 0 || c.Cells[t.rows[i]] != c.Cells[t.rows[c.order[k-1]]] {
			n++
		}
	}
	return n
}

// growth is the rows that a growing rule covers.
type growth struct {
	rows      int
	in, right []uint64 // all, and those of the rule's class
}

func (t *table) newGrowth(rows []int32, right func(i int32) bool) *growth {
	g := &growth{rows: len(rows), in: make([]uint64, t.words), right: make([]uint64, t.words)}
	for _, i := range rows {
		g.in[i/64] |= 1 << (i % 64)
		if right(i) {
			g.right[i/64] |= 1 << (i % 64)
		}
	}
	return g
}

func has(set []uint64, i int32) bool { return set[i/64]>>(i%64)&1 == 1 }

// narrow keeps the rows that satisfy a condition.
func (g *growth) narrow(t *table, c *condition) {
	g.rows = 0
	for w := range g.in {
		for rest := g.in[w]; rest != 0; rest &= rest - 1 {
			bit := bits.TrailingZeros64(rest)
			if c.holds(t.rows[64*w+bit]) {
				g.rows++
				continue
			}
			g.in[w] &^= 1 << bit
			g.right[w] &^= 1 << bit
		}
	}
}

// growing is what a rule is so far.
type growing struct {
	used map[attributes.ID]bool
	log  float64 // log₂ of the share of right rows, as FOIL counts it
}

// gain is FOIL's information gain of a condition that covers some rows, as
// many of them right.
func (w growing) gain(covered, right int) float64 {
	return float64(right) * (log2(float64(right+1)/float64(covered+1)) - w.log)
}

// found is a condition with its gain and what it covers.
type found struct {
	condition
	gain           float64
	covered, right int
}

// parts is the number of parts in which columns are searched, as far as
// Train.Workers lets them be searched at once.
const parts = 4

// parallelColumns is how many columns are worth a goroutine.
const parallelColumns = 4096

// best gives the first condition of those with the highest gain; one without
// an attribute when none gains.
func (t *table) best(f *fit, g *growth, w growing) (found, error) {
	if len(t.columns) < parallelColumns {
		return t.search(g, w, t.columns), nil
	}
	var each [parts]found
	n := (len(t.columns) + parts - 1) / parts
	err := learners.Parallel(f.ctx, parts, f.train.Workers, func(_, part int) error {
		each[part] = t.search(g, w, t.columns[part*n:min((part+1)*n, len(t.columns))])
		return nil
	})
	best := each[0]
	for _, b := range each[1:] {
		if b.gain > best.gain {
			best = b
		}
	}
	return best, err
}

func (t *table) search(g *growth, w growing, columns []column) (best found) {
	var s *scratch
	for k := range columns {
		c := &columns[k]
		switch {
		case len(w.used) > 0 && w.used[c.ID]:
		case !c.Nominal():
			t.number(g, w, c, &best)
		case c.Values <= fewValues:
			t.few(g, w, c, &best)
		default:
			if s == nil {
				s = &scratch{make([]int32, t.values), make([]int32, t.values)}
			}
			t.many(g, w, c, s, &best)
		}
	}
	return best
}

// few looks for the best value of a column as sets of bits. Only a value that
// right rows have can gain, and no more than if it had no others.
func (t *table) few(g *growth, w growing, c *column, best *found) {
	for code := range c.Values {
		set := t.sets[c.at+code*t.words : c.at+(code+1)*t.words]
		right := common(set, g.right)
		if right == 0 || float64(right)*-w.log <= best.gain {
			continue
		}
		t.offer(w, best, found{condition: condition{kind: is, attr: c.Attribute, code: datasets.Code(code)}, covered: common(set, g.in), right: right})
	}
}

// common is the number of rows in both sets.
func common(a, b []uint64) int {
	n := 0
	b = b[:len(a)]
	for i, w := range a {
		n += bits.OnesCount64(w & b[i])
	}
	return n
}

// offer takes a condition that gains more than the best.
func (t *table) offer(w growing, best *found, f found) {
	if f.gain = w.gain(f.covered, f.right); f.gain > best.gain {
		*best = f
	}
}

// scratch counts rows by code; all zero between calls.
type scratch struct {
	covered, right []int32
}

// many looks for the best value of a column row by row.
func (t *table) many(g *growth, w growing, c *column, s *scratch, best *found) {
	for i, r := range t.rows {
		if !has(g.in, int32(i)) {
			continue
		}
		if code := c.Codes[r]; code != datasets.Missing {
			s.covered[code]++
			if has(g.right, int32(i)) {
				s.right[code]++
			}
		}
	}
	for code := range c.Values {
		if right := int(s.right[code]); right > 0 {
			t.offer(w, best, found{condition: condition{kind: is, attr: c.Attribute, code: datasets.Code(code)}, covered: int(s.covered[code]), right: right})
		}
		s.covered[code], s.right[code] = 0, 0
	}
}

// number looks for the best threshold: each number that occurs, as the
// greatest of those below or the least of those above.
func (t *table) number(g *growth, w growing, c *column, best *found) {
	var rows []int32
	above := found{condition: condition{kind: atLeast, attr: c.Attribute}}
	for _, i := range c.order {
		if has(g.in, i) {
			rows = append(rows, i)
			above.covered++
			if has(g.right, i) {
				above.right++
			}
		}
	}
	below := found{condition: condition{kind: atMost, attr: c.Attribute}}
	column := found{}
	for from := 0; from < len(rows); {
		to, right := from, 0
		for ; to < len(rows) && c.Cells[t.rows[rows[to]]] == c.Cells[t.rows[rows[from]]]; to++ {
			if has(g.right, rows[to]) {
				right++
			}
		}
		point := c.Cells[t.rows[rows[from]]]
		below.point, above.point = point, point
		below.covered += to - from
		below.right += right
		// Of equal gains, that above wins.
		if w.gain(below.covered, below.right) > w.gain(above.covered, above.right) {
			t.offer(w, &column, below)
		} else {
			t.offer(w, &column, above)
		}
		above.covered -= to - from
		above.right -= right
		from = to
	}
	if column.gain > best.gain {
		*best = column
	}
}
