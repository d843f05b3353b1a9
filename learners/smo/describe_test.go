package smo

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/learnertest"
)

// TestDescribe: between rows, the weights of their cells differ as much as a
// machine's outputs do.
func TestDescribe(t *testing.T) {
	d := learnertest.Synthetic(learnertest.Shape{Rows: 60, Columns: 80, Classes: 4, Behaviours: 4, Constant: .2, Noise: .1, Seed: 5})
	list, err := learners.NewRegistry(Entry()).Parse("smo")
	require.NoError(t, err)
	fitted, err := list[0].Learner.Fit(context.Background(), d.Train(nil))
	require.NoError(t, err)
	m := fitted.(*model)
	for i, k := range m.Describe(0).(Described).Machines {
		sum := func(r int32) float64 {
			total := 0.0
			for _, w := range k.Weights {
				for c := range d.Columns {
					if code := d.Codes(d.Part[c])[r]; d.Name(c) == w.Column && code != datasets.Missing && d.Matrix.Text(c, code) == *w.Value {
						total += float64(w.Columns) * w.Weight
					}
				}
			}
			return total
		}
		output := func(r int32) float64 { return m.machines[i].output(m.gram.row(r)) }
		for r := range int32(10) {
			require.InDelta(t, output(r)-output(50), sum(r)-sum(50), 1e-9, "%s or %s", k.Low, k.High)
		}
	}
	require.Contains(t, m.TextTop(1), "linear kernel, 6 machines")
}
