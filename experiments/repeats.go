package experiments

import (
	"context"
	"fmt"
	"os"
	"slices"

	"tickle/datasets"
)

// RepeatsRow says how many fields look deterministic after so many sendings
// of each probe. A field here is one field of the catalogue in the answers of
// one machine to one probe, or in one place for an answer in a dialogue. It is called deterministic as long as the answers
// so far agree; being absent is an outcome like any value, and a sending
// without an answer says nothing.
type RepeatsRow struct {
	Plan          string     `json:"plan"`
	Set           string     `json:"set" doc:"all fields, or those without the two raw checksums, which follow the address and port that a sending has of its own"`
	Repeats       int        `json:"repeats" doc:"k: sendings of each probe that were looked at, the first ones"`
	Deterministic int        `json:"deterministic" unit:"fields" doc:"called deterministic after the first k sendings, in the order in which they were sent"`
	Expected      Number     `json:"expected" unit:"fields" decimals:"2" doc:"mean of the same over every k of the R sendings: Σ over fields of [Σ over values v of C(n(v)+u,k) − (m−1)·C(u,k)]/C(R,k), for m values of which v came n(v) times and u sendings without an answer; exact; n/a where single exchanges are not kept"`
	FirstVaried   int        `json:"first_varied" unit:"fields" doc:"first seen to vary at a sending after the row before and up to k"`
	Found         Number     `json:"found" unit:"share" decimals:"4" doc:"of the fields that vary within all sendings, those seen to vary within k; 1 in a plan's last row whatever more sendings would find"`
	Fields        int        `json:"fields" extra:"yes" doc:"all there are"`
	Which         string     `json:"which" extra:"yes" doc:"the fields of first_varied, most frequent first"`
	Paper         PaperValue `json:"paper" doc:"found, in the paper: six sendings find all that 1500 do"`
}

var repeats = Entry{
	Name:        "repeats",
	Title:       "Fields called deterministic against number of sendings",
	PaperFigure: "Figure 3a",
	Summary:     "How many sendings of a probe it takes to see that a field varies: with few probes sent very often, and at full scale.",
	Options: []Option{
		{Name: "plan", Default: "repeats", Doc: "the plan of the run that sends few probes often"},
		{Name: "full", Default: autoPlan, Doc: "the plan of the run at full scale, of packets or dialogues; auto: random, or the only one"},
	},
	NeedsRun: true,
	Rows:     []RepeatsRow{},
	Run:      runRepeats,
}

func runRepeats(ctx context.Context, in *Input) (*Result, error) {
	r, rows := &Result{}, []RepeatsRow{}
	for _, name := range []string{in.Options["plan"], in.Options["full"]} {
		p, missing, err := openPlan(in, name, "no rows of it")
		if err != nil {
			return nil, err
		}
		if p == nil {
			r.Warnings = append(r.Warnings, missing...)
			continue
		}
		if len(rows) > 0 && rows[0].Plan == p.plan.Name {
			continue // auto, in a run with one plan
		}
		c := &repeatsRun{in: in, plan: p, expect: name == in.Options["plan"]}
		if err := c.read(ctx); err != nil {
			return nil, err
		}
		rows = append(rows, c.rows()...)
		r.Warnings = append(append(r.Warnings, p.warnings()...), c.warnings...)
		if r.scope == nil {
			r.scope = p.scope()
			r.Warnings = append(r.Warnings, p.checksums()...)
		}
	}
	r.Rows = rows
	return r, nil
}

// repeatsRun counts the fields of one plan.
type repeatsRun struct {
	in       *Input
	plan     *planOf
	expect   bool                         // compute Expected
	firsts   [][datasets.NumAllFields]int // by First; of fields that varied
	outcomes []outcomes                   // of every field that varied; nil where Expected is n/a
	warnings []Warning
}

func (c *repeatsRun) read(ctx context.Context) error {
	p := c.plan
	c.firsts = make([][datasets.NumAllFields]int, p.plan.Repeats+1)
	perMachine, paced := make([][][datasets.NumAllFields]int, len(p.machines)), make([]int64, len(p.machines))
	err := p.each(ctx, c.in, func(i int, f *datasets.SummaryFile) (err error) {
		paced[i] = f.Counts.Paced
		perMachine[i], err = countFirsts(f, p.plan.Repeats)
		return err
	})
	if err != nil {
		return err
	}
	for _, firsts := range perMachine {
		for k := range firsts {
			for f, n := range firsts[k] {
				c.firsts[k][f] += n
			}
		}
	}
	slow := int64(0)
	for _, n := range paced {
		slow += n
	}
	if slow > 0 {
		c.warnings = append(c.warnings, Warning{Code: WarnPaced, Cell: "plan " + p.plan.Name,
			Text: fmt.Sprintf("%d fields varied only when a dialogue was had once more at a slow pace: here they are among those called deterministic, in the data set they are not", slow)})
	}
	switch {
	case !c.expect:
		return nil
	case p.isDialogues():
		c.warnings = append(c.warnings, Warning{Code: WarnNoSingles, Cell: "plan " + p.plan.Name, Text: "of dialogues single exchanges keep packets and no fields: no expected number"})
		return nil
	}
	return c.readExchanges(ctx)
}

// countFirsts counts the fields of a machine by the sending at which they
// first varied.
func countFirsts(s *datasets.SummaryFile, repeats int) ([][datasets.NumAllFields]int, error) {
	firsts := make([][datasets.NumAllFields]int, repeats+1)
	for g := range s.Groups() {
		for _, f := range s.Header.Layout.Fields() {
			column, err := s.Firsts(g, f)
			if err != nil {
				return nil, err
			}
			for _, k := range column {
				if int(k) > repeats {
					return nil, fmt.Errorf("machine %s: field %v first varied at sending %d: want at most %d", s.Header.Machine, f, k, repeats)
				}
				if k > 0 {
					firsts[k][f]++
				}
			}
		}
	}
	return firsts, nil
}

// readExchanges finds how often each value of each varying field came.
func (c *repeatsRun) readExchanges(ctx context.Context) error {
	p := c.plan
	var without []string
	for i := range p.machines {
		if _, err := os.Stat(p.observationPath(i)); err != nil {
			without = append(without, p.machines[i].Name)
		}
	}
	if len(without) > 0 {
		c.warnings = append(c.warnings, Warning{Code: WarnNoSingles, Cell: "plan " + p.plan.Name,
			Text: fmt.Sprintf("%d machines without single exchanges: no expected number: %s", len(without), shortList(without))})
		return nil
	}
	perMachine := make([][]outcomes, len(p.machines))
	err := eachMachine(ctx, c.in, len(p.machines), func(i int) (err error) {
		perMachine[i], err = readOutcomes(p.observationPath(i), p.plan)
		return err
	})
	c.outcomes = slices.Concat(append([][]outcomes{{}}, perMachine...)...)
	return err
}

// The sets of fields that are counted.
const (
	AllFields   = "all"
	NoChecksums = "no checksums"
)

// WarnPaced is the code of warnings about fields that vary with pace alone.
const WarnPaced = "paced"

func rawChecksum(f datasets.FieldID) bool {
	return f == datasets.IPChecksum || f == datasets.TCPChecksum
}

// rows makes the plan's part of the table.
func (c *repeatsRun) rows() []RepeatsRow {
	p := c.plan
	sets := len(p.machines) * p.places()
	return append(
		c.rowsOf(AllFields, sets, func(datasets.FieldID) bool { return true }),
		c.rowsOf(NoChecksums, sets, func(f datasets.FieldID) bool { return !rawChecksum(f) })...,
	)
}

// rowsOf makes the rows of the fields that are in a set, in so many pairs of
// machine and place.
func (c *repeatsRun) rowsOf(set string, pairs int, in func(datasets.FieldID) bool) []RepeatsRow {
	fields, varied := 0, 0
	for _, f := range c.plan.fields() {
		if in(f) {
			fields += pairs
		}
	}
	for k := range c.firsts {
		varied += countOf(&c.firsts[k], in)
	}
	var rows []RepeatsRow
	found, before := 0, 0
	for _, k := range repeatsGrid(c.plan.plan.Repeats) {
		var at [datasets.NumAllFields]int
		for ; before <= k; before++ {
			for f, n := range c.firsts[before] {
				if in(datasets.FieldID(f)) {
					at[f] += n
				}
			}
		}
		row := RepeatsRow{Plan: c.plan.plan.Name, Set: set, Repeats: k, Fields: fields, FirstVaried: countOf(&at, in), Which: mostOften(&at)}
		found += row.FirstVaried
		row.Deterministic, row.Found, row.Expected = fields-found, shareOf(found, varied), c.expected(fields, k, in)
		if c.expect && k == 6 && c.plan.plan.Repeats > 6 {
			row.Paper = PaperValue{"=", 1}
		}
		rows = append(rows, row)
	}
	return rows
}

// expected is the mean number of fields that look deterministic after k of
// the sendings.
func (c *repeatsRun) expected(fields, k int, in func(datasets.FieldID) bool) Number {
	if c.outcomes == nil {
		return NA
	}
	sum := float64(fields)
	for i := range c.outcomes {
		if in(c.outcomes[i].field) {
			sum += c.outcomes[i].agree(k) - 1
		}
	}
	return Number(sum)
}

func countOf(counts *[datasets.NumAllFields]int, in func(datasets.FieldID) bool) int {
	sum := 0
	for f, n := range counts {
		if in(datasets.FieldID(f)) {
			sum += n
		}
	}
	return sum
}

// repeatsGrid is every number up to 12, and from there on those of a
// logarithmic axis.
func repeatsGrid(n int) []int {
	const every = 12
	var grid []int
	for k := 1; k <= min(n, every); k++ {
		grid = append(grid, k)
	}
	for _, k := range logGrid(n) {
		if k > every {
			grid = append(grid, k)
		}
	}
	return grid
}
