package logistic_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas/blas64"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/logistic"
)

// dense makes rows around a point a class.
func dense(rows, columns, classes int) *logistic.Dense {
	r := rand.New(rand.NewPCG(1, 2))
	d := &logistic.Dense{X: blas64.General{Rows: rows, Cols: columns, Stride: columns, Data: make([]float64, rows*columns)},
		Labels: make([]int, rows), Classes: classes, C: 10, Epsilon: 1e-8}
	centre := make([]float64, classes*columns)
	for i := range centre {
		centre[i] = r.NormFloat64()
	}
	for i := range rows {
		d.Labels[i] = i % classes
		for j := range columns {
			d.X.Data[i*columns+j] = centre[d.Labels[i]*columns+j] + r.NormFloat64()
		}
	}
	return d
}

// OneVsRest finds what the learner finds on a data set of the same numbers,
// which LIBLINEAR agrees with.
func TestOneVsRestIsTheLearner(t *testing.T) {
	d := dense(60, 12, 4)
	weights, err := logistic.OneVsRest(context.Background(), d)
	require.NoError(t, err)

	m := &datasets.Matrix{Machines: make([]datasets.Machine, d.X.Rows)}
	train := &learners.Train{Classes: []string{"a", "b", "c", "d"}}
	for j := range d.X.Cols {
		c := datasets.NumericColumn{Cells: make([]float64, d.X.Rows)}
		for i := range c.Cells {
			c.Cells[i] = d.X.Data[i*d.X.Stride+j]
		}
		m.Numbers = append(m.Numbers, c)
	}
	for i, l := range d.Labels {
		train.Rows, train.Labels = append(train.Rows, int32(i)), append(train.Labels, int32(l))
	}
	train.Data = m.All()
	l, err := learners.NewRegistry(logistic.Entry()).Parse("logistic:c=10,eps=1e-8,bias=-1,space=primal")
	require.NoError(t, err)
	fitted, err := l[0].Learner.Fit(context.Background(), train)
	require.NoError(t, err)
	for c := range d.Classes {
		for j := range d.X.Cols {
			require.InDelta(t, fitted.(*logistic.Model).NumberWeight(int32(c), j), weights[c][j], 1e-5)
		}
	}
}

// At the optimum no small step makes the objective smaller.
func TestOneVsRestIsAMinimum(t *testing.T) {
	d := dense(40, 90, 5)
	d.Classes = 6 // one has no rows
	weights, err := logistic.OneVsRest(context.Background(), d)
	require.NoError(t, err)
	require.Equal(t, make([]float64, d.X.Cols), weights[5])
	r := rand.New(rand.NewPCG(3, 4))
	for c := range 5 {
		least := d.Objective(c, weights[c])
		for range 20 {
			w := make([]float64, d.X.Cols)
			for j := range w {
				w[j] = weights[c][j] + 1e-3*r.NormFloat64()
			}
			require.Greater(t, d.Objective(c, w), least)
		}
	}
}

func TestOneVsRestRefuses(t *testing.T) {
	for name, change := range map[string]func(d *logistic.Dense){
		"no cost":   func(d *logistic.Dense) { d.C = 0 },
		"NaN":       func(d *logistic.Dense) { d.Epsilon = math.NaN() },
		"label":     func(d *logistic.Dense) { d.Labels[1] = d.Classes },
		"no labels": func(d *logistic.Dense) { d.Labels = nil },
	} {
		d := dense(6, 3, 2)
		change(d)
		_, err := logistic.OneVsRest(context.Background(), d)
		require.Error(t, err, name)
	}
}
