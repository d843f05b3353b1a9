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
// pair. TCP and UDP go by addresses and ports, ICMP errors by those of the
// packet that they quote, other ICMP by address and second word.
func (e *engine) match(p *ipv4) (what origin, c uint32) {
	least := minBody(p.proto)
	if least == 0 || p.offset() != 0 {
		return stray, 0
	}
	if len(p.body) < least {
		return broken, 0
	}
	if p.proto == probegen.ProtoICMP {
		if icmpError(p.body[0]) {
			return e.matchQuote(p)
		}
		if p.src != e.machine {
			return stray, 0
		}
		return e.matchICMP(p.dst, binary.BigEndian.Uint32(p.body[4:]))
	}
	if p.src != e.machine {
		return stray, 0
	}
	theirs, ours := binary.BigEndian.Uint16(p.body), binary.BigEndian.Uint16(p.body[2:])
	what, c = e.matchPair(p.dst, ours)
	if what == toCopy && !e.sends(c, p.proto, theirs) {
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

// sends says whether copy c sent something of this protocol to that port.
func (e *engine) sends(c uint32, proto uint8, port uint16) bool {
	r := &e.tape.copies[c]
	if r.state == unsent {
		return false
	}
	steps := e.g.sentSteps(c, r)
	for i := range steps {
		if s := &steps[i]; s.proto == proto && e.to[s.port].Port() == port {
			return true
		}
	}
	return false
}

// sentSteps gives the steps of copy c that went out already.
func (g *program) sentSteps(c uint32, r *record) []step {
	p := &g.probes[c/uint32(g.repeats)]
	return g.steps[p.from : p.from+uint32(r.step)+1]
}

// matchQuote finds what an ICMP error is about. Any router on the way may
// have sent it.
func (e *engine) matchQuote(p *ipv4) (origin, uint32) {
	q, ok := parseQuote(p.body)
	if !ok {
		return broken, 0
	}
	if q.dst != e.machine {
		return stray, 0
	}
	rest := q.packet[q.header:]
	if q.proto == probegen.ProtoICMP {
		if len(rest) < minICMP {
			return stray, 0
		}
		return e.matchICMP(q.src, binary.BigEndian.Uint32(rest[4:]))
	}
	what, c := e.matchPair(q.src, binary.BigEndian.Uint16(rest))
	if what != toCopy {
		return what, c
	}
	if !e.sends(c, q.proto, binary.BigEndian.Uint16(rest[2:])) {
		return stray, 0
	}
	// A teardown has the addresses and ports of its probe, but not its number.
	if s := e.g.sentSteps(c, &e.tape.copies[c]); q.proto == probegen.ProtoTCP && len(s) == 1 && len(rest) >= 8 &&
		s[0].base == probegen.Absolute && binary.BigEndian.Uint32(rest[4:]) != s[0].seq {
		return stray, 0
	}
	return toCopy, c
}

// matchICMP finds the copy that sent an ICMP message with this second word
// from that address: the latest, where the block has fewer addresses than
// there are copies.
func (e *engine) matchICMP(addr, rest uint32) (origin, uint32) {
	if e.pairs.fixed {
		what, c := e.current()
		if addr != e.pairs.base+1 || what == toCopy && !e.sentICMP(c, rest) {
			return stray, 0
		}
		return what, c
	}
	if e.g.plan.Order == Ordered {
		return e.matchOrderedICMP(addr, rest)
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
		if e.sentICMP(c, rest) && (what == stray || e.tape.copies[c].sent > e.tape.copies[best].sent) {
			what, best = toCopy, c
		}
	}
	return what, best
}

// matchOrderedICMP is matchICMP where all copies have one address: an answer
// belongs to the latest with its second word.
func (e *engine) matchOrderedICMP(addr, rest uint32) (what origin, latest uint32) {
	if b := e.pairs.orderedICMP().Addr().As4(); addr != binary.BigEndian.Uint32(b[:]) {
		return stray, 0
	}
	for _, probe := range e.g.icmpRank {
		for r := range uint32(e.g.repeats) {
			c := uint32(probe)*uint32(e.g.repeats) + r
			if e.sentICMP(c, rest) && (what == stray || e.tape.copies[c].sent > e.tape.copies[latest].sent) {
				what, latest = toCopy, c
			}
		}
	}
	return what, latest
}

// sentICMP says whether copy c sent an ICMP message with this second word.
func (e *engine) sentICMP(c uint32, rest uint32) bool {
	r := &e.tape.copies[c]
	if r.state == unsent {
		return false
	}
	steps := e.g.sentSteps(c, r)
	for i := range steps {
		if s := &steps[i]; s.proto == probegen.ProtoICMP && s.rest == rest {
			return true
		}
	}
	return false
}
