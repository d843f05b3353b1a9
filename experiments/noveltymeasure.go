package experiments

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"tickle/experiments/stats"
	"tickle/learners"
)

// noveltyCount counts what one threshold a fold accepts.
type noveltyCount struct {
	known, unknown, right   int // accepted; right are known and named right
	allKnown, allUnknown    int
	singles, singlesOf      int // accepted, and all, of known classes not in training
	thresholds, thresholdOf float64
}

func ratio(a, b int) Number {
	if b == 0 {
		return NA
	}
	return Number(float64(a) / float64(b))
}

// noveltySeries is one rule with one learner.
type noveltySeries struct {
	rule    string
	learner int
	source  int
}

// rows makes the measures and curves of every rule with every learner.
func (n *noveltyRun) rows(scenarios []scenario, folds [][]foldJudged) ([]NoveltyRow, []Warning) {
	var rows, points []NoveltyRow
	var warnings []Warning
	families, random := n.byName(scenarios)
	for _, rule := range n.rules {
		for l := range n.learners {
			s := noveltySeries{rule, l, n.source(rule, l)}
			for _, i := range families {
				rows = append(rows, n.measure(&s, scenarios[i].name, folds[i:i+1]))
			}
			if len(random) > 0 {
				sets := folds[random[0] : random[len(random)-1]+1]
				rows = append(rows, n.measure(&s, RandomSets, sets))
				points = append(points, n.curve(&s, sets)...)
			}
		}
	}
	for i := range rows {
		if r := &rows[i]; (r.N < 20 || r.NUnknown < 5) && r.Learner == rows[0].Learner && r.Rule == rows[0].Rule {
			warnings = append(warnings, Warning{WarnCannotTell, n.task.String() + ", unknown " + r.Unknown,
				fmt.Sprintf("cannot tell: %d tests of known and %d of unknown machines", r.N, r.NUnknown)})
		}
	}
	return append(rows, points...), warnings
}

// byName gives the places of the families and of the random sets, which stand
// together.
func (n *noveltyRun) byName(scenarios []scenario) (families, random []int) {
	for i := range scenarios {
		if scenarios[i].name == RandomSets {
			random = append(random, i)
		} else {
			families = append(families, i)
		}
	}
	return families, random
}

// row is the beginning of a row.
func (n *noveltyRun) row(kind string, s *noveltySeries, unknown string) NoveltyRow {
	return NoveltyRow{
		Kind: kind, Hierarchy: n.task.hierarchy.String(), Level: n.task.level, Fields: string(n.fields),
		Rule: s.rule, Learner: n.learners[s.learner].Label, Unknown: unknown,
		AUROC: NA, Low: NA, High: NA, FPR95: NA, OSCR: NA, Threshold: NA, Share: NA, Correct: NA,
		ConstantKnown: NA, ConstantAccepted: NA,
	}
}

// measure sums up sets of one kind: counts over all of them, areas as the
// mean over sets.
func (n *noveltyRun) measure(s *noveltySeries, unknown string, sets [][]foldJudged) NoveltyRow {
	r := n.row(NoveltyMeasure, s, unknown)
	var areas, fprs, oscrs []float64
	for _, set := range sets {
		known, strange := n.scores(s, set)
		if len(known) == 0 || len(strange) == 0 {
			continue
		}
		areas = append(areas, area(known, strange))
		fprs = append(fprs, below(strange, acceptAt(known, acceptKnown)))
		oscrs = append(oscrs, n.oscr(s, set))
	}
	if len(areas) > 0 {
		r.AUROC, r.FPR95, r.OSCR = Number(mean(areas)), Number(mean(fprs)), Number(mean(oscrs))
		in := n.spread(s, areas, sets)
		r.Low, r.High = Number(in.Low), Number(in.High)
	}
	fitted := n.count(s, sets, func(f *foldJudged) float64 { return thresholdOf(f.quantile, s.source) })
	r.Known, r.Accepted, r.Right = ratio(fitted.known, fitted.allKnown), ratio(fitted.unknown, fitted.allUnknown), ratio(fitted.right, fitted.known+fitted.unknown)
	r.Singletons, r.SingletonsAccepted = fitted.singlesOf, ratio(fitted.singles, fitted.singlesOf)
	r.N, r.NUnknown, r.Sets = fitted.allKnown, fitted.allUnknown, len(sets)
	r.Share, r.Correct = ratio(fitted.known+fitted.unknown, fitted.allKnown+fitted.allUnknown), ratio(fitted.right, fitted.allKnown)
	left := n.count(s, sets, func(f *foldJudged) float64 { return thresholdOf(f.leave, s.source) })
	r.LeaveKnown, r.LeaveAccepted, r.LeaveRight = ratio(left.known, left.allKnown), ratio(left.unknown, left.allUnknown), ratio(left.right, left.known+left.unknown)
	if s.rule == "mahalanobis" {
		at := n.count(s, sets, func(*foldJudged) float64 { return n.constant })
		r.ConstantKnown, r.ConstantAccepted = ratio(at.known, at.allKnown), ratio(at.unknown, at.allUnknown)
	}
	return r
}

func thresholdOf(thresholds []float64, source int) float64 {
	if thresholds == nil {
		return math.NaN()
	}
	return thresholds[source]
}

// scores gives a set's scores of known and of unknown rows, ascending.
// Classes without a row in training are neither.
func (n *noveltyRun) scores(s *noveltySeries, set []foldJudged) (known, unknown []float64) {
	for f := range set {
		for i := range set[f].rows {
			switch row := &set[f].rows[i]; {
			case row.unknown:
				unknown = append(unknown, row.strange[s.source])
			case row.seen:
				known = append(known, row.strange[s.source])
			}
		}
	}
	slices.Sort(known)
	slices.Sort(unknown)
	return known, unknown
}

// count counts what a threshold accepts; folds where it is NaN are left out.
func (n *noveltyRun) count(s *noveltySeries, sets [][]foldJudged, threshold func(*foldJudged) float64) noveltyCount {
	var c noveltyCount
	for _, set := range sets {
		for f := range set {
			t := threshold(&set[f])
			if math.IsNaN(t) {
				continue
			}
			c.thresholds, c.thresholdOf = c.thresholds+t, c.thresholdOf+1
			for i := range set[f].rows {
				c.add(&set[f].rows[i], s, n.task.labels, t)
			}
		}
	}
	return c
}

func (c *noveltyCount) add(row *judged, s *noveltySeries, labels []int32, threshold float64) {
	accepted := 0
	if row.strange[s.source] <= threshold {
		accepted = 1
	}
	switch {
	case row.unknown:
		c.allUnknown++
		c.unknown += accepted
	case row.seen:
		c.allKnown++
		c.known += accepted
		if row.class[s.learner] == labels[row.row] {
			c.right += accepted
		}
	default:
		c.singlesOf++
		c.singles += accepted
	}
}

// oscr is the area under correct known against accepted unknown, over all
// thresholds of a set; tied scores are accepted together, which makes a
// trapezoid.
func (n *noveltyRun) oscr(s *noveltySeries, set []foldJudged) float64 {
	var rows []*judged
	known, unknown := 0.0, 0.0
	for f := range set {
		for i := range set[f].rows {
			if row := &set[f].rows[i]; row.unknown {
				rows = append(rows, row)
				unknown++
			} else if row.seen {
				rows = append(rows, row)
				known++
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b *judged) int { return cmp.Compare(a.strange[s.source], b.strange[s.source]) })
	sum, right := 0.0, 0.0
	for i := 0; i < len(rows); {
		before, strangers := right, 0.0
		for at := rows[i].strange[s.source]; i < len(rows) && rows[i].strange[s.source] == at; i++ {
			if rows[i].unknown {
				strangers++
			} else if rows[i].class[s.learner] == n.task.labels[rows[i].row] {
				right++
			}
		}
		sum += strangers * (before + right) / 2
	}
	return sum / (known * unknown)
}

// spread is the interval of a measure's area: of one set over groups, of many
// sets between their quantiles.
func (n *noveltyRun) spread(s *noveltySeries, areas []float64, sets [][]foldJudged) stats.Interval {
	if len(sets) > 1 {
		sorted := slices.Sorted(slices.Values(areas))
		return stats.Interval{Low: stats.Quantile(sorted, 0.05), High: stats.Quantile(sorted, 0.95)}
	}
	number := make(map[int32]int)
	type scored struct {
		group   int
		unknown bool
		strange float64
	}
	var rows []scored
	for _, f := range sets[0] {
		for i := range f.rows {
			row := &f.rows[i]
			if !row.unknown && !row.seen {
				continue
			}
			g, ok := number[n.groups[row.row]]
			if !ok {
				g = len(number)
				number[n.groups[row.row]] = g
			}
			rows = append(rows, scored{g, row.unknown, row.strange[s.source]})
		}
	}
	slices.SortFunc(rows, func(a, b scored) int { return cmp.Compare(a.strange, b.strange) })
	var known, unknown []float64
	b := stats.Bootstrap{Method: stats.Percentile, Groups: len(number), Resamples: n.resamples, Source: rand.NewPCG(n.in.Seed, bootstrapStream)}
	return b.Interval(func(drawn []int) float64 {
		known, unknown = known[:0], unknown[:0]
		for i := range rows {
			for range drawn[rows[i].group] {
				if rows[i].unknown {
					unknown = append(unknown, rows[i].strange)
				} else {
					known = append(known, rows[i].strange)
				}
			}
		}
		if len(known) == 0 || len(unknown) == 0 {
			return math.NaN()
		}
		return area(known, unknown)
	})
}

// noveltyPoints is the number of points of a curve.
const noveltyPoints = 20

// curve gives what is accepted when 5, 10 … 100 % of the known machines are:
// the thresholds are those of the tests themselves, a set each, so that a
// curve shows what a rule could do, and a measure what it does.
func (n *noveltyRun) curve(s *noveltySeries, sets [][]foldJudged) []NoveltyRow {
	rows := make([]NoveltyRow, 0, noveltyPoints)
	for p := 1; p <= noveltyPoints; p++ {
		var c noveltyCount
		for i := range sets {
			known, _ := n.scores(s, sets[i])
			t := acceptAt(known, float64(p)/noveltyPoints)
			of := n.count(s, sets[i:i+1], func(*foldJudged) float64 { return t })
			c.known, c.unknown, c.right = c.known+of.known, c.unknown+of.unknown, c.right+of.right
			c.allKnown, c.allUnknown = c.allKnown+of.allKnown, c.allUnknown+of.allUnknown
			c.thresholds, c.thresholdOf = c.thresholds+of.thresholds, c.thresholdOf+of.thresholdOf
		}
		r := n.row(NoveltyPoint, s, RandomSets)
		r.Threshold = Number(c.thresholds / c.thresholdOf)
		r.Known, r.Accepted, r.Right = ratio(c.known, c.allKnown), ratio(c.unknown, c.allUnknown), ratio(c.right, c.known+c.unknown)
		r.Share, r.Correct = ratio(c.known+c.unknown, c.allKnown+c.allUnknown), ratio(c.right, c.allKnown)
		r.LeaveKnown, r.LeaveAccepted, r.LeaveRight, r.SingletonsAccepted = NA, NA, NA, NA
		r.N, r.NUnknown, r.Sets = c.allKnown, c.allUnknown, len(sets)
		rows = append(rows, r)
	}
	return rows
}

// predictions gives every judgement: a row a rule, learner and test. The
// split says what was unknown; repeat is the number of a random set.
func (n *noveltyRun) predictions(scenarios []scenario, folds [][]foldJudged) []Prediction {
	m := n.in.Data.Matrix
	var out []Prediction
	for i := range scenarios {
		for f := range folds[i] {
			for j := range folds[i][f].rows {
				row := &folds[i][f].rows[j]
				machine := &m.Machines[row.row]
				for _, rule := range n.rules {
					for l := range n.learners {
						p := Prediction{
							Hierarchy: n.task.hierarchy.String(), Level: int32(n.task.level), Learner: n.learners[l].Name, Options: n.learners[l].Options,
							Fields: string(n.fields), Split: scenarios[i].splitName(), Filter: string(n.in.Data.Origin.Policies.Filter),
							Repeat: int32(scenarios[i].set), Fold: row.fold, Machine: machine.Name, Group: machine.Group,
							Truth: n.task.classes[n.task.labels[row.row]], ClassSeen: row.seen, Kind: learners.Uncalibrated.String(),
							Rule: rule, Novelty: &row.strange[n.source(rule, l)],
						}
						if class := row.class[l]; class >= 0 {
							p.Predicted = &n.task.classes[class]
						}
						out = append(out, p)
					}
				}
			}
		}
	}
	return out
}

// splitName names the folds of a scenario; its set is the repeat.
func (s *scenario) splitName() string { return "unknown:" + s.name }

// assignments gives the folds of the scenarios as rows of splits.csv.
func (n *noveltyRun) assignments(scenarios []scenario, folds [][]foldJudged) []Assignment {
	var out []Assignment
	for i := range scenarios {
		base := Assignment{Split: scenarios[i].splitName(), Hierarchy: n.task.hierarchy.String(), Level: n.task.level}
		for f := range folds[i] {
			out = append(out, folds[i][f].fold.assign(base, n.in.Data.Matrix)...)
		}
	}
	return out
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// number gives an option that is a finite number.
func (in *Input) number(name string) (float64, error) {
	v, err := strconv.ParseFloat(in.Options[name], 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, fmt.Errorf("option %s=%s: want a finite number", name, in.Options[name])
	}
	return v, nil
}
