// Package jrip is RIPPER (Cohen, "Fast effective rule induction", ICML 1995)
// in the form that Weka's JRip gives it: an ordered list of rules, made for
// one class after the other from the rarest on, the commonest being the
// default.
//
// A rule is grown condition by condition on two thirds of the rows and pruned
// on the rest; rules are added until the description of rules and errors gets
// 64 bits longer than it ever was, or a rule errs in half of what it covers;
// then each rule is held against a replacement and a revision, twice. The
// number of possible conditions, in which a theory's bits are counted, is
// over columns; growing looks at partitions, as sets of bits.
package jrip

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
	"tickle/learners/wekarand"
)

// Entry offers the learner under the name "jrip".
func Entry() learners.Entry {
	return learners.Entry{
		Name:    "jrip",
		Summary: "RIPPER's rules, as Weka's JRip.",
		View:    learners.MatrixView,
		Options: []learners.Option{
			{Name: "folds", Type: learners.IntOption, Default: "3", Doc: "Parts of the rows, at least 2, of which one prunes and the others grow rules."},
			{Name: "weight", Type: learners.FloatOption, Default: "2", Doc: "Rows of its class that a condition must cover when growing, at least 0."},
			{Name: "optimise", Type: learners.IntOption, Default: "2", Doc: "Passes of optimisation, at least 0."},
			{Name: "unpruned", Type: learners.BoolOption, Default: "false", Doc: "Neither prune nor optimise."},
			{Name: "errors", Type: learners.BoolOption, Default: "true", Doc: "Stop at a rule that errs in half of what it covers."},
			{Name: "rng", Type: learners.ChoiceOption, Default: "pcg", Values: []string{"pcg", "weka"},
				Doc: "Random numbers: PCG keyed by the seed, or Weka's for the same seed."},
		},
		New: func(o learners.Options) (learners.Learner, error) {
			l := learner{
				folds: o.Int("folds"), weight: o.Float("weight"), passes: o.Int("optimise"),
				unpruned: o.Bool("unpruned"), errors: o.Bool("errors"), weka: o.Text("rng") == "weka",
			}
			switch {
			case l.folds < 2:
				return nil, fmt.Errorf("option folds=%d: want at least 2", l.folds)
			case l.weight < 0:
				return nil, fmt.Errorf("option weight=%v: want at least 0", l.weight)
			case l.passes < 0:
				return nil, fmt.Errorf("option optimise=%d: want at least 0", l.passes)
			}
			return l, nil
		},
		Load: load,
	}
}

type learner struct {
	folds, passes          int
	weight                 float64
	unpruned, errors, weka bool
}

// source draws numbers below n.
type source interface{ IntN(n int) int }

// ripStream is the stream of a PCG keyed by the seed.
const ripStream = 0x726970706572

// Fit makes the rules. Of conditions with equal gain the first column's, then
// the first value's, wins; equally common classes are in an order that is
// drawn. The model is a *Model. It fails on infinite numbers.
func (l learner) Fit(ctx context.Context, t *learners.Train) (learners.Model, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	lay, err := learners.Share(ctx, t, layoutKey{}, func() (*layout, error) { return newLayout(ctx, t) })
	if err != nil {
		return nil, err
	}
	f := &fit{learner: l, ctx: ctx, train: t, table: newTable(lay, t.Rows)}
	if err := f.order(); err != nil {
		return nil, err
	}
	m := &Model{matrix: t.Data.Matrix, classes: slices.Clone(t.Classes)}
	rows := make([]int32, len(t.Rows))
	for i := range rows {
		rows[i] = int32(i)
	}
	done := t.Counter(len(f.counts) - 1)
	// The commonest class is the default rule's.
	for y, left := range f.counts[:len(f.counts)-1] {
		positive := 0
		for _, i := range rows {
			if f.class[i] == int32(y) {
				positive++
			}
		}
		done()
		if left == 0 || positive == 0 {
			continue
		}
		s, err := f.rulesFor(int32(y), rows, positive)
		if err != nil {
			return nil, err
		}
		rows = s.uncovered()
		m.keep(f, s)
	}
	s := &theory{fit: f, data: rows}
	s.add(&rule{class: int32(len(f.counts) - 1)})
	m.keep(f, s)
	return m, nil
}

// fit is what the making of rules shares.
type fit struct {
	learner
	ctx    context.Context
	train  *learners.Train
	table  *table
	rng    source
	class  []int32 // of training rows: classes numbered from rare to common
	label  []int32 // the class of Train that each stands for
	counts []int   // training rows of each
}

// order draws the order of the classes and leaves f.rng ready for splitting.
func (f *fit) order() error {
	t := f.train
	f.rng = rand.New(rand.NewPCG(t.Seed, ripStream))
	shuffler := f.rng
	if f.weka {
		columns := attributes.Columns(t.Data)
		random := wekarand.ForRows(int64(t.Seed), len(t.Rows), func(i int) string {
			r := t.Rows[i]
			return attributes.Row(t.Data.Matrix, columns, r, t.Classes[t.Labels[r]])
		})
		f.rng, shuffler = random, wekarand.New(int64(random.Int32()))
	}
	counts := make([]float64, len(t.Classes))
	for _, r := range t.Rows {
		counts[t.Labels[r]]++
	}
	drawn := make([]int32, len(counts))
	for c := range drawn {
		drawn[c] = int32(c)
	}
	for i := len(drawn) - 1; i > 0; i-- {
		j := shuffler.IntN(i + 1)
		drawn[i], drawn[j] = drawn[j], drawn[i]
	}
	shuffled := make([]float64, len(counts))
	for i, c := range drawn {
		shuffled[i] = counts[c]
	}
	place := make([]int32, len(counts))
	for at, i := range wekarand.Order(shuffled) {
		c := drawn[i]
		place[c] = int32(at)
		f.label = append(f.label, c)
		f.counts = append(f.counts, int(counts[c]))
	}
	for _, r := range t.Rows {
		f.class = append(f.class, place[t.Labels[r]])
	}
	return nil
}

// Model is a list of rules over columns of the matrix that it was trained on.
type Model struct {
	matrix  *datasets.Matrix
	classes []string
	rules   []kept
}

// kept is a rule as a model keeps it.
type kept struct {
	class          int32
	conditions     []condition
	covered, wrong int       // training rows that came to it
	scores         []float64 // the classes of those
}

// keep appends the rules of a theory.
func (m *Model) keep(f *fit, s *theory) {
	for i, r := range s.rules {
		k := kept{class: f.label[r.class], conditions: r.conditions, scores: make([]float64, len(m.classes))}
		k.covered, k.wrong = s.stats[i].covered, s.stats[i].falsePositive
		for _, row := range s.covered[i] {
			k.scores[f.label[f.class[row]]] += 1 / float64(k.covered)
		}
		if k.covered == 0 {
			k.scores[k.class] = 1
		}
		for j := range k.conditions {
			a := *k.conditions[j].attr
			k.conditions[j].attr = &a
		}
		m.rules = append(m.rules, k)
	}
}

// Kind says that scores are probabilities.
func (m *Model) Kind() learners.ScoreKind { return learners.Probability }

// Predict gives the classes of the training rows that came to the first rule
// which covers the row, and the first of the commonest.
func (m *Model) Predict(row int32) learners.Prediction {
	for i := range m.rules {
		if k := &m.rules[i]; k.covers(row) {
			p := learners.Prediction{Scores: slices.Clone(k.scores)}
			p.Class = int32(slices.Index(p.Scores, slices.Max(p.Scores)))
			return p
		}
	}
	panic("jrip: the default rule covers every row")
}

func (k *kept) covers(row int32) bool {
	for i := range k.conditions {
		if !k.conditions[i].holds(row) {
			return false
		}
	}
	return true
}
