package probegen

import (
	"encoding/hex"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNmap6SendsWhatNmapSends: all bytes but those that Nmap draws (hop limit,
// sequence and acknowledgement number, ports) and the checksums over them;
// testdata/nmap-7.93-ipv6.txt says how to see them again.
func TestNmap6SendsWhatNmapSends(t *testing.T) {
	s, err := Generate("nmap6", Config{Seed: 1})
	require.NoError(t, err)
	text, err := os.ReadFile("testdata/nmap-7.93-ipv6.txt")
	require.NoError(t, err)
	from, to := netip.MustParseAddrPort("[fd00:76::1]:61440"), netip.MustParseAddr("fd00:76::2")
	ports := map[PortClass]uint16{OpenTCP: 22, ClosedTCP: 23, ClosedUDP: 0x91e6}
	i := 0
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if f[0] == "#" {
			continue
		}
		p := s.Probes[i]
		i++
		require.Equal(t, f[0], p.Name)
		want, err := hex.DecodeString(f[2])
		require.NoError(t, err)
		have, err := p.Steps[0].Packet.AppendTo(nil, from, netip.AddrPortFrom(to, ports[p.Steps[0].Packet.Port]))
		require.NoError(t, err)
		var drawn [][2]int
		if p.Name != "NS" {
			drawn = append(drawn, [2]int{7, 8})
		}
		switch p.Steps[0].Packet.Proto() {
		case ProtoTCP:
			drawn = append(drawn, [2]int{40, 42}, [2]int{44, 48}, [2]int{56, 58})
			if p.Name != "TECN" {
				drawn = append(drawn, [2]int{48, 52})
			}
		case ProtoUDP:
			drawn = append(drawn, [2]int{40, 42}, [2]int{46, 48})
		}
		for _, at := range drawn {
			clear(have[at[0]:at[1]])
			clear(want[at[0]:at[1]])
		}
		require.Equal(t, want, have, p.Name)
	}
	require.Len(t, s.Probes, i)
}

// TestNmap6Numbers: what is drawn hangs together as in a scan of Nmap's, and
// the node information query changes no other probe but what is drawn.
func TestNmap6Numbers(t *testing.T) {
	for seed := range uint64(50) {
		s, err := Generate("nmap6", Config{Seed: seed})
		require.NoError(t, err)
		require.NoError(t, s.Check())
		next, acks := s.Probes[0].Steps[0].Packet.TCP.Seq, map[uint32]bool{}
		for _, p := range s.Probes {
			q := p.Steps[0].Packet
			if p.Name != "NS" {
				require.GreaterOrEqual(t, q.IP6.HopLimit, uint8(37))
				require.LessOrEqual(t, q.IP6.HopLimit, uint8(59))
			}
			if q.TCP != nil {
				require.Equal(t, next, q.TCP.Seq)
				next++
				require.Equal(t, p.Name == "TECN", q.TCP.Ack == 0)
				require.False(t, acks[q.TCP.Ack])
				acks[q.TCP.Ack] = true
			}
		}
	}
	s, err := Generate("nmap6", Config{Seed: 1, Options: map[string]string{"ni": "1"}})
	require.NoError(t, err)
	require.Len(t, s.Probes, 18)
	require.Equal(t, "NI", s.Probes[9].Name)
	ni := s.Probes[9].Steps[0].Packet
	b, err := ni.AppendTo(nil, prober6, machine6)
	require.NoError(t, err)
	require.Equal(t, machine6.Addr().AsSlice(), b[len(b)-16:])
	require.Equal(t, []byte{139, 0}, b[40:42])
	_, err = Generate("nmap6", Config{N: 17, Options: map[string]string{"ni": "1"}})
	require.EqualError(t, err, "family nmap6: n: want 18, the number of its probes, have 17")
}
