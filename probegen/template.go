package probegen

import (
	"encoding/binary"
	"net/netip"
)

// Template is a packet made ready to be sent again and again: all bytes but
// addresses, ports, checksums and relative numbers, and the sums of what does
// not change, so that a checksum costs a few additions and not a pass over the
// packet (RFC 1071, section 2; RFC 1624). It never changes and may be used by
// several goroutines.
type Template struct {
	bytes        []byte // what is filled in stands at zero
	ipSum        uint64 // of the IPv4 header
	bodySum      uint64 // of what follows the IP headers, and of the pseudo-header's protocol and length
	seq, ack     uint32
	seqBase      Base
	ackBase      Base
	proto        uint8
	v6           bool
	transport    uint16     // the place of the transport's header in bytes
	target       uint16     // that of the machine's address behind it; 0: there is none
	checksumFrom int        // the place of the transport's checksum in bytes
	inOptions    []inOption // nil in most
}

// inOption is a relative number in an option. Its bytes are at zero.
type inOption struct {
	at    int // in Template.bytes
	value uint32
	base  Base
}

// NewTemplate compiles p, of which it keeps nothing. It is an error when p
// fails Check.
func NewTemplate(p *Packet) (*Template, error) { return new(Templates).Add(p) }

// Templates keeps many templates close together, so that a sender that takes
// them in no order waits for few lines of memory each. The zero value is
// empty and ready.
type Templates struct {
	room  []Template // free places
	bytes []byte     // with free capacity
}

// Of templates and of their bytes, so much memory is taken at a time. The
// first is small, for those who want but one.
const (
	templatesAtOnce = 1024
	bytesAtOnce     = 64 << 10
)

// Add compiles p, of which it keeps nothing. It is an error when p fails Check.
func (s *Templates) Add(p *Packet) (*Template, error) {
	if len(s.room) == 0 {
		n := templatesAtOnce
		if s.room == nil {
			n = 1
		}
		s.room = make([]Template, n)
	}
	if n := p.Len(); cap(s.bytes)-len(s.bytes) < n {
		if s.bytes != nil {
			n = max(n, bytesAtOnce)
		}
		s.bytes = make([]byte, 0, n)
	}
	zero := netip.AddrPortFrom(netip.AddrFrom4([4]byte{}), 0)
	if p.IP6 != nil {
		zero = netip.AddrPortFrom(netip.IPv6Unspecified(), 0)
	}
	start := len(s.bytes)
	whole, err := p.AppendRelative(s.bytes, zero, zero, Numbers{})
	if err != nil {
		return nil, err
	}
	s.bytes = whole
	t := &s.room[0]
	s.room = s.room[1:]
	t.compile(p, whole[start:len(whole):len(whole)])
	return t, nil
}

// compile makes t of p and the bytes that it became with addresses of zero.
func (t *Template) compile(p *Packet, b []byte) {
	h := p.headerLen()
	*t = Template{bytes: b, proto: p.Proto(), v6: p.IP6 != nil, transport: uint16(h), checksumFrom: h + p.checksumAt()}
	if p.TCP != nil {
		t.seq, t.seqBase, t.ack, t.ackBase = p.TCP.Seq, p.TCP.SeqBase, p.TCP.Ack, p.TCP.AckBase
		if t.seqBase != Absolute {
			clear(b[h+4 : h+8])
		}
		if t.ackBase != Absolute {
			clear(b[h+8 : h+12])
		}
		for at, base := range p.TCP.relativeOptions() {
			at += h + tcpHeaderLen
			t.inOptions = append(t.inOptions, inOption{at, binary.BigEndian.Uint32(b[at:]), base})
			clear(b[at : at+4])
		}
	}
	if p.ICMP != nil && p.ICMP.Target != nil {
		t.target = uint16(h + icmpHeaderLen + *p.ICMP.Target)
	}
	clear(b[t.checksumFrom : t.checksumFrom+2])
	if !t.v6 {
		clear(b[10:12])
		t.ipSum = sum(b[:ipv4HeaderLen])
	}
	t.bodySum = sum(b[h:])
	if t.proto != ProtoICMP {
		t.bodySum += uint64(t.proto) + uint64(len(b)-h)
	}
}

// Len gives the packet's length in bytes, IP header included.
func (t *Template) Len() int { return len(t.bytes) }

// Touch reads from the packet's first and last line of memory, so that they
// are fetched while the caller does something else. Its result is of no use
// but to keep the reads from being left out.
func (t *Template) Touch() byte { return t.bytes[0] ^ t.bytes[len(t.bytes)-1] }

// AppendTo gives what Packet.AppendTo gives for the packet that t was made of.
func (t *Template) AppendTo(dst []byte, from, to netip.AddrPort) ([]byte, error) {
	if t.seqBase != Absolute || t.ackBase != Absolute || t.inOptions != nil {
		return dst, errRelative
	}
	return t.AppendRelative(dst, from, to, Numbers{})
}

// AppendRelative gives what Packet.AppendRelative gives for the packet that t
// was made of.
func (t *Template) AppendRelative(dst []byte, from, to netip.AddrPort, n Numbers) ([]byte, error) {
	start := len(dst)
	dst = append(dst, t.bytes...)
	b := dst[start:]
	s := t.bodySum
	switch {
	case t.v6 && (!isIPv6(from.Addr()) || !isIPv6(to.Addr())):
		return dst[:start], errNotIPv6
	case t.v6:
		s += t.addresses6(b, from.Addr(), to.Addr())
	case !from.Addr().Is4() || !to.Addr().Is4():
		return dst[:start], errNotIPv4
	default:
		src4, to4 := from.Addr().As4(), to.Addr().As4()
		src, dest := binary.BigEndian.Uint32(src4[:]), binary.BigEndian.Uint32(to4[:])
		binary.BigEndian.PutUint32(b[12:], src)
		binary.BigEndian.PutUint32(b[16:], dest)
		addresses := halves(src) + halves(dest)
		binary.BigEndian.PutUint16(b[10:], checksum(t.ipSum+addresses))
		if t.proto != ProtoICMP {
			s += addresses
		}
	}
	h := b[t.transport:]
	if t.proto == ProtoTCP || t.proto == ProtoUDP {
		ports := uint32(from.Port())<<16 | uint32(to.Port())
		binary.BigEndian.PutUint32(h, ports)
		s += halves(ports)
	}
	if t.seqBase != Absolute {
		seq := n.Resolve(t.seq, t.seqBase)
		binary.BigEndian.PutUint32(h[4:], seq)
		s += halves(seq)
	}
	if t.ackBase != Absolute {
		ack := n.Resolve(t.ack, t.ackBase)
		binary.BigEndian.PutUint32(h[8:], ack)
		s += halves(ack)
	}
	for i := range t.inOptions {
		o := &t.inOptions[i]
		v := n.Resolve(o.value, o.base)
		binary.BigEndian.PutUint32(b[o.at:], v)
		if o.at%2 == 1 { // its bytes stand the other way round in the sum's words
			v = v<<8 | v>>24
		}
		s += halves(v)
	}
	binary.BigEndian.PutUint16(b[t.checksumFrom:], transportChecksum(s, t.proto == ProtoUDP))
	return dst, nil
}

// addresses6 fills in IPv6 addresses and gives their sum.
func (t *Template) addresses6(b []byte, from, to netip.Addr) uint64 {
	src, dest := from.As16(), to.As16()
	copy(b[8:], src[:])
	copy(b[24:], dest[:])
	s := sum(b[8:ipv6HeaderLen])
	if at := t.target; at != 0 {
		copy(b[at:], dest[:])
		s += addedAt(int(at-t.transport), dest[:])
	}
	return s
}

// addedAt gives the sum of b where it stands at an even or odd place of what
// is summed (RFC 1071, section 2, part B).
func addedAt(place int, b []byte) uint64 {
	if place%2 == 0 {
		return sum(b)
	}
	return sum(b) << 8
}

// halves adds the two 16-bit words of v.
func halves(v uint32) uint64 { return uint64(v>>16) + uint64(v&0xffff) }
