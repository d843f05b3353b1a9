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
	scale   uint8            // of the machine's window
	scaling bool             // our SYN allowed it
	opened  bool             // the machine holds a connection, or half of one, or did
	acked   bool             // numbers.Una was its acknowledgement number
	waiting bool             // for the machine to have done with the step
	replied bool             // the step was answered
	until   uint8            // flags that the step waits for; 0: none any more
	owed    int64            // how long the step waits for any answer beyond the fences, µs; 0: no longer
	counted bool             // the step is in burst
	rounds  uint8            // fences behind the step that were answered
	need    uint8            // of those until the machine has done with it
	closing closing          // who has closed the connection
	greeted bool             // a step acknowledged the machine's SYN
	began   int64            // when the step was sent
	paused  bool             // before the next step, at a slow pace
	limited int64            // until when a clock runs, at a slow pace
	clock   ackClock
	port    probegen.PortClass
	six     bool
	due     int64  // when the step ends by itself
	place   int32  // in dialogues.heap
	burst   uint32 // that the step, or the round, was sent in
}

// A step without a wait of its own ends when the machine has done with it. On
// links with fences two in a row tell: when the first is answered the stack has
// processed what the step sent, and until the second is, the application that
// it woke has had its turn (see fenceApp for when one tells). What the machine
// then still owes is waited for (see owes). Elsewhere time tells.
//
// No step is shorter than two ticks of the fastest clock that stacks stamp
// segments with. Else it were chance whether a segment echoes the timestamp of
// the SYN-ACK or one behind it, which is what Linux 6.17 and later judge it by
// (tcp_check_req).
const (
	fenceRounds = 2
	stepTime    = 2_000   // µs
	settleTime  = 20_000  // µs: the least that an answer is given where time tells
	untilTime   = 350_000 // µs: the least that the machine is given for what it does by itself, between the first and the second time that stacks repeat themselves
)

// mostDialogues is how many run at a time on one machine of whose application
// nothing is known: no ordinary backlog is shorter.
const mostDialogues = 64

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
	d.waiting, d.replied, d.until, d.rounds, d.began = s.wait == 0, false, s.until, 0, e.now
	d.owed, d.need = e.owes(d, s), e.roundsFor(d, s)
	d.counted = e.fences != nil && (d.waiting || s.packet != nil)
	due := e.now + s.wait
	if d.waiting {
		due = e.now + e.patience(s.until != 0)
	}
	e.dialogues.schedule(slot, due)
	if d.counted {
		d.burst = e.fences.sent()
	}
	if s.packet == nil {
		return nil
	}
	r.latest = uint32(min(e.now-r.sent, math.MaxUint32))
	e.lastSent = e.now
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

// patience is how long a step lasts at most. Where there are fences they tell
// sooner.
func (e *engine) patience(until bool) int64 {
	switch {
	case e.fences != nil && !e.fences.deaf:
		return e.limit
	case until:
		return max(e.settle(), untilTime)
	}
	return e.settle()
}

// settle is how long a step lasts that no fence ends: a multiple of the longest
// recent round trip, but on a real link the deadline.
func (e *engine) settle() int64 {
	if e.certain {
		if !e.rtt.seen {
			return e.limit
		}
		return min(max(tailFactor*e.rtt.tail/1024, settleTime), e.limit)
	}
	return e.deadline()
}

// sentSegment moves SND.NXT over a segment that begins at or before it and
// ends after it. A SYN with an absolute number begins anew.
func (d *dialogue) sentSegment(s *step) {
	from := d.numbers.Resolve(s.seq, s.base)
	d.closing.sent(s, from)
	d.greeted = d.greeted || d.opened && s.flags&probegen.ACK != 0
	if s.flags&probegen.SYN != 0 && s.base == probegen.Absolute {
		n := &d.numbers
		n.Seq, n.Una, n.Edge = from, from, from
		d.scaling = s.scaling
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
	e.unpaid(d)
	if uint32(r.step)+1 == e.g.probes[d.probe].n || e.toldAll(d) || e.outOfTime(d) {
		return e.finish(slot)
	}
	if e.pause(slot) {
		return nil
	}
	r.step++
	return e.sendStep(slot)
}

// finish ends a dialogue and what it left open on the machine.
func (e *engine) finish(slot uint32) error {
	d := e.dialogues.slots[slot]
	e.dialogues.close(slot)
	r := &e.tape.copies[d.copy]
	r.state, r.ref = over, d.burst
	if e.g.alone {
		e.nextAt = max(e.now, r.sent+int64(r.latest)+e.gap(d.probe))
	}
	if !d.opened {
		return nil
	}
	e.lastSent = e.now // and what comes for it is heard
	from, to := e.ends(d.copy, &step{port: d.port, six: d.six})
	if !d.acked {
		return e.sendReset(resetAckPacket, from, to, probegen.Numbers{Ack: d.numbers.Ack})
	}
	return e.sendReset(resetPacket, from, to, probegen.Numbers{Seq: d.numbers.Una})
}

// replyDialogue takes in an answer to a dialogue that runs.
func (e *engine) replyDialogue(c uint32, p *ipPacket, at int64) error {
	r := &e.tape.copies[c]
	slot := r.ref
	d := &e.dialogues.slots[slot]
	kept := r.answers
	if err := e.keep(r, p, at); err != nil {
		return err
	}
	if d.paused && r.answers > kept {
		e.tape.answers[r.last-1].step = inPause
	}
	e.slowAnswer(d, p)
	if err := e.note(sighting{kind: answerSeen, at: at, copy: c, known: true, step: r.step}, p.packet); err != nil {
		return err
	}
	if p.proto == probegen.ProtoTCP {
		t := parseTCP(p.body)
		d.receivedSegment(t, p.body)
		if d.until != 0 && t.flags&d.until == d.until {
			d.until = 0
			e.settleAgain(slot)
		}
		e.awaitClose(slot, t)
	}
	e.repay(slot)
	if !d.replied {
		d.replied = true
		if d.counted && d.rounds == 0 {
			e.fences.reply(d.burst)
		}
		if d.waiting && e.tripped(d, r) {
			e.sampleTrip(at - r.sent - int64(r.latest))
		}
		if d.until == 0 && (e.certain || e.settles()) {
			e.settleAgain(slot)
		}
	}
	return nil
}

// tripped says whether a step's first answer tells how long a round trip takes:
// it came before a fence did, and where time tells it answered an opening.
// Others may be what the machine does by itself, after as long as it likes.
func (e *engine) tripped(d *dialogue, r *record) bool {
	if e.fenced() {
		return d.rounds < d.need
	}
	return r.step == 0
}

// settles says whether time alone tells when a step is over on a real link.
func (e *engine) settles() bool { return !e.certain && (e.fences == nil || e.fences.deaf) }

// settleAgain gives a step that got what it waited for the time that other
// answers take.
func (e *engine) settleAgain(slot uint32) {
	d := &e.dialogues.slots[slot]
	switch {
	case !d.waiting:
	case e.settles():
		e.dialogues.schedule(slot, min(d.due, e.now+max(e.deadline()/tailFactor, settleTime)))
	case e.certain:
		e.dialogues.schedule(slot, min(d.due, e.now+e.settle()))
	case d.rounds >= d.need: // it had settled but for this
		d.rounds = d.need - 1
		d.burst = e.fences.sent()
	}
}

// receivedSegment takes the state of the connection from a segment of the
// machine's: RCV.NXT moves over one that is in order.
func (d *dialogue) receivedSegment(t tcpHeader, body []byte) {
	n := &d.numbers
	switch {
	case t.flags&probegen.RST != 0:
		return
	case t.flags&probegen.SYN != 0:
		d.opened = true
		n.Ack = t.seq + t.length
		if t.flags&probegen.ACK != 0 {
			n.Seq = t.ack // less than was sent where it did not take data with the SYN
		}
	case t.seq == n.Ack:
		n.Ack += t.length
	}
	o := readTCPOptions(body)
	if t.flags&probegen.SYN != 0 && d.scaling && o.scaling {
		d.scale = o.scale
	}
	if o.stamps {
		n.Recent = o.stamp
	}
	if t.flags&probegen.ACK != 0 {
		n.Una, d.acked = t.ack, true
		n.Edge = t.ack + uint32(t.window)
		if t.flags&probegen.SYN == 0 {
			n.Edge = t.ack + uint32(t.window)<<d.scale
		}
	}
}

// silentThrough goes on with the dialogues whose step, or round, was sent in
// bursts up to b: the machine has done with it.
func (e *engine) silentThrough(b uint32) error {
	if e.dialogues.active == 0 {
		return nil
	}
	for slot := range e.dialogues.slots {
		d := &e.dialogues.slots[slot]
		r := &e.tape.copies[d.copy]
		if r.state != running || r.ref != uint32(slot) || !d.waiting || d.rounds >= d.need || int32(d.burst-b) > 0 {
			continue
		}
		if err := e.passRound(uint32(slot)); err != nil {
			return err
		}
	}
	return nil
}

// passRound notes that a fence behind a dialogue's step was answered.
func (e *engine) passRound(slot uint32) error {
	d := &e.dialogues.slots[slot]
	d.rounds++
	switch {
	case e.fences.deaf:
		return e.advance(slot)
	case d.rounds < d.need:
		d.burst = e.fences.sent()
	case d.until != 0:
		e.dialogues.schedule(slot, e.now+e.spell())
	case d.owed > 0:
		e.dialogues.schedule(slot, e.now+d.owed)
	case e.now < d.began+stepTime:
		e.dialogues.schedule(slot, d.began+stepTime)
	default:
		return e.advance(slot)
	}
	return nil
}
