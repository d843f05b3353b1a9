package smo

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/learnertest"
	"tickle/learners/modelfile"
	"tickle/learners/peers"
)

// expand makes every column that Weka makes: missing cells filled, a number
// for a column of two values, an indicator a value for others, all scaled to
// the training rows' range and 0 where that is empty. It gives a slice a row.
func expand(train *learners.Train) [][]float64 {
	s := train.Data
	rows := make([][]float64, s.Rows())
	add := func(x []float64) {
		low, high := math.Inf(1), math.Inf(-1)
		for _, r := range train.Rows {
			low, high = min(low, x[r]), max(high, x[r])
		}
		for r, v := range x {
			if low == high {
				rows[r] = append(rows[r], 0)
			} else {
				rows[r] = append(rows[r], (v-low)/(high-low))
			}
		}
	}
	for _, p := range s.Part {
		counts := make([]int, s.Parts[p].Distinct+1)
		for _, r := range train.Rows {
			if c := s.Codes(p)[r]; c != datasets.Missing {
				counts[c]++
			}
		}
		mode := 0
		for c := range counts {
			if counts[c] > counts[mode] {
				mode = c
			}
		}
		filled := make([]int, s.Rows())
		for r, c := range s.Codes(p) {
			if filled[r] = int(c); c == datasets.Missing {
				filled[r] = mode
			}
		}
		for v := range s.Parts[p].Distinct {
			x := make([]float64, s.Rows())
			for r, c := range filled {
				if s.Parts[p].Distinct == 2 && c == 2 {
					x[r] = .5 // neither of the two
				} else if s.Parts[p].Distinct == 2 {
					x[r] = float64(c)
				} else if c == v {
					x[r] = 1
				}
			}
			if s.Parts[p].Distinct != 2 || v == 0 {
				add(x)
			}
		}
	}
	for _, column := range s.Matrix.Numbers {
		sum, n := 0.0, 0.0
		for _, r := range train.Rows {
			if v := column.Cells[r]; !math.IsNaN(v) {
				sum, n = sum+v, n+1
			}
		}
		x := make([]float64, s.Rows())
		for r, v := range column.Cells {
			if x[r] = v; math.IsNaN(v) {
				x[r] = sum / max(n, 1)
			}
		}
		add(x)
	}
	return rows
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// TestPartitionsAreColumns compares kernels with those of the expanded
// columns: dot products and distances as they are, the linear kernel in the
// differences that a machine knows.
func TestPartitionsAreColumns(t *testing.T) {
	shape := learnertest.Shape{Rows: 60, Columns: 300, Classes: 6, Behaviours: 5, Constant: .3, Noise: .02, Missing: .1, Seed: 1}
	missing := learnertest.Synthetic(shape)
	shape.Missing, shape.Seed = 0, 2
	for name, d := range map[string]*learnertest.Data{
		"missing": missing,
		"whole":   learnertest.Synthetic(shape),
		"mixed":   peers.Make(peers.Mix{Rows: 60, Classes: 4, Nominal: 30, Numeric: 6, Values: 5, Repeats: 6, Constant: 2, Noise: .3, Missing: .3, Seed: 3}),
		"two":     peers.Make(peers.Mix{Rows: 40, Classes: 2, Nominal: 30, Values: 2, Repeats: 6, Constant: 2, Noise: .5, Missing: .4, Seed: 4}),
		"hard": learnertest.Table([][]string{
			{"?", "?", "?", "a", "b", "c"}, {"a", "a", "a", "?", "b", "b"}, {"b", "a", "a", "a", "?", "a"},
			{"x", "y", "?", "z", "z", "?"}, {"?", "?", "?", "?", "?", "?"}, {"x", "?", "x", "x", "?", "x"}, {"?", "?", "?", "b", "a", "b"},
		}, []string{"p", "q", "p", "q", "p", "q"}),
	} {
		t.Run(name, func(t *testing.T) {
			for _, every := range []int{2, 3, 10} {
				train := d.Train(d.Except(func(r int) bool { return r%every == every-1 }))
				train.Shared = learners.NewShared(d.Selection)
				compareKernels(t, train, expand(train))
			}
			train := d.Train([]int32{0, 1, 2})
			compareKernels(t, train, expand(train))
		})
	}
}

// TestOtherValues does the same of rows with values that a stored training set
// does not have.
func TestOtherValues(t *testing.T) {
	d := learnertest.Table([][]string{
		{"a", "b", "a", "b", "?"}, {"a", "a", "a", "a", "a"}, {"b", "b", "b", "?", "b"}, {"a", "b", "c", "a", "?"}, {"c", "c", "c", "c", "c"}, {"?", "?", "?", "?", "?"},
	}, []string{"p", "q", "p", "q", "p"})
	var e modelfile.Encoder
	d.Train([]int32{0, 1, 2, 3}).Store(&e)
	// Numbers of values differ from those above by order of appearance alone.
	other := learnertest.Table([][]string{
		{"z", "a", "?", "b"}, {"a", "z", "a", "?"}, {"z", "b", "z", "b"}, {"z", "c", "z", "?"}, {"c", "z", "?", "c"}, {"z", "?", "z", "?"},
	}, []string{"p", "q", "p", "q"})
	s := &learners.Stored{Classes: d.Classes, Payload: modelfile.NewDecoder(e.Bytes()), Target: &modelfile.Target{Matrix: other.Matrix}}
	train, err := s.Train(context.Background())
	require.NoError(t, err)
	others := 0
	for _, p := range train.Data.Parts {
		if p.Other {
			others++
		}
	}
	require.Greater(t, others, 3)
	compareKernels(t, train, expand(train))
}

func compareKernels(t *testing.T, train *learners.Train, rows [][]float64) {
	kernelOf := func(k kernel) *gram {
		g, err := newGram(context.Background(), train, k)
		require.NoError(t, err)
		return g
	}
	dots, gauss, shifted := kernelOf(kernel{name: poly, exponent: 1}), kernelOf(kernel{name: rbf, gamma: .02}), kernelOf(kernel{name: linear})
	first := train.Rows[0]
	for i, x := range rows {
		for j, r := range train.Rows {
			y := rows[r]
			require.InDelta(t, dot(x, y), dots.row(int32(i))[j], 1e-9, "rows %d, %d", i, r)
			require.InDelta(t, math.Exp(-.02*(dot(x, x)+dot(y, y)-2*dot(x, y))), gauss.row(int32(i))[j], 1e-9, "rows %d, %d", i, r)
			want := dot(x, y) - dot(x, rows[first]) - dot(rows[first], y) + dot(rows[first], rows[first])
			got := shifted.row(int32(i))[j] - shifted.row(int32(i))[0] - shifted.row(first)[j] + shifted.row(first)[0]
			require.InDelta(t, want, got, 1e-9, "rows %d, %d", i, r)
		}
	}
}

func TestInfiniteNumber(t *testing.T) {
	d := peers.Make(peers.Mix{Rows: 10, Classes: 2, Numeric: 2, Seed: 1})
	d.Matrix.Numbers[1].Cells[3] = math.Inf(1)
	_, err := newGram(context.Background(), d.Train(nil), kernel{name: linear})
	require.EqualError(t, err, "column n1, row 3: +Inf: want a finite number, or none")
}

// TestCouple: pairs that agree on some probabilities give them back.
func TestCouple(t *testing.T) {
	want := []float64{.4, 0, .3, .2, .1}
	m := &model{classes: 5, present: []int32{0, 2, 3, 4}}
	for i, low := range m.present {
		for _, high := range m.present[i+1:] {
			m.pairs = append(m.pairs, pair{low: low, high: high})
			m.machines = append(m.machines, machine{sigmoid: sigmoid{b: math.Log(want[low] / want[high])}})
		}
	}
	got := make([]float64, 5)
	m.couple(nil, got)
	require.InDeltaSlice(t, want, got, 1e-5)
}

// TestFitSigmoid: outputs of one size leave the smoothed share of each class;
// otherwise the fit is a minimum of Platt's cross-entropy.
func TestFitSigmoid(t *testing.T) {
	s := fitSigmoid([]float64{1, 1, 1, -1, -1, -1, -1}, []float64{1, 1, 1, -1, -1, -1, -1})
	require.InDelta(t, 4./5, s.of(1), 1e-4)
	require.InDelta(t, 1./6, s.of(-1), 1e-4)
	outputs, y := []float64{-2, -1, -.5, .2, .3, 1, 2, 3}, []float64{-1, -1, 1, -1, 1, 1, -1, 1}
	loss := func(s sigmoid) float64 {
		sum := 0.0
		for i, f := range outputs {
			target := 1. / 6
			if y[i] > 0 {
				target = 5. / 6
			}
			sum -= target*math.Log(s.of(f)) + (1-target)*math.Log(1-s.of(f))
		}
		return sum
	}
	s = fitSigmoid(outputs, y)
	for _, d := range []sigmoid{{.01, 0}, {-.01, 0}, {0, .01}, {0, -.01}} {
		require.Less(t, loss(s), loss(sigmoid{s.a + d.a, s.b + d.b}))
	}
}
