package experiments

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"tickle/datasets"
	"tickle/learners"
)

// judged is one test row of a scenario: what each learner calls it, and how
// strange each source finds it. Sources are the learners, by their certainty,
// then the detectors.
type judged struct {
	fold    int32
	row     int32
	unknown bool
	seen    bool // a known class with a row in training
	class   []int32
	strange []float64
}

// foldJudged is a fold of a scenario.
type foldJudged struct {
	fold Fold // as it was trained: without rows of unknown classes
	rows []judged
	// quantile and leave are thresholds, one a source; NaN where there was
	// nothing to fit them on.
	quantile, leave []float64
}

// judges are the models and detectors of one training set.
type judges struct {
	models    []learners.Model
	detectors []learners.Novelty
}

// sources is the number of measures of strangeness.
func (n *noveltyRun) sources() int { return len(n.learners) + len(n.detectors) }

// source gives the place of a rule with a learner among the sources.
func (n *noveltyRun) source(rule string, learner int) int {
	if rule == CertaintyRule {
		return learner
	}
	at := slices.IndexFunc(n.detectors, func(d learners.Configured) bool { return d.Name == rule })
	return len(n.learners) + at
}

// judgeAll fits every fold of every scenario and judges its test rows.
func (n *noveltyRun) judgeAll(ctx context.Context, scenarios []scenario) ([][]foldJudged, error) {
	type place struct{ scenario, fold int }
	folds, out := make([][]Fold, len(scenarios)), make([][]foldJudged, len(scenarios))
	var places []place
	for i := range scenarios {
		var err error
		all := make([]int32, len(n.groups))
		for r := range all {
			all[r] = int32(r)
		}
		if folds[i], err = n.split(all, scenarios[i].seed); err != nil {
			return nil, err
		}
		out[i] = make([]foldJudged, len(folds[i]))
		for f := range folds[i] {
			places = append(places, place{i, f})
		}
	}
	done := n.in.counter(len(places))
	err := learners.Parallel(ctx, len(places), n.in.Workers, func(_, i int) error {
		p := places[i]
		s := &scenarios[p.scenario]
		j, err := n.judgeFold(ctx, s, &folds[p.scenario][p.fold])
		if err != nil {
			return fmt.Errorf("unknown %s, fold %d: %w", s.name, p.fold, err)
		}
		out[p.scenario][p.fold] = *j
		done("unknown " + s.name)
		return nil
	})
	return out, err
}

// split cuts rows into grouped folds of row numbers.
func (n *noveltyRun) split(rows []int32, seed uint64) ([]Fold, error) {
	t := &Table{Rows: len(rows), Labels: make([]int32, len(rows)), Groups: make([]int32, len(rows))}
	number := make(map[int32]int32)
	for i, r := range rows {
		g, ok := number[n.groups[r]]
		if !ok {
			g = int32(len(number))
			number[n.groups[r]] = g
		}
		t.Labels[i], t.Groups[i] = n.task.labels[r], g
	}
	folds, err := GroupedFolds{K: n.folds}.Split(t, seed)
	if err != nil {
		return nil, err
	}
	for f := range folds {
		for _, part := range [][]int32{folds[f].Train, folds[f].Test} {
			for i, at := range part {
				part[i] = rows[at]
			}
		}
	}
	return folds, nil
}

// keep gives the rows whose class is (or is not) marked.
func (n *noveltyRun) keep(rows []int32, marked []bool, want bool) []int32 {
	var kept []int32
	for _, r := range rows {
		if marked[n.task.labels[r]] == want {
			kept = append(kept, r)
		}
	}
	return kept
}

// classes counts the classes of rows.
func (n *noveltyRun) classes(rows []int32) int {
	seen := make(map[int32]bool)
	for _, r := range rows {
		seen[n.task.labels[r]] = true
	}
	return len(seen)
}

// judgeFold trains on the fold's rows of known classes, chooses thresholds
// within them, and judges the test rows.
func (n *noveltyRun) judgeFold(ctx context.Context, s *scenario, f *Fold) (*foldJudged, error) {
	train := n.keep(f.Train, s.unknown, false)
	out := &foldJudged{}
	if n.classes(train) < 2 {
		return out, nil
	}
	view := *n
	if n.in.Data.Origin.Policies.Filter == datasets.FilterTrain && n.in.Data.FilterTrain != nil {
		data, err := n.in.Data.FilterTrain(n.fields, train)
		if err != nil {
			return nil, err
		}
		view.data, view.shared = data, learners.NewShared(data)
	}
	seed := s.seed + uint64(f.Fold)
	j, err := view.fit(ctx, train, seed)
	if err != nil {
		return nil, err
	}
	seen := make([]bool, len(n.task.classes))
	for _, r := range train {
		seen[n.task.labels[r]] = true
	}
	out.fold = Fold{Repeat: s.set, Fold: f.Fold, Train: train, Test: f.Test}
	for _, r := range f.Test {
		class := n.task.labels[r]
		out.rows = append(out.rows, view.judge(j, judged{fold: int32(f.Fold), row: r, unknown: s.unknown[class], seen: seen[class]}))
	}
	if out.quantile, err = view.quantile(ctx, train, seed); err != nil {
		return nil, err
	}
	out.leave, err = view.leaveClasses(ctx, train, seed)
	return out, err
}

// fit makes every model and detector on the rows.
func (n *noveltyRun) fit(ctx context.Context, rows []int32, seed uint64) (*judges, error) {
	t := &learners.Train{Data: n.data, Rows: rows, Labels: n.task.labels, Classes: n.task.classes, Seed: seed, Workers: 1, Shared: n.shared}
	j := &judges{}
	for _, l := range n.learners {
		m, err := l.Learner.Fit(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.Label, err)
		}
		j.models = append(j.models, m)
	}
	for _, d := range n.detectors {
		m, err := d.Detector.Fit(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.Label, err)
		}
		j.detectors = append(j.detectors, m)
	}
	return j, nil
}

// judge asks all judges about a row.
func (n *noveltyRun) judge(j *judges, row judged) judged {
	for _, m := range j.models {
		p := m.Predict(row.row)
		row.class = append(row.class, p.Class)
		row.strange = append(row.strange, -slices.Max(p.Scores))
	}
	for _, d := range j.detectors {
		row.strange = append(row.strange, d.Score(row.row))
	}
	return row
}

// acceptKnown is the share of known rows that a fitted threshold accepts.
const acceptKnown = 0.95

// quantile chooses, a source, the threshold that accepts 95 % of the training
// rows when they are judged by models of other groups. Rows whose class those
// models lack decide nothing.
func (n *noveltyRun) quantile(ctx context.Context, train []int32, seed uint64) ([]float64, error) {
	known, _, err := n.inner(ctx, train, seed, make([]int, len(n.task.classes)))
	if err != nil {
		return nil, err
	}
	out := make([]float64, n.sources())
	for s := range out {
		out[s] = acceptAt(column(known, s), acceptKnown)
	}
	return out, nil
}

// leaveClasses chooses, a source, the threshold that best tells classes that
// were left out of the training rows from those kept, by Youden's J; the
// classes are dealt into as many parts as there are folds, and each is left
// out once. NaN where two classes would not be left.
func (n *noveltyRun) leaveClasses(ctx context.Context, train []int32, seed uint64) ([]float64, error) {
	part := make([]int, len(n.task.classes))
	rng := rand.New(rand.NewPCG(seed, noveltyStream+2<<16))
	for i, class := range rng.Perm(len(part)) {
		part[class] = 1 + i%n.folds
	}
	known, unknown, err := n.inner(ctx, train, seed, part)
	if err != nil {
		return nil, err
	}
	out := make([]float64, n.sources())
	for s := range out {
		out[s] = youden(column(known, s), column(unknown, s))
	}
	return out, nil
}

// inner judges the training rows by models of the others: of the f-th inner
// fold, rows of classes whose part is f+1 are in no training set and unknown,
// all of them; the fold's other rows are known, where their class is met.
func (n *noveltyRun) inner(ctx context.Context, train []int32, seed uint64, part []int) (known, unknown []judged, err error) {
	folds, err := n.split(train, seed)
	if err != nil {
		return nil, nil, nil // one group: nothing to choose by
	}
	for f := range folds {
		left := make([]bool, len(part))
		for class, p := range part {
			left[class] = p == f+1
		}
		rows := n.keep(folds[f].Train, left, false)
		if n.classes(rows) < 2 {
			continue
		}
		j, err := n.fit(ctx, rows, seed+uint64(f)+1)
		if err != nil {
			return nil, nil, err
		}
		seen := make([]bool, len(part))
		for _, r := range rows {
			seen[n.task.labels[r]] = true
		}
		for _, r := range n.keep(folds[f].Test, seen, true) {
			known = append(known, n.judge(j, judged{row: r, seen: true}))
		}
		for _, r := range n.keep(train, left, true) {
			unknown = append(unknown, n.judge(j, judged{row: r, unknown: true}))
		}
	}
	return known, unknown, nil
}

// column gives one source's scores, ascending.
func column(rows []judged, source int) []float64 {
	out := make([]float64, len(rows))
	for i := range rows {
		out[i] = rows[i].strange[source]
	}
	slices.Sort(out)
	return out
}

// acceptAt is the least of ascending scores at or below which the given share
// of them lies; NaN of none.
func acceptAt(scores []float64, share float64) float64 {
	if len(scores) == 0 {
		return math.NaN()
	}
	at := int(math.Ceil(share*float64(len(scores)) - 1e-9))
	return scores[max(at, 1)-1]
}

// youden is the threshold that maximises accepted known less accepted unknown
// (Youden 1950), the highest of equals; NaN without either. Both are
// ascending.
func youden(known, unknown []float64) float64 {
	if len(known) == 0 || len(unknown) == 0 {
		return math.NaN()
	}
	best, at := math.Inf(-1), math.NaN()
	for _, t := range known {
		if j := below(known, t) - below(unknown, t); j >= best {
			best, at = j, t
		}
	}
	return at
}

// below is the share of ascending scores at or below t; NaN of none.
func below(scores []float64, t float64) float64 {
	if len(scores) == 0 {
		return math.NaN()
	}
	at, _ := slices.BinarySearchFunc(scores, t, func(s, t float64) int {
		if s <= t {
			return -1
		}
		return 1
	})
	return float64(at) / float64(len(scores))
}

// area is the share of pairs in which the unknown row scores higher than the
// known, ties half (AUROC, by Mann and Whitney's count). Both are ascending
// and not empty.
func area(known, unknown []float64) float64 {
	halves, less, notMore := 0, 0, 0 // half pairs won; known below, and not above
	for _, u := range unknown {
		for less < len(known) && known[less] < u {
			less++
		}
		for notMore < len(known) && known[notMore] <= u {
			notMore++
		}
		halves += less + notMore
	}
	return float64(halves) / float64(2*len(known)*len(unknown))
}
