package datasets

import (
	"math/bits"
	"math/rand/v2"
	"slices"
)

// PairSet is a set of pairs of labels, a bit each.
type PairSet []uint64

// NewPairSet makes an empty set of so many pairs.
func NewPairSet(pairs int) PairSet { return make(PairSet, (pairs+63)/64) }

// Has says whether pair i is in the set.
func (s PairSet) Has(i int) bool { return s[i/64]>>(i%64)&1 != 0 }

// Put puts pair i into the set.
func (s PairSet) Put(i int) { s[i/64] |= 1 << (i % 64) }

// Add puts all pairs of o into s.
func (s PairSet) Add(o PairSet) {
	for i, w := range o {
		s[i] |= w
	}
}

// Remove takes all pairs of o out of s.
func (s PairSet) Remove(o PairSet) {
	for i, w := range o {
		s[i] &^= w
	}
}

// Len is the number of pairs in the set.
func (s PairSet) Len() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// LabelPairs knows which features tell which pairs of labels apart.
//
// A cell is evidence where the machine answered with the kind of packet that
// most machines that answered did: a firewall's silence or refusal makes every
// field absent or its own, and is no matter of the system. Missing cells are
// no evidence. A feature tells two labels apart on some machines when at least
// half of each label's machines there have evidence and no value is of both.
type LabelPairs struct {
	Labels  []int32    // of each machine: an index into Classes
	Classes []string   // ascending
	Pairs   [][2]int32 // of classes, the lower first
	// Uniform asks more of a feature: one value a label. What a label's own
	// machines differ in follows their settings, and where it happens to part
	// a few machines of two labels it will not part others.
	Uniform bool

	machines []Machine
	features []feature        // different ones, in order of their first column
	probes   [][]int32        // of each feature: the probes that have it, ascending
	at       map[grouping]int // places in features, while they are gathered
}

// feature is a way of grouping the machines, with evidence.
type feature struct {
	codes    []Code
	evidence []bool
}

// NewLabelPairs looks at the features of the fields in, on the labels of a
// level. Other columns than those of answers are passed over. With AnswerKind
// among the fields whether and what kind of packet answers is a feature too, of
// which every machine has evidence.
func NewLabelPairs(m *Matrix, h Hierarchy, level int, in [NumAllFields]bool) *LabelPairs {
	l := &LabelPairs{machines: m.Machines, Labels: make([]int32, m.Rows())}
	for i := range m.Machines {
		l.Classes = append(l.Classes, m.Machines[i].Labels.At(h, level))
	}
	slices.Sort(l.Classes)
	l.Classes = slices.Compact(l.Classes)
	for i := range m.Machines {
		at, _ := slices.BinarySearch(l.Classes, m.Machines[i].Labels.At(h, level))
		l.Labels[i] = int32(at)
	}
	for a := range int32(len(l.Classes)) {
		for b := range a {
			l.Pairs = append(l.Pairs, [2]int32{b, a})
		}
	}
	l.gather(m, in)
	return l
}

// gather finds the different features.
func (l *LabelPairs) gather(m *Matrix, in [NumAllFields]bool) {
	l.at = make(map[grouping]int)
	kind := int32(-1) // the partition of the answer's kind, of the present place
	var place Column  // its probe, step and answer
	for c, column := range m.Columns {
		field := column.Field
		if column.Field = 0; c == 0 || column != place {
			place, kind = column, -1
		}
		if field == AnswerKind {
			kind = m.Part[c]
			if in[field] && m.Parts[kind].Distinct > 1 {
				l.add(m, grouping{kind, noKind}, c)
			}
			continue
		}
		if !in[field] || kind < 0 || m.Parts[m.Part[c]].Distinct < 2 {
			continue
		}
		l.add(m, grouping{m.Part[c], kind}, c)
	}
	l.at = nil
}

// grouping is what makes two features one: the partition, and that of the
// answer's kind, which says who has evidence.
type grouping struct{ part, kind int32 }

// noKind is the kind of features of which all have evidence.
const noKind = -1

// add takes in column c.
func (l *LabelPairs) add(m *Matrix, k grouping, c int) {
	i, ok := l.at[k]
	if !ok {
		i = len(l.features)
		l.at[k] = i
		f := feature{codes: m.Codes(k.part)}
		if k.kind == noKind {
			f.evidence = slices.Repeat([]bool{true}, m.Rows())
		} else {
			f.evidence = usualKind(m, c, k.kind)
		}
		l.features, l.probes = append(l.features, f), append(l.probes, nil)
	}
	if p, probe := l.probes[i], m.Columns[c].Probe; len(p) == 0 || p[len(p)-1] != probe {
		l.probes[i] = append(p, probe)
	}
}

// usualKind marks the machines whose answer is of the kind that most have,
// silence aside; ties go to the lower code. c is a column of the place, whose
// AnswerKind has the partition kind.
func usualKind(m *Matrix, c int, kind int32) []bool {
	column := m.Columns[c]
	first := c
	for ; m.Columns[first].Field != AnswerKind || !samePlace(m.Columns[first], column); first-- {
	}
	values, codes := m.Values(first), m.Codes(kind)
	count := make([]int, len(values))
	for _, code := range codes {
		if code != Missing && values[code].State == Present && Kind(values[code].Number) != KindNone {
			count[code]++
		}
	}
	usual := 0
	for code := range count {
		if count[code] > count[usual] {
			usual = code
		}
	}
	out := make([]bool, len(codes))
	for row, code := range codes {
		out[row] = len(count) > 0 && int(code) == usual && count[usual] > 0
	}
	return out
}

func samePlace(a, b Column) bool {
	a.Field, b.Field = 0, 0
	return a == b
}

// Of gives what is known of some probes alone.
func (l *LabelPairs) Of(probes []int32) *LabelPairs {
	of := *l
	of.features, of.probes = nil, nil
	for i, have := range l.probes {
		var both []int32
		for _, p := range have {
			if slices.Contains(probes, p) {
				both = append(both, p)
			}
		}
		if both != nil {
			of.features, of.probes = append(of.features, l.features[i]), append(of.probes, both)
		}
	}
	return &of
}

// Families gives each class the label of level 0 above it.
func (l *LabelPairs) Families(h Hierarchy) []string {
	of := make([]string, len(l.Classes))
	for row, label := range l.Labels {
		of[label] = l.machines[row].Labels.At(h, 0)
	}
	return of
}

// values gives, for each label, the codes that the rows have in a feature,
// sorted; nil where fewer than half of the label's rows have evidence.
func (l *LabelPairs) values(f *feature, rows []int32) [][]Code {
	all, known := make([]int, len(l.Classes)), make([]int, len(l.Classes))
	out := make([][]Code, len(l.Classes))
	for _, r := range rows {
		label := l.Labels[r]
		all[label]++
		if code := f.codes[r]; f.evidence[r] && code != Missing {
			known[label]++
			if !slices.Contains(out[label], code) {
				out[label] = append(out[label], code)
			}
		}
	}
	for label := range out {
		if 2*known[label] < all[label] {
			out[label] = nil
		}
	}
	return out
}

func disjoint(a, b []Code) bool {
	for _, code := range a {
		if slices.Contains(b, code) {
			return false
		}
	}
	return len(a) > 0 && len(b) > 0
}

// tells gives the pairs that a feature tells apart on the rows.
func (l *LabelPairs) tells(f *feature, rows []int32) PairSet {
	set := NewPairSet(len(l.Pairs))
	values := l.values(f, rows)
	for i, p := range l.Pairs {
		a, b := values[p[0]], values[p[1]]
		if disjoint(a, b) && (!l.Uniform || len(a) == 1 && len(b) == 1) {
			set.Put(i)
		}
	}
	return set
}

// Told gives the pairs that some feature tells apart on the rows.
func (l *LabelPairs) Told(rows []int32) PairSet {
	all := NewPairSet(len(l.Pairs))
	for i := range l.features {
		all.Add(l.tells(&l.features[i], rows))
	}
	return all
}

// ByProbe gives the probes that tell some pair apart on the rows, and which
// pairs each does.
func (l *LabelPairs) ByProbe(rows []int32) (probes []int32, told []PairSet) {
	at := make(map[int32]int)
	for i := range l.features {
		set := l.tells(&l.features[i], rows)
		if set.Len() == 0 {
			continue
		}
		for _, probe := range l.probes[i] {
			k, ok := at[probe]
			if !ok {
				k = len(told)
				at[probe] = k
				probes, told = append(probes, probe), append(told, NewPairSet(len(l.Pairs)))
			}
			told[k].Add(set)
		}
	}
	return probes, told
}

// Survivors gives the found pairs of which every test row is named right by
// most of the features that tell the pair apart on the search rows: a feature
// names the label whose rows had the value, and nothing where neither had.
func (l *LabelPairs) Survivors(search, test []int32, found PairSet) PairSet {
	votes := make([][]int, len(l.Pairs)) // by test row: for its own label less for the other
	for i := range l.features {
		f := &l.features[i]
		values := l.values(f, search)
		for k, p := range l.Pairs {
			if !found.Has(k) || !disjoint(values[p[0]], values[p[1]]) {
				continue
			}
			if votes[k] == nil {
				votes[k] = make([]int, len(test))
			}
			for j, r := range test {
				votes[k][j] += l.vote(f, r, values, p)
			}
		}
	}
	out := NewPairSet(len(l.Pairs))
	for k, p := range l.Pairs {
		right := votes[k] != nil
		for j, r := range test {
			if label := l.Labels[r]; right && (label == p[0] || label == p[1]) && votes[k][j] <= 0 {
				right = false
			}
		}
		if right {
			out.Put(k)
		}
	}
	return out
}

// vote is 1 where a feature names the row's own label of the pair, -1 where
// the other, else 0.
func (l *LabelPairs) vote(f *feature, row int32, values [][]Code, p [2]int32) int {
	own, other := p[0], p[1]
	if l.Labels[row] == other {
		own, other = other, own
	}
	code := f.codes[row]
	switch {
	case l.Labels[row] != own || !f.evidence[row] || code == Missing:
		return 0
	case slices.Contains(values[own], code):
		return 1
	case slices.Contains(values[other], code):
		return -1
	}
	return 0
}

// Asks says whether both labels of a pair have rows in both sets; nil asks
// nothing.
func (l *LabelPairs) Asks(search, test []int32, pair int) bool {
	has := func(rows []int32, label int32) bool {
		return rows == nil || slices.ContainsFunc(rows, func(r int32) bool { return l.Labels[r] == label })
	}
	p := l.Pairs[pair]
	return has(search, p[0]) && has(search, p[1]) && has(test, p[0]) && has(test, p[1])
}

// HalfOf deals the groups of each label into two halves, the first the
// larger; labels of one group are in the first alone.
func HalfOf(labels, groups []int32, rng *rand.Rand) (search, test []int32) {
	of := make(map[int32][]int32) // label: its groups, in order of rows
	for row, label := range labels {
		if !slices.Contains(of[label], groups[row]) {
			of[label] = append(of[label], groups[row])
		}
	}
	held := make(map[int32]bool)
	for label := int32(0); int(label) < len(of); label++ {
		g := of[label]
		rng.Shuffle(len(g), func(i, j int) { g[i], g[j] = g[j], g[i] })
		for _, k := range g[(len(g)+1)/2:] {
			held[k] = true
		}
	}
	for row := range labels {
		if held[groups[row]] {
			test = append(test, int32(row))
		} else {
			search = append(search, int32(row))
		}
	}
	return search, test
}
