package probegen

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
)

// What Show fills in. The addresses are those of isolated links.
var (
	exampleProber   = netip.MustParseAddrPort("198.18.0.1:40000")
	exampleMachine  = netip.MustParseAddr("192.0.2.1")
	exampleProber6  = netip.MustParseAddrPort("[2001:db8:1::c612:1]:40000")
	exampleMachine6 = netip.MustParseAddr("2001:db8::1")
	examplePorts    = [...]uint16{OpenTCP: 22, ClosedTCP: 1, ClosedUDP: 40125, NoPort: 0}
	exampleNumbers  = Numbers{Seq: 1_000_000, Ack: 2_000_000, Una: 1_000_000, Edge: 1_064_240, Recent: 3_000_000}
)

// Show prints probe id, step by step: the packet's headers and every option
// decoded, under the names that Wireshark's detail pane gives them, then its
// bytes in hexadecimal. What a probe leaves open is filled in with examples
// and the first lines say so. It is an error when the set has no such probe.
func (s *Set) Show(w io.Writer, id int) error {
	if id < 0 || id >= len(s.Probes) {
		return fmt.Errorf("probe %d: want an id from 0 to %d", id, len(s.Probes)-1)
	}
	p := &s.Probes[id]
	if err := p.Check(); err != nil {
		return fmt.Errorf("probe %d: %w", id, err)
	}
	d := &detail{w: bufio.NewWriter(w)}
	d.line("Probe %d of %d: family %s, version %d, seed %d", id, len(s.Probes), s.Header.Family, s.Header.Version, s.Header.Seed)
	if p.Name != "" {
		d.line("Name: %q", p.Name)
	}
	four, six := p.versions()
	if four || !six {
		d.example(exampleProber, exampleMachine)
	}
	if six {
		d.example(exampleProber6, exampleMachine6)
	}
	if p.relative() {
		n := &exampleNumbers
		d.line("Example numbers: snd.nxt %d, rcv.nxt %d", n.Seq, n.Ack)
		if p.counts(SndUna) || p.counts(SndEdge) || p.counts(TSRecent) {
			d.line("                 snd.una %d, snd.edge %d, ts.recent %d", n.Una, n.Edge, n.Recent)
		}
	}
	if len(p.Steps) > 1 {
		d.line("")
		for _, step := range p.Ladder() {
			d.line("%s", step)
		}
	}
	for i := range p.Steps {
		d.step(p, i)
	}
	return d.w.Flush()
}

func (d *detail) example(prober netip.AddrPort, machine netip.Addr) {
	d.line("Example addresses and ports: prober %v, machine %v, ports %d open, %d closed, %d closed UDP", prober,
		machine, examplePorts[OpenTCP], examplePorts[ClosedTCP], examplePorts[ClosedUDP])
}

// versions says which versions of IP the probe is sent over.
func (p *Probe) versions() (four, six bool) {
	for _, s := range p.Steps {
		if s.Packet != nil {
			four, six = four || s.Packet.IP6 == nil, six || s.Packet.IP6 != nil
		}
	}
	return four, six
}

// counts says whether a number of the probe counts from base.
func (p *Probe) counts(base Base) bool {
	for _, s := range p.Steps {
		if s.Packet == nil || s.Packet.TCP == nil {
			continue
		}
		t := s.Packet.TCP
		if slices.Contains([]Base{t.SeqBase, t.AckBase, t.EchoBase, t.SACKBase}, base) {
			return true
		}
	}
	return false
}

func (p *Probe) relative() bool {
	for _, s := range p.Steps {
		if s.Packet != nil && s.Packet.relative() {
			return true
		}
	}
	return false
}

// detail prints indented lines. The writer keeps the first error.
type detail struct {
	w      *bufio.Writer
	indent int
}

func (d *detail) line(format string, args ...any) {
	for range d.indent {
		_, _ = d.w.WriteString("    ")
	}
	_, _ = fmt.Fprintf(d.w, format, args...)
	_ = d.w.WriteByte('\n')
}

// under prints what children prints one level deeper.
func (d *detail) under(children func()) {
	d.indent++
	children()
	d.indent--
}

// bits prints the bits of a field as they stand in its bytes, the other bits
// as dots: 010. .... = Version: 2.
func (d *detail) bits(value, mask uint32, text string) {
	width := 8
	if mask > 0xff {
		width = 16
	}
	d.line("%s = %s", bitPattern(value, mask, width), text)
}

func bitPattern(value, mask uint32, width int) string {
	var b strings.Builder
	for i := width - 1; i >= 0; i-- {
		switch bit := uint32(1) << i; {
		case mask&bit == 0:
			b.WriteByte('.')
		case value&bit == 0:
			b.WriteByte('0')
		default:
			b.WriteByte('1')
		}
		if i%4 == 0 && i > 0 {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// flag prints a bit of a field.
func (d *detail) flag(value, mask uint32, name string) {
	state := "Not set"
	if value&mask != 0 {
		state = "Set"
	}
	d.bits(value, mask, name+": "+state)
}

func (d *detail) step(p *Probe, i int) {
	s := &p.Steps[i]
	d.line("")
	if len(p.Steps) > 1 || s.Packet == nil || s.Wait > 0 {
		d.line("Step %d of %d: %s", i+1, len(p.Steps), s.describe())
	}
	if s.Packet == nil {
		return
	}
	from, to := exampleProber, exampleMachine
	if s.Packet.IP6 != nil {
		from, to = exampleProber6, exampleMachine6
	}
	b, err := s.Packet.AppendRelative(nil, from, netip.AddrPortFrom(to, examplePorts[s.Packet.Port]), exampleNumbers)
	if err != nil {
		panic(err) // Show has checked the probe
	}
	if s.Packet.IP6 != nil {
		d.ipv6(b, s.Packet.IP6)
	} else {
		d.ipv4(b)
	}
	body := b[s.Packet.headerLen():]
	data := []byte(s.Packet.Payload)
	switch {
	case s.Packet.TCP != nil:
		d.tcp(body, s.Packet.TCP)
	case s.Packet.UDP != nil:
		d.udp(body)
	case s.Packet.IP6 != nil:
		data = d.icmp6(body)
	case s.Packet.ICMP != nil:
		d.icmp(body)
	}
	if n := len(data); n > 0 {
		d.line("Data (%d bytes)", n)
		d.under(func() { d.line("Data: %x", data) })
	}
	d.line("")
	d.hexdump(b)
}

func (s *Step) describe() string {
	switch {
	case s.Until != 0 && s.Wait == 0:
		return "send, wait for " + flagNames(s.Until)
	case s.Packet == nil:
		return fmt.Sprintf("send nothing, listen for %d µs", s.Wait)
	case s.Wait == 0:
		return "send, wait for the answer or silence"
	}
	return fmt.Sprintf("send, wait %d µs", s.Wait)
}

// hexdump prints 16 bytes a line: offset, hexadecimal, printable characters.
func (d *detail) hexdump(b []byte) {
	for at := 0; at < len(b); at += 16 {
		row := b[at:min(at+16, len(b))]
		var x, text strings.Builder
		for i, c := range row {
			if i == 8 {
				x.WriteByte(' ')
				text.WriteByte(' ')
			}
			fmt.Fprintf(&x, " %02x", c)
			if c < ' ' || c > '~' {
				c = '.'
			}
			text.WriteByte(c)
		}
		d.line("%04x %-49s   %s", at, x.String(), text.String())
	}
}
