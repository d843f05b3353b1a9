package nmap4

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"tickle/learners"
)

// Entry offers the learner under the name "nmap4". What it makes must be bound
// to the fingerprints of the rows before it fits: see Learner.
func Entry() learners.Entry {
	return learners.Entry{
		Name:    "nmap4",
		Summary: "Nmap's IPv4 engine, its database made of the training machines; experiments accuracy and leakage have it by --nmap.",
		View:    learners.Nmap4View,
		Options: []learners.Option{
			{Name: "policy", Type: learners.ChoiceOption, Default: "best-guess", Values: []string{"best-guess", "strict"},
				Doc: "When the best references are of several classes: best-guess names the one most frequent in training, strict none."},
			{Name: "dialect", Type: learners.ChoiceOption, Default: Dialect793.String(), Values: []string{Dialect793.String(), DialectCurrent.String()},
				Doc: "How expressions are read."},
			{Name: "widen", Type: learners.IntOption, Default: "0",
				Doc: fmt.Sprintf("How far SP, ISR and T may lie outside of what the scans of a training machine saw, 0 to %d; with one scan, %d at least.", maxWiden, OneScan)},
		},
		New: newLearner,
	}
}

// maxWiden is beyond every SP, ISR and T.
const maxWiden = 0xFFFF

func newLearner(o learners.Options) (learners.Learner, error) {
	d, err := ParseDialect(o.Text("dialect"))
	if err != nil {
		return nil, err
	}
	widen := o.Int("widen")
	if widen < 0 || widen > maxWiden {
		return nil, fmt.Errorf("option widen=%d: want 0 to %d", widen, maxWiden)
	}
	return &Learner{Strict: o.Text("policy") == "strict", Dialect: d, Widen: uint64(widen)}, nil
}

// Learner is Nmap with its database replaced by the records of the training
// rows, as the paper compares it. A row's class is that of the references that
// resemble it best. A row that resembles none with MinAccuracy, and one
// without fingerprint, is an abstention, as Nmap names nothing there.
//
// Nmap's limit of 36 references does not hold here: a pool may have more
// clones of one system than that, and their tie is what the policy is for.
type Learner struct {
	// Strict makes a tie between classes an abstention. Else it goes to the
	// class with the most training rows, and then to the first.
	Strict  bool
	Dialect Dialect
	// Widen is for NewReference; of a machine with one scan it is OneScan at
	// least.
	Widen uint64
	// Rows are what is known of the rows of the training data; nil: Fit fails.
	Rows *Rows
}

// Rows are the fingerprints and references of the rows of a data set, and
// serve any number of fits on it: a reference is made of one row alone, and
// knows no label. They are safe for concurrent use.
type Rows struct {
	points    MatchPoints
	subjects  []*Fingerprint
	reference []int32 // of each row, in the matchers' database; -1 for none
	// references makes those of the database.
	references func(widen uint64) []Reference

	mu       sync.Mutex
	matchers map[matcherKind]*rowMatcher
}

// rowMatcher keeps what each row's subject resembles, for fits that ask again.
type rowMatcher struct {
	*Matcher
	matches []struct {
		once sync.Once
		list []match
	}
}

// of gives the references that resemble f, the subject of a row.
func (m *rowMatcher) of(row int32, f *Fingerprint) []match {
	r := &m.matches[row]
	r.once.Do(func() { r.list = m.above(f) })
	return r.list
}

// matcherKind is what a matcher of the rows' references depends on.
type matcherKind struct {
	dialect Dialect
	widen   uint64
}

// NewRows is of the scans of each row's machine: its reference is made of all
// (see NewReference), its subject is the first, as one run of Nmap sees it. A
// row without scans has neither.
func NewRows(scans [][]*Fingerprint) *Rows {
	rows := &Rows{points: DefaultPoints(), subjects: make([]*Fingerprint, len(scans)), reference: make([]int32, len(scans)), matchers: make(map[matcherKind]*rowMatcher)}
	var with []int
	for i := range scans {
		rows.reference[i] = -1
		if len(scans[i]) > 0 {
			rows.subjects[i], rows.reference[i] = scans[i][0], int32(len(with))
			with = append(with, i)
		}
	}
	rows.references = func(widen uint64) []Reference {
		list := make([]Reference, len(with))
		for n, i := range with {
			of := widen
			if len(scans[i]) == 1 {
				of = max(widen, OneScan)
			}
			list[n] = NewReference(fmt.Sprint("row ", i), scans[i], of)
		}
		return list
	}
	return rows
}

// NewRowsOf is of references and subjects that are there already, one a row;
// nil where a row has none. They must have one length. Rows may share a
// reference, which is in training when one of them is.
func NewRowsOf(references []*Reference, subjects []*Fingerprint, points MatchPoints) (*Rows, error) {
	if len(references) != len(subjects) {
		return nil, fmt.Errorf("%d references and %d subjects: want as many", len(references), len(subjects))
	}
	rows := &Rows{points: points, subjects: subjects, reference: make([]int32, len(references)), matchers: make(map[matcherKind]*rowMatcher)}
	var list []Reference
	at := make(map[*Reference]int32)
	for i, r := range references {
		rows.reference[i] = -1
		if r == nil {
			continue
		}
		n, ok := at[r]
		if !ok {
			n = int32(len(at))
			at[r] = n
			list = append(list, *r)
		}
		rows.reference[i] = n
	}
	rows.references = func(uint64) []Reference { return list }
	return rows, nil
}

// matcher makes the matcher of a kind once.
func (r *Rows) matcher(k matcherKind) (*rowMatcher, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.matchers[k]; m != nil {
		return m, nil
	}
	m, err := NewMatcher(&Database{Points: r.points, References: r.references(k.widen)}, k.dialect)
	if err != nil {
		return nil, err
	}
	of := &rowMatcher{Matcher: m}
	of.matches = make([]struct {
		once sync.Once
		list []match
	}, len(r.subjects))
	r.matchers[k] = of
	return of, nil
}

// Bind gives a copy of l for data of the given rows.
func (l *Learner) Bind(rows *Rows) *Learner {
	bound := *l
	bound.Rows = rows
	return &bound
}

// Fit chooses the references of the training rows.
func (l *Learner) Fit(ctx context.Context, t *learners.Train) (learners.Model, error) {
	switch {
	case l.Rows == nil:
		return nil, errors.New("learner nmap4: no fingerprints: want a run with a plan of the family nmap4")
	case len(l.Rows.subjects) != t.Data.Rows():
		return nil, fmt.Errorf("learner nmap4: fingerprints of %d rows: want %d", len(l.Rows.subjects), t.Data.Rows())
	}
	if err := t.Check(); err != nil {
		return nil, err
	}
	matcher, err := l.Rows.matcher(matcherKind{l.Dialect, l.Widen})
	if err != nil {
		return nil, fmt.Errorf("learner nmap4: %w", err)
	}
	m := &model{rows: l.Rows, matcher: matcher, strict: l.Strict, frequency: make([]int, len(t.Classes))}
	m.class = make([]int32, len(m.matcher.db.References))
	for i := range m.class {
		m.class[i] = learners.Abstain
	}
	for _, r := range t.Rows {
		m.frequency[t.Labels[r]]++
		if n := l.Rows.reference[r]; n >= 0 {
			m.class[n] = t.Labels[r]
		}
	}
	return m, ctx.Err()
}

type model struct {
	rows      *Rows
	matcher   *rowMatcher
	strict    bool
	class     []int32 // by reference; Abstain for one of no training row
	frequency []int   // by class: training rows
}

// Kind says that scores are uncalibrated: a class's is the accuracy, from 0
// to 1, of its best reference, and 0 where that is below MinAccuracy.
func (m *model) Kind() learners.ScoreKind { return learners.Uncalibrated }

// Predict gives the class of the best references.
func (m *model) Predict(row int32) learners.Prediction {
	p := learners.Prediction{Class: learners.Abstain, Scores: make([]float64, len(m.frequency))}
	f := m.rows.subjects[row]
	if f == nil {
		return p
	}
	best := 0.0
	for _, h := range m.matcher.of(row, f) {
		if c := m.class[h.reference]; c >= 0 {
			p.Scores[c] = max(p.Scores[c], h.accuracy)
			best = max(best, h.accuracy)
		}
	}
	if best == 0 {
		return p
	}
	for c, score := range p.Scores {
		switch {
		case score < best:
		case p.Class == learners.Abstain:
			p.Class = int32(c)
		case m.strict:
			p.Class = learners.Abstain
			return p
		case m.frequency[c] > m.frequency[p.Class]:
			p.Class = int32(c)
		}
	}
	return p
}
