package experiments

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"tickle/datasets"
	"tickle/experiments/stats"
	"tickle/learners"
	"tickle/learners/nmap6"
	"tickle/learners/novelty"
)

// VectorNoveltyRow is what a rule, alone or with others, is worth for noticing
// vectors of systems that were not in training.
type VectorNoveltyRow struct {
	Vectors string `json:"vectors" doc:"scanned: answers of machines; recovered: classes of one or two prints of a shipped model"`
	Level   int    `json:"level" doc:"of the labels that are trained on"`
	Unknown string `json:"unknown" doc:"family (label of level 0) left out of training"`
	Rule    string `json:"rule" doc:"mahalanobis: Nmap's novelty of the best class; certainty: one minus its probability; lof: of 5 neighbours; joined by +: the mean of their percentiles among out-of-fold scores of training vectors"`
	AUROC   Number `json:"auroc" decimals:"3" doc:"probability that an unknown vector scores stranger than a known one, ties half"`
	Low     Number `json:"auroc_low" decimals:"3" doc:"95 % interval by DeLong, vectors taken for independent"`
	High    Number `json:"auroc_high" decimals:"3"`
	// Nmap's own constant, of its own rule alone.
	ConstantKnown    Number `json:"known_below_15" unit:"share" decimals:"3" doc:"mahalanobis: known vectors below Nmap's threshold"`
	ConstantAccepted Number `json:"unknown_below_15" unit:"share" decimals:"3" doc:"mahalanobis: unknown vectors below it"`
	P                Number `json:"p" decimals:"4" doc:"of the same area as mahalanobis, by DeLong"`
	Holm             Number `json:"p_holm" decimals:"4" doc:"corrected for all rows"`
	Known            int    `json:"n_known"`
	NUnknown         int    `json:"n_unknown"`
	Verdict          string `json:"verdict" doc:"against mahalanobis; cannot tell where p_holm is 0.05 or more, with fewer than 30 groups of known or 10 unknown vectors, and of recovered vectors"`
}

// The rules, and which of them are joined: each alone, pairs, all.
const (
	nmapNovelty  = "mahalanobis"
	nmapSureness = "certainty"
	lofNovelty   = "lof"
)

var vectorRules = []string{nmapNovelty, nmapSureness, lofNovelty}

var joinedRules = [][]int{{0}, {1}, {2}, {0, 1}, {0, 2}, {1, 2}, {0, 1, 2}}

var vectorNovelty = Entry{
	Name:    "vector-novelty",
	Title:   "Novelty of IPv6 answers",
	Summary: "Nmap's novelty, certainty and the local outlier factor, alone and joined, at noticing families left out of the training of Nmap's IPv6 classifier.",
	Options: []Option{
		{Name: "level", Default: "1", Doc: "level of the labels", Values: []string{"0", "1", "2"}},
		{Name: "folds", Default: "5", Doc: "folds of the known vectors, 2 or more; groups are kept whole"},
	},
	NeedsVectors: true,
	Rows:         []VectorNoveltyRow{},
	Run:          runVectorNovelty,
}

func runVectorNovelty(ctx context.Context, in *Input) (*Result, error) {
	studies, r, err := in.vectorStudies()
	if err != nil {
		return nil, err
	}
	rows := []VectorNoveltyRow{}
	for i := range studies {
		n := &vectorNoveltyRun{studies[i]}
		families := map[string]int{}
		for i := range n.set.rows {
			families[n.machine(i).Labels.At(datasets.Kernel, 0)]++
		}
		if len(families) < 2 {
			r.Warnings = append(r.Warnings, Warning{Code: WarnFewClasses, Cell: n.set.source, Text: "one family: none can be left out"})
			continue
		}
		for _, f := range sortedKeys(families) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if families[f] < 2 || len(n.set.vectors)-families[f] < 2*n.folds {
				continue
			}
			more, err := n.leaveOut(ctx, f)
			if err != nil {
				return nil, fmt.Errorf("%s, without %s: %w", n.set.source, f, err)
			}
			rows = append(rows, more...)
		}
	}
	judgeNovelty(rows)
	r.Rows = rows
	return r, nil
}

// enoughUnknown is how many unknown vectors a verdict wants: the test's normal
// approximation says nothing with fewer.
const enoughUnknown = 10

// vectorNoveltyRun is the study of one set of vectors.
type vectorNoveltyRun struct{ vectorStudy }

// split numbers the set's vectors by whether they are of a family.
func (n *vectorNoveltyRun) split(family string) (known, unknown []int) {
	for i := range n.set.rows {
		if n.machine(i).Labels.At(datasets.Kernel, 0) == family {
			unknown = append(unknown, i)
		} else {
			known = append(known, i)
		}
	}
	return known, unknown
}

// leaveOut scores the known vectors out of fold, and those of a family by the
// mean over the folds' models.
func (n *vectorNoveltyRun) leaveOut(ctx context.Context, family string) ([]VectorNoveltyRow, error) {
	known, unknown := n.split(family)
	parts, groups, err := n.cut(known)
	if err != nil {
		return nil, err
	}
	ofKnown, ofUnknown := make([][]float64, len(known)), make([][]float64, len(unknown))
	for i := range ofUnknown {
		ofUnknown[i] = make([]float64, len(joinedRules)+1)
	}
	err = learners.Parallel(ctx, len(parts), 1, func(_, f int) error {
		scores, err := n.fold(ctx, known, unknown, &parts[f])
		if err != nil {
			return err
		}
		for i, row := range parts[f].Test {
			ofKnown[row] = scores[i]
		}
		for i := range unknown {
			for k, v := range scores[len(parts[f].Test)+i] {
				ofUnknown[i][k] += v / float64(len(parts))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return n.rows(family, groups, ofKnown, ofUnknown), nil
}

// cut makes grouped folds of the known vectors.
func (n *vectorNoveltyRun) cut(known []int) ([]Fold, int, error) {
	t, _ := n.table(known)
	groups := int(slices.Max(t.Groups)) + 1
	folds, err := GroupedFolds{min(n.folds, groups), 1}.Split(t, n.in.Seed)
	return folds, groups, err
}

// fold gives the scores of a fold's test vectors, then of the unknown: of each
// of joinedRules, and last Nmap's novelty as it is.
func (n *vectorNoveltyRun) fold(ctx context.Context, known, unknown []int, f *Fold) ([][]float64, error) {
	pick := func(rows []int32) []nmap6.LabelledVector {
		var of []nmap6.LabelledVector
		for _, r := range rows {
			of = append(of, n.set.vectors[known[r]])
		}
		return of
	}
	train, ask := pick(f.Train), pick(f.Test)
	for _, i := range unknown {
		ask = append(ask, n.set.vectors[i])
	}
	raw, err := ruleScores(ctx, train, ask)
	if err != nil {
		return nil, err
	}
	reference, err := outOfFold(ctx, train)
	if err != nil {
		return nil, err
	}
	scores := make([][]float64, len(ask))
	for i := range scores {
		for _, rules := range joinedRules {
			scores[i] = append(scores[i], joined(raw[i], reference, rules))
		}
		scores[i] = append(scores[i], raw[i][0])
	}
	return scores, nil
}

// joined is a rule's own score, or the mean of several rules' percentiles.
func joined(raw []float64, reference [][]float64, rules []int) float64 {
	if len(rules) == 1 {
		return raw[rules[0]]
	}
	sum := 0.0
	for _, rule := range rules {
		below := 0
		for _, r := range reference {
			if r[rule] <= raw[rule] {
				below++
			}
		}
		sum += float64(below) / float64(len(reference)) / float64(len(rules))
	}
	return sum
}

// outOfFold scores training vectors by models that were trained without them,
// in three parts.
func outOfFold(ctx context.Context, train []nmap6.LabelledVector) ([][]float64, error) {
	const parts = 3
	var all [][]float64
	for p := range parts {
		var rest, part []nmap6.LabelledVector
		for i := range train {
			if i%parts == p {
				part = append(part, train[i])
			} else {
				rest = append(rest, train[i])
			}
		}
		if len(part) == 0 || len(rest) == 0 {
			continue
		}
		scores, err := ruleScores(ctx, rest, part)
		if err != nil {
			return nil, err
		}
		all = append(all, scores...)
	}
	return all, nil
}

// ruleScores gives the score of each of vectorRules for the vectors asked
// about.
func ruleScores(ctx context.Context, train, ask []nmap6.LabelledVector) ([][]float64, error) {
	m, err := nmap6.Train(ctx, train, nmap6.TrainOptions{Workers: 1})
	if err != nil {
		return nil, err
	}
	outliers, err := outlierFactors(ctx, m, train, ask)
	if err != nil {
		return nil, err
	}
	scores := make([][]float64, len(ask))
	for i := range ask {
		best := m.Classify(&ask[i].Vector).Matches[0]
		scores[i] = []float64{best.Novelty, 1 - best.Probability, outliers[i]}
	}
	return scores, nil
}

// outlierFactors gives the local outlier factor of the vectors asked about
// among the training vectors, all scaled.
func outlierFactors(ctx context.Context, m *nmap6.Model, train, ask []nmap6.LabelledVector) ([]float64, error) {
	all := slices.Concat(train, ask)
	matrix := &datasets.Matrix{Machines: make([]datasets.Machine, len(all))}
	for _, name := range m.Features {
		matrix.Numbers = append(matrix.Numbers, datasets.NumericColumn{Name: name, Cells: make([]float64, len(all))})
	}
	t := &learners.Train{Labels: make([]int32, len(all)), Classes: []string{"known"}, Workers: 1}
	for r := range all {
		for i, v := range m.Scaled(&all[r].Vector) {
			matrix.Numbers[i].Cells[r] = v
		}
		if r < len(train) {
			t.Rows = append(t.Rows, int32(r))
		}
	}
	t.Data = matrix.All()
	detectors, err := learners.NewRegistry(novelty.Entries()...).Parse(fmt.Sprintf("lof:k=%d", max(1, min(5, len(train)-1))))
	if err != nil {
		return nil, err
	}
	d, err := detectors[0].Detector.Fit(ctx, t)
	if err != nil {
		return nil, err
	}
	factors := make([]float64, len(ask))
	for i := range factors {
		factors[i] = min(d.Score(int32(len(train)+i)), math.MaxFloat64)
	}
	return factors, nil
}

// rows compares the rules with Nmap's own.
func (n *vectorNoveltyRun) rows(family string, groups int, known, unknown [][]float64) []VectorNoveltyRow {
	column := func(of [][]float64, k int) []float64 {
		var c []float64
		for _, row := range of {
			c = append(c, row[k])
		}
		return c
	}
	own := stats.DeLong(column(unknown, 0), column(known, 0))
	var rows []VectorNoveltyRow
	for k, rules := range joinedRules {
		var names []string
		for _, r := range rules {
			names = append(names, vectorRules[r])
		}
		a := stats.DeLong(column(unknown, k), column(known, k))
		half := 1.959964 * math.Sqrt(a.Variance)
		row := VectorNoveltyRow{Vectors: n.set.source, Level: n.level, Unknown: family, Rule: strings.Join(names, "+"), AUROC: Number(a.Area),
			Low: Number(max(0, a.Area-half)), High: Number(min(1, a.Area+half)), ConstantKnown: NA, ConstantAccepted: NA, P: NA, Holm: NA, Known: len(known), NUnknown: len(unknown)}
		if k == 0 {
			last := len(joinedRules)
			row.ConstantKnown, row.ConstantAccepted = accepted(column(known, last)), accepted(column(unknown, last))
		} else {
			row.P = Number(stats.CompareAUROC(a, own).P)
			if row.Verdict = "cannot tell"; n.set.source == scannedRows && groups >= enoughGroups && len(unknown) >= enoughUnknown && a.Area != own.Area {
				row.Verdict = "better"
				if a.Area < own.Area {
					row.Verdict = "worse"
				}
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// accepted is the share of novelties that Nmap accepts.
func accepted(novelties []float64) Number {
	n := 0
	for _, v := range novelties {
		if v < nmap6.NoveltyThreshold {
			n++
		}
	}
	return Number(float64(n) / float64(len(novelties)))
}

// judgeNovelty corrects the tests for their number, and takes back what they do
// not bear.
func judgeNovelty(rows []VectorNoveltyRow) {
	var p []float64
	for i := range rows {
		if !rows[i].P.IsNA() {
			p = append(p, float64(rows[i].P))
		}
	}
	holm := stats.Holm(p)
	for i := range rows {
		row := &rows[i]
		if !row.P.IsNA() {
			row.Holm, holm = Number(holm[0]), holm[1:]
		}
		if row.Verdict != "" && !(row.Holm < 0.05) {
			row.Verdict = "cannot tell"
		}
	}
}
