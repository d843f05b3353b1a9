package probegen

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"
)

var (
	prober    = netip.MustParseAddrPort("198.18.0.1:40000")
	machine   = netip.MustParseAddrPort("192.0.2.1:22")
	closedUDP = netip.MustParseAddrPort("192.0.2.1:40125")
)

// TestAppendToBytes holds packets to bytes that a Python 3 script packed with
// struct.pack from the layouts of RFC 791, 9293, 768 and 792, summing 16-bit
// words as RFC 1071 says.
func TestAppendToBytes(t *testing.T) {
	ip := IPv4{TOS: 0x10, ID: 0x1234, DF: true, TTL: 64}
	for _, c := range []struct {
		name   string
		packet Packet
		to     netip.AddrPort
		want   string
	}{
		{
			"tcp with an option",
			Packet{Port: OpenTCP, IP: ip, TCP: &TCP{Seq: 1, Ack: 2, Reserved: 10, Flags: SYN | CWR, Window: 1024, Urgent: 3, Options: Hex{2, 4, 5, 180}}},
			machine,
			"4510002c123440004006a073c6120001c00002019c40001600000001000000026a82040065350003020405b4",
		},
		{
			"tcp with all flags and an odd payload",
			Packet{Port: OpenTCP, IP: ip, TCP: &TCP{Seq: 1, Ack: 2, Reserved: 15, Flags: 255, Window: 1024, Urgent: 3}, Payload: Hex("abc")},
			machine,
			"4510002b123440004006a074c6120001c00002019c40001600000001000000025fff0400b30e0003616263",
		},
		{
			"udp",
			Packet{Port: ClosedUDP, IP: ip, UDP: &UDP{}, Payload: Hex("CCCCC")},
			closedUDP,
			"45100021123440004011a073c6120001c00002019c409cbd000d753a4343434343",
		},
		{
			"udp whose checksum is zero",
			Packet{Port: ClosedUDP, IP: ip, UDP: &UDP{}, Payload: Hex{0x3e, 0xc7}},
			closedUDP,
			"4510001e123440004011a076c6120001c00002019c409cbd000affff3ec7",
		},
		{
			"icmp",
			Packet{Port: NoPort, IP: ip, ICMP: &ICMP{Type: 8, Code: 9, Rest: 0x12340001}, Payload: Hex{1, 2, 3}},
			machine,
			"4510001f123440004001a085c6120001c00002010809e1bf12340001010203",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := c.packet.AppendTo(nil, prober, c.to)
			require.NoError(t, err)
			require.Equal(t, c.want, hex.EncodeToString(b))
			require.Equal(t, len(b), c.packet.Len())
			template, err := NewTemplate(&c.packet)
			require.NoError(t, err)
			b, err = template.AppendTo(nil, prober, c.to)
			require.NoError(t, err)
			require.Equal(t, c.want, hex.EncodeToString(b))
		})
	}
}

func TestAppendRelative(t *testing.T) {
	p := Packet{Port: OpenTCP, IP: IPv4{TTL: 64}, TCP: &TCP{Seq: 5, SeqBase: SndNxt, Ack: 1<<32 - 1, AckBase: RcvNxt}}
	_, err := p.AppendTo(nil, prober, machine)
	require.ErrorContains(t, err, "want absolute seq and ack")
	n := Numbers{Seq: 1<<32 - 2, Ack: 1000}
	got, err := p.AppendRelative(nil, prober, machine, n)
	require.NoError(t, err)
	p.TCP.Seq, p.TCP.SeqBase, p.TCP.Ack, p.TCP.AckBase = 3, Absolute, 999, Absolute // modulo 2³²
	want, err := p.AppendTo(nil, prober, machine)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestAppendErrors(t *testing.T) {
	p := Packet{Port: OpenTCP, IP: IPv4{TTL: 64}, TCP: &TCP{Options: Hex{2, 4, 5}}}
	dst := []byte{1, 2}
	b, err := p.AppendTo(dst, prober, machine)
	require.EqualError(t, err, "packet.tcp.options: want a multiple of 4 bytes, at most 40, have 3")
	require.Equal(t, dst, b)
	_, err = NewTemplate(&p)
	require.Error(t, err)

	p.TCP.Options = nil
	six := netip.MustParseAddrPort("[2001:db8::1]:22")
	template, err := NewTemplate(&p)
	require.NoError(t, err)
	for _, ends := range [][2]netip.AddrPort{{six, machine}, {prober, six}, {prober, {}}} {
		b, err := p.AppendTo(dst, ends[0], ends[1])
		require.ErrorContains(t, err, "want IPv4 addresses")
		require.Equal(t, dst, b)
		b, err = template.AppendTo(dst, ends[0], ends[1])
		require.ErrorContains(t, err, "want IPv4 addresses")
		require.Equal(t, dst, b)
	}
}

func TestAppendDoesNotAllocate(t *testing.T) {
	s, err := Generate("random", Config{N: 100, Options: map[string]string{"payload-share": "50"}})
	require.NoError(t, err)
	room := make([]byte, 0, 200)
	for i := range s.Probes {
		p := s.Probes[i].Steps[0].Packet
		template, err := NewTemplate(p)
		require.NoError(t, err)
		require.Zero(t, testing.AllocsPerRun(10, func() { _, _ = p.AppendTo(room, prober, machine) }))
		require.Zero(t, testing.AllocsPerRun(10, func() { _, _ = template.AppendTo(room, prober, machine) }))
	}
}

// fuzzPacket makes a valid packet out of any bytes: fixed fields first, then
// the length of the options, options and payload.
func fuzzPacket(b []byte) *Packet {
	fixed := make([]byte, 24)
	b = b[copy(fixed, b):]
	p := &Packet{IP: IPv4{TOS: fixed[1], ID: uint16(fixed[2])<<8 | uint16(fixed[3]), DF: fixed[4]&1 == 1, TTL: max(fixed[5], 1)}}
	word := func(at int) uint32 {
		return uint32(fixed[at])<<24 | uint32(fixed[at+1])<<16 | uint32(fixed[at+2])<<8 | uint32(fixed[at+3])
	}
	switch fixed[0] % 4 {
	case 0:
		p.Port, p.UDP = ClosedUDP, &UDP{}
	case 1:
		p.Port, p.ICMP = NoPort, &ICMP{Type: fixed[6], Code: fixed[7], Rest: word(8)}
	default:
		p.Port = OpenTCP
		p.TCP = &TCP{Seq: word(6), Ack: word(10), Reserved: fixed[14] & 15, Flags: fixed[15],
			Window: uint16(word(16) >> 16), Urgent: uint16(word(18) >> 16)}
		n := min(4*int(fixed[20]%11), len(b)/4*4)
		p.TCP.Options, b = Hex(b[:n]), b[n:]
	}
	p.Payload = Hex(b[:min(len(b), 2000)])
	return p
}

func addSeeds(f *testing.F) {
	s, err := Generate("random", Config{N: 6, Seed: 3})
	require.NoError(f, err)
	for i := range s.Probes {
		b, err := s.Probes[i].Steps[0].Packet.AppendTo(nil, prober, machine)
		require.NoError(f, err)
		f.Add(b, uint32(i), uint32(i)<<20)
	}
	f.Add(append(bytes.Repeat([]byte{2}, 20), 5, 0, 0, 0, 0, 9, 9, 9), uint32(1<<32-1), uint32(7)) // end of list, then junk
}

// FuzzTemplate: a template gives the bytes that its packet gives, after
// whatever stands before them.
func FuzzTemplate(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, b []byte, v, w uint32) {
		p := fuzzPacket(b)
		if p.TCP != nil {
			bases := [...]Base{Absolute, SndNxt, RcvNxt}
			p.TCP.SeqBase, p.TCP.AckBase = bases[v%3], bases[w%3]
		}
		template, err := NewTemplate(p)
		require.NoError(t, err)
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)}), uint16(w))
		to := netip.AddrPortFrom(netip.AddrFrom4([4]byte{byte(w), byte(w >> 8), byte(w >> 16), byte(w >> 24)}), uint16(v))
		n := Numbers{Seq: v, Ack: w}
		prefix := []byte("before")
		want, err := p.AppendRelative(prefix, from, to, n)
		require.NoError(t, err)
		got, err := template.AppendRelative(prefix, from, to, n)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, prefix, got[:len(prefix)])
		require.Equal(t, len(got)-len(prefix), template.Len())
		_, perr := p.AppendTo(nil, from, to)
		_, terr := template.AppendTo(nil, from, to)
		require.Equal(t, perr, terr)
	})
}

// FuzzGopacket holds our bytes to gopacket 1.1.19 where it is right: it keeps
// one of the four reserved bits, and options must not be malformed.
func FuzzGopacket(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, in []byte, _, _ uint32) {
		p := fuzzPacket(in)
		b, err := p.AppendTo(nil, prober, machine)
		require.NoError(t, err)

		var ip layers.IPv4
		require.NoError(t, ip.DecodeFromBytes(b, gopacket.NilDecodeFeedback))
		require.Equal(t, p.IP, IPv4{TOS: ip.TOS, ID: ip.Id, DF: ip.Flags == layers.IPv4DontFragment, TTL: ip.TTL})
		require.Equal(t, len(b), int(ip.Length))
		require.Equal(t, prober.Addr().AsSlice(), []byte(ip.SrcIP))
		require.Equal(t, machine.Addr().AsSlice(), []byte(ip.DstIP))

		var transport gopacket.SerializableLayer
		switch ip.Protocol {
		case layers.IPProtocolTCP:
			tcp := decodeTCP(t, &ip, p.TCP)
			if tcp == nil {
				return
			}
			transport = tcp
		case layers.IPProtocolUDP:
			udp := &layers.UDP{}
			require.NoError(t, udp.DecodeFromBytes(ip.Payload, gopacket.NilDecodeFeedback))
			require.NoError(t, udp.SetNetworkLayerForChecksum(&ip))
			if udp.Checksum == 0xffff {
				return // gopacket sends the zero that means no checksum
			}
			transport = udp
		case layers.IPProtocolICMPv4:
			icmp := &layers.ICMPv4{}
			require.NoError(t, icmp.DecodeFromBytes(ip.Payload, gopacket.NilDecodeFeedback))
			transport = icmp
		}
		out := gopacket.NewSerializeBuffer()
		opts := gopacket.SerializeOptions{ComputeChecksums: true}
		require.NoError(t, gopacket.SerializeLayers(out, opts, &ip, transport, gopacket.Payload(p.Payload)))
		require.Equal(t, b, out.Bytes())
	})
}

// decodeTCP compares what gopacket makes of the segment with what it was made
// of. It gives nil where gopacket cannot serialise the segment again.
func decodeTCP(t *testing.T, ip *layers.IPv4, want *TCP) *layers.TCP {
	tcp := &layers.TCP{}
	err := tcp.DecodeFromBytes(ip.Payload, gopacket.NilDecodeFeedback)
	if wellFormed(want.Options) {
		require.NoError(t, err)
	} else {
		require.Error(t, err)
		return nil
	}
	require.Equal(t, [2]uint16{prober.Port(), machine.Port()}, [2]uint16{uint16(tcp.SrcPort), uint16(tcp.DstPort)})
	require.Equal(t, [2]uint32{want.Seq, want.Ack}, [2]uint32{tcp.Seq, tcp.Ack})
	require.Equal(t, [2]uint16{want.Window, want.Urgent}, [2]uint16{tcp.Window, tcp.Urgent})
	for i, set := range []bool{tcp.FIN, tcp.SYN, tcp.RST, tcp.PSH, tcp.ACK, tcp.URG, tcp.ECE, tcp.CWR} {
		require.Equal(t, want.Flags>>i&1 == 1, set)
	}
	require.Equal(t, want.Reserved&1 == 1, tcp.NS)
	require.Equal(t, want.Reserved, ip.Payload[12]&15)
	sameOptions(t, want.Options, tcp.Options)
	require.NoError(t, tcp.SetNetworkLayerForChecksum(ip))
	c, err := tcp.ComputeChecksum() // over the checksum too, which makes it zero
	require.NoError(t, err)
	require.Zero(t, c)
	if want.Reserved > 1 {
		return nil
	}
	return tcp
}

// wellFormed says whether NextOption walks b to its end or an end of list.
func wellFormed(b []byte) bool {
	for len(b) > 0 {
		kind, _, rest, ok := NextOption(b)
		if !ok {
			return false
		}
		if kind == KindEOL {
			return true
		}
		b = rest
	}
	return true
}

func sameOptions(t *testing.T, b []byte, want []layers.TCPOption) {
	for _, o := range want {
		kind, data, rest, ok := NextOption(b)
		require.True(t, ok)
		require.Equal(t, uint8(o.OptionType), kind)
		require.True(t, bytes.Equal(o.OptionData, data))
		b = rest
	}
	if n := len(want); n == 0 || want[n-1].OptionType != layers.TCPOptionKindEndList {
		require.Empty(t, b)
	}
}

func BenchmarkTemplateAppendTo(b *testing.B) {
	template, err := NewTemplate(benchmarkPacket(b))
	require.NoError(b, err)
	room := make([]byte, 0, 200)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = template.AppendTo(room, prober, machine)
	}
}

func BenchmarkPacketAppendTo(b *testing.B) {
	p := benchmarkPacket(b)
	room := make([]byte, 0, 200)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = p.AppendTo(room, prober, machine)
	}
}

// benchmarkPacket is a probe with 36 bytes of options.
func benchmarkPacket(b *testing.B) *Packet {
	s, err := Generate("random", Config{N: 1, Seed: 1})
	require.NoError(b, err)
	p := s.Probes[0].Steps[0].Packet
	require.Len(b, p.TCP.Options, 36)
	return p
}
