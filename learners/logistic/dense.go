package logistic

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"

	"tickle/learners"
)

// Dense is a training set of numbers alone, none of them missing, for those
// who have no data set of columns.
type Dense struct {
	X       blas64.General // a row each of the training rows
	Labels  []int          // class of each row, from 0 to below Classes
	Classes int
	C       float64 // weight of the rows' loss against ½|w|²
	Epsilon float64 // as the option eps
	Workers int     // goroutines at most; 0: GOMAXPROCS. It changes no result
}

// OneVsRest finds the weights of each class against all others, without a
// bias: the objective and the rule for ending are those of the learner. A
// class without rows has weights of zero. Of two classes, both have weights,
// each the negative of the other.
func OneVsRest(ctx context.Context, d *Dense) ([][]float64, error) {
	n := d.X.Rows
	if n == 0 || len(d.Labels) != n || d.X.Cols == 0 {
		return nil, fmt.Errorf("%d rows of %d numbers and %d labels: want some, and a label for each", n, d.X.Cols, len(d.Labels))
	}
	if !(d.C > 0) || !(d.Epsilon > 0) {
		return nil, fmt.Errorf("cost %v, epsilon %v: want numbers above 0", d.C, d.Epsilon)
	}
	counts := make([]int, d.Classes)
	for i, l := range d.Labels {
		if l < 0 || l >= d.Classes {
			return nil, fmt.Errorf("row %d: class %d: want one of %d", i, l, d.Classes)
		}
		counts[l]++
	}
	s := newDenseSpace(d.X)
	coefs := blas64.General{Rows: d.Classes, Cols: n, Stride: n, Data: make([]float64, d.Classes*n)}
	err := learners.Parallel(ctx, d.Classes, d.Workers, func(_, c int) error {
		if counts[c] == 0 || counts[c] == n {
			return nil
		}
		found, err := d.search(ctx, s, c, counts[c])
		copy(coefs.Data[c*n:], found)
		return err
	})
	if err != nil {
		return nil, err
	}
	w := blas64.General{Rows: d.Classes, Cols: d.X.Cols, Stride: d.X.Cols, Data: make([]float64, d.Classes*d.X.Cols)}
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, coefs, d.X, 0, w)
	weights := make([][]float64, d.Classes)
	for c := range weights {
		weights[c] = w.Data[c*w.Stride : (c+1)*w.Stride : (c+1)*w.Stride]
	}
	return weights, nil
}

func (d *Dense) search(ctx context.Context, space *denseSpace, class, positive int) ([]float64, error) {
	loss := &binaryLoss{c: d.C, y: make([]float64, d.X.Rows)}
	for i, l := range d.Labels {
		if loss.y[i] = -1; l == class {
			loss.y[i] = 1
		}
	}
	rarer := max(1, min(positive, d.X.Rows-positive))
	s := search{space: space, loss: loss, blocks: 1, tolerance: d.Epsilon * float64(rarer) / float64(d.X.Rows)}
	return s.run(ctx)
}

// Objective is what OneVsRest makes small for one class: ½|w|² + C·Σ
// ln(1+exp(-y·w·x)).
func (d *Dense) Objective(class int, w []float64) float64 {
	sum := 0.0
	for i, l := range d.Labels {
		y := -1.0
		if l == class {
			y = 1
		}
		sum += softplus(-y * floats.Dot(w, d.X.Data[i*d.X.Stride:i*d.X.Stride+d.X.Cols]))
	}
	return floats.Dot(w, w)/2 + d.C*sum
}

// denseSpace has a coefficient a training row, as gramSpace has.
type denseSpace struct{ k blas64.Symmetric }

func newDenseSpace(x blas64.General) *denseSpace {
	k := blas64.Symmetric{N: x.Rows, Stride: x.Rows, Data: make([]float64, x.Rows*x.Rows), Uplo: blas.Upper}
	blas64.Syrk(blas.NoTrans, 1, x, 0, k)
	for i := range k.N {
		for j := range i {
			k.Data[i*k.Stride+j] = k.Data[j*k.Stride+i]
		}
	}
	return &denseSpace{k}
}

func (s *denseSpace) dim() int                   { return s.k.N }
func (s *denseSpace) rows() int                  { return s.k.N }
func (s *denseSpace) adjoint(r, coefs []float64) { copy(coefs, r) }
func (s *denseSpace) dot(u, v vector) float64    { return floats.Dot(u.coefs, v.image) }

func (s *denseSpace) image(coefs, out []float64) {
	n := s.k.N
	g := blas64.General{Rows: n, Cols: n, Stride: n, Data: s.k.Data}
	blas64.Gemv(blas.NoTrans, 1, g, blas64.Vector{N: n, Data: coefs, Inc: 1}, 0, blas64.Vector{N: n, Data: out, Inc: 1})
}
