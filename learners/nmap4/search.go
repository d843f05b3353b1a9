package nmap4

import "math"

// points of a comparison: those possible, and those of them that were lost.
type points struct{ lost, possible int32 }

func (p points) plus(q points) points { return points{p.lost + q.lost, p.possible + q.possible} }

func (p points) minus(q points) points { return points{p.lost - q.lost, p.possible - q.possible} }

func (p points) accuracy() float64 { return float64(p.possible-p.lost) / float64(p.possible) }

// hit is what comparing a subject with a reference gave.
type hit struct {
	reference int32
	points
}

// search is the comparison of one subject with an index.
type search struct {
	lines []points // by line
	// shapes has by shape what is possible, and what is lost but for the
	// points that were won (see add).
	shapes []points
	has    []bool // by slot: whether the subject has it
	won    []bool // by slot: whether points won are counted, else those lost
	list   []int32
	round  uint32
	found  [][]uint32 // by slot and expression: the round in which it matched
	// best[i] is the least that levels i and on lose, and the most that is
	// possible in them.
	best []points
	hits []hit
	top  *ranking // nil when every reference is wanted
	kept *ranking // for the next top
}

func (x *index) newSearch() *search {
	s := &search{
		lines: make([]points, len(x.shape)), shapes: make([]points, len(x.shapes)), has: make([]bool, numSlots),
		won: make([]bool, numSlots), found: make([][]uint32, numSlots), best: make([]points, len(x.levels)+1),
	}
	for i := range s.found {
		s.found[i] = make([]uint32, len(x.slots[i].exprs))
	}
	return s
}

// begin compares every line with f. The caller releases what it returns.
func (x *index) begin(f *Fingerprint) *search {
	s := x.pool.Get().(*search)
	s.top = nil
	if s.round++; s.round == 0 { // it went round
		for i := range s.found {
			clear(s.found[i])
		}
		s.round = 1
	}
	clear(s.has)
	clear(s.lines)
	s.hits = s.hits[:0]
	for i := range f.Tests {
		at, ok := testAt[f.Tests[i].Name]
		if !ok || f.Test(f.Tests[i].Name) != &f.Tests[i] {
			continue // SCAN, or a later try
		}
		for _, a := range f.Tests[i].Attrs {
			if n, ok := slotAt[at][a.Name]; ok && x.points[n] > 0 {
				s.has[n] = true
				s.add(x, n, a.Value)
			}
		}
	}
	s.sum(x)
	return s
}

// add compares the expressions of slot n with a value. It gives the lines
// that match what they win, or takes from the others what they lose, whichever
// are fewer.
func (s *search) add(x *index, n slot, value string) {
	index, found, points := &x.slots[n], s.found[n], x.points[n]
	s.list = index.find(value, s.list[:0])
	matched, unique := 0, s.list[:0]
	for _, expr := range s.list {
		if found[expr] != s.round {
			found[expr] = s.round
			unique = append(unique, expr)
			matched += len(index.lines[expr])
		}
	}
	s.won[n] = matched <= index.total/2
	if s.won[n] {
		for _, expr := range unique {
			for _, line := range index.lines[expr] {
				s.lines[line].lost -= points
			}
		}
		return
	}
	for expr, lines := range index.lines {
		if found[expr] != s.round {
			for _, line := range lines {
				s.lines[line].lost += points
			}
		}
	}
}

// sum completes the lines with what their shapes have, and says what is best
// from each level on.
func (s *search) sum(x *index) {
	for i, slots := range x.shapes {
		s.shapes[i] = points{}
		for _, n := range slots {
			if s.has[n] {
				s.shapes[i].possible += x.points[n]
			}
			if s.has[n] && s.won[n] {
				s.shapes[i].lost += x.points[n]
			}
		}
	}
	for i := len(x.levels) - 1; i >= 0; i-- {
		l := &x.levels[i]
		if l.n == 0 { // no references
			continue
		}
		best := points{lost: math.MaxInt32}
		lines, shape := s.lines[l.first:l.first+l.n], x.shape[l.first:l.first+l.n]
		for j := range lines {
			p := lines[j].plus(s.shapes[shape[j]])
			lines[j] = p
			best.lost, best.possible = min(best.lost, p.lost), max(best.possible, p.possible)
		}
		s.best[i] = best.plus(s.best[i+1])
	}
}

// beginRanked is begin for those references only that can come into the ranking.
func (x *index) beginRanked(f *Fingerprint) *search {
	s := x.begin(f)
	if s.kept == nil {
		s.kept = x.newRanking()
	}
	s.top = s.kept
	s.top.reset()
	return s
}

func (x *index) release(s *search) { x.pool.Put(s) }

// walk goes through the tree and collects hits in its order. With s.top it
// leaves out branches that cannot come into the ranking.
func (x *index) walk(s *search) {
	var above [16]points // of the path, by level; above[0] is empty
	for i := int32(0); i < int32(len(x.nodes)); {
		n := &x.nodes[i]
		sum := above[n.level].plus(s.lines[n.line])
		if s.top != nil && !sum.plus(s.best[n.level+1]).reaches(s.top.least) {
			i = n.next
			continue
		}
		above[n.level+1] = sum
		switch {
		case n.end-n.first == 1:
			x.finish(s, n, sum)
		case int(n.level) == len(x.levels)-1:
			s.hit(x.leaves[n.first:n.end], sum)
		}
		i++
	}
}

// finish goes on along the path of the one reference of n, from its end: the
// tests there differ most between references, and lose the most.
func (x *index) finish(s *search, n *node, sum points) {
	path := x.paths[int(n.first)*len(x.levels):][:len(x.levels)]
	rest := s.best[n.level+1]
	for level := len(path) - 1; level > int(n.level); level-- {
		sum = sum.plus(s.lines[path[level]])
		if s.top != nil && !sum.plus(rest).minus(s.best[level]).reaches(s.top.least) {
			return
		}
	}
	s.hit(x.leaves[n.first:n.end], sum)
}

// hit keeps what references gave, if there was anything to compare.
func (s *search) hit(references []int32, sum points) {
	if sum.possible == 0 {
		return
	}
	for _, r := range references {
		s.hits = append(s.hits, hit{r, sum})
		if s.top != nil {
			s.top.enter(r, sum.grade())
		}
	}
}
