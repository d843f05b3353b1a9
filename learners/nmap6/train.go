package nmap6

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas/blas64"

	"tickle/learners/logistic"
)

// TrainOptions says how a model is trained. The zero value is as Nmap's was,
// up to the precision of the optimum.
type TrainOptions struct {
	C       float64 // cost of the rows' loss against ½|w|²; 0: 100, as Nmap's
	Epsilon float64 // the search ends when the gradient is this part of the first, times the share of a class's rows; 0: 1e-5
	Scale   []Scale // of Features; nil: from the rows, so that each feature's values go from 0 to 1
	Workers int     // goroutines at most; 0: GOMAXPROCS. It changes no result
}

// The defaults of TrainOptions.
const (
	DefaultC       = 100
	DefaultEpsilon = 1e-5
)

// Train makes a model of labelled vectors, whose labels are its classes, in
// order of appearance: L2-regularised logistic regression of each class
// against the rest, without a bias (LIBLINEAR's solver 0), on scaled vectors
// in which what is missing is -1; and of each class the mean and the variance,
// over its number of vectors.
func Train(ctx context.Context, rows []LabelledVector, o TrainOptions) (*Model, error) {
	if len(rows) == 0 {
		return nil, errNoVectors
	}
	if o.C == 0 {
		o.C = DefaultC
	}
	if o.Epsilon == 0 {
		o.Epsilon = DefaultEpsilon
	}
	m := &Model{Features: Features[:], Scale: o.Scale, C: o.C}
	labels, err := m.classesOf(rows)
	if err != nil {
		return nil, err
	}
	switch len(m.Scale) {
	case 0:
		m.Scale = scaleOf(rows)
	case NumFeatures:
	default:
		return nil, fmt.Errorf("scale: %d features: want %d", len(m.Scale), NumFeatures)
	}
	m.at = make([]int, NumFeatures)
	for i := range m.at {
		m.at[i] = i
	}
	x := blas64.General{Rows: len(rows), Cols: NumFeatures, Stride: NumFeatures, Data: make([]float64, 0, len(rows)*NumFeatures)}
	for i := range rows {
		x.Data = append(x.Data, m.Scaled(&rows[i].Vector)...)
	}
	m.describe(x, labels)
	m.Weight, err = logistic.OneVsRest(ctx, &logistic.Dense{X: x, Labels: labels, Classes: len(m.Classes), C: o.C, Epsilon: o.Epsilon, Workers: o.Workers})
	if err != nil {
		return nil, err
	}
	return m, m.check()
}

// classesOf lists the classes and gives each row's.
func (m *Model) classesOf(rows []LabelledVector) ([]int, error) {
	at := map[string]int{}
	labels := make([]int, len(rows))
	for i := range rows {
		name := rows[i].Label
		if name == "" {
			return nil, fmt.Errorf("vector %d (%q): want a label", i+1, clip(rows[i].ID))
		}
		c, ok := at[name]
		if !ok {
			c = len(m.Classes)
			at[name] = c
			m.Classes = append(m.Classes, Class{Name: name})
		}
		m.Classes[c].Prints++
		labels[i] = c
		for f, v := range rows[i].Vector {
			if !finite(v) {
				return nil, fmt.Errorf("vector %d (%q), feature %s: %v: want a finite number", i+1, clip(rows[i].ID), Features[f], v)
			}
		}
	}
	return labels, nil
}

// scaleOf makes each feature's values in the rows go from 0 to 1; a feature
// with one value becomes 0, and one that is always missing stays as it is.
func scaleOf(rows []LabelledVector) []Scale {
	scale := make([]Scale, NumFeatures)
	for f := range scale {
		low, high := math.Inf(1), math.Inf(-1)
		for i := range rows {
			if v := rows[i].Vector[f]; v >= 0 {
				low, high = min(low, v), max(high, v)
			}
		}
		switch {
		case low < high:
			scale[f] = Scale{-low, 1 / (high - low)}
		case low == high:
			scale[f] = Scale{-low, 1}
		default:
			scale[f] = Scale{0, 1}
		}
	}
	return scale
}

// describe finds each class's mean and variance.
func (m *Model) describe(x blas64.General, labels []int) {
	m.Mean, m.Variance = make([][]float64, len(m.Classes)), make([][]float64, len(m.Classes))
	low, high := make([][]float64, len(m.Classes)), make([][]float64, len(m.Classes))
	for c := range m.Classes {
		m.Mean[c], m.Variance[c] = make([]float64, x.Cols), make([]float64, x.Cols)
	}
	row := func(i int) []float64 { return x.Data[i*x.Stride : i*x.Stride+x.Cols] }
	for i, c := range labels {
		if low[c] == nil {
			low[c], high[c] = append([]float64(nil), row(i)...), append([]float64(nil), row(i)...)
		}
		for f, v := range row(i) {
			m.Mean[c][f] += v / float64(m.Classes[c].Prints)
			low[c][f], high[c][f] = min(low[c][f], v), max(high[c][f], v)
		}
	}
	for i, c := range labels {
		for f, v := range row(i) {
			// What does not differ has no variance, whatever rounding makes of its mean.
			if low[c][f] == high[c][f] {
				m.Mean[c][f] = v
				continue
			}
			d := v - m.Mean[c][f]
			m.Variance[c][f] += d * d / float64(m.Classes[c].Prints)
		}
	}
}
