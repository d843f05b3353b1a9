package nmap4

import (
	"context"
	"errors"
	"fmt"

	"tickle/learners"
)

// Entry offers the learner under the name "nmap4". What it makes must be bound
// to the fingerprints of the rows before it fits: see Learner.
func Entry() learners.Entry {
	return learners.Entry{
		Name:    "nmap4",
		Summary: "Nmap's IPv4 engine, its database made of the training machines.",
		View:    learners.Nmap4View,
		Options: []learners.Option{
			{Name: "policy", Type: learners.ChoiceOption, Default: "best-guess", Values: []string{"best-guess", "strict"},
				Doc: "When the best references are of several classes: best-guess names the one most frequent in training, strict none."},
			{Name: "dialect", Type: learners.ChoiceOption, Default: Dialect793.String(), Values: []string{Dialect793.String(), DialectCurrent.String()},
				Doc: "How expressions are read."},
		},
		New: func(o learners.Options) (learners.Learner, error) {
			d, err := ParseDialect(o.Text("dialect"))
			return &Learner{Strict: o.Text("policy") == "strict", Dialect: d}, err
		},
	}
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
	// Rows are what is known of the rows of the training data; nil: Fit fails.
	Rows *Rows
}

// Rows are the fingerprints and references of the rows of a data set, and
// serve any number of fits on it: a reference is made of one row alone, and
// knows no label.
type Rows struct {
	subjects []*Fingerprint
	matchers map[Dialect]*Matcher
	// row of each reference of the matchers' database
	row []int32
}

// NewRows is of the scans of each row's machine: its reference is made of all
// (see NewReference), its subject is the first, as one run of Nmap sees it. A
// row without scans has neither.
func NewRows(scans [][]*Fingerprint) (*Rows, error) {
	references, subjects := make([]*Reference, len(scans)), make([]*Fingerprint, len(scans))
	for i := range scans {
		if len(scans[i]) > 0 {
			r := NewReference(fmt.Sprint("row ", i), scans[i])
			references[i], subjects[i] = &r, scans[i][0]
		}
	}
	return NewRowsOf(references, subjects, DefaultPoints())
}

// NewRowsOf is of references and subjects that are there already, one a row;
// nil where a row has none. They must have one length.
func NewRowsOf(references []*Reference, subjects []*Fingerprint, points MatchPoints) (*Rows, error) {
	if len(references) != len(subjects) {
		return nil, fmt.Errorf("%d references and %d subjects: want as many", len(references), len(subjects))
	}
	rows := &Rows{subjects: subjects, matchers: make(map[Dialect]*Matcher)}
	db := &Database{Points: points}
	for i, r := range references {
		if r != nil && len(r.Tests) > 0 {
			rows.row = append(rows.row, int32(i))
			db.References = append(db.References, *r)
		}
	}
	for _, d := range []Dialect{Dialect793, DialectCurrent} {
		m, err := NewMatcher(db, d)
		if err != nil {
			return nil, err
		}
		rows.matchers[d] = m
	}
	return rows, nil
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
	m := &model{rows: l.Rows, matcher: l.Rows.matchers[l.Dialect], strict: l.Strict, class: make([]int32, len(l.Rows.row)), frequency: make([]int, len(t.Classes))}
	if m.matcher == nil {
		return nil, fmt.Errorf("learner nmap4: no such dialect: %s", l.Dialect)
	}
	training := make([]bool, t.Data.Rows())
	for _, r := range t.Rows {
		training[r] = true
		m.frequency[t.Labels[r]]++
	}
	for i, r := range l.Rows.row {
		m.class[i] = learners.Abstain
		if training[r] {
			m.class[i] = t.Labels[r]
		}
	}
	return m, ctx.Err()
}

type model struct {
	rows      *Rows
	matcher   *Matcher
	strict    bool
	class     []int32 // by reference; Abstain for one of no training row
	frequency []int   // by class: training rows
}

// Kind says that scores are uncalibrated: a class's is the accuracy, from 0
// to 1, of its best reference.
func (m *model) Kind() learners.ScoreKind { return learners.Uncalibrated }

// Predict gives the class of the best references.
func (m *model) Predict(row int32) learners.Prediction {
	p := learners.Prediction{Class: learners.Abstain, Scores: make([]float64, len(m.frequency))}
	f := m.rows.subjects[row]
	if f == nil {
		return p
	}
	best := 0.0
	for i, accuracy := range m.matcher.Scores(f) {
		if c := m.class[i]; c >= 0 {
			p.Scores[c] = max(p.Scores[c], accuracy)
			best = max(best, accuracy)
		}
	}
	if best < MinAccuracy {
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
