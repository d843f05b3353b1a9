package sim

import "encoding/binary"

// ICMP types and codes (RFC 792, RFC 1812).
const (
	typeEchoReply      = 0
	typeUnreachable    = 3
	typeEcho           = 8
	codePort           = 3
	codeHostProhibited = 10
)

// receiveICMP answers echo requests (RFC 1122 3.2.2.6).
func (s *stack) receiveICMP() {
	g := &s.seg
	m := g.transport()
	if len(m) < 8 || m[0] != typeEcho || checksum(add(0, m)) != 0 || !s.echoLimit.allow(&s.echoes, s.now) {
		return
	}
	b := s.packet(20 + len(m))
	copy(b[20:], m)
	b[20] = typeEchoReply
	if s.echoCodeZero {
		b[21] = 0
	}
	f := ipFields{dst: g.src, tos: g.tos, ttl: s.icmpTTL, id: s.identification(s.icmpID, g.src, counterICMP)}
	if s.echoTOSZero {
		f.tos = 0
	}
	f.df = s.echoDF == dfSet || s.echoDF == dfEchoed && g.df
	if s.atomicZero && f.df {
		f.id = 0
	}
	s.sendICMP(b, &f)
}

// receiveUDP refuses datagrams: nothing listens on any UDP port.
func (s *stack) receiveUDP() {
	if s.firewall != firewallNone {
		if s.firewall == firewallReject {
			s.unreachable(s.udpRejectCode())
		}
		return
	}
	if s.readUDP() && !s.udpSilent {
		s.unreachable(codePort)
	}
}

// unreachable quotes s.seg in an ICMP destination unreachable message.
func (s *stack) unreachable(code uint8) {
	g := &s.seg
	if s.errorPeer && !s.peerOf(g.src).allowError(s.now, s.errorGap) {
		return
	}
	if !s.errorLimit.allow(&s.errors, s.now) {
		return
	}
	quote := s.quote
	if !s.quoteHeader {
		quote += g.header
	}
	quote = min(quote, len(g.packet))
	b := s.packet(28 + quote)
	b[20], b[21] = typeUnreachable, code
	binary.BigEndian.PutUint32(b[24:], 0)
	copy(b[28:], g.packet[:quote])
	f := ipFields{dst: g.src, ttl: s.icmpTTL, df: s.errorDF, id: s.identification(s.icmpID, g.src, counterICMP)}
	if s.errorControl {
		f.tos = g.tos&0x1e | 0xc0
	}
	s.sendICMP(b, &f)
}
