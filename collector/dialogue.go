package collector

import (
	"math"

	"tickle/probegen"
)

// dialogue is the state of an exchange that has steps to come.
type dialogue struct {
	copy    uint32
	probe   uint32
	numbers probegen.Numbers // of the connection, as far as there is one
	peerAck uint32           // the latest acknowledgement number from the machine
	acked   bool             // there is one
	opened  bool             // the machine holds a connection, or half of one
	waiting bool             // for an answer to the step, or its silence
	replied bool             // the latest packet was answered
	port    probegen.PortClass
	six     bool   // the connection is over IPv6
	due     int64  // when the step ends by itself
	place   int32  // in dialogues.heap
	burst   uint32 // that the step was sent in
}

// dialogues holds those that run, in slots, with a heap by when they are due;
// ties go to the lower copy.
type dialogues struct {
	slots  []dialogue
	free   []uint32
	heap   []uint32
	active int
}

func (d *dialogues) reset() {
	d.slots, d.free, d.heap, d.active = d.slots[:0], d.free[:0], d.heap[:0], 0
}

// soonest gives the dialogue that is due first, or never.
func (d *dialogues) soonest() (slot uint32, due int64) {
	if len(d.heap) == 0 {
		return 0, never
	}
	return d.heap[0], d.slots[d.heap[0]].due
}

// open takes a slot.
func (d *dialogues) open() uint32 {
	d.active++
	var slot uint32
	if n := len(d.free); n > 0 {
		slot = d.free[n-1]
		d.free = d.free[:n-1]
	} else {
		slot = uint32(len(d.slots))
		d.slots = append(d.slots, dialogue{})
	}
	d.slots[slot] = dialogue{due: never, place: int32(len(d.heap))}
	d.heap = append(d.heap, slot)
	return slot
}

// close gives a slot back.
func (d *dialogues) close(slot uint32) {
	d.schedule(slot, math.MinInt64) // to the top
	last := len(d.heap) - 1
	d.swap(0, last)
	d.heap = d.heap[:last]
	d.down(0)
	d.free = append(d.free, slot)
	d.active--
}

// schedule sets when a dialogue is due.
func (d *dialogues) schedule(slot uint32, due int64) {
	s := &d.slots[slot]
	s.due = due
	d.up(int(s.place))
	d.down(int(s.place))
}

func (d *dialogues) less(i, j int) bool {
	a, b := &d.slots[d.heap[i]], &d.slots[d.heap[j]]
	return a.due < b.due || a.due == b.due && a.copy < b.copy
}

func (d *dialogues) swap(i, j int) {
	d.heap[i], d.heap[j] = d.heap[j], d.heap[i]
	d.slots[d.heap[i]].place, d.slots[d.heap[j]].place = int32(i), int32(j)
}

func (d *dialogues) up(i int) {
	for parent := (i - 1) / 2; i > 0 && d.less(i, parent); i, parent = parent, (parent-1)/2 {
		d.swap(i, parent)
	}
}

func (d *dialogues) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(d.heap) {
			return
		}
		if child+1 < len(d.heap) && d.less(child+1, child) {
			child++
		}
		if !d.less(child, i) {
			return
		}
		d.swap(i, child)
		i = child
	}
}

// startDialogue sends the first step of copy c.
func (e *engine) startDialogue(c, probe uint32) error {
	slot := e.dialogues.open()
	d := &e.dialogues.slots[slot]
	d.copy, d.probe, d.port = c, probe, probegen.OpenTCP
	r := &e.tape.copies[c]
	r.state, r.ref = running, slot
	if e.g.alone {
		e.nextAt = never // until it is over
	}
	return e.sendStep(slot)
}

// sendStep sends, or begins to listen, as the dialogue's step says.
func (e *engine) sendStep(slot uint32) error {
	d := &e.dialogues.slots[slot]
	r := &e.tape.copies[d.copy]
	s := &e.g.steps[e.g.probes[d.probe].from+uint32(r.step)]
	due := e.now + s.wait
	if d.waiting = s.wait == 0; d.waiting {
		due = e.now + e.patience()
	}
	e.dialogues.schedule(slot, due)
	if s.packet == nil {
		return nil
	}
	d.replied = false
	r.latest = uint32(min(e.now-r.sent, math.MaxUint32))
	e.lastSent = e.now
	if e.fences != nil {
		d.burst = e.fences.sent()
	}
	if err := e.transmit(d.copy, s, d.numbers); err != nil {
		return err
	}
	at, err := e.tape.keep(e.out)
	if err != nil {
		return err
	}
	r.packet = at + 1
	if s.proto == probegen.ProtoTCP {
		d.port, d.six = s.port, s.six
		d.sentSegment(s)
	}
	return nil
}

// patience is how long a step's answer is waited for. Where there are fences
// they tell sooner.
func (e *engine) patience() int64 {
	if e.fences != nil && !e.fences.deaf {
		return e.limit
	}
	return e.deadline()
}

// sentSegment moves SND.NXT over a segment that begins at or before it and
// ends after it. A segment with an absolute number begins anew.
func (d *dialogue) sentSegment(s *step) {
	from := s.seq
	switch s.base {
	case probegen.Absolute:
		if s.flags&probegen.SYN != 0 {
			d.numbers.Seq = from
		}
	case probegen.SndNxt:
		from += d.numbers.Seq
	case probegen.RcvNxt:
		from += d.numbers.Ack
	}
	end := from + s.length
	if int32(from-d.numbers.Seq) <= 0 && int32(end-d.numbers.Seq) > 0 {
		d.numbers.Seq = end
	}
}

// advance ends a dialogue's step and begins the next, or ends the dialogue.
func (e *engine) advance(slot uint32) error {
	d := &e.dialogues.slots[slot]
	r := &e.tape.copies[d.copy]
	if uint32(r.step)+1 == e.g.probes[d.probe].n {
		return e.finish(slot)
	}
	r.step++
	return e.sendStep(slot)
}

// finish ends a dialogue and what it left open on the machine.
func (e *engine) finish(slot uint32) error {
	d := e.dialogues.slots[slot]
	e.dialogues.close(slot)
	r := &e.tape.copies[d.copy]
	r.state, r.ref = sent, d.burst
	if e.g.alone {
		e.nextAt = max(e.now, r.sent+int64(r.latest)+e.gap(d.probe))
	}
	if !d.opened {
		return nil
	}
	from, to := e.ends(d.copy, &step{port: d.port, six: d.six})
	if !d.acked {
		return e.sendReset(resetAckPacket, from, to, probegen.Numbers{Ack: d.numbers.Ack})
	}
	return e.sendReset(resetPacket, from, to, probegen.Numbers{Seq: d.peerAck})
}

// replyDialogue takes in an answer to a dialogue that runs.
func (e *engine) replyDialogue(c uint32, p *ipPacket, at int64) error {
	r := &e.tape.copies[c]
	slot := r.ref
	d := &e.dialogues.slots[slot]
	if err := e.keep(r, p, at); err != nil {
		return err
	}
	if err := e.note(sighting{kind: answerSeen, at: at, copy: c, known: true, step: r.step}, p.packet); err != nil {
		return err
	}
	if !d.replied && e.fences != nil {
		e.fences.reply(d.burst)
	}
	d.replied = true
	if p.proto == probegen.ProtoTCP {
		d.receivedSegment(parseTCP(p.body))
	}
	if d.waiting {
		return e.advance(slot)
	}
	return nil
}

// receivedSegment moves RCV.NXT over a segment that is in order, and notes
// what the machine holds.
func (d *dialogue) receivedSegment(t tcpHeader) {
	switch {
	case t.flags&probegen.RST != 0:
		d.opened = false
		return
	case t.flags&probegen.SYN != 0:
		d.opened = true
		d.numbers.Ack = t.seq + t.length
	case t.seq == d.numbers.Ack:
		d.numbers.Ack += t.length
	}
	if t.flags&probegen.ACK != 0 {
		d.peerAck, d.acked = t.ack, true
	}
}

// silentThrough goes on with the dialogues that wait for an answer to what
// was sent in bursts up to b: none will come.
func (e *engine) silentThrough(b uint32) error {
	if e.dialogues.active == 0 {
		return nil
	}
	for slot := range e.dialogues.slots {
		d := &e.dialogues.slots[slot]
		r := &e.tape.copies[d.copy]
		if r.state != running || r.ref != uint32(slot) || !d.waiting || int32(d.burst-b) > 0 {
			continue
		}
		if err := e.advance(uint32(slot)); err != nil {
			return err
		}
	}
	return nil
}
