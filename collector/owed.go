package collector

import "tickle/probegen"

// What a machine does behind a step may come later than the fences: on the way
// is another program, or a timer. Whether it came before the next step was then
// a matter of chance, so the engine waits for what is due by the rules of TCP:
//
//   - An answer to the SYN that opens a dialogue. A stack in front of another
//     host's (slirp, passt) connects there first.
//   - Of a FIN that is in order an acknowledgement, which Linux delays until its
//     next tick, or by up to 40 ms (tcp_send_delayed_ack), as long as the
//     application does not close. Behind another host also that of data; not
//     elsewhere, for lwIP takes up to 250 ms for it.
//   - Behind that of a FIN the application's own, where our window has room.
//
// A machine that lets the engine wait in vain is not waited for any more.
const (
	ackTime = 60_000 // µs: longer than stacks delay an acknowledgement
	maxVain = 64     // in a row
)

// closing is how far the ends of a connection are closed.
type closing struct {
	end   uint32 // behind our FIN
	begun bool   // it was sent
	shut  bool   // our window is
	held  bool   // the application was told not to close
	over  bool   // the machine's FIN came
	due   bool   // it is waited for
}

// sent takes in a step of ours whose segment begins at from.
func (c *closing) sent(s *step, from uint32) {
	c.held, c.shut = c.held || s.holds, s.window == 0
	if s.flags&(probegen.FIN|probegen.SYN|probegen.RST) == probegen.FIN {
		c.begun, c.end = true, from+s.length
	}
}

// vain counts the waits, in a row, that came to nothing.
type vain struct{ opening, close int }

// fenced says whether answered fences tell when the machine has done with a
// step.
func (e *engine) fenced() bool { return e.fences != nil && !e.fences.deaf }

// owes is how long to wait for any answer to a step beyond the fences.
func (e *engine) owes(d *dialogue, s *step) int64 {
	switch {
	case !e.fenced() || s.wait > 0 || s.packet == nil:
	case s.opens && !d.opened && e.vain.opening < maxVain:
		return untilTime
	case s.flags&(probegen.ACK|probegen.SYN|probegen.RST) == probegen.ACK && d.expects(s) && (s.flags&probegen.FIN != 0 || e.relayed):
		return ackTime
	}
	return 0
}

// roundsFor is how many answered fences tell that the machine has done with a
// step. An application takes what wakes it in order, so that its own answer says
// that it has had what came before; but a connection that it has still to accept
// is read after that.
func (e *engine) roundsFor(d *dialogue, s *step) uint8 {
	if e.fenced() && e.fences.kind == fenceApp && (d.greeted || s.length == 0) {
		return 1
	}
	return fenceRounds
}

// expects says whether a segment begins where the machine's acknowledgements
// end, or before, and ends behind it.
func (d *dialogue) expects(s *step) bool {
	from := d.numbers.Resolve(s.seq, s.base)
	return d.acked && int32(from-d.numbers.Una) <= 0 && int32(from+s.length-d.numbers.Una) > 0
}

// repay notes that a step was answered.
func (e *engine) repay(slot uint32) {
	d := &e.dialogues.slots[slot]
	if d.owed == 0 {
		return
	}
	if d.owed == untilTime {
		e.vain.opening = 0
	}
	if d.owed = 0; d.until == 0 {
		e.settleAgain(slot)
	}
}

// awaitClose has the step go on until the machine's FIN comes, once it has
// acknowledged ours and nothing told its application to stay.
func (e *engine) awaitClose(slot uint32, t tcpHeader) {
	d := &e.dialogues.slots[slot]
	c := &d.closing
	if t.flags&(probegen.FIN|probegen.RST) != 0 {
		if c.due && !c.over {
			e.vain.close = 0
		}
		c.over, c.due = true, false
		return
	}
	if !c.begun || c.held || c.shut || c.over || c.due || d.until != 0 || !d.waiting || !e.fenced() || e.vain.close >= maxVain ||
		t.flags&probegen.ACK == 0 || int32(t.ack-c.end) < 0 {
		return
	}
	c.due, d.until = true, probegen.FIN
	if d.rounds >= d.need {
		e.dialogues.schedule(slot, e.now+e.spell())
	}
}

// spell is how long the machine is given for what it does by itself: the same
// from copy to copy, and so no deadline, which follows the longest round trips.
func (e *engine) spell() int64 { return max(untilTime, 2*e.fences.rtt.smoothed/8) }

// unpaid notes what a step that ends was waited for in vain.
func (e *engine) unpaid(d *dialogue) {
	if d.owed == untilTime {
		e.vain.opening++
	}
	if d.closing.due && !d.closing.over {
		d.closing.over = true // it is not waited for again
		e.vain.close++
	}
	d.owed = 0
}
