package collector

import (
	"encoding/binary"

	"tickle/datasets"
	"tickle/probegen"
)

// Decoder reads the fields of answers. It is our own because an answer whose
// option bytes are bad is the most telling of all, and must not be lost; and
// because it has to keep up with millions a second. In the steady state it
// allocates nothing. The zero value is not ready: Texts must be set.
type Decoder struct {
	Texts *datasets.Interner // numbers the values of text fields
	text  []byte
}

// Decode makes o the fields of answer, an IPv4 or IPv6 packet that begins with
// its header, as datasets' catalogue defines them: the traffic class and hop
// limit of IPv6 are ip.tos and ip.ttl, the protocol is that behind its extension
// headers, and what it has not is absent. stimulus is the packet that it
// answers, as it was sent; only quotations are compared with it, and with nil
// their fields that need it are absent. What cannot be read is absent: an
// answer that is no IP packet has no field at all. Bytes behind the total
// length are not looked at.
func (d *Decoder) Decode(o *datasets.Observation, answer, stimulus []byte) {
	o.Reset()
	p, ok := parseIP(answer)
	if !ok {
		return
	}
	if p.six {
		d.ip6(o, &p)
	} else {
		d.ip(o, &p)
	}
	if least := p.least(); p.offset() != 0 || least == 0 || len(p.body) < least {
		return
	}
	switch {
	case p.proto == probegen.ProtoTCP:
		o.Set(datasets.AnswerKind, uint64(datasets.KindTCP))
		d.tcp(o, &p)
	case p.proto == probegen.ProtoUDP:
		o.Set(datasets.AnswerKind, uint64(datasets.KindUDP))
	case p.icmp():
		o.Set(datasets.AnswerKind, uint64(datasets.KindICMP))
		d.icmp(o, &p, stimulus)
	}
}

// KindOf gives the kind of an answer, KindNone for what is none.
func KindOf(answer []byte) datasets.Kind {
	if len(answer) < minIPv4 {
		return datasets.KindNone
	}
	p := ipPacket{proto: answer[9]}
	if answer[0]>>4 == 6 {
		var ok bool
		if p, ok = parseIPv6(answer); !ok {
			return datasets.KindNone
		}
	}
	switch {
	case p.proto == probegen.ProtoTCP:
		return datasets.KindTCP
	case p.proto == probegen.ProtoUDP:
		return datasets.KindUDP
	case p.icmp():
		return datasets.KindICMP
	}
	return datasets.KindNone
}

func (d *Decoder) ip(o *datasets.Observation, p *ipPacket) {
	b := p.packet
	word := binary.BigEndian.Uint16(b[6:])
	o.Set(datasets.IPVersion, uint64(b[0]>>4))
	o.Set(datasets.IPIHL, uint64(b[0]&15))
	o.Set(datasets.IPTOS, uint64(b[1]))
	o.Set(datasets.IPLen, uint64(len(b)))
	o.Set(datasets.IPID, uint64(binary.BigEndian.Uint16(b[4:])))
	o.Set(datasets.IPFlags, uint64(word>>13))
	o.Set(datasets.IPOffset, uint64(word&0x1fff))
	o.Set(datasets.IPTTL, uint64(b[8]))
	o.Set(datasets.IPProto, uint64(b[9]))
	o.Set(datasets.IPChecksum, uint64(binary.BigEndian.Uint16(b[10:])))
	o.Set(datasets.IPChecksumOK, truth(fold(sum(b[:len(b)-len(p.body)])) == 0xffff))
}

// ip6 reads an IPv6 header.
func (d *Decoder) ip6(o *datasets.Observation, p *ipPacket) {
	b := p.packet
	o.Set(datasets.IPVersion, uint64(b[0]>>4))
	o.Set(datasets.IPTOS, uint64(binary.BigEndian.Uint16(b)>>4&0xff))
	o.Set(datasets.IPLen, uint64(len(b)))
	o.Set(datasets.IPTTL, uint64(b[7]))
	o.Set(datasets.IPProto, uint64(p.proto))
}

func truth(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// tcp reads the TCP header and options; a data offset that points outside the
// segment is malformed options.
func (d *Decoder) tcp(o *datasets.Observation, p *ipPacket) {
	b := p.body
	o.Set(datasets.TCPSeq, uint64(binary.BigEndian.Uint32(b[4:])))
	o.Set(datasets.TCPAck, uint64(binary.BigEndian.Uint32(b[8:])))
	o.Set(datasets.TCPOffset, uint64(b[12]>>4))
	o.Set(datasets.TCPReserved, uint64(b[12]&15))
	o.Set(datasets.TCPFlags, uint64(b[13]))
	o.Set(datasets.TCPWindow, uint64(binary.BigEndian.Uint16(b[14:])))
	o.Set(datasets.TCPChecksum, uint64(binary.BigEndian.Uint16(b[16:])))
	if !p.fragment() {
		o.Set(datasets.TCPChecksumOK, truth(p.transportOK()))
	}
	o.Set(datasets.TCPUrgent, uint64(binary.BigEndian.Uint16(b[18:])))
	header := int(b[12]>>4) * 4
	if header < minTCP || header > len(b) {
		d.set(o, datasets.TCPOptionsMalformed, "offset")
		return
	}
	o.Set(datasets.TCPPayload, uint64(len(b)-header))
	if header > minTCP {
		d.options(o, b[minTCP:header])
	}
}

// set gives a text field a value.
func (d *Decoder) set(o *datasets.Observation, f datasets.FieldID, text string) {
	d.text = append(d.text[:0], text...)
	o.Set(f, d.Texts.ID(d.text))
}
