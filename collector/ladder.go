package collector

import (
	"fmt"
	"strings"

	"tickle/datasets"
	"tickle/probegen"
)

// AnswerLadder gives, for each step of a probe, a line for each answer that
// came to it, in order: flags, sequence and acknowledgement number relative to
// the connection, window, data, and the kinds of options. Answers carry their
// bytes and steps, as a run of dialogues keeps them.
func AnswerLadder(p *probegen.Probe, answers []datasets.Answer) ([][]string, error) {
	var templates probegen.Templates
	steps := make([]step, len(p.Steps))
	for i := range p.Steps {
		var err error
		if steps[i], err = compileStep(&templates, &p.Steps[i]); err != nil {
			return nil, err
		}
	}
	d := Decoder{Texts: new(datasets.Interner)}
	within := connectionOf(steps)
	lines := make([][]string, len(steps))
	for i := range answers {
		a := &answers[i]
		if a.Step < 1 || int(a.Step) > len(steps) {
			return nil, fmt.Errorf("answer %d: step %d: want 1 to %d", i, a.Step, len(steps))
		}
		var o datasets.Observation
		d.Decode(&o, a.Bytes, nil)
		d.relate(&o, &within, a.Bytes)
		lines[a.Step-1] = append(lines[a.Step-1], d.line(&o, a.Bytes))
	}
	return lines, nil
}

// line prints an answer whose fields are o.
func (d *Decoder) line(o *datasets.Observation, answer []byte) string {
	var b strings.Builder
	b.Write(appendOrder(nil, answer))
	for _, f := range []struct {
		field datasets.FieldID
		name  string
	}{{datasets.TCPSeqRel, "seq"}, {datasets.TCPAckRel, "ack"}, {datasets.TCPWindow, "win"}, {datasets.TCPPayload, "len"},
		{datasets.TCPOptionsOrder, ""}, {datasets.TCPSACKRel, "SACK"}, {datasets.TCPTSEcrRel, "ecr"}} {
		v, ok := o.Get(f.field)
		switch {
		case !ok || f.field == datasets.TCPPayload && v == 0:
		case f.field == datasets.TCPOptionsOrder:
			fmt.Fprintf(&b, " <%s>", d.Texts.Text(v))
		case datasets.Catalogue[f.field].Type == datasets.Text:
			fmt.Fprintf(&b, " %s %s", f.name, d.Texts.Text(v))
		default:
			fmt.Fprintf(&b, " %s %d", f.name, int32(v))
		}
	}
	return b.String()
}
