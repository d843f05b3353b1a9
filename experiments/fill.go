package experiments

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"tickle/learners/nmap6"
)

// The ways of giving learners a vector in which probes went without an answer.
const (
	minusOne   = "-1"         // as Nmap does: each feature is -1
	ownWay     = "missing"    // each feature is missing, and the learner does with it what it does
	byNearest  = "k-nn"       // the mean of the five nearest training vectors in which the probe was answered
	regression = "regression" // what regularised linear regressions on all other features say, iterated
)

// filler guesses features of probes that went without an answer from training
// vectors alone, whatever their classes. Vectors are scaled, and -1 within a
// probe that was answered (an option that is not there) is a value like any
// other.
type filler interface {
	fill(x []float64, unanswered []bool) []float64
}

// probeOf gives for each feature the number of its probe, -1 for TCP_ISR,
// which goes with S1.
var probeOf = func() []int {
	of := make([]int, nmap6.NumFeatures)
	for i, name := range nmap6.Features {
		of[i] = max(0, slices.Index(nmap6.ProbeNames[:], nmap6.FeatureProbe(name)))
	}
	return of
}()

// lengthAt is where a probe's payload length stands, which is there whenever
// there was an answer.
func lengthAt(probe int) int { return 3 * probe }

// unansweredIn says which probes went without an answer.
func unansweredIn(x []float64) []bool {
	u := make([]bool, len(nmap6.ProbeNames))
	for p := range u {
		u[p] = x[lengthAt(p)] == nmap6.Missing
	}
	return u
}

// newFiller makes the filler of a way; nil where there is none.
func newFiller(way string, train [][]float64) (filler, error) {
	switch way {
	case minusOne, ownWay:
		return nil, nil
	case byNearest:
		return &nearestFiller{train}, nil
	case regression:
		return newRegressionFiller(train), nil
	}
	return nil, fmt.Errorf("option missing: %q: want %s, %s, %s or %s", way, minusOne, ownWay, byNearest, regression)
}

// nearestFiller takes means over the nearest training vectors.
type nearestFiller struct{ train [][]float64 }

const fillNeighbours = 5

func (f *nearestFiller) fill(x []float64, unanswered []bool) []float64 {
	distance := make([]float64, len(f.train))
	for r, t := range f.train {
		sum, n := 0.0, 0
		for i, v := range x {
			if p := probeOf[i]; !unanswered[p] && t[lengthAt(p)] != nmap6.Missing {
				sum += (v - t[i]) * (v - t[i])
				n++
			}
		}
		if distance[r] = math.Inf(1); n > 0 {
			distance[r] = sum / float64(n)
		}
	}
	order := make([]int, len(f.train))
	for r := range order {
		order[r] = r
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(distance[a], distance[b]) })
	out := slices.Clone(x)
	for p, missing := range unanswered {
		if missing {
			f.fillProbe(out, p, order)
		}
	}
	return out
}

// fillProbe fills one probe from the first of order in which it was answered.
// One that no training vector has answered stays as it is.
func (f *nearestFiller) fillProbe(out []float64, probe int, order []int) {
	var near [][]float64
	for _, r := range order {
		if f.train[r][lengthAt(probe)] != nmap6.Missing {
			if near = append(near, f.train[r]); len(near) == fillNeighbours {
				break
			}
		}
	}
	for i := range out {
		if probeOf[i] == probe && len(near) > 0 {
			out[i] = 0
			for _, t := range near {
				out[i] += t[i] / float64(len(near))
			}
		}
	}
}

// regressionFiller is iterative regression (S. van Buuren, "Multiple imputation
// of discrete and continuous data by fully conditional specification",
// Statistical Methods in Medical Research 16, 2007), single and with ridge
// regression of a probe's features on all others.
type regressionFiller struct {
	means []float64 // of each feature over training vectors in which its probe was answered
	steps []fillStep
}

// fillStep predicts one probe's features from the others'.
type fillStep struct {
	probe   int
	columns []int       // features of the probe
	inputs  []int       // all others
	rows    [][]float64 // inputs of the training vectors in which the probe was answered
	dual    *mat.Dense  // rows × columns
}

const (
	fillRounds = 3
	fillRidge  = 10 // scaled features are about 1; some hundred of them speak for one
)

func newRegressionFiller(train [][]float64) *regressionFiller {
	f := &regressionFiller{means: make([]float64, nmap6.NumFeatures)}
	for i := range f.means {
		n := 0
		for _, t := range train {
			if t[lengthAt(probeOf[i])] != nmap6.Missing {
				f.means[i] += t[i]
				n++
			}
		}
		if f.means[i] /= float64(max(n, 1)); n == 0 {
			f.means[i] = nmap6.Missing
		}
	}
	filled := make([][]float64, len(train))
	missing := make([][]bool, len(train))
	any := make([]bool, len(nmap6.ProbeNames))
	for r, t := range train {
		missing[r] = unansweredIn(t)
		filled[r] = f.start(t, missing[r])
		for p, m := range missing[r] {
			any[p] = any[p] || !m
		}
	}
	for range fillRounds {
		for p := range nmap6.ProbeNames {
			if !any[p] {
				continue
			}
			s := newFillStep(p, filled, missing)
			if s == nil {
				continue
			}
			f.steps = append(f.steps, *s)
			for r := range filled {
				if missing[r][p] {
					s.apply(filled[r])
				}
			}
		}
	}
	return f
}

// start puts means where there was no answer.
func (f *regressionFiller) start(x []float64, unanswered []bool) []float64 {
	out := slices.Clone(x)
	for i := range out {
		if unanswered[probeOf[i]] {
			out[i] = f.means[i]
		}
	}
	return out
}

// newFillStep solves the ridge regression in its dual form, for vectors are
// fewer than features. It is nil when the system cannot be solved.
func newFillStep(probe int, filled [][]float64, missing [][]bool) *fillStep {
	s := &fillStep{probe: probe}
	for i, p := range probeOf {
		if p == probe {
			s.columns = append(s.columns, i)
		} else {
			s.inputs = append(s.inputs, i)
		}
	}
	var targets [][]float64
	for r, x := range filled {
		if !missing[r][probe] {
			s.rows, targets = append(s.rows, pick(x, s.inputs)), append(targets, pick(x, s.columns))
		}
	}
	n := len(s.rows)
	k := mat.NewSymDense(n, nil)
	y := mat.NewDense(n, len(s.columns), nil)
	for a := range n {
		y.SetRow(a, targets[a])
		for b := range a + 1 {
			k.SetSym(a, b, dotOf(s.rows[a], s.rows[b])+1)
		}
		k.SetSym(a, a, k.At(a, a)+fillRidge)
	}
	var c mat.Cholesky
	s.dual = new(mat.Dense)
	if !c.Factorize(k) || c.SolveTo(s.dual, y) != nil {
		return nil
	}
	return s
}

// apply predicts the probe's features of a filled vector. What is predicted
// stays between missing and the largest of training.
func (s *fillStep) apply(x []float64) {
	in := pick(x, s.inputs)
	out := make([]float64, len(s.columns))
	for r, row := range s.rows {
		w := dotOf(in, row) + 1
		for k := range out {
			out[k] += w * s.dual.At(r, k)
		}
	}
	for k, i := range s.columns {
		x[i] = min(max(out[k], nmap6.Missing), 1)
	}
}

func (f *regressionFiller) fill(x []float64, unanswered []bool) []float64 {
	out := f.start(x, unanswered)
	for i := range f.steps {
		if unanswered[f.steps[i].probe] {
			f.steps[i].apply(out)
		}
	}
	return out
}

func pick(x []float64, at []int) []float64 {
	out := make([]float64, len(at))
	for k, i := range at {
		out[k] = x[i]
	}
	return out
}

func dotOf(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}
