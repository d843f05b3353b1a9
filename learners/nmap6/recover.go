package nmap6

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
)

// Origin says how far a row that Recover gives is a row that a model was
// trained on.
type Origin string

// The origins.
const (
	// Exact is a print of a class with one: its mean.
	Exact Origin = "recovered"
	// Paired is a print of a class with two. Each feature's two values are
	// exact, mean ± standard deviation; which of them go together is a guess.
	Paired Origin = "recovered-paired"
	// Resampled is one of a class with three or more: only each feature's mean
	// and variance are the class's.
	Resampled Origin = "resampled"
)

// RecoveredVector is a row that a model still holds, or one that its means and
// variances allow.
type RecoveredVector struct {
	LabelledVector
	Origin Origin
	Family string
}

// Recovery is what Recover gives.
type Recovery struct {
	Rows []RecoveredVector // class by class, in the model's order
	// Unmet counts, of all pairs of a class and a feature, those for which no
	// legal values were found that have the mean and variance; their rows have
	// the nearest that was.
	Unmet, Pairs int
	// Worst is the largest difference from a class's mean or variance, in
	// scaled values, over all classes and features.
	Worst float64
}

// Recover takes back what a model holds of the vectors that it was trained
// on, and makes up the rest, so that training on the rows gives the model's
// means and variances again:
//
//   - a class with one print gives that print;
//   - of two prints each feature has the values mean ± standard deviation.
//     Which go together is guessed within a probe: what is missing with what
//     is missing, an option's kind with the length that is usual for it, a
//     window with the MSS whose quotient is there, and else the lower values
//     together;
//   - of three and more, each feature's values are drawn from missing and the
//     numbers that it can have (whole ones but for TCP_ISR and the quotient;
//     32, 64, 128 and 255 for a hop limit) between those of all training, such
//     that they have its mean and variance. Values that go together in a probe
//     do so in order of size, so that what is missing is missing together.
//
// Rows that are not Exact serve to train again and to measure speed: a
// comparison of classifiers on them would measure what was made up. The same
// seed gives the same rows. A class whose number of prints is not known is an
// error.
func (m *Model) Recover(seed uint64) (*Recovery, error) {
	r := &Recovery{}
	labels := m.ClassLabels()
	for c := range m.Classes {
		class := &m.Classes[c]
		if class.Prints == 0 {
			return nil, fmt.Errorf("class %d, %s: the model does not say how many prints it had", c, class.Name)
		}
		if class.Prints > 10_000 {
			return nil, fmt.Errorf("class %d, %s: %d prints: want at most 10000", c, class.Name, class.Prints)
		}
		p := &prints{m: m, class: c, n: class.Prints, seed: seed, recovery: r, columns: make(map[int][]float64)}
		p.solve()
		origin := Resampled
		switch class.Prints {
		case 1:
			origin = Exact
		case 2:
			origin = Paired
		}
		for k := range class.Prints {
			row := RecoveredVector{Origin: origin, Family: class.Family}
			row.ID, row.Label = fmt.Sprintf("class%02d.%d", c, k+1), labels[c]
			for f := range row.Vector {
				row.Vector[f] = Missing
			}
			for i, at := range m.at {
				row.Vector[at] = p.columns[i][k]
			}
			r.Rows = append(r.Rows, row)
		}
	}
	return r, nil
}

// prints are the rows of one class as they are found, by feature.
type prints struct {
	m        *Model
	class, n int
	seed     uint64
	recovery *Recovery
	columns  map[int][]float64 // by the model's feature: n values, unscaled
}

// solve finds the values of all features, probe by probe.
func (p *prints) solve() {
	byProbe := map[string][]int{}
	var order []string
	for i, name := range p.m.Features {
		probe := FeatureProbe(name)
		if byProbe[probe] == nil {
			order = append(order, probe)
		}
		byProbe[probe] = append(byProbe[probe], i)
	}
	for _, probe := range order {
		p.probe(probe, byProbe[probe])
	}
}

// probe finds the values of a probe's features and puts them into rows.
func (p *prints) probe(probe string, features []int) {
	absent := 0 // rows without an answer, as far as the features before tell
	for _, i := range features {
		s := solver{m: p.m, feature: i, n: p.n, mean: p.m.Mean[p.class][i], variance: p.m.Variance[p.class][i], absent: absent, rng: p.stream(p.m.Features[i])}
		values, met := s.solve()
		slices.Sort(values)
		p.note(i, values, met)
		if i == features[0] {
			for absent < p.n && values[absent] == Missing {
				absent++
			}
		}
		p.columns[i] = values
	}
	if p.n == 2 {
		p.pair(probe)
		return
	}
	rows := p.stream(probe).Perm(p.n)
	for _, i := range features {
		sorted := p.columns[i]
		placed := make([]float64, p.n)
		for k, row := range rows {
			placed[row] = sorted[k]
		}
		p.columns[i] = placed
	}
}

// note counts how well a feature's values have its mean and variance.
func (p *prints) note(i int, values []float64, met bool) {
	mean, variance := momentsOf(p.m, i, values)
	p.recovery.Worst = max(p.recovery.Worst, math.Abs(mean-p.m.Mean[p.class][i]), math.Abs(variance-p.m.Variance[p.class][i]))
	p.recovery.Pairs++
	if !met {
		p.recovery.Unmet++
	}
}

func momentsOf(m *Model, i int, values []float64) (mean, variance float64) {
	n := float64(len(values))
	for _, v := range values {
		mean += m.scaled(i, v) / n
	}
	for _, v := range values {
		d := m.scaled(i, v) - mean
		variance += d * d / n
	}
	return mean, variance
}

// scaled is Scaled of one value of feature i.
func (m *Model) scaled(i int, v float64) float64 {
	if v < 0 {
		return v
	}
	return (v + m.Scale[i].A) * m.Scale[i].B
}

// stream is a source of random numbers of its own for a class's feature or
// probe.
func (p *prints) stream(name string) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprintf(h, "recover/1 %d %s", p.class, name)
	return rand.New(rand.NewPCG(p.seed, h.Sum64()))
}

// usualLength are the lengths that options of a kind have.
var usualLength = map[float64]float64{0: 1, 1: 1, 2: 4, 3: 3, 4: 2, 8: 10}

// pair guesses which of two values of each feature go together: the columns
// are sorted, and where a law of TCP says so, two of them change places.
func (p *prints) pair(probe string) {
	at := map[string]int{}
	for i, name := range p.m.Features {
		if FeatureProbe(name) == probe {
			at[name[len(probe)+1:]] = i
		}
	}
	column := func(name string) []float64 {
		if i, ok := at[name]; ok {
			return p.columns[i]
		}
		return []float64{Missing, Missing}
	}
	for o := range numOptions {
		kind, length := column(fmt.Sprintf("TCP_OPT_%d", o)), column(fmt.Sprintf("TCP_OPTLEN_%d", o))
		if usualLength[kind[0]] == length[1] && usualLength[kind[1]] == length[0] {
			slices.Reverse(length)
		}
	}
	// A reset has no SYN, and what has no window has no MSS.
	if syn, reset := column("TCP_FLAG_S"), column("TCP_FLAG_R"); syn[0] >= 0 && syn[0] != syn[1] && reset[0] != reset[1] && reset[0] >= 0 {
		slices.Reverse(reset)
	}
	window, mss, quotient := column("TCP_WINDOW"), column("TCP_MSS"), column("TCP_CORR_WINDOW_MSS")
	if quotient[0] < 0 || quotient[0] == quotient[1] && mss[0] == mss[1] {
		return
	}
	fits := func(i, j, k int) bool { return math.Abs(window[i]/mss[j]-quotient[k]) < 1e-3*quotient[k] }
	switch {
	case fits(0, 0, 0) && fits(1, 1, 1):
	case fits(0, 0, 1) && fits(1, 1, 0):
		slices.Reverse(quotient)
	case fits(0, 1, 0) && fits(1, 0, 1):
		slices.Reverse(mss)
	case fits(0, 1, 1) && fits(1, 0, 0):
		slices.Reverse(mss)
		slices.Reverse(quotient)
	}
}

// Refit trains a model on the rows of a recovery of m, with m's scale, and
// counts the classes for whose means, of which there are of, both have the
// same best class.
func (m *Model) Refit(ctx context.Context, r *Recovery) (same, of int, err error) {
	rows := make([]LabelledVector, len(r.Rows))
	for i := range rows {
		rows[i] = r.Rows[i].LabelledVector
	}
	scale := scaleOf(rows)
	for i, at := range m.at {
		scale[at] = m.Scale[i]
	}
	fit, err := Train(ctx, rows, TrainOptions{C: m.C, Scale: scale})
	if err != nil {
		return 0, 0, err
	}
	for c := range m.Classes {
		mean := make([]float64, NumFeatures)
		for f := range mean {
			mean[f] = Missing
		}
		for i, at := range m.at {
			mean[at] = m.Mean[c][i]
		}
		// Recover's rows stand in the order of m's classes, so that both models
		// have one order.
		theirs, _ := m.best(m.Mean[c])
		if ours, _ := fit.best(mean); ours == theirs {
			same++
		}
	}
	return same, len(m.Classes), nil
}
