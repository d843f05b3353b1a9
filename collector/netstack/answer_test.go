package netstack

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"tickle/collector/pool"
	"tickle/probegen"
)

var prober = netip.MustParseAddr("198.18.0.1")

// synOptions are what a Linux SYN carries.
var synOptions = []layers.TCPOption{
	{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{0x05, 0xb4}},
	{OptionType: layers.TCPOptionKindSACKPermitted, OptionLength: 2},
	{OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: []byte{0, 0, 0, 9, 0, 0, 0, 0}},
	{OptionType: layers.TCPOptionKindNop, OptionLength: 1},
	{OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3, OptionData: []byte{7}},
}

// ask sends a packet and gives all that comes within 10 ms, decoded, after
// a check of addresses and checksums.
func ask(t testing.TB, l *link, packet []byte) []gopacket.Packet {
	t.Helper()
	require.NoError(t, l.Send(packet))
	var answers []gopacket.Packet
	buf := make([]byte, pool.MaxPacket)
	for until := l.Now() + 10_000; ; {
		n, _, ok, err := l.Receive(buf, until)
		require.NoError(t, err)
		if !ok {
			require.Equal(t, until, l.Now())
			return answers
		}
		answers = append(answers, decode(t, buf[:n]))
	}
}

// one is ask where one answer must come.
func one(t testing.TB, l *link, packet []byte) gopacket.Packet {
	t.Helper()
	answers := ask(t, l, packet)
	require.Len(t, answers, 1)
	return answers[0]
}

// decode takes a packet apart; gopacket, putting it together again, must
// compute the checksums that the packet has.
func decode(t testing.TB, data []byte) gopacket.Packet {
	t.Helper()
	p := gopacket.NewPacket(append([]byte(nil), data...), layers.LayerTypeIPv4, gopacket.Default)
	require.Nil(t, p.ErrorLayer())
	ip := p.NetworkLayer().(*layers.IPv4)
	require.Equal(t, testNet.Machine.String(), ip.SrcIP.String())
	parts := []gopacket.SerializableLayer{ip}
	if tcp, ok := p.TransportLayer().(*layers.TCP); ok {
		require.NoError(t, tcp.SetNetworkLayerForChecksum(ip))
		parts = append(parts, tcp)
		if app := p.ApplicationLayer(); app != nil {
			parts = append(parts, gopacket.Payload(app.Payload()))
		}
	} else if icmp, ok := p.Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4); ok {
		parts = append(parts, icmp, gopacket.Payload(icmp.LayerPayload()))
	}
	again := gopacket.NewSerializeBuffer()
	require.NoError(t, gopacket.SerializeLayers(again, gopacket.SerializeOptions{ComputeChecksums: true}, parts...))
	require.Equal(t, data, again.Bytes())
	return p
}

func tcpOf(t testing.TB, p gopacket.Packet) *layers.TCP {
	t.Helper()
	tcp, ok := p.TransportLayer().(*layers.TCP)
	require.True(t, ok, "%v", p)
	return tcp
}

func icmpOf(t testing.TB, p gopacket.Packet) *layers.ICMPv4 {
	t.Helper()
	icmp, ok := p.Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4)
	require.True(t, ok, "%v", p)
	return icmp
}

// option gives the data of an option, or nil when it is absent.
func option(tcp *layers.TCP, kind layers.TCPOptionKind) []byte {
	for _, o := range tcp.Options {
		if o.OptionType == kind {
			return append([]byte{}, o.OptionData...)
		}
	}
	return nil
}

func echo(t testing.TB) []byte {
	return serialize(t, prober, layers.IPProtocolICMPv4,
		&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 0), Id: 3, Seq: 4}, gopacket.Payload("tickle"))
}

func datagram(t testing.TB) []byte {
	return serialize(t, prober, layers.IPProtocolUDP, &layers.UDP{SrcPort: 5000, DstPort: 40125}, gopacket.Payload("tickle"))
}

func TestSYNACK(t *testing.T) {
	l := open(t, nil)
	p := one(t, l, segment{flags: "S", seq: 1000, window: 64240, options: synOptions}.bytes(t))
	ip, tcp := p.NetworkLayer().(*layers.IPv4), tcpOf(t, p)
	require.True(t, tcp.SYN && tcp.ACK)
	require.Equal(t, uint32(1001), tcp.Ack)
	require.Equal(t, uint8(64), ip.TTL)
	require.Equal(t, layers.IPv4DontFragment, ip.Flags)
	require.Equal(t, []byte{0x05, 0xb4}, option(tcp, layers.TCPOptionKindMSS))
	require.NotNil(t, option(tcp, layers.TCPOptionKindSACKPermitted))
	require.Equal(t, []byte{7}, option(tcp, layers.TCPOptionKindWindowScale))
	stamp := option(tcp, layers.TCPOptionKindTimestamps)
	require.Len(t, stamp, 8)
	require.Equal(t, uint32(9), binary.BigEndian.Uint32(stamp[4:]))

	answers := ask(t, l, segment{flags: "R", seq: 1001}.bytes(t))
	require.Empty(t, answers)
	buf := make([]byte, pool.MaxPacket)
	_, _, ok, err := l.Receive(buf, l.Now()+100_000_000)
	require.NoError(t, err)
	require.False(t, ok, "the RST ended the half-open connection")
}

func TestOtherAnswers(t *testing.T) {
	l := open(t, nil)

	rst := tcpOf(t, one(t, l, segment{flags: "S", seq: 5, dport: 1}.bytes(t)))
	require.True(t, rst.RST && rst.ACK)
	require.Equal(t, uint32(6), rst.Ack)

	rst = tcpOf(t, one(t, l, segment{flags: "A", seq: 5, ack: 77}.bytes(t)))
	require.True(t, rst.RST && !rst.ACK)
	require.Equal(t, uint32(77), rst.Seq)

	require.Empty(t, ask(t, l, segment{flags: "R"}.bytes(t)))
	require.Empty(t, ask(t, l, segment{flags: ""}.bytes(t)), "the listener drops segments without flags")

	reply := icmpOf(t, one(t, l, echo(t)))
	require.Equal(t, layers.CreateICMPv4TypeCode(0, 0), reply.TypeCode)
	require.Equal(t, "tickle", string(reply.Payload))

	unreachable := icmpOf(t, one(t, l, datagram(t)))
	require.Equal(t, layers.CreateICMPv4TypeCode(3, 3), unreachable.TypeCode)
}

// A connection is accepted and read from. It is closed when its peer closes it,
// at once when it is asked to, and not at all when it is asked to hold on.
func TestAccept(t *testing.T) {
	for name, c := range map[string]struct {
		data   string
		first  []string // answers to the data, by their flags
		second []string // and to a FIN behind them
	}{
		"until the end": {"x", []string{"A"}, []string{"A", "FA"}},
		"close":         {string(rune(probegen.AppClose)), []string{"A", "FA"}, []string{"A"}},
		"hold":          {string(rune(probegen.AppHold)), []string{"A"}, []string{"A"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t, nil)
			syn := tcpOf(t, one(t, l, segment{flags: "S", seq: 10, window: 1000}.bytes(t)))
			require.Empty(t, ask(t, l, segment{flags: "A", seq: 11, ack: syn.Seq + 1, window: 1000}.bytes(t)))
			flags := func(packets []gopacket.Packet) (list []string) {
				for _, p := range packets {
					text := ""
					if tcpOf(t, p).FIN {
						text = "F"
					}
					list = append(list, text+"A")
				}
				return list
			}
			got := ask(t, l, segment{flags: "PA", seq: 11, ack: syn.Seq + 1, window: 1000, payload: []byte(c.data)}.bytes(t))
			require.Equal(t, c.first, flags(got))
			got = ask(t, l, segment{flags: "FA", seq: 12, ack: syn.Seq + uint32(len(c.first)), window: 1000}.bytes(t))
			require.Equal(t, c.second, flags(got))
			require.Len(t, l.host.app.connections, map[bool]int{true: 1}[name == "hold"])
			require.NoError(t, l.Send(segment{flags: "R", seq: 13, window: 1000}.bytes(t)))
			require.Empty(t, l.host.app.connections)
		})
	}
}

// RFC 6298: the first timeout is one second, and each is twice the last.
// gVisor's DefaultSynRetries is 6.
func TestRetransmission(t *testing.T) {
	l := open(t, nil)
	sent := l.Now()
	require.NoError(t, l.Send(segment{flags: "S", seq: 1}.bytes(t)))
	buf := make([]byte, pool.MaxPacket)
	var delays []int64
	var first []byte
	for {
		n, at, ok, err := l.Receive(buf, sent+600_000_000)
		require.NoError(t, err)
		if !ok {
			break
		}
		require.Equal(t, at, l.Now())
		delays = append(delays, at-sent)
		tcp := tcpOf(t, decode(t, buf[:n]))
		require.True(t, tcp.SYN && tcp.ACK)
		if first == nil {
			first = append(first, buf[24:28]...)
		}
		require.Equal(t, first, buf[24:28], "the same sequence number")
	}
	require.Equal(t, []int64{0, 1_000_000, 3_000_000, 7_000_000, 15_000_000, 31_000_000, 63_000_000}, delays)
}

func TestReceiveStopsAtUntil(t *testing.T) {
	l := open(t, nil)
	require.Equal(t, pool.Certain, l.Silence())
	buf := make([]byte, pool.MaxPacket)
	start := l.Now()
	require.NoError(t, l.Send(segment{flags: "S"}.bytes(t)))
	_, _, ok, err := l.Receive(buf, start-1)
	require.NoError(t, err)
	require.False(t, ok, "the answer came later than asked for")
	require.Equal(t, start, l.Now(), "clocks do not go back")
	_, _, ok, err = l.Receive(buf, start)
	require.NoError(t, err)
	require.True(t, ok)
	_, _, ok, err = l.Receive(buf, start+999_999)
	require.NoError(t, err)
	require.False(t, ok)
	_, at, ok, err := l.Receive(buf, start+1_000_000)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, start+1_000_000, at)
}

func TestSendRejectsLengths(t *testing.T) {
	l := open(t, nil)
	require.Error(t, l.Send(nil))
	require.Error(t, l.Send(make([]byte, pool.MaxPacket+1)))
	require.NoError(t, l.Send(make([]byte, pool.MaxPacket)))
}
