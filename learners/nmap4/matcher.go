package nmap4

import (
	"fmt"
	"math"
	"slices"
)

// Nmap's limits, as osscan has them.
const (
	// MaxMatches is the most matches that are kept, and the most perfect ones
	// that Nmap names: with more it says that too many match.
	MaxMatches = 36
	// MinAccuracy is the least accuracy of a match.
	MinAccuracy = 0.85
	// maxPrinted and printedBelow bound what Nmap prints of matches of which
	// none is perfect.
	maxPrinted   = 10
	printedBelow = 0.10
)

// Match is a reference that resembles a subject.
type Match struct {
	Reference *Reference
	Accuracy  float64 // points matched over points possible, 0 to 1
}

// Percent is the accuracy as Nmap prints it: the whole percents in it.
func (m Match) Percent() int { return int(math.Floor(100 * m.Accuracy)) }

// Perfect reports whether everything that could be compared matched.
func (m Match) Perfect() bool { return m.Accuracy == 1 }

// Matcher ranks the references of a database. It is safe for concurrent use.
type Matcher struct {
	db      *Database
	dialect Dialect
	index   *index
	points  []int32 // by slot; 0 where MatchPoints has none
}

// NewMatcher makes a matcher of db, which must not change afterwards. An
// invalid dialect, an attribute that Nmap does not have and an expression that
// is not well-formed are errors: those of a database that was read are not.
func NewMatcher(db *Database, dialect Dialect) (*Matcher, error) {
	m := &Matcher{db: db, dialect: dialect, points: make([]int32, numSlots)}
	for i, t := range layout {
		for _, a := range t.attrs {
			if n, ok := db.Points.Get(t.test, a); ok {
				m.points[slotAt[i][a]] = int32(n)
			}
		}
	}
	var err error
	if m.index, err = newIndex(m); err != nil {
		return nil, err
	}
	return m, nil
}

// Database gives what the matcher was made of.
func (m *Matcher) Database() *Database { return m.db }

// Match gives the references that resemble f best, the best first, ties in the
// database's order: at most MaxMatches, of MinAccuracy at least, each name
// once, for its best reference. The accuracy is points matched over points
// possible among the attributes that both sides have; those without points
// in MatchPoints count nothing.
func (m *Matcher) Match(f *Fingerprint) []Match {
	list := m.candidates(f)
	slices.SortStableFunc(list, func(a, b Match) int {
		switch {
		case a.Accuracy > b.Accuracy:
			return -1
		case a.Accuracy < b.Accuracy:
			return 1
		}
		return 0
	})
	named := make(map[string]bool, MaxMatches)
	kept := list[:0]
	for _, c := range list {
		if len(kept) == MaxMatches {
			break
		}
		if !named[c.Reference.Name] {
			named[c.Reference.Name] = true
			kept = append(kept, c)
		}
	}
	return kept
}

// candidates gives every match of MinAccuracy in the database's order.
func (m *Matcher) candidates(f *Fingerprint) []Match {
	s := m.index.search(f)
	defer m.index.release(s)
	slices.SortFunc(s.found, func(a, b hit) int { return int(a.reference - b.reference) })
	list := make([]Match, len(s.found))
	for i, h := range s.found {
		list[i] = Match{&m.db.References[h.reference], h.accuracy()}
	}
	return list
}

// Scores gives the accuracy of every reference, in the database's order: 0
// where nothing can be compared.
func (m *Matcher) Scores(f *Fingerprint) []float64 {
	s := m.index.begin(f)
	defer m.index.release(s)
	scores := make([]float64, len(m.db.References))
	m.index.all(s)
	for _, h := range s.found {
		scores[h.reference] = h.accuracy()
	}
	return scores
}

// Printed is the part of Match's list that Nmap prints: all perfect matches,
// or else at most ten of no more than 0.10 below the best.
func Printed(list []Match) []Match {
	n := 0
	for n < len(list) && list[n].Perfect() {
		n++
	}
	if n > 0 {
		return list[:n]
	}
	for n < len(list) && n < maxPrinted && list[n].Accuracy >= list[0].Accuracy-printedBelow {
		n++
	}
	return list[:n]
}

// compiled is a test of a reference: what it expects of which slots.
type compiled struct {
	slots []slot
	exprs []int32 // indices into the slot's expressions
}

// compileTest interns the expressions of t, but for those without points.
func (x *index) compileTest(t *Test, points []int32, d Dialect) (compiled, error) {
	at, ok := testAt[t.Name]
	if !ok {
		return compiled{}, fmt.Errorf("unknown test %s", clip(t.Name))
	}
	var c compiled
	for _, a := range t.Attrs {
		s, ok := slotAt[at][a.Name]
		if !ok {
			return compiled{}, fmt.Errorf("%s: unknown attribute %s", t.Name, clip(a.Name))
		}
		if points[s] == 0 {
			continue
		}
		e, err := x.slots[s].intern(a.Value, d)
		if err != nil {
			return compiled{}, fmt.Errorf("%s: %s=%s: %w", t.Name, a.Name, clip(a.Value), err)
		}
		c.slots, c.exprs = append(c.slots, s), append(c.exprs, e)
	}
	return c, nil
}
