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
		before := wordSum(p, atTTL, atTTL+1)
		p[atTTL] = ttl
		adjust(p[atChecksum:], before, wordSum(p, atTTL, atTTL+1))
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
			before := wordSum(t, i, after)
			for j := i; j < after; j++ {
				t[j] = optNOP
			}
			adjust(t[atTCPSum:], before, wordSum(t, i, after))
		case kind == optMSS && after == i+4 && t[13]&flagSYN != 0 && f.mss != 0:
			if binary.BigEndian.Uint16(t[i+2:]) > f.mss {
				before := wordSum(t, i, after)
				binary.BigEndian.PutUint16(t[i+2:], f.mss)
				adjust(t[atTCPSum:], before, wordSum(t, i, after))
			}
		}
		i = after
	}
}

// wordSum adds the 16-bit words that bytes from to to of a header touch. A
// header has an even length and starts at an even place of what is summed.
func wordSum(p []byte, from, to int) uint32 {
	var s uint32
	for i := from &^ 1; i < to; i += 2 {
		s += uint32(binary.BigEndian.Uint16(p[i:]))
	}
	return fold(s)
}

// adjust keeps a checksum in step with words whose sum went from before to
// after: RFC 1624, equation 3.
func adjust(checksum []byte, before, after uint32) {
	if before == after {
		return
	}
	c := fold(uint32(^binary.BigEndian.Uint16(checksum)) + (before ^ 0xffff) + after)
	binary.BigEndian.PutUint16(checksum, ^uint16(c))
}

// fold adds the carries of a one's complement sum back in.
func fold(s uint32) uint32 {
	s = s&0xffff + s>>16
	return s&0xffff + s>>16
}
