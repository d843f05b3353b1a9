package collector

import (
	"encoding/binary"

	"tickle/probegen"
)

// ipPacket is a view of a packet from a machine.
type ipPacket struct {
	packet   []byte // from the IP header to the end that its length says
	body     []byte // what follows the IP header and IPv6's extension headers
	src, dst uint32 // of IPv6 what engine.narrow makes of them
	proto    uint8  // of the body
	six      bool
	part     uint16 // of IPv6: the second word of the fragment header, or 0
}

const (
	minIPv4 = 20
	minIPv6 = 40
	minTCP  = 20
	minUDP  = 8
	minICMP = 8
)

// parseIP reads the header of either version.
func parseIP(b []byte) (p ipPacket, ok bool) {
	if len(b) > 0 && b[0]>>4 == 6 {
		return parseIPv6(b)
	}
	return parseIPv4(b)
}

// parseIPv4 reads an IPv4 header. What follows the total length, such as
// Ethernet's padding, is left out. ok is false when the header is not whole
// or claims more bytes than there are.
func parseIPv4(b []byte) (p ipPacket, ok bool) {
	if len(b) < minIPv4 || b[0]>>4 != 4 {
		return p, false
	}
	header, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if header < minIPv4 || total < header || total > len(b) {
		return p, false
	}
	return ipPacket{
		packet: b[:total:total],
		body:   b[header:total:total],
		src:    binary.BigEndian.Uint32(b[12:]),
		dst:    binary.BigEndian.Uint32(b[16:]),
		proto:  b[9],
	}, true
}

// parseIPv6 reads an IPv6 header and the extension headers behind it, as
// parseIPv4 does.
func parseIPv6(b []byte) (p ipPacket, ok bool) {
	if len(b) < minIPv6 || b[0]>>4 != 6 {
		return p, false
	}
	total := minIPv6 + int(binary.BigEndian.Uint16(b[4:]))
	if total > len(b) {
		return p, false
	}
	b = b[:total:total]
	proto, at, part := skipExtensions(b)
	return ipPacket{packet: b, body: b[at:], proto: proto, six: true, part: part}, true
}

// The extension headers that have a length in units of 8 bytes, and the one
// that is always 8 bytes long (RFC 8200, section 4).
const (
	extHopByHop    = 0
	extRouting     = 43
	extFragment    = 44
	extDestination = 60
)

// skipExtensions gives the protocol behind the extension headers of an IPv6
// packet that has at least its header, where it begins, and the second word
// of a fragment header. A header that is cut ends the walk, and nothing is
// known to follow the first fragment's.
func skipExtensions(b []byte) (proto uint8, at int, part uint16) {
	proto, at = b[6], minIPv6
	for len(b)-at >= 8 {
		n := 8
		switch proto {
		case extHopByHop, extRouting, extDestination:
			n += int(b[at+1]) * 8
		case extFragment:
			part = binary.BigEndian.Uint16(b[at+2:])
		default:
			return proto, at, part
		}
		if n > len(b)-at {
			break
		}
		proto, at = b[at], at+n
		if part&^7 != 0 {
			break
		}
	}
	return proto, at, part
}

// offset gives the fragment offset in 8-byte units.
func (p *ipPacket) offset() uint16 {
	if p.six {
		return p.part >> 3
	}
	return binary.BigEndian.Uint16(p.packet[6:]) & 0x1fff
}

// fragment says whether the packet is a part of a datagram.
func (p *ipPacket) fragment() bool {
	if p.six {
		return p.part&^6 != 0
	}
	return binary.BigEndian.Uint16(p.packet[6:])&0x3fff != 0
}

// icmp says whether the packet is of its version's ICMP.
func (p *ipPacket) icmp() bool {
	if p.six {
		return p.proto == probegen.ProtoICMP6
	}
	return p.proto == probegen.ProtoICMP
}

// least is the length of the shortest body of a protocol whose answers are
// matched, or 0 for one whose are not.
func (p *ipPacket) least() int {
	switch p.proto {
	case probegen.ProtoTCP:
		return minTCP
	case probegen.ProtoUDP:
		return minUDP
	}
	if p.icmp() {
		return minICMP
	}
	return 0
}

// icmpError says whether the packet's ICMP message quotes another.
func (p *ipPacket) icmpError() bool {
	if p.six {
		return icmp6Error(p.body[0])
	}
	return icmpError(p.body[0])
}

// packetLen is the length that the header of a whole IP packet says.
func packetLen(b []byte) int {
	if b[0]>>4 == 6 {
		return minIPv6 + int(binary.BigEndian.Uint16(b[4:]))
	}
	return int(binary.BigEndian.Uint16(b[2:]))
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

// icmp6Error says whether an ICMPv6 message of this type quotes a packet: RFC
// 4443's destination unreachable, packet too big, time exceeded and parameter
// problem.
func icmp6Error(kind uint8) bool { return kind >= 1 && kind <= 4 }

// quote is a view of the packet inside an ICMP error, which may be cut short
// or changed on its way.
type quote struct {
	packet   []byte
	header   int // length of the IP headers, as far as they were quoted
	src, dst uint32
	proto    uint8
}

// parseQuote6 reads the quotation in an ICMPv6 error's body, but for its
// addresses. ok is false when those or the first 4 bytes behind the IP headers
// are not there.
func parseQuote6(body []byte) (q quote, ok bool) {
	b := body[minICMP:]
	if len(b) < minIPv6 {
		return q, false
	}
	proto, at, _ := skipExtensions(b)
	return quote{packet: b, header: at, proto: proto}, len(b) >= at+4
}

// parseQuote reads the quotation in an ICMP error's body. ok is false when
// the addresses or the first 4 bytes behind the IP header are not there.
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
	window   uint16 // as it stands
	flags    uint8
	src, dst uint16
}

// parseTCP reads the header at the start of b, which has at least minTCP bytes.
func parseTCP(b []byte) tcpHeader {
	t := tcpHeader{
		src: binary.BigEndian.Uint16(b), dst: binary.BigEndian.Uint16(b[2:]),
		seq: binary.BigEndian.Uint32(b[4:]), ack: binary.BigEndian.Uint32(b[8:]),
		flags: b[13], window: binary.BigEndian.Uint16(b[14:]),
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
func (p *ipPacket) transportOK() bool {
	if p.proto == probegen.ProtoUDP && p.body[6] == 0 && p.body[7] == 0 {
		return true
	}
	addresses := p.packet[12:20]
	if p.six {
		addresses = p.packet[8:40]
	}
	return fold(sum(addresses)+uint64(p.proto)+uint64(len(p.body))+sum(p.body)) == 0xffff
}
