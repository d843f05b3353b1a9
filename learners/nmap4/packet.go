package nmap4

import (
	"bytes"
	"encoding/binary"

	"tickle/probegen"
)

// packet is an answer, from its IPv4 header on.
type packet []byte

const (
	ipv4Len = 20 // without options
	tcpLen  = 20
	udpLen  = 8
	icmpLen = 8
)

func (p packet) header() int { return int(p[0]&15) * 4 }

func (p packet) id() uint16 { return binary.BigEndian.Uint16(p[4:]) }

func (p packet) df() bool { return p[6]&0x40 != 0 }

func (p packet) ttl() uint8 { return p[8] }

// body is what follows the IP header.
func (p packet) body() []byte { return p[p.header():] }

// whole says whether b is an IPv4 packet of that protocol with at least n
// bytes behind its header.
func whole(b []byte, proto uint8, n int) bool {
	if len(b) < ipv4Len || b[0]>>4 != 4 || b[9] != proto {
		return false
	}
	header := packet(b).header()
	return header >= ipv4Len && len(b) >= header+n
}

// segment is a TCP answer's header and what follows it.
type segment []byte

func (s segment) seq() uint32    { return binary.BigEndian.Uint32(s[4:]) }
func (s segment) ack() uint32    { return binary.BigEndian.Uint32(s[8:]) }
func (s segment) flags() uint8   { return s[13] }
func (s segment) window() uint16 { return binary.BigEndian.Uint16(s[14:]) }
func (s segment) urgent() uint16 { return binary.BigEndian.Uint16(s[18:]) }

// reserved are the four bits between data offset and CWR.
func (s segment) reserved() uint8 { return s[12] & 15 }

func (s segment) headerLen() int { return int(s[12]>>4) * 4 }

// sound says whether Nmap takes the segment for one: its header is all there,
// and up to an end of list its options are as long as their kinds ask for.
func (s segment) sound() bool {
	if s.headerLen() < tcpLen || s.headerLen() > len(s) {
		return false
	}
	for b := s.options(); len(b) > 0 && b[0] != probegen.KindEOL; {
		if b[0] == probegen.KindNOP {
			b = b[1:]
			continue
		}
		if len(b) < 2 || b[1] == 0 || int(b[1]) > len(b) {
			return false
		}
		n := int(b[1])
		if want, ok := optionLengths[b[0]]; ok && n != want {
			return false
		}
		if b[0] == probegen.KindSACK && (n < 10 || n%8 != 2) {
			return false
		}
		b = b[n:]
	}
	return true
}

// optionLengths are those of kinds that have but one (RFC 9293, 7323, 2018, 1146).
var optionLengths = map[uint8]int{probegen.KindMSS: 4, probegen.KindWindowScale: 3, probegen.KindSACKPermitted: 2,
	probegen.KindTimestamps: 10, alternateChecksum: 3}

const alternateChecksum = 14

func (s segment) options() []byte { return s[tcpLen:s.headerLen()] }

func (s segment) data() []byte { return s[s.headerLen():] }

// tcp gives the first TCP answer of the exchange, or nil.
func (e *Exchange) tcp() (packet, segment) {
	for _, b := range e.Answers {
		if !whole(b, probegen.ProtoTCP, tcpLen) {
			continue
		}
		if t := segment(packet(b).body()); t.sound() {
			return b, t
		}
	}
	return nil, nil
}

// echo gives the first echo reply of the exchange, or nil.
func (e *Exchange) echo() packet {
	for _, b := range e.Answers {
		if whole(b, probegen.ProtoICMP, icmpLen) && packet(b).body()[0] == 0 {
			return b
		}
	}
	return nil
}

// unreachable gives the first port unreachable of the exchange that quotes
// an IP and a UDP header and comes from where the datagram went to, or nil.
func (e *Exchange) unreachable() packet {
	for _, b := range e.Answers {
		if !whole(b, probegen.ProtoICMP, icmpLen+ipv4Len+udpLen) {
			continue
		}
		icmp := packet(b).body()
		if icmp[0] != 3 || icmp[1] != 3 || !whole(icmp[icmpLen:], probegen.ProtoUDP, udpLen) {
			continue
		}
		if q := icmp[icmpLen:]; bytes.Equal(b[12:16], q[16:20]) {
			return b
		}
	}
	return nil
}

// quoted gives the packet that a port unreachable quotes, or nil.
func (e *Exchange) quoted() packet {
	if p := e.unreachable(); p != nil {
		return p.body()[icmpLen:]
	}
	return nil
}
