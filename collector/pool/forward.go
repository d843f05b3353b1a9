package pool

import "encoding/binary"

// The few numbers of the headers that a path looks at.
const (
	protoTCP   = 6
	optEOL     = 0
	optNOP     = 1
	optMSS     = 2
	flagSYN    = 0x02
	minIPv4    = 20
	minTCP     = 20
	sizeIPv6   = 40
	atTTL      = 8 // in IPv4, with the checksum
	atChecksum = 10
	atHopLimit = 7 // in IPv6
	atTCPSum   = 16
)

// forward changes an IP packet in place as the path does. It returns whether
// the packet gets through. What is no IP packet passes as it is.
func (f *pathFactors) forward(p []byte, answer bool) bool {
	if len(p) == 0 {
		return true
	}
	switch p[0] >> 4 {
	case 4:
		if len(p) < minIPv4 {
			return true
		}
		ttl, ok := f.hop(p[atTTL], answer)
		if !ok {
			return false
		}
		setByte(p, atTTL, ttl, atChecksum)
		f.rewriteTCP(tcp4(p))
	case 6:
		if len(p) < sizeIPv6 {
			return true
		}
		ttl, ok := f.hop(p[atHopLimit], answer)
		if !ok {
			return false
		}
		p[atHopLimit] = ttl // IPv6 has no checksum of its own
		f.rewriteTCP(tcp6(p))
	}
	return true
}

// hop gives the TTL after the path, or false when it ran out.
func (f *pathFactors) hop(ttl uint8, answer bool) (uint8, bool) {
	if f.hops > 0 {
		if ttl <= f.hops {
			return 0, false
		}
		ttl -= f.hops
	}
	if answer && f.ttl != 0 {
		ttl = f.ttl
	}
	return ttl, true
}

// tcp4 gives the TCP segment of an IPv4 packet that begins one, else nil.
func tcp4(p []byte) []byte {
	header := int(p[0]&0x0f) * 4
	end := min(int(binary.BigEndian.Uint16(p[2:])), len(p))
	offset := binary.BigEndian.Uint16(p[6:]) & 0x1fff
	if p[9] != protoTCP || offset != 0 || header < minIPv4 || header > end {
		return nil
	}
	return p[header:end]
}

// tcp6 gives the TCP segment of an IPv6 packet, behind the extension headers
// that RFC 8200 gives a length in units of 8 bytes, else nil. A fragment has
// no whole segment.
func tcp6(p []byte) []byte {
	next := p[6]
	rest := p[sizeIPv6:min(sizeIPv6+int(binary.BigEndian.Uint16(p[4:])), len(p))]
	for {
		switch next {
		case protoTCP:
			return rest
		case 0, 43, 60: // hop-by-hop, routing, destination options
			if len(rest) < 8 {
				return nil
			}
			size := 8 * (int(rest[1]) + 1)
			if size > len(rest) {
				return nil
			}
			next, rest = rest[0], rest[size:]
		default:
			return nil
		}
	}
}

// rewriteTCP clamps the MSS and strips options of a segment. It stops at the
// first option that is malformed, as the receiver does.
func (f *pathFactors) rewriteTCP(t []byte) {
	if f.strip == 0 && f.mss == 0 || len(t) < minTCP {
		return
	}
	end := int(t[12]>>4) * 4
	if end < minTCP || end > len(t) {
		return
	}
	for i := minTCP; i < end && t[i] != optEOL; {
		kind := t[i]
		if kind == optNOP {
			i++
			continue
		}
		if i+1 >= end || t[i+1] < 2 || i+int(t[i+1]) > end {
			return
		}
		after := i + int(t[i+1])
		switch {
		case kind < 64 && f.strip>>kind&1 != 0:
			for j := i; j < after; j++ {
				setByte(t, j, optNOP, atTCPSum)
			}
		case kind == optMSS && after == i+4 && t[13]&flagSYN != 0 && f.mss != 0:
			if binary.BigEndian.Uint16(t[i+2:]) > f.mss {
				setByte(t, i+2, byte(f.mss>>8), atTCPSum)
				setByte(t, i+3, byte(f.mss), atTCPSum)
			}
		}
		i = after
	}
}

// setByte overwrites a byte and keeps the checksum at sum in step with it:
// RFC 1624, equation 3, on the 16-bit word that holds the byte. p is a header
// of even length that starts at an even place of what is summed.
func setByte(p []byte, at int, v byte, sum int) {
	word := p[at&^1:]
	old := uint32(binary.BigEndian.Uint16(word))
	p[at] = v
	now := uint32(binary.BigEndian.Uint16(word))
	if old == now {
		return
	}
	c := uint32(^binary.BigEndian.Uint16(p[sum:])) + (old ^ 0xffff) + now
	c = c&0xffff + c>>16
	c = c&0xffff + c>>16
	binary.BigEndian.PutUint16(p[sum:], ^uint16(c))
}
