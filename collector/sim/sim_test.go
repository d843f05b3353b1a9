package sim

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"tickle/collector/pool"
)

var testNet = pool.Net{Machine: netip.MustParseAddr("192.0.2.1"), Prober: netip.MustParsePrefix("198.18.0.0/24")}

const (
	openPort   = 22
	closedPort = 1
	udpPort    = 40125
)

// testMachine describes a machine; settings are "key=value", factors but for
// distribution.
func testMachine(personality string, settings ...string) *pool.Machine {
	m := &pool.Machine{
		Name: personality, Backend: "sim",
		Ports:   pool.Ports{Open: openPort, Closed: closedPort, UDP: udpPort},
		Options: map[string]string{"personality": personality},
		Factors: map[string]string{},
	}
	for _, s := range settings {
		k, v, _ := strings.Cut(s, "=")
		if k == "distribution" {
			m.Options[k] = v
			continue
		}
		m.Factors[k] = v
	}
	return m
}

// host is the prober's end in tests.
type host struct {
	t    testing.TB
	link pool.Link
	buf  []byte
	port uint16 // of the next probe
}

func start(t testing.TB, personality string, settings ...string) *host {
	t.Helper()
	link, err := Backend{}.Open(context.Background(), testMachine(personality, settings...), testNet, 1)
	require.NoError(t, err)
	require.Equal(t, pool.Certain, link.Silence())
	return &host{t: t, link: link, buf: make([]byte, pool.MaxPacket), port: 40000}
}

// probe is a TCP segment to send. A zero sport means a fresh one.
type probe struct {
	src          byte // last byte of the address
	sport, dport uint16
	seq, ack     uint32
	flags, res   uint8
	tos          uint8
	df           bool
	options      string // hex, padded by the test
	payload      string
}

const (
	s1   = "03030a01020405b4080affffffff000000000402" // Nmap's S1: MSS 1460, WS 10, TS, SACK
	ecnO = "03030a01020405b404020101"
)

func (h *host) bytes(p probe) []byte {
	if p.sport == 0 {
		h.port++
		p.sport = h.port
	}
	if p.dport == 0 {
		p.dport = openPort
	}
	options, err := hex.DecodeString(p.options)
	require.NoError(h.t, err)
	b := make([]byte, 40+len(options)+len(p.payload))
	ipHeader(b, protoTCP, p.src, p.tos, p.df)
	t := b[20:]
	binary.BigEndian.PutUint16(t, p.sport)
	binary.BigEndian.PutUint16(t[2:], p.dport)
	binary.BigEndian.PutUint32(t[4:], p.seq)
	binary.BigEndian.PutUint32(t[8:], p.ack)
	t[12], t[13] = uint8(5+len(options)/4)<<4|p.res, p.flags
	binary.BigEndian.PutUint16(t[14:], 1024)
	copy(t[20:], options)
	copy(t[20+len(options):], p.payload)
	binary.BigEndian.PutUint16(t[16:], slowChecksum(b[12:20], []byte{0, protoTCP, byte(len(t) >> 8), byte(len(t))}, t))
	return b
}

func ipHeader(b []byte, proto, src, tos byte, df bool) {
	copy(b, []byte{0x45, tos, byte(len(b) >> 8), byte(len(b)), 0x12, 0x34, 0, 0, 57, proto, 0, 0, 198, 18, 0, src, 192, 0, 2, 1})
	if df {
		b[6] = 0x40
	}
	binary.BigEndian.PutUint16(b[10:], slowChecksum(b[:20]))
}

// slowChecksum is RFC 1071 word by word: the oracle of the fast one.
func slowChecksum(parts ...[]byte) uint16 {
	var sum uint32
	for _, b := range parts {
		for i := 0; i < len(b); i += 2 {
			w := uint32(b[i]) << 8
			if i+1 < len(b) {
				w |= uint32(b[i+1])
			}
			sum += w
			sum = sum&0xffff + sum>>16
		}
	}
	return ^uint16(sum)
}

func (h *host) send(b []byte) { require.NoError(h.t, h.link.Send(b)) }

// next gives the next answer within a time, or nil, checked by gopacket.
func (h *host) next(within int64) gopacket.Packet {
	n, at, ok, err := h.link.Receive(h.buf, h.link.Now()+within)
	require.NoError(h.t, err)
	if !ok {
		return nil
	}
	require.Equal(h.t, at, h.link.Now())
	return wellFormed(h.t, append([]byte(nil), h.buf[:n]...))
}

// wellFormed decodes an answer with gopacket and holds its checksums to
// slowChecksum.
func wellFormed(t testing.TB, b []byte) gopacket.Packet {
	p := gopacket.NewPacket(b, layers.LayerTypeIPv4, gopacket.Default)
	require.Nil(t, p.ErrorLayer(), "%x", b)
	ip := p.NetworkLayer().(*layers.IPv4)
	require.Equal(t, len(b), int(ip.Length))
	require.Equal(t, "192.0.2.1", ip.SrcIP.String())
	require.Zero(t, slowChecksum(b[:20]), "IP checksum of %x", b)
	switch ip.Protocol {
	case layers.IPProtocolTCP:
		n := len(b) - 20
		require.Zero(t, slowChecksum(b[12:20], []byte{0, protoTCP, byte(n >> 8), byte(n)}, b[20:]), "TCP checksum of %x", b)
		require.NotNil(t, p.Layer(layers.LayerTypeTCP))
	case layers.IPProtocolICMPv4:
		require.Zero(t, slowChecksum(b[20:]), "ICMP checksum of %x", b)
	default:
		t.Fatalf("protocol %v", ip.Protocol)
	}
	return p
}

// ask sends a probe and gives its first answer in a line, "" for silence.
func (h *host) ask(p probe) string {
	h.send(h.bytes(p))
	return show(h.next(ms), p)
}

// show describes a TCP answer in the manner of Nmap's documented tests.
func show(a gopacket.Packet, p probe) string {
	if a == nil {
		return ""
	}
	ip := a.NetworkLayer().(*layers.IPv4)
	df := "N"
	if ip.Flags&layers.IPv4DontFragment != 0 {
		df = "Y"
	}
	head := fmt.Sprintf("DF=%s T=%d", df, ip.TTL)
	if icmp, ok := a.Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4); ok {
		return fmt.Sprintf("%s TOS=%X %d/%d IPL=%d", head, ip.TOS, icmp.TypeCode.Type(), icmp.TypeCode.Code(), ip.Length)
	}
	tcp := a.Layer(layers.LayerTypeTCP).(*layers.TCP)
	return fmt.Sprintf("%s W=%d S=%s A=%s F=%s O=%s", head, tcp.Window, number(tcp.Seq, p, "O"), number(tcp.Ack, p, "O"), flagText(tcp), optionText(tcp))
}

func number(v uint32, p probe, other string) string {
	switch v {
	case 0:
		return "Z"
	case p.ack:
		return "A"
	case p.seq:
		return "S"
	case p.seq + 1:
		return "S+"
	}
	return other
}

func flagText(t *layers.TCP) string {
	var s string
	for _, f := range []struct {
		on   bool
		name string
	}{{t.ECE, "E"}, {t.URG, "U"}, {t.ACK, "A"}, {t.PSH, "P"}, {t.RST, "R"}, {t.SYN, "S"}, {t.FIN, "F"}} {
		if f.on {
			s += f.name
		}
	}
	return s
}

func optionText(t *layers.TCP) string {
	var s string
	for _, o := range t.Options {
		switch o.OptionType {
		case layers.TCPOptionKindMSS:
			s += fmt.Sprintf("M%d", binary.BigEndian.Uint16(o.OptionData))
		case layers.TCPOptionKindWindowScale:
			s += fmt.Sprintf("W%d", o.OptionData[0])
		case layers.TCPOptionKindTimestamps:
			set := func(b []byte) string {
				if binary.BigEndian.Uint32(b) == 0 {
					return "0"
				}
				return "1"
			}
			s += "T" + set(o.OptionData) + set(o.OptionData[4:])
		case layers.TCPOptionKindSACKPermitted:
			s += "S"
		case layers.TCPOptionKindNop:
			s += "N"
		case layers.TCPOptionKindEndList:
			s += "L"
		}
	}
	return s
}
