package logistic

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"
)

// vector is a vector w of the space, by its coefficients, with its image: w·x
// of each training row. Several blocks, one a class of a multinomial model,
// stand one after the other.
type vector struct {
	coefs, image []float64
}

func (v vector) add(s float64, u vector) {
	floats.AddScaled(v.coefs, s, u.coefs)
	floats.AddScaled(v.image, s, u.image)
}

func (v vector) scale(s float64) {
	floats.Scale(s, v.coefs)
	floats.Scale(s, v.image)
}

func (v vector) set(u vector) {
	copy(v.coefs, u.coefs)
	copy(v.image, u.image)
}

// loss is a convex function of images.
type loss interface {
	value(image []float64) float64
	// at keeps what the other two need of an image.
	at(image []float64)
	gradient(out []float64)
	hessian(d, out []float64) // the Hessian times d
}

// search minimises ½|w|² + loss by Newton's method. Each step is solved by
// conjugate gradients as far as the gradient is worth it (Dembo and Steihaug,
// "Truncated-Newton algorithms for large-scale unconstrained optimization",
// Mathematical Programming 26, 1983) and shortened until the objective falls
// enough, which costs no look at the data.
type search struct {
	space     geometry
	loss      loss
	blocks    int
	tolerance float64 // the gradient's length against the first

	w, g, step, residual, p, q vector
	buffer                     []float64
}

// Bounds on the work, far beyond what a convex objective takes.
const (
	maxSteps     = 200
	maxConjugate = 1000
	maxHalvings  = 60
)

// run gives the coefficients of the minimum, blocks one after the other.
func (s *search) run(ctx context.Context) ([]float64, error) {
	dim, rows := s.space.dim()*s.blocks, s.space.rows()*s.blocks
	for _, v := range []*vector{&s.w, &s.g, &s.step, &s.residual, &s.p, &s.q} {
		*v = vector{make([]float64, dim), make([]float64, rows)}
	}
	s.buffer = make([]float64, rows)
	first := 0.0
	for step := range maxSteps {
		s.findGradient()
		length := math.Sqrt(max(0, s.dot(s.g, s.g)))
		if step == 0 {
			first = length
		}
		if length <= s.tolerance*first {
			break
		}
		if err := s.direction(ctx, length, min(0.1, math.Sqrt(length/first))); err != nil {
			return nil, err
		}
		if !s.walk() {
			break
		}
	}
	return s.w.coefs, nil
}

// dot is the inner product of two vectors.
func (s *search) dot(u, v vector) float64 {
	dim, rows, sum := s.space.dim(), s.space.rows(), 0.0
	for b := range s.blocks {
		sum += s.space.dot(
			vector{u.coefs[b*dim : (b+1)*dim], u.image[b*rows : (b+1)*rows]},
			vector{v.coefs[b*dim : (b+1)*dim], v.image[b*rows : (b+1)*rows]})
	}
	return sum
}

// fromRows makes out of a coefficient a training row: Σ r·x.
func (s *search) fromRows(r []float64, out vector) {
	dim, rows := s.space.dim(), s.space.rows()
	for b := range s.blocks {
		coefs := out.coefs[b*dim : (b+1)*dim]
		s.space.adjoint(r[b*rows:(b+1)*rows], coefs)
		s.space.image(coefs, out.image[b*rows:(b+1)*rows])
	}
}

// findGradient sets g, and the loss at w.
func (s *search) findGradient() {
	s.loss.at(s.w.image)
	s.loss.gradient(s.buffer)
	s.fromRows(s.buffer, s.g)
	s.g.add(1, s.w)
}

// direction solves for the Newton step up to a residual of the given part of
// the gradient's length.
func (s *search) direction(ctx context.Context, length, part float64) error {
	s.step.scale(0)
	s.residual.set(s.g)
	s.residual.scale(-1)
	s.p.set(s.residual)
	square := length * length
	for range maxConjugate {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.loss.hessian(s.p.image, s.buffer)
		s.fromRows(s.buffer, s.q)
		s.q.add(1, s.p)
		curve := s.dot(s.p, s.q)
		if !(curve > 0) {
			return nil // rounding has eaten the residual
		}
		a := square / curve
		s.step.add(a, s.p)
		s.residual.add(-a, s.q)
		next := s.dot(s.residual, s.residual)
		if !(next > part*part*length*length) {
			return nil
		}
		s.p.scale(next / square)
		s.p.add(1, s.residual)
		square = next
	}
	return nil
}

// walk goes along the step until the objective has fallen enough (Armijo), and
// reports whether it has fallen at all.
func (s *search) walk() bool {
	const enough = 1e-4
	slope := s.dot(s.g, s.step)
	if !(slope < 0) {
		return false
	}
	ww, ws, ss := s.dot(s.w, s.w), s.dot(s.w, s.step), s.dot(s.step, s.step)
	now := ww/2 + s.loss.value(s.w.image)
	size := 1.0
	for range maxHalvings {
		copy(s.buffer, s.w.image)
		floats.AddScaled(s.buffer, size, s.step.image)
		next := ww/2 + size*ws + size*size*ss/2 + s.loss.value(s.buffer)
		if next <= now+enough*size*slope {
			s.w.add(size, s.step)
			return true
		}
		size /= 2
	}
	return false
}

// binaryLoss is C·Σ ln(1+exp(-y·image)).
type binaryLoss struct {
	c       float64
	y       []float64 // ±1
	r, bend []float64 // first and second derivatives
}

func (l *binaryLoss) value(image []float64) float64 {
	sum := 0.0
	for i, y := range l.y {
		sum += softplus(-y * image[i])
	}
	return l.c * sum
}

func (l *binaryLoss) at(image []float64) {
	if l.r == nil {
		l.r, l.bend = make([]float64, len(l.y)), make([]float64, len(l.y))
	}
	for i, y := range l.y {
		wrong := math.Exp(-softplus(y * image[i]))
		l.r[i] = -l.c * y * wrong
		l.bend[i] = l.c * wrong * math.Exp(-softplus(-y*image[i]))
	}
}

func (l *binaryLoss) gradient(out []float64) { copy(out, l.r) }

func (l *binaryLoss) hessian(d, out []float64) {
	for i, b := range l.bend {
		out[i] = b * d[i]
	}
}

// softmaxLoss is -C·Σ ln of the softmax of the row's class. Images stand class
// by class.
type softmaxLoss struct {
	c       float64
	class   []int
	classes int
	p       []float64 // classes × rows
}

// logSum is the logarithm of the sum of exponentials of a row's images.
func (l *softmaxLoss) logSum(image []float64, i int) float64 {
	n, highest, sum := len(l.class), math.Inf(-1), 0.0
	for k := range l.classes {
		highest = max(highest, image[k*n+i])
	}
	for k := range l.classes {
		sum += math.Exp(image[k*n+i] - highest)
	}
	return highest + math.Log(sum)
}

func (l *softmaxLoss) value(image []float64) float64 {
	sum := 0.0
	for i, class := range l.class {
		sum += l.logSum(image, i) - image[class*len(l.class)+i]
	}
	return l.c * sum
}

func (l *softmaxLoss) at(image []float64) {
	if l.p == nil {
		l.p = make([]float64, len(image))
	}
	n := len(l.class)
	for i := range l.class {
		all := l.logSum(image, i)
		for k := range l.classes {
			l.p[k*n+i] = math.Exp(image[k*n+i] - all)
		}
	}
}

func (l *softmaxLoss) gradient(out []float64) {
	for i, p := range l.p {
		out[i] = l.c * p
	}
	for i, class := range l.class {
		out[class*len(l.class)+i] -= l.c
	}
}

func (l *softmaxLoss) hessian(d, out []float64) {
	n := len(l.class)
	for i := range l.class {
		mean := 0.0
		for k := range l.classes {
			mean += l.p[k*n+i] * d[k*n+i]
		}
		for k := range l.classes {
			out[k*n+i] = l.c * l.p[k*n+i] * (d[k*n+i] - mean)
		}
	}
}
