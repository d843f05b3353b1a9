package novelty

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"tickle/learners"
	"tickle/learners/modelfile"
)

func lofEntry() learners.Entry {
	return learners.Entry{
		Name:    "lof",
		Summary: "Local outlier factor: how much sparser a row's neighbourhood is than its neighbours' own.",
		View:    learners.MatrixView,
		Options: []learners.Option{
			{Name: "k", Type: learners.IntOption, Default: "20", Doc: "Neighbours, at least 1; fewer where there are not so many."},
			{Name: "like", Type: learners.ChoiceOption, Default: breunig, Values: []string{breunig, sklearn},
				Doc: "All rows up to the k-th distinct distance (breunig), or exactly k rows and 1e-10 in the density (sklearn)."},
			{Name: "mode", Type: learners.ChoiceOption, Default: modeNovelty, Values: []string{modeNovelty, modeOutlier},
				Doc: "A training row is looked at like a new one, which finds itself (novelty), or without itself (outlier)."},
			{Name: "metric", Type: learners.ChoiceOption, Default: hamming, Values: []string{hamming, euclidean},
				Doc: "Share of differing columns, a numeric one by its part of the training range (hamming); or the root of differing columns and squared differences of numbers as they are (euclidean)."},
		},
		LoadDetector: func(ctx context.Context, s *learners.Stored) (learners.Novelty, error) {
			t, err := s.Train(ctx)
			if err != nil {
				return nil, err
			}
			return lofOf(s.Options).Fit(ctx, t)
		},
		NewDetector: func(o learners.Options) (learners.Detector, error) {
			l := lofOf(o)
			if l.k < 1 {
				return nil, fmt.Errorf("option k=%d: want at least 1", l.k)
			}
			return l, nil
		},
	}
}

// The values of options.
const (
	breunig, sklearn         = "breunig", "sklearn"
	modeNovelty, modeOutlier = "novelty", "outlier"
	hamming, euclidean       = "hamming", "euclidean"
)

// lof is the local outlier factor of Breunig, Kriegel, Ng and Sander, "LOF:
// identifying density-based local outliers" (SIGMOD 2000). Fingerprints have
// many duplicates, whose density would be infinite: the paper's k-distinct
// distance, here the k-th of the positive distances that differ, does not
// let it.
type lof struct {
	k       int
	exact   bool // scikit-learn's
	outlier bool
	root    bool
}

func lofOf(o learners.Options) lof {
	return lof{k: o.Int("k"), exact: o.Text("like") == sklearn, outlier: o.Text("mode") == modeOutlier, root: o.Text("metric") == euclidean}
}

// Fit finds the neighbourhoods of the training rows, of which it wants two at
// least. A missing nominal cell differs from everything, a missing number is
// the training rows' mean.
func (l lof) Fit(ctx context.Context, t *learners.Train) (learners.Novelty, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	if len(t.Rows) < 2 {
		return nil, errOneRow
	}
	agree, err := t.Agreements(ctx)
	if err != nil {
		return nil, err
	}
	columns, err := numbers(t)
	if err != nil {
		return nil, err
	}
	m := &lofModel{lof: l, train: t.Keep(), agree: agree, rows: slices.Clone(t.Rows), columns: columns, at: make([]int32, t.Data.Rows())}
	m.k = min(l.k, len(m.rows)-1)
	for i, r := range m.rows {
		m.at[r] = int32(i + 1)
	}
	if !l.root {
		m.scaleNumbers()
	}
	n := len(m.rows)
	m.reach, m.density = make([]float64, n), make([]float64, n)
	near := make([][]neighbour, n)
	err = learners.Parallel(ctx, n, t.Workers, func(_, i int) error {
		near[i], m.reach[i] = m.neighbours(m.rows[i], i)
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	for i := range near {
		m.density[i] = m.densityOf(near[i])
	}
	return m, nil
}

type lofModel struct {
	lof
	train   *learners.Train
	agree   *learners.Agreements
	columns [][]float64 // numeric, over all rows
	rows    []int32     // the training rows
	at      []int32     // of each row of the matrix, 1 + its index in rows; 0: none
	reach   []float64   // of each training row, its k-distance
	density []float64   // local reachability density, +Inf among duplicates alone
}

// Store writes the training set (see learners.Train.Store). A measure of mode
// outlier cannot be stored, for it is about the training rows themselves.
func (m *lofModel) Store(e *modelfile.Encoder) error {
	if m.outlier {
		return errors.New("mode=outlier is about the training rows alone: want mode=novelty for a file")
	}
	m.train.Store(e)
	return nil
}

// neighbour is a training row at a distance.
type neighbour struct {
	index    int
	distance float64
}

// scaleNumbers makes the training rows' range one. A number outside differs by
// more than one.
func (m *lofModel) scaleNumbers() {
	for _, column := range m.columns {
		low, high := math.Inf(1), math.Inf(-1)
		for _, r := range m.rows {
			low, high = min(low, column[r]), max(high, column[r])
		}
		for r := range column {
			if column[r] -= low; high > low {
				column[r] /= high - low
			}
		}
	}
}

func (m *lofModel) distance(a, b int32) float64 {
	d := float64(int32(m.agree.Columns()) - m.agree.Same(a, b))
	for _, column := range m.columns {
		if x := math.Abs(column[a] - column[b]); m.root {
			d += x * x
		} else {
			d += x
		}
	}
	if m.root {
		return math.Sqrt(d)
	}
	return d / float64(max(1, m.agree.Columns()+len(m.columns)))
}

// neighbours gives the neighbourhood of a row of the matrix among the training
// rows except the one of index own (-1: all), and its k-distance.
func (m *lofModel) neighbours(row int32, own int) ([]neighbour, float64) {
	list := make([]neighbour, 0, len(m.rows))
	for i, r := range m.rows {
		if i != own {
			list = append(list, neighbour{i, m.distance(row, r)})
		}
	}
	slices.SortStableFunc(list, func(a, b neighbour) int {
		switch {
		case a.distance < b.distance:
			return -1
		case a.distance > b.distance:
			return 1
		}
		return 0
	})
	if m.exact {
		return list[:m.k], list[m.k-1].distance
	}
	distinct, kth := 0, 0.0
	for i, n := range list {
		if n.distance > kth {
			if distinct == m.k {
				return list[:i], kth
			}
			distinct, kth = distinct+1, n.distance
		}
	}
	return list, kth
}

// densityOf is the reciprocal of the mean reachability distance.
func (m *lofModel) densityOf(near []neighbour) float64 {
	sum := 0.0
	for _, n := range near {
		sum += max(n.distance, m.reach[n.index])
	}
	mean := sum / float64(len(near))
	if m.exact {
		mean += 1e-10
	}
	return 1 / mean
}

// Score is the local outlier factor: about 1 inside a cluster, more outside.
// It is +Inf for a row at a distance from training rows that are all the same,
// and 1 for a row that is the same as they.
func (m *lofModel) Score(row int32) float64 {
	own := -1
	if m.outlier {
		own = int(m.at[row]) - 1
	}
	near, _ := m.neighbours(row, own)
	density := m.densityOf(near)
	if math.IsInf(density, 1) {
		return 1
	}
	sum := 0.0
	for _, n := range near {
		sum += m.density[n.index]
	}
	return sum / float64(len(near)) / density
}
