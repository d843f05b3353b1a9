package nmap4

// slotIndex holds the different expressions of a slot, and finds those that
// match a value without comparing it with each.
type slotIndex struct {
	dialect  Dialect
	at       map[string]int32 // by text
	exprs    []expression
	lines    [][]int32 // by expression: the lines that have it
	total    int       // lines in all
	texts    map[string][]textEntry
	longest  int // one more than the longest prefix among texts
	ranges   []rangeEntry
	brackets []int32 // expressions with brackets
}

// textEntry is a plain alternative of an expression.
type textEntry struct {
	expr              int32
	prefix, notNumber bool
}

// rangeEntry is a range of keys of an expression.
type rangeEntry struct {
	lo, hi uint64
	expr   int32
}

// intern gives the number of an expression, and enters a new one.
func (s *slotIndex) intern(text string) (int32, error) {
	if i, ok := s.at[text]; ok {
		return i, nil
	}
	if err := checkExpression(text); err != nil {
		return 0, err
	}
	e, err := s.dialect.compile(text)
	if err != nil {
		return 0, err
	}
	if s.at == nil {
		s.at, s.texts = make(map[string]int32), make(map[string][]textEntry)
	}
	i := int32(len(s.exprs))
	s.at[text], s.exprs, s.lines = i, append(s.exprs, e), append(s.lines, nil)
	for j := range e {
		s.enter(i, &e[j])
	}
	return i, nil
}

func (s *slotIndex) enter(expr int32, a *alternative) {
	switch a.form {
	case within:
		s.ranges = append(s.ranges, rangeEntry{a.lo, a.hi, expr})
	case nested:
		s.brackets = append(s.brackets, expr)
	default:
		s.texts[a.text] = append(s.texts[a.text], textEntry{expr, a.prefix, a.notNumber})
		if a.prefix {
			s.longest = max(s.longest, len(a.text)+1)
		}
	}
}

// find appends to list the expressions that match value, some of them more
// than once.
func (s *slotIndex) find(value string, list []int32) []int32 {
	v := s.dialect.seen(value)
	for _, t := range s.texts[value] {
		if !t.notNumber || !v.number {
			list = append(list, t.expr)
		}
	}
	for n := range min(s.longest, len(value)) {
		for _, t := range s.texts[value[:n]] {
			if t.prefix && (!t.notNumber || !v.number) {
				list = append(list, t.expr)
			}
		}
	}
	if v.number {
		for i := range s.ranges {
			if r := &s.ranges[i]; r.lo <= v.key && v.key <= r.hi {
				list = append(list, r.expr)
			}
		}
	}
	for _, expr := range s.brackets {
		if s.exprs[expr].match(v) {
			list = append(list, expr)
		}
	}
	return list
}
