package logistic

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners"
	"tickle/learners/learnertest"
)

// Rows whose classes are drawn with the probabilities softmax(logs/T) have the
// temperature T, but for what the targets and the draw add.
func TestFitTemperature(t *testing.T) {
	for _, want := range []float64{0.25, 1, 4} {
		r := rand.New(rand.NewPCG(1, 2))
		var rows []heldOut
		for range 20_000 {
			row := heldOut{logs: []float64{r.NormFloat64(), r.NormFloat64(), r.NormFloat64()}}
			scores := append([]float64(nil), row.logs...)
			softmax(scores, want)
			for u := r.Float64(); row.right < 2 && u > scores[row.right]; row.right++ {
				u -= scores[row.right]
			}
			rows = append(rows, row)
		}
		require.InEpsilon(t, want, fitTemperature(rows), 0.05)
	}
}

// Of two classes the optimum has a closed form: where k of n rows that all say
// the same d for the second class are right, 1/T is the logit of the mean
// target over d.
func TestFitTemperatureOfTwoClasses(t *testing.T) {
	const d = 1.5
	for _, c := range []struct{ n, right int }{{10, 9}, {10, 6}, {3, 3}} {
		var rows []heldOut
		for i := range c.n {
			row := heldOut{logs: []float64{0, d}}
			if i < c.right {
				row.right = 1
			}
			rows = append(rows, row)
		}
		n, right := float64(c.n), float64(c.right)
		mean := (right*(n+1)/(n+2) + (n-right)/(n+2)) / n
		require.InEpsilon(t, d/math.Log(mean/(1-mean)), fitTemperature(rows), 1e-9)
	}
}

func TestFitTemperatureIsBounded(t *testing.T) {
	require.Equal(t, 1., fitTemperature(nil))
	require.InEpsilon(t, highestTemperature, fitTemperature([]heldOut{{[]float64{9, 0}, 1}}), 1e-9)
	require.InEpsilon(t, lowestTemperature, fitTemperature([]heldOut{{[]float64{1e-9, 0}, 0}}), 1e-9)
}

// Clones of a machine are held out together, and each class goes over the
// parts in turn.
func TestCalibrationParts(t *testing.T) {
	d := learnertest.Table([][]string{{"u", "u", "u", "u", "u", "u", "u", "u"}}, []string{"a", "a", "b", "a", "a", "a", "b", "a"})
	for i, group := range []string{"g", "h", "h", "g", "i", "", "j", ""} {
		d.Machines[i].Group = group
	}
	require.Equal(t, []int{0, 1, 1, 0, 2, 3, 1, 4}, calibrationParts(d.Train(nil)))
	require.Equal(t, []int{0, 1, 1, 2, 3}, calibrationParts(&learners.Train{Data: d.Selection, Rows: []int32{0, 1, 2, 5, 7}, Labels: d.Labels, Classes: d.Classes}))
}
