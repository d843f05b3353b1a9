package collector

import (
	"context"
	"encoding/binary"
	"errors"

	"tickle/probegen"
)

// fencePacket is an ACK that belongs to no connection: an open port answers
// it with an RST whose sequence number is the ACK's (RFC 9293, section
// 3.10.7.2). Its numbers tell fences apart.
var fencePacket = mustTemplate(&probegen.Packet{Port: probegen.OpenTCP, IP: probegen.IPv4{DF: true, TTL: 64},
	TCP: &probegen.TCP{Flags: probegen.ACK, SeqBase: probegen.SndNxt, AckBase: probegen.RcvNxt, Window: 1024}})

var errDead error = linkError{errors.New("the machine stopped answering")}

// fenceAck gives the acknowledgement number of the fence of burst b.
func fenceAck(b uint32) uint32 { return 0x7469_0000 + b }

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
	from := e.pairs.source(e.pairs.fences + uint64(b%fencePairs))
	packet, err := fencePacket.AppendRelative(e.out[:0], from, e.to[probegen.OpenTCP],
		probegen.Numbers{Seq: fenceAck(b), Ack: fenceAck(b)})
	if err != nil {
		return err
	}
	e.counts.Fences++
	e.nextAt = max(e.nextAt, e.now-e.pace) + e.pace // it counts in the machine's rate
	return e.send(packet, sighting{kind: fenceSent})
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

// wantFence says whether the current burst should end: it is large enough, or
// nothing more can be sent until something is known to be silent.
func (e *engine) wantFence() bool {
	f := e.fences
	if f.full() {
		return true
	}
	if f.outstanding() {
		return false
	}
	return e.next == len(e.g.order) || !e.room() || e.dialogues.active > 0
}

// loseFence gives up the oldest fence and sends another.
func (e *engine) loseFence() error {
	f := e.fences
	e.counts.FencesLost++
	gone := f.lost(e.now)
	if gone && e.heard <= f.silence {
		return errDead
	}
	if gone || f.deaf { // it limits such answers, or never gives them
		f.deaf, f.due = true, noFence
		return nil
	}
	f.due = noFence
	return e.sendFence()
}

// passFence takes in what came for a fence's pair: its RST, or an ICMP error
// about it, which tells as much, since it came from behind the burst too.
func (e *engine) passFence(p *ipv4) error {
	var number uint32
	switch {
	case e.fences == nil:
		return nil
	case p.proto == probegen.ProtoTCP:
		number = binary.BigEndian.Uint32(p.body[4:])
	default:
		q, ok := parseQuote(p.body)
		if !ok || len(q.packet) < q.header+8 {
			return nil
		}
		number = binary.BigEndian.Uint32(q.packet[q.header+4:])
	}
	b := number - fenceAck(0)
	if !e.fences.pass(b, e.now) {
		return nil
	}
	return e.silentThrough(b)
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

// warmUp exchanges fences until one is answered, so that the first packets to
// a machine, which take longest, are none that count, and the first timeouts
// rest on a measured RTT. A machine that answered fences before it was started
// again, and no more, is dead and not deaf.
func (e *engine) warmUp(ctx context.Context) error {
	const enough = 4
	for passed := 0; passed < enough && !e.fences.deaf; passed++ {
		if err := e.sendFence(); err != nil {
			return err
		}
		for e.fences.outstanding() {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := e.listen(min(e.now+glance, e.fences.due)); err != nil {
				return err
			}
			if e.fences.due <= e.now {
				if err := e.loseFence(); err != nil {
					return err
				}
			}
		}
	}
	if e.fences.deaf && e.answered {
		return errDead
	}
	e.nextAt = e.now
	return nil
}
