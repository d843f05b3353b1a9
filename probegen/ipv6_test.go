package probegen

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"
)

var (
	prober6  = netip.MustParseAddrPort("[2001:db8:1::c612:1]:40000")
	machine6 = netip.MustParseAddrPort("[2001:db8::1]:22")
)

// TestIPv6Bytes holds packets to what Nmap 7.93 sent ("nmap -6 -O -d3" between
// two network namespaces, seen by a packet socket), with its addresses and
// ports: an extension header, four of them, a target, TCP and UDP.
func TestIPv6Bytes(t *testing.T) {
	from, to := netip.MustParseAddr("fd00:76::1"), netip.MustParseAddr("fd00:76::2")
	const ends = "fd000076000000000000000000000001" + "fd000076000000000000000000000002"
	ip := func(hops uint8, e ...Extension) *IPv6 {
		return &IPv6{FlowLabel: 0x12345, HopLimit: hops, Extensions: e}
	}
	pad := Extension{HopByHop, PadN(4)}
	first := 0
	for _, c := range []struct {
		name          string
		packet        Packet
		source, sink  uint16
		before, after string
	}{
		{"echo behind a hop-by-hop header",
			Packet{Port: NoPort, IP6: ip(37, pad), ICMP: &ICMP{Type: 128, Code: 9, Rest: 0xabcd0000}, Payload: make(Hex, 120)}, 0, 0,
			"6001234500880025", "3a000104000000008009d87dabcd0000" + strings.Repeat("00", 120)},
		{"echo behind four extension headers",
			Packet{Port: NoPort, IP6: ip(41, pad, Extension{DestinationOptions, PadN(4)}, Extension{Routing, make(Hex, 6)}, pad), ICMP: &ICMP{Type: 128, Rest: 0xabcd0001}}, 0, 0,
			"6001234500280029", "3c000104000000002b000104000000000000000000000000" + "3a000104000000008000d8fdabcd0001"},
		{"neighbour solicitation",
			Packet{Port: NoPort, IP6: ip(255), ICMP: &ICMP{Type: 135, Target: &first}, Payload: make(Hex, 16)}, 0, 0,
			"6001234500183aff", "8700804300000000fd000076000000000000000000000002"},
		{"tcp",
			Packet{Port: OpenTCP, IP6: ip(58), TCP: &TCP{Seq: 0x9b8c040c, Reserved: 0, Flags: SYN | ECE | CWR, Window: 3, Urgent: 0xf7f5, Options: Hex{3, 3, 10, 1, 2, 4, 5, 180, 4, 2, 1, 1}}},
			61446, 22, "600123450020063a", "f00600169b8c040c0000000080c20003e2b8f7f503030a01020405b404020101"},
		{"udp",
			Packet{Port: ClosedUDP, IP6: ip(46), UDP: &UDP{}, Payload: bytes.Repeat([]byte{'C'}, 300)},
			0xef9b, 0x91e6, "600123450134112e", "ef9b91e6013417aa" + strings.Repeat("43", 300)},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := c.before + ends + c.after
			a, z := netip.AddrPortFrom(from, c.source), netip.AddrPortFrom(to, c.sink)
			b, err := c.packet.AppendTo(nil, a, z)
			require.NoError(t, err)
			require.Equal(t, want, hex.EncodeToString(b))
			require.Equal(t, len(b), c.packet.Len())
			template, err := NewTemplate(&c.packet)
			require.NoError(t, err)
			require.Equal(t, len(b), template.Len())
			b, err = template.AppendTo(nil, a, z)
			require.NoError(t, err)
			require.Equal(t, want, hex.EncodeToString(b))
		})
	}
}

func TestIPv6Errors(t *testing.T) {
	good := func() *Packet {
		return &Packet{Port: OpenTCP, IP6: &IPv6{HopLimit: 64, Extensions: []Extension{{HopByHop, PadN(4)}}}, TCP: &TCP{}}
	}
	at := func(v int) *int { return &v }
	for want, spoil := range map[string]func(p *Packet){
		"packet.ip: want one of ip and ip6, have both":                                              func(p *Packet) { p.IP.TOS = 1 },
		"packet.ip6.hop_limit: want 1 to 255":                                                       func(p *Packet) { p.IP6.HopLimit = 0 },
		"packet.ip6.flow_label: want 0 to 1048575, have 1048576":                                    func(p *Packet) { p.IP6.FlowLabel = 1 << 20 },
		"packet.ip6.extensions[0].header: want hop-by-hop, routing or destination, have 44":         func(p *Packet) { p.IP6.Extensions[0].Header = 44 },
		"packet.ip6.extensions[0].data: want 6 bytes or a multiple of 8 more, at most 2046, have 8": func(p *Packet) { p.IP6.Extensions[0].Data = make(Hex, 8) },
		"packet.ip6.extensions[0].data: want no segments left in the second byte, have 1": func(p *Packet) {
			p.IP6.Extensions[0] = Extension{Routing, Hex{0, 1, 0, 0, 0, 0}}
		},
		"packet.icmp.target: want a place in the payload with 16 bytes behind it, have 1": func(p *Packet) {
			p.Port, p.TCP, p.ICMP, p.Payload = NoPort, nil, &ICMP{Target: at(1)}, make(Hex, 16)
		},
		"packet.payload: want zeros where the target is filled in": func(p *Packet) {
			p.Port, p.TCP, p.ICMP, p.Payload = NoPort, nil, &ICMP{Target: at(0)}, Hex(strings.Repeat("x", 16))
		},
		"packet.icmp.target: want none without ip6": func(p *Packet) {
			*p = Packet{Port: NoPort, IP: IPv4{TTL: 1}, ICMP: &ICMP{Target: at(0)}, Payload: make(Hex, 16)}
		},
	} {
		p := good()
		require.NoError(t, p.Check())
		spoil(p)
		require.EqualError(t, p.Check(), want)
		_, err := NewTemplate(p)
		require.Error(t, err)
	}
	p := good()
	template, err := NewTemplate(p)
	require.NoError(t, err)
	clothes := netip.MustParseAddrPort("[::ffff:192.0.2.1]:22")
	for _, ends := range [][2]netip.AddrPort{{prober, machine6}, {prober6, machine}, {prober6, clothes}, {prober6, {}}} {
		dst := []byte{1, 2}
		b, err := p.AppendTo(dst, ends[0], ends[1])
		require.ErrorContains(t, err, "want IPv6 addresses")
		require.Equal(t, dst, b)
		b, err = template.AppendTo(dst, ends[0], ends[1])
		require.ErrorContains(t, err, "want IPv6 addresses")
		require.Equal(t, dst, b)
	}
	room := make([]byte, 0, 200)
	require.Zero(t, testing.AllocsPerRun(10, func() { _, _ = template.AppendTo(room, prober6, machine6) }))
}

// fuzzPacket6 makes a valid IPv6 packet out of any bytes: fuzzPacket's, with
// up to three extension headers, and a target in some ICMPv6 messages.
func fuzzPacket6(b []byte, v, w uint32) *Packet {
	p := fuzzPacket(b)
	h := &IPv6{TrafficClass: p.IP.TOS, FlowLabel: v & 0xfffff, HopLimit: p.IP.TTL}
	kinds := [...]ExtensionHeader{HopByHop, Routing, DestinationOptions}
	for ; len(h.Extensions) < int(v>>20&3); w >>= 8 {
		e := Extension{kinds[w%3], PadN(4 + 8*int(w>>2&3))}
		if e.Header == Routing {
			e.Data[1] = 0
		}
		h.Extensions = append(h.Extensions, e)
	}
	p.IP, p.IP6 = IPv4{}, h
	if n := len(p.Payload); p.ICMP != nil && n >= 16 && v>>22&1 == 1 {
		at := int(v>>23) % (n - 15)
		clear(p.Payload[at : at+16])
		p.ICMP.Target = &at
	}
	return p
}

// FuzzIPv6: a template gives the bytes that its packet gives; gopacket 1.1.19
// finds the headers that were put in, and checksums that are right; Show
// prints it.
func FuzzIPv6(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, in []byte, v, w uint32) {
		p := fuzzPacket6(bytes.Clone(in), v, w)
		b, err := p.AppendTo(nil, prober6, machine6)
		require.NoError(t, err)
		template, err := NewTemplate(p)
		require.NoError(t, err)
		got, err := template.AppendTo([]byte("before"), prober6, machine6)
		require.NoError(t, err)
		require.Equal(t, append([]byte("before"), b...), got)

		var ip layers.IPv6
		require.NoError(t, ip.DecodeFromBytes(b, gopacket.NilDecodeFeedback))
		require.Equal(t, []uint32{uint32(p.IP6.TrafficClass), p.IP6.FlowLabel, uint32(p.IP6.HopLimit)},
			[]uint32{uint32(ip.TrafficClass), ip.FlowLabel, uint32(ip.HopLimit)})
		require.Equal(t, len(b)-40, int(ip.Length))
		require.Equal(t, prober6.Addr().AsSlice(), []byte(ip.SrcIP))
		require.Equal(t, machine6.Addr().AsSlice(), []byte(ip.DstIP))
		rest, next := b[40:], b[6]
		for _, e := range p.IP6.Extensions {
			require.Equal(t, uint8(e.Header), next)
			require.Equal(t, []byte(e.Data), rest[2:2+len(e.Data)])
			require.Equal(t, 2+len(e.Data), 8*(int(rest[1])+1))
			next, rest = rest[0], rest[2+len(e.Data):]
		}
		require.Equal(t, p.Proto(), next)
		checkSum6(t, p, &ip, rest)

		s := &Set{Probes: []Probe{{Steps: []Step{{Packet: p}}}}}
		require.NoError(t, s.Show(new(bytes.Buffer), 0))
	})
}

// checkSum6 has gopacket sum the transport up.
func checkSum6(t *testing.T, p *Packet, ip *layers.IPv6, b []byte) {
	var transport gopacket.SerializableLayer
	switch {
	case p.TCP != nil:
		if !wellFormed(p.TCP.Options) {
			return
		}
		tcp := &layers.TCP{}
		require.NoError(t, tcp.DecodeFromBytes(b, gopacket.NilDecodeFeedback))
		require.NoError(t, tcp.SetNetworkLayerForChecksum(ip))
		c, err := tcp.ComputeChecksum() // over the checksum too, which makes it zero
		require.NoError(t, err)
		require.Zero(t, c)
		return
	case p.UDP != nil:
		udp := &layers.UDP{}
		require.NoError(t, udp.DecodeFromBytes(b, gopacket.NilDecodeFeedback))
		require.NoError(t, udp.SetNetworkLayerForChecksum(ip))
		if udp.Checksum == 0xffff {
			return // gopacket sends the zero that means no checksum
		}
		transport, b = udp, b[:8+len(p.Payload)]
	default:
		icmp := &layers.ICMPv6{}
		require.NoError(t, icmp.DecodeFromBytes(b, gopacket.NilDecodeFeedback))
		require.NoError(t, icmp.SetNetworkLayerForChecksum(ip))
		transport = icmp
	}
	out := gopacket.NewSerializeBuffer()
	opts := gopacket.SerializeOptions{ComputeChecksums: true}
	require.NoError(t, gopacket.SerializeLayers(out, opts, transport, gopacket.Payload(b[len(b)-len(p.Payload)-restLen(p):])))
	require.Equal(t, b, out.Bytes())
}

// restLen is the length of the second word of an ICMPv6 message, which
// gopacket takes for its payload.
func restLen(p *Packet) int {
	if p.ICMP != nil {
		return 4
	}
	return 0
}

// TestIPv6Files: what is written of IPv6 packets is read as the same, and
// spoiled files name the field.
func TestIPv6Files(t *testing.T) {
	at := 8
	s := &Set{Header: Header{Format: Format, Family: "sample", Version: 1, N: 2}, Probes: []Probe{
		{ID: 0, Steps: []Step{{Packet: &Packet{Port: OpenTCP, IP6: &IPv6{TrafficClass: 3, FlowLabel: 0x12345, HopLimit: 40}, TCP: &TCP{Flags: SYN}}}}},
		{ID: 1, Steps: []Step{{Packet: &Packet{Port: NoPort, IP6: &IPv6{HopLimit: 40, Extensions: []Extension{{DestinationOptions, PadN(4)}}},
			ICMP: &ICMP{Type: 139, Rest: 0x40002, Target: &at}, Payload: make(Hex, 24)}}}},
	}}
	good := string(written(t, s))
	require.Contains(t, good, `{"port":"open-tcp","ip6":{"traffic_class":3,"flow_label":74565,"hop_limit":40},"tcp":{`)
	require.Contains(t, good, `"extensions":[{"header":"destination","data":"010400000000"}]},"icmp":{"type":139,"code":0,"rest":262146,"target":8}`)
	got, err := Read(strings.NewReader(good), "x")
	require.NoError(t, err)
	require.Equal(t, s, got)
	for _, c := range []struct{ old, new, want string }{
		{`"hop_limit":40},"tcp"`, `"hop_limit":0},"tcp"`, `x:2: steps[0].packet.ip6.hop_limit: want 1 to 255`},
		{`"header":"destination"`, `"header":"fragment"`, `x:3: extension header "fragment": want hop-by-hop, routing or destination`},
		{`"010400000000"`, `"0104000000"`, `x:3: steps[0].packet.ip6.extensions[0].data: want 6 bytes or a multiple of 8 more, at most 2046, have 5`},
		{`"target":8`, `"target":9`, `x:3: steps[0].packet.icmp.target: want a place in the payload with 16 bytes behind it, have 9`},
		{`"ip6":{"traffic_class":3`, `"ip":{"tos":0,"id":0,"df":false,"ttl":9},"ip6":{"traffic_class":3`, `x:2: steps[0].packet.ip: want one of ip and ip6, have both`},
		{`"ip6":{"traffic_class":3`, `"ip":{"tos":0,"id":0,"df":false,"ttl":0},"ip6":{"traffic_class":3`,
			`x:2: steps[0].packet.ip: want the field "ip6" here, in Write's order and spelling`},
	} {
		_, err := Read(strings.NewReader(strings.Replace(good, c.old, c.new, 1)), "x")
		require.EqualError(t, err, c.want)
	}
}
