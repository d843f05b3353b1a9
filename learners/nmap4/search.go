package nmap4

// hit is what comparing a subject with a reference gave.
type hit struct {
	reference         int32
	matched, possible int32
}

func (h hit) accuracy() float64 { return float64(h.matched) / float64(h.possible) }

// search is the comparison of one subject with an index.
type search struct {
	values [][]byteResult // by slot and expression: whether the value matches
	texts  []string       // by slot
	has    []bool         // by slot
	scores [][]score      // by level and test
	most   []int32        // by level: the points that the levels from it on may give
	found  []hit
}

// byteResult is a comparison that may not have been made yet.
type byteResult uint8

const (
	notCompared byteResult = iota
	differs
	agrees
)

// score is what a test of a reference gives; possible is -1 before it was
// compared.
type score struct{ matched, possible int32 }

func (x *index) newSearch() *search {
	s := &search{
		values: make([][]byteResult, len(x.slots)), texts: make([]string, len(x.slots)), has: make([]bool, len(x.slots)),
		scores: make([][]score, len(x.tests)), most: make([]int32, len(x.tests)+1),
	}
	for i := range s.values {
		s.values[i] = make([]byteResult, len(x.slots[i].exprs))
	}
	for i := range s.scores {
		s.scores[i] = make([]score, len(x.tests[i].tests))
	}
	return s
}

// begin prepares the comparison of f.
func (x *index) begin(f *Fingerprint) *search {
	s := x.pool.Get().(*search)
	clear(s.has)
	for i := range f.Tests {
		at, ok := testAt[f.Tests[i].Name]
		if !ok || f.Test(f.Tests[i].Name) != &f.Tests[i] {
			continue // SCAN, or a later try
		}
		for _, a := range f.Tests[i].Attrs {
			if n, ok := slotAt[at][a.Name]; ok && x.points[n] > 0 {
				s.has[n], s.texts[n] = true, a.Value
			}
		}
	}
	for i := range s.values {
		clear(s.values[i])
	}
	for level := len(x.tests) - 1; level >= 0; level-- {
		s.most[level] = s.most[level+1]
		for _, n := range slotAt[x.tests[level].layout] {
			if s.has[n] {
				s.most[level] += x.points[n]
			}
		}
		for i := range s.scores[level] {
			s.scores[level][i].possible = -1
		}
	}
	s.found = s.found[:0]
	return s
}

func (x *index) release(s *search) {
	clear(s.texts)
	x.pool.Put(s)
}

// search finds the references that resemble f with MinAccuracy at least, in
// the order of the tree. The caller releases what it returns.
func (x *index) search(f *Fingerprint) *search {
	s := x.begin(f)
	x.walk(s, true)
	return s
}

// all compares with every reference that has something to compare.
func (x *index) all(s *search) { x.walk(s, false) }

// walk goes through the tree, and with prune leaves out branches that cannot
// reach MinAccuracy.
func (x *index) walk(s *search, prune bool) {
	var above [16]score // of the path, by level; above[0] is empty
	deepest := int32(len(x.tests) - 1)
	for i := int32(0); i < int32(len(x.nodes)); {
		n := &x.nodes[i]
		sum := above[n.level]
		t := s.compare(x, n)
		sum.matched += t.matched
		sum.possible += t.possible
		rest := s.most[n.level+1]
		if prune && !reaches(sum.matched+rest, sum.possible+rest) {
			i = n.next
			continue
		}
		above[n.level+1] = sum
		if n.level == deepest && sum.possible > 0 {
			for _, r := range x.leaves[n.first:n.end] {
				s.found = append(s.found, hit{r, sum.matched, sum.possible})
			}
		}
		i++
	}
}

// reaches reports whether matched/possible is MinAccuracy or more. Whole
// numbers make it exact, and no quotient of such small numbers is rounded over
// the bound.
func reaches(matched, possible int32) bool {
	return int64(matched)*100 >= int64(possible)*int64(MinAccuracy*100)
}

// compare gives the score of a node's test.
func (s *search) compare(x *index, n *node) score {
	sc := &s.scores[n.level][n.test]
	if sc.possible >= 0 {
		return *sc
	}
	*sc = score{}
	c := &x.tests[n.level].tests[n.test]
	for i, at := range c.slots {
		if !s.has[at] {
			continue
		}
		sc.possible += x.points[at]
		result := &s.values[at][c.exprs[i]]
		if *result == notCompared {
			*result = differs
			if x.slots[at].exprs[c.exprs[i]].match(s.texts[at]) {
				*result = agrees
			}
		}
		if *result == agrees {
			sc.matched += x.points[at]
		}
	}
	return *sc
}
