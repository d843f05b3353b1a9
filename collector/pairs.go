package collector

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"net/netip"

	"tickle/collector/pool"
)

// The addressing of isolated links: the machine in TEST-NET-1 (RFC 5737), the
// prober in the block for benchmarks (RFC 2544).
var (
	machineAddr = netip.AddrFrom4([4]byte{192, 0, 2, 1})
	proberBlock = netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, 0, 0}), 15)
)

const (
	firstPort   = 1024
	portsInUse  = 65536 - firstPort
	minPrefix   = 24 // the prober owns no less
	fencePairs  = 64 // more than fences are ever open
	fixedSource = 40000
)

// pairs maps each sending of a run to an address and port of the prober, and
// back, by arithmetic alone. Sendings with ports are numbered through all
// plans, fences behind them; number x has pair (a·x + b) mod m of the block's
// m = addresses × ports, where a has an inverse mod m. Sendings without ports
// (ICMP) are numbered apart and take the addresses in turn.
//
// Those of ordered plans all come from the last address, as one scanner's do:
// a stack may count identifiers or limit answers by the peer's address. They
// have its last ports, which m leaves out, and the numbers from m on.
type pairs struct {
	base      uint32 // base+1 is the first address in use
	addresses uint64
	m         uint64
	a, b, inv uint64
	ordered   uint64
	fences    uint64 // the number of the first fence
	fixed     bool
	net       pool.Net
}

// load counts the sendings of a run to one machine.
type load struct {
	ported, icmp uint64 // of random plans: with ports, and with ICMP
	dialogues    uint64 // of those with ports
	ordered      uint64 // of ordered plans
}

// perDialogue is how many addresses there are for each dialogue, so that few
// share one: stacks limit ICMP errors by the peer's address, and keep metrics of
// its connections.
const perDialogue = 16

// newPairs lays out a run's sendings and fences on isolated links.
func newPairs(r *rand.Rand, n load, kind SourcePort) (*pairs, error) {
	addresses := max((n.ported+fencePairs+n.ordered+portsInUse-1)/portsInUse, min(max(n.icmp, perDialogue*n.dialogues), 1<<16-2))
	prefix := min(minPrefix, 32-bits.Len64(addresses+1)) // the first and last stay free
	if prefix < proberBlock.Bits() {
		return nil, fmt.Errorf("run: %d sendings need more source addresses than the %d of %v: make it several runs",
			n.ported+n.icmp, 1<<(32-proberBlock.Bits()), proberBlock)
	}
	return pairsOn(pool.Net{Machine: machineAddr, Prober: netip.PrefixFrom(proberBlock.Addr(), prefix),
		Machine6: pool.Machine6, Prober6: pool.Prober6}, r, n, kind)
}

// pairsOn lays out a run's sendings and fences in a network.
func pairsOn(net pool.Net, r *rand.Rand, n load, kind SourcePort) (*pairs, error) {
	if !net.Machine.Is4() || !net.Prober.IsValid() || !net.Prober.Addr().Is4() || net.Prober.Contains(net.Machine) {
		return nil, fmt.Errorf("addresses: machine %v, prober %v: want IPv4, and the machine outside the prober's block", net.Machine, net.Prober)
	}
	if n.ordered > portsInUse {
		return nil, fmt.Errorf("run: %d sendings in ordered plans: want at most the %d ports of one address", n.ordered, portsInUse)
	}
	if a, b := net.Machine6, net.Prober6; a.IsValid() || b.IsValid() {
		if !a.Is6() || a.Is4In6() || !b.Addr().Is6() || b.Bits() > 96 || b.Contains(a) {
			return nil, fmt.Errorf("addresses: machine %v, prober %v: want IPv6, the machine outside the prober's block, and that of 96 bits at most", a, b)
		}
	}
	net.Prober = net.Prober.Masked()
	p := &pairs{fences: n.ported, ordered: n.ordered, fixed: kind == Fixed, net: net, addresses: 1 << (32 - net.Prober.Bits())}
	first := net.Prober.Addr().As4()
	p.base = binary.BigEndian.Uint32(first[:])
	if p.addresses > 2 {
		p.addresses -= 2
	} else {
		p.base-- // all are in use
	}
	all := p.addresses * portsInUse
	if need := n.ported + fencePairs + n.ordered; !p.fixed && need > all {
		return nil, fmt.Errorf("addresses: %d sendings need a pair of address and port each, and %v has %d: want a larger block, fewer sendings, or a fixed source port",
			n.ported+n.ordered, net.Prober, all-fencePairs)
	}
	p.m = max(all-p.ordered, 2)
	p.b = r.Uint64N(p.m)
	for p.inv == 0 {
		p.a = r.Uint64N(p.m)
		p.inv = inverse(p.a, p.m)
	}
	return p, nil
}

// source gives the pair of ported sending x.
func (p *pairs) source(x uint64) netip.AddrPort {
	if p.fixed {
		return p.fixedPair()
	}
	y := x
	if x < p.m {
		if y = mulMod(p.a, x, p.m) + p.b; y >= p.m {
			y -= p.m
		}
	}
	return netip.AddrPortFrom(p.addr(y/portsInUse), uint16(firstPort+y%portsInUse))
}

// number gives the ported sending whose pair is addr and port. It may be one
// that does not exist; ok is false for what is no pair of the block.
func (p *pairs) number(addr uint32, port uint16) (x uint64, ok bool) {
	i := uint64(addr) - uint64(p.base) - 1
	if i >= p.addresses || port < firstPort {
		return 0, false
	}
	y := i*portsInUse + uint64(port-firstPort)
	if y >= p.m {
		return y, true
	}
	if y < p.b {
		y += p.m
	}
	return mulMod(p.inv, y-p.b, p.m), true
}

// icmpSource gives the address of ICMP sending z.
func (p *pairs) icmpSource(z uint64) netip.AddrPort {
	if p.fixed {
		return p.fixedPair()
	}
	return netip.AddrPortFrom(p.addr((z+p.b)%p.addresses), 0)
}

// orderedICMP gives the address of all ICMP sendings of ordered plans.
func (p *pairs) orderedICMP() netip.AddrPort {
	if p.fixed {
		return p.fixedPair()
	}
	return netip.AddrPortFrom(p.addr(p.addresses-1), 0)
}

// icmpNumber gives the first ICMP sending with that address; further ones
// follow at distances of p.addresses.
func (p *pairs) icmpNumber(addr uint32) (z uint64, ok bool) {
	i := uint64(addr) - uint64(p.base) - 1
	if i >= p.addresses {
		return 0, false
	}
	return (i + p.addresses - p.b%p.addresses) % p.addresses, true
}

// owns says whether addr is in the prober's block.
func (p *pairs) owns(addr uint32) bool { return uint64(addr)-uint64(p.base)-1 < p.addresses }

func (p *pairs) addr(i uint64) netip.Addr {
	var a [4]byte
	binary.BigEndian.PutUint32(a[:], p.base+1+uint32(i))
	return netip.AddrFrom4(a)
}

func (p *pairs) fixedPair() netip.AddrPort { return netip.AddrPortFrom(p.addr(0), fixedSource) }

// mulMod gives x·y mod m for x, y < m.
func mulMod(x, y, m uint64) uint64 {
	hi, lo := bits.Mul64(x, y)
	if hi == 0 {
		return lo % m
	}
	_, r := bits.Div64(hi, lo, m)
	return r
}

// inverse gives the inverse of a mod m, or 0 when there is none (Euclid).
func inverse(a, m uint64) uint64 {
	r0, r1 := int64(m), int64(a)
	t0, t1 := int64(0), int64(1)
	for r1 != 0 {
		q := r0 / r1
		r0, r1 = r1, r0-q*r1
		t0, t1 = t1, t0-q*t1
	}
	if r0 != 1 {
		return 0
	}
	if t0 < 0 {
		t0 += int64(m)
	}
	return uint64(t0)
}
