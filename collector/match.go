package collector

import (
	"encoding/binary"

	"tickle/probegen"
)

// origin is what a received packet belongs to.
type origin uint8

const (
	stray  origin = iota // nothing that was sent
	broken               // too malformed to say
	toCopy               // a copy of a probe
	toFence
)

// match says what p answers: for toCopy the copy, for toFence the fence's
// pair, or 0 for an echo. TCP and UDP go by addresses and ports, ICMP errors by those of the
// packet that they quote, other ICMP by address and second word.
func (e *engine) match(p *ipPacket) (what origin, c uint32) {
	least := p.least()
	if least == 0 || p.offset() != 0 {
		return stray, 0
	}
	if len(p.body) < least {
		return broken, 0
	}
	if p.icmp() {
		if p.icmpError() {
			return e.matchQuote(p)
		}
		if p.src != e.machine {
			return stray, 0
		}
		if !p.six && p.body[0] == 0 && e.echoFence(p.dst, p.body) {
			return toFence, 0
		}
		return e.matchICMP(p.dst, answeredBy(p))
	}
	if p.src != e.machine {
		return stray, 0
	}
	theirs, ours := binary.BigEndian.Uint16(p.body), binary.BigEndian.Uint16(p.body[2:])
	what, c = e.matchPair(p.dst, ours)
	if what == toFence && p.six || what == toCopy && !e.sends(c, sentTo{p.six, p.proto, theirs}) {
		return stray, 0
	}
	return what, c
}

// matchPair finds what was sent from an address and port.
func (e *engine) matchPair(addr uint32, port uint16) (origin, uint32) {
	if e.pairs.fixed {
		if addr != e.pairs.base+1 || port != fixedSource {
			return stray, 0
		}
		return e.current()
	}
	x, ok := e.pairs.number(addr, port)
	switch {
	case !ok:
		return stray, 0
	case x-e.first < uint64(len(e.tape.copies)):
		return toCopy, uint32(x - e.first)
	case x-e.pairs.fences < fencePairs:
		return toFence, uint32(x - e.pairs.fences)
	}
	return stray, 0
}

// current is the exchange that is open where there is but one.
func (e *engine) current() (origin, uint32) {
	if e.next == 0 {
		return stray, 0
	}
	return toCopy, e.g.order[e.next-1]
}

// sentTo is what a segment or datagram tells of the one that it answers.
type sentTo struct {
	six   bool
	proto uint8
	port  uint16
}

// sends says whether copy c sent something of this protocol to that port.
func (e *engine) sends(c uint32, what sentTo) bool {
	r := &e.tape.copies[c]
	if r.state == unsent {
		return false
	}
	steps := e.g.sentSteps(c, r)
	for i := range steps {
		if s := &steps[i]; s.proto == what.proto && s.six == what.six && e.to[s.port].Port() == what.port {
			return true
		}
	}
	return false
}

// sentSteps gives the steps of copy c that went out already.
func (g *program) sentSteps(c uint32, r *record) []step {
	p := &g.probes[g.probeOf(c)]
	return g.steps[p.from : p.from+uint32(r.step)+1]
}

// matchQuote finds what an ICMP error is about. Any router on the way may
// have sent it.
func (e *engine) matchQuote(p *ipPacket) (origin, uint32) {
	q, ok := e.parseQuote(p)
	if !ok {
		return broken, 0
	}
	if q.dst != e.machine {
		return stray, 0
	}
	rest := q.packet[q.header:]
	if quoted := (ipPacket{proto: q.proto, six: p.six}); quoted.icmp() {
		if len(rest) < minICMP {
			return stray, 0
		}
		if !p.six && e.echoFence(q.src, rest) {
			return toFence, 0
		}
		return e.matchICMP(q.src, message{six: p.six, kind: rest[0], rest: binary.BigEndian.Uint32(rest[4:])})
	}
	what, c := e.matchPair(q.src, binary.BigEndian.Uint16(rest))
	if what == toFence && p.six {
		return stray, 0
	}
	if what != toCopy {
		return what, c
	}
	if !e.sends(c, sentTo{p.six, q.proto, binary.BigEndian.Uint16(rest[2:])}) {
		return stray, 0
	}
	// A teardown has the addresses and ports of its probe, but not its number.
	if s := e.g.sentSteps(c, &e.tape.copies[c]); q.proto == probegen.ProtoTCP && len(s) == 1 && len(rest) >= 8 &&
		s[0].base == probegen.Absolute && binary.BigEndian.Uint32(rest[4:]) != s[0].seq {
		return stray, 0
	}
	return toCopy, c
}

// message is what an ICMP message tells of the one that it answers.
type message struct {
	six  bool
	kind uint8  // of ICMPv6: the type; in ICMPv4 the second word says enough
	any  bool   // the second word is the answer's own
	rest uint32 // the second word
}

// The ICMPv6 messages that answer others (RFC 4443, RFC 4861, RFC 4620).
const (
	echoRequest, echoReply        = 128, 129
	solicitation, advertisement   = 135, 136
	nodeInfoQuery, nodeInfoAnswer = 139, 140
)

// answeredBy says what an ICMP message that quotes nothing answers.
func answeredBy(p *ipPacket) message {
	m := message{six: p.six, rest: binary.BigEndian.Uint32(p.body[4:])}
	if !p.six {
		return m
	}
	switch p.body[0] {
	case echoReply:
		m.kind = echoRequest
	case advertisement:
		m.kind, m.any = solicitation, true
	case nodeInfoAnswer:
		m.kind, m.any = nodeInfoQuery, true
	}
	return m
}

// matchICMP finds the copy that sent such an ICMP message from that address:
// the latest, where the block has fewer addresses than there are copies.
func (e *engine) matchICMP(addr uint32, m message) (origin, uint32) {
	if e.pairs.fixed {
		what, c := e.current()
		if addr != e.pairs.base+1 || what == toCopy && !e.sentICMP(c, m) {
			return stray, 0
		}
		return what, c
	}
	if e.g.plan.Order == Ordered {
		return e.matchOrderedICMP(addr, m)
	}
	z, ok := e.pairs.icmpNumber(addr)
	if !ok {
		return stray, 0
	}
	end := e.g.icmp + uint64(e.g.icmpCopies())
	what, best, repeats := stray, uint32(0), uint64(e.g.repeats)
	for ; z < end; z += e.pairs.addresses {
		if z < e.g.icmp {
			continue
		}
		k := z - e.g.icmp
		c := uint32(uint64(e.g.icmpRank[k/repeats])*repeats + k%repeats)
		if e.sentICMP(c, m) && (what == stray || e.tape.copies[c].sent > e.tape.copies[best].sent) {
			what, best = toCopy, c
		}
	}
	return what, best
}

// matchOrderedICMP is matchICMP where all copies have one address: an answer
// belongs to the latest that sent what it answers.
func (e *engine) matchOrderedICMP(addr uint32, m message) (what origin, latest uint32) {
	if b := e.pairs.orderedICMP().Addr().As4(); addr != binary.BigEndian.Uint32(b[:]) {
		return stray, 0
	}
	for _, probe := range e.g.icmpRank {
		for r := range uint32(e.g.repeats) {
			c := uint32(probe)*uint32(e.g.repeats) + r
			if e.sentICMP(c, m) && (what == stray || e.tape.copies[c].sent > e.tape.copies[latest].sent) {
				what, latest = toCopy, c
			}
		}
	}
	return what, latest
}

// sentICMP says whether copy c sent such an ICMP message.
func (e *engine) sentICMP(c uint32, m message) bool {
	r := &e.tape.copies[c]
	if r.state == unsent {
		return false
	}
	steps := e.g.sentSteps(c, r)
	for i := range steps {
		if s := &steps[i]; s.icmp && s.six == m.six && (m.any || s.rest == m.rest) && (!m.six || s.kind == m.kind) {
			return true
		}
	}
	return false
}
