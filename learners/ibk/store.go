package ibk

import (
	"context"
	"fmt"
	"math"

	"tickle/learners"
	"tickle/learners/modelfile"
)

// Store writes the training set (see learners.Train.Store) and, as a uint, the
// number of neighbours, which may have been chosen.
func (m *model) Store(e *modelfile.Encoder) error {
	m.train.Store(e)
	e.Count(m.k)
	return nil
}

func load(ctx context.Context, s *learners.Stored) (learners.Model, error) {
	t, err := s.Train(ctx)
	if err != nil {
		return nil, err
	}
	l := newLearner(s.Options)
	l.k, l.choose = s.Payload.Number("neighbours", 1, math.MaxInt32), false
	if err := s.Payload.Err(); err != nil {
		return nil, err
	}
	return l.Fit(ctx, t)
}

// Described is a model as programs read it.
type Described struct {
	K              int            `json:"k"`
	Rows           int            `json:"rows"`
	NominalColumns int            `json:"nominal_columns"`
	NumericColumns int            `json:"numeric_columns"`
	Classes        map[string]int `json:"classes"` // training rows of each
}

// Describe says how many neighbours vote, among how many rows of which
// classes. The argument, how many of a list to give, means nothing here.
func (m *model) Describe(int) any {
	d := Described{m.k, len(m.rows), m.agree.Columns(), len(m.numbers), make(map[string]int, m.classes)}
	for c, n := range m.train.Counts() {
		d.Classes[m.train.Classes[c]] = n
	}
	return d
}

// Text writes what Describe says.
func (m *model) Text() string {
	return fmt.Sprintf("%d nearest of %d rows, in %d nominal and %d numeric columns\n%s", m.k, len(m.rows), m.agree.Columns(), len(m.numbers), m.train.CountsText())
}
