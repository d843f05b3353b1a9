package collector

import (
	"context"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/probegen"
)

// TestOrderedPlansComeFromOneAddress: stacks count by the peer's address, and
// a scanner has one.
func TestOrderedPlansComeFromOneAddress(t *testing.T) {
	set, err := probegen.Generate("nmap4", probegen.Config{Seed: 1})
	require.NoError(t, err)
	e := start(t, setup{plan: Plan{Set: set}.withDefaults(), backend: backend{mood: mood{delay: 300}}})
	require.NoError(t, e.run(context.Background()))
	require.EqualValues(t, 48, e.counts.Exchanges)
	require.Zero(t, e.counts.Unmatched)
	require.NotZero(t, e.counts.Answered)
	seen := map[netip.AddrPort]bool{}
	var from netip.Addr
	for _, c := range e.g.order {
		s := &e.g.steps[e.g.probes[c/3].from]
		pair := e.source(c, s)
		if !from.IsValid() {
			from = pair.Addr()
		}
		require.Equal(t, from, pair.Addr())
		require.True(t, pair.Port() == 0 || !seen[pair])
		seen[pair] = true
	}
	var at int64
	for i, c := range e.g.order {
		require.Equal(t, at, e.tape.copies[c].sent, "sending %d", i)
		at += set.Header.Plan.Gaps[c/3]
	}
}

// TestOrderedSendingsHavePairsOfTheirOwn: the last ports of the last address.
func TestOrderedSendingsHavePairsOfTheirOwn(t *testing.T) {
	p, err := newPairs(stream(1, streamPairs), load{ported: 1000, ordered: 48}, Block)
	require.NoError(t, err)
	seen := map[netip.AddrPort]bool{}
	for x := range uint64(1000 + fencePairs) {
		seen[p.source(x)] = true
	}
	for k := range p.ordered {
		pair := p.source(p.m + k)
		require.Equal(t, p.orderedICMP().Addr(), pair.Addr())
		require.Equal(t, uint16(1<<16-p.ordered+k), pair.Port())
		require.False(t, seen[pair])
		back, ok := p.number(p.base+uint32(p.addresses), pair.Port())
		require.True(t, ok)
		require.Equal(t, p.m+k, back)
	}
	_, err = newPairs(stream(1, streamPairs), load{ordered: portsInUse + 1}, Block)
	require.ErrorContains(t, err, "want at most the 64512 ports of one address")
}
