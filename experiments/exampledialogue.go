package experiments

import (
	"fmt"
	"strings"

	"tickle/datasets"
)

// dialogueRows makes the table of a dialogue: its ladder with the answers to
// each step, then the fields of each place that had an answer.
func (x *exampleRun) dialogueRows() ([]ExampleRow, error) {
	x.cut()
	steps := 0
	for i := range x.places {
		steps = max(steps, int(x.places[i].Step))
	}
	sent := make([]string, steps)
	answers, err := x.answersByStep(steps, sent)
	if err != nil {
		return nil, err
	}
	var rows []ExampleRow
	for s := range steps {
		send := x.row(fmt.Sprintf("step %d", s+1), nil)
		send.Probe = sent[s]
		came := x.row(fmt.Sprintf("step %d answers", s+1), func(e *datasets.Exchange) string { return answers[e.Repeat][s] })
		for i := range x.places {
			if p := &x.places[i]; int(p.Step) == s+1 && p.Answer == 1 {
				came.State, came.Value = answeredText(p)
			}
		}
		rows = append(rows, send, came)
	}
	cells, vetted := x.cells(), x.in.Data.VettedFields()
	for i := range x.places {
		place := &x.places[i]
		if place.Answered == 0 {
			continue // the step's row says so
		}
		read := cells(place)
		for _, f := range x.plan.fields() {
			if place.Fields[f].State == datasets.Absent {
				continue
			}
			row := x.row(fmt.Sprintf("%d.%d %s", place.Step, place.Answer, f), nil)
			row.State, row.Value = x.state(place, f)
			row.Cell, row.Set = read[f], string(datasets.Prone)
			if vetted[f] {
				row.Set = string(datasets.Vetted)
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// answersByStep gives for each sending what came to each step, and fills in
// what the steps send. Where the probe cannot be made again, or Input has
// nothing that reads answers, they are counted.
func (x *exampleRun) answersByStep(steps int, sent []string) ([][]string, error) {
	probe := x.probe()
	if probe != nil {
		copy(sent, probe.Ladder())
		for i := range sent {
			if _, line, ok := strings.Cut(strings.TrimSpace(sent[i]), " "); ok { // behind the step's number
				sent[i] = strings.TrimSpace(line)
			}
		}
	}
	all := make([][]string, len(x.sendings))
	for i := range x.sendings {
		e := &x.sendings[i]
		lines := make([][]string, steps)
		switch {
		case probe != nil && x.in.AnswerLadder != nil:
			read, err := x.in.AnswerLadder(probe, e.Answers)
			if err != nil {
				return nil, fmt.Errorf("probe %d, sending %d: %w", e.Probe, e.Repeat+1, err)
			}
			copy(lines, read)
		default:
			for _, a := range e.Answers {
				if s := int(a.Step) - 1; s < steps {
					lines[s] = append(lines[s], a.Kind.String())
				}
			}
		}
		all[i] = make([]string, steps)
		for s := range lines {
			if all[i][s] = strings.Join(lines[s], "; "); len(lines[s]) == 0 {
				all[i][s] = AnswerSilent
			}
		}
	}
	return all, nil
}
