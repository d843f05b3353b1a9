package j48

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners"
	"tickle/learners/attributes"
	"tickle/learners/learnertest"
	"tickle/learners/modelfile"
)

// older writes a tree as it was written before nodes listed their classes: with
// the weights of all.
type older struct{ *Model }

func (m older) Store(e *modelfile.Encoder) error {
	var nodes []*node
	var visit func(n *node)
	visit = func(n *node) {
		nodes = append(nodes, n)
		for _, son := range n.sons {
			visit(son)
		}
	}
	visit(m.root)
	var columns []attributes.ID
	for _, n := range nodes {
		if n.test != nil {
			columns = append(columns, n.test.id)
		}
	}
	columns = modelfile.Columns(columns)
	e.Table(m.matrix, columns, nil)
	for _, n := range nodes {
		if n.test == nil {
			e.Uint(0)
			e.Flag(n.empty)
		} else {
			e.Uint(uint64(n.test.kind))
			e.Index(modelfile.Place(columns, n.test.id))
			if n.test.kind == threshold {
				e.Float(n.test.point)
			}
		}
		e.Count(len(n.dist.bag))
		for bag := range n.dist.bag {
			e.Floats(m.all(n.dist.ids, n.dist.row(bag)))
		}
		e.Floats(n.dist.bag)
		e.Floats(m.all(n.dist.ids, n.dist.class))
		e.Float(n.dist.total)
	}
	return nil
}

// all spreads weights over all classes.
func (m older) all(ids []int32, weights []float64) []float64 {
	all := make([]float64, len(m.classes))
	for i, c := range ids {
		all[c] = weights[i]
	}
	return all
}

func TestOlderFile(t *testing.T) {
	registry := learners.NewRegistry(Entry())
	list, err := registry.Parse("j48")
	require.NoError(t, err)
	for _, missing := range []float64{0, .1} {
		d := learnertest.Synthetic(learnertest.Shape{Rows: 120, Columns: 60, Classes: 9, Behaviours: 6, Noise: .1, Missing: missing, Seed: 5})
		m := learnertest.Fit(t, list[0].Learner, d.Train(nil)).(*Model)
		now, before := learnertest.Store(t, &list[0], m, d), learnertest.Store(t, &list[0], older{m}, d)
		require.NotEqual(t, now, before)
		for _, file := range [][]byte{now, before} {
			loaded, err := learnertest.Load(t, registry, file, d.Matrix)
			require.NoError(t, err)
			for r := range int32(d.Rows()) {
				require.Equal(t, m.Predict(r), loaded.Predict(r))
			}
			// What is written again is as it is written now.
			require.Equal(t, now, learnertest.Store(t, &list[0], loaded, d))
		}
	}
}
