// Package ibk is k-nearest-neighbour classification after Aha, Kibler and
// Albert, "Instance-based learning algorithms" (Machine Learning 6, 1991), in
// the form that Weka's IBk gives it.
//
// The square of a distance is the number of differing nominal columns and the
// squares of the differences of numbers, each put on the range 0 to 1. Fits
// share the counts of nominal columns (learners.Agreements): a fit costs
// nothing, and a prediction one look at each training row and number.
package ibk

import (
	"context"
	"fmt"
	"math"
	"slices"

	"tickle/learners"
	"tickle/learners/attributes"
)

// Entry offers the learner under the name "ibk".
func Entry() learners.Entry {
	return learners.Entry{
		Name:    "ibk",
		Summary: "k nearest neighbours by differing columns and normalised numbers, as Weka's IBk.",
		View:    learners.MatrixView,
		Options: []learners.Option{
			{Name: "k", Type: learners.IntOption, Default: "3", Doc: "Neighbours that vote, at least 1; all that tie with the k-th vote too."},
			{Name: "missing", Type: learners.ChoiceOption, Default: different, Values: []string{different, skip},
				Doc: "A nominal column in which either row is missing counts as different and a number as far as it may be, or either is left out (skip) and the distance is per column of the others."},
			{Name: "weight", Type: learners.ChoiceOption, Default: none, Values: []string{none, inverse, similarity},
				Doc: "What a neighbour's vote weighs: 1, 1/(d+0.001), or 1-d, d being the root of the mean square of the columns' differences."},
			{Name: "choose", Type: learners.BoolOption, Default: "false", Doc: "Take the number of neighbours, from 1 to k, that errs least when each training row is left out in turn; the least of equals."},
			{Name: "weka-ranges", Type: learners.BoolOption, Default: "false", Doc: "Let the rows outside the training set widen the ranges of numbers, each from its turn on, as Weka's test rows do; for comparison alone."},
		},
		New: func(o learners.Options) (learners.Learner, error) {
			l := newLearner(o)
			if l.k < 1 {
				return nil, fmt.Errorf("option k=%d: want at least 1", l.k)
			}
			return l, nil
		},
		Load: load,
	}
}

// The values of the option missing.
const (
	different = "different"
	skip      = "skip"
)

// The values of the option weight.
const (
	none       = "none"
	inverse    = "inverse"
	similarity = "similarity"
)

func newLearner(o learners.Options) learner {
	return learner{
		k: o.Int("k"), skip: o.Text("missing") == skip, weight: o.Text("weight"),
		choose: o.Bool("choose"), widen: o.Bool("weka-ranges"),
	}
}

type learner struct {
	k                   int
	skip, choose, widen bool
	weight              string
}

// Fit keeps the training rows and their classes. It fails on infinite
// numbers.
func (l learner) Fit(ctx context.Context, t *learners.Train) (learners.Model, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	list, err := attributes.Of(t.Data)
	if err != nil {
		return nil, err
	}
	agree, err := t.Agreements(ctx)
	if err != nil {
		return nil, err
	}
	m := &model{learner: l, train: t.Keep(), agree: agree, rows: slices.Clone(t.Rows), classes: len(t.Classes)}
	m.labels = make([]int32, len(t.Rows))
	for i, r := range t.Rows {
		m.labels[i] = t.Labels[r]
	}
	for i := range list {
		if !list[i].Nominal() {
			n := numbers{cells: list[i].Cells, low: math.Inf(1), high: math.Inf(-1)}
			for _, r := range t.Rows {
				n.widen(n.cells[r])
			}
			m.numbers = append(m.numbers, n)
		}
	}
	if l.choose {
		return m, m.chooseK(ctx, t.Workers)
	}
	return m, nil
}

type model struct {
	learner
	train   *learners.Train
	agree   *learners.Agreements
	numbers []numbers
	rows    []int32
	labels  []int32 // of rows
	classes int
}

// numbers is a column of numbers with the range that is put on 0 to 1.
type numbers struct {
	cells     []float64
	low, high float64
}

func (n *numbers) widen(v float64) {
	if !math.IsNaN(v) {
		n.low, n.high = math.Min(n.low, v), math.Max(n.high, v)
	}
}

// unit puts a number on the range. Where there is no range it is 0.
func (n *numbers) unit(v float64) float64 {
	if n.high <= n.low {
		return 0
	}
	return (v - n.low) / (n.high - n.low)
}

// difference is the difference of two rows; with one number missing as much
// as it may be for the other, with both 1. known says that none is.
func (n *numbers) difference(a, b int32) (d float64, known bool) {
	x, y := n.cells[a], n.cells[b]
	if math.IsNaN(x) {
		x, y = y, x
	}
	switch {
	case math.IsNaN(x):
		return 1, false
	case math.IsNaN(y):
		return max(n.unit(x), 1-n.unit(x)), false
	}
	return n.unit(x) - n.unit(y), true
}

// Kind says that scores are probabilities.
func (m *model) Kind() learners.ScoreKind { return learners.Probability }

// Predict counts the classes of the k nearest training rows and of all others
// as near as the k-th. Like Weka's, each class starts with 1/n, n being the
// number of training rows; the first class of the highest score is the label.
// Unlike Weka's, neighbours that all weigh nothing, which with
// weight=similarity are those that differ in everything, weigh 1.
// A training row is its own neighbour.
func (m *model) Predict(row int32) learners.Prediction {
	return m.vote(m.measure(row), m.k)
}

// vote counts the classes of the k nearest.
func (m *model) vote(distances []distance, k int) learners.Prediction {
	kth := farthestOf(distances, k)
	p := learners.Prediction{Scores: make([]float64, m.classes)}
	start := 1 / float64(len(m.rows))
	total := start * float64(m.classes)
	for c := range p.Scores {
		p.Scores[c] = start
	}
	weight := m.weighs
	// The nearest weigh most: when they weigh nothing, no vote would count.
	if weight(farthestOf(distances, 1)) == 0 {
		weight = func(distance) float64 { return 1 }
	}
	for i, d := range distances {
		if !kth.less(d) {
			w := weight(d)
			p.Scores[m.labels[i]] += w
			total += w
		}
	}
	for c := range p.Scores {
		p.Scores[c] /= total
		if p.Scores[c] > p.Scores[p.Class] {
			p.Class = int32(c)
		}
	}
	return p
}

// weighs is the weight of a neighbour's vote.
func (m *model) weighs(d distance) float64 {
	columns := d.den
	if !m.skip {
		columns = float64(m.agree.Columns() + len(m.numbers))
	}
	root := math.Sqrt(d.num / max(columns, 1))
	switch m.weight {
	case inverse:
		return 1 / (root + 0.001)
	case similarity:
		return max(0, 1-root) // beyond 1 with numbers outside the range
	}
	return 1
}

// distance is the fraction num/den, the square of a distance. It is kept whole
// so that ties of nominal columns are exact. A row that is left out has den 0
// and is farther than all.
type distance struct{ num, den float64 }

func (d distance) less(e distance) bool { return d.num*e.den < e.num*d.den }

// measure gives the distances of a row to the training rows.
func (m *model) measure(row int32) []distance {
	numbers := m.numbers
	if m.widen {
		numbers = m.widened(row)
	}
	distances := make([]distance, len(m.rows))
	for i, r := range m.rows {
		distances[i] = m.between(numbers, row, r)
	}
	return distances
}

// widened gives the ranges as Weka has them when it comes to a row, having
// seen the rows before it that are not training rows, and it.
func (m *model) widened(row int32) []numbers {
	wide := slices.Clone(m.numbers)
	for r := range row + 1 {
		if _, training := slices.BinarySearch(m.rows, r); !training {
			for i := range wide {
				wide[i].widen(wide[i].cells[r])
			}
		}
	}
	return wide
}

// between gives the distance of two rows. Rows that share no column are
// wholly different.
func (m *model) between(numbers []numbers, a, b int32) distance {
	squares, shared := 0.0, 0
	for i := range numbers {
		d, known := numbers[i].difference(a, b)
		if known || !m.skip {
			squares += d * d
			shared++
		}
	}
	same := m.agree.Same(a, b)
	if !m.skip {
		return distance{squares + float64(m.agree.Columns()-int(same)), 1}
	}
	both := m.agree.Both(a, b)
	if int(both)+shared == 0 {
		return distance{1, 1}
	}
	return distance{squares + float64(both-same), float64(int(both) + shared)}
}

// farthestOf gives the k-th smallest distance, the largest when there are
// fewer than k.
func farthestOf(distances []distance, k int) distance {
	nearest := make([]distance, 0, min(k, len(distances)))
	for _, d := range distances {
		if len(nearest) < cap(nearest) {
			nearest = append(nearest, d)
		} else if d.less(nearest[len(nearest)-1]) {
			nearest[len(nearest)-1] = d
		} else {
			continue
		}
		for i := len(nearest) - 1; i > 0 && nearest[i].less(nearest[i-1]); i-- {
			nearest[i], nearest[i-1] = nearest[i-1], nearest[i]
		}
	}
	return nearest[len(nearest)-1]
}

// chooseK sets k to the number of neighbours, up to k, with the fewest errors
// when each training row is left out in turn.
func (m *model) chooseK(ctx context.Context, workers int) error {
	if len(m.rows) < 2 {
		m.k = 1
		return ctx.Err()
	}
	most := m.k
	wrong := make([][]bool, len(m.rows)) // by row and k - 1
	alone := *m
	alone.widen = false
	err := learners.Parallel(ctx, len(m.rows), workers, func(_, i int) error {
		wrong[i] = make([]bool, most)
		distances := alone.measure(m.rows[i])
		distances[i] = distance{1, 0}
		for k := range min(most, len(m.rows)-1) {
			wrong[i][k] = alone.vote(distances, k+1).Class != m.labels[i]
		}
		for k := len(m.rows) - 1; k < most; k++ {
			wrong[i][k] = wrong[i][len(m.rows)-2]
		}
		return nil
	})
	if err != nil {
		return err
	}
	least := len(m.rows) + 1
	for k := range most {
		errors := 0
		for i := range wrong {
			if wrong[i][k] {
				errors++
			}
		}
		if errors < least {
			least, m.k = errors, k+1
		}
	}
	return nil
}
