package collector

import (
	"encoding/binary"
	"net/netip"

	"tickle/probegen"
)

// accept takes in one packet from the machine.
func (e *engine) accept(b []byte, at int64) error {
	p, ok := e.parse(b)
	what, c := broken, uint32(0)
	if ok {
		what, c = e.match(&p)
	}
	switch what {
	case broken:
		e.counts.Malformed++
		return e.note(sighting{kind: malformedSeen, at: at}, b)
	case toFence:
		if err := e.note(sighting{kind: fenceSeen, at: at}, b); err != nil {
			return err
		}
		return e.fenceAnswered(&p)
	case toCopy:
		return e.reply(c, &p, at)
	}
	e.counts.Unmatched++
	if err := e.note(sighting{kind: straySeen, at: at}, b); err != nil {
		return err
	}
	if p.src == e.machine && e.pairs.owns(p.dst) {
		return e.tearDown(&p)
	}
	return nil
}

// note puts a packet into the capture, where there is one.
func (e *engine) note(what sighting, b []byte) error {
	if e.capture == nil {
		return nil
	}
	return e.capture.see(what, b)
}

// reply takes in an answer to copy c.
func (e *engine) reply(c uint32, p *ipPacket, at int64) error {
	r := &e.tape.copies[c]
	if r.state == running {
		return e.replyDialogue(c, p, at)
	}
	what := sighting{kind: answerSeen, at: at, copy: c, known: true, step: r.step}
	if r.state == over || e.isLate(r, at) {
		e.counts.Late++
		what.kind = lateSeen
	} else if err := e.keep(r, p, at); err != nil {
		return err
	}
	if err := e.note(what, p.packet); err != nil {
		return err
	}
	if r.state == over {
		return e.endDialogue(p)
	}
	return e.tearDown(p)
}

// isLate says whether an answer at that time comes after the deadline of an
// exchange whose steps are all sent. What was sent behind the last fence that
// was answered has none.
func (e *engine) isLate(r *record, at int64) bool {
	if e.fences != nil && e.fences.open(r.ref) {
		return false
	}
	return at-r.sent-int64(r.latest) > e.deadline()
}

// keep puts an answer that is in time on the tape.
func (e *engine) keep(r *record, p *ipPacket, at int64) error {
	e.counts.Answers++
	if r.answers == 0 {
		e.counts.Answered++
		e.firstReply(r, at)
	} else if e.tape.answers[r.last-1].step == r.step {
		e.counts.Duplicates++
	}
	return e.tape.add(r, at, p.packet)
}

// firstReply takes from an exchange's first answer what it says of the link.
func (e *engine) firstReply(r *record, at int64) {
	if r.state != sent {
		return // a dialogue sees to itself
	}
	if !e.certain {
		e.sampleTrip(at - r.sent)
	}
	if e.fences != nil {
		e.fences.reply(r.ref)
	}
}

// sampleTrip takes in a round trip.
func (e *engine) sampleTrip(trip int64) {
	if e.fences != nil {
		e.fences.rtt.sample(trip)
	} else {
		e.rtt.sample(trip)
	}
}

// The packets that end what a probe began. Their sequence and acknowledgement
// numbers are those that the peer asks for (RFC 9293, section 3.10.7.1).
var (
	resetPacket    = bothVersions(probegen.TCP{Flags: probegen.RST, SeqBase: probegen.SndNxt})
	resetAckPacket = bothVersions(probegen.TCP{Flags: probegen.RST | probegen.ACK, AckBase: probegen.RcvNxt})
)

// dual is a segment of the engine's own over either version of IP.
type dual struct{ four, six *probegen.Template }

func bothVersions(t probegen.TCP) dual {
	return dual{
		four: mustTemplate(&probegen.Packet{Port: probegen.OpenTCP, IP: probegen.IPv4{DF: true, TTL: 64}, TCP: &t}),
		six:  mustTemplate(&probegen.Packet{Port: probegen.OpenTCP, IP6: &probegen.IPv6{HopLimit: 64}, TCP: &t}),
	}
}

func mustTemplate(p *probegen.Packet) *probegen.Template {
	t, err := probegen.NewTemplate(p)
	if err != nil {
		panic("collector: " + err.Error())
	}
	return t
}

// tearDown answers a SYN of the machine's, with or without ACK, by RST: the
// machine keeps nothing of the connection, and does not repeat itself.
func (e *engine) tearDown(p *ipPacket) error {
	if p.proto != probegen.ProtoTCP || len(p.body) < minTCP || p.src != e.machine {
		return nil
	}
	if t := parseTCP(p.body); t.flags&(probegen.SYN|probegen.RST) == probegen.SYN {
		return e.resetTo(p, t)
	}
	return nil
}

// endDialogue answers what a machine still says in a dialogue that is over by
// RST: it did not know the number of the one before, or lost it.
func (e *engine) endDialogue(p *ipPacket) error {
	if p.proto != probegen.ProtoTCP || len(p.body) < minTCP || p.src != e.machine {
		return nil
	}
	if t := parseTCP(p.body); t.flags&probegen.RST == 0 {
		return e.resetTo(p, t)
	}
	return nil
}

// resetTo sends the RST that t asks for.
func (e *engine) resetTo(p *ipPacket, t tcpHeader) error {
	from, to := netip.AddrPortFrom(addr4(p.dst), t.dst), netip.AddrPortFrom(addr4(p.src), t.src)
	if p.six {
		from, to = e.six.widen(from), netip.AddrPortFrom(netip.AddrFrom16(e.six.machine), t.src)
	}
	if t.flags&probegen.ACK == 0 {
		return e.sendReset(resetAckPacket, from, to, probegen.Numbers{Ack: t.seq + t.length})
	}
	return e.sendReset(resetPacket, from, to, probegen.Numbers{Seq: t.ack})
}

func (e *engine) sendReset(of dual, from, to netip.AddrPort, n probegen.Numbers) error {
	t := of.four
	if from.Addr().Is6() {
		t = of.six
	}
	b, err := t.AppendRelative(e.out[:0], from, to, n)
	if err != nil {
		return err
	}
	e.counts.Teardowns++
	return e.send(b, sighting{kind: teardownSent})
}

func addr4(a uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], a)
	return netip.AddrFrom4(b)
}
