package logistic_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/learnertest"
	"tickle/learners/logistic"
)

// temperature gives that of a calibrated model.
func temperature(m *logistic.Model) float64 { return m.Describe(0).(logistic.Described).Temperature }

// A calibrated model answers the same classes, with the scores' powers 1/T.
func TestCalibratedClassesAreTheSame(t *testing.T) {
	d := learnertest.Synthetic(learnertest.Shape{Rows: 90, Columns: 60, Classes: 6, Behaviours: 5, Constant: .3, Noise: .3, Missing: .1, Seed: 4})
	train := d.Train(d.Except(func(r int) bool { return r%3 == 0 }))
	for _, kind := range []string{"false", "true"} {
		plain := fit(t, "logistic:multinomial="+kind, train)
		calibrated := fit(t, "logistic:calibrated=true,multinomial="+kind, train)
		power := 1 / temperature(calibrated)
		require.NotEqual(t, 1., power)
		require.Zero(t, temperature(plain))
		for r := range int32(d.Rows()) {
			p, c := plain.Predict(r), calibrated.Predict(r)
			require.Equal(t, p.Class, c.Class)
			total := 0.0
			for k := range p.Scores {
				p.Scores[k] = math.Pow(p.Scores[k], power)
				total += p.Scores[k]
			}
			for k := range p.Scores {
				require.InDelta(t, p.Scores[k]/total, c.Scores[k], 1e-9)
			}
		}
	}
}

// Where labels cannot be learnt, but each machine has a clone with its label, a
// model is unsure of machines that it has not seen only if clones are held out
// together.
func TestCalibrationHoldsGroupsOut(t *testing.T) {
	var columns [][]string
	var labels []string
	d := learnertest.Synthetic(learnertest.Shape{Rows: 40, Columns: 200, Classes: 2, Behaviours: 40, Noise: .5, Seed: 6})
	for r := range 2 * d.Rows() {
		labels = append(labels, fmt.Sprint(r/2%3%2))
	}
	for c := range d.Columns {
		var cells []string
		for r := range labels {
			cells = append(cells, fmt.Sprint(d.Codes(d.Part[c])[r/2]))
		}
		columns = append(columns, cells)
	}
	clones := learnertest.Table(columns, labels)
	alone := temperature(fit(t, "logistic:calibrated=true", clones.Train(nil)))
	for i := range clones.Machines {
		clones.Machines[i].Group = fmt.Sprint("image ", i/2)
	}
	together := temperature(fit(t, "logistic:calibrated=true", clones.Train(nil)))
	require.Less(t, alone, 1.)
	require.Greater(t, together, 2.)
}

// On rows that were not trained on, a model that is too unsure becomes a better
// forecast.
func TestCalibrationLowersLogLoss(t *testing.T) {
	d := learnertest.Synthetic(learnertest.Shape{Rows: 300, Columns: 40, Classes: 5, Behaviours: 5, Noise: .1, Seed: 8})
	test := func(r int) bool { return r%2 == 0 }
	loss := func(spec string) float64 {
		m := fit(t, spec, d.Train(d.Except(test)))
		sum := 0.0
		for r := range d.Rows() {
			if test(r) {
				sum -= math.Log(m.Predict(int32(r)).Scores[d.Labels[r]])
			}
		}
		return sum
	}
	for _, spec := range []string{"logistic:c=0.001", "logistic:c=0.001,multinomial=true"} {
		require.Less(t, loss(spec+",calibrated=true"), 0.9*loss(spec))
	}
}
