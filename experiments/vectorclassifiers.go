package experiments

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"tickle/datasets"
	"tickle/experiments/stats"
	"tickle/learners"
	"tickle/learners/nmap6"
)

// VectorRow is how well a classifier does on vectors of IPv6 answers, with
// some of the test's answers taken away.
type VectorRow struct {
	Vectors    string `json:"vectors" doc:"scanned: answers of machines; recovered: classes of one or two prints of a shipped model"`
	Level      int    `json:"level" doc:"of the labels"`
	Learner    string `json:"learner" doc:"nmap6 is Nmap's own"`
	Missing    string `json:"missing" doc:"what stands for probes without an answer: -1; missing: the learner's own way; k-nn; regression"`
	Masked     string `json:"masked" doc:"probes whose answers the tests lost"`
	Right      int    `json:"right"`
	N          int    `json:"n" doc:"vectors"`
	Accuracy   Number `json:"accuracy" unit:"share" decimals:"3"`
	Low        Number `json:"accuracy_low" unit:"share" decimals:"3" doc:"95 % interval over groups: BCa bootstrap; Wilson where a group is one vector"`
	High       Number `json:"accuracy_high" unit:"share" decimals:"3"`
	Difference Number `json:"difference" unit:"share" decimals:"3" doc:"from nmap6 with -1 under the same mask"`
	P          Number `json:"p" decimals:"4" doc:"of no difference: sign-flip test over groups"`
	Holm       Number `json:"p_holm" decimals:"4" doc:"corrected for all rows of the same vectors"`
	Verdict    string `json:"verdict" doc:"cannot tell where p_holm is 0.05 or more, with fewer than 30 groups, and of recovered vectors, which are partly guessed"`
}

// mask is a group of probes whose answers may be lost together.
type mask struct {
	name   string
	probes []string
}

// vectorMasks are what a network takes away: one group at a time.
var vectorMasks = []mask{
	{"none", nil},
	{"closed port", []string{"T5", "T6", "T7"}},
	{"UDP", []string{"U1"}},
	{"ICMPv6 echo", []string{"IE1", "IE2"}},
	{"neighbour", []string{"NS"}},
	{"all ICMPv6", []string{"IE1", "IE2", "NS", "U1"}},
	{"SYN tests", []string{"S1", "S2", "S3", "S4", "S5", "S6"}},
	{"T2 to T7", []string{"T2", "T3", "T4", "T5", "T6", "T7"}},
}

const nmap6Label = "nmap6"

var vectorClassifiers = Entry{
	Name:    "vectors",
	Title:   "Classifiers of IPv6 answers",
	Summary: "Learners against Nmap's IPv6 classifier on the same folds, with missing answers as -1 or filled in, and with groups of the tests' answers taken away.",
	Options: []Option{
		vectorLevel,
		{Name: "folds", Default: "10", Doc: "folds of the cross-validation, 2 or more; groups are kept whole"},
		{Name: "missing", Default: "-1,missing,k-nn,regression", Doc: "what stands for probes without an answer", Values: []string{minusOne, ownWay, byNearest, regression}, List: true},
		{Name: "resamples", Default: "2000", Doc: "bootstrap resamples of the intervals"},
	},
	NeedsVectors: true,
	Rows:         []VectorRow{},
	Run:          runVectors,
}

func runVectors(ctx context.Context, in *Input) (*Result, error) {
	level, err := in.integer("level", 0)
	if err != nil {
		return nil, err
	}
	folds, err := in.integer("folds", 2)
	if err != nil {
		return nil, err
	}
	resamples, err := in.integer("resamples", 1)
	if err != nil {
		return nil, err
	}
	sets, warnings, err := in.vectors(level)
	if err != nil {
		return nil, err
	}
	r := &Result{Warnings: warnings, scope: in.vectorScope(sets)}
	rows := []VectorRow{}
	for i := range sets {
		t := &vectorTrial{in: in, set: &sets[i], level: level, folds: folds, resamples: resamples, right: map[vectorCell][]bool{}}
		if err := t.prepare(); err != nil {
			r.Warnings = append(r.Warnings, Warning{Code: WarnFewClasses, Cell: sets[i].source, Text: err.Error()})
			continue
		}
		if err := t.run(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", sets[i].source, err)
		}
		rows = append(rows, t.rows()...)
		if !t.enough() {
			r.Warnings = append(r.Warnings, Warning{Code: WarnSmallN, Cell: sets[i].source,
				Text: fmt.Sprintf("%d vectors, %d groups: too few, or too much guessed, to tell classifiers apart; every verdict is cannot tell", len(t.set.vectors), t.groups)})
		}
	}
	r.Rows = rows
	return r, nil
}

// vectorCell is what answers are kept by.
type vectorCell struct{ learner, missing, masked string }

// vectorTrial compares classifiers on one set of vectors.
type vectorTrial struct {
	in        *Input
	set       *vectorRows
	level     int
	folds     int
	resamples int

	classes []string
	labels  []int32
	groupOf []int
	groups  int
	fold    []Fold
	right   map[vectorCell][]bool
}

// prepare numbers classes and groups, and cuts the folds.
func (t *vectorTrial) prepare() error {
	at := map[string]int{}
	groups := map[string]int{}
	machines := make([]datasets.Machine, len(t.set.rows))
	for i, r := range t.set.rows {
		machines[i] = t.in.Data.Matrix.Machines[r]
		if _, ok := groups[machines[i].Group]; !ok {
			groups[machines[i].Group] = len(groups)
		}
		t.groupOf = append(t.groupOf, groups[machines[i].Group])
		at[t.set.vectors[i].Label] = 0
	}
	t.groups, t.classes = len(groups), sortedKeys(at)
	for i, c := range t.classes {
		at[c] = i
	}
	table := &Table{Rows: len(machines), Machines: machines, Hierarchy: datasets.Kernel, Level: t.level}
	for i := range machines {
		t.labels = append(t.labels, int32(at[t.set.vectors[i].Label]))
		table.Groups = append(table.Groups, int32(t.groupOf[i]))
	}
	table.Labels = t.labels
	if len(t.classes) < 2 {
		return fmt.Errorf("%d classes: want two or more", len(t.classes))
	}
	var err error
	t.fold, err = GroupedFolds{t.folds, 1}.Split(table, t.in.Seed)
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
				t.right[vectorCell{l, way, m.name}] = make([]bool, len(t.labels))
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
	t.answer(f, vectorCell{nmap6Label, way, ""}, func(row int) string {
		v := vector(x[row])
		best, _ := m.Best(&v)
		return m.Classes[best].Name
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
		train.Rows = append(train.Rows, int32(i))
		train.Labels[i] = t.labels[r]
	}
	for i := range t.in.Learners {
		l := &t.in.Learners[i]
		model, err := l.Learner.Fit(ctx, train)
		if err != nil {
			return fmt.Errorf("learner %s: %w", l.Label, err)
		}
		t.answer(f, vectorCell{l.Label, way, ""}, func(row int) string {
			if c := model.Predict(int32(row)).Class; c >= 0 {
				return t.classes[c]
			}
			return ""
		})
	}
	return nil
}

// answer notes what a classifier says of the test rows under each mask. Folds
// write to rows of their own.
func (t *vectorTrial) answer(f *Fold, cell vectorCell, says func(row int) string) {
	row := len(f.Train)
	for _, m := range vectorMasks {
		cell.masked = m.name
		right := t.right[cell]
		for _, r := range f.Test {
			right[r] = says(row) == t.set.vectors[r].Label
			row++
		}
	}
}

// enoughGroups is how many groups a verdict wants.
const enoughGroups = 30

// enough reports whether there are vectors enough for a verdict, and whether
// they are such as were measured.
func (t *vectorTrial) enough() bool { return t.set.source == scannedRows && t.groups >= enoughGroups }

func (t *vectorTrial) rows() []VectorRow {
	var rows []VectorRow
	var p []float64
	for _, m := range vectorMasks {
		base := t.right[vectorCell{nmap6Label, minusOne, m.name}]
		for _, l := range t.labelsOfLearners() {
			for _, way := range t.in.list("missing") {
				right := t.right[vectorCell{l, way, m.name}]
				row := VectorRow{Vectors: t.set.source, Level: t.level, Learner: l, Missing: way, Masked: m.name, N: len(right), Difference: NA, P: NA, Holm: NA}
				for _, ok := range right {
					if ok {
						row.Right++
					}
				}
				row.Accuracy = Number(float64(row.Right) / float64(row.N))
				interval := shareInterval(right, t.groupOf, t.groups, rand.NewPCG(t.in.Seed, bootstrapStream), t.resamples)
				row.Low, row.High = Number(interval.Low), Number(interval.High)
				if base != nil && (l != nmap6Label || way != minusOne) {
					t.compare(&row, base, right)
					p = append(p, float64(row.P))
				}
				rows = append(rows, row)
			}
		}
	}
	holm := stats.Holm(p)
	for i := range rows {
		if !rows[i].P.IsNA() {
			rows[i].Holm, holm = Number(holm[0]), holm[1:]
			rows[i].Verdict = t.verdict(&rows[i])
		}
	}
	return rows
}

// compare holds a row against Nmap's own, group by group.
func (t *vectorTrial) compare(row *VectorRow, base, right []bool) {
	difference := make([]int, t.groups)
	total := 0
	for i := range right {
		switch {
		case right[i] && !base[i]:
			difference[t.groupOf[i]]++
			total++
		case base[i] && !right[i]:
			difference[t.groupOf[i]]--
			total--
		}
	}
	row.Difference = Number(float64(total) / float64(len(right)))
	row.P = Number(stats.SignFlip(difference).P)
}

func (t *vectorTrial) verdict(row *VectorRow) string {
	switch {
	case !t.enough() || !(row.Holm < 0.05):
		return "cannot tell"
	case row.Difference > 0:
		return "better"
	}
	return "worse"
}
