package smo

import (
	"context"

	"tickle/learners"
	"tickle/learners/modelfile"
)

// Store writes the training set (see learners.Train.Store): what is missing
// and what the range of numbers is follows from it, and it is smaller than the
// weights of all columns in all machines. Behind it comes a machine for each
// pair of classes with training rows, in order of the first class and then the
// second:
//
//	count of support vectors, and of each the training row as an index and
//	    its multiplier, negative for the first class, as a float
//	float: the threshold
//	with scores=platt, floats: a and b of the sigmoid 1/(1+exp(a·output+b))
func (m *model) Store(e *modelfile.Encoder) error {
	m.train.Store(e)
	for i := range m.machines {
		k := &m.machines[i]
		e.Count(len(k.support))
		e.Indices(k.support)
		e.Floats(k.weight)
		e.Float(k.b)
		if m.platt {
			e.Floats([]float64{k.sigmoid.a, k.sigmoid.b})
		}
	}
	return nil
}

func load(ctx context.Context, s *learners.Stored) (learners.Model, error) {
	t, err := s.Train(ctx)
	if err != nil {
		return nil, err
	}
	l := withOptions(s.Options)
	m := &model{learner: l, train: t, classes: len(s.Classes)}
	if m.present = present(t); !s.Payload.Holds("machines", len(m.present)*(len(m.present)-1)) { // a machine has two numbers
		return nil, s.Payload.Err()
	}
	for i, low := range m.present {
		for _, high := range m.present[i+1:] {
			m.pairs = append(m.pairs, pair{low: low, high: high})
		}
	}
	for range m.pairs {
		m.machines = append(m.machines, loadMachine(s.Payload, len(t.Rows), l.platt))
		if s.Payload.Err() != nil {
			return nil, s.Payload.Err()
		}
	}
	if m.gram, err = newGram(ctx, t, l.kernel); err != nil {
		return nil, err
	}
	return m, nil
}

// present lists the classes that have training rows.
func present(t *learners.Train) []int32 {
	var classes []int32
	has := make([]bool, len(t.Classes))
	for _, r := range t.Rows {
		has[t.Labels[r]] = true
	}
	for c, is := range has {
		if is {
			classes = append(classes, int32(c))
		}
	}
	return classes
}

func loadMachine(d *modelfile.Decoder, rows int, platt bool) machine {
	n := d.Count("support vectors", 2)
	k := machine{support: d.Indices("training row", n, rows), weight: d.FloatsBetween("multiplier", n, [2]float64{-modelfile.MaxWeight, modelfile.MaxWeight})}
	k.b = d.Float("threshold")
	if platt {
		k.sigmoid = sigmoid{d.Float("sigmoid"), d.Float("sigmoid")}
	}
	return k
}
