package probegen

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

// Templates that stand close together must each stay what they are, whatever
// is added behind them and in whatever order they are sent.
func TestTemplatesThatStandTogetherStayApart(t *testing.T) {
	set, err := Generate("random", Config{N: 3*templatesAtOnce + 5, Seed: 9})
	require.NoError(t, err)
	from, to := netip.MustParseAddrPort("198.18.0.5:4321"), netip.MustParseAddrPort("192.0.2.1:22")
	var together Templates
	var packets []*Packet
	var templates []*Template
	for i := range set.Probes {
		p := set.Probes[i].Steps[0].Packet
		bad := &Packet{} // fails Check, and must leave nothing behind
		_, err := together.Add(bad)
		require.Error(t, err)
		one, err := together.Add(p)
		require.NoError(t, err)
		packets, templates = append(packets, p), append(templates, one)
	}
	for i := range templates {
		i = len(templates) - 1 - i
		want, err := packets[i].AppendTo(nil, from, to)
		require.NoError(t, err)
		got, err := templates[i].AppendTo(nil, from, to)
		require.NoError(t, err)
		require.Equal(t, want, got, "probe %d", i)
		require.Equal(t, len(want), templates[i].Len())
		require.Zero(t, testing.AllocsPerRun(1, func() { templates[i].Touch() }))
	}
	room := bytesAtOnce - 100
	long, err := together.Add(&Packet{Port: ClosedUDP, UDP: &UDP{}, Payload: make([]byte, room), IP: IPv4{TTL: 9}})
	require.NoError(t, err, "longer than what is left")
	require.Equal(t, room+28, long.Len())
}
