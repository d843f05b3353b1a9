package logistic

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"

	"tickle/datasets"
	"tickle/learners"
)

// space is where weights are searched for, in coefficients of its own.
type space interface {
	dim() int  // number of coefficients
	rows() int // number of training rows
	adjoint(r, coefs []float64)
	image(coefs, out []float64)
	dot(u, v vector) float64

	// row gives the sums of a row of the matrix, for each of some vectors.
	row(row int32, coefs [][]float64, out []float64)
	weight(coefs []float64, column int, code datasets.Code) float64
	numberWeight(coefs []float64, n int) float64
	bias(coefs []float64) float64
}

// gramSpace has a coefficient a training row: w = Σ coefficient·x.
type gramSpace struct {
	data    *datasets.Selection
	agree   *learners.Agreements
	trained []int32
	square  float64 // of the bias column's value
	k       blas64.General
}

func newGramSpace(ctx context.Context, t *learners.Train, bias float64) (*gramSpace, error) {
	agree, err := t.Agreements(ctx)
	if err != nil {
		return nil, err
	}
	n := len(t.Rows)
	g := &gramSpace{data: t.Data, agree: agree, trained: slices.Clone(t.Rows), square: bias * bias}
	g.k = blas64.General{Rows: n, Cols: n, Stride: n, Data: make([]float64, n*n)}
	for i, r := range g.trained {
		g.kernels(r, g.k.Data[i*n:(i+1)*n])
	}
	return g, nil
}

// kernels gives the dot products of a row of the matrix with the training
// rows.
func (g *gramSpace) kernels(row int32, out []float64) {
	for j, r := range g.trained {
		out[j] = float64(g.agree.Same(row, r)) + g.square
	}
	for _, n := range g.data.Numbers {
		cells := g.data.Matrix.Numbers[n].Cells
		if x := cells[row]; !math.IsNaN(x) {
			for j, r := range g.trained {
				if y := cells[r]; !math.IsNaN(y) {
					out[j] += x * y
				}
			}
		}
	}
}

func (g *gramSpace) dim() int                   { return len(g.trained) }
func (g *gramSpace) rows() int                  { return len(g.trained) }
func (g *gramSpace) adjoint(r, coefs []float64) { copy(coefs, r) }
func (g *gramSpace) dot(u, v vector) float64    { return floats.Dot(u.coefs, v.image) }

func (g *gramSpace) image(coefs, out []float64) {
	n := len(g.trained)
	blas64.Gemv(blas.NoTrans, 1, g.k, blas64.Vector{N: n, Data: coefs, Inc: 1}, 0, blas64.Vector{N: n, Data: out, Inc: 1})
}

func (g *gramSpace) row(row int32, coefs [][]float64, out []float64) {
	kernels := make([]float64, len(g.trained))
	g.kernels(row, kernels)
	for i, c := range coefs {
		out[i] = floats.Dot(c, kernels)
	}
}

func (g *gramSpace) weight(coefs []float64, column int, code datasets.Code) float64 {
	codes, sum := g.data.Codes(g.data.Part[column]), 0.0
	for i, r := range g.trained {
		if codes[r] == code {
			sum += coefs[i]
		}
	}
	return sum
}

func (g *gramSpace) numberWeight(coefs []float64, n int) float64 {
	cells, sum := g.data.Matrix.Numbers[n].Cells, 0.0
	for i, r := range g.trained {
		if v := cells[r]; !math.IsNaN(v) {
			sum += coefs[i] * v
		}
	}
	return sum
}

func (g *gramSpace) bias(coefs []float64) float64 { return g.square * floats.Sum(coefs) }

// primalSpace has a coefficient a value of each partition, a numeric column
// and the bias. A partition of m columns is one column of the value √m, whose
// coefficient is √m times the weight of each of the m.
type primalSpace struct {
	data    *datasets.Selection
	trained []int32
	offset  []int32   // of each partition's first coefficient, and of the first number's
	root    []float64 // √m
	value   float64   // of the bias column
}

func newPrimalSpace(t *learners.Train, bias float64) *primalSpace {
	p := &primalSpace{data: t.Data, trained: slices.Clone(t.Rows), value: bias}
	offset := int32(0)
	for i, id := range t.Data.IDs {
		p.offset = append(p.offset, offset)
		p.root = append(p.root, math.Sqrt(float64(t.Data.Mult[i])))
		offset += int32(t.Data.Parts[id].Distinct)
	}
	p.offset = append(p.offset, offset)
	return p
}

func (p *primalSpace) numbers() int { return int(p.offset[len(p.offset)-1]) }

func (p *primalSpace) dim() int                { return p.numbers() + len(p.data.Numbers) + 1 }
func (p *primalSpace) rows() int               { return len(p.trained) }
func (p *primalSpace) dot(u, v vector) float64 { return floats.Dot(u.coefs, v.coefs) }

func (p *primalSpace) adjoint(r, coefs []float64) {
	clear(coefs)
	for i, id := range p.data.IDs {
		codes, root, own := p.data.Codes(id), p.root[i], coefs[p.offset[i]:p.offset[i+1]]
		for j, row := range p.trained {
			if c := codes[row]; c != datasets.Missing {
				own[c] += root * r[j]
			}
		}
	}
	at := p.numbers()
	for k, n := range p.data.Numbers {
		cells := p.data.Matrix.Numbers[n].Cells
		for j, row := range p.trained {
			if v := cells[row]; !math.IsNaN(v) {
				coefs[at+k] += v * r[j]
			}
		}
	}
	coefs[len(coefs)-1] = p.value * floats.Sum(r)
}

func (p *primalSpace) image(coefs, out []float64) {
	for j := range out {
		out[j] = p.bias(coefs)
	}
	for i, id := range p.data.IDs {
		codes, root, own := p.data.Codes(id), p.root[i], coefs[p.offset[i]:p.offset[i+1]]
		for j, row := range p.trained {
			if c := codes[row]; c != datasets.Missing {
				out[j] += root * own[c]
			}
		}
	}
	at := p.numbers()
	for k, n := range p.data.Numbers {
		cells := p.data.Matrix.Numbers[n].Cells
		for j, row := range p.trained {
			if v := cells[row]; !math.IsNaN(v) {
				out[j] += v * coefs[at+k]
			}
		}
	}
}

func (p *primalSpace) row(row int32, coefs [][]float64, out []float64) {
	for i, c := range coefs {
		out[i] = p.bias(c)
	}
	for i, id := range p.data.IDs {
		if code := p.data.Codes(id)[row]; code != datasets.Missing {
			for k, c := range coefs {
				out[k] += p.root[i] * c[p.offset[i]+int32(code)]
			}
		}
	}
	at := p.numbers()
	for i, n := range p.data.Numbers {
		if v := p.data.Matrix.Numbers[n].Cells[row]; !math.IsNaN(v) {
			for k, c := range coefs {
				out[k] += v * c[at+i]
			}
		}
	}
}

func (p *primalSpace) weight(coefs []float64, column int, code datasets.Code) float64 {
	i := slices.Index(p.data.IDs, p.data.Part[column])
	return coefs[p.offset[i]+int32(code)] / p.root[i]
}

func (p *primalSpace) numberWeight(coefs []float64, n int) float64 {
	return coefs[p.numbers()+slices.Index(p.data.Numbers, int32(n))]
}

func (p *primalSpace) bias(coefs []float64) float64 { return p.value * coefs[len(coefs)-1] }
