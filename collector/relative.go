package collector

import (
	"encoding/binary"
	"strconv"

	"tickle/datasets"
	"tickle/probegen"
)

// tcpOptions is what the state of a connection rests on: the first whole
// option of each kind.
type tcpOptions struct {
	sized, scaling, stamps bool // there is an MSS, a window scale, timestamps
	mss                    uint32
	scale                  uint8
	stamp                  uint32 // the sender's
}

// maxScale is the largest window scale; larger ones are taken for it (RFC 7323,
// section 2.3).
const maxScale = 14

// findTCPOptions reads option bytes.
func findTCPOptions(b []byte) (o tcpOptions) {
	for len(b) > 0 {
		kind, length, fault := nextOption(b)
		if length == 0 {
			break
		}
		if fault == "" {
			o.take(kind, b[:length])
		}
		b = b[length:]
	}
	return o
}

func (o *tcpOptions) take(kind byte, b []byte) {
	switch {
	case kind == kindMSS && !o.sized:
		o.sized, o.mss = true, uint32(binary.BigEndian.Uint16(b[2:]))
	case kind == kindWS && !o.scaling:
		o.scaling, o.scale = true, min(b[2], maxScale)
	case kind == kindTS && !o.stamps:
		o.stamps, o.stamp = true, binary.BigEndian.Uint32(b[2:])
	}
}

// readTCPOptions reads those of a segment of at least minTCP bytes.
func readTCPOptions(segment []byte) tcpOptions {
	header := int(segment[12]>>4) * 4
	if header <= minTCP || header > len(segment) {
		return tcpOptions{}
	}
	return findTCPOptions(segment[minTCP:header])
}

// defaultMSS is what a host may be sent that names none (RFC 9293, 3.7.1).
const defaultMSS = 536

// connection is what the numbers in the answers to one dialogue are relative
// to. Where there is no connection they are relative to nothing.
type connection struct {
	ours, theirs uint32 // initial sequence numbers
	stamp        uint32 // the first timestamp that was sent
	mss          uint32 // that the machine names
	window       uint32 // of the machine's first segment, bytes
	scale        uint8  // of the machine's windows
	asked        bool   // our SYN has a window scale
	met          bool   // the machine's SYN came
	opened       bool   // window is known
}

// connectionOf gives what is known of a probe's connection before it is sent.
func connectionOf(steps []step) connection {
	c := connection{mss: defaultMSS}
	begun, stamped := false, false
	for i := range steps {
		s := &steps[i]
		if s.flags&probegen.SYN != 0 && s.base == probegen.Absolute && !begun {
			begun, c.ours, c.asked = true, s.seq, s.scaling
		}
		if s.stamps && !stamped {
			stamped, c.stamp = true, s.stamp
		}
	}
	return c
}

// meet takes in the machine's first SYN.
func (c *connection) meet(segment []byte) {
	t := parseTCP(segment)
	if c.met || t.flags&probegen.SYN == 0 || t.flags&probegen.RST != 0 {
		return
	}
	c.met, c.theirs = true, t.seq
	o := readTCPOptions(segment)
	if o.sized && o.mss > 0 {
		c.mss = o.mss
	}
	if c.asked && o.scaling {
		c.scale = o.scale
	}
}

// relate sets the fields of an answer that are relative to its connection, of
// which o has the others already.
func (d *Decoder) relate(o *datasets.Observation, c *connection, answer []byte) {
	p, ok := parseIP(answer)
	if kind, _ := o.Get(datasets.AnswerKind); !ok || kind != uint64(datasets.KindTCP) {
		return
	}
	c.meet(p.body)
	t := parseTCP(p.body)
	seq := t.seq
	if t.flags&probegen.RST == 0 || seq != 0 { // the RST to a segment without ACK has none of its own
		seq -= c.theirs
	}
	o.Set(datasets.TCPSeqRel, uint64(seq))
	o.Set(datasets.TCPAckRel, uint64(c.relativeAck(t)))
	if echo, ok := o.Get(datasets.TCPTSEcr); ok {
		o.Set(datasets.TCPTSEcrRel, uint64(uint32(echo)-c.stamp))
	}
	if _, ok := o.Get(datasets.TCPSACKLeft); ok {
		d.relativeBlocks(o, c, p.body)
	}
	window := uint32(t.window)
	if t.flags&probegen.SYN == 0 {
		window <<= c.scale
	}
	if !c.opened && t.flags&probegen.RST == 0 {
		c.opened, c.window = true, window
	}
	o.Set(datasets.TCPWindowBytes, uint64(window))
	o.Set(datasets.TCPWindowMSS, uint64(window/c.mss))
	if c.opened && t.flags&probegen.RST == 0 {
		o.Set(datasets.TCPWindowChange, uint64(window-c.window))
	}
}

// relativeAck is the acknowledgement number minus our initial number. Without
// the flag it means nothing, and some stacks leave there what the segment that
// they reset had acknowledged, which counts from theirs: the nearer one tells.
func (c *connection) relativeAck(t tcpHeader) uint32 {
	ours, theirs := t.ack-c.ours, t.ack-c.theirs
	switch {
	case t.flags&probegen.ACK != 0:
		return ours
	case t.ack == 0:
		return 0
	case min(theirs, -theirs) < min(ours, -ours):
		return theirs
	}
	return ours
}

// relativeBlocks notes all blocks of the first whole SACK option, as
// "1-101,201-301".
func (d *Decoder) relativeBlocks(o *datasets.Observation, c *connection, segment []byte) {
	b := segment[minTCP : int(segment[12]>>4)*4]
	for {
		kind, length, fault := nextOption(b)
		if kind == kindSACK && fault == "" {
			b = b[2:length]
			break
		}
		b = b[length:]
	}
	d.text = d.text[:0]
	for ; len(b) > 0; b = b[8:] {
		if len(d.text) > 0 {
			d.text = append(d.text, ',')
		}
		for i := range 2 {
			if i > 0 {
				d.text = append(d.text, '-')
			}
			d.text = strconv.AppendInt(d.text, int64(int32(binary.BigEndian.Uint32(b[4*i:])-c.ours)), 10)
		}
	}
	o.Set(datasets.TCPSACKRel, d.Texts.ID(d.text))
}

// flagLetters name the TCP flags in StepOrder, the lowest bit first.
const flagLetters = "FSRPAUEC"

// appendOrder appends an answer to the text of StepOrder: the flags of a TCP
// segment ("SA"), the type and code of an ICMP message ("icmp3/3"), or "udp".
func appendOrder(b []byte, answer []byte) []byte {
	if len(b) > 0 {
		b = append(b, ',')
	}
	p, ok := parseIP(answer)
	least := p.least()
	if !ok || least == 0 || len(p.body) < least || p.offset() != 0 {
		return append(b, '?')
	}
	switch {
	case p.proto == probegen.ProtoTCP:
		n := len(b)
		for i := range 8 {
			if p.body[13]>>i&1 == 1 {
				b = append(b, flagLetters[i])
			}
		}
		if len(b) == n {
			b = append(b, '-')
		}
		return b
	case p.icmp():
		b = strconv.AppendUint(append(b, "icmp"...), uint64(p.body[0]), 10)
		return strconv.AppendUint(append(b, '/'), uint64(p.body[1]), 10)
	}
	return append(b, "udp"...)
}
