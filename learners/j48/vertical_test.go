package j48

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/learnertest"
)

// TestVertical holds trees over bit slices, of so many columns that a node has
// several parts and blocks, to those of columns counted row by row.
func TestVertical(t *testing.T) {
	l := learner{confidence: 0.25, leaf: 2, raising: true}
	for _, missing := range []float64{0, 0.0005} {
		shape := learnertest.Paper(9000)
		shape.Rows, shape.Classes, shape.Noise, shape.Missing = 150, 20, 0.06, missing
		d := learnertest.Synthetic(shape)
		train := d.Train(d.Except(func(r int) bool { return r%7 == 0 }))
		fast, err := newGrower(context.Background(), l, train)
		require.NoError(t, err)
		require.Greater(t, fast.onehot.Blocks, 20)
		slow := *fast
		slow.layout = &layout{list: fast.list, most: fast.most}
		want, err := slow.grow(slow.root())
		require.NoError(t, err)
		got, err := fast.grow(fast.root())
		require.NoError(t, err)
		text := func(n *node) string { return (&Model{matrix: d.Matrix, classes: d.Classes, root: n}).Text() }
		require.Equal(t, text(want), text(got))
		require.Greater(t, len(want.sons), 1)
	}
}
