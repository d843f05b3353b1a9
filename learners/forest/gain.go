package forest

import (
	"math"
	"slices"

	"tickle/datasets"
)

// entry is a training row at a node. The entries of a node stand in order of
// class.
type entry struct {
	row, class int32
	weight     float64
}

// fixed is w·log₂ w in units of 2⁻³². Entropies are sums of such terms; as
// integers, they do not depend on the order of summation, so that columns
// which split a node alike tie exactly, however their values are named.
func fixed(w float64) int64 {
	if w <= 0 {
		return 0
	}
	return int64(math.Round(w * math.Log2(w) * (1 << 32)))
}

// memo gives fixed weights, most of which come again and again: of the rows that
// a node shares out, each branch has the same part.
type memo struct {
	weights [memoSize]float64 // 0 where there is none
	terms   [memoSize]int64
}

// memoSize is a power of two, for memory that stays in the nearest caches.
const memoSize = 1 << 10

func (m *memo) fixed(w float64) int64 {
	if w <= 0 {
		return 0
	}
	// Fibonacci hashing: the upper bits of a product with 2⁶⁴/φ.
	at := math.Float64bits(w) * 0x9e3779b97f4a7c15 >> (64 - 10)
	if m.weights[at] != w {
		m.weights[at], m.terms[at] = w, fixed(w)
	}
	return m.terms[at]
}

// minGain is the gain per unit of weight, in bits, that a split must exceed:
// Weka takes less for rounding.
const minGain = 1e-6

// tally computes information gains at one node.
type tally struct {
	xlogx  []int64
	here   []entry
	place  []int32 // of each entry: that of its class, in order of the node's
	of     int     // classes
	whole  bool    // every weight is an integer
	weight float64 // of all entries
	prior  int64   // weight × entropy of the classes, fixed
	counts []int32 // by code; zero between calls
	totals []int32 // by code; zero between calls
	codes  []datasets.Code
	seen   []datasets.Code
	table  table
	memo   memo
	known  []numbered
	low    []float64 // by class, in order of the node's
	high   []float64
}

// numbered is an entry's number, its class in the node's order, its place there,
// and its weight.
type numbered struct {
	value, weight float64
	class, place  int32
}

// compare orders by number, and equals as they stand at the node: as good as a
// stable sort, and faster.
func (a numbered) compare(b numbered) int {
	switch {
	case a.value < b.value:
		return -1
	case a.value > b.value:
		return 1
	}
	return int(a.place - b.place)
}

// start makes the tally ready for the entries of a node.
func (t *tally) start(here []entry) {
	t.here, t.weight, t.prior, t.whole = here, 0, 0, true
	t.place, t.of = slices.Grow(t.place[:0], len(here))[:len(here)], 0
	for at := 0; at < len(here); t.of++ {
		class, weight := here[at].class, 0.0
		for ; at < len(here) && here[at].class == class; at++ {
			t.place[at] = int32(t.of)
			w := here[at].weight
			weight += w
			t.whole = t.whole && w == math.Trunc(w)
		}
		t.weight += weight
		t.prior -= t.memo.fixed(weight)
	}
	t.prior += t.memo.fixed(t.weight)
}

// least is the gain, as gain gives it, that a split must exceed.
func (t *tally) least() int64 { return int64(minGain * t.weight * (1 << 32)) }

// gain is the weight of the node times the information gain in bits of
// splitting by cells, fixed.
func (t *tally) gain(cells []datasets.Code, missing bool) int64 {
	if missing {
		missing = false
		for i := range t.here {
			if cells[t.here[i].row] == datasets.Missing {
				missing = true
				break
			}
		}
	}
	if missing || !t.whole {
		t.fill(cells)
		return t.prior - t.table.entropy(&t.memo)
	}
	return t.gainWhole(cells)
}

// gainWhole is gain for integer weights and no missing cell: it counts one
// class after the other, so that only codes which occur cost anything.
func (t *tally) gainWhole(cells []datasets.Code) int64 {
	gain := t.prior
	codes, seen := t.codes[:0], t.seen[:0]
	for at := 0; at < len(t.here); {
		class := t.here[at].class
		for ; at < len(t.here) && t.here[at].class == class; at++ {
			c := cells[t.here[at].row]
			if t.counts[c] == 0 {
				codes = append(codes, c)
			}
			t.counts[c] += int32(t.here[at].weight)
		}
		for _, c := range codes {
			n := t.counts[c]
			gain += t.xlogx[n]
			if t.totals[c] == 0 {
				seen = append(seen, c)
			}
			t.totals[c] += n
			t.counts[c] = 0
		}
		codes = codes[:0]
	}
	for _, c := range seen {
		gain -= t.xlogx[t.totals[c]]
		t.totals[c] = 0
	}
	t.codes, t.seen = codes, seen
	return gain
}

// cut finds the split point of a column of numbers with the highest gain on
// the rows that have one, the lowest of equals: halfway between two numbers.
// ok is false when there are not two different numbers.
func (t *tally) cut(cells []float64) (point float64, ok bool) {
	t.known, t.low, t.high = t.known[:0], t.low[:0], t.high[:0]
	for i, e := range t.here {
		if i == 0 || t.here[i-1].class != e.class {
			t.low, t.high = append(t.low, 0), append(t.high, 0)
		}
		if v := cells[e.row]; !math.IsNaN(v) {
			class := len(t.high) - 1
			t.known = append(t.known, numbered{v, e.weight, int32(class), int32(i)})
			t.high[class] += e.weight
		}
	}
	slices.SortFunc(t.known, numbered.compare)
	least := int64(math.MaxInt64)
	low, high := t.newPartial(t.low), t.newPartial(t.high)
	for i, e := range t.known {
		if i > 0 && e.value > t.known[i-1].value {
			if h := low.entropy() + high.entropy(); h < least {
				least = h
				point, ok = halfway(t.known[i-1].value, e.value), true
			}
		}
		low.add(e.class, e.weight)
		high.add(e.class, -e.weight)
	}
	return point, ok
}

// partial is one side of a cut through a column of numbers, as rows move from one
// to the other. Its terms are integers, so that changing those of a class is as
// good as adding all up again.
type partial struct {
	weights []float64 // by class, in order of the node's
	terms   int64     // Σ fixed(w)
	total   float64   // where weights are whole
	xlogx   []int64   // by weight; nil where weights are not whole
	memo    *memo
}

// newPartial makes a side of the node's rows.
func (t *tally) newPartial(weights []float64) partial {
	s := partial{weights: weights, memo: &t.memo}
	if t.whole {
		s.xlogx = t.xlogx
	}
	for _, w := range weights {
		s.terms += s.term(w)
		s.total += w
	}
	return s
}

func (s *partial) term(w float64) int64 {
	if s.xlogx != nil {
		return s.xlogx[int(w)]
	}
	return s.memo.fixed(w)
}

// add changes the weight of a class.
func (s *partial) add(class int32, weight float64) {
	w := s.weights[class]
	s.terms -= s.term(w)
	w += weight
	s.terms += s.term(w)
	s.weights[class] = w
	s.total += weight
}

// entropy is that of the weights. Weights that are not whole are added up in
// order, for their sum depends on it.
func (s *partial) entropy() int64 {
	if s.xlogx != nil {
		return s.term(s.total) - s.terms
	}
	total := 0.0
	for _, w := range s.weights {
		total += w
	}
	return s.memo.fixed(total) - s.terms
}

// halfway is the middle of two numbers; the upper one where rounding would
// put it on the lower.
func halfway(low, high float64) float64 {
	if point := (low + high) / 2; point > low {
		return point
	}
	return high
}

// entropyOf is the weight times the entropy of classes, fixed.
func (m *memo) entropyOf(weights []float64) int64 {
	sum, total := int64(0), 0.0
	for _, w := range weights {
		sum -= m.fixed(w)
		total += w
	}
	return sum + m.fixed(total)
}

// table is the weights of a node's entries by value and class, with the rows
// whose cell is missing spread over the values in proportion to the others.
type table struct {
	code    []datasets.Code // the values that occur, in order of appearance
	part    []float64       // of each, in the weight whose cell is not missing
	classes int
	cells   []float64 // code-major
	lost    []float64 // weight with a missing cell, by class
	// index is by code 1 + the place of its row in memory, whose first row is
	// lost; its last element is for a missing cell and always 1, the others are
	// zero between calls.
	index  []int32
	row    []int32 // of each entry
	memory []float64
	parts  []float64
}

func newTable(codes int) table {
	t := table{index: make([]int32, codes+1)}
	t.index[codes] = 1
	return t
}

// zeros gives n zeros, in the memory of s where it suffices.
func zeros(s []float64, n int) []float64 {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}

// fill makes the table of a column for the node's entries. When every cell is
// missing it has no values. A missing cell is one more value until the end, for
// which of them an entry has cannot be guessed.
func (t *tally) fill(cells []datasets.Code) {
	b := &t.table
	b.code, b.row = b.code[:0], slices.Grow(b.row[:0], len(t.here))[:len(t.here)]
	last := len(b.index) - 1
	for i := range t.here {
		c := min(int(cells[t.here[i].row]), last)
		k := b.index[c]
		if k == 0 {
			b.code = append(b.code, datasets.Code(c))
			k = int32(len(b.code)) + 1
			b.index[c] = k
		}
		b.row[i] = k - 1
	}
	n := t.of
	b.memory, b.parts = zeros(b.memory, (len(b.code)+1)*n), zeros(b.parts, len(b.code)+1)
	total := 0.0
	for i, k := range b.row {
		w := t.here[i].weight
		b.memory[int(k)*n+int(t.place[i])] += w
		b.parts[k] += w
		total += w * float64(min(k, 1))
	}
	b.classes, b.lost, b.cells, b.part = n, b.memory[:n], b.memory[n:], b.parts[1:]
	for k, c := range b.code {
		b.index[c] = 0
		b.part[k] /= total
		row := b.cells[k*n : (k+1)*n]
		for class, w := range b.lost {
			row[class] += b.part[k] * w
		}
	}
}

// entropy is the weight times the entropy of the classes within the values,
// fixed; without values, that of the classes alone.
func (t *table) entropy(m *memo) int64 {
	if len(t.code) == 0 {
		return m.entropyOf(t.lost)
	}
	sum := int64(0)
	for k := range t.code {
		sum += m.entropyOf(t.cells[k*t.classes : (k+1)*t.classes])
	}
	return sum
}
