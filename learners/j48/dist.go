package j48

import (
	"math"
	"slices"

	"tickle/datasets"
	"tickle/learners/attributes"
)

// Weka compares numbers up to this tolerance, and where a tree is decided by
// less, its tolerance decides.
const tolerance = 1e-6

func equal(a, b float64) bool          { return math.Abs(a-b) < tolerance }
func greater(a, b float64) bool        { return a-b > tolerance }
func greaterOrEqual(a, b float64) bool { return b-a < tolerance || a >= b }

// entry is a training row at a node, with the part of it that came here. The
// entries of a node stand in order of class.
type entry struct {
	row, class int32
	weight     float64
}

// distribution is the training weight at a node by bag (a branch of its
// split; a leaf has one) and class. It has a place only for classes that come to
// the node, which in tables of many classes are few of them.
type distribution struct {
	ids   []int32   // the classes, ascending; not changed once made
	cells []float64 // bag-major, a cell for each of ids
	bag   []float64
	class []float64 // of each of ids
	total float64
}

func newDistribution(bags int, ids []int32) *distribution {
	n := len(ids)
	memory := make([]float64, bags*n+bags+n)
	return &distribution{ids: ids, cells: memory[: bags*n : bags*n], bag: memory[bags*n:][:bags:bags], class: memory[bags*n+bags:]}
}

// classesIn gives the classes of rows, which stand in order of class.
func classesIn(rows []entry) []int32 {
	var ids []int32
	for i := range rows {
		if i == 0 || rows[i].class != rows[i-1].class {
			ids = append(ids, rows[i].class)
		}
	}
	return ids
}

// places goes along rows, which stand in order of class, and tells the place of
// each one's class among ids, which has them all.
type places struct {
	ids []int32
	at  int
}

func (p *places) of(class int32) int {
	for p.ids[p.at] != class {
		p.at++
	}
	return p.at
}

// add adds weight to a bag and to the class at a place.
func (d *distribution) add(bag, place int, weight float64) {
	d.cells[bag*len(d.ids)+place] += weight
	d.bag[bag] += weight
	d.class[place] += weight
	d.total += weight
}

// whole is the distribution of rows in one bag.
func whole(rows []entry) *distribution {
	d := newDistribution(1, classesIn(rows))
	at := places{ids: d.ids}
	for _, e := range rows {
		d.add(0, at.of(e.class), e.weight)
	}
	return d
}

// merged puts all bags into one.
func (d *distribution) merged() *distribution {
	m := newDistribution(1, d.ids)
	copy(m.cells, d.class)
	copy(m.class, d.class)
	m.bag[0], m.total = d.total, d.total
	return m
}

// row gives the weights of a bag by place.
func (d *distribution) row(bag int) []float64 {
	return d.cells[bag*len(d.ids) : (bag+1)*len(d.ids)]
}

// most is the place of the first weight that exceeds all before it; -1 where
// none is more than nothing.
func most(weights []float64) int {
	best, weight := -1, 0.0
	for c, w := range weights {
		if greater(w, weight) {
			best, weight = c, w
		}
	}
	return best
}

// commonest is the first class whose weight, of those given by place, exceeds
// all before it, with its weight. Where none is more than nothing it is the
// first of all classes.
func (d *distribution) commonest(weights []float64) (class int, weight float64) {
	switch at := most(weights); {
	case at >= 0:
		return int(d.ids[at]), weights[at]
	case len(d.ids) > 0 && d.ids[0] == 0:
		return 0, weights[0]
	}
	return 0, 0
}

// commonestOf is the commonest class of a bag; of an empty one, that of all
// bags. The weight is what the bag has of it.
func (d *distribution) commonestOf(bag int) (class int, weight float64) {
	if greater(d.bag[bag], 0) {
		return d.commonest(d.row(bag))
	}
	class, _ = d.commonest(d.class)
	if at, ok := slices.BinarySearch(d.ids, int32(class)); ok {
		weight = d.row(bag)[at]
	}
	return class, weight
}

// wrong is the weight that is not of the commonest class.
func (d *distribution) wrong() float64 {
	_, weight := d.commonest(d.class)
	return d.total - weight
}

// largest is the last of the heaviest bags.
func (d *distribution) largest() int {
	best, weight := -1, 0.0
	for i, w := range d.bag {
		if greaterOrEqual(w, weight) {
			best, weight = i, w
		}
	}
	return best
}

// splits reports whether two bags at least have the least weight of a leaf.
func (d *distribution) splits(leaf float64) bool {
	n := 0
	for _, w := range d.bag {
		if greaterOrEqual(w, leaf) {
			n++
		}
	}
	return n > 1
}

// spread adds the rows whose cell is missing to all bags, in proportion to
// what those hold.
func (d *distribution) spread(rows []entry, missing func(row int32) bool) {
	parts := make([]float64, len(d.bag))
	for i, w := range d.bag {
		if equal(d.total, 0) {
			parts[i] = 1 / float64(len(parts))
		} else {
			parts[i] = w / d.total
		}
	}
	at := places{ids: d.ids}
	for _, e := range rows {
		if !missing(e.row) {
			continue
		}
		place := at.of(e.class)
		d.class[place] += e.weight
		d.total += e.weight
		for i, part := range parts {
			d.cells[i*len(d.ids)+place] += part * e.weight
			d.bag[i] += part * e.weight
		}
	}
}

// xlog2x is w·log₂ w, 0 for what is as good as nothing.
func xlog2x(w float64) float64 {
	if w < tolerance {
		return 0
	}
	return w * math.Log2(w)
}

// measure gives the information gain and the gain ratio of a split, in bits
// per unit of the weight of all rows at the node, those with a missing cell
// included: they dilute the gain, and are a branch of their own in the
// entropy of the split.
func (d *distribution) measure(all float64) (gain, ratio float64) {
	terms := xlog2x(d.total)
	for _, w := range d.class {
		terms -= xlog2x(w)
	}
	return sums{before: terms, within: d.within(), bags: d.bags(), known: d.total, all: all}.measure()
}

// bags is Σ w·log₂ w over the bags' weights.
func (d *distribution) bags() float64 {
	sum := 0.0
	for _, w := range d.bag {
		sum += xlog2x(w)
	}
	return sum
}

// within is the weight times the entropy of the classes within the bags.
func (d *distribution) within() float64 {
	sum := d.bags()
	for _, w := range d.cells {
		sum -= xlog2x(w)
	}
	return sum
}

// sums are what gain and gain ratio are made of, in bits times weight.
type sums struct {
	before float64 // entropy of the classes of the rows whose cell is known
	within float64 // the same within bags
	bags   float64 // Σ w·log₂ w over the bags' weights
	known  float64 // weight of the rows whose cell is known
	all    float64 // weight of all rows
}

// gain is the information gain.
func (s sums) gain() float64 {
	numerator := (s.before - s.within) * s.known / s.all
	if equal(numerator, 0) {
		return 0
	}
	return numerator / s.known
}

// ratio is a gain as a part of the entropy of the split.
func (s sums) ratio(gain float64) float64 {
	entropy := xlog2x(s.all) - s.bags - xlog2x(s.all-s.known)
	if equal(entropy, 0) {
		return 0
	}
	return gain / (entropy / s.all)
}

func (s sums) measure() (gain, ratio float64) {
	gain = s.gain()
	return gain, s.ratio(gain)
}

// test is what a node asks of a row.
type test struct {
	kind  testKind
	id    attributes.ID
	attr  *attributes.Attribute
	point float64       // threshold: at most it goes left
	code  datasets.Code // oneValue: it goes left
}

// testKind is a kind of test. The zero value is invalid.
type testKind uint8

const (
	_         testKind = iota
	eachValue          // a branch a value of a nominal column
	oneValue           // one value of a nominal column, or any other
	threshold          // a number up to a point, or above it
)

// bags is the number of branches.
func (t *test) bags() int {
	if t.kind == eachValue {
		return t.attr.Values
	}
	return 2
}

// bag gives the branch of a row, -1 where the cell is missing.
func (t *test) bag(row int32) int {
	if t.kind == threshold {
		v := t.attr.Cells[row]
		switch {
		case math.IsNaN(v):
			return -1
		case v-t.point < tolerance:
			return 0
		}
		return 1
	}
	c := t.attr.Codes[row]
	switch {
	case c == datasets.Missing:
		return -1
	case t.kind == eachValue:
		return int(c)
	case c == t.code:
		return 0
	}
	return 1
}

// tally is the distribution of rows over the branches, missing cells spread.
func (t *test) tally(rows []entry) *distribution {
	d := newDistribution(t.bags(), classesIn(rows))
	at := places{ids: d.ids}
	for _, e := range rows {
		if b := t.bag(e.row); b >= 0 {
			d.add(b, at.of(e.class), e.weight)
		}
	}
	d.spread(rows, func(row int32) bool { return t.bag(row) < 0 })
	return d
}

// deal sends rows down the branches of a split whose weights are in d, those
// with a missing cell in parts down all that hold any.
func (t *test) deal(rows []entry, d *distribution) [][]entry {
	out := make([][]entry, t.bags())
	for _, e := range rows {
		if b := t.bag(e.row); b >= 0 {
			out[b] = append(out[b], e)
			continue
		}
		weight := e.weight
		for b := range out {
			if part := d.bag[b] / d.total; greater(part, 0) {
				e.weight = part * weight
				out[b] = append(out[b], e)
			}
		}
	}
	return out
}
