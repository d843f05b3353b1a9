package forest

import (
	"cmp"
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

// minGain is the gain per unit of weight, in bits, that a split must exceed:
// Weka takes less for rounding.
const minGain = 1e-6

// tally computes information gains at one node.
type tally struct {
	xlogx  []int64
	here   []entry
	whole  bool    // every weight is an integer
	weight float64 // of all entries
	prior  int64   // weight × entropy of the classes, fixed
	counts []int32 // by code; zero between calls
	totals []int32 // by code; zero between calls
	codes  []datasets.Code
	seen   []datasets.Code
	table  table
	known  []numbered
	low    []float64 // by class, in order of the node's
	high   []float64
}

// numbered is an entry's number, its class in the node's order, and weight.
type numbered struct {
	value  float64
	class  int32
	weight float64
}

// start makes the tally ready for the entries of a node.
func (t *tally) start(here []entry) {
	t.here, t.weight, t.prior, t.whole = here, 0, 0, true
	for at := 0; at < len(here); {
		class, weight := here[at].class, 0.0
		for ; at < len(here) && here[at].class == class; at++ {
			w := here[at].weight
			weight += w
			t.whole = t.whole && w == math.Trunc(w)
		}
		t.weight += weight
		t.prior -= fixed(weight)
	}
	t.prior += fixed(t.weight)
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
		t.table.fill(t.here, cells)
		return t.prior - t.table.entropy()
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
			t.known = append(t.known, numbered{v, int32(class), e.weight})
			t.high[class] += e.weight
		}
	}
	slices.SortStableFunc(t.known, func(a, b numbered) int { return cmp.Compare(a.value, b.value) })
	least := int64(math.MaxInt64)
	for i, e := range t.known {
		if i > 0 && e.value > t.known[i-1].value {
			if h := entropyOf(t.low) + entropyOf(t.high); h < least {
				least = h
				point, ok = halfway(t.known[i-1].value, e.value), true
			}
		}
		t.low[e.class] += e.weight
		t.high[e.class] -= e.weight
	}
	return point, ok
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
func entropyOf(weights []float64) int64 {
	sum, total := int64(0), 0.0
	for _, w := range weights {
		sum -= fixed(w)
		total += w
	}
	return sum + fixed(total)
}

// table is the weights of a node's entries by value and class, with the rows
// whose cell is missing spread over the values in proportion to the others.
type table struct {
	code    []datasets.Code // the values that occur, in order of appearance
	part    []float64       // of each, in the weight whose cell is not missing
	classes int
	cells   []float64 // code-major
	lost    []float64 // weight with a missing cell, by class
	index   []int32   // by code: 1 + its place in code; zero between calls
}

// fill makes the table of a column. When every cell is missing it has no
// values.
func (t *table) fill(here []entry, cells []datasets.Code) {
	t.code, t.part, t.classes = t.code[:0], t.part[:0], 0
	for i := range here {
		if i == 0 || here[i].class != here[i-1].class {
			t.classes++
		}
		c := cells[here[i].row]
		if c != datasets.Missing && t.index[c] == 0 {
			t.code = append(t.code, c)
			t.index[c] = int32(len(t.code))
		}
	}
	t.part = append(t.part, make([]float64, len(t.code))...)
	t.cells = append(t.cells[:0], make([]float64, len(t.code)*t.classes)...)
	t.lost = append(t.lost[:0], make([]float64, t.classes)...)
	class, total := -1, 0.0
	for i := range here {
		if i == 0 || here[i].class != here[i-1].class {
			class++
		}
		c, w := cells[here[i].row], here[i].weight
		if c == datasets.Missing {
			t.lost[class] += w
			continue
		}
		k := int(t.index[c]) - 1
		t.cells[k*t.classes+class] += w
		t.part[k] += w
		total += w
	}
	for k, c := range t.code {
		t.index[c] = 0
		t.part[k] /= total
		for class, w := range t.lost {
			t.cells[k*t.classes+class] += t.part[k] * w
		}
	}
}

// entropy is the weight times the entropy of the classes within the values,
// fixed; without values, that of the classes alone.
func (t *table) entropy() int64 {
	if len(t.code) == 0 {
		return entropyOf(t.lost)
	}
	sum := int64(0)
	for k := range t.code {
		sum += entropyOf(t.cells[k*t.classes : (k+1)*t.classes])
	}
	return sum
}
