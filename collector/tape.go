package collector

import (
	"errors"
	"math"
)

// tape is what is known of one machine under one plan: when each copy was
// sent and what came back. Its memory is reused from machine to machine.
type tape struct {
	copies  []record
	answers []answer
	bytes   []byte // of answers, and of what dialogues sent
}

// record is one copy's part of the tape.
type record struct {
	sent    int64  // time of its first sending; unsent before
	latest  uint32 // µs from then to its latest sending
	first   uint32 // answer's place + 1; 0: none
	last    uint32 // likewise
	ref     uint32 // while a dialogue runs its slot, else the burst that it was sent in
	packet  uint32 // where a dialogue's latest packet is in tape.bytes, +1; 0: rebuild it
	answers uint16 // kept
	step    uint8  // that was sent last
	state   exchangeState
}

// exchangeState is how far a copy has come.
type exchangeState uint8

const (
	unsent  exchangeState = iota
	running               // a dialogue with steps to come, or to tear down
	sent                  // all steps are; answers are taken until the deadline
	over                  // so is a dialogue, and what still comes is no answer
)

// answer is one packet that belongs to an exchange.
type answer struct {
	at       int64
	offset   uint32 // in tape.bytes
	stimulus uint32 // the packet that it answers, as record.packet
	next     uint32 // answer of the exchange, place + 1; 0: none
	length   uint16
	step     uint8
}

// maxAnswers bounds the answers that are kept of one exchange. A machine that
// sends more is counted but does not fill the memory.
const maxAnswers = 256

var errTapeFull = errors.New("more than 4 GiB of answers")

// reset makes the tape ready for n copies.
func (t *tape) reset(n int) {
	if cap(t.copies) < n {
		t.copies = make([]record, n)
	}
	t.copies = t.copies[:n]
	clear(t.copies)
	t.answers, t.bytes = t.answers[:0], t.bytes[:0]
}

// keep appends bytes and says where they are.
func (t *tape) keep(b []byte) (offset uint32, err error) {
	if len(t.bytes) > math.MaxUint32-len(b) {
		return 0, errTapeFull
	}
	offset = uint32(len(t.bytes))
	t.bytes = append(t.bytes, b...)
	return offset, nil
}

// add appends an answer to an exchange, unless that has too many.
func (t *tape) add(r *record, at int64, b []byte) (err error) {
	if r.answers >= maxAnswers {
		return nil
	}
	a := answer{at: at, step: r.step, stimulus: r.packet, length: uint16(len(b))}
	if a.offset, err = t.keep(b); err != nil {
		return err
	}
	t.answers = append(t.answers, a)
	place := uint32(len(t.answers))
	if r.answers == 0 {
		r.first = place
	} else {
		t.answers[r.last-1].next = place
	}
	r.last = place
	r.answers++
	return nil
}

// of gives an answer's bytes.
func (t *tape) of(a *answer) []byte { return t.bytes[a.offset : a.offset+uint32(a.length)] }

// stimulus gives the packet of a dialogue that a answers, or nil where it is
// a probe of one packet, which can be made again.
func (t *tape) stimulus(a *answer) []byte {
	if a.stimulus == 0 {
		return nil
	}
	b := t.bytes[a.stimulus-1:]
	return b[:packetLen(b)]
}
