package wekarand

import "math"

// Log is the natural logarithm of a positive, finite number as the Java
// virtual machine computes it: rightly rounded, but for one number in
// billions, where math.Log may be off by the last bit. Sums of logarithms
// decide ties in Weka.
//
// x = 2ᵏ·m with m near 1, and ln m = 2·artanh((m-1)/(m+1)), summed as pairs of
// numbers that hold twice the digits.
func Log(x float64) float64 {
	m, k := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, k = 2*m, k-1
	}
	s := pair{m - 1, 0}.over(sum(m, 1))
	square := s.times(s)
	term, total := s, s
	for n := 3.0; n < 80 && math.Abs(term.high) > math.Abs(total.high)*0x1p-110; n += 2 {
		term = term.times(square)
		total = total.plus(term.over(pair{n, 0}))
	}
	total = total.times(pair{2, 0})
	// ln 2 in two numbers.
	const low = 0x1.abc9e3b39803fp-56
	total = pair{math.Ln2, low}.times(pair{float64(k), 0}).plus(total)
	return total.high + total.low
}

// pair is the sum of two numbers, the second below the last digit of the
// first.
type pair struct{ high, low float64 }

// sum is a + b.
func sum(a, b float64) pair {
	s := a + b
	t := s - a
	return pair{s, (a - (s - t)) + (b - t)}
}

func (p pair) plus(q pair) pair {
	s := sum(p.high, q.high)
	return sum(s.high, s.low+p.low+q.low)
}

func (p pair) times(q pair) pair {
	product := p.high * q.high
	return sum(product, math.FMA(p.high, q.high, -product)+p.high*q.low+p.low*q.high)
}

func (p pair) over(q pair) pair {
	a := p.high / q.high
	rest := p.plus(q.times(pair{-a, 0}))
	b := rest.high / q.high
	rest = rest.plus(q.times(pair{-b, 0}))
	return sum(a, b).plus(pair{rest.high / q.high, 0})
}
