package collector

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRandomOrderHasEveryCopyOnceAndNoneBackToBack(t *testing.T) {
	for _, shape := range [][2]int{{1, 6}, {2, 1}, {2, 2}, {2, 50}, {3, 2}, {3, 100}, {7, 6}, {20, 1500}, {5000, 6}} {
		probes, repeats := shape[0], shape[1]
		for seed := range uint64(20) {
			if probes*repeats > 10_000 && seed > 1 {
				break
			}
			order := randomOrder(stream(seed, streamOrder, "p"), probes, repeats)
			for i := 1; i < len(order) && probes > 1; i++ {
				require.NotEqual(t, order[i]/uint32(repeats), order[i-1]/uint32(repeats), "%v seed %d place %d", shape, seed, i)
			}
			require.Equal(t, order, randomOrder(stream(seed, streamOrder, "p"), probes, repeats))
			slices.Sort(order)
			require.Len(t, order, probes*repeats)
			for i, c := range order {
				require.EqualValues(t, i, c)
			}
		}
	}
}

func TestListOrder(t *testing.T) {
	require.Equal(t, []uint32{0, 2, 4, 1, 3, 5}, listOrder(3, 2))
}

func TestStreamsAreApart(t *testing.T) {
	seen := map[[32]byte]bool{}
	for _, words := range [][]string{{"a", "b"}, {"ab"}, {"a", "", "b"}, {"", "ab"}, {"b", "a"}} {
		for seed := range uint64(2) {
			key := streamKey(seed, words...)
			require.False(t, seen[key])
			seen[key] = true
		}
	}
}

func TestPairsAreABijection(t *testing.T) {
	for _, n := range []uint64{1, 1000, portsInUse * 3, 300_000} {
		p, err := newPairs(rand.New(rand.NewPCG(n, 1)), load{ported: n}, Block)
		require.NoError(t, err)
		seen := make(map[netip.AddrPort]bool, n)
		for x := range n + fencePairs {
			pair := p.source(x)
			require.False(t, seen[pair], "used twice")
			seen[pair] = true
			require.True(t, p.net.Prober.Contains(pair.Addr()))
			require.GreaterOrEqual(t, pair.Port(), uint16(firstPort))
			b := pair.Addr().As4()
			back, ok := p.number(uint32(b[0])<<24|uint32(b[1])<<16|uint32(b[2])<<8|uint32(b[3]), pair.Port())
			require.True(t, ok)
			require.Equal(t, x, back)
		}
	}
}

func TestPairsOfTheLargestRun(t *testing.T) {
	const most = (1<<17 - 2) * portsInUse
	p, err := newPairs(rand.New(rand.NewPCG(1, 1)), load{ported: most - fencePairs}, Block)
	require.NoError(t, err)
	require.Equal(t, proberBlock, p.net.Prober)
	r := rand.New(rand.NewPCG(2, 2))
	for range 10_000 {
		x := r.Uint64N(most)
		pair := p.source(x)
		b := pair.Addr().As4()
		back, ok := p.number(uint32(b[0])<<24|uint32(b[1])<<16|uint32(b[2])<<8|uint32(b[3]), pair.Port())
		require.True(t, ok)
		require.Equal(t, x, back)
	}
	_, err = newPairs(r, load{ported: most}, Block)
	require.ErrorContains(t, err, "several runs")
}

func TestICMPSendingsTakeAddressesInTurn(t *testing.T) {
	p, err := newPairs(rand.New(rand.NewPCG(1, 1)), load{ported: 10, icmp: 300}, Block)
	require.NoError(t, err)
	require.GreaterOrEqual(t, p.addresses, uint64(300))
	for z := range uint64(300) {
		b := p.icmpSource(z).Addr().As4()
		back, ok := p.icmpNumber(uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]))
		require.True(t, ok)
		require.Equal(t, z, back)
	}
	for _, outside := range []uint32{p.base, p.base + 1 + uint32(p.addresses), 0, 0xffffffff} {
		_, ok := p.icmpNumber(outside)
		require.False(t, ok)
		require.False(t, p.owns(outside))
		_, ok = p.number(outside, 2000)
		require.False(t, ok)
	}
}

// Repeats are spread over boots evenly, those of one boot together in the
// order, and one boot is what there was before there were several.
func TestSpreadOverBoots(t *testing.T) {
	for _, c := range []struct{ repeats, boots int }{{6, 1}, {6, 2}, {5, 2}, {7, 3}, {2, 2}} {
		g := &program{plan: &Plan{Name: "p", Boots: c.boots}, probes: make([]probeSteps, 40), repeats: c.repeats}
		g.spread(9)
		require.Len(t, g.ends, c.boots)
		require.Len(t, g.order, 40*c.repeats)
		seen, from := map[uint32]bool{}, 0
		for boot, end := range g.ends {
			require.InDelta(t, 40*c.repeats/c.boots, end-from, 40)
			for i, copy := range g.order[from:end] {
				require.False(t, seen[copy])
				seen[copy] = true
				require.Equal(t, boot, g.boot(int(copy)%c.repeats), "%+v", c)
				if i > 0 {
					require.NotEqual(t, g.order[from+i-1]/uint32(c.repeats), copy/uint32(c.repeats))
				}
			}
			from = end
		}
		if c.boots == 1 {
			require.Equal(t, randomOrder(stream(9, streamOrder, "p"), 40, c.repeats), g.order)
		}
	}
}
