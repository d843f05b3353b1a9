package collector

import (
	"encoding/binary"

	"tickle/probegen"
)

// ipv4 is a view of a packet from a machine.
type ipv4 struct {
	packet   []byte // from the IP header to the end that its total length says
	body     []byte // what follows the IP header
	src, dst uint32
	proto    uint8
}

const (
	minIPv4 = 20
	minTCP  = 20
	minUDP  = 8
	minICMP = 8
)

// parseIPv4 reads an IPv4 header. What follows the total length, such as
// Ethernet's padding, is left out. ok is false when the header is not whole
// or claims more bytes than there are.
func parseIPv4(b []byte) (p ipv4, ok bool) {
	if len(b) < minIPv4 || b[0]>>4 != 4 {
		return p, false
	}
	header, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if header < minIPv4 || total < header || total > len(b) {
		return p, false
	}
	return ipv4{
		packet: b[:total:total],
		body:   b[header:total:total],
		src:    binary.BigEndian.Uint32(b[12:]),
		dst:    binary.BigEndian.Uint32(b[16:]),
		proto:  b[9],
	}, true
}

// offset gives the fragment offset in 8-byte units.
func (p *ipv4) offset() uint16 { return binary.BigEndian.Uint16(p.packet[6:]) & 0x1fff }

// fragment says whether the packet is a part of a datagram.
func (p *ipv4) fragment() bool { return binary.BigEndian.Uint16(p.packet[6:])&0x3fff != 0 }

// minBody is the length of the shortest body of a protocol whose answers are
// matched, or 0 for one whose are not.
func minBody(proto uint8) int {
	switch proto {
	case probegen.ProtoTCP:
		return minTCP
	case probegen.ProtoUDP:
		return minUDP
	case probegen.ProtoICMP:
		return minICMP
	}
	return 0
}

// icmpError says whether an ICMP message of this type quotes a packet: RFC
// 792's destination unreachable, source quench, redirect, time exceeded and
// parameter problem.
func icmpError(kind uint8) bool {
	switch kind {
	case 3, 4, 5, 11, 12:
		return true
	}
	return false
}

// quote is a view of the packet inside an ICMP error, which may be cut short
// or changed on its way.
type quote struct {
	packet   []byte
	header   int // length of the IP header, as far as it was quoted
	src, dst uint32
	proto    uint8
}

// parseQuote reads the quotation in an ICMP error's body. ok is false when
// the addresses or the 8 bytes behind the IP header are not there.
func parseQuote(body []byte) (q quote, ok bool) {
	b := body[minICMP:]
	if len(b) < minIPv4 {
		return q, false
	}
	header := int(b[0]&15) * 4
	if header < minIPv4 || len(b) < header+4 {
		return q, false
	}
	return quote{
		packet: b,
		header: header,
		src:    binary.BigEndian.Uint32(b[12:]),
		dst:    binary.BigEndian.Uint32(b[16:]),
		proto:  b[9],
	}, true
}

// tcpHeader is what the engine needs of a TCP header at once.
type tcpHeader struct {
	seq, ack uint32
	length   uint32 // in sequence space
	flags    uint8
	src, dst uint16
}

// parseTCP reads the header at the start of b, which has at least minTCP bytes.
func parseTCP(b []byte) tcpHeader {
	t := tcpHeader{
		src: binary.BigEndian.Uint16(b), dst: binary.BigEndian.Uint16(b[2:]),
		seq: binary.BigEndian.Uint32(b[4:]), ack: binary.BigEndian.Uint32(b[8:]),
		flags: b[13],
	}
	if data := len(b) - int(b[12]>>4)*4; data > 0 {
		t.length = uint32(data)
	}
	if t.flags&probegen.SYN != 0 {
		t.length++
	}
	if t.flags&probegen.FIN != 0 {
		t.length++
	}
	return t
}

// sum adds b up as big-endian 16-bit words, the last padded with a zero byte
// (RFC 1071).
func sum(b []byte) uint64 {
	var s uint64
	for len(b) >= 8 {
		w := binary.BigEndian.Uint64(b)
		s += w>>32 + w&0xffffffff // 16-bit words fold out of 32-bit ones in the end
		b = b[8:]
	}
	for len(b) >= 2 {
		s += uint64(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		s += uint64(b[0]) << 8
	}
	return s
}

// fold gives the one's complement sum of 16-bit words.
func fold(s uint64) uint16 {
	s = s>>32 + s&0xffffffff
	s = s>>16 + s&0xffff
	s = s>>16 + s&0xffff
	s = s>>16 + s&0xffff
	return uint16(s)
}

// transportOK verifies the checksum of a whole TCP or UDP body. A UDP
// checksum of zero means that there is none, and is right.
func (p *ipv4) transportOK() bool {
	if p.proto == probegen.ProtoUDP && p.body[6] == 0 && p.body[7] == 0 {
		return true
	}
	return fold(sum(p.packet[12:20])+uint64(p.proto)+uint64(len(p.body))+sum(p.body)) == 0xffff
}
