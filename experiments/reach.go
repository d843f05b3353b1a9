package experiments

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"tickle/datasets"
	"tickle/experiments/stats"
	"tickle/probegen"
)

// ReachRow is what one kind of probes reaches: how many pairs of labels it
// tells apart, or how accurate a learner is on it. Kind says which columns
// have a meaning; the others are n/a, 0 or empty.
//
//   - "curve": pairs told apart by random subsets of the plan's probes;
//   - "pairs": pairs told apart by all of them, on other machines too;
//   - "equal": pairs told apart by random subsets of as many packets as the bred
//     plan has, on other machines too;
//   - "search": how far the search that found the plan's probes had come, on its
//     own machines;
//   - "accuracy": a learner on all of them;
//   - "labels": the probes that tell one pair of labels of a family apart.
type ReachRow struct {
	Kind      string `json:"kind"`
	Plan      string `json:"plan" doc:"probes: a plan of the run"`
	Hierarchy string `json:"hierarchy"`
	Level     int    `json:"level"`
	Scope     string `json:"scope" doc:"of pairs: all, or those within a family (label of level 0)"`
	Test      string `json:"test" doc:"pairs: all machines; or machines of other images (random halves), or with values of a factor, than the difference was found on. accuracy: the split"`
	Probes    int    `json:"probes"`
	Packets   Number `json:"packets" decimals:"0" doc:"sent to a machine, all repeats"`
	Search    Number `json:"search_packets" extra:"yes" decimals:"0" doc:"sent to each machine of the search that found the probes, which are others; n/a: there was none"`
	Pairs     int    `json:"pairs" doc:"of labels that the test can ask about"`
	Told      Number `json:"told" decimals:"1" doc:"pairs told apart: some vetted field of some answer has no value in common, on at least half of each label's machines"`
	ToldLow   Number `json:"told_low" extra:"yes" decimals:"1" doc:"curve: 5 % of drawn subsets tell fewer; halves: of the draws"`
	ToldHigh  Number `json:"told_high" extra:"yes" decimals:"1"`
	Survive   Number `json:"survive" decimals:"1" doc:"of these, pairs of which every machine kept for the test is named right by the majority of the fields that tell the pair apart"`
	Low       Number `json:"survive_low" decimals:"1" doc:"halves and subsets: 5 % of the draws lie below"`
	High      Number `json:"survive_high" decimals:"1"`
	Gain      Number `json:"bred_more" decimals:"1" doc:"equal: pairs that hold with the bred probes beyond those that hold with these, in the mean of the draws"`
	GainLow   Number `json:"bred_more_low" decimals:"1" doc:"5 % of the draws lie below"`
	GainHigh  Number `json:"bred_more_high" decimals:"1"`
	Held      Number `json:"held" decimals:"0" doc:"search: openings behind which a probe tells a pair apart, summed over the pairs, of each as many at most as the search keeps"`
	Learner   string `json:"learner"`
	Fields    string `json:"fields"`
	Accuracy  Number `json:"accuracy" unit:"share" decimals:"3"`
	AccLow    Number `json:"accuracy_low" unit:"share" decimals:"3" doc:"95 % interval over groups"`
	AccHigh   Number `json:"accuracy_high" unit:"share" decimals:"3"`
	Alike     Number `json:"ceiling_alike" unit:"share" decimals:"3" doc:"what no rule that treats equal rows alike can pass"`
	First     string `json:"first" doc:"a label"`
	Second    string `json:"second" doc:"another of its family"`
	Differ    Number `json:"differ" decimals:"0" doc:"probes that tell the two apart, by vetted fields, windows, window scales or the kind of answer, silence among them"`
	Beyond    Number `json:"beyond" decimals:"0" doc:"of these, probes that do so without windows and window scales"`
	Said      Number `json:"said" decimals:"0" doc:"of these, probes that do so by what is answered and not only by whether, as firewalls could"`
}

// The kinds of ReachRow.
const (
	ReachCurve    = "curve"
	ReachPairs    = "pairs"
	ReachEqual    = "equal"
	ReachSearch   = "search"
	ReachAccuracy = "accuracy"
	ReachLabels   = "labels"
)

// reachControl is the plan, or part of the bred one, of random probes that were
// chosen as the bred ones were: by the same search, without offspring.
const reachControl = "control"

// AllPairs is the scope of all pairs; the others are families.
const AllPairs = "all"

// The tests of pairs beside factors.
const (
	AllMachines = "all machines"
	OtherImages = "other images"
	NeverSeen   = "machines that the search never saw"

	SearchMachines = "machines of the search"
)

var reach = Entry{
	Name:    "reach",
	Title:   "How far kinds of probes reach",
	Summary: "Pairs of labels that vetted fields tell apart against packets sent, for each plan of a run: random packets, Nmap's probes, random, bred and chosen random dialogues; whether what tells them apart does so on machines of other images and with other memory and sysctls; and accuracy with each.",
	Options: []Option{
		{Name: "plans", Default: "random,nmap4,dialogue," + reachControl + ",bred", Doc: "plans of the run, or of runs RUN-PLAN beside it, or parts of the bred one (see tickle probes join), comma separated; those that are not there are left out"},
		{Name: "factors", Default: "memory,sysctl", Doc: "factors whose values are held out one after the other, comma separated"},
		{Name: "subsets", Default: "200", Doc: "subsets of each size that are drawn for the spread"},
		{Name: "halves", Default: "20", Doc: "random halves of each label's images"},
		{Name: "folds", Default: "10", Doc: "folds of the grouped cross-validation, 2 or more"},
		{Name: "resamples", Default: "1000", Doc: "bootstrap resamples of the accuracy's intervals"},
		{Name: "hierarchies", Default: "kernel", Doc: "label hierarchies", Values: []string{"kernel", "distribution"}, List: true},
		levelsOption("2"), fieldsOption("vetted"),
	},
	NeedsRun: true,
	Rows:     []ReachRow{},
	Run:      runReach,
}

// reachRun is a reach experiment under way.
type reachRun struct {
	in                               *Input
	subsets, halves, folds, resample int
	factors                          []string
	plans                            []reachPlan
	searched                         []string // machines that a search for probes saw; nil: there was none
	result                           *Result
	rows                             []ReachRow
}

// reachPlan is a plan of the run with its data.
type reachPlan struct {
	name    string
	data    *Data
	probes  int                    // that the data has
	packets float64                // to a machine for one probe, all repeats; the mean
	search  Number                 // packets that the search for them sent to each of its machines
	points  []probegen.SearchPoint // of that search
	asked   int                    // pairs of labels that it had
}

func runReach(ctx context.Context, in *Input) (*Result, error) {
	r := &reachRun{in: in, result: &Result{}, rows: []ReachRow{}, factors: in.list("factors")}
	for _, o := range []struct {
		name  string
		least int
		to    *int
	}{{"subsets", 1, &r.subsets}, {"halves", 1, &r.halves}, {"folds", 2, &r.folds}, {"resamples", 1, &r.resample}} {
		v, err := in.integer(o.name, o.least)
		if err != nil {
			return nil, err
		}
		*o.to = v
	}
	if err := r.open(ctx); err != nil {
		return nil, err
	}
	tasks, warnings := in.levels()
	r.result.Warnings = append(r.result.Warnings, warnings...)
	for i := range r.plans {
		p := &r.plans[i]
		for _, t := range tasks {
			r.pairs(p, &t)
			r.labelRows(p, &t)
		}
		if err := r.accuracy(ctx, p, tasks); err != nil {
			return nil, fmt.Errorf("plan %s: %w", p.name, err)
		}
	}
	for _, t := range tasks {
		r.equal(&t)
	}
	r.searches(tasks)
	r.result.Rows = r.rows
	return r.result, nil
}

// row is the beginning of a row.
func (r *reachRun) row(kind string, p *reachPlan, t *levelTask) ReachRow {
	return ReachRow{
		Kind: kind, Plan: p.name, Hierarchy: t.hierarchy.String(), Level: t.level, Probes: p.probes, Packets: Number(float64(p.probes) * p.packets), Search: p.search,
		Gain: NA, GainLow: NA, GainHigh: NA, Held: NA,
		Told: NA, ToldLow: NA, ToldHigh: NA, Survive: NA, Low: NA, High: NA, Accuracy: NA, AccLow: NA, AccHigh: NA, Alike: NA, Differ: NA, Beyond: NA, Said: NA,
	}
}

// reachStream draws subsets and halves.
const reachStream = 0x7265616368 << 24

// pairs makes the rows of label pairs of a plan at a level.
func (r *reachRun) pairs(p *reachPlan, t *levelTask) {
	l := datasets.NewLabelPairs(p.data.Matrix, t.hierarchy, t.level, p.data.VettedFields())
	family := l.Families(t.hierarchy)
	every := make([]int32, len(l.Labels))
	for i := range every {
		every[i] = int32(i)
	}
	for _, scope := range scopesOf(family) {
		in := func(pair int) bool {
			return scope == AllPairs || family[l.Pairs[pair][0]] == scope && family[l.Pairs[pair][1]] == scope
		}
		r.curve(p, t, l, scope, in)
		row := r.row(ReachPairs, p, t)
		row.Scope, row.Test = scope, AllMachines
		told := l.Told(every)
		row.Pairs, row.Told = askable(l, every, nil, in), Number(countIn(told, in))
		r.rows = append(r.rows, row, r.halved(p, t, l, scope, in))
		if row, ok := r.unseen(p, t, l, scope, in); ok {
			r.rows = append(r.rows, row)
		}
		for _, factor := range r.factors {
			if row, ok := r.heldOut(p, t, l, factor, scope, in); ok {
				r.rows = append(r.rows, row)
			}
		}
	}
}

// scopesOf gives all pairs, then the families of two labels or more,
// ascending.
func scopesOf(family []string) []string {
	labels := make(map[string]int)
	for _, name := range family {
		labels[name]++
	}
	scopes := []string{AllPairs}
	for _, name := range sortedKeys(labels) {
		if labels[name] > 1 && labels[name] < len(family) {
			scopes = append(scopes, name)
		}
	}
	return scopes
}

// curve counts, for subsets of the plan's probes, the pairs told apart.
func (r *reachRun) curve(p *reachPlan, t *levelTask, l *datasets.LabelPairs, scope string, in func(int) bool) {
	every := make([]int32, len(l.Labels))
	for i := range every {
		every[i] = int32(i)
	}
	_, byProbe := l.ByProbe(every)
	outside := datasets.NewPairSet(len(l.Pairs))
	for pair := range l.Pairs {
		if !in(pair) {
			outside.Put(pair)
		}
	}
	for _, set := range byProbe {
		set.Remove(outside)
	}
	d := make([]int, len(l.Pairs))
	for _, set := range byProbe {
		for pair := range d {
			d[pair] += int(set[pair/64] >> (pair % 64) & 1)
		}
	}
	c := &pairCurve{told: byProbe, n: p.probes, pairs: make([][2]int, len(l.Pairs))}
	sizes := logGrid(p.probes)
	drawn := c.draw(sizes, r.subsets, rand.New(rand.NewPCG(r.in.Seed, reachStream)))
	for i, size := range sizes {
		row := r.row(ReachCurve, p, t)
		mean := 0.0
		for _, k := range d {
			mean += 1 - noneOf(p.probes, k, size)
		}
		slices.Sort(drawn[i])
		row.Scope, row.Probes, row.Packets = scope, size, Number(float64(size)*p.packets)
		row.Pairs, row.Told = askable(l, nil, nil, in), Number(mean)
		row.ToldLow, row.ToldHigh = Number(stats.Quantile(drawn[i], 0.05)), Number(stats.Quantile(drawn[i], 0.95))
		r.rows = append(r.rows, row)
	}
}

// halved finds differences on half of each label's images and tries them on
// the other half, again and again.
func (r *reachRun) halved(p *reachPlan, t *levelTask, l *datasets.LabelPairs, scope string, in func(int) bool) ReachRow {
	row := r.row(ReachPairs, p, t)
	row.Scope, row.Test = scope, OtherImages
	groups, _ := groupsOf(p.data.Matrix)
	var told, survive []float64
	for half := range r.halves {
		search, test := datasets.HalfOf(l.Labels, groups, rand.New(rand.NewPCG(r.in.Seed, reachStream+1+uint64(half))))
		found := l.Told(search)
		row.Pairs = max(row.Pairs, askable(l, search, test, in))
		both := func(pair int) bool { return in(pair) && l.Asks(search, test, pair) }
		told = append(told, float64(countIn(found, both)))
		survive = append(survive, float64(countIn(l.Survivors(search, test, found), both)))
	}
	slices.Sort(told)
	slices.Sort(survive)
	row.Told, row.ToldLow, row.ToldHigh = Number(mean(told)), Number(stats.Quantile(told, 0.05)), Number(stats.Quantile(told, 0.95))
	row.Survive, row.Low, row.High = Number(mean(survive)), Number(stats.Quantile(survive, 0.05)), Number(stats.Quantile(survive, 0.95))
	return row
}

// unseen finds differences on the machines that a search for probes saw and
// tries them on the others. Every plan is asked on the same machines.
func (r *reachRun) unseen(p *reachPlan, t *levelTask, l *datasets.LabelPairs, scope string, in func(int) bool) (ReachRow, bool) {
	row := r.row(ReachPairs, p, t)
	row.Scope, row.Test = scope, NeverSeen
	search, test := r.apart(p)
	row.Pairs = askable(l, search, test, in)
	found := l.Told(search)
	both := func(pair int) bool { return in(pair) && l.Asks(search, test, pair) }
	row.Told, row.Survive = Number(countIn(found, both)), Number(countIn(l.Survivors(search, test, found), both))
	return row, len(search) > 0 && row.Pairs > 0
}

// apart gives the rows of machines that a search saw, and the others'.
func (r *reachRun) apart(p *reachPlan) (search, test []int32) {
	for i := range p.data.Matrix.Machines {
		if slices.Contains(r.searched, p.data.Matrix.Machines[i].Name) {
			search = append(search, int32(i))
		} else {
			test = append(test, int32(i))
		}
	}
	return search, test
}

// heldOut finds differences on machines with all but one value of a factor
// and tries them on those with it, each value in turn.
func (r *reachRun) heldOut(p *reachPlan, t *levelTask, l *datasets.LabelPairs, factor, scope string, in func(int) bool) (ReachRow, bool) {
	machines := p.data.Matrix.Machines
	row := r.row(ReachPairs, p, t)
	row.Scope, row.Test = scope, heldOutSplit+factor
	told, survive := 0, 0
	for _, v := range factorValues(machines, factor, 1) {
		var search, test []int32
		for i := range machines {
			if factorValue(&machines[i], factor) == v {
				test = append(test, int32(i))
			} else {
				search = append(search, int32(i))
			}
		}
		found := l.Told(search)
		both := func(pair int) bool { return in(pair) && l.Asks(search, test, pair) }
		row.Pairs += askable(l, search, test, in)
		told += countIn(found, both)
		survive += countIn(l.Survivors(search, test, found), both)
	}
	row.Told, row.Survive = Number(told), Number(survive)
	return row, row.Pairs > 0
}

// accuracy cross-validates the learners on a plan's data, grouped and with
// each factor held out.
func (r *reachRun) accuracy(ctx context.Context, p *reachPlan, tasks []levelTask) error {
	in := *r.in
	in.Data = p.data
	splits := []Splitter{GroupedFolds{K: r.folds}}
	for _, factor := range r.factors {
		const least, folds = 5, 3 // as experiment factors
		if len(factorValues(p.data.Matrix.Machines, factor, least)) > 0 {
			splits = append(splits, factorFolds{factor: factor, k: folds, least: least})
		}
	}
	var cells []Cell
	for _, split := range splits {
		of, err := in.cells(tasks, split)
		if err != nil {
			return err
		}
		cells = append(cells, of...)
	}
	outcomes, err := CrossValidate(ctx, &in, cells)
	if err != nil {
		return err
	}
	for i := range outcomes {
		o := &outcomes[i]
		s, err := p.data.Select(o.Cell.Fields)
		if err != nil {
			return err
		}
		scored := newScores(p.data.Matrix, o)
		interval := scored.interval(in.Seed, r.resample)
		row := r.row(ReachAccuracy, p, &levelTask{hierarchy: o.Cell.Hierarchy, level: o.Cell.Level})
		row.Test, row.Learner, row.Fields = o.Cell.Splitter.Name(), o.Cell.Learner.Label, string(o.Cell.Fields)
		row.Accuracy, row.AccLow, row.AccHigh = Number(scored.accuracy()), Number(interval.Low), Number(interval.High)
		row.Alike = Number(CeilingAlike(AlikeRows(s), o.Labels, len(o.Classes)))
		r.rows = append(r.rows, row)
	}
	return nil
}

// askable is the number of pairs in a scope that the sets of rows can ask about.
func askable(l *datasets.LabelPairs, search, test []int32, in func(int) bool) int {
	n := 0
	for pair := range l.Pairs {
		if in(pair) && l.Asks(search, test, pair) {
			n++
		}
	}
	return n
}

// countIn is the number of a set's pairs that are in a scope.
func countIn(s datasets.PairSet, in func(int) bool) int {
	n := 0
	for pair := range 64 * len(s) {
		if s.Has(pair) && in(pair) {
			n++
		}
	}
	return n
}
