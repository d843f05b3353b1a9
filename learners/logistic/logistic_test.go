package logistic_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/learnertest"
	"tickle/learners/logistic"
	"tickle/learners/peers"
)

func learner(t testing.TB, spec string) learners.Learner {
	list, err := learners.NewRegistry(logistic.Entry()).Parse(spec)
	require.NoError(t, err)
	return list[0].Learner
}

func fit(t testing.TB, spec string, train *learners.Train) *logistic.Model {
	return learnertest.Fit(t, learner(t, spec), train).(*logistic.Model)
}

func TestContract(t *testing.T) {
	for _, spec := range []string{"logistic", "logistic:space=primal,bias=2", "logistic:multinomial=true,c=0.5", "logistic:calibrated=true"} {
		t.Run(spec, func(t *testing.T) { learnertest.Contract(t, learner(t, spec)) })
	}
}

func TestBadOptions(t *testing.T) {
	for spec, want := range map[string]string{
		"logistic:c=0":    "learner logistic: option c=0: want a number above 0",
		"logistic:eps=-1": "learner logistic: option eps=-1: want a number above 0",
	} {
		_, err := learners.NewRegistry(logistic.Entry()).Parse(spec)
		require.EqualError(t, err, want)
	}
}

func TestInfiniteNumber(t *testing.T) {
	d := peers.Make(peers.Mix{Rows: 10, Classes: 2, Numeric: 2, Seed: 1})
	d.Matrix.Numbers[0].Cells[2] = math.Inf(-1)
	_, err := learner(t, "logistic").Fit(t.Context(), d.Train(nil))
	require.EqualError(t, err, "column n0, row 2: -Inf: want a finite number, or none")
}

// raw is a model over the expanded columns, one at a time: what Model says
// about named features, and the objective of LIBLINEAR and of softmax.
type raw struct {
	d       *learnertest.Data
	value   float64 // of the bias column
	nominal [][]float64
	numeric []float64
	bias    float64
}

func rawOf(m *logistic.Model, d *learnertest.Data, class int32, value float64) *raw {
	w := &raw{d: d, value: value}
	for c := range d.Columns {
		var values []float64
		for code := range d.Values(c) {
			values = append(values, m.Weight(class, c, datasets.Code(code)))
		}
		w.nominal = append(w.nominal, values)
	}
	for n := range d.Matrix.Numbers {
		w.numeric = append(w.numeric, m.NumberWeight(class, n))
	}
	if value > 0 {
		w.bias = m.Bias(class) / value
	}
	return w
}

func (w *raw) sum(row int32) float64 {
	sum := w.bias * w.value
	for c, weights := range w.nominal {
		if code := w.d.Codes(w.d.Part[c])[row]; code != datasets.Missing {
			sum += weights[code]
		}
	}
	for n, weight := range w.numeric {
		if v := w.d.Matrix.Numbers[n].Cells[row]; !math.IsNaN(v) {
			sum += weight * v
		}
	}
	return sum
}

func (w *raw) flat() []float64 {
	var flat []float64
	for _, weights := range w.nominal {
		flat = append(flat, weights...)
	}
	flat = append(flat, w.numeric...)
	if w.value > 0 {
		flat = append(flat, w.bias)
	}
	return flat
}

func (w *raw) square() float64 {
	sum := 0.0
	for _, v := range w.flat() {
		sum += v * v
	}
	return sum
}

func (w *raw) objective(c float64, class int32, rows []int32) float64 {
	sum := w.square() / 2
	for _, r := range rows {
		y := -1.0
		if w.d.Labels[r] == class {
			y = 1
		}
		sum += c * math.Log1p(math.Exp(-y*w.sum(r)))
	}
	return sum
}

// TestPartitionsAreColumns: the weights over the columns one by one are a
// minimum of the objective over those columns, and the two spaces find the
// same.
func TestPartitionsAreColumns(t *testing.T) {
	shape := learnertest.Shape{Rows: 60, Columns: 250, Classes: 5, Behaviours: 5, Constant: .3, Noise: .02, Missing: .05, Seed: 1}
	for name, d := range map[string]*learnertest.Data{
		"nominal": learnertest.Synthetic(shape),
		"mixed":   peers.Make(peers.Mix{Rows: 60, Classes: 4, Nominal: 12, Numeric: 3, Values: 4, Repeats: 6, Constant: 2, Noise: .3, Missing: .2, Seed: 3}),
	} {
		for _, bias := range []float64{1, 3, -1} {
			train := d.Train(d.Except(func(r int) bool { return r%4 == 3 }))
			options := fmt.Sprintf("eps=1e-9,c=0.3,bias=%v", bias)
			inGram := fit(t, "logistic:space=gram,"+options, train)
			inPrimal := fit(t, "logistic:space=primal,"+options, train)
			for class := range int32(len(d.Classes)) {
				w := rawOf(inGram, d, class, bias)
				require.InDeltaSlice(t, w.flat(), rawOf(inPrimal, d, class, bias).flat(), 1e-6, name)
				checkGradient(t, w, train, class)
			}
			for r := range int32(d.Rows()) {
				p := inGram.Predict(r)
				require.InDeltaSlice(t, p.Scores, inPrimal.Predict(r).Scores, 1e-6)
				total, scores := 0.0, make([]float64, len(d.Classes))
				for class := range scores {
					scores[class] = 1 / (1 + math.Exp(-rawOf(inGram, d, int32(class), bias).sum(r)))
					total += scores[class]
				}
				for class := range scores {
					scores[class] /= total
				}
				require.InDeltaSlice(t, scores, p.Scores, 1e-9, name)
			}
		}
	}
}

// checkGradient wants the objective's gradient over the expanded columns to
// vanish: each weight is C times the sum of its column's residuals.
func checkGradient(t *testing.T, w *raw, train *learners.Train, class int32) {
	const c = 0.3
	residual := map[int32]float64{}
	for _, r := range train.Rows {
		residual[r] = -1 / (1 + math.Exp(-w.sum(r)))
		if train.Labels[r] == class {
			residual[r]++
		}
	}
	for column, weights := range w.nominal {
		want := make([]float64, len(weights))
		for _, r := range train.Rows {
			if code := w.d.Codes(w.d.Part[column])[r]; code != datasets.Missing {
				want[code] += c * residual[r]
			}
		}
		require.InDeltaSlice(t, want, weights, 1e-6)
	}
	for n, weight := range w.numeric {
		want := 0.0
		for _, r := range train.Rows {
			if v := w.d.Matrix.Numbers[n].Cells[r]; !math.IsNaN(v) {
				want += c * residual[r] * v
			}
		}
		require.InDelta(t, want, weight, 1e-6)
	}
	if w.value > 0 {
		want := 0.0
		for _, r := range train.Rows {
			want += c * residual[r] * w.value
		}
		require.InDelta(t, want, w.bias, 1e-6)
	}
}

// TestMultinomial: probabilities are the softmax of the sums, and each weight
// is C times the sum of its column's residuals, in both spaces.
func TestMultinomial(t *testing.T) {
	d := peers.Make(peers.Mix{Rows: 60, Classes: 4, Nominal: 12, Numeric: 3, Values: 4, Repeats: 6, Constant: 2, Noise: .3, Missing: .2, Seed: 5})
	train := d.Train(d.Except(func(r int) bool { return r%4 == 3 }))
	for _, space := range []string{"gram", "primal"} {
		m := fit(t, "logistic:multinomial=true,eps=1e-9,c=2,space="+space, train)
		var w []*raw
		for class := range int32(len(d.Classes)) {
			w = append(w, rawOf(m, d, class, 1))
		}
		probabilities := func(row int32) []float64 {
			p, total := make([]float64, len(w)), 0.0
			for k := range w {
				p[k] = math.Exp(w[k].sum(row))
				total += p[k]
			}
			for k := range p {
				p[k] /= total
			}
			return p
		}
		for r := range int32(d.Rows()) {
			require.InDeltaSlice(t, probabilities(r), m.Predict(r).Scores, 1e-9)
		}
		for k := range w {
			for c, weights := range w[k].nominal {
				want := make([]float64, len(weights))
				for _, r := range train.Rows {
					if code := d.Codes(d.Part[c])[r]; code != datasets.Missing {
						want[code] -= 2 * probabilities(r)[k]
						if d.Labels[r] == int32(k) {
							want[code] += 2
						}
					}
				}
				require.InDeltaSlice(t, want, weights, 1e-6)
			}
		}
	}
}

func TestPartitions(t *testing.T) {
	for _, spec := range []string{"logistic", "logistic:space=primal,bias=-1", "logistic:multinomial=true"} {
		peers.CheckPartitions(t, learner(t, spec), nil)
		peers.CheckNumbers(t, learner(t, spec))
	}
}

func TestStore(t *testing.T) {
	for _, spec := range []string{"logistic", "logistic:space=primal", "logistic:multinomial=true", "logistic:space=primal,multinomial=true,bias=-1", "logistic:calibrated=true"} {
		t.Run(spec, func(t *testing.T) {
			// The order of the rows says which are held out together.
			calibrated := strings.Contains(spec, "calibrated")
			learnertest.StoreContract(t, learnertest.Storing{Entry: logistic.Entry(), Spec: spec, Undeclared: !calibrated})
		})
	}
}
