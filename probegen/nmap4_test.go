package probegen

import (
	"encoding/hex"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// scanned are the probes that Nmap 7.93 was seen to send, by name, in its
// order; testdata/nmap-7.93.txt says how to see them again.
func scanned(t *testing.T) (names []string, packets [][]byte) {
	t.Helper()
	b, err := os.ReadFile("testdata/nmap-7.93.txt")
	require.NoError(t, err)
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); f[0] != "#" {
			p, err := hex.DecodeString(f[2])
			require.NoError(t, err)
			names, packets = append(names, f[0]), append(packets, p)
		}
	}
	return names, packets
}

// TestNmap4SendsWhatNmapSends: all bytes but those that Nmap draws, and the
// checksums over them.
func TestNmap4SendsWhatNmapSends(t *testing.T) {
	s, err := Generate("nmap4", Config{Seed: 1})
	require.NoError(t, err)
	names, want := scanned(t)
	require.Len(t, s.Probes, len(names))
	from, to := netip.MustParseAddrPort("10.77.0.1:41691"), netip.MustParseAddr("10.77.0.2")
	for i, name := range names {
		p := s.Probes[i]
		require.Equal(t, name, p.Name)
		require.Len(t, p.Steps, 1)
		have, err := p.Steps[0].Packet.AppendTo(nil, from, netip.AddrPortFrom(to, 22))
		require.NoError(t, err)
		drawn := [][2]int{{8, 9}, {10, 12}} // time to live, header checksum
		switch p.Steps[0].Packet.Proto() {
		case ProtoTCP:
			drawn = append(drawn, [2]int{4, 6}, [2]int{20, 28}, [2]int{36, 38})
			if name != "ECN" {
				drawn = append(drawn, [2]int{28, 32})
			}
		case ProtoUDP:
			drawn = append(drawn, [2]int{20, 24}, [2]int{26, 28})
		case ProtoICMP:
			drawn = append(drawn, [2]int{4, 6}, [2]int{22, 26})
		}
		for _, at := range drawn {
			clear(have[at[0]:at[1]])
			clear(want[i][at[0]:at[1]])
		}
		require.Equal(t, want[i], have, name)
	}
}

// TestNmap4Numbers: what is drawn hangs together as in a scan of Nmap's.
func TestNmap4Numbers(t *testing.T) {
	for seed := range uint64(50) {
		s, err := Generate("nmap4", Config{Seed: seed})
		require.NoError(t, err)
		require.NoError(t, s.Check())
		packet := func(i int) *Packet { return s.Probes[i].Steps[0].Packet }
		first := packet(0).TCP
		for i := range s.Probes {
			p := packet(i)
			low, high := uint8(37), uint8(59)
			if p.UDP != nil {
				low, high = 51, 64
			}
			require.GreaterOrEqual(t, p.IP.TTL, low)
			require.LessOrEqual(t, p.IP.TTL, high)
			if p.TCP == nil {
				continue
			}
			seq, ack := first.Seq, first.Ack
			if i < 6 {
				seq += uint32(i)
			} else if s.Probes[i].Name == "ECN" {
				ack = 0
			}
			require.Equal(t, seq, p.TCP.Seq)
			require.Equal(t, ack, p.TCP.Ack)
		}
		require.Equal(t, packet(6).ICMP.Rest+1<<16+1, packet(7).ICMP.Rest)
	}
}

// TestNmap4Golden pins the bytes, as TestGolden does for the random family.
func TestNmap4Golden(t *testing.T) {
	s, err := Generate("nmap4", Config{Seed: 1})
	require.NoError(t, err)
	require.Equal(t, "df198cdd6f39cd49bb2f52b122a5beeabb329f26dee68851d083c09dad0eff3d", s.Hash())
	require.Equal(t, &Plan{Ordered: true, Spacing: 100_000, Repeats: 3, Gaps: []int64{100_000, 100_000, 100_000, 100_000, 100_000,
		25_000, 25_000, 25_000, 25_000, 25_000, 25_000, 25_000, 25_000, 25_000, 25_000, 1_000_000}}, s.Header.Plan)
	again, err := Generate("nmap4", Config{N: 16, Seed: 1})
	require.NoError(t, err)
	require.Equal(t, s, again)
	s.Header.Plan.Gaps[0] = 7 // the set's own
	require.EqualValues(t, 100_000, again.Header.Plan.Gaps[0])
	_, err = Generate("nmap4", Config{N: 15, Seed: 1})
	require.EqualError(t, err, "family nmap4: n: want 16, the number of its probes, have 15")
}

func TestCheckGaps(t *testing.T) {
	s, err := Generate("nmap4", Config{Seed: 1})
	require.NoError(t, err)
	s.Header.Plan.Gaps = s.Header.Plan.Gaps[1:]
	require.EqualError(t, s.Check(), "header.plan.gaps_us: want none or 16, one a probe, have 15")
	s.Header.Plan.Gaps = append(s.Header.Plan.Gaps, -1)
	require.EqualError(t, s.Check(), "header.plan.gaps_us: want 0 or more each")
}
