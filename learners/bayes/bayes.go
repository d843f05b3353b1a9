// Package bayes is naive Bayes as Weka's NaiveBayes has it: each class and
// each value of each nominal column is counted from one (Laplace), a missing
// cell says nothing, and a numeric column has a normal distribution a class
// (John and Langley, "Estimating continuous distributions in Bayesian
// classifiers", UAI 1995).
//
// A partition of m columns is one factor to the power of m. What a row gets
// from the nominal columns depends only on how many of them have how many
// rows of a class on its side, and these numbers come from bit slices: 64
// values of columns are a word a row, their counts in a class are the planes
// of a vertical counter, and each count is a mask whose overlap with the row's
// word is a population count. All are whole numbers, so sums of logarithms
// do not depend on the order of the work. Tables of many rows and classes and few
// columns are counted column by column instead.
package bayes

import (
	"context"
	"math"
	"slices"
	"sync"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/modelfile"
)

// Entry offers the learner under the name "bayes". It has no options.
func Entry() learners.Entry {
	return learners.Entry{
		Name:    "bayes",
		Summary: "Naive Bayes with Laplace's correction and normal numeric columns, as Weka's NaiveBayes.",
		View:    learners.MatrixView,
		New:     func(learners.Options) (learners.Learner, error) { return learner{}, nil },
		Load:    load,
	}
}

type learner struct{}

// Fit scores the rows of the matrix that are not trained on; those trained on
// are scored when one of them is asked about. Numeric columns must be finite
// or missing.
func (learner) Fit(ctx context.Context, t *learners.Train) (learners.Model, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	normals, err := fitNormals(t)
	if err != nil {
		return nil, err
	}
	m := &model{train: t.Keep(), data: t.Data, normals: normals, workers: t.Workers, at: make([]int32, t.Data.Rows())}
	m.byClass = make([][]int32, len(t.Classes))
	for i, r := range t.Rows {
		m.byClass[t.Labels[r]] = append(m.byClass[t.Labels[r]], r)
		m.at[r] = int32(i + 1)
	}
	m.trained = slices.Clone(t.Rows)
	if err := m.start(ctx, t); err != nil {
		return nil, err
	}
	var others []int32
	for r := range m.at {
		if m.at[r] == 0 {
			m.at[r] = int32(-len(others) - 1)
			others = append(others, int32(r))
		}
	}
	if m.others, err = m.score(ctx, others); err != nil {
		return nil, err
	}
	return m, nil
}

type model struct {
	train   *learners.Train
	data    *datasets.Selection
	words   *words // or else table
	table   *table
	normals []normals
	workers int
	byClass [][]int32 // training rows
	trained []int32
	// from is what each class starts with: the logarithm of its share, and
	// the denominators of columns without missing cells.
	from []float64

	at     []int32   // of each row: 1 + index into trained, or -1 - index into others
	others []float64 // scores, rows × classes
	once   sync.Once
	own    []float64 // scores of trained
}

// Kind says that scores are probabilities.
func (m *model) Kind() learners.ScoreKind { return learners.Probability }

// Predict gives the classes' probabilities and the first of those with the
// highest. A class without training rows has the share that Laplace gives it. A
// value that a column does not have, in a loaded model's data, counts as one
// that no training row has.
func (m *model) Predict(row int32) learners.Prediction {
	classes := len(m.byClass)
	var logs []float64
	if i := int(m.at[row]); i < 0 {
		logs = m.others[(-i-1)*classes : -i*classes]
	} else {
		m.once.Do(func() {
			// It ends with no error, for its context does not end.
			m.own, _ = m.score(context.Background(), m.trained)
		})
		logs = m.own[(i-1)*classes : i*classes]
	}
	p := learners.Prediction{Scores: make([]float64, classes)}
	highest, total := slices.Max(logs), 0.0
	for c, v := range logs {
		p.Scores[c] = math.Exp(v - highest)
		total += p.Scores[c]
	}
	for c := range p.Scores {
		p.Scores[c] /= total
		if p.Scores[c] > p.Scores[p.Class] {
			p.Class = int32(c)
		}
	}
	return p
}

// tells reports whether the columns of a partition can tell classes apart. One
// value does, where some cell has another that the column does not know.
func tells(p *datasets.Partition) bool { return p.Distinct > 1 || p.Distinct == 1 && p.Other }

// Store writes the training set (see learners.Train.Store), from which all
// counts follow.
func (m *model) Store(e *modelfile.Encoder) error {
	m.train.Store(e)
	return nil
}

func load(ctx context.Context, s *learners.Stored) (learners.Model, error) {
	t, err := s.Train(ctx)
	if err != nil {
		return nil, err
	}
	return learner{}.Fit(ctx, t)
}

// start computes m.from and makes the words or the table.
func (m *model) start(ctx context.Context, t *learners.Train) (err error) {
	m.from = make([]float64, len(t.Classes))
	for c, rows := range m.byClass {
		m.from[c] = math.Log(float64(len(rows)+1) / float64(len(t.Rows)+len(t.Classes)))
	}
	if !suits(t.Data, len(t.Rows), len(t.Classes)) {
		return m.useWords(ctx, t)
	}
	m.table, err = newTable(ctx, t, m.byClass, m.from)
	return err
}

func (m *model) useWords(ctx context.Context, t *learners.Train) (err error) {
	m.words, err = learners.Share(ctx, t, wordsKey{}, func() (*words, error) { return newWords(ctx, t.Data, t.Workers) })
	if err != nil {
		return err
	}
	for c, rows := range m.byClass {
		for _, d := range m.words.distincts {
			m.from[c] -= float64(m.words.columns[d]) * math.Log(float64(len(rows)+d))
		}
	}
	return nil
}

// score gives the logarithms of the classes' scores for some rows, rows ×
// classes.
func (m *model) score(ctx context.Context, rows []int32) ([]float64, error) {
	classes := len(m.byClass)
	scores := make([]float64, 0, len(rows)*classes)
	for range rows {
		scores = append(scores, m.from...)
	}
	add := m.scoreNominal
	if m.table != nil {
		add = m.table.add
	}
	for from := 0; from < len(rows); from += blockRows {
		to := min(from+blockRows, len(rows))
		if err := add(ctx, rows[from:to], scores[from*classes:to*classes]); err != nil {
			return nil, err
		}
	}
	for i := range m.normals {
		m.normals[i].scoreAll(rows, scores)
	}
	return scores, ctx.Err()
}
