package smo

import (
	"context"
	"math"
)

// calibrationFolds is how many parts a pair's rows are cut into, to have
// outputs for rows that the machine has not seen.
const calibrationFolds = 5

// sigmoid is Platt's: the probability of the high class is
// 1/(1+exp(a·output+b)).
type sigmoid struct{ a, b float64 }

func (s sigmoid) of(output float64) float64 {
	z := s.a*output + s.b
	if z >= 0 {
		e := math.Exp(-z)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(z))
}

// calibrate fits the sigmoid of a pair to outputs of machines that have not
// seen the rows: the k-th row of each class, in the pair's order, is in part k
// modulo calibrationFolds. A machine without rows of one class says ±1, and
// nothing says 0, as in LIBSVM.
func (l learner) calibrate(ctx context.Context, g *gram, p *pair) (sigmoid, error) {
	part, seen := make([]int, len(p.rows)), [2]int{}
	for i, y := range p.y {
		class := 0
		if y > 0 {
			class = 1
		}
		part[i] = seen[class] % calibrationFolds
		seen[class]++
	}
	outputs := make([]float64, len(p.rows))
	for k := range calibrationFolds {
		var rest pair
		low, high := 0, 0
		for i, r := range p.rows {
			if part[i] == k {
				continue
			}
			rest.rows, rest.y = append(rest.rows, r), append(rest.y, p.y[i])
			if p.y[i] < 0 {
				low++
			} else {
				high++
			}
		}
		output := func(int32) float64 { return float64(min(high, 1) - min(low, 1)) }
		if low > 0 && high > 0 {
			m, err := l.solve(ctx, g, &rest)
			if err != nil {
				return sigmoid{}, err
			}
			output = func(r int32) float64 { return m.output(g.trained(r)) }
		}
		for i, r := range p.rows {
			if part[i] == k {
				outputs[i] = output(r)
			}
		}
	}
	return fitSigmoid(outputs, p.y), nil
}

// fitSigmoid minimises Platt's cross-entropy with his smoothed targets by the
// Newton method with backtracking of Lin, Lin and Weng, "A note on Platt's
// probabilistic outputs for support vector machines" (Machine Learning 68,
// 2007).
func fitSigmoid(outputs, y []float64) sigmoid {
	high := 0.0
	for _, v := range y {
		if v > 0 {
			high++
		}
	}
	low := float64(len(y)) - high
	target := func(i int) float64 {
		if y[i] > 0 {
			return (high + 1) / (high + 2)
		}
		return 1 / (low + 2)
	}
	loss := func(s sigmoid) float64 {
		sum := 0.0
		for i, f := range outputs {
			z := s.a*f + s.b
			// -t·ln p - (1-t)·ln(1-p), where neither logarithm overflows.
			sum += (target(i)-1)*z + max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))
		}
		return sum
	}
	const (
		iterations = 100
		ridge      = 1e-12
		small      = 1e-5
		leastStep  = 1e-10
	)
	s := sigmoid{0, math.Log((low + 1) / (high + 1))}
	now := loss(s)
	for range iterations {
		h11, h22, h21, g1, g2 := ridge, ridge, 0.0, 0.0, 0.0
		for i, f := range outputs {
			p := s.of(f)
			d, w := target(i)-p, p*(1-p)
			h11, h22, h21 = h11+f*f*w, h22+w, h21+f*w
			g1, g2 = g1+f*d, g2+d
		}
		if math.Abs(g1) < small && math.Abs(g2) < small {
			break
		}
		det := h11*h22 - h21*h21
		da, db := -(h22*g1-h21*g2)/det, -(h11*g2-h21*g1)/det
		slope := g1*da + g2*db
		step := 1.0
		for ; step >= leastStep; step /= 2 {
			next := sigmoid{s.a + step*da, s.b + step*db}
			if l := loss(next); l < now+1e-4*step*slope {
				s, now = next, l
				break
			}
		}
		if step < leastStep {
			break
		}
	}
	return s
}

// couple finds the classes' probabilities that agree best with the pairs': the
// second approach of Wu, Lin and Weng, "Probability estimates for multi-class
// classification by pairwise coupling" (Journal of Machine Learning Research
// 5, 2004), which minimises Σ (r_ji·p_i - r_ij·p_j)² over pairs.
func (m *model) couple(kernels, scores []float64) {
	k := len(m.present)
	at := make([]int, m.classes)
	for i, c := range m.present {
		at[c] = i
	}
	r := make([]float64, k*k)
	for i := range m.machines {
		const least = 1e-7
		high := m.machines[i].sigmoid.of(m.machines[i].output(kernels))
		high = min(max(high, least), 1-least)
		l, h := at[m.pairs[i].low], at[m.pairs[i].high]
		r[h*k+l], r[l*k+h] = high, 1-high
	}
	q, qp, p := make([]float64, k*k), make([]float64, k), make([]float64, k)
	for i := range k {
		p[i] = 1 / float64(k)
		for j := range k {
			if j != i {
				q[i*k+i] += r[j*k+i] * r[j*k+i]
				q[i*k+j] = -r[j*k+i] * r[i*k+j]
			}
		}
	}
	const iterations, precision = 1000, 1e-6
	for range max(iterations, k) {
		if coupled(q, qp, p) < precision/float64(k) {
			break
		}
		improve(q, qp, p)
	}
	for i, c := range m.present {
		scores[c] = p[i]
	}
}

// coupled computes Qp and how far it is from the optimum, where all of it is
// pᵀQp.
func coupled(q, qp, p []float64) float64 {
	k, pqp := len(p), 0.0
	for i := range p {
		qp[i] = 0
		for j := range p {
			qp[i] += q[i*k+j] * p[j]
		}
		pqp += p[i] * qp[i]
	}
	worst := 0.0
	for i := range qp {
		worst = max(worst, math.Abs(qp[i]-pqp))
	}
	return worst
}

// improve solves for each probability in turn, keeping their sum one.
func improve(q, qp, p []float64) {
	k, pqp := len(p), 0.0
	for i := range p {
		pqp += p[i] * qp[i]
	}
	for i := range p {
		d := (pqp - qp[i]) / q[i*k+i]
		p[i] += d
		pqp = (pqp + d*(d*q[i*k+i]+2*qp[i])) / ((1 + d) * (1 + d))
		for j := range p {
			qp[j] = (qp[j] + d*q[i*k+j]) / (1 + d)
			p[j] /= 1 + d
		}
	}
}
