package experiments

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// tsne places points in the plane so that near ones stay near: t-distributed
// stochastic neighbour embedding (L. van der Maaten and G. Hinton,
// "Visualizing data using t-SNE", Journal of Machine Learning Research 9,
// 2008), with all pairs counted. Time and memory grow with the square of the
// points. The same seed gives the same map.
type tsne struct {
	perplexity float64
	seed       uint64
}

// The schedule: the paper's, but for a slower and more exaggerated start, with
// which clusters of a few points do not end up in pieces.
const (
	tsneSteps        = 1500
	tsneExaggerated  = 250 // steps in which the affinities are larger
	tsneExaggeration = 12
	tsneRate         = 10
	tsneStream       = 0x74534e45
)

// place gives two coordinates a row of x.
func (t *tsne) place(ctx context.Context, x *mat.Dense) (*mat.Dense, error) {
	n, _ := x.Dims()
	p := affinities(squaredDistances(x), min(t.perplexity, float64(n-1)/3))
	r := rand.New(rand.NewPCG(t.seed, tsneStream))
	y := mat.NewDense(n, 2, nil)
	for i := range n {
		y.SetRow(i, []float64{1e-4 * r.NormFloat64(), 1e-4 * r.NormFloat64()})
	}
	speed, gain := make([]float64, 2*n), make([]float64, 2*n)
	for i := range gain {
		gain[i] = 1
	}
	gradient := make([]float64, 2*n)
	for step := range tsneSteps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		exaggeration, momentum := 1.0, 0.8
		if step < tsneExaggerated {
			exaggeration = tsneExaggeration
		}
		if step < 250 {
			momentum = 0.5
		}
		tsneGradient(p, y, exaggeration, gradient)
		at := y.RawMatrix().Data
		for i, g := range gradient {
			if (g > 0) == (speed[i] > 0) {
				gain[i] = max(0.01, gain[i]*0.8)
			} else {
				gain[i] += 0.2
			}
			speed[i] = momentum*speed[i] - tsneRate*gain[i]*g
			at[i] += speed[i]
		}
		centre(y)
	}
	return y, nil
}

// centre moves points so that their mean is the origin.
func centre(y *mat.Dense) {
	n, d := y.Dims()
	for k := range d {
		mean := 0.0
		for i := range n {
			mean += y.At(i, k) / float64(n)
		}
		for i := range n {
			y.Set(i, k, y.At(i, k)-mean)
		}
	}
}

// tsneGradient is that of the Kullback-Leibler divergence.
func tsneGradient(p, y *mat.Dense, exaggeration float64, out []float64) {
	n, _ := y.Dims()
	at := y.RawMatrix().Data
	near := func(i, j int) float64 {
		dx, dy := at[2*i]-at[2*j], at[2*i+1]-at[2*j+1]
		return 1 / (1 + dx*dx + dy*dy)
	}
	sum := 0.0
	for i := range n {
		for j := range i {
			sum += 2 * near(i, j)
		}
	}
	clear(out)
	for i := range n {
		for j := range n {
			if i == j {
				continue
			}
			q := near(i, j)
			f := 4 * (exaggeration*p.At(i, j) - q/sum) * q
			out[2*i] += f * (at[2*i] - at[2*j])
			out[2*i+1] += f * (at[2*i+1] - at[2*j+1])
		}
	}
}

func squaredDistances(x *mat.Dense) *mat.Dense {
	n, _ := x.Dims()
	d := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range i {
			sum := 0.0
			for k, v := range x.RawRowView(i) {
				sum += (v - x.At(j, k)) * (v - x.At(j, k))
			}
			d.Set(i, j, sum)
			d.Set(j, i, sum)
		}
	}
	return d
}

// affinities are the joint probabilities of pairs: Gaussian around each point,
// as wide as gives the perplexity, and made symmetric.
func affinities(d *mat.Dense, perplexity float64) *mat.Dense {
	n, _ := d.Dims()
	p := mat.NewDense(n, n, nil)
	row := make([]float64, n)
	for i := range n {
		low, high, beta := 0.0, math.Inf(1), 1.0
		for range 64 {
			entropy := gaussianRow(d.RawRowView(i), i, beta, row)
			if math.Abs(entropy-math.Log(perplexity)) < 1e-5 {
				break
			}
			if entropy > math.Log(perplexity) {
				if low = beta; math.IsInf(high, 1) {
					beta *= 2
				} else {
					beta = (low + high) / 2
				}
			} else {
				high = beta
				beta = (low + high) / 2
			}
		}
		for j, v := range row {
			p.Set(i, j, p.At(i, j)+v/float64(2*n))
			p.Set(j, i, p.At(j, i)+v/float64(2*n))
		}
	}
	return p
}

// gaussianRow fills out with the probabilities of a point's neighbours and
// gives their entropy.
func gaussianRow(d []float64, i int, beta float64, out []float64) float64 {
	nearest := math.Inf(1)
	for j, v := range d {
		if j != i {
			nearest = min(nearest, v)
		}
	}
	sum := 0.0
	for j, v := range d {
		if out[j] = 0; j != i {
			out[j] = math.Exp(-beta * (v - nearest))
			sum += out[j]
		}
	}
	entropy := 0.0
	for j := range out {
		if out[j] /= sum; out[j] > 0 {
			entropy -= out[j] * math.Log(out[j])
		}
	}
	return entropy
}

// neighboursKept is the share of the k nearest of each row of x that are
// among the k nearest of the same row of y.
func neighboursKept(x, y *mat.Dense, k int) float64 {
	n, _ := x.Dims()
	k = min(k, n-1)
	a, b := squaredDistances(x), squaredDistances(y)
	kept := 0
	for i := range n {
		near := nearestOf(b.RawRowView(i), i, k)
		for _, j := range nearestOf(a.RawRowView(i), i, k) {
			if slices.Contains(near, j) {
				kept++
			}
		}
	}
	return float64(kept) / float64(n*k)
}

// nearestOf gives the k nearest to i by distances d, the first of equals.
func nearestOf(d []float64, i, k int) []int {
	order := make([]int, 0, len(d)-1)
	for j := range d {
		if j != i {
			order = append(order, j)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(d[a], d[b]) })
	return order[:k]
}
