package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"

	"tickle/experiments/stats"
)

// sleep is the difference of the two drugs in Student's data (Biometrika 6,
// 1908), which R has as the data set sleep.
var sleep = []float64{-1.2, -2.4, -1.3, -1.3, 0, -1, -1.8, -0.8, -4.6, -1.4}

func TestCorrectedTAgainstR(t *testing.T) {
	// R 4.2.2. Without correction: t.test(extra ~ group, data = sleep, paired = TRUE).
	plain, _ := stats.CorrectedT(sleep, 0, 0.95)
	require.InDelta(t, -4.06212768338, plain.Statistic, 1e-10)
	require.InDelta(t, 0.00283289019738, plain.P, 1e-13)
	// With s the differences: t <- mean(s)/sqrt((1/10+1/9)*var(s)); 2*pt(-abs(t), 9);
	// mean(s) + c(-1,1)*qt(.975,9)*sqrt((1/10+1/9)*var(s)).
	corrected, i := stats.CorrectedT(sleep, 1.0/9, 0.95)
	require.InDelta(t, -2.7957480106770, corrected.Statistic, 1e-10)
	require.InDelta(t, 0.0208570229577, corrected.P, 1e-12)
	require.InDelta(t, -2.858444374662, i.Low, 1e-9)
	require.InDelta(t, -0.301555625338, i.High, 1e-9)
	one, _ := stats.CorrectedT(sleep[:1], 0, 0.95)
	require.True(t, math.IsNaN(one.P))
	flat, _ := stats.CorrectedT([]float64{1, 1, 1}, 0, 0.95)
	require.True(t, math.IsNaN(flat.P))
}

func TestMcNemarAgainstR(t *testing.T) {
	// R 4.2.2: mcnemar.test(matrix(c(794, 86, 150, 570), 2)), the approval
	// ratings in Agresti, Categorical Data Analysis (1990), p. 350;
	// binom.test(2, 11); binom.test(5, 10).
	chi := stats.McNemar(150, 86)
	require.InDelta(t, 16.8177966102, chi.Statistic, 1e-9)
	require.InDelta(t, 4.11456228135e-05, chi.P, 1e-15)
	require.InDelta(t, 0.0654296875, stats.McNemar(2, 9).P, 1e-12)
	require.InDelta(t, 1, stats.McNemar(5, 5).P, 1e-12)
	require.Equal(t, "McNemar, exact", stats.McNemar(12, 12).Name)
	require.Equal(t, "McNemar", stats.McNemar(13, 12).Name)
	require.InDelta(t, 1, stats.McNemar(0, 0).P, 0)
	require.InDelta(t, stats.SmallestP(6), stats.McNemar(0, 6).P, 1e-15)
}

func TestSignFlipAgainstFisher(t *testing.T) {
	// Darwin's maize in eighths of an inch (Fisher, The Design of
	// Experiments, 1935, section 21): 863 of 32768 sums are as high.
	darwin := []int{49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48}
	require.InDelta(t, 2*863.0/32768, stats.SignFlip(darwin).P, 1e-15)
	// SciPy 1.10.1: permutation_test((d,), np.sum, permutation_type="samples").
	require.InDelta(t, 0.203125, stats.SignFlip([]int{2, -1, 0, 3, 1, 1, -2, 4, 0, 1}).P, 1e-15)
	require.InDelta(t, 1, stats.SignFlip(nil).P, 0)
	// With one row a group it is the exact McNemar test.
	ones := []int{1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, 0, 0}
	require.InDelta(t, stats.McNemar(9, 2).P, stats.SignFlip(ones).P, 1e-15)
}

func TestWilcoxonAgainstR(t *testing.T) {
	// The example of R's wilcox.test (Hollander and Wolfe 1973, p. 29):
	// wilcox.test(x, y, paired = TRUE) gives V = 40, p-value = 0.03906.
	x := []float64{1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30}
	y := []float64{0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29}
	d := make([]float64, len(x))
	for i := range x {
		d[i] = x[i] - y[i]
	}
	w := stats.Wilcoxon(d)
	require.InDelta(t, 40, w.Statistic, 0)
	require.InDelta(t, 0.0390625, w.P, 1e-15)
	// All of five in one direction: 2/32, whatever is tied, whatever is zero.
	require.InDelta(t, 0.0625, stats.Wilcoxon([]float64{1, 1, 2, 3, 3, 0}).P, 1e-15)
}

func TestHolmAgainstR(t *testing.T) {
	// R 4.2.2: p.adjust(c(0.01, 0.04, 0.03, 0.005, 0.5, 0.03), "holm").
	got := stats.Holm([]float64{0.01, 0.04, math.NaN(), 0.03, 0.005, 0.5, 0.03})
	require.True(t, math.IsNaN(got[2]))
	require.InDeltaSlice(t, []float64{0.05, 0.12, 0.12, 0.03, 0.5, 0.12}, append(got[:2:2], got[3:]...), 1e-12)
}

// fourteen is the accuracy of four learners on 14 data sets, made for this
// test with ties in it.
var fourteen = [][]float64{
	{0.763, 0.768, 0.771, 0.798}, {0.599, 0.591, 0.590, 0.569}, {0.954, 0.971, 0.968, 0.967}, {0.628, 0.661, 0.654, 0.657},
	{0.882, 0.888, 0.886, 0.898}, {0.936, 0.931, 0.916, 0.931}, {0.661, 0.668, 0.609, 0.685}, {0.583, 0.583, 0.563, 0.625},
	{0.775, 0.838, 0.866, 0.875}, {1, 1, 1, 1}, {0.940, 0.962, 0.965, 0.962}, {0.619, 0.666, 0.614, 0.669},
	{0.972, 0.981, 0.975, 0.975}, {0.957, 0.978, 0.946, 0.970},
}

func TestFriedmanAgainstR(t *testing.T) {
	// R 4.2.2: friedman.test(m); colMeans(t(apply(-m, 1, rank))).
	r := stats.Friedman(fourteen)
	require.InDeltaSlice(t, []float64{3.14285714286, 2, 2.92857142857, 1.92857142857}, r.Ranks, 1e-10)
	require.InDelta(t, 10.9523809524, r.Test.Statistic, 1e-9)
	require.InDelta(t, 0.0119861763254, r.Test.P, 1e-12)
	// Demšar (2006), p. 14: four learners on 14 data sets, CD = 1.25 at 0.05.
	require.InDelta(t, 1.25, r.CriticalDifference(0.05), 5e-3)
	require.True(t, math.IsNaN(stats.Friedman(fourteen[:1]).Test.P))
}

func TestNemenyiAgainstR(t *testing.T) {
	// Demšar's table 5(a) and R 4.2.2: qtukey(.95, k, Inf)/sqrt(2).
	for k, q := range map[int]float64{2: 1.95996398477, 3: 2.34370058790, 4: 2.56903177742, 6: 2.84970544327, 10: 3.16368375350} {
		r := stats.Ranked{Ranks: make([]float64, k), N: k * (k + 1)}
		require.InDelta(t, q*math.Sqrt(1.0/6), r.CriticalDifference(0.05), 1e-6, "k = %d", k) // R says of qtukey that it has some six digits
	}
	// ptukey(3.3, 3, Inf, lower.tail = FALSE): mean ranks 3.3/sqrt(2) standard errors apart.
	r := stats.Ranked{Ranks: []float64{1, 1 + 3.3/math.Sqrt2, 2}, N: 2}
	require.InDelta(t, 0.0513109064190, r.Nemenyi()[0][1], 1e-9)
	require.InDelta(t, 1, r.Nemenyi()[2][2], 0)
}

func TestWilcoxonHolmIsSymmetric(t *testing.T) {
	p := stats.WilcoxonHolm(fourteen)
	require.InDelta(t, p[0][3], p[3][0], 0)
	require.Less(t, p[0][3], 0.1)
	require.Greater(t, p[1][3], 0.5)
	require.Nil(t, stats.WilcoxonHolm(nil))
}

func TestCochranQAgainstR(t *testing.T) {
	// R 4.2.2: friedman.test(q), which on zeros and ones is Cochran's Q.
	marks := []string{"1101", "1111", "0100", "1100", "1001", "1101", "1111", "0101", "1100", "0000", "1101", "1110"}
	right := make([][]bool, len(marks))
	counts := make([][]int, len(marks))
	for i, m := range marks {
		for _, c := range m {
			right[i] = append(right[i], c == '1')
			counts[i] = append(counts[i], int(c-'0'))
		}
	}
	q := stats.CochranQ(right)
	require.InDelta(t, 11.1290322581, q.Statistic, 1e-9)
	require.InDelta(t, 0.011048223906, q.P, 1e-12)
	// χ² is an approximation of what permutation gives, good to some tenths here.
	permuted := stats.PermutedQ(counts, 20000, rand.NewPCG(1, 1))
	require.InDelta(t, q.Statistic, permuted.Statistic, 1e-12)
	require.InDelta(t, q.P, permuted.P, 0.006)
	require.InDelta(t, 1, stats.CochranQ([][]bool{{true, true}}).P, 0)
	require.InDelta(t, 1, stats.PermutedQ([][]int{{2, 2}}, 10, rand.NewPCG(1, 1)).P, 0)
}

func TestPermutedQOfTwoIsSignFlip(t *testing.T) {
	counts := [][]int{{3, 1}, {2, 0}, {4, 5}, {1, 0}, {2, 2}, {6, 1}}
	p := stats.SignFlip([]int{2, 2, -1, 1, 0, 5}).P
	require.InDelta(t, p, stats.PermutedQ(counts, 40000, rand.NewPCG(3, 1)).P, 0.01)
}

// aSAH is the data set of R's package pROC (Turck et al. 2010): outcome, WFNS
// grade and S100β of patients with aneurysmal subarachnoid haemorrhage; poor
// outcomes first.
var (
	wfnsPoor = []float64{3, 2, 4, 5, 5, 5, 5, 2, 5, 2, 1, 2, 5, 4, 4, 2, 5, 5, 5, 2, 5, 2, 5, 2, 4, 5, 4, 4, 1, 4, 4, 2, 2, 5, 5, 2, 2, 5, 5, 5, 5}
	wfnsGood = []float64{1, 1, 1, 1, 5, 1, 2, 2, 1, 2, 2, 1, 1, 1, 2, 1, 2, 1, 1, 3, 4, 1, 4, 1, 5, 5, 1, 1, 2, 4, 1, 1, 2, 2, 1, 2, 1, 2, 2, 1, 1, 1, 1, 2, 1, 2, 1, 1, 3, 2, 4, 2, 1, 4, 1, 1, 5, 4, 2, 2, 1, 1, 1, 3, 1, 2, 2, 4, 4, 1, 1, 1}
	s100Poor = []float64{0.13, 0.1, 0.16, 0.12, 0.44, 0.71, 0.49, 0.07, 0.33, 0.09, 0.07, 0.41, 0.35, 0.48, 0.96, 0.25, 0.86, 0.52, 2.07, 0.07, 0.77, 0.3, 0.03, 0.09, 0.23, 0.7, 0.27, 0.71, 0.08, 0.26, 0.13, 0.1, 0.11, 0.22, 0.56, 0.14, 0.58, 0.32, 0.82, 0.74, 0.44}
	s100Good = []float64{0.13, 0.14, 0.1, 0.04, 0.47, 0.18, 0.1, 0.1, 0.04, 0.08, 0.04, 0.09, 0.11, 0.07, 0.17, 0.07, 0.11, 0.13, 0.19, 0.05, 0.16, 0.14, 0.34, 0.09, 0.5, 0.46, 0.16, 0.07, 0.43, 0.45, 0.11, 0.08, 0.09, 0.08, 0.06, 0.13, 0.1, 0.14, 0.15, 0.06, 0.05, 0.09, 0.04, 0.09, 0.08, 0.16, 0.09, 0.08, 0.33, 0.11, 0.28, 0.07, 0.1, 0.32, 0.07, 0.05, 0.24, 0.38, 0.1, 0.15, 0.08, 0.14, 0.1, 0.07, 0.04, 0.19, 0.15, 0.47, 0.17, 0.15, 0.5, 0.48}
)

func TestDeLongAgainstPROC(t *testing.T) {
	// R 4.2.2, pROC 1.18.0: a <- roc(aSAH$outcome, aSAH$wfns); b <- roc(aSAH$outcome,
	// aSAH$s100b); auc(a); var(a); auc(b); var(b); roc.test(a, b, method = "delong"), as in
	// that package's documentation (Z = 2.209, p-value = 0.02718).
	a, b := stats.DeLong(wfnsPoor, wfnsGood), stats.DeLong(s100Poor, s100Good)
	require.InDelta(t, 0.82367886178862, a.Area, 1e-12)
	require.InDelta(t, 0.00146991470882, a.Variance, 1e-12)
	require.InDelta(t, 0.73136856368564, b.Area, 1e-12)
	require.InDelta(t, 0.00266868245717, b.Variance, 1e-12)
	c := stats.CompareAUROC(a, b)
	require.InDelta(t, 2.2089835914409, c.Statistic, 1e-9)
	require.InDelta(t, 0.0271757822292, c.P, 1e-10)
	require.True(t, math.IsNaN(stats.CompareAUROC(a, a).P))
	require.True(t, math.IsNaN(stats.DeLong(nil, []float64{1}).Area))
	require.Panics(t, func() { stats.CompareAUROC(a, stats.DeLong(nil, nil)) })
}

func TestDetectableIsWhatTheTestDetects(t *testing.T) {
	// The power of the χ² test without continuity correction, summed over
	// the multinomial distribution, is within some points of what was asked;
	// few discordant rows make it coarse.
	for _, c := range []struct {
		n   int
		psi float64
	}{{80, 0.2}, {329, 0.04}, {329, 0.15}, {600, 0.3}} {
		d := stats.Power{}.Detectable(discordant(c.n, int(math.Round(c.psi*float64(c.n)))))
		require.InDelta(t, 0.8, power(c.n, c.psi, d), 0.06, "n = %d, ψ = %g", c.n, c.psi)
	}
	require.True(t, math.IsNaN(stats.Power{}.Detectable(discordant(5, 1))), "five rows detect nothing")
	require.True(t, math.IsNaN(stats.Power{}.Detectable(discordant(100, 0))))
	// With two of 100 discordant no difference is above two points: more of
	// them must differ, and δ = ψ solves δ·√n = 1.96·√δ + 0.84·√(δ − δ²).
	d := stats.Power{}.Detectable(discordant(100, 2))
	require.InDelta(t, 1.959964*math.Sqrt(d)+0.841621*math.Sqrt(d-d*d), d*10, 1e-5)
	require.Greater(t, d, 0.02)
	require.InDelta(t, 0.05, math.Pow(1-stats.NoneSeen(83), 83), 1e-12)
}

// discordant is n differences of which so many are not zero.
func discordant(n, differing int) []float64 {
	d := make([]float64, n)
	for i := range differing {
		d[i] = float64(1 - 2*(i%2))
	}
	return d
}

// power is the probability that |b−c|/√(b+c) exceeds 1.96 when of n rows a
// share ψ is discordant and the difference of shares is d.
func power(n int, psi, d float64) float64 {
	discordant := distuv.Binomial{N: float64(n), P: psi}
	sum := 0.0
	for m := 1; m <= n; m++ {
		first := distuv.Binomial{N: float64(m), P: (psi + d) / (2 * psi)}
		for b := range m + 1 {
			if math.Abs(float64(2*b-m))/math.Sqrt(float64(m)) > 1.959964 {
				sum += discordant.Prob(float64(m)) * first.Prob(float64(b))
			}
		}
	}
	return sum
}
