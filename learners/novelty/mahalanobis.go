package novelty

import (
	"context"
	"math"
	"slices"
	"sync"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
	"tickle/learners/modelfile"
)

func mahalanobisEntry() learners.Entry {
	return learners.Entry{
		Name:        "mahalanobis",
		Summary:     "Distance from the nearest class in its columns' standard deviations.",
		View:        learners.MatrixView,
		NewDetector: func(learners.Options) (learners.Detector, error) { return mahalanobis{}, nil },
		LoadDetector: func(ctx context.Context, s *learners.Stored) (learners.Novelty, error) {
			t, err := s.Train(ctx)
			if err != nil {
				return nil, err
			}
			return mahalanobis{}.Fit(ctx, t)
		},
	}
}

// mahalanobis is Mahalanobis's distance with a diagonal covariance matrix a
// class, as Nmap's IPv6 engine measures novelty: the root of the sum over
// columns of squared differences from the class's mean by its variance. A
// nominal column is one-hot, a column for each value that it has over all
// rows; a missing cell adds nothing and is not counted. A value that a stored
// measure's training data did not have is none of those columns'.
type mahalanobis struct{}

// defaultVariance is what Nmap takes where a class's rows do not differ.
const defaultVariance = 0.01

// Fit scores the rows of the matrix that are not trained on; those trained on
// are scored when one of them is asked about. Numeric columns must be finite
// or missing.
func (mahalanobis) Fit(ctx context.Context, t *learners.Train) (learners.Novelty, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	if err := attributes.CheckNumbers(t.Data); err != nil {
		return nil, err
	}
	m := &distances{train: t.Keep(), data: t.Data, workers: t.Workers, at: make([]int32, t.Data.Rows()), trained: slices.Clone(t.Rows)}
	byClass := make([][]int32, len(t.Classes))
	for i, r := range t.Rows {
		byClass[t.Labels[r]] = append(byClass[t.Labels[r]], r)
		m.at[r] = int32(i + 1)
	}
	for _, rows := range byClass {
		if len(rows) > 0 {
			m.byClass = append(m.byClass, rows)
		}
	}
	var others []int32
	for r := range m.at {
		if m.at[r] == 0 {
			m.at[r] = int32(-len(others) - 1)
			others = append(others, int32(r))
		}
	}
	var err error
	m.others, err = m.nearest(ctx, others)
	if err != nil {
		return nil, err
	}
	return m, nil
}

type distances struct {
	train   *learners.Train
	data    *datasets.Selection
	workers int
	byClass [][]int32 // training rows of the classes that have some
	trained []int32

	at     []int32   // of each row: 1 + index into trained, or -1 - index into others
	others []float64 // scores
	once   sync.Once
	own    []float64 // scores of trained
}

// Store writes the training set (see learners.Train.Store).
func (m *distances) Store(e *modelfile.Encoder) error {
	m.train.Store(e)
	return nil
}

// Score is the distance from the nearest class.
func (m *distances) Score(row int32) float64 {
	if i := m.at[row]; i < 0 {
		return m.others[-i-1]
	}
	m.once.Do(func() {
		// It ends with no error, for its context does not end.
		m.own, _ = m.nearest(context.Background(), m.trained)
	})
	return m.own[m.at[row]-1]
}

// nearest gives the distance of rows from the nearest class.
func (m *distances) nearest(ctx context.Context, rows []int32) ([]float64, error) {
	byClass := make([][]float64, len(m.byClass))
	err := learners.Parallel(ctx, len(m.byClass), m.workers, func(_, c int) error {
		byClass[c] = make([]float64, len(rows))
		if err := m.addNominal(ctx, m.byClass[c], rows, byClass[c]); err != nil {
			return err
		}
		m.addNumbers(m.byClass[c], rows, byClass[c])
		return nil
	})
	if err != nil {
		return nil, err
	}
	least := make([]float64, len(rows))
	for i := range least {
		least[i] = math.Inf(1)
		for c := range byClass {
			least[i] = min(least[i], math.Sqrt(byClass[c][i]))
		}
	}
	return least, nil
}

// addNominal adds the nominal columns' part of the squared distances of rows
// from a class.
func (m *distances) addNominal(ctx context.Context, class, rows []int32, sums []float64) error {
	var counts []float64
	for i, id := range m.data.IDs {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		part := &m.data.Parts[id]
		if part.Distinct == 0 {
			continue
		}
		codes, n := m.data.Codes(id), 0.0
		counts = append(counts[:0], make([]float64, part.Distinct)...)
		for _, r := range class {
			if c := codes[r]; c != datasets.Missing {
				counts[c]++
				n++
			}
		}
		if n == 0 {
			continue
		}
		// A row with value v has (1-p)²/variance from v's own column and
		// p²/variance from each other: counts turn into what v adds.
		weight, absent := float64(m.data.Mult[i]), 0.0
		for v, count := range counts {
			p := count / n
			variance := p * (1 - p)
			if variance == 0 {
				variance = defaultVariance
			}
			absent += p * p / variance
			counts[v] = (1 - 2*p) / variance
		}
		for k, r := range rows {
			switch c := codes[r]; {
			case c == datasets.Missing:
			case int(c) < len(counts):
				sums[k] += weight * (absent + counts[c])
			default:
				sums[k] += weight * absent
			}
		}
	}
	return nil
}

// addNumbers is addNominal for the numeric columns.
func (m *distances) addNumbers(class, rows []int32, sums []float64) {
	for _, column := range m.data.Numbers {
		cells := m.data.Matrix.Numbers[column].Cells
		n, mean, low, high := 0.0, 0.0, math.Inf(1), math.Inf(-1)
		for _, r := range class {
			if v := cells[r]; !math.IsNaN(v) {
				mean += v
				n++
				low, high = min(low, v), max(high, v)
			}
		}
		if n == 0 {
			continue
		}
		mean /= n
		variance := 0.0
		for _, r := range class {
			if v := cells[r]; !math.IsNaN(v) {
				variance += (v - mean) * (v - mean) / n
			}
		}
		if low == high { // whatever rounding makes of the mean
			mean, variance = low, defaultVariance
		}
		for k, r := range rows {
			if v := cells[r]; !math.IsNaN(v) {
				sums[k] += (v - mean) * (v - mean) / variance
			}
		}
	}
}
