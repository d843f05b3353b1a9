package paper

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector"
	"tickle/collector/pool"
	"tickle/datasets"
	"tickle/probegen"
)

// collect runs a small random plan over the machines of the pool that keep
// wants, and gives the report and the data set.
func collect(t *testing.T, probes, repeats int, keep func(m *pool.Machine) bool) (*collector.Report, *datasets.Dataset) {
	t.Helper()
	p, err := pool.Load("paper")
	require.NoError(t, err)
	p.Machines = slices.DeleteFunc(p.Machines, func(m pool.Machine) bool { return !keep(&m) })
	set, err := probegen.Generate("random", probegen.Config{N: probes, Seed: 1})
	require.NoError(t, err)
	ctx, run := context.Background(), t.TempDir()
	r, err := collector.Collect(ctx, collector.Config{
		Dir: run, Pool: p, Backends: backends, Seed: 1, Observations: collector.ObserveNone,
		Plans: []collector.Plan{{Name: "random", Set: set, Repeats: repeats}},
	})
	require.NoError(t, err)
	d, err := datasets.Build(ctx, run, datasets.BuildOptions{})
	require.NoError(t, err)
	return r, d
}

// guesser tries to guess a Linux machine's distribution from the machines
// that run the same kernel.
type guesser struct {
	truth   []uint8   // distributions, numbered as they come
	kernels [][]int32 // rows by kernel, of kernels that several distributions have
	codes   [][]datasets.Code
	weights []int32
	nearest [][]int32 // the rows of the same kernel that differ least from a row
}

func newGuesser(s *datasets.Selection) *guesser {
	g := &guesser{}
	rows, number := map[string][]int32{}, map[string]uint8{}
	var order []string
	for i := range s.Machines {
		l := &s.Machines[i].Labels
		if _, ok := number[l.Distribution[1]]; !ok {
			number[l.Distribution[1]] = uint8(len(number))
		}
		g.truth = append(g.truth, number[l.Distribution[1]])
		if rows[l.Kernel[2]] == nil {
			order = append(order, l.Kernel[2])
		}
		rows[l.Kernel[2]] = append(rows[l.Kernel[2]], int32(i))
	}
	for _, kernel := range order {
		if slices.ContainsFunc(rows[kernel], func(i int32) bool { return g.truth[i] != g.truth[rows[kernel][0]] }) {
			g.kernels = append(g.kernels, rows[kernel])
		}
	}
	for i, p := range s.IDs {
		g.codes = append(g.codes, s.Codes(p))
		g.weights = append(g.weights, s.Mult[i])
	}
	g.findNearest()
	return g
}

// plant adds a feature that tells the distribution of three rows in four.
func (g *guesser) plant() {
	tell := make([]datasets.Code, len(g.truth))
	for i, d := range g.truth {
		if i%4 != 0 {
			tell[i] = datasets.Code(d)
		}
	}
	g.codes, g.weights = append(g.codes, tell), append(g.weights, 300)
	g.findNearest()
}

func (g *guesser) findNearest() {
	g.nearest = make([][]int32, len(g.truth))
	for _, rows := range g.kernels {
		for _, i := range rows {
			least := int32(-1)
			for _, j := range rows {
				if i == j {
					continue
				}
				d := g.distance(i, j)
				if least < 0 || d < least {
					least, g.nearest[i] = d, nil
				}
				if d == least {
					g.nearest[i] = append(g.nearest[i], j)
				}
			}
		}
	}
}

func (g *guesser) distance(i, j int32) (d int32) {
	for k, codes := range g.codes {
		if codes[i] != codes[j] {
			d += g.weights[k]
		}
	}
	return d
}

// byNeighbour is how many rows' distribution the nearest neighbour has, the
// neighbours at one distance sharing a row.
func (g *guesser) byNeighbour(label []uint8) (right float64) {
	for _, rows := range g.kernels {
		for _, i := range rows {
			same := 0
			for _, j := range g.nearest[i] {
				if label[i] == label[j] {
					same++
				}
			}
			right += float64(same) / float64(len(g.nearest[i]))
		}
	}
	return right
}

// byFeature is how many rows the best single feature guesses: the commonest
// label among the others of the kernel with the same value.
func (g *guesser) byFeature(label []uint8) (best float64) {
	for _, codes := range g.codes {
		right := 0.0
		for _, rows := range g.kernels {
			right += alone(rows, codes, label)
		}
		best = max(best, right)
	}
	return best
}

// alone leaves out one row after the other.
func alone(rows []int32, codes []datasets.Code, label []uint8) (right float64) {
	for _, i := range rows {
		var votes [16]int // more than there are distributions
		most := 0
		for _, j := range rows {
			if i != j && codes[i] == codes[j] {
				votes[label[j]]++
				most = max(most, votes[label[j]])
			}
		}
		if most > 0 && votes[label[i]] == most {
			right++
		}
	}
	return right
}

// shuffled is the share of label orders, shuffled within kernels, that are
// guessed as well as the truth: its p-value, by a permutation test.
func (g *guesser) shuffled(score func([]uint8) float64, orders int) float64 {
	rng := rand.New(rand.NewPCG(1, 2))
	truth, label := score(g.truth), slices.Clone(g.truth)
	as := 1
	for range orders - 1 {
		for _, rows := range g.kernels {
			rng.Shuffle(len(rows), func(i, j int) { label[rows[i]], label[rows[j]] = label[rows[j]], label[rows[i]] })
		}
		if score(label) >= truth {
			as++
		}
	}
	return float64(as) / float64(orders)
}

// TestNoHiddenTell: among machines of one kernel the distribution is no
// easier to guess than labels that mean nothing, neither from all that they
// answer nor from any one field. The last part shows that a tell is found.
func TestNoHiddenTell(t *testing.T) {
	_, d := collect(t, 150, 3, func(m *pool.Machine) bool { return m.Labels.Kernel[0] == "Linux" })
	g := newGuesser(d.Select(datasets.Prone))
	require.Greater(t, len(g.kernels), 10)
	require.Greater(t, g.shuffled(g.byNeighbour, 1000), 0.01)
	require.Greater(t, g.shuffled(g.byFeature, 100), 0.01)

	g.plant()
	require.LessOrEqual(t, g.shuffled(g.byNeighbour, 1000), 0.01)
	require.LessOrEqual(t, g.shuffled(g.byFeature, 100), 0.01)
}

// TestLossIsThePapers: with the share of probes that are answered as it is, a
// packet in a million spoils about the 121 of 50,000 probes of the paper.
func TestLossIsThePapers(t *testing.T) {
	r, _ := collect(t, 100, 1, func(*pool.Machine) bool { return true })
	answered := float64(r.Total.Answered) / float64(r.Total.Exchanges)
	require.InDelta(t, 121, 50_000*329*6*answered*2*1e-6, 12)
}
