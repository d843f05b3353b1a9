package experiments

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"tickle/datasets"
	"tickle/learners"
)

// biasTrial is one draw at one mixture under one split.
type biasTrial struct {
	split   Splitter
	percent int
	draw    int
	rows    []int32 // drawn, ascending
	folds   []Fold  // of matrix rows
	said    [][]biasAnswer
	answers []biasAnswer // of all folds
	kind    learners.ScoreKind
}

// biasAnswer is an answer beside what it becomes by correcting for the prior.
type biasAnswer struct {
	Answer
	correctedClass int32
	corrected      []float64
}

// Streams of the bias experiment.
const (
	biasStream    = 0x62696173 << 32      // + draw: which machines
	biasFitStream = 0x62696173666974 << 8 // + draw: seeds of folds and fits
)

// trials draws the machines. The mixtures of one draw share as many machines
// as they can: what differs between them is the mixture.
func (b *biasRun) trials() []biasTrial {
	var trials []biasTrial
	for draw := range b.draws {
		rng := rand.New(rand.NewPCG(b.in.Seed, biasStream+uint64(draw)))
		var order [2][]int
		for class := range order {
			order[class] = rng.Perm(len(b.rowsOf[class]))
		}
		for _, percent := range biasPercent {
			var rows []int32
			for class, n := range b.count(percent) {
				for _, k := range order[class][:n] {
					rows = append(rows, b.rowsOf[class][k])
				}
			}
			slices.Sort(rows)
			for _, split := range b.splitters() {
				trials = append(trials, biasTrial{split: split, percent: percent, draw: draw, rows: rows})
			}
		}
	}
	return trials
}

// cut makes the folds of a trial.
func (t *biasTrial) cut(b *biasRun) error {
	group, _ := groupsOf(b.in.Data.Matrix)
	table := &Table{Rows: len(t.rows)}
	at := make(map[int32]int32)
	for _, r := range t.rows {
		if _, ok := at[group[r]]; !ok {
			at[group[r]] = int32(len(at))
		}
		table.Groups = append(table.Groups, at[group[r]])
		table.Labels = append(table.Labels, b.labels[r])
	}
	folds, err := t.split.Split(table, rand.NewPCG(b.in.Seed, biasFitStream+uint64(t.draw)).Uint64())
	if err != nil {
		return err
	}
	for i := range folds {
		for _, rows := range [][]int32{folds[i].Train, folds[i].Test} {
			for k, r := range rows {
				rows[k] = t.rows[r]
			}
		}
	}
	t.folds, t.said = folds, make([][]biasAnswer, len(folds))
	return nil
}

// fit fits every fold of every trial.
func (b *biasRun) fit(ctx context.Context, trials []biasTrial) error {
	data, err := b.in.Data.Select(b.fields)
	if err != nil {
		return fmt.Errorf("fields %s: %w", b.fields, err)
	}
	var tasks []foldTask
	for i := range trials {
		if err := trials[i].cut(b); err != nil {
			return err
		}
		for f := range trials[i].folds {
			tasks = append(tasks, foldTask{i, f})
		}
	}
	shared := learners.NewShared(data)
	var mu sync.Mutex
	count := b.in.counter(len(tasks))
	err = learners.Parallel(ctx, len(tasks), b.in.Workers, func(_, i int) error {
		t, f := &trials[tasks[i].cell], tasks[i].fold
		fold := &t.folds[f]
		train := &learners.Train{
			Data: data, Rows: fold.Train, Labels: b.labels, Classes: b.classes[:], Workers: 1, Shared: shared,
			Seed: fitSeed(b.in.Seed, &Fold{Repeat: t.draw, Fold: fold.Fold}),
		}
		model, err := b.learner.Learner.Fit(ctx, train)
		if err != nil {
			return fmt.Errorf("%s, %d %%, draw %d, fold %d: %w", b.learner.Label, t.percent, t.draw, f, err)
		}
		t.said[f] = answersOf(model, train, fold.Test)
		mu.Lock()
		t.kind = model.Kind()
		mu.Unlock()
		count(fmt.Sprintf("%s, %d %% %s", t.split.Name(), t.percent, b.classes[0]))
		return nil
	})
	for i := range trials {
		t := &trials[i]
		b.probabilities = t.kind == learners.Probability
		t.answers = slices.Concat(t.said...)
	}
	return err
}

// answersOf asks a model for its test rows, and corrects what it says.
func answersOf(m learners.Model, t *learners.Train, test []int32) []biasAnswer {
	prior := priorOf(m, t)
	seen := make([]bool, len(t.Classes))
	for _, r := range t.Rows {
		seen[t.Labels[r]] = true
	}
	answers := make([]biasAnswer, len(test))
	for i, row := range test {
		p := m.Predict(row)
		a := biasAnswer{Answer: Answer{Row: row, Class: p.Class, Truth: t.Labels[row], Scores: p.Scores, Seen: seen[t.Labels[row]]}, correctedClass: learners.Abstain}
		if p.Class >= 0 && m.Kind() == learners.Probability {
			a.corrected, a.correctedClass = CorrectPrior(p.Scores, prior)
		}
		answers[i] = a
	}
	return answers
}

// outOfBag is a model that says of each of its training rows, in their order,
// what it would have said without having learned it; nil where it cannot.
type outOfBag interface{ OutOfBagScores() [][]float64 }

// priorOf is what a model believes of each class before it looks at a row:
// the mean of its out-of-bag scores, or, for a model without bags, the share
// of the class in training.
func priorOf(m learners.Model, t *learners.Train) []float64 {
	prior, n := make([]float64, len(t.Classes)), 0
	if bags, ok := m.(outOfBag); ok {
		for _, scores := range bags.OutOfBagScores() {
			if scores == nil {
				continue
			}
			n++
			for c, p := range scores {
				prior[c] += p
			}
		}
	}
	if n == 0 {
		for _, r := range t.Rows {
			prior[t.Labels[r]]++
			n++
		}
	}
	for c := range prior {
		prior[c] /= float64(n)
	}
	return prior
}

// CorrectPrior divides each probability by the prior of its class and makes
// them sum to one again: what a classifier with even priors would say
// (Saerens, Latinne and Decaestecker, "Adjusting the outputs of a classifier
// to new a priori probabilities", Neural Computation 14, 2002). The class is
// the first of those with the highest. A class without a prior keeps none;
// where that leaves nothing, the scores are as they were.
func CorrectPrior(scores, prior []float64) (correct []float64, class int32) {
	correct = make([]float64, len(scores))
	sum := 0.0
	for c, p := range scores {
		if prior[c] > 0 {
			correct[c] = p / prior[c]
			sum += correct[c]
		}
	}
	if sum == 0 {
		copy(correct, scores)
		sum = 1
	}
	for c := range correct {
		if correct[c] /= sum; correct[c] > correct[class] {
			class = int32(c)
		}
	}
	return correct, class
}

// predictions gives a trial's answers as rows of predictions.parquet: the
// draw is the repeat, and the split bears the first class's share.
func (t *biasTrial) predictions(b *biasRun) []Prediction {
	var rows []Prediction
	for f := range t.said {
		for i := range t.said[f] {
			a := &t.said[f][i]
			m := &b.in.Data.Matrix.Machines[a.Row]
			p := Prediction{
				Hierarchy: datasets.Distribution.String(), Level: 1, Learner: b.learner.Name, Options: b.learner.Options,
				Fields: string(b.fields), Split: fmt.Sprintf("%s %d %%", t.split.Name(), t.percent), Filter: string(b.in.Data.Origin.Policies.Filter),
				Repeat: int32(t.draw), Fold: int32(f), Machine: m.Name, Group: m.Group,
				Truth: b.classes[b.labels[a.Row]], ClassSeen: a.Seen, Kind: t.kind.String(), Scores: a.Scores,
			}
			if a.Class >= 0 {
				p.Predicted, p.Confidence = &b.classes[a.Class], &a.Scores[a.Class]
			}
			rows = append(rows, p)
			if a.corrected != nil {
				p.Split += ", " + corrected
				p.Predicted, p.Confidence, p.Scores = &b.classes[a.correctedClass], &a.corrected[a.correctedClass], a.corrected
				rows = append(rows, p)
			}
		}
	}
	return rows
}
