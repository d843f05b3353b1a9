package experiments

import (
	"slices"

	"tickle/datasets"
)

// labelPairs knows which vetted features tell which pairs of labels apart.
//
// A cell is evidence where the machine answered with the kind of packet that
// most machines that answered did: a firewall's silence or refusal makes every
// field absent or its own, and is no matter of the system. Missing cells are
// no evidence. A feature tells two labels apart on some machines when at least
// half of each label's machines there have evidence and no value is of both.
type labelPairs struct {
	machines []datasets.Machine
	labels   []int32
	classes  int
	pairs    [][2]int32 // of labels
	features []feature  // different ones, in order of their first column
	probes   [][]int32  // of each feature: the probes that have it, ascending
}

// feature is a way of grouping the machines, with evidence.
type feature struct {
	codes    []datasets.Code
	evidence []bool
}

func newLabelPairs(d *Data, labels []int32, classes int) *labelPairs {
	l := &labelPairs{machines: d.Matrix.Machines, labels: labels, classes: classes}
	for a := range int32(classes) {
		for b := range a {
			l.pairs = append(l.pairs, [2]int32{b, a})
		}
	}
	m, vetted := d.Matrix, d.VettedFields()
	type grouping struct{ part, kind int32 }
	at := make(map[grouping]int)
	kind := int32(-1) // the partition of the answer's kind, of the present place
	var place datasets.Column
	for c, column := range m.Columns {
		field := column.Field
		if column.Field = 0; c == 0 || column != place {
			place, kind = column, -1
		}
		if field == datasets.AnswerKind {
			kind = m.Part[c]
			continue
		}
		if !vetted[field] || kind < 0 || m.Parts[m.Part[c]].Distinct < 2 {
			continue
		}
		k := grouping{m.Part[c], kind}
		i, ok := at[k]
		if !ok {
			i = len(l.features)
			at[k] = i
			l.features = append(l.features, feature{m.Codes(k.part), usualKind(m, c, kind)})
			l.probes = append(l.probes, nil)
		}
		if p := l.probes[i]; len(p) == 0 || p[len(p)-1] != column.Probe {
			l.probes[i] = append(p, column.Probe)
		}
	}
	return l
}

// usualKind marks the machines whose answer is of the kind that most have,
// silence aside; ties go to the lower code. c is a column of the place, whose
// AnswerKind has the partition kind.
func usualKind(m *datasets.Matrix, c int, kind int32) []bool {
	column := m.Columns[c]
	first := c
	for ; m.Columns[first].Field != datasets.AnswerKind || !samePlace(m.Columns[first], column); first-- {
	}
	values, codes := m.Values(first), m.Codes(kind)
	count := make([]int, len(values))
	for _, code := range codes {
		if code != datasets.Missing && values[code].State == datasets.Present && datasets.Kind(values[code].Number) != datasets.KindNone {
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

func samePlace(a, b datasets.Column) bool {
	a.Field, b.Field = 0, 0
	return a == b
}

// families gives each label the label of level 0 above it.
func (l *labelPairs) families(h datasets.Hierarchy) []string {
	of := make([]string, l.classes)
	for row, label := range l.labels {
		of[label] = l.machines[row].Labels.At(h, 0)
	}
	return of
}

// values gives, for each label, the codes that the rows have in a feature,
// sorted; nil where fewer than half of the label's rows have evidence.
func (l *labelPairs) values(f *feature, rows []int32) [][]datasets.Code {
	all, known := make([]int, l.classes), make([]int, l.classes)
	out := make([][]datasets.Code, l.classes)
	for _, r := range rows {
		label := l.labels[r]
		all[label]++
		if code := f.codes[r]; f.evidence[r] && code != datasets.Missing {
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

func disjoint(a, b []datasets.Code) bool {
	for _, code := range a {
		if slices.Contains(b, code) {
			return false
		}
	}
	return len(a) > 0 && len(b) > 0
}

// tells gives the pairs that a feature tells apart on the rows.
func (l *labelPairs) tells(f *feature, rows []int32) pairSet {
	set := make(pairSet, (len(l.pairs)+63)/64)
	values := l.values(f, rows)
	for i, p := range l.pairs {
		if disjoint(values[p[0]], values[p[1]]) {
			set[i/64] |= 1 << (i % 64)
		}
	}
	return set
}

// told gives the pairs that some feature tells apart on the rows.
func (l *labelPairs) told(rows []int32) pairSet {
	all := make(pairSet, (len(l.pairs)+63)/64)
	for i := range l.features {
		all.add(l.tells(&l.features[i], rows))
	}
	return all
}

// byProbe gives the pairs that each probe tells apart on all machines; probes
// that tell none may be missing.
func (l *labelPairs) byProbe() []pairSet {
	every := make([]int32, len(l.labels))
	for i := range every {
		every[i] = int32(i)
	}
	at := make(map[int32]int)
	var sets []pairSet
	for i := range l.features {
		set := l.tells(&l.features[i], every)
		if set.count() == 0 {
			continue
		}
		for _, probe := range l.probes[i] {
			k, ok := at[probe]
			if !ok {
				k = len(sets)
				at[probe] = k
				sets = append(sets, make(pairSet, len(set)))
			}
			sets[k].add(set)
		}
	}
	return sets
}

// survivors gives the found pairs of which every test row is named right by
// most of the features that tell the pair apart on the search rows: a feature
// names the label whose rows had the value, and nothing where neither had.
func (l *labelPairs) survivors(search, test []int32, found pairSet) pairSet {
	votes := make([][]int, len(l.pairs)) // by test row: for its own label less for the other
	for i := range l.features {
		f := &l.features[i]
		values := l.values(f, search)
		for k, p := range l.pairs {
			if found[k/64]>>(k%64)&1 == 0 || !disjoint(values[p[0]], values[p[1]]) {
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
	out := make(pairSet, len(found))
	for k, p := range l.pairs {
		right := votes[k] != nil
		for j, r := range test {
			if label := l.labels[r]; right && (label == p[0] || label == p[1]) && votes[k][j] <= 0 {
				right = false
			}
		}
		if right {
			out[k/64] |= 1 << (k % 64)
		}
	}
	return out
}

// vote is 1 where a feature names the row's own label of the pair, -1 where
// the other, else 0.
func (l *labelPairs) vote(f *feature, row int32, values [][]datasets.Code, p [2]int32) int {
	own, other := p[0], p[1]
	if l.labels[row] == other {
		own, other = other, own
	}
	code := f.codes[row]
	switch {
	case l.labels[row] != own || !f.evidence[row] || code == datasets.Missing:
		return 0
	case slices.Contains(values[own], code):
		return 1
	case slices.Contains(values[other], code):
		return -1
	}
	return 0
}

// asks says whether both labels of a pair have rows in both sets; nil asks
// nothing.
func (l *labelPairs) asks(search, test []int32, pair int) bool {
	has := func(rows []int32, label int32) bool {
		return rows == nil || slices.ContainsFunc(rows, func(r int32) bool { return l.labels[r] == label })
	}
	p := l.pairs[pair]
	return has(search, p[0]) && has(search, p[1]) && has(test, p[0]) && has(test, p[1])
}

// count is the number of pairs in a scope that the sets of rows can ask about.
func (l *labelPairs) count(search, test []int32, in func(int) bool) int {
	n := 0
	for pair := range l.pairs {
		if in(pair) && l.asks(search, test, pair) {
			n++
		}
	}
	return n
}

// countIn is the number of a set's pairs that are in a scope.
func countIn(s pairSet, in func(int) bool) int {
	n := 0
	for i, w := range s {
		for b := range 64 {
			if w>>b&1 != 0 && in(64*i+b) {
				n++
			}
		}
	}
	return n
}
