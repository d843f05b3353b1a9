package probegen

import "slices"

// Format stands in the header of every file of this format.
const Format = "tickle-probes/1"

// maxOptionsLen is what the four bits of the data offset leave for options.
const maxOptionsLen = 40

// Check says what keeps the packet from being sent, naming the field as it
// stands in a file and what was expected: not exactly one version of IP and
// one transport, a port class that does not fit it, a time to live or hop limit
// of zero, extension headers of another length than they can have or that
// lead to other machines, reserved bits above 15, an unknown base, options that
// are not a multiple of 4 bytes or more than 40, or more than 65535 bytes in
// all. Whether options make sense is the probe's own business.
func (p *Packet) Check() error {
	n := 0
	for _, has := range [...]bool{p.TCP != nil, p.UDP != nil, p.ICMP != nil} {
		if has {
			n++
		}
	}
	if n != 1 {
		return wrong("packet", "want exactly one of tcp, udp and icmp, have %d", n)
	}
	if err := p.checkPort(); err != nil {
		return err
	}
	if err := p.checkIP(); err != nil {
		return err
	}
	if p.TCP != nil {
		if err := p.TCP.check(); err != nil {
			return within("packet.tcp", err)
		}
	}
	if p.ICMP != nil && p.ICMP.Target != nil {
		if err := p.checkTarget(*p.ICMP.Target); err != nil {
			return err
		}
	}
	if have := p.Len(); have > maxPacketLen {
		return wrong("packet.payload", "want a packet of at most %d bytes, have %d", maxPacketLen, have)
	}
	return nil
}

// checkPort says whether the port class goes with the transport.
func (p *Packet) checkPort() error {
	ok, want := false, ""
	switch {
	case p.TCP != nil:
		ok, want = p.Port == OpenTCP || p.Port == ClosedTCP, "open-tcp or closed-tcp with tcp"
	case p.UDP != nil:
		ok, want = p.Port == ClosedUDP, "closed-udp with udp"
	default:
		ok, want = p.Port == NoPort, "none with icmp"
	}
	if !ok {
		return wrong("packet.port", "want %s, have %v", want, p.Port)
	}
	return nil
}

// checkIP says what is wrong with the header of either version.
func (p *Packet) checkIP() error {
	switch {
	case p.IP6 == nil && p.IP.TTL == 0:
		return wrong("packet.ip.ttl", "want 1 to 255")
	case p.IP6 == nil:
		return nil
	case p.IP != IPv4{}:
		return wrong("packet.ip", "want one of ip and ip6, have both")
	}
	if err := p.IP6.check(); err != nil {
		return within("packet.ip6", err)
	}
	return nil
}

// checkTarget says whether the machine's address has its place at at.
func (p *Packet) checkTarget(at int) error {
	const size = 16
	if p.IP6 == nil {
		return wrong("packet.icmp.target", "want none without ip6")
	}
	if at < 0 || at > len(p.Payload)-size {
		return wrong("packet.icmp.target", "want a place in the payload with %d bytes behind it, have %d", size, at)
	}
	for _, v := range p.Payload[at : at+size] {
		if v != 0 {
			return wrong("packet.payload", "want zeros where the target is filled in")
		}
	}
	return nil
}

func (t *TCP) check() error {
	if t.Reserved > 15 {
		return wrong("reserved", "want 0 to 15, have %d", t.Reserved)
	}
	if n := len(t.Options); n%4 != 0 || n > maxOptionsLen {
		return wrong("options", "want a multiple of 4 bytes, at most %d, have %d", maxOptionsLen, n)
	}
	for _, f := range [...]struct {
		name string
		base Base
	}{{"seq_base", t.SeqBase}, {"ack_base", t.AckBase}, {"sack_base", t.SACKBase}} {
		if !f.base.valid() {
			return wrong(f.name, "want %s, %s, %s or %s, have %q", SndNxt, SndUna, SndEdge, RcvNxt, string(f.base))
		}
	}
	if t.EchoBase != Absolute && t.EchoBase != TSRecent {
		return wrong("echo_base", "want %s, have %q", TSRecent, string(t.EchoBase))
	}
	if t.EchoBase != Absolute && t.Options.find(KindTimestamps) < 0 {
		return wrong("echo_base", "want it only with a whole timestamps option")
	}
	if t.SACKBase != Absolute && t.Options.find(KindSACK) < 0 {
		return wrong("sack_base", "want it only with a whole SACK option")
	}
	return nil
}

func (b Base) valid() bool {
	switch b {
	case Absolute, SndNxt, SndUna, SndEdge, RcvNxt:
		return true
	}
	return false
}

// Check says what is wrong with the probe, as Packet.Check does: no step, a
// negative wait, or a step that neither sends nor waits.
func (p *Probe) Check() error {
	if len(p.Steps) == 0 {
		return wrong("steps", "want at least one")
	}
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Wait < 0 {
			return wrong(stepName(i)+".wait_us", "want 0 or more, have %d", s.Wait)
		}
		if s.Packet == nil && s.Wait == 0 && s.Until == 0 {
			return wrong(stepName(i), "want a packet, a wait_us above 0, or both")
		}
		if s.Packet == nil {
			continue
		}
		if err := s.Packet.Check(); err != nil {
			return within(stepName(i), err)
		}
	}
	return nil
}

// Check says what is wrong with the header; whether this program has the
// family does not matter, since the probes are fully specified.
func (h *Header) Check() error {
	switch {
	case h.Format != Format:
		return wrong("format", "want %q, have %q", Format, h.Format)
	case h.Family == "":
		return wrong("family", "want a name")
	case h.Version < 1:
		return wrong("version", "want 1 or more, have %d", h.Version)
	case h.N < 1 || h.N > MaxProbes:
		return wrong("n", "want 1 to %d, have %d", MaxProbes, h.N)
	case h.Plan != nil && h.Plan.Spacing < 0:
		return wrong("plan.spacing_us", "want 0 or more, have %d", h.Plan.Spacing)
	case h.Plan != nil && h.Plan.Repeats < 1:
		return wrong("plan.repeats", "want 1 or more, have %d", h.Plan.Repeats)
	case h.Plan != nil && len(h.Plan.Gaps) != 0 && len(h.Plan.Gaps) != h.N:
		return wrong("plan.gaps_us", "want none or %d, one a probe, have %d", h.N, len(h.Plan.Gaps))
	case h.Plan != nil && slices.ContainsFunc(h.Plan.Gaps, func(gap int64) bool { return gap < 0 }):
		return wrong("plan.gaps_us", "want 0 or more each")
	}
	return nil
}
