package experiments

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"tickle/datasets"
	"tickle/probegen"
)

// ExampleRow follows one field of one probe from what was sent to what a
// learner reads. Rows whose set is empty are about the exchanges and no
// features. Of a dialogue each step has two such rows, what is sent and what
// came, and then each place that had an answer has its fields, but those that
// are absent.
type ExampleRow struct {
	Machine string `json:"machine" extra:"yes"`
	Number  int    `json:"probe_id" extra:"yes"`
	Field   string `json:"field" doc:"of a dialogue behind the step and the number of the answer, as 2.1 tcp.window"`
	Probe   string `json:"probe" doc:"the same field of the probe itself, where it has one; what a step of a dialogue sends"`
	Answers string `json:"answers" extra:"yes" doc:"of each sending in turn, between bars: the field's value, absent from the answer, or silent: no answer; of a dialogue the answers to each step, but no single fields"`
	State   string `json:"state" doc:"the summary of all sendings: value, absent or nondet; lossy where some were not answered"`
	Value   string `json:"value" doc:"the summary's value, or how many different outcomes there were"`
	Cell    string `json:"cell" doc:"in the learner's row: a value, absent, nondet, ? where it is missing, or dropped where the data set has no such feature"`
	Set     string `json:"set" doc:"field set of the feature"`
}

// The texts of ExampleRow that are no values.
const (
	AnswerBar    = " | " // between sendings
	AnswerAbsent = "absent"
	AnswerSilent = "silent"
	CellMissing  = "?"
	CellDropped  = "dropped"
)

// The codes of warnings of this experiment.
const (
	WarnOtherPlan = "other-plan" // the data set was built from another plan
	WarnCut       = "cut"        // not every sending is shown
	WarnNoProbe   = "no-probe"   // the probe set cannot be made again
)

var example = Entry{
	Name:          "example",
	Title:         "From a probe to a learner's row",
	PaperFigure:   "Figures 7 and 8",
	Summary:       "One probe to one machine: the fields of each answer, what is kept of them, and what a learner reads.",
	NeedsMachines: true,
	Options: []Option{
		{Name: "machine", Default: "auto", Doc: "a machine's name; auto: the first whose single exchanges are kept"},
		{Name: "probe", Default: "auto", Doc: "a probe's id; auto: the one whose answers, to every sending, have the most fields, of those the one with the most that vary, then the first"},
		planOption,
		{Name: "sendings", Default: "6", Doc: "sendings that are shown at most"},
	},
	NeedsRun: true,
	Rows:     []ExampleRow{},
	Run:      runExample,
}

func runExample(ctx context.Context, in *Input) (*Result, error) {
	p, missing, err := openPlan(in, in.Options["plan"], "name one with --plan")
	r := &Result{Rows: []ExampleRow{}, Warnings: missing}
	if p == nil {
		return r, err
	}
	x := &exampleRun{in: in, plan: p}
	if x.most, err = in.integer("sendings", 1); err != nil {
		return nil, err
	}
	machine, err := x.chooseMachine()
	if err != nil {
		return nil, err
	}
	if machine < 0 {
		r.Warnings = []Warning{{Code: WarnNoSingles, Cell: "plan " + p.plan.Name, Text: "the run keeps no single exchanges: no rows (collect with --observations)"}}
		return r, nil
	}
	if err := x.read(ctx, machine); err != nil {
		return nil, err
	}
	if p.isDialogues() {
		r.Rows, err = x.dialogueRows()
	} else {
		r.Rows = x.rows()
	}
	if err != nil {
		return nil, err
	}
	r.Warnings = x.warnings
	r.scope = &scope{plan: p.plan.Name, machines: []datasets.Machine{*x.machine}, probes: 1, repeats: p.plan.Repeats}
	return r, nil
}

// exampleRun is an example under way.
type exampleRun struct {
	in       *Input
	plan     *planOf
	most     int // sendings shown
	machine  *datasets.Machine
	texts    datasets.Interner
	places   []datasets.Summary  // of the probe: one, or those of a dialogue
	sendings []datasets.Exchange // by repeat
	warnings []Warning
}

// chooseMachine gives the place in the plan of the machine asked for, -1 when
// any will do and none has its exchanges kept.
func (x *exampleRun) chooseMachine() (int, error) {
	name := x.in.Options["machine"]
	for i := range x.plan.machines {
		_, err := os.Stat(x.plan.observationPath(i))
		switch {
		case name == "auto" && err == nil:
			return i, nil
		case x.plan.machines[i].Name == name && err == nil:
			return i, nil
		case x.plan.machines[i].Name == name:
			return 0, fmt.Errorf("option machine=%s: the run keeps no single exchanges of it: %w", name, err)
		}
	}
	if name == "auto" {
		return -1, nil
	}
	return 0, fmt.Errorf("option machine=%s: no such machine in plan %q of the run (see tickle pool list)", name, x.plan.plan.Name)
}

// read finds the probe and its exchanges.
func (x *exampleRun) read(ctx context.Context, machine int) error {
	x.machine = &x.plan.machines[machine]
	if err := x.readSummary(); err != nil {
		return err
	}
	f, err := datasets.OpenObservations(x.plan.observationPath(machine))
	if err != nil {
		return err
	}
	defer f.Close()
	probe := x.places[0].Probe
	x.sendings = make([]datasets.Exchange, x.places[0].Repeats)
	found := 0
	for g := 0; g < f.Groups() && found < len(x.sendings); g++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		exchanges, err := f.Read(g, &x.texts)
		if err != nil {
			return err
		}
		for i := range exchanges {
			if e := &exchanges[i]; e.Probe == probe && int(e.Repeat) < len(x.sendings) {
				x.sendings[e.Repeat] = *e
				found++
			}
		}
	}
	if found < len(x.sendings) {
		return fmt.Errorf("%s: probe %d: %d exchanges: want %d", x.plan.observationPath(machine), probe, found, len(x.sendings))
	}
	return nil
}

// readSummary finds the probe that was asked for, or the one that shows most.
func (x *exampleRun) readSummary() error {
	probe := int64(-1)
	if text := x.in.Options["probe"]; text != "auto" {
		var err error
		if probe, err = strconv.ParseInt(text, 10, 32); err != nil || probe < 0 || int(probe) >= x.plan.plan.N {
			return fmt.Errorf("option probe=%s: want auto or a number from 0 to %d", text, x.plan.plan.N-1)
		}
	}
	f, err := datasets.OpenSummary(x.plan.summaryPath(x.machine.Name))
	if err != nil {
		return err
	}
	defer f.Close()
	best := [2]int{-1, -1}
	var places []datasets.Summary // of the probe that is read
	choose := func() {
		if len(places) == 0 {
			return
		}
		score := showing(places)
		if int64(places[0].Probe) == probe || probe < 0 && slices.Compare(score[:], best[:]) > 0 {
			x.places, best = slices.Clone(places), score
		}
		places = places[:0]
	}
	for g := range f.Groups() {
		summaries, err := f.Read(g, &x.texts)
		if err != nil {
			return err
		}
		for i := range summaries {
			if len(places) > 0 && places[0].Probe != summaries[i].Probe {
				choose()
			}
			places = append(places, summaries[i])
		}
	}
	choose()
	if len(x.places) == 0 {
		return fmt.Errorf("%s: no probe %d", x.plan.summaryPath(x.machine.Name), probe)
	}
	return nil
}

// showing says how much there is to see of a probe: fields in the answers of
// places that always had one, and those among them that vary.
func showing(places []datasets.Summary) (score [2]int) {
	for i := range places {
		if places[i].Answered < places[i].Repeats {
			continue
		}
		for f := range places[i].Fields {
			switch places[i].Fields[f].State {
			case datasets.Nondet:
				score[1]++
				fallthrough
			case datasets.Present:
				score[0]++
			}
		}
	}
	return score
}

// rows makes the table: first what is known of the exchanges, then the fields
// in the order of the catalogue.
func (x *exampleRun) rows() []ExampleRow {
	summary := &x.places[0]
	rows := []ExampleRow{
		x.row("delay (µs)", func(e *datasets.Exchange) string {
			if len(e.Answers) == 0 {
				return AnswerSilent
			}
			return strconv.FormatInt(e.Answers[0].At-e.Sent, 10)
		}),
		x.row("answers", func(e *datasets.Exchange) string { return strconv.Itoa(len(e.Answers)) }),
	}
	rows[1].State, rows[1].Value = answeredText(summary)
	x.cut()
	sent, cells, vetted := x.probeFields(), x.cells()(summary), x.in.Data.VettedFields()
	for f := range datasets.FieldID(datasets.NumFields) {
		row := x.row(f.String(), func(e *datasets.Exchange) string {
			if len(e.Answers) == 0 {
				return AnswerSilent
			}
			v, ok := e.First.Get(f)
			if !ok {
				return AnswerAbsent
			}
			return x.text(f, v)
		})
		row.Probe, row.Cell, row.Set = sent[f], cells[f], string(datasets.Prone)
		if vetted[f] {
			row.Set = string(datasets.Vetted)
		}
		row.State, row.Value = x.state(summary, f)
		rows = append(rows, row)
	}
	return rows
}

// cut warns where not every sending is shown.
func (x *exampleRun) cut() {
	if n := len(x.sendings); n > x.most {
		x.warnings = append(x.warnings, Warning{Code: WarnCut, Text: fmt.Sprintf("the first %d of %d sendings are shown; the summary is of all", x.most, n)})
	}
}

// answeredText says how many sendings had an answer in a place.
func answeredText(s *datasets.Summary) (state, value string) {
	state = "all answered"
	switch {
	case s.Lossy():
		state = "lossy"
	case s.Answered == 0:
		state = "none answered"
	}
	return state, fmt.Sprintf("%d of %d", s.Answered, s.Repeats)
}

// row makes a row with what of says of each sending; nil: with nothing.
func (x *exampleRun) row(field string, of func(*datasets.Exchange) string) ExampleRow {
	row := ExampleRow{Machine: x.machine.Name, Number: int(x.places[0].Probe), Field: field}
	if of == nil {
		return row
	}
	shown := x.sendings[:min(x.most, len(x.sendings))]
	answers := make([]string, len(shown))
	for i := range shown {
		answers[i] = of(&shown[i])
	}
	row.Answers = strings.Join(answers, AnswerBar)
	return row
}

// state is the summary of field f of a place in words.
func (x *exampleRun) state(place *datasets.Summary, f datasets.FieldID) (state, value string) {
	s := &place.Fields[f]
	switch s.State {
	case datasets.Present:
		state, value = "value", x.text(f, s.Value)
	case datasets.Absent:
		state = "absent"
	case datasets.Nondet:
		state, value = "nondet", count(int(s.Distinct), "outcome")
	}
	if place.Lossy() {
		state += ", lossy"
	}
	return state, value
}

// text is a field's value for people. An empty text is two quotes.
func (x *exampleRun) text(f datasets.FieldID, v uint64) string {
	switch {
	case f == datasets.AnswerKind:
		return datasets.Kind(v).String()
	case datasets.Catalogue[f].Type == datasets.Text:
		return cmp.Or(x.texts.Text(v), `""`)
	}
	return strconv.FormatUint(v, 10)
}

// fieldCells are what a learner reads of each field.
type fieldCells [datasets.NumAllFields]string

// cells gives what a learner reads of the fields of a place; nothing where the
// data set is not of this plan and machine.
func (x *exampleRun) cells() func(place *datasets.Summary) fieldCells {
	m := x.in.Data.Matrix
	row := slices.IndexFunc(m.Machines, func(d datasets.Machine) bool { return d.Name == x.machine.Name })
	if row < 0 || x.in.Data.Origin.Plan != x.plan.plan.Name || m.Names != nil {
		x.warnings = append(x.warnings, Warning{Code: WarnOtherPlan, Text: fmt.Sprintf("the data set does not have machine %s under plan %q: no learner's row", x.machine.Name, x.plan.plan.Name)})
		return func(*datasets.Summary) (none fieldCells) { return none }
	}
	return func(place *datasets.Summary) (cells fieldCells) {
		for f := range cells {
			cells[f] = CellDropped
		}
		first, _ := slices.BinarySearchFunc(m.Columns, place.Probe, func(c datasets.Column, probe int32) int { return cmp.Compare(c.Probe, probe) })
		for c := first; c < len(m.Columns) && m.Columns[c].Probe == place.Probe; c++ {
			if m.Columns[c].Slot() == (datasets.Slot{Probe: place.Probe, Step: place.Step, Answer: place.Answer}) {
				cells[m.Columns[c].Field] = cellText(m, c, row)
			}
		}
		return cells
	}
}

// cellText is a cell for people.
func cellText(m *datasets.Matrix, c, row int) string {
	code := m.Codes(m.Part[c])[row]
	switch {
	case code == datasets.Missing:
		return CellMissing
	case m.Columns[c].Field == datasets.AnswerKind && m.Values(c)[code].State == datasets.Present:
		return datasets.Kind(m.Values(c)[code].Number).String()
	}
	return cmp.Or(m.Text(c, code), `""`)
}

// probe makes the probe again from the seed of its set; nil when that makes
// other probes than the run's.
func (x *exampleRun) probe() *probegen.Probe {
	h := &x.plan.plan.Probes
	set, err := probegen.Generate(h.Family, probegen.Config{N: h.N, Seed: h.Seed, Options: h.Options})
	if err != nil || set.Hash() != x.plan.plan.SHA256 {
		x.warnings = append(x.warnings, Warning{Code: WarnNoProbe, Text: fmt.Sprintf("this program does not make the run's probes from family %s and seed %d: what was sent is not shown", h.Family, h.Seed)})
		return nil
	}
	return &set.Probes[x.places[0].Probe]
}

// probeFields gives the fields that the probe itself has.
func (x *exampleRun) probeFields() (sent [datasets.NumFields]string) {
	probe := x.probe()
	if probe == nil {
		return sent
	}
	for _, step := range probe.Steps {
		if step.Packet != nil {
			return packetFields(step.Packet)
		}
	}
	return sent
}
