package ether

import (
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"
)

// TestReadySegments: the segments of both versions are sound, and only a SYN-ACK
// from the machine between the same ports is an answer.
func TestReadySegments(t *testing.T) {
	for _, c := range []struct {
		e     ends
		first gopacket.LayerType
	}{
		{ends{netip.MustParseAddr("198.18.0.1"), netip.MustParseAddr("192.0.2.1")}, layers.LayerTypeIPv4},
		{ends{netip.MustParseAddr("2001:db8:1::1"), netip.MustParseAddr("2001:db8::1")}, layers.LayerTypeIPv6},
	} {
		b := c.e.segment(1024, 22, 7, flagSYN)
		p := gopacket.NewPacket(b, c.first, gopacket.Default)
		tcp := p.TransportLayer().(*layers.TCP)
		require.True(t, tcp.SYN && !tcp.ACK && !tcp.RST)
		require.EqualValues(t, 7, tcp.Seq)
		require.Equal(t, c.e.machine.AsSlice(), []byte(p.NetworkLayer().NetworkFlow().Dst().Raw()))
		sum := tcp.Checksum
		require.NoError(t, tcp.SetNetworkLayerForChecksum(p.NetworkLayer()))
		again := gopacket.NewSerializeBuffer()
		require.NoError(t, tcp.SerializeTo(again, gopacket.SerializeOptions{ComputeChecksums: true}))
		require.Equal(t, tcp.Checksum, sum)

		back := ends{c.e.machine, c.e.prober}
		answer := back.segment(22, 1024, 9, flagSYN|flagACK)
		_, ok := c.e.accepted(answer, 22, 1024)
		require.True(t, ok)
		for _, other := range [][]byte{
			back.segment(22, 1025, 9, flagSYN|flagACK), back.segment(23, 1024, 9, flagSYN|flagACK), back.segment(22, 1024, 9, flagRST|flagACK),
			c.e.segment(22, 1024, 9, flagSYN|flagACK), answer[:len(answer)-1], nil,
		} {
			_, ok := c.e.accepted(other, 22, 1024)
			require.False(t, ok)
		}
	}
}
