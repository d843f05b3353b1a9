//go:build linux && root

package live

import (
	"context"
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"
	"github.com/vishvananda/netns"
	"go.uber.org/goleak"

	"tickle/collector/guest"
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

// A host that a user declares is reached over the interface, from addresses
// that nobody has; the commands run before and after.
func TestDeclaredHost(t *testing.T) {
	h := &host{namespace: netns.None()}
	require.NoError(t, inNewNamespace(func() (err error) { h.namespace, err = netns.Get(); return err }))
	started, stopped := t.TempDir()+"/started", t.TempDir()+"/stopped"
	argv := func(args ...string) string {
		b, err := json.Marshal(args)
		require.NoError(t, err)
		return string(b)
	}
	m := &pool.Machine{Name: "declared", Backend: "live", Ports: pool.Ports{Open: 22, Closed: 1, UDP: 40125}, Options: map[string]string{
		"address": "10.77.0.2", "prober.iface": proberEnd, "prober.address": "10.77.0.240/29",
		"start": argv("touch", started), "check": argv("test", "-e", started), "stop": argv("touch", stopped),
	}}
	require.NoError(t, inNewNamespace(func() error {
		if err := h.lay(); err != nil {
			return err
		}
		if err := h.socket.Close(); err != nil {
			return err
		}
		set := inNewNamespace(func() (err error) {
			if err := netns.Set(h.namespace); err != nil {
				return err
			}
			h.listener, err = guest.Setup(&guest.Config{Interface: machineEnd, Port: 22, Addresses: []netip.Prefix{netip.MustParsePrefix("10.77.0.2/24")}})
			return err
		})
		if set != nil {
			return set
		}
		if err := (Backend{}).Check(m); err != nil {
			return err
		}
		l, err := Backend{}.Open(context.Background(), m, pool.Net{}, 1)
		if err != nil {
			return err
		}
		return l.Close()
	}))
	require.FileExists(t, stopped)
	require.NoError(t, h.close())
	n, err := Backend{}.Net(m)
	require.NoError(t, err)
	require.Equal(t, pool.Net{Machine: netip.MustParseAddr("10.77.0.2"), Prober: netip.MustParsePrefix("10.77.0.240/29")}, n)
}
