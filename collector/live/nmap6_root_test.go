//go:build linux && root

package live_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector"
	"tickle/collector/live"
	"tickle/collector/pool"
	"tickle/datasets"
	"tickle/probegen"
)

// TestNmap6OfNamespaces: what this host's kernel answers to Nmap's IPv6 probes
// follows its sysctls and its firewall (which IE2's extension headers do not
// reach), with both times; what is collected is not collected again.
func TestNmap6OfNamespaces(t *testing.T) {
	set, err := probegen.Generate("nmap6", probegen.Config{Seed: 1})
	require.NoError(t, err)
	p := &pool.Pool{Name: "namespaces"}
	for name, factors := range map[string]map[string]string{
		"plain": nil, "drop": {"firewall": "drop"}, "far": {"sysctl.net.ipv6.conf.*.hop_limit": "200", "sysctl.tcp_sack": "0"},
	} {
		m := host
		m.Name, m.Factors = name, factors
		p.Machines = append(p.Machines, m)
	}
	cfg := collector.Config{Dir: t.TempDir(), Pool: p, Backends: map[string]pool.Backend{"live": live.Backend{}}, Plans: []collector.Plan{{Name: "nmap6", Set: set, Repeats: 1}}, Seed: 1}
	report, err := collector.Collect(context.Background(), cfg)
	require.NoError(t, err)
	require.Zero(t, report.Total.Late)
	for _, c := range []struct {
		machine string
		ttl     uint64
		silent  []string
	}{
		{"plain", 64, []string{"T2", "T3"}},
		{"far", 200, []string{"T2", "T3"}},
		{"drop", 64, []string{"U1", "T2", "T3", "T4", "T5", "T6", "T7"}},
	} {
		f, err := datasets.OpenObservations(datasets.ObservationPath(cfg.Dir, "nmap6", c.machine))
		require.NoError(t, err)
		defer f.Close()
		rows, err := f.Read(0, new(datasets.Interner))
		require.NoError(t, err)
		require.Len(t, rows, 17)
		var silent []string
		for i := range rows {
			x, name := &rows[i], set.Probes[i].Name
			if i > 0 {
				require.InDelta(t, 100_000, x.Sent-rows[i-1].Sent, 50_000, "%s: from one sending to the next", name)
			}
			if len(x.Answers) == 0 {
				silent = append(silent, name)
				continue
			}
			require.GreaterOrEqual(t, x.Answers[0].At, x.Sent)
			require.EqualValues(t, 6, x.Answers[0].Bytes[0]>>4)
			ttl, _ := x.First.Get(datasets.IPTTL)
			if name == "NS" {
				require.EqualValues(t, 255, ttl)
			} else {
				require.Equal(t, c.ttl, ttl, name)
			}
			if set.Probes[i].Steps[0].Packet.TCP != nil {
				ok, _ := x.First.Get(datasets.TCPChecksumOK)
				require.EqualValues(t, 1, ok, name)
			}
		}
		require.Equal(t, c.silent, silent, c.machine)
	}
	again, err := collector.Collect(context.Background(), cfg)
	require.NoError(t, err)
	require.Equal(t, report.Machines, again.Machines)
}
