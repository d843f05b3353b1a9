package experiments

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"tickle/datasets"
	"tickle/learners"
)

// OverfittingRow is one source's part of one bar of the overfitting figure.
type OverfittingRow struct {
	Hierarchy    string `json:"hierarchy"`
	Level        int    `json:"level"`
	Source       string `json:"source" doc:"os: fields that nothing but the operating system is likely to change; any other makes a field prone"`
	Fields       Number `json:"fields" decimals:"2" doc:"high-value fields, mean over the seeds; one with several sources counts in equal parts for each"`
	FieldsLow    Number `json:"fields_low" extra:"yes" decimals:"2" doc:"the least over the seeds: spread, no interval"`
	FieldsHigh   Number `json:"fields_high" extra:"yes" decimals:"2" doc:"the most over the seeds"`
	Proportional Number `json:"fields_proportional" decimals:"2" doc:"the same, each counted by the sources of all columns that group the machines as it does, instead of by the first of them"`
	Share        Number `json:"share" unit:"share" decimals:"3" doc:"of all high-value fields, mean over the seeds"`
	ShareProp    Number `json:"share_proportional" unit:"share" decimals:"3" doc:"the same, counted in proportion"`
	ShareLeast   Number `json:"share_least" unit:"share" decimals:"3" doc:"of os: if every tie in gain went to a prone field; n/a for others"`
	ShareMost    Number `json:"share_most" unit:"share" decimals:"3" doc:"of os: if every tie in gain went to a vetted field; n/a for others"`
	All          Number `json:"all_fields" extra:"yes" decimals:"2" doc:"high-value fields of every source, mean over the seeds"`
	Machines     int    `json:"machines" doc:"drawn for each seed"`
	Seeds        int    `json:"seeds" extra:"yes"`
}

var overfitting = Entry{
	Name:          "overfitting",
	Title:         "High-value fields by source of variation",
	PaperFigure:   "Figure 4",
	Summary:       "How many of the fields with the highest information gain are prone to overfitting, by hierarchy and level.",
	NeedsMachines: true,
	Options: []Option{
		{Name: "seeds", Default: "20", Doc: "random draws of machines, 1 or more"},
		{Name: "share", Default: "0.8", Doc: "share of the machines that is drawn, above 0 and at most 1"},
		hierarchiesOption, levelsOption("0,1,2"),
	},
	Rows: []OverfittingRow{},
	Run:  runOverfitting,
}

// WarnPaperUnplaced marks numbers of the paper of which it is not known where
// they belong.
const WarnPaperUnplaced = "paper-unplaced"

// overfittingStream draws the machines of a seed.
const overfittingStream = 0x6f766572 << 32 // + seed's number

// draw is what one seed found at one level.
type draw struct {
	first, proportional shares // fields
	least, most         float64
	all                 float64
}

func runOverfitting(ctx context.Context, in *Input) (*Result, error) {
	seeds, err := in.integer("seeds", 1)
	if err != nil {
		return nil, err
	}
	share, err := in.share("share")
	if err != nil {
		return nil, err
	}
	s, err := in.Data.Select(datasets.Prone)
	if err != nil {
		return nil, fmt.Errorf("fields %s: %w", datasets.Prone, err)
	}
	tasks, warnings := in.levels()
	o := &overfittingRun{in: in, data: s, seeds: seeds, field: sourceShares(in.Data.SourcesOf())}
	o.machines = max(1, int(math.Round(share*float64(s.Rows()))))
	o.of = partitionShares(s, &o.field)
	draws, err := o.run(ctx, tasks)
	if err != nil {
		return nil, err
	}
	rows := []OverfittingRow{}
	for i := range tasks {
		for source := range datasets.NumSources {
			rows = append(rows, o.row(&tasks[i], source, draws[i]))
		}
	}
	warnings = append(warnings, Warning{WarnPaperUnplaced, "", "the paper gives 63 %, 71 % and 71 % as shares of high-value fields in OS source code; which bars they stand at is lost, so that none stands beside ours"})
	return &Result{Rows: rows, Warnings: warnings}, nil
}

// overfittingRun is an overfitting experiment under way.
type overfittingRun struct {
	in       *Input
	data     *datasets.Selection
	machines int // drawn for each seed
	seeds    int
	field    [datasets.NumAllFields]shares
	of       []shares
}

// run gives the draws of each task, one a seed.
func (o *overfittingRun) run(ctx context.Context, tasks []levelTask) ([][]draw, error) {
	draws := make([][]draw, len(tasks))
	for i := range draws {
		draws[i] = make([]draw, o.seeds)
	}
	count := o.in.counter(len(tasks) * o.seeds)
	finders := make(map[int]*highValue) // by worker
	var mu sync.Mutex
	finder := func(worker int) *highValue {
		mu.Lock()
		defer mu.Unlock()
		if finders[worker] == nil {
			finders[worker] = newHighValue(o.data, o.of)
		}
		return finders[worker]
	}
	err := learners.Parallel(ctx, len(tasks)*o.seeds, o.in.Workers, func(worker, i int) error {
		t, seed := &tasks[i/o.seeds], i%o.seeds
		found, err := finder(worker).find(ctx, o.drawn(seed), t.labels)
		if err != nil {
			return err
		}
		draws[i/o.seeds][seed] = o.count(found)
		count(t.String())
		return nil
	})
	return draws, err
}

// drawn gives the machines of a seed, which are the same at every level.
func (o *overfittingRun) drawn(seed int) []int32 {
	order := rand.New(rand.NewPCG(o.in.Seed, overfittingStream+uint64(seed))).Perm(o.data.Rows())
	rows := make([]int32, o.machines)
	for i := range rows {
		rows[i] = int32(order[i])
	}
	return rows
}

// count counts the fields found by their sources.
func (o *overfittingRun) count(found []choice) draw {
	d := draw{all: float64(len(found))}
	for _, c := range found {
		first := o.field[o.data.Columns[o.data.First[c.index]].Field]
		for source := range first {
			d.first[source] += first[source]
			d.proportional[source] += o.of[c.index][source]
		}
		if !c.rivals.prone {
			d.least++
		}
		if c.rivals.vetted {
			d.most++
		}
	}
	return d
}

// row makes means over the draws.
func (o *overfittingRun) row(t *levelTask, source int, draws []draw) OverfittingRow {
	mean := func(of func(*draw) float64) Number {
		sum := 0.0
		for i := range draws {
			sum += of(&draws[i])
		}
		return Number(sum / float64(len(draws)))
	}
	fields := func(d *draw) float64 { return d.first[source] }
	r := OverfittingRow{
		Hierarchy: t.hierarchy.String(), Level: t.level, Source: datasets.SourceNames[source],
		Fields: mean(fields), Proportional: mean(func(d *draw) float64 { return d.proportional[source] }),
		FieldsLow: NA, FieldsHigh: NA,
		Share:      mean(func(d *draw) float64 { return d.first[source] / d.all }),
		ShareProp:  mean(func(d *draw) float64 { return d.proportional[source] / d.all }),
		ShareLeast: NA, ShareMost: NA,
		All: mean(func(d *draw) float64 { return d.all }), Machines: o.machines, Seeds: o.seeds,
	}
	for i := range draws {
		v := Number(fields(&draws[i]))
		if i == 0 || v < r.FieldsLow {
			r.FieldsLow = v
		}
		if i == 0 || v > r.FieldsHigh {
			r.FieldsHigh = v
		}
	}
	if datasets.Source(source) == datasets.SourceOS {
		r.ShareLeast = mean(func(d *draw) float64 { return d.least / d.all })
		r.ShareMost = mean(func(d *draw) float64 { return d.most / d.all })
	}
	return r
}
