package experiments

import (
	"context"
	"fmt"
	"math/rand/v2"

	"tickle/datasets"
	"tickle/experiments/stats"
)

// FactorsRow is one learner on one field set, on machines with values of a
// factor that it has not met in training.
type FactorsRow struct {
	Hierarchy    string `json:"hierarchy"`
	Level        int    `json:"level"`
	Learner      string `json:"learner"`
	Fields       string `json:"fields"`
	Factor       string `json:"factor" doc:"sysctl and app: machines with any such factor against those with none"`
	Values       int    `json:"values" doc:"held out one after the other"`
	Accuracy     Number `json:"accuracy" unit:"share" decimals:"3" doc:"on machines with a value not met in training, of groups not met either"`
	AccuracyLow  Number `json:"accuracy_low" extra:"yes" unit:"share" decimals:"3" doc:"95 % interval over groups, as in accuracy"`
	AccuracyHigh Number `json:"accuracy_high" extra:"yes" unit:"share" decimals:"3"`
	Control      Number `json:"control" unit:"share" decimals:"3" doc:"on the same machines, trained on as many machines of each class, of any value"`
	ControlLow   Number `json:"control_low" extra:"yes" unit:"share" decimals:"3"`
	ControlHigh  Number `json:"control_high" extra:"yes" unit:"share" decimals:"3"`
	Fall         Number `json:"fall" unit:"share" decimals:"3" doc:"control minus accuracy: what was learned of the factor and not of the system; below zero where other systems with the same value mislead the control"`
	FallLow      Number `json:"fall_low" unit:"share" decimals:"3" doc:"95 % BCa bootstrap over groups, paired; where no group differs, what so many groups still allow"`
	FallHigh     Number `json:"fall_high" unit:"share" decimals:"3"`
	Excess       Number `json:"excess" unit:"share" decimals:"3" doc:"of prone: its fall minus that of vetted fields; n/a for others"`
	ExcessLow    Number `json:"excess_low" extra:"yes" unit:"share" decimals:"3"`
	ExcessHigh   Number `json:"excess_high" extra:"yes" unit:"share" decimals:"3"`
	Seen         Number `json:"seen" extra:"yes" unit:"share" decimals:"3" doc:"tests whose class is in training, value held out"`
	SeenControl  Number `json:"seen_control" extra:"yes" unit:"share" decimals:"3"`
	N            int    `json:"n" doc:"tests"`
	Groups       int    `json:"groups" extra:"yes" doc:"of the tests"`
}

var factors = Entry{
	Name:    "factors",
	Title:   "Values of a factor never met in training",
	Summary: "What accuracy loses on machines whose memory, sysctls, application or hops were not in training, with prone and with vetted fields: that is overfitting.",
	Options: []Option{
		{Name: "factors", Default: "memory,sysctl,app,path.hops", Doc: "factors, comma separated; sysctl and app stand for all that begin so"},
		{Name: "least", Default: "5", Doc: "machines that a value needs to be held out, 1 or more"},
		{Name: "folds", Default: "3", Doc: "grouped folds within each value, 2 or more"},
		{Name: "resamples", Default: "1000", Doc: "bootstrap resamples of the intervals"},
		hierarchiesOption, levelsOption("2"), fieldsOption("prone,vetted"),
	},
	Rows: []FactorsRow{},
	Run:  runFactors,
}

// WarnNoFactor marks a factor that the pool does not vary enough.
const WarnNoFactor = "no-factor"

func runFactors(ctx context.Context, in *Input) (*Result, error) {
	var least, folds, resamples int
	if err := in.integers(whole{"least", 1, &least}, whole{"folds", 2, &folds}, whole{"resamples", 1, &resamples}); err != nil {
		return nil, err
	}
	tasks, warnings := in.levels()
	var cells []Cell
	for _, name := range in.list("factors") {
		if len(factorValues(in.Data.Matrix.Machines, name, least)) == 0 {
			warnings = append(warnings, Warning{WarnNoFactor, name, fmt.Sprintf("cannot tell: the machines have not two values, or none that %d of them share", least)})
			continue
		}
		for _, control := range []bool{false, true} {
			of, err := in.cells(tasks, factorFolds{factor: name, k: folds, least: least, control: control})
			if err != nil {
				return nil, err
			}
			cells = append(cells, of...)
		}
	}
	outcomes, err := CrossValidate(ctx, in, cells)
	if err != nil {
		return nil, err
	}
	f := &factorsRun{in: in, least: least, resamples: resamples, at: make(map[factorKey]*scores)}
	for i := range outcomes {
		f.at[keyOf(&outcomes[i].Cell)] = newScores(in.Data.Matrix, &outcomes[i])
	}
	rows := []FactorsRow{}
	for i := range outcomes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if c := &outcomes[i].Cell; !c.Splitter.(factorFolds).control {
			rows = append(rows, f.row(c))
		}
	}
	r := &Result{Rows: rows, Warnings: warnings}
	r.record(in.Data.Matrix, outcomes)
	return r, nil
}

// factorKey names a cell.
type factorKey struct {
	task
	learner, split string
}

func keyOf(c *Cell) factorKey {
	return factorKey{task{c.Fields, c.Hierarchy, c.Level}, c.Learner.Label, c.Splitter.Name()}
}

// factorsRun is a factors experiment under way.
type factorsRun struct {
	in               *Input
	least, resamples int
	at               map[factorKey]*scores
}

// row compares a cell with its control, and prone fields with vetted ones.
func (f *factorsRun) row(c *Cell) FactorsRow {
	name := c.Splitter.(factorFolds).factor
	held, control := f.pair(c, c.Fields)
	accuracy, base := held.interval(f.in.Seed, f.resamples), control.interval(f.in.Seed, f.resamples)
	fall := fallOf(held, control)
	fallIn := unmet(f.bootstrap(held.groups, fall), held.tested(), 1)
	r := FactorsRow{
		Hierarchy: c.Hierarchy.String(), Level: c.Level, Learner: c.Learner.Label, Fields: string(c.Fields), Factor: name,
		Values:   len(factorValues(f.in.Data.Matrix.Machines, name, f.least)),
		Accuracy: Number(held.accuracy()), AccuracyLow: Number(accuracy.Low), AccuracyHigh: Number(accuracy.High),
		Control: Number(control.accuracy()), ControlLow: Number(base.Low), ControlHigh: Number(base.High),
		Fall: Number(fall(held.once())), FallLow: Number(fallIn.Low), FallHigh: Number(fallIn.High),
		Excess: NA, ExcessLow: NA, ExcessHigh: NA,
		Seen: Number(held.seen()), SeenControl: Number(control.seen()), N: len(held.o.Answers), Groups: held.tested(),
	}
	if vetted, vettedControl := f.pair(c, datasets.Vetted); c.Fields == datasets.Prone && vetted != nil {
		less := fallOf(vetted, vettedControl)
		excess := func(drawn []int) float64 { return fall(drawn) - less(drawn) }
		in := unmet(f.bootstrap(held.groups, excess), held.tested(), 2)
		r.Excess, r.ExcessLow, r.ExcessHigh = Number(excess(held.once())), Number(in.Low), Number(in.High)
	}
	return r
}

// pair gives the scores of a cell, with other fields, and of its control; nil
// where the fields were not asked for.
func (f *factorsRun) pair(c *Cell, fields datasets.FieldSet) (held, control *scores) {
	k := keyOf(c)
	k.fields = fields
	held = f.at[k]
	k.split = sameSizeSplit + c.Splitter.(factorFolds).factor
	return held, f.at[k]
}

func (f *factorsRun) bootstrap(groups int, statistic func([]int) float64) stats.Interval {
	b := stats.Bootstrap{Method: stats.BCa, Groups: groups, Resamples: f.resamples, Source: rand.NewPCG(f.in.Seed, bootstrapStream)}
	return b.Interval(statistic)
}

// fallOf makes a function of how often each group is drawn: the control's
// share of right answers minus that of the cell.
func fallOf(held, control *scores) func(drawn []int) float64 {
	with, without := held.share(held.right), control.share(control.right)
	return func(drawn []int) float64 { return without(drawn) - with(drawn) }
}

// tested is the number of groups that have a test.
func (s *scores) tested() int {
	seen := make(map[int32]bool)
	for _, a := range s.o.Answers {
		seen[s.groupOf[a.Row]] = true
	}
	return len(seen)
}
