package nmap4

import (
	"bytes"
	"encoding/binary"
	"net/netip"
)

// unreachable is the test U1, of the port unreachable that the UDP probe draws.
func (s *Scan) unreachable(ttl hopLimit) *Test {
	e := s.exchange("U1")
	if e == nil {
		return nil
	}
	p := e.unreachable()
	if p == nil {
		return s.silent("U1", "U1")
	}
	icmp := p.body()
	q := e.quoted()
	return &Test{Name: "U1", Attrs: []Attr{
		{"R", "Y"}, {"DF", yesNo(p.df())}, ttl.attr(p.ttl()),
		{"IPL", hex(uint64(binary.BigEndian.Uint16(p[2:])))},
		{"UN", hex(uint64(binary.BigEndian.Uint16(icmp[6:])))},
		{"RIPL", same(binary.BigEndian.Uint16(q[2:]), uint16(e.Packet.Len()))},
		{"RID", same(q.id(), e.Packet.IP.ID)},
		{"RIPCK", headerSum(q)},
		{"RUCK", same(binary.BigEndian.Uint16(q.body()[6:]), e.datagramSum(p, q))},
		{"RUD", datagramData(q.body()[udpLen:], e.Packet.Payload)},
	}}
}

// same is G (good) where a value came back as it was sent, else the value.
func same(returned, sent uint16) string {
	if returned == sent {
		return "G"
	}
	return hex(uint64(returned))
}

// headerSum gives RIPCK: whether the checksum of the quoted IP header is that
// of the header as it is quoted.
func headerSum(q packet) string {
	if q[10] == 0 && q[11] == 0 {
		return "Z"
	}
	var sum uint32
	for i := 0; i < ipv4Len; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(q[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	if sum == 0xffff {
		return "G"
	}
	return "I"
}

// datagramSum is the checksum of the datagram that was sent: between the
// prober, to which p came, and what the quotation says of ports and machine.
func (e *Exchange) datagramSum(p, q packet) uint16 {
	udp := q.body()
	from := netip.AddrPortFrom(netip.AddrFrom4([4]byte(p[16:20])), binary.BigEndian.Uint16(udp))
	to := netip.AddrPortFrom(netip.AddrFrom4([4]byte(q[16:20])), binary.BigEndian.Uint16(udp[2:]))
	b, err := e.Packet.AppendTo(nil, from, to)
	if err != nil {
		panic("nmap4: " + err.Error()) // U1 is sound, or it was not sent
	}
	return binary.BigEndian.Uint16(b[ipv4Len+6:])
}

// datagramData gives RUD: G where what came back of the data is as it was
// sent, or nothing did.
func datagramData(returned, sent []byte) string {
	if bytes.HasPrefix(sent, returned) {
		return "G"
	}
	return "I"
}

// echo is the test IE, of the replies to both echo requests.
func (s *Scan) echo(ttl hopLimit) *Test {
	first, second := s.exchange("IE1"), s.exchange("IE2")
	if first == nil || second == nil {
		return nil
	}
	a, b := first.echo(), second.echo()
	if a == nil || b == nil {
		return s.silent("IE", "IE1")
	}
	return &Test{Name: "IE", Attrs: []Attr{{"R", "Y"}, {"DFI", echoedDF(a.df(), b.df())}, ttl.attr(a.ttl()),
		{"CD", echoedCode(a.body()[1], b.body()[1], first.Packet.ICMP.Code, second.Packet.ICMP.Code)}}}
}

// echoedDF gives DFI; the first request has the bit, the second has not.
func echoedDF(first, second bool) string {
	switch {
	case first && second:
		return "Y"
	case first:
		return "S"
	case second:
		return "O"
	}
	return "N"
}

// echoedCode gives CD, of two replies' codes and two requests'.
func echoedCode(a, b, sentA, sentB uint8) string {
	switch {
	case a == 0 && b == 0:
		return "Z"
	case a == sentA && b == sentB:
		return "S"
	case a == b:
		return hex(uint64(a))
	}
	return "O"
}
