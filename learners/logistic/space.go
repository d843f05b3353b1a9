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

// geometry is where weights are searched for, in coefficients of its own.
type geometry interface {
	dim() int  // number of coefficients
	rows() int // number of training rows
	adjoint(r, coefs []float64)
	image(coefs, out []float64)
	dot(u, v vector) float64
}

// space is a geometry that a model keeps, to say what it found.
type space interface {
	geometry

	// row gives the sums of a row of the matrix, for each of some vectors.
	row(row int32, coefs [][]float64, out []float64)
	weight(coefs []float64, column int, code datasets.Code) float64
	weights(coefs []float64, column int, out []float64) // of all values of a column
	selection() *datasets.Selection
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

func (g *gramSpace) weights(coefs []float64, column int, out []float64) {
	codes := g.data.Codes(g.data.Part[column])
	for i, r := range g.trained {
		if code := codes[r]; int(code) < len(out) {
			out[code] += coefs[i]
		}
	}
}

func (g *gramSpace) selection() *datasets.Selection { return g.data }

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
	groups  []group
	parts   []part
	of      func(column int) int32 // the group of a nominal column
	at      int                    // the first coefficient of a number
	value   float64                // of the bias column
}

// group is columns that were a partition when the weights were searched for,
// and so have equal ones.
type group struct {
	offset, values int32 // its coefficients, one a value
	columns        int32
}

// part is those of a group's columns that the matrix has in one partition: all
// of them, in the matrix of the search.
type part struct {
	id, group int32
	root      float64 // what their coefficients are multiplied by
}

func newPrimalSpace(t *learners.Train, bias float64) *primalSpace {
	p := &primalSpace{data: t.Data, trained: slices.Clone(t.Rows), value: bias}
	of := make([]int32, len(t.Data.Parts))
	for i, id := range t.Data.IDs {
		p.groups = append(p.groups, group{int32(p.at), int32(t.Data.Parts[id].Distinct), t.Data.Mult[i]})
		p.parts = append(p.parts, part{id, int32(i), math.Sqrt(float64(t.Data.Mult[i]))})
		p.at += t.Data.Parts[id].Distinct
		of[id] = int32(i)
	}
	p.of = func(column int) int32 { return of[t.Data.Part[column]] }
	return p
}

// own gives the coefficients of a group's values.
func (p *primalSpace) own(g int32, coefs []float64) []float64 {
	return coefs[p.groups[g].offset:][:p.groups[g].values]
}

func (p *primalSpace) dim() int                { return p.at + len(p.data.Numbers) + 1 }
func (p *primalSpace) rows() int               { return len(p.trained) }
func (p *primalSpace) dot(u, v vector) float64 { return floats.Dot(u.coefs, v.coefs) }

func (p *primalSpace) adjoint(r, coefs []float64) {
	clear(coefs)
	for _, c := range p.parts {
		codes, root, own := p.data.Codes(c.id), c.root, p.own(c.group, coefs)
		for j, row := range p.trained {
			if c := codes[row]; c != datasets.Missing {
				own[c] += root * r[j]
			}
		}
	}
	at := p.at
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
	for _, c := range p.parts {
		codes, root, own := p.data.Codes(c.id), c.root, p.own(c.group, coefs)
		for j, row := range p.trained {
			if c := codes[row]; c != datasets.Missing {
				out[j] += root * own[c]
			}
		}
	}
	at := p.at
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
	for _, part := range p.parts {
		// Neither a missing cell nor a value that the columns do not have is
		// anything in the one-hot columns.
		if code := p.data.Codes(part.id)[row]; int(code) < int(p.groups[part.group].values) {
			for k, c := range coefs {
				out[k] += part.root * p.own(part.group, c)[code]
			}
		}
	}
	at := p.at
	for i, n := range p.data.Numbers {
		if v := p.data.Matrix.Numbers[n].Cells[row]; !math.IsNaN(v) {
			for k, c := range coefs {
				out[k] += v * c[at+i]
			}
		}
	}
}

func (p *primalSpace) weight(coefs []float64, column int, code datasets.Code) float64 {
	g := p.of(column)
	return p.own(g, coefs)[code] / math.Sqrt(float64(p.groups[g].columns))
}

func (p *primalSpace) weights(coefs []float64, column int, out []float64) {
	g := p.of(column)
	copy(out, p.own(g, coefs))
	for v := range out {
		out[v] /= math.Sqrt(float64(p.groups[g].columns))
	}
}

func (p *primalSpace) selection() *datasets.Selection { return p.data }

func (p *primalSpace) numberWeight(coefs []float64, n int) float64 {
	return coefs[p.at+slices.Index(p.data.Numbers, int32(n))]
}

func (p *primalSpace) bias(coefs []float64) float64 { return p.value * coefs[len(coefs)-1] }
