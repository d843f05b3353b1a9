package netstack

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"math/rand"
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"tickle/collector/pool"
)

var testNet = pool.Net{
	Machine: netip.MustParseAddr("192.0.2.1"),
	Prober:  netip.MustParsePrefix("198.18.0.0/24"),
}

func testMachine(factors map[string]string) *pool.Machine {
	return &pool.Machine{
		Name: "m", Backend: "netstack",
		Ports:   pool.Ports{Open: 22, Closed: 1, UDP: 40125},
		Factors: factors,
	}
}

func open(t testing.TB, factors map[string]string) *link {
	t.Helper()
	l, err := Backend{}.Open(context.Background(), testMachine(factors), testNet, 1)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l.(*link)
}

// segment describes a TCP packet to the machine; zero fields are zero.
type segment struct {
	src      netip.Addr // zero: 198.18.0.1
	sport    uint16     // zero: 40000
	dport    uint16     // zero: 22
	flags    string     // letters of FSRPAUEC
	seq, ack uint32
	window   uint16
	options  []layers.TCPOption
	payload  []byte
}

func (s segment) bytes(t testing.TB) []byte {
	if !s.src.IsValid() {
		s.src = netip.MustParseAddr("198.18.0.1")
	}
	if s.sport == 0 {
		s.sport = 40000
	}
	if s.dport == 0 {
		s.dport = 22
	}
	tcp := &layers.TCP{
		SrcPort: layers.TCPPort(s.sport), DstPort: layers.TCPPort(s.dport),
		Seq: s.seq, Ack: s.ack, Window: s.window, Options: s.options,
	}
	for _, f := range s.flags {
		switch f {
		case 'F':
			tcp.FIN = true
		case 'S':
			tcp.SYN = true
		case 'R':
			tcp.RST = true
		case 'P':
			tcp.PSH = true
		case 'A':
			tcp.ACK = true
		case 'U':
			tcp.URG = true
		case 'E':
			tcp.ECE = true
		case 'C':
			tcp.CWR = true
		}
	}
	return serialize(t, s.src, layers.IPProtocolTCP, tcp, gopacket.Payload(s.payload))
}

// serialize puts an IPv4 header from src to the machine before what is given.
func serialize(t testing.TB, src netip.Addr, proto layers.IPProtocol, rest ...gopacket.SerializableLayer) []byte {
	ip := &layers.IPv4{Version: 4, TTL: 61, Id: 7, Protocol: proto, SrcIP: src.AsSlice(), DstIP: testNet.Machine.AsSlice()}
	if tcp, ok := rest[0].(*layers.TCP); ok {
		require.NoError(t, tcp.SetNetworkLayerForChecksum(ip))
	}
	if udp, ok := rest[0].(*layers.UDP); ok {
		require.NoError(t, udp.SetNetworkLayerForChecksum(ip))
	}
	buf := gopacket.NewSerializeBuffer()
	require.NoError(t, gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, append([]gopacket.SerializableLayer{ip}, rest...)...))
	return buf.Bytes()
}

// randomSegments gives n packets with random fields, half of them with flags
// that an ordinary host sends, one in eight to the closed port.
func randomSegments(t testing.TB, n int) [][]byte {
	r := rand.New(rand.NewSource(7))
	plain := []string{"S", "S", "SEC", "A", "FA", "R", "SA", "PA"}
	out := make([][]byte, n)
	for i := range out {
		s := segment{
			src:   netip.AddrFrom4([4]byte{198, 18, 0, byte(1 + i/60000)}),
			sport: uint16(1024 + i%60000),
			seq:   r.Uint32(), ack: r.Uint32(), window: uint16(r.Uint32()),
		}
		if r.Intn(2) == 0 {
			s.flags = plain[r.Intn(len(plain))]
		} else {
			for _, f := range "FSRPAUEC" {
				if r.Intn(2) == 0 {
					s.flags += string(f)
				}
			}
		}
		if r.Intn(8) == 0 {
			s.dport = 1
		}
		if r.Intn(2) == 0 {
			s.options = []layers.TCPOption{
				{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: binary.BigEndian.AppendUint16(nil, uint16(r.Uint32()))},
				{OptionType: layers.TCPOptionKindSACKPermitted, OptionLength: 2},
				{OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: binary.BigEndian.AppendUint64(nil, r.Uint64()>>32<<32)},
				{OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3, OptionData: []byte{byte(r.Intn(15))}},
			}
		}
		if r.Intn(4) == 0 {
			s.payload = make([]byte, r.Intn(64))
		}
		out[i] = s.bytes(t)
	}
	return out
}

// exchange sends packets a millisecond apart, tears down what SYN-ACKs opened,
// and gives every answer to see.
func exchange(t testing.TB, l *link, packets [][]byte, see func(answer []byte, at int64)) {
	buf := make([]byte, pool.MaxPacket)
	check := func(err error) {
		if err != nil { // require.NoError costs more than an exchange
			t.Fatal(err)
		}
	}
	for _, packet := range packets {
		check(l.Send(packet))
		until := l.Now() + 1000
		for {
			n, at, ok, err := l.Receive(buf, until)
			check(err)
			if !ok {
				break
			}
			see(buf[:n], at)
			if rst := teardown(buf[:n]); rst != nil {
				check(l.Send(rst))
			}
		}
	}
}

// teardown gives the RST that ends what a SYN-ACK opened, or nil.
func teardown(answer []byte) []byte {
	if len(answer) < 40 || answer[9] != 6 || answer[33]&0x12 != 0x12 {
		return nil
	}
	rst := make([]byte, 40)
	copy(rst, []byte{0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6})
	copy(rst[12:], answer[16:20])
	copy(rst[16:], answer[12:16])
	copy(rst[20:], answer[22:24])
	copy(rst[22:], answer[20:22])
	copy(rst[24:], answer[28:32]) // seq: what the SYN-ACK acknowledges
	rst[32], rst[33] = 0x50, 0x04
	binary.BigEndian.PutUint16(rst[10:], checksum(rst[:20], 0))
	binary.BigEndian.PutUint16(rst[36:], checksum(rst[20:], pseudo(rst)))
	return rst
}

// pseudo sums the pseudo header of a TCP packet without IP options.
func pseudo(packet []byte) uint32 {
	sum := uint32(packet[9]) + uint32(len(packet)-20)
	for i := 12; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(packet[i:]))
	}
	return sum
}

// checksum is RFC 1071's.
func checksum(data []byte, sum uint32) uint16 {
	for ; len(data) > 1; data = data[2:] {
		sum += uint32(binary.BigEndian.Uint16(data))
	}
	if len(data) == 1 {
		sum += uint32(data[0]) << 8
	}
	for sum>>16 != 0 {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// digest is the SHA-256 of all answers with their times, and their number.
func digest(t testing.TB, l *link, packets [][]byte) (sum [32]byte, n int) {
	h := sha256.New()
	exchange(t, l, packets, func(answer []byte, at int64) {
		n++
		head := binary.BigEndian.AppendUint64(nil, uint64(at))
		h.Write(binary.BigEndian.AppendUint32(head, uint32(len(answer))))
		h.Write(answer)
	})
	return [32]byte(h.Sum(nil)), n
}
