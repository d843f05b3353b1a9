package ibk

import (
	"context"
	"fmt"
	"math"
	"strings"

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

// Text says how many neighbours vote, and among how many rows of which
// classes.
func (m *model) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d nearest of %d rows, in %d nominal and %d numeric columns\n", m.k, len(m.rows), m.agree.Columns(), len(m.numbers))
	counts := make([]int, m.classes)
	for _, c := range m.labels {
		counts[c]++
	}
	for c, n := range counts {
		fmt.Fprintf(&b, "%s\t%d\n", m.train.Classes[c], n)
	}
	return b.String()
}
