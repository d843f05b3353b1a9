package probegen

// overIPv6 sends a dialogue over IPv6: what it is in IPv4, and for some packets
// extension headers, in any order. All share one flow label. It draws behind
// all else, so that the dialogue is the same in both versions.
func (d *dialogueMaker) overIPv6(extensions int) {
	label := d.uint32() >> 12
	for i := range d.steps {
		p := d.steps[i].Packet
		if p == nil {
			continue
		}
		p.IP6 = &IPv6{TrafficClass: p.IP.TOS, FlowLabel: label, HopLimit: p.IP.TTL}
		p.IP = IPv4{}
		if p.ICMP != nil {
			messageOverIPv6(p)
		}
		if d.percent(extensions) {
			for range 1 + d.below(3) {
				p.IP6.Extensions = append(p.IP6.Extensions, d.extension())
			}
		}
		p.fit()
	}
}

// messageOverIPv6 makes an ICMPv6 message of an ICMPv4 query: an echo request
// of an echo request, a neighbour solicitation, which asks on the link alone
// (RFC 4861, section 7.1.1), of the others.
func messageOverIPv6(p *Packet) {
	const icmp4Echo = 8
	if p.ICMP.Type == icmp4Echo {
		p.ICMP.Type = icmp6Echo
		return
	}
	target := 0
	p.IP6.HopLimit = 255
	p.ICMP = &ICMP{Type: icmp6Solicitation, Code: p.ICMP.Code, Rest: p.ICMP.Rest, Target: &target}
	p.Payload = make(Hex, 16)
}

// extension draws an extension header: options that are padding, or a routing
// header of type 0, 2 or 3 without segments left.
func (d *dialogueMaker) extension() Extension {
	h := [...]ExtensionHeader{HopByHop, DestinationOptions, Routing}[d.below(3)]
	if h == Routing {
		return Extension{h, Hex{[...]byte{0, 2, 3}[d.below(3)], 0, 0, 0, 0, 0}}
	}
	return Extension{h, PadN(4 + 8*d.below(2))}
}
