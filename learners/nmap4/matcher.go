package nmap4

import (
	"cmp"
	"math"
	"slices"
)

// Nmap's limits, as osscan has them.
const (
	// MaxMatches is the most matches that are kept. With more perfect ones
	// than that Nmap names none, and says that too many match.
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
	if m.index, err = newIndex(db, dialect, m.points); err != nil {
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
	s := m.index.beginRanked(f)
	defer m.index.release(s)
	m.index.walk(s)
	slices.SortFunc(s.hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(b.accuracy(), a.accuracy()), cmp.Compare(a.reference, b.reference))
	})
	list := make([]Match, 0, min(len(s.hits), MaxMatches))
	var names [MaxMatches]int32
	for _, h := range s.hits {
		if len(list) == MaxMatches {
			break
		}
		if name := m.index.names[h.reference]; !slices.Contains(names[:len(list)], name) {
			names[len(list)] = name
			list = append(list, Match{&m.db.References[h.reference], h.accuracy()})
		}
	}
	return list
}

// Scores gives the accuracy of every reference, in the database's order: 0
// where nothing can be compared.
func (m *Matcher) Scores(f *Fingerprint) []float64 {
	s := m.index.begin(f)
	defer m.index.release(s)
	scores := make([]float64, len(m.db.References))
	m.index.walk(s)
	for _, h := range s.hits {
		scores[h.reference] = h.accuracy()
	}
	return scores
}

// match is a reference of a matcher's database that resembles a subject.
type match struct {
	reference int32
	accuracy  float64
}

// above gives all references of MinAccuracy and more, in the database's order.
func (m *Matcher) above(f *Fingerprint) []match {
	s := m.index.begin(f)
	defer m.index.release(s)
	s.top = &ranking{least: minGrade}
	m.index.walk(s)
	list := make([]match, len(s.hits))
	for i, h := range s.hits {
		list[i] = match{h.reference, h.accuracy()}
	}
	slices.SortFunc(list, func(a, b match) int { return int(a.reference - b.reference) })
	return list
}

// Printed is the part of Match's list that Nmap prints: all perfect matches,
// or else at most ten of less than 0.10 below the best.
func Printed(list []Match) []Match {
	n := 0
	for n < len(list) && list[n].Perfect() {
		n++
	}
	if n > 0 {
		return list[:n]
	}
	for n < len(list) && n < maxPrinted && list[n].Accuracy > list[0].Accuracy-printedBelow {
		n++
	}
	return list[:n]
}
