package jrip

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
	"tickle/learners/bitslice"
)

// table is the columns with the training rows, which are numbered from 0.
type table struct {
	*layout
	rows       []int32          // of the matrix
	numbers    map[int32]sorted // by index into columns
	conditions float64          // how many there may be: a column's values, or two a number
	logs       []float64        // log₂ of 0 to one more than the rows
}

// sorted is a column of numbers with the rows that have one, ascending.
type sorted struct {
	*column
	at    int32 // in columns
	order []int32
	space []int32 // for a growth's rows
}

func newTable(l *layout, rows []int32) *table {
	t := &table{layout: l, rows: rows, numbers: make(map[int32]sorted), conditions: l.asked}
	t.logs = make([]float64, len(rows)+2)
	for n := range t.logs {
		t.logs[n] = math.Log2(float64(n))
	}
	for _, at := range l.rest {
		if c := &l.columns[at]; !c.Nominal() {
			order := t.sorted(c.Attribute)
			t.numbers[at] = sorted{c, at, order, make([]int32, len(order))}
			t.conditions += 2 * float64(t.distinct(t.numbers[at]))
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

func (t *table) distinct(c sorted) int {
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
	rows         int
	in           []bool  // by training row
	own          []bool  // by training row: whether it is of the rule's class
	right, wrong []int32 // rows of the matrix: those of the rule's class, and others
	// ordered has the rows of columns of numbers that were in when the column was
	// last looked at, by index into columns, in memory of the table's.
	ordered map[int32][]int32
}

func (t *table) newGrowth(rows []int32, right func(i int32) bool) *growth {
	g := &growth{in: make([]bool, len(t.rows)), own: make([]bool, len(t.rows)), ordered: make(map[int32][]int32)}
	for _, i := range rows {
		g.in[i], g.own[i] = true, right(i)
	}
	g.count(t)
	return g
}

// count lists the rows that are in.
func (g *growth) count(t *table) {
	g.right, g.wrong = g.right[:0], g.wrong[:0]
	for i, in := range g.in {
		switch {
		case !in:
		case g.own[i]:
			g.right = append(g.right, t.rows[i])
		default:
			g.wrong = append(g.wrong, t.rows[i])
		}
	}
	g.rows = len(g.right) + len(g.wrong)
}

// narrow keeps the rows that satisfy a condition.
func (g *growth) narrow(t *table, c *condition) {
	for i := range g.in {
		g.in[i] = g.in[i] && c.holds(t.rows[i])
	}
	g.count(t)
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
	column         int32 // index into the table's columns
}

// before reports whether f is the better of two, which on equal gains is the
// one whose column comes first.
func (f *found) before(o *found) bool {
	return f.gain > o.gain || f.gain == o.gain && f.gain > 0 && f.column < o.column
}

// parallelBlocks is how many blocks of values are worth goroutines, in parts of
// so many.
const parallelBlocks = 32

// sampled is the share of blocks that are searched first, so that most of the
// others have a high gain to beat.
const sampled = 1.0 / 64

// best gives the first condition of those with the highest gain; one without
// an attribute when none gains.
func (t *table) best(f *fit, g *growth, w growing) (found, error) {
	best := t.others(g, w)
	blocks := t.onehot.Blocks
	t.few(g, w, span{0, blocks, int(1 / sampled)}, &best)
	parts := (blocks + parallelBlocks - 1) / parallelBlocks
	if f.train.Workers == 1 || parts < 2 {
		t.few(g, w, span{0, blocks, 1}, &best)
		return best, nil
	}
	each := make([]found, parts)
	for i := range each {
		each[i] = best
	}
	err := learners.Parallel(f.ctx, parts, f.train.Workers, func(_, part int) error {
		t.few(g, w, span{part * parallelBlocks, min((part+1)*parallelBlocks, blocks), 1}, &each[part])
		return nil
	})
	for i := range each {
		if each[i].before(&best) {
			best = each[i]
		}
	}
	return best, err
}

// others looks at the columns that have no bits.
func (t *table) others(g *growth, w growing) (best found) {
	var s *scratch
	for _, at := range t.rest {
		c, f := &t.columns[at], found{}
		switch {
		case len(w.used) > 0 && w.used[c.ID]:
		case !c.Nominal():
			f.gain = best.gain
			t.number(g, w, t.numbers[at], &f)
		default:
			if s == nil {
				s = &scratch{make([]int32, t.values), make([]int32, t.values)}
			}
			f.gain = best.gain
			t.many(g, w, c, s, &f)
		}
		if f.attr != nil {
			f.column = at
			best = f
		}
	}
	return best
}

// span is the blocks from, from+step… below to.
type span struct{ from, to, step int }

// few looks for the best of the values that are bits. Only a value that right
// rows have can gain, and no more than if no wrong ones had it: values are
// counted among the right rows first, a block at a time, and a block is left as
// soon as each of its values has too many wrong ones.
func (t *table) few(g *growth, w growing, in span, best *found) {
	s := &search{best: best, limit: limitsOf(w, best.gain, len(g.right))}
	for block := in.from; block < in.to; block += in.step {
		if t.open(g, block, s) {
			t.compare(g, w, block, s)
		}
	}
}

// search is a search of blocks under way, with memory for counting.
type search struct {
	best         *found
	limit        limits
	right, wrong bitslice.Counts
	open, over   bitslice.Vector // the values that may gain enough, and those that have too many wrong rows
}

// wrongRows is how many wrong rows are counted before looking whether any value
// can still gain.
const wrongRows = 16

// open leaves in s.open the values of a block that may gain as much as the
// best, if there are any.
func (t *table) open(g *growth, block int, s *search) bool {
	vectors := t.onehot.Block(block)
	s.right.Reset()
	s.right.Add(vectors, g.right)
	s.right.AtLeast(&s.open, s.limit.right)
	s.wrong.Reset()
	for from := 0; from < len(g.wrong) && s.open.Any(); from += wrongRows {
		s.wrong.Add(vectors, g.wrong[from:min(from+wrongRows, len(g.wrong))])
		s.wrong.AtLeast(&s.over, s.limit.wrong+1)
		for w, over := range s.over {
			s.open[w] &^= over
		}
	}
	return s.open.Any()
}

// compare holds the open values of a block against the best.
func (t *table) compare(g *growth, w growing, block int, s *search) {
	best := s.best
	for word, open := range s.open {
		for ; open != 0; open &= open - 1 {
			bit := 64*word + bits.TrailingZeros64(open)
			n := s.right.At(bit)
			covered := n + s.wrong.At(bit)
			at := t.of[block*bitslice.Bits+bit]
			alike := n == best.right && covered == best.covered // the gain is the same
			if at < 0 || alike && at > best.column || t.about(w, covered, n) < best.gain {
				continue
			}
			c := &t.columns[at]
			if len(w.used) > 0 && w.used[c.ID] {
				continue
			}
			code := datasets.Code(int32(block*bitslice.Bits+bit) - c.first)
			f := found{condition: condition{kind: is, attr: c.Attribute, code: code}, right: n, covered: covered, column: at}
			f.gain = w.gain(covered, n)
			if f.before(best) {
				*best = f
				s.limit = limitsOf(w, best.gain, len(g.right))
			}
		}
	}
}

// about is a little more than the gain, from a table of logarithms.
func (t *table) about(w growing, covered, right int) float64 {
	return float64(right)*(t.logs[right+1]-t.logs[covered+1]-w.log) + 1e-9
}

// limits say what a condition needs to gain as much as the best so far.
type limits struct {
	right int // at least so many right rows
	wrong int // at most so many wrong ones
}

// limitsOf gives limits that are never too tight: by the gain of all right rows
// and no wrong one, and of all right rows with some wrong ones.
func limitsOf(w growing, gain float64, right int) limits {
	const slack = 1e-9
	l := limits{right: 1, wrong: math.MaxInt32}
	if gain <= 0 || right == 0 {
		return l
	}
	if w.log < 0 {
		l.right = max(1, int(math.Ceil(gain/-w.log-slack)))
	}
	p := float64(right)
	most := (p+1)/math.Exp2(gain/p+w.log) - 1 - p
	l.wrong = max(0, int(math.Min(math.Floor(most+slack*(1+math.Abs(most))), math.MaxInt32-1)))
	return l
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
	for _, r := range g.right {
		if code := c.Codes[r]; code != datasets.Missing {
			s.covered[code]++
			s.right[code]++
		}
	}
	for _, r := range g.wrong {
		if code := c.Codes[r]; code != datasets.Missing {
			s.covered[code]++
		}
	}
	for code := range c.Values {
		if right := int(s.right[code]); right > 0 {
			t.offer(w, best, found{condition: condition{kind: is, attr: c.Attribute, code: datasets.Code(code)}, covered: int(s.covered[code]), right: right})
		}
		s.covered[code], s.right[code] = 0, 0
	}
}

// orderedBy gives the rows of a growth that have a number in a column, ascending.
func (g *growth) orderedBy(c sorted) []int32 {
	rows, looked := g.ordered[c.at]
	if !looked {
		rows = c.order
	}
	n := 0
	for _, i := range rows {
		c.space[n] = i // whether it stays or not: no branch is to be guessed
		if g.in[i] {
			n++
		}
	}
	g.ordered[c.at] = c.space[:n]
	return c.space[:n]
}

// number looks for the best threshold: each number that a right row has, as the
// greatest of those below or the least of those above. Others cover the right
// rows of one of these, and more wrong ones.
func (t *table) number(g *growth, w growing, c sorted, best *found) {
	rows := g.orderedBy(c)
	below := found{condition: condition{kind: atMost, attr: c.Attribute}}
	above := found{condition: condition{kind: atLeast, attr: c.Attribute}, covered: len(rows)}
	for _, i := range rows {
		if g.own[i] {
			above.right++
		}
	}
	column := found{}
	for from := 0; from < len(rows) && above.right > 0; {
		point := c.Cells[t.rows[rows[from]]]
		to, right := from, 0
		for ; to < len(rows) && c.Cells[t.rows[rows[to]]] == point; to++ {
			if g.own[rows[to]] {
				right++
			}
		}
		below.point, above.point = point, point
		below.covered += to - from
		below.right += right
		// Of equal gains, that above wins.
		switch {
		case right == 0:
		case w.gain(below.covered, below.right) > w.gain(above.covered, above.right):
			t.offer(w, &column, below)
		default:
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
