package collector

import (
	"encoding/binary"
	"net/netip"

	"tickle/collector/pool"
	"tickle/probegen"
)

// six is the IPv6 addressing of a link. The prober's IPv6 addresses end in its
// IPv4 ones, so that pairs of address and port are the same in both versions,
// and what is received is told apart by IPv4 addresses alone.
type six struct {
	has     bool
	machine [16]byte // the one address that may be sent to
	prober  [12]byte // what the prober's addresses begin with
	to      [probegen.NoPort + 1]netip.AddrPort
}

// newSix gives the addressing of a machine in a network, has being false where
// it has no IPv6.
func newSix(net pool.Net, p pool.Ports) six {
	if !net.Machine6.IsValid() {
		return six{}
	}
	first := net.Prober6.Masked().Addr().As16()
	return six{
		has: true, machine: net.Machine6.As16(), prober: [12]byte(first[:12]),
		to: [...]netip.AddrPort{
			probegen.OpenTCP:   netip.AddrPortFrom(net.Machine6, p.Open),
			probegen.ClosedTCP: netip.AddrPortFrom(net.Machine6, p.Closed),
			probegen.ClosedUDP: netip.AddrPortFrom(net.Machine6, p.UDP),
			probegen.NoPort:    netip.AddrPortFrom(net.Machine6, 0),
		},
	}
}

// widen gives the prober's IPv6 counterpart of a pair.
func (s *six) widen(pair netip.AddrPort) netip.AddrPort {
	var b [16]byte
	copy(b[:], s.prober[:])
	four := pair.Addr().As4()
	copy(b[12:], four[:])
	return netip.AddrPortFrom(netip.AddrFrom16(b), pair.Port())
}

// nobody is what an IPv6 address becomes that is neither end's: the
// unspecified address.
const nobody = 0

// narrow gives the IPv4 address that stands for an IPv6 one: machine for the
// machine's, that of the prober's which it ends in, or nobody.
func (s *six) narrow(a []byte, machine uint32) uint32 {
	switch {
	case !s.has:
	case [16]byte(a) == s.machine:
		return machine
	case [12]byte(a) == s.prober:
		if four := binary.BigEndian.Uint32(a[12:]); four != machine {
			return four
		}
	}
	return nobody
}

// parse reads a packet from the machine.
func (e *engine) parse(b []byte) (p ipPacket, ok bool) {
	if p, ok = parseIP(b); ok && p.six {
		p.src, p.dst = e.six.narrow(b[8:24], e.machine), e.six.narrow(b[24:40], e.machine)
	}
	return p, ok
}

// parseQuote reads the quotation in an ICMP error.
func (e *engine) parseQuote(p *ipPacket) (q quote, ok bool) {
	if !p.six {
		return parseQuote(p.body)
	}
	if q, ok = parseQuote6(p.body); ok {
		q.src, q.dst = e.six.narrow(q.packet[8:24], e.machine), e.six.narrow(q.packet[24:40], e.machine)
	}
	return q, ok
}

// ends gives the two ends of what copy c sends in step s.
func (e *engine) ends(c uint32, s *step) (from, to netip.AddrPort) {
	from, to = e.source(c, s), e.to[s.port]
	if s.six {
		from, to = e.six.widen(from), e.six.to[s.port]
	}
	return from, to
}

// mayGo says whether a packet is for the machine.
func (e *engine) mayGo(b []byte) bool {
	if b[0]>>4 == 6 {
		return e.six.has && [16]byte(b[24:40]) == e.six.machine
	}
	return binary.BigEndian.Uint32(b[16:]) == e.machine
}

// destination gives where a packet goes.
func destination(b []byte) netip.Addr {
	if b[0]>>4 == 6 {
		return netip.AddrFrom16([16]byte(b[24:40]))
	}
	return netip.AddrFrom4([4]byte(b[16:20]))
}
