package experiments

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/nmap6"
)

// vectorCell is what answers are kept by.
type vectorCell struct{ learner, missing, masked string }

// vectorAnswer is what was said of a vector: a class, or learners.Abstain, and
// the classes' probabilities, nil where there are none.
type vectorAnswer struct {
	class  int32
	scores []float64
}

// vectorTrial compares classifiers on one set of vectors.
type vectorTrial struct {
	vectorStudy
	resamples int

	classes []string
	labels  []int32
	seen    []bool // whether a vector's class is in the training rows of its fold
	groupOf []int
	groups  int
	fold    []Fold
	said    map[vectorCell][]vectorAnswer // of each vector
}

// prepare numbers classes and groups, and cuts the folds.
func (t *vectorTrial) prepare() error {
	all := make([]int, len(t.set.vectors))
	for i := range all {
		all[i] = i
	}
	table, classes := t.table(all)
	if len(classes) < 2 {
		return fmt.Errorf("%d classes: want two or more", len(classes))
	}
	t.classes, t.labels, t.seen = classes, table.Labels, make([]bool, len(all))
	for _, g := range table.Groups {
		t.groupOf = append(t.groupOf, int(g))
	}
	t.groups = slices.Max(t.groupOf) + 1
	var err error
	t.fold, err = GroupedFolds{t.folds, 1}.Split(table, t.in.Seed)
	for _, f := range t.fold {
		trained := make([]bool, len(classes))
		for _, r := range f.Train {
			trained[t.labels[r]] = true
		}
		for _, r := range f.Test {
			t.seen[r] = trained[t.labels[r]]
		}
	}
	return err
}

// run fits everything on every fold.
func (t *vectorTrial) run(ctx context.Context) error {
	ways := t.in.list("missing")
	type task struct{ fold, way int }
	var tasks []task
	for f := range t.fold {
		for w := range ways {
			tasks = append(tasks, task{f, w})
		}
	}
	for _, way := range ways {
		for _, l := range t.labelsOfLearners() {
			for _, m := range vectorMasks {
				t.said[vectorCell{l, way, m.name}] = make([]vectorAnswer, len(t.labels))
			}
		}
	}
	tell := t.in.counter(len(tasks))
	return learners.Parallel(ctx, len(tasks), t.in.Workers, func(_, i int) error {
		defer tell(t.set.source)
		return t.fit(ctx, &t.fold[tasks[i].fold], ways[tasks[i].way])
	})
}

func (t *vectorTrial) labelsOfLearners() []string {
	names := []string{nmap6Label}
	for i := range t.in.Learners {
		names = append(names, t.in.Learners[i].Label)
	}
	return names
}

// fit trains on one fold with one way of filling, and asks for its test rows
// under each mask.
func (t *vectorTrial) fit(ctx context.Context, f *Fold, way string) error {
	var train []nmap6.LabelledVector
	for _, r := range f.Train {
		train = append(train, t.set.vectors[r])
	}
	// Its scale is that of the training rows.
	plain, err := nmap6.Train(ctx, train, nmap6.TrainOptions{Workers: 1})
	if err != nil {
		return err
	}
	x := make([][]float64, 0, len(f.Train)+len(f.Test)*len(vectorMasks))
	for i := range train {
		x = append(x, plain.Scaled(&train[i].Vector))
	}
	fill, err := newFiller(way, slices.Clone(x))
	if err != nil {
		return err
	}
	for _, m := range vectorMasks {
		for _, r := range f.Test {
			x = append(x, plain.Scaled(m.apply(t.set.vectors[r].Vector)))
		}
	}
	for i := range x {
		x[i] = treat(x[i], way, fill)
	}
	if err := t.askNmap(ctx, f, way, x); err != nil {
		return err
	}
	return t.askLearners(ctx, f, way, x)
}

// apply takes a mask's answers from a vector.
func (m *mask) apply(v nmap6.Vector) *nmap6.Vector {
	for i, name := range nmap6.Features {
		probe := nmap6.FeatureProbe(name)
		if slices.Contains(m.probes, probe) || probe == "" && slices.Contains(m.probes, "S1") {
			v[i] = nmap6.Missing
		}
	}
	return &v
}

// treat gives a scaled vector as a way has it.
func treat(x []float64, way string, fill filler) []float64 {
	unanswered := unansweredIn(x)
	switch {
	case fill != nil:
		return fill.fill(x, unanswered)
	case way == ownWay:
		out := slices.Clone(x)
		for i := range out {
			if unanswered[probeOf[i]] {
				out[i] = math.NaN()
			}
		}
		return out
	}
	return x
}

// askNmap trains Nmap's classifier on the rows as they are filled; what is
// missing is -1 for it.
func (t *vectorTrial) askNmap(ctx context.Context, f *Fold, way string, x [][]float64) error {
	vector := func(row []float64) (v nmap6.Vector) {
		for i, value := range row {
			if v[i] = value; math.IsNaN(value) {
				v[i] = nmap6.Missing
			}
		}
		return v
	}
	train := make([]nmap6.LabelledVector, len(f.Train))
	for i, r := range f.Train {
		train[i] = nmap6.LabelledVector{Label: t.set.vectors[r].Label, Vector: vector(x[i])}
	}
	unscaled := make([]nmap6.Scale, nmap6.NumFeatures)
	for i := range unscaled {
		unscaled[i].B = 1
	}
	m, err := nmap6.Train(ctx, train, nmap6.TrainOptions{Scale: unscaled, Workers: 1})
	if err != nil {
		return err
	}
	at := make([]int, len(m.Classes)) // in t.classes
	for k := range m.Classes {
		at[k] = slices.Index(t.classes, m.Classes[k].Name)
	}
	t.answer(f, vectorCell{nmap6Label, way, ""}, func(row int) vectorAnswer {
		v := vector(x[row])
		best, _ := m.Best(&v)
		a := vectorAnswer{int32(at[best]), make([]float64, len(t.classes))}
		p := m.Probabilities(&v)
		total := floats.Sum(p)
		for k := range p {
			a.scores[at[k]] = p[k] / total
		}
		return a
	})
	return nil
}

// askLearners trains the other learners.
func (t *vectorTrial) askLearners(ctx context.Context, f *Fold, way string, x [][]float64) error {
	m := &datasets.Matrix{Machines: make([]datasets.Machine, len(x))}
	for i, name := range nmap6.Features {
		c := datasets.NumericColumn{Name: name, Cells: make([]float64, len(x))}
		for r := range x {
			c.Cells[r] = x[r][i]
		}
		m.Numbers = append(m.Numbers, c)
	}
	train := &learners.Train{Data: m.All(), Labels: make([]int32, len(x)), Classes: t.classes, Seed: fitSeed(t.in.Seed, f), Workers: 1}
	for i, r := range f.Train {
		m.Machines[i] = *t.machine(int(r)) // whose group learners may hold out
		train.Rows = append(train.Rows, int32(i))
		train.Labels[i] = t.labels[r]
	}
	for i := range t.in.Learners {
		l := &t.in.Learners[i]
		model, err := l.Learner.Fit(ctx, train)
		if err != nil {
			return fmt.Errorf("learner %s: %w", l.Label, err)
		}
		t.answer(f, vectorCell{l.Label, way, ""}, func(row int) vectorAnswer {
			p := model.Predict(int32(row))
			if model.Kind() != learners.Probability {
				p.Scores = nil
			}
			return vectorAnswer{p.Class, p.Scores}
		})
	}
	return nil
}

// answer notes what a classifier says of the test rows under each mask. Folds
// write to rows of their own.
func (t *vectorTrial) answer(f *Fold, cell vectorCell, says func(row int) vectorAnswer) {
	row := len(f.Train)
	for _, m := range vectorMasks {
		cell.masked = m.name
		said := t.said[cell]
		for _, r := range f.Test {
			said[r] = says(row)
			row++
		}
	}
}
