package collector

import (
	"context"
	"encoding/binary"
	"errors"

	"tickle/datasets"
	"tickle/probegen"
)

// The packets that fences are. An ACK that belongs to no connection is
// answered by an open port with an RST whose sequence number is the ACK's, a
// SYN with an acknowledgement of its number (RFC 9293, section 3.10.7.2); their
// numbers tell fences apart, an echo request's sequence number does, and a
// datagram's first four bytes do.
var fencePackets = [fenceKinds]*probegen.Template{
	fenceApp: mustTemplate(&probegen.Packet{Port: probegen.ClosedUDP, IP: probegen.IPv4{DF: true, TTL: 64},
		UDP: &probegen.UDP{}, Payload: probegen.Hex("\x00\x00\x00\x00" + probegen.AppFence)}),
	fenceACK: mustTemplate(&probegen.Packet{Port: probegen.OpenTCP, IP: probegen.IPv4{DF: true, TTL: 64},
		TCP: &probegen.TCP{Flags: probegen.ACK, SeqBase: probegen.SndNxt, AckBase: probegen.RcvNxt, Window: 1024}}),
	fenceEcho: mustTemplate(&probegen.Packet{Port: probegen.NoPort, IP: probegen.IPv4{DF: true, TTL: 64},
		ICMP: &probegen.ICMP{Type: 8, Rest: fenceID << 16}, Payload: probegen.Hex(fenceMark)}),
	fenceSYN: mustTemplate(&probegen.Packet{Port: probegen.OpenTCP, IP: probegen.IPv4{DF: true, TTL: 64},
		TCP: &probegen.TCP{Flags: probegen.SYN, SeqBase: probegen.SndNxt, Window: 1024}}),
}

// fenceID and fenceMark are the identifier and the data of echo requests.
const (
	fenceID   = 0x7469
	fenceMark = "tickle fence"
)

var errDead error = linkError{errors.New("the machine stopped answering")}

// fenceNumber gives the sequence number of the fence of burst b; an ACK's
// acknowledgement number is the same.
func fenceNumber(b uint32) uint32 { return fenceID<<16 + b }

// fencePacket makes the fence of burst b in e.out.
func (e *engine) fencePacket(b uint32) ([]byte, error) {
	kind, port := e.fences.kind, probegen.OpenTCP
	if kind == fenceEcho {
		port = probegen.NoPort
	}
	from := e.pairs.source(e.pairs.fences + uint64(b%fencePairs))
	packet, err := fencePackets[kind].AppendRelative(e.out[:0], from, e.to[port],
		probegen.Numbers{Seq: fenceNumber(b), Ack: fenceNumber(b)})
	if err != nil {
		return nil, err
	}
	switch kind {
	case fenceEcho:
		binary.BigEndian.PutUint16(packet[26:], uint16(b))
		addToCheck(packet[22:], uint64(uint16(b)))
	case fenceApp:
		n := fenceNumber(b)
		binary.BigEndian.PutUint32(packet[28:], n)
		addToCheck(packet[26:], uint64(n>>16)+uint64(uint16(n)))
	}
	return packet, nil
}

// addToCheck makes a checksum right again for 16-bit words whose sum is n where
// there were zeros (RFC 1624, equation 3). It is never zero, which in a
// datagram says that there is none.
func addToCheck(check []byte, n uint64) {
	sum := ^fold(uint64(^binary.BigEndian.Uint16(check)) + n)
	if sum == 0 {
		sum = 0xffff
	}
	binary.BigEndian.PutUint16(check, sum)
}

// sendFence closes the current burst.
func (e *engine) sendFence() error {
	f := e.fences
	b := f.current
	e.now = e.link.Now()
	if f.fenced(e.now) && !f.deaf {
		e.counts.FencesLost++
	}
	if f.deaf {
		f.due = noFence
		return nil
	}
	packet, err := e.fencePacket(b)
	if err != nil {
		return err
	}
	e.counts.Fences++
	pace := e.fencePace()
	e.nextAt = max(e.nextAt, e.now-pace) + pace
	return e.send(packet, sighting{kind: fenceSent})
}

// fencePace is how far a fence puts the next sending off: it counts in the
// machine's rate, but not where dialogues are spaced for the sake of its errors.
func (e *engine) fencePace() int64 {
	if e.g.layout == datasets.Dialogues && e.thinned {
		return e.least
	}
	return e.pace
}

// tendFences sends a fence where one is wanted and sees to those that are due.
func (e *engine) tendFences() error {
	f := e.fences
	if f.deaf {
		if b, ok := f.expired(e.now, e.deadline()); ok {
			f.closeThrough(b)
			if err := e.silentThrough(b); err != nil {
				return err
			}
		}
	} else if f.due <= e.now {
		if err := e.loseFence(); err != nil {
			return err
		}
	}
	if f.canFence() && e.wantFence() {
		return e.sendFence()
	}
	return nil
}

// While dialogues run, a second fence may be on its way behind a burst of some
// of their steps: the machine works on one burst while the next is made.
const (
	fencesAtOnce = 2
	stepsOf      = 16 // a burst has a step of one dialogue in so many, at least
)

// wantFence says whether the current burst should end: it is large enough, or
// nothing more can be sent until something is known to be silent.
func (e *engine) wantFence() bool {
	f := e.fences
	switch {
	case f.full():
		return true
	case f.outstanding():
		steps, active := int(f.bursts[f.current%fencePairs].packets), e.dialogues.active
		return active > 0 && steps*stepsOf >= active && f.current-f.oldest < fencesAtOnce
	}
	return e.next == e.end || !e.room() || e.dialogues.active > 0
}

// loseFence gives up the oldest fence and sends another.
func (e *engine) loseFence() error {
	f := e.fences
	e.counts.FencesLost++
	if f.lost(e.now) {
		if e.heard <= f.silence {
			return errDead
		}
		e.turnDeaf() // it limits such answers
		return nil
	}
	f.due = noFence
	return e.sendFence()
}

// fenceAnswered takes in what came for a fence's pair or by its mark: its
// answer, or an ICMP error about it, which tells as much, since it came from
// behind the burst too.
func (e *engine) fenceAnswered(p *ipPacket) error {
	if e.fences == nil {
		return nil
	}
	b, asked, ok := e.fences.numberOf(p)
	if !ok {
		return nil
	}
	e.fences.hear(b, asked)
	if e.fences.pass(b, e.now) {
		if err := e.silentThrough(b); err != nil {
			return err
		}
	}
	return e.tearDown(p)
}

// numberOf says which burst's fence p is about, and whether p is what that
// asked for.
func (f *fencing) numberOf(p *ipPacket) (b uint32, asked, ok bool) {
	if p.proto == probegen.ProtoTCP {
		t := parseTCP(p.body)
		b = t.seq - fenceNumber(0)
		if t.flags&probegen.ACK != 0 && (t.flags&probegen.SYN != 0 || f.current-b-1 >= fencePairs) {
			b = t.ack - 1 - fenceNumber(0)
		}
		return b, true, true
	}
	if p.proto == probegen.ProtoUDP {
		if len(p.body) < minUDP+4 {
			return 0, false, false
		}
		return binary.BigEndian.Uint32(p.body[minUDP:]) - fenceNumber(0), true, true
	}
	if !icmpError(p.body[0]) {
		return f.latest(binary.BigEndian.Uint16(p.body[6:])), true, true
	}
	q, ok := parseQuote(p.body)
	if !ok || len(q.packet) < q.header+8 {
		return 0, false, false
	}
	rest := q.packet[q.header:]
	switch q.proto {
	case probegen.ProtoUDP: // the machine has no application that knows it
		return 0, false, false
	case probegen.ProtoICMP:
		return f.latest(binary.BigEndian.Uint16(rest[6:])), false, true
	}
	return binary.BigEndian.Uint32(rest[4:]) - fenceNumber(0), false, true
}

// latest gives the newest burst behind which a fence was sent whose number
// ends in low.
func (f *fencing) latest(low uint16) uint32 {
	newest := f.current - 1
	return newest - uint32(uint16(newest)-low)
}

// echoFence says whether an ICMP message, or one that an error quotes, is of
// a fence. addr is the address that the fence was sent from.
func (e *engine) echoFence(addr uint32, message []byte) bool {
	if e.fences == nil || e.pairs.fixed || binary.BigEndian.Uint16(message[4:]) != fenceID {
		return false
	}
	low := binary.BigEndian.Uint16(message[6:])
	if e.pairs.source(e.pairs.fences+uint64(low%fencePairs)).Addr() != addr4(addr) {
		return false
	}
	b := &e.fences.bursts[low%fencePairs]
	return b.out && b.kind == fenceEcho
}

// fencesDue is when tendFences has something to do without being asked.
func (e *engine) fencesDue() int64 {
	f := e.fences
	if !f.deaf {
		return f.due
	}
	if f.oldest == f.current {
		return never
	}
	return f.bursts[f.oldest%fencePairs].fenced + e.deadline()
}

// warmUp exchanges fences of every kind, so that the first packets to a
// machine, which take longest, are none that count, the first timeouts rest on
// a measured RTT, and a kind of fence is found that the machine answers. Its
// application's goes first, so that those of the stack tell what became of it. A
// machine that answered fences before it was started again, and no more, is
// dead and not deaf.
func (e *engine) warmUp(ctx context.Context) error {
	const enough = 4
	f := e.fences
	for passed, lost := 0, 0; passed < enough && lost < deafTries; {
		first := f.current
		for kind := f.first; kind < fenceKinds; kind++ {
			f.kind = kind
			if err := e.sendFence(); err != nil {
				return err
			}
		}
		if err := e.awaitFences(ctx); err != nil {
			return err
		}
		if err := e.awaitApplication(ctx, passed+lost+1); err != nil {
			return err
		}
		if f.oldest == first {
			lost++
		} else {
			passed++
		}
		f.forget()
	}
	if !f.choose(enough - 1) {
		if e.answered {
			return errDead
		}
		e.counts.FencesLost = e.counts.Fences
		e.turnDeaf()
	}
	e.now = e.link.Now()
	e.nextAt = e.now
	return nil
}

// turnDeaf has silence told by time from now on.
func (e *engine) turnDeaf() {
	e.fences.becomeDeaf()
	e.pace = max(e.pace, deafPace)
}

// awaitFences listens until all fences are passed or their time is over.
func (e *engine) awaitFences(ctx context.Context) error {
	f := e.fences
	for f.outstanding() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := e.listen(min(e.now+glance, f.due)); err != nil {
			return err
		}
		if f.due <= e.now {
			f.due = noFence
			f.tries++
		}
	}
	return nil
}

// awaitApplication listens for an application's fence that those of the stack
// have overtaken, the nth, where all before were answered.
func (e *engine) awaitApplication(ctx context.Context, n int) error {
	f := e.fences
	if f.first != fenceApp || f.heard[fenceApp].answers < n-1 {
		return nil
	}
	for until := e.now + untilTime; f.heard[fenceApp].answers < n && e.now < until; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := e.listen(min(e.now+glance, until)); err != nil {
			return err
		}
	}
	return nil
}
