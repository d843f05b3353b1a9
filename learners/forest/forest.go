// Package forest is Breiman's random forest ("Random forests", Machine
// Learning 45, 2001) with the trees of Weka's RandomTree: information gain,
// one branch a value, missing cells as fractions of a row, no pruning; or with
// those of scikit-learn: Gini impurity, two branches, nominal columns one-hot.
//
// It works on partitions and gives what the columns would give. Candidates
// are columns, drawn without replacement, so that a partition is as likely as
// it has columns and constant columns take their share; but a partition is
// tallied once a node, and a constant one never. Where the candidates have no
// gain and more must be drawn until one has, the next to have gain is any of
// those that have, as likely as it has columns: it is drawn from them
// directly, once a few more drawings have failed.
package forest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"sync"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
)

// Entry offers the learner under the name "forest".
func Entry() learners.Entry {
	return learners.Entry{
		Name:    "forest",
		Summary: "Random forest with soft voting, as Weka's RandomForest or scikit-learn's.",
		View:    learners.MatrixView,
		Options: []learners.Option{
			{Name: "like", Type: learners.ChoiceOption, Default: "weka", Values: []string{"weka", "sklearn"},
				Doc: "The program whose trees these are: weka (information gain, a branch a value, missing cells in parts) or sklearn (Gini, one-hot columns, a missing nominal cell all zero, no missing numbers)."},
			{Name: "trees", Type: learners.IntOption, Default: "100", Doc: "Trees, at least 1."},
			{Name: "depth", Type: learners.IntOption, Default: "0", Doc: "Splits from the root to a leaf at most; 0: no limit."},
			{Name: "candidates", Type: learners.IntOption, Default: "0", Doc: "Columns drawn at a node; 0: int(log2 D)+1 of D columns, with like=sklearn int(sqrt D) of the one-hot ones."},
			{Name: "rng", Type: learners.ChoiceOption, Default: "pcg", Values: []string{"pcg", "weka"},
				Doc: "Random numbers: PCG keyed by the seed, or Weka's in Weka's order for the same trees with the same seed, which is slow on many columns."},
		},
		New: func(o learners.Options) (learners.Learner, error) {
			l := learner{
				trees: o.Int("trees"), depth: o.Int("depth"), candidates: o.Int("candidates"),
				sklearn: o.Text("like") == "sklearn", weka: o.Text("rng") == "weka",
			}
			switch {
			case l.trees < 1:
				return nil, fmt.Errorf("option trees=%d: want at least 1", l.trees)
			case l.depth < 0:
				return nil, fmt.Errorf("option depth=%d: want at least 1, or 0 for no limit", l.depth)
			case l.candidates < 0:
				return nil, fmt.Errorf("option candidates=%d: want at least 1, or 0 for the program's own number", l.candidates)
			case l.sklearn && l.weka:
				return nil, errors.New("option rng=weka: want like=weka, too")
			}
			return l, nil
		},
		Load: load,
	}
}

type learner struct {
	trees, depth, candidates int
	sklearn, weka            bool
}

// Fit grows the trees, each on its own bootstrap sample with its own random
// stream: PCG keyed by t.Seed and the tree's number; with rng=weka, Weka's.
// The model is a *Model. It fails on infinite numbers, and with like=sklearn on
// missing numbers.
func (l learner) Fit(ctx context.Context, t *learners.Train) (learners.Model, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	if t.Shared == nil {
		alone := *t
		alone.Shared = learners.NewShared(t.Data)
		t = &alone
	}
	f, err := newFit(l, t)
	if err != nil {
		return nil, err
	}
	m := &Model{matrix: t.Data.Matrix, names: slices.Clone(t.Classes), classes: len(t.Classes), rows: slices.Clone(t.Rows), workers: t.Workers}
	for _, r := range t.Rows {
		m.labels = append(m.labels, t.Labels[r])
	}
	if l.weka {
		err = f.likeWeka(ctx, m)
	} else {
		err = f.grow(ctx, m)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// fit is what the growers of one forest share and do not change.
type fit struct {
	learner
	train   *learners.Train
	data    *datasets.Selection
	classes int
	list    []attributes.Attribute
	place   []int32 // in list, of the selection's partitions
	numbers []int32 // in list, the columns of numbers
	columns *columns
	byClass []int32 // indices into train.Rows, by class and then row
	xlogx   []int64 // for weights 0…len(Rows), see fixed
	codes   int     // most codes in a partition, at least 2
}

func newFit(l learner, t *learners.Train) (*fit, error) {
	list, err := attributes.Of(t.Data)
	if err != nil {
		return nil, err
	}
	f := &fit{learner: l, train: t, data: t.Data, classes: len(t.Classes), list: list, codes: 2}
	for i := range list {
		if a := &list[i]; a.Nominal() {
			f.place = append(f.place, int32(i))
			f.codes = max(f.codes, a.Values)
		} else {
			f.numbers = append(f.numbers, int32(i))
		}
	}
	if l.sklearn {
		err = f.likeSklearn()
	} else {
		f.columns = newColumns(list, plain)
		if f.candidates == 0 {
			f.candidates = bits.Len(uint(f.columns.total))
		}
	}
	f.byClass = make([]int32, len(t.Rows))
	for i := range f.byClass {
		f.byClass[i] = int32(i)
	}
	slices.SortStableFunc(f.byClass, func(a, b int32) int {
		return int(t.Labels[t.Rows[a]]) - int(t.Labels[t.Rows[b]])
	})
	f.xlogx = make([]int64, len(t.Rows)+1)
	for w := range f.xlogx {
		f.xlogx[w] = fixed(float64(w))
	}
	return f, err
}

// likeSklearn makes the columns one-hot ones.
func (f *fit) likeSklearn() error {
	for _, i := range f.numbers {
		for _, r := range f.train.Rows {
			if math.IsNaN(f.list[i].Cells[r]) {
				return fmt.Errorf("like=sklearn: column %s, row %d: want a number: scikit-learn's forest takes no missing ones",
					attributes.Name(f.data.Matrix, f.list[i].ID), r)
			}
		}
	}
	f.columns = newColumns(f.list, oneHot)
	if f.candidates == 0 {
		f.candidates = max(1, int(math.Sqrt(float64(f.columns.total))))
	}
	return nil
}

// The random streams of a tree: one for its bootstrap sample, one for its
// candidates. The second word of a PCG's seed is the stream plus the tree's
// number.
const (
	bagStream  = 0x6261675f << 32
	growStream = 0x67726f77 << 32
)

// grow grows the trees of m.
func (f *fit) grow(ctx context.Context, m *Model) error {
	m.trees, m.bags = make([]tree, f.trees), make([][]int32, f.trees)
	growers := make([]*grower, f.trees) // by worker, of which there are no more than trees
	done := f.train.Counter(f.trees)
	return learners.Parallel(ctx, f.trees, f.train.Workers, func(worker, i int) error {
		if growers[worker] == nil {
			growers[worker] = newGrower(f)
		}
		m.bags[i] = f.bag(i)
		var err error
		m.trees[i], err = growers[worker].grow(ctx, i, m.bags[i])
		done()
		return err
	})
}

// bag draws a bootstrap sample: how often it holds each training row.
func (f *fit) bag(tree int) []int32 {
	n := len(f.train.Rows)
	rng := rand.New(rand.NewPCG(f.train.Seed, bagStream+uint64(tree)))
	bag := make([]int32, n)
	for range n {
		bag[rng.IntN(n)]++
	}
	return bag
}

// Model is a forest. Its trees name columns of the matrix, not partitions. One
// that was fitted keeps the training rows, their classes and the bags, for what
// is estimated out of the bags; one that was loaded has none of them.
type Model struct {
	matrix  *datasets.Matrix
	names   []string // of the classes
	classes int
	trees   []tree
	rows    []int32 // training rows
	labels  []int32 // of rows
	bags    [][]int32
	workers int
	bagged  bagged
}

// bagged is what is estimated out of the bags. It is computed when it is first
// asked for, for a cross-validation never asks and it takes a good part of a
// fit's time; of a loaded model it is what the file says, without scores.
type bagged struct {
	once        sync.Once
	scores      [][]float64 // of Model.rows
	wrong, rows int
}

// Kind says that scores are probabilities.
func (m *Model) Kind() learners.ScoreKind { return learners.Probability }

// Predict gives the mean of the trees' class distributions, and the first
// class of those with the highest.
func (m *Model) Predict(row int32) learners.Prediction {
	scores := make([]float64, m.classes)
	for i := range m.trees {
		m.trees[i].vote(m.matrix, row, scores)
	}
	return learners.Prediction{Class: normalise(scores), Scores: scores}
}

// normalise makes the scores sum to one and gives the first of the highest.
func normalise(scores []float64) int32 {
	total := 0.0
	for _, s := range scores {
		total += s
	}
	best := 0
	for c := range scores {
		scores[c] /= total
		if scores[c] > scores[best] {
			best = c
		}
	}
	return int32(best)
}
