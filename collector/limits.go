package collector

import "tickle/probegen"

// met says how a copy's steps were answered, by bit.
type met struct {
	answered uint64
	acks     uint64 // by what starts a connection's clock
	errors   uint64 // by ICMP errors
}

// met reads the tape.
func (e *engine) met(c uint32) (m met) {
	var clock ackClock
	for place := e.tape.copies[c].first; place != 0; {
		a := &e.tape.answers[place-1]
		place = a.next
		if a.step >= maxSlowSteps { // it came in a pause
			continue
		}
		bit := uint64(1) << a.step
		m.answered |= bit
		p, ok := parseIP(e.tape.of(a))
		switch starts := ok && clock.starts(&p); {
		case starts && p.icmp():
			m.errors |= bit
		case starts:
			m.acks |= bit
		}
	}
	return m
}

// ackClock tells the answers that start a clock: ICMP errors, and of a
// connection a segment that says nothing new. Such are acknowledgements of what
// was acknowledged already, and SYN-ACKs behind the first.
type ackClock struct {
	ack    uint32 // that the last one had
	opened bool   // there was one
}

// starts takes in an answer.
func (c *ackClock) starts(p *ipPacket) bool {
	switch {
	case p.icmp():
		return len(p.body) >= minICMP && p.icmpError()
	case p.proto != probegen.ProtoTCP || len(p.body) < minTCP:
		return false
	}
	t := parseTCP(p.body)
	if t.flags&probegen.RST != 0 || t.flags&probegen.ACK == 0 {
		return false
	}
	repeats := !c.opened && t.flags&probegen.SYN == 0 || // of a connection that was not opened here
		c.opened && t.ack == c.ack && t.flags&probegen.FIN == 0 && (t.length == 0 || t.flags&probegen.SYN != 0)
	c.opened, c.ack = true, t.ack
	return repeats
}
