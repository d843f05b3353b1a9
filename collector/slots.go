package collector

import (
	"tickle/datasets"
)

// slotRows turns the tape of a plan of dialogues into rows, a place for an
// answer each.
type slotRows struct {
	obs      [][]datasets.Observation // by slot of the probe, then repeat; last the copy at a slow pace
	answered [][]bool
	answers  []uint32 // by step of the probe, of all repeats
	counts   []int    // of the repeat at hand, by step
	orders   [][]byte // likewise
}

// reset makes room for a probe of so many steps.
func (s *slotRows) reset(steps, repeats int) {
	for len(s.obs) < steps*datasets.AnswersPerStep {
		s.obs = append(s.obs, make([]datasets.Observation, repeats+1))
		s.answered = append(s.answered, make([]bool, repeats+1))
	}
	for i := range steps * datasets.AnswersPerStep {
		if len(s.obs[i]) != repeats+1 {
			s.obs[i], s.answered[i] = make([]datasets.Observation, repeats+1), make([]bool, repeats+1)
		}
		clear(s.answered[i])
	}
	for len(s.orders) < steps {
		s.orders, s.answers, s.counts = append(s.orders, nil), append(s.answers, 0), append(s.counts, 0)
	}
	clear(s.answers)
}

// writeSlots writes the summaries of a dialogue, step by step.
func (t *transcriber) writeSlots(e *engine, probe int, w *datasets.SummaryWriter) error {
	p := &e.g.probes[probe]
	n := int(p.n)
	t.slots.reset(n, e.g.repeats)
	for repeat := range e.g.repeats {
		if err := t.observeSlots(e, uint32(probe*e.g.repeats+repeat), repeat); err != nil {
			return err
		}
	}
	if e.g.hasSlow() {
		if err := t.observeSlots(e, e.g.slowCopy(probe), e.g.repeats); err != nil {
			return err
		}
	}
	var r reboots
	for i := range n * datasets.AnswersPerStep {
		step := i / datasets.AnswersPerStep
		t.summary.Probe, t.summary.Answers = int32(probe), t.slots.answers[step]
		t.summary.Step, t.summary.Answer = uint8(step+1), uint8(i%datasets.AnswersPerStep+1)
		repeats := e.g.repeats
		datasets.Summarize(&t.summary, t.slots.obs[i][:repeats], t.slots.answered[i][:repeats])
		t.slots.reboots(&r, i, &t.summary, e.g)
		e.counts.Paced += t.slots.limits(&t.summary, i, e.g.layout.Fields())
		if err := w.Write(&t.summary, t.decoder.Texts); err != nil {
			return err
		}
	}
	how := valuesVary
	if len(r.fields) > 0 {
		how = e.variation(probe)
	}
	e.counts.rebooted(&r, how)
	return nil
}

// observeSlots decodes the answers to copy c, those that came in pauses only
// for what they tell of the connection.
func (t *transcriber) observeSlots(e *engine, c uint32, repeat int) error {
	s, r := &t.slots, &e.tape.copies[c]
	p := &e.g.probes[e.g.probeOf(c)]
	steps := e.g.steps[p.from : p.from+p.n]
	for i := range steps {
		s.counts[i], s.orders[i] = 0, s.orders[i][:0]
	}
	within := connectionOf(steps)
	for place := r.first; place != 0; {
		a := &e.tape.answers[place-1]
		place = a.next
		b := e.tape.of(a)
		o := s.place(a.step, repeat, b)
		if o == nil {
			o = &t.beyond
		}
		stimulus, err := t.stimulusOf(e, c, a, b)
		if err != nil {
			return err
		}
		t.decoder.Decode(o, b, stimulus)
		t.decoder.relate(o, &within, b)
	}
	for i := range steps {
		if s.counts[i] == 0 {
			continue
		}
		first := &s.obs[i*datasets.AnswersPerStep][repeat]
		first.Set(datasets.StepAnswers, uint64(s.counts[i]))
		first.Set(datasets.StepOrder, t.decoder.Texts.ID(s.orders[i]))
	}
	return nil
}

// place counts an answer to a step and gives where its fields belong, or nil.
func (s *slotRows) place(step uint8, repeat int, answer []byte) *datasets.Observation {
	if step == inPause {
		return nil
	}
	at := s.counts[step]
	s.counts[step]++
	s.orders[step] = appendOrder(s.orders[step], answer)
	if repeat+1 < len(s.obs[0]) {
		s.answers[step]++
	}
	if at >= datasets.AnswersPerStep {
		return nil
	}
	i := int(step)*datasets.AnswersPerStep + at
	s.answered[i][repeat] = true
	return &s.obs[i][repeat]
}
