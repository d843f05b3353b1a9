//go:build linux

package slirp

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/pool"
)

func TestBlockHoldsMachineAndProber(t *testing.T) {
	for _, c := range []struct{ machine, prober, want string }{
		{"192.0.2.1", "198.18.0.0/24", "192.0.0.0/5"}, // 192 and 198 share their first five bits
		{"198.18.1.1", "198.18.0.0/24", "198.18.0.0/23"},
		{"198.18.0.9", "198.18.0.0/24", "198.18.0.0/24"},
		{"10.0.0.1", "198.18.0.0/24", ""},
		{"2001:db8::1", "2001:db8:1::/64", ""},
	} {
		got, err := blockOf(pool.Net{Machine: netip.MustParseAddr(c.machine), Prober: netip.MustParsePrefix(c.prober)})
		if c.want == "" {
			require.Error(t, err)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, c.want, got.String())
	}
}

func TestOnlyThePathHasFactors(t *testing.T) {
	require.NoError(t, checkMachine(&pool.Machine{Factors: map[string]string{"path.hops": "3"}}))
	require.ErrorContains(t, checkMachine(&pool.Machine{Factors: map[string]string{"ttl": "3"}}), `factor "ttl"`)
	require.ErrorContains(t, checkMachine(&pool.Machine{Options: map[string]string{"kernel": "x"}}), `option "kernel"`)
}
