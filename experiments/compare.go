package experiments

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tickle/datasets"
	"tickle/experiments/stats"
)

// CompareRow is one comparison of learners on the same folds. Kind says which:
//
//   - "pair": learners a and b on one data set and level;
//   - "all": all learners of one data set and level at once;
//   - "rank": learner a's mean rank over the data sets;
//   - "data sets": learners a and b over the data sets.
//
// Where a column has no meaning for a kind it is n/a, 0 or empty.
type CompareRow struct {
	Kind               string `json:"kind"`
	Data               string `json:"data" doc:"the data set; of several, how many"`
	Hierarchy          string `json:"hierarchy"`
	Level              int    `json:"level"`
	Fields             string `json:"fields"`
	Split              string `json:"split" extra:"yes"`
	A                  string `json:"a" doc:"a learner"`
	B                  string `json:"b" doc:"another"`
	AccuracyA          Number `json:"accuracy_a" extra:"yes" unit:"share" decimals:"3"`
	AccuracyB          Number `json:"accuracy_b" extra:"yes" unit:"share" decimals:"3"`
	Difference         Number `json:"difference" unit:"points" decimals:"1" doc:"of accuracy in percent, a minus b"`
	Low                Number `json:"low" unit:"points" decimals:"1" doc:"95 % interval over groups: BCa bootstrap; where all groups differ alike, what so many groups still allow"`
	High               Number `json:"high" unit:"points" decimals:"1"`
	OnlyA              int    `json:"only_a" doc:"answers that a alone got right"`
	OnlyB              int    `json:"only_b" doc:"answers that b alone got right"`
	Test               string `json:"test"`
	P                  Number `json:"p" decimals:"4" doc:"two-sided"`
	Holm               Number `json:"p_holm" decimals:"4" doc:"adjusted over the pairs of the same data set, level and fields"`
	FoldP              Number `json:"p_folds" extra:"yes" decimals:"4" doc:"corrected resampled t over folds and repeats (Nadeau and Bengio 2003): says whether the learners differ, not only these models of them"`
	Detectable         Number `json:"detectable" unit:"points" decimals:"1" doc:"least difference that this many groups show at α=0.05 with 80 % power, given the discordance seen"`
	Rank               Number `json:"rank" extra:"yes" decimals:"2" doc:"mean over the data sets; 1 is best"`
	CriticalDifference Number `json:"critical_difference" extra:"yes" decimals:"2" doc:"of mean ranks, Nemenyi at α=0.05"`
	N                  int    `json:"n" extra:"yes" doc:"machines, or data sets"`
	Groups             int    `json:"groups" extra:"yes"`
	Conclusion         string `json:"conclusion" doc:"what may be concluded, and what not"`
}

// The codes of warnings of comparisons.
const (
	WarnOneLearner  = "one-learner"   // nothing to compare with
	WarnFewDatasets = "few-data-sets" // more than one, but too few to rank learners on
)

// leastDatasets is how many data sets Friedman's test is made for here.
const leastDatasets = 5

var compare = Entry{
	Name:    "compare",
	Title:   "Learners against each other",
	Summary: "Whether one learner is right more often than another on the same folds, and what so many machines could have shown.",
	Options: []Option{
		{Name: "folds", Default: "10", Doc: "folds of the cross-validation, 2 or more"},
		{Name: "repeats", Default: "1", Doc: "times that the cross-validation is repeated with other folds"},
		{Name: "resamples", Default: "2000", Doc: "bootstrap resamples of the intervals, and permutations"},
		hierarchiesOption, fieldsOption("prone,vetted"),
		{Name: "splits", Default: "grouped", Doc: "ways of cutting folds, comma separated: " + splitNames},
		{Name: "also", Default: "", Doc: "folders of further data sets, comma separated; from 5 data sets on learners are ranked over them"},
	},
	Rows: []CompareRow{},
	Run:  runCompare,
}

func runCompare(ctx context.Context, in *Input) (*Result, error) {
	sets := []*Data{in.Data}
	if in.Options["also"] != "" {
		for _, path := range in.list("also") {
			d, err := datasets.Open(path)
			if err != nil {
				return nil, err
			}
			sets = append(sets, Of(path, d))
		}
	}
	resamples, err := in.integer("resamples", 1)
	if err != nil {
		return nil, err
	}
	c := &Comparison{Seed: in.Seed, Resamples: resamples}
	for i, d := range sets {
		one := *in
		one.Data = d
		if i > 0 {
			one.Results = "" // what is kept there is of the first
		}
		if err := c.validate(ctx, &one); err != nil {
			return nil, err
		}
	}
	return c.Result()
}

// Comparison compares learners by what they answered on the same folds. Add
// predictions, then ask for the Result.
type Comparison struct {
	Seed      uint64
	Resamples int // of the bootstrap, and permutations
	contests  []*contest
	datasets  []string
	warnings  []Warning
}

// contestKey says on what learners meet.
type contestKey struct {
	data      string
	hierarchy string
	level     int
	fields    string
	split     string
	filter    string
}

// contest is all learners on one data set, level, field set and split.
type contest struct {
	contestKey
	rowsOf
	learners []string
	marks    [][]mark // of each learner, in the same order of fold and row
}

// mark is whether one answer was right.
type mark struct {
	repeat, fold, row int32
	right             bool
}

func (k *contest) String() string {
	s := fmt.Sprintf("%s level %d, %s", k.hierarchy, k.level, k.fields)
	if k.split != "grouped" {
		s += ", " + k.split
	}
	return s
}

// validate adds the contests of one data set.
func (c *Comparison) validate(ctx context.Context, in *Input) error {
	c.datasets = append(c.datasets, in.Data.Origin.label())
	if len(in.Learners) < 2 {
		c.warnings = []Warning{{Code: WarnOneLearner, Text: "one learner: nothing to compare it with, no rows"}}
		return nil
	}
	cells, err := comparedCells(in)
	if err != nil {
		return err
	}
	known, err := keptAnswers(in, cells)
	if err != nil {
		return err
	}
	var unknown []Cell
	for i := range cells {
		if known[i] == nil {
			unknown = append(unknown, cells[i])
		}
	}
	outcomes, err := CrossValidate(ctx, in, unknown)
	if err != nil {
		return err
	}
	var rows rowsOf
	rows.groupOf, rows.groups = groupsOf(in.Data.Matrix)
	for i := range cells {
		marks := known[i]
		if marks == nil {
			marks = outcomes[0].marks()
			outcomes = outcomes[1:]
		}
		k := contest{contestKey: contestKey{in.Data.Origin.label(), cells[i].Hierarchy.String(), cells[i].Level, string(cells[i].Fields), cells[i].Splitter.Name(), string(cells[i].Filter)}}
		c.add(k, rows, cells[i].Learner.Label, marks)
	}
	return nil
}

// comparedCells lists the cells of the experiment, learner after learner for
// each level, field set and split.
func comparedCells(in *Input) ([]Cell, error) {
	var folds, repeats int
	if err := in.integers(whole{"folds", 2, &folds}, whole{"repeats", 1, &repeats}); err != nil {
		return nil, err
	}
	splitters, err := in.splitters("splits", folds, repeats)
	if err != nil {
		return nil, err
	}
	var cells []Cell
	for _, name := range in.list("hierarchies") {
		h, err := datasets.ParseHierarchy(name)
		if err != nil {
			return nil, err
		}
		for level := range in.Data.Origin.levels() {
			if _, classes := labelsOf(in.Data.Matrix, h, level); len(classes) < 2 {
				continue
			}
			for _, split := range splitters {
				for _, fields := range in.list("fields") {
					for _, l := range in.Learners {
						cells = append(cells, Cell{Hierarchy: h, Level: level, Learner: l, Fields: datasets.FieldSet(fields), Splitter: split, Filter: in.Data.Origin.Policies.Filter})
					}
				}
			}
		}
	}
	return cells, nil
}

// marks gives o's answers as marks.
func (o *Outcome) marks() []mark {
	marks := make([]mark, len(o.Answers))
	for i, a := range o.Answers {
		f := &o.Folds[a.Fold]
		marks[i] = mark{int32(f.Repeat), int32(f.Fold), a.Row, a.Class == a.Truth}
	}
	return marks
}

// rowsOf is the rows of a data set and their groups.
type rowsOf struct {
	groupOf []int32
	groups  int
}

// add puts one learner into its contest, a new one where there is none yet.
func (c *Comparison) add(k contest, rows rowsOf, learner string, marks []mark) {
	i := slices.IndexFunc(c.contests, func(o *contest) bool { return o.contestKey == k.contestKey })
	if i < 0 {
		i = len(c.contests)
		k.rowsOf = rows
		c.contests = append(c.contests, &k)
	}
	c.contests[i].learners = append(c.contests[i].learners, learner)
	c.contests[i].marks = append(c.contests[i].marks, marks)
}

// ratio is the mean over folds of test rows over training rows, those that are
// tested in another fold.
func (k *contest) ratio() float64 {
	sizes := make(map[[2]int32]int)
	var order [][2]int32
	for _, m := range k.marks[0] {
		f := [2]int32{m.repeat, m.fold}
		if sizes[f] == 0 {
			order = append(order, f)
		}
		sizes[f]++
	}
	sum, rows := 0.0, k.rows()
	for _, f := range order {
		sum += float64(sizes[f]) / float64(rows-sizes[f])
	}
	return sum / float64(len(order))
}

// Result makes the rows of every contest, and across data sets where there
// are enough.
func (c *Comparison) Result() (*Result, error) {
	rows := []CompareRow{}
	for _, k := range c.contests {
		if stats.SmallestP(k.groups) > alpha {
			c.warnings = append(c.warnings, Warning{WarnSmallN, k.String(), fmt.Sprintf("n=%d is too small to tell at α=0.05", k.groups)})
		}
		made, err := c.pairs(k)
		if err != nil {
			return nil, err
		}
		rows = append(rows, made...)
	}
	if n := len(c.datasets); n >= leastDatasets {
		rows = append(rows, c.across()...)
	} else if n > 1 {
		c.warnings = append(c.warnings, Warning{Code: WarnFewDatasets, Text: fmt.Sprintf("%d data sets are too few to rank learners on: want %d (folds of one data set are not independent)", n, leastDatasets)})
	}
	if len(c.datasets) > 1 {
		c.warnings = append(c.warnings, Warning{Code: WarnManyData, Text: fmt.Sprintf("machines and probes are counted for the first of %d data sets: %s", len(c.datasets), strings.Join(c.datasets, ", "))})
	}
	return &Result{Rows: rows, Warnings: c.warnings}, nil
}

// WarnManyData says that the provenance is of the first of several data sets.
const WarnManyData = "many-data-sets"
