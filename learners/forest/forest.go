// Package forest is Breiman's random forest ("Random forests", Machine
// Learning 45, 2001) with the trees of Weka's RandomTree: information gain,
// one branch a value, missing cells as fractions of a row, no pruning.
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
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"

	"tickle/datasets"
	"tickle/learners"
)

// Entry offers the learner under the name "forest".
func Entry() learners.Entry {
	return learners.Entry{
		Name:    "forest",
		Summary: "Random forest with information gain, multiway splits and soft voting, as Weka's RandomForest.",
		View:    learners.MatrixView,
		Options: []learners.Option{
			{Name: "like", Type: learners.ChoiceOption, Default: "weka", Values: []string{"weka"}, Doc: "The program whose trees these are."},
			{Name: "trees", Type: learners.IntOption, Default: "100", Doc: "Trees, at least 1."},
			{Name: "depth", Type: learners.IntOption, Default: "0", Doc: "Splits from the root to a leaf at most; 0: no limit."},
			{Name: "candidates", Type: learners.IntOption, Default: "0", Doc: "Columns drawn at a node; 0: int(log2 D)+1 of D columns."},
		},
		New: func(o learners.Options) (learners.Learner, error) {
			l := learner{trees: o.Int("trees"), depth: o.Int("depth"), candidates: o.Int("candidates")}
			switch {
			case l.trees < 1:
				return nil, fmt.Errorf("option trees=%d: want at least 1", l.trees)
			case l.depth < 0:
				return nil, fmt.Errorf("option depth=%d: want at least 1, or 0 for no limit", l.depth)
			case l.candidates < 0:
				return nil, fmt.Errorf("option candidates=%d: want at least 1, or 0 for int(log2 D)+1", l.candidates)
			}
			return l, nil
		},
	}
}

type learner struct {
	trees, depth, candidates int
}

// Fit grows the trees, each on its own bootstrap sample with its own random
// stream: PCG keyed by t.Seed and the tree's number. The model is a *Model.
func (l learner) Fit(ctx context.Context, t *learners.Train) (learners.Model, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	if t.Shared == nil {
		alone := *t
		alone.Shared = learners.NewShared(t.Data)
		t = &alone
	}
	f := newFit(l, t)
	m := &Model{data: t.Data, classes: len(t.Classes), trees: make([]tree, l.trees)}
	bags := make([][]int32, l.trees)
	growers := make([]*grower, l.trees) // by worker, of which there are no more than trees
	err := learners.Parallel(ctx, l.trees, t.Workers, func(worker, i int) error {
		if growers[worker] == nil {
			growers[worker] = newGrower(f)
		}
		bags[i] = f.bag(i)
		var err error
		m.trees[i], err = growers[worker].grow(ctx, i, bags[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := m.outOfBag(ctx, t, bags); err != nil {
		return nil, err
	}
	return m, nil
}

// fit is what the growers of one forest share and do not change.
type fit struct {
	learner
	train   *learners.Train
	data    *datasets.Selection
	columns *columns
	byClass []int32 // indices into train.Rows, by class and then row
	xlogx   []int64 // for weights 0…len(Rows), see fixed
	codes   int     // most codes in a partition
}

func newFit(l learner, t *learners.Train) *fit {
	f := &fit{learner: l, train: t, data: t.Data, columns: newColumns(t.Data)}
	if f.candidates == 0 {
		f.candidates = bits.Len(uint(t.Data.D))
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
	for _, id := range t.Data.IDs {
		f.codes = max(f.codes, t.Data.Parts[id].Distinct)
	}
	return f
}

// The random streams of a tree: one for its bootstrap sample, one for its
// candidates. The second word of a PCG's seed is the stream plus the tree's
// number.
const (
	bagStream  = 0x6261675f << 32
	growStream = 0x67726f77 << 32
)

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

// Model is a forest. Its trees name columns of the matrix, not partitions.
type Model struct {
	data     *datasets.Selection
	classes  int
	trees    []tree
	oob      [][]float64
	oobRows  int
	oobWrong int
}

// Kind says that scores are probabilities.
func (m *Model) Kind() learners.ScoreKind { return learners.Probability }

// Predict gives the mean of the trees' class distributions, and the first
// class of those with the highest.
func (m *Model) Predict(row int32) learners.Prediction {
	scores := make([]float64, m.classes)
	for i := range m.trees {
		m.trees[i].vote(m.data, row, scores)
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

// OutOfBag gives the number of training rows that some tree has not seen, and
// how many of them the trees that have not seen them, voting as in Predict,
// get wrong.
func (m *Model) OutOfBag() (wrong, rows int) { return m.oobWrong, m.oobRows }

// OutOfBagScores gives for each training row, in their order, the mean class
// distribution of the trees that have not seen it: what the forest says of
// its own training rows without having learned them. A row that every tree
// has seen has nil. They must not be changed.
func (m *Model) OutOfBagScores() [][]float64 { return m.oob }

func (m *Model) outOfBag(ctx context.Context, t *learners.Train, bags [][]int32) error {
	const (
		inEvery = iota
		right
		wrong
	)
	outcome := make([]uint8, len(t.Rows))
	m.oob = make([][]float64, len(t.Rows))
	err := learners.Parallel(ctx, len(t.Rows), t.Workers, func(_, i int) error {
		scores, seen := make([]float64, m.classes), true
		for k := range m.trees {
			if bags[k][i] == 0 {
				seen = false
				m.trees[k].vote(m.data, t.Rows[i], scores)
			}
		}
		if seen {
			outcome[i] = inEvery
			return nil
		}
		outcome[i], m.oob[i] = wrong, scores
		if normalise(scores) == t.Labels[t.Rows[i]] {
			outcome[i] = right
		}
		return nil
	})
	for _, o := range outcome {
		switch o {
		case wrong:
			m.oobWrong++
			m.oobRows++
		case right:
			m.oobRows++
		}
	}
	return err
}
