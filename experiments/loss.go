package experiments

import (
	"context"
	"fmt"

	"tickle/datasets"
)

// LossRow is either the pairs of machine and probe with so many answers, or
// a sum over all of them.
type LossRow struct {
	Counted  string     `json:"counted" doc:"what is counted: sets, a set being all sendings of a probe to a machine; probes; steps, a step being all times that a machine came to it in a dialogue; dialogues"`
	Outcome  string     `json:"outcome"`
	Answered Number     `json:"answered" decimals:"0" doc:"sendings of the set that drew an answer; n/a for sums"`
	Count    int        `json:"count"`
	Of       int        `json:"of" doc:"all there are"`
	Share    Number     `json:"share" unit:"share" decimals:"5"`
	Machines int        `json:"machines" doc:"on which this was met; 0 for sums"`
	Paper    PaperValue `json:"paper" doc:"the same share in the paper, which dropped each of the 121 of its 50,000 probes that were lossy on some machine"`
}

var loss = Entry{
	Name:        "loss",
	Title:       "Answers to the sendings of a probe",
	PaperFigure: "Figure 3b",
	Summary:     "How many of a probe's sendings to a machine were answered: all or none, or some, which is loss or a limit of rate.",
	Options:     []Option{planOption},
	NeedsRun:    true,
	Rows:        []LossRow{},
	Run:         runLoss,
}

func runLoss(ctx context.Context, in *Input) (*Result, error) {
	p, missing, err := openPlan(in, in.Options["plan"], "name one with --plan")
	if p == nil {
		return &Result{Rows: []LossRow{}, Warnings: missing}, err
	}
	perMachine := make([]answerCount, len(p.machines))
	err = p.each(ctx, in, func(i int, f *datasets.SummaryFile) error {
		perMachine[i] = answerCount{sets: make([]int, p.plan.Repeats+1), lossy: make([]bool, p.plan.N)}
		return perMachine[i].read(f)
	})
	if err != nil {
		return nil, err
	}
	r := &Result{Rows: lossRows(in, p, perMachine), Warnings: p.warnings(), scope: p.scope()}
	for i := range perMachine {
		// The data set's own rule: see datasets.LossyMachine.
		if n := perMachine[i].lossySets(); n*100 > p.plan.N {
			r.Warnings = append(r.Warnings, Warning{Code: WarnLossySets, Cell: p.machines[i].Name,
				Text: fmt.Sprintf("answered some sendings only of %d of %d probes: more than 1 %%, so that it is masked and drops no probe for others", n, p.plan.N)})
		}
	}
	return r, nil
}

// answerCount is a machine's sets, or steps of dialogues, by how many sendings
// were answered. That of a step is what its first answer's place counts.
type answerCount struct {
	sets  []int  // by answered sendings
	lossy []bool // by probe: in some place for an answer
}

func (a *answerCount) read(f *datasets.SummaryFile) error {
	for g := range f.Groups() {
		slots, err := f.Slots(g)
		if err != nil {
			return err
		}
		answered, repeats, err := f.Answered(g)
		if err != nil {
			return err
		}
		for i, n := range answered {
			probe := int(slots[i].Probe)
			if int(n) >= len(a.sets) || probe >= len(a.lossy) {
				return fmt.Errorf("machine %s, probe %d: %d answered sendings: want at most %d, of %d probes", f.Header.Machine, probe, n, len(a.sets)-1, len(a.lossy))
			}
			if slots[i].Answer <= 1 {
				a.sets[n]++
			}
			a.lossy[probe] = a.lossy[probe] || n > 0 && n < repeats[i]
		}
	}
	return nil
}

func (a *answerCount) lossySets() int {
	n := 0
	for _, lossy := range a.lossy {
		if lossy {
			n++
		}
	}
	return n
}

func lossRows(in *Input, p *planOf, machines []answerCount) []LossRow {
	rows := make([]LossRow, p.plan.Repeats+1)
	counted, probes := "sets", "probes"
	if p.isDialogues() {
		counted, probes = "steps", "dialogues"
	}
	sets := 0
	for i := range machines {
		for _, n := range machines[i].sets {
			sets += n
		}
	}
	for k := range rows {
		row := &rows[k]
		*row = LossRow{Counted: counted, Outcome: count(k, "answer"), Answered: Number(k), Of: sets}
		for i := range machines {
			row.Count += machines[i].sets[k]
			if machines[i].sets[k] > 0 {
				row.Machines++
			}
		}
		row.Share = shareOf(row.Count, sets)
	}
	lossy := make([]bool, p.plan.N)
	for i := range machines {
		for probe, is := range machines[i].lossy {
			lossy[probe] = lossy[probe] || is
		}
	}
	sum := func(outcome string, count int) LossRow {
		return LossRow{Counted: probes, Outcome: outcome, Answered: NA, Count: count, Of: p.plan.N, Share: shareOf(count, p.plan.N)}
	}
	onSome := sum("lossy on some machine", (&answerCount{lossy: lossy}).lossySets())
	if !p.isDialogues() {
		onSome.Paper = PaperValue{"=", 0.0024}
	}
	return append(rows, onSome, sum("dropped from the data set", in.Data.Origin.Dropped))
}

// shareOf is count/of, n/a where there are none.
func shareOf(count, of int) Number {
	if of == 0 {
		return NA
	}
	return Number(float64(count) / float64(of))
}

// count writes a number of things.
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}
