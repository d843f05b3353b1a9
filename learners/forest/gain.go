package forest

import (
	"math"

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
		sum, total := int64(0), 0.0
		for _, w := range t.lost {
			sum -= fixed(w)
			total += w
		}
		return sum + fixed(total)
	}
	sum := int64(0)
	for k := range t.code {
		total := 0.0
		for _, w := range t.cells[k*t.classes : (k+1)*t.classes] {
			sum -= fixed(w)
			total += w
		}
		sum += fixed(total)
	}
	return sum
}
