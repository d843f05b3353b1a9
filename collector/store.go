package collector

import (
	"context"

	"tickle/collector/pool"
	"tickle/datasets"
	"tickle/probegen"
)

// part is one machine under one plan: the unit of work and of resumption.
type part struct {
	run     string // folder
	program *program
	pairs   *pairs
	machine *pool.Machine
	index   int   // among the run's parts
	observe bool  // every exchange is kept
	bytes   bool  // and the packets
	noIPv6  error // why IPv6 probes of the program are not sent to the machine; nil: they are, or there are none
}

// absent says why nothing of the program is sent to the machine, or is empty.
func (p *part) absent() string {
	if p.noIPv6 == nil || p.program.versions.four {
		return ""
	}
	return "no IPv6: " + p.noIPv6.Error()
}

// transcriber turns a tape into a part's files. A worker owns it.
type transcriber struct {
	decoder  Decoder
	obs      []datasets.Observation
	answered []bool
	slots    slotRows             // of dialogues
	beyond   datasets.Observation // of answers that have no row
	exchange datasets.Exchange
	summary  datasets.Summary
	rebuilt  []byte
	touched  uint64
}

// write decodes what the engine has on its tape, probe by probe, and writes
// the part's files but its capture: the exchanges first, the summaries last,
// since they say that the part is complete.
func (t *transcriber) write(ctx context.Context, e *engine, p part, header datasets.SummaryHeader) (err error) {
	plan, machine := p.program.plan.Name, p.machine.Name
	var rows *datasets.ObservationWriter
	if p.observe {
		keep := datasets.KeepFields
		if p.bytes {
			keep = datasets.KeepBytes
		}
		rows, err = datasets.CreateObservations(datasets.ObservationPath(p.run, plan, machine),
			datasets.ObservationHeader{SummaryHeader: header, Keep: keep})
		if err != nil {
			return err
		}
	}
	summaries, err := datasets.CreateSummary(datasets.SummaryPath(p.run, plan, machine), header)
	if err != nil {
		abort(rows)
		return err
	}
	if err := t.transcribe(ctx, e, summaries, rows); err != nil {
		abort(rows)
		summaries.Abort()
		return err
	}
	counts := e.counts.stored()
	if rows != nil {
		rows.SetCounts(counts)
		if err := rows.Close(); err != nil {
			summaries.Abort()
			return err
		}
	}
	summaries.SetCounts(counts)
	return summaries.Close()
}

func abort(rows *datasets.ObservationWriter) {
	if rows != nil {
		rows.Abort()
	}
}

// transcribe writes a summary a probe, and a row an exchange where rows is
// not nil.
func (t *transcriber) transcribe(ctx context.Context, e *engine, summaries *datasets.SummaryWriter, rows *datasets.ObservationWriter) error {
	t.reset(e.g.repeats)
	for probe := range e.g.probes {
		if probe%fetchProbes == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			t.fetch(e, probe)
		}
		if e.g.layout == datasets.Dialogues {
			if err := t.transcribeDialogue(e, probe, summaries, rows); err != nil {
				return err
			}
			continue
		}
		answers := 0
		for repeat := range e.g.repeats {
			c := uint32(probe*e.g.repeats + repeat)
			r := &e.tape.copies[c]
			answers += int(r.answers)
			if err := t.observe(e, c, repeat); err != nil {
				return err
			}
			if rows == nil {
				continue
			}
			t.fill(&e.tape, r)
			t.exchange.Probe, t.exchange.Repeat, t.exchange.First = int32(probe), uint16(repeat), &t.obs[repeat]
			if err := rows.Write(&t.exchange, t.decoder.Texts); err != nil {
				return err
			}
		}
		t.summary.Probe, t.summary.Step, t.summary.Answer, t.summary.Answers = int32(probe), 0, 0, uint32(answers)
		datasets.Summarize(&t.summary, t.obs, t.answered)
		if err := summaries.Write(&t.summary, t.decoder.Texts); err != nil {
			return err
		}
	}
	return nil
}

// transcribeDialogue writes the rows of one probe of a plan of dialogues.
func (t *transcriber) transcribeDialogue(e *engine, probe int, summaries *datasets.SummaryWriter, rows *datasets.ObservationWriter) error {
	for repeat := range e.g.repeats {
		if rows == nil {
			break
		}
		t.fill(&e.tape, &e.tape.copies[probe*e.g.repeats+repeat])
		t.exchange.Probe, t.exchange.Repeat, t.exchange.First = int32(probe), uint16(repeat), nil
		for i := range t.exchange.Answers {
			t.exchange.Answers[i].Step++ // from 1
		}
		if err := rows.Write(&t.exchange, t.decoder.Texts); err != nil {
			return err
		}
	}
	return t.writeSlots(e, probe, summaries)
}

// fetchProbes is the number of probes whose answers are fetched together.
const fetchProbes = 8

// fetch has the memory of the answers to fetchProbes probes fetched, which are
// as scattered as they came, many at once (see batch).
func (t *transcriber) fetch(e *engine, probe int) {
	from := probe * e.g.repeats
	copies := e.tape.copies[from:min(from+fetchProbes*e.g.repeats, len(e.tape.copies))]
	for i := range copies {
		if place := copies[i].first; place != 0 {
			t.touched += uint64(e.tape.answers[place-1].offset)
		}
	}
	for i := range copies {
		if place := copies[i].first; place != 0 {
			t.touched += uint64(e.tape.bytes[e.tape.answers[place-1].offset])
		}
	}
}

func (t *transcriber) reset(repeats int) {
	t.decoder.Texts = new(datasets.Interner)
	if cap(t.obs) < repeats {
		t.obs, t.answered = make([]datasets.Observation, repeats), make([]bool, repeats)
	}
	t.obs, t.answered = t.obs[:repeats], t.answered[:repeats]
}

// observe decodes the answer that gives copy c its fields: the first.
func (t *transcriber) observe(e *engine, c uint32, repeat int) error {
	t.obs[repeat].Reset()
	t.answered[repeat] = false
	place := e.tape.copies[c].first
	if place == 0 {
		return nil
	}
	a := &e.tape.answers[place-1]
	b := e.tape.of(a)
	stimulus, err := t.stimulusOf(e, c, a, b)
	if err != nil {
		return err
	}
	t.decoder.Decode(&t.obs[repeat], b, stimulus)
	t.answered[repeat] = true
	return nil
}

// stimulusOf gives the packet that an answer to copy c, whose bytes are b,
// answers, as far as its fields depend on it.
func (t *transcriber) stimulusOf(e *engine, c uint32, a *answer, b []byte) ([]byte, error) {
	if stimulus := e.tape.stimulus(a); stimulus != nil || KindOf(b) != datasets.KindICMP {
		return stimulus, nil
	}
	return t.rebuild(e, c)
}

// rebuild makes the packet of a probe of one packet again as copy c sent it.
func (t *transcriber) rebuild(e *engine, c uint32) (b []byte, err error) {
	s := &e.g.steps[e.g.probes[c/uint32(e.g.repeats)].from]
	from, to := e.ends(c, s)
	t.rebuilt, err = s.packet.AppendRelative(t.rebuilt[:0], from, to, probegen.Numbers{})
	return t.rebuilt, err
}

// fill puts one exchange's times and answers into t.exchange.
func (t *transcriber) fill(tape *tape, r *record) {
	x := &t.exchange
	x.Sent, x.Answers = r.sent, x.Answers[:0]
	for place := r.first; place != 0; {
		a := &tape.answers[place-1]
		b := tape.of(a)
		x.Answers = append(x.Answers, datasets.Answer{At: a.at, Step: a.step, Kind: KindOf(b), Bytes: b})
		place = a.next
	}
}
