//go:build linux && root

package live

import (
	"context"
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"tickle/collector/pool"
)

var testNet = pool.Net{Machine: netip.MustParseAddr("192.0.2.1"), Prober: netip.MustParsePrefix("198.18.0.0/24")}

func syn(t *testing.T, port uint16) []byte {
	t.Helper()
	ip := &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Protocol: 6, Flags: layers.IPv4DontFragment, SrcIP: testNet.Prober.Addr().Next().AsSlice(), DstIP: testNet.Machine.AsSlice()}
	tcp := &layers.TCP{SrcPort: 4242, DstPort: layers.TCPPort(port), Seq: 100, SYN: true, Window: 1024,
		Options: []layers.TCPOption{{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{5, 0xb4}}, {OptionType: layers.TCPOptionKindSACKPermitted, OptionLength: 2}}}
	require.NoError(t, tcp.SetNetworkLayerForChecksum(ip))
	b := gopacket.NewSerializeBuffer()
	require.NoError(t, gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ip, tcp))
	return b.Bytes()
}

// exchange sends a packet and gives the answer, nil when none comes in 2 s.
func exchange(t *testing.T, l pool.Link, packet []byte) gopacket.Packet {
	t.Helper()
	sent := l.Now()
	require.NoError(t, l.Send(packet))
	buf := make([]byte, pool.MaxPacket)
	n, at, ok, err := l.Receive(buf, sent+2_000_000)
	require.NoError(t, err)
	if !ok {
		return nil
	}
	require.GreaterOrEqual(t, at, sent, "an answer comes after its question")
	return gopacket.NewPacket(buf[:n], layers.LayerTypeIPv4, gopacket.Default)
}

// The host's own kernel, in a namespace, answers as its sysctls say.
func TestSysctlsShowInAnswers(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	for _, c := range []struct {
		factors map[string]string
		ttl     uint8
		sack    bool
		closed  any
	}{
		{nil, 64, true, layers.LayerTypeTCP},
		{map[string]string{"sysctl.ip_default_ttl": "77", "sysctl.tcp_sack": "0"}, 77, false, layers.LayerTypeTCP},
		{map[string]string{"firewall": "drop"}, 64, true, nil},
		{map[string]string{"firewall": "reject"}, 64, true, layers.LayerTypeICMPv4},
	} {
		m := &pool.Machine{Name: "host", Backend: "live", Options: map[string]string{"namespace": "new"}, Ports: pool.Ports{Open: 22, Closed: 1, UDP: 40125}, Factors: c.factors}
		require.NoError(t, Backend{}.Check(m))
		l, err := Backend{}.Open(context.Background(), m, testNet, 1)
		require.NoError(t, err)
		t.Cleanup(func() { l.Close() })
		// The closed port first: nobody tears the open one's SYN-ACK down.
		answer := exchange(t, l, syn(t, 1))
		if c.closed == nil {
			require.Nil(t, answer)
		} else {
			require.NotNil(t, answer)
			require.NotNil(t, answer.Layer(c.closed.(gopacket.LayerType)))
		}
		p := exchange(t, l, syn(t, 22))
		require.NotNil(t, p)
		ip := p.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
		tcp := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
		require.Equal(t, c.ttl, ip.TTL)
		require.True(t, tcp.SYN && tcp.ACK)
		require.EqualValues(t, 101, tcp.Ack)
		sack := false
		for _, o := range tcp.Options {
			sack = sack || o.OptionType == layers.TCPOptionKindSACKPermitted
		}
		require.Equal(t, c.sack, sack)
		require.NoError(t, tcp.SetNetworkLayerForChecksum(ip))
		sum, err := tcp.ComputeChecksum()
		require.NoError(t, err)
		require.Zero(t, sum, "the sum over a segment with a right checksum: no offload left it unfinished")
		require.NoError(t, l.Close())
	}
}
