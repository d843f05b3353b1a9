package collector

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/netstack"
	"tickle/collector/pool"
	"tickle/datasets"
	"tickle/probegen"
)

// TestDialoguesOverIPv6: a gVisor stack, whose TCP is one for both versions,
// answers a dialogue over IPv6 as over IPv4, step by step, where its data fits
// into both.
func TestDialoguesOverIPv6(t *testing.T) {
	p := sixPool()
	p.Machines = p.Machines[:1]
	answers, sets := map[string][]datasets.Exchange{}, map[string]*probegen.Set{}
	for _, share := range []string{"0", "100"} {
		set, err := probegen.Generate("dialogue", probegen.Config{N: 80, Seed: 6, Options: map[string]string{"ipv6-share": share, "udp-share": "0", "icmp-share": "0"}})
		require.NoError(t, err)
		cfg := Config{Dir: t.TempDir(), Pool: p, Backends: map[string]pool.Backend{"netstack": netstack.Backend{}}, Seed: 4, files: quickDisk(),
			Keep: KeepRaw, Plans: []Plan{{Name: "dialogue", Set: set, Repeats: 2}}}
		report, err := Collect(context.Background(), cfg)
		require.NoError(t, err)
		require.Empty(t, report.Warnings)
		require.Zero(t, report.Total.Malformed)
		require.Zero(t, report.Total.Unmatched)
		sets[share] = set
		answers[share] = exchanges(t, cfg.Dir, "dialogue", "plain")
	}
	total := 0
	for i, four := range answers["0"] {
		if six, four := sets["100"].Probes[four.Probe], sets["0"].Probes[four.Probe]; dataOf(&six) != dataOf(&four) {
			continue
		}
		six := answers["100"][i]
		require.Len(t, six.Answers, len(four.Answers), "probe %d", four.Probe)
		for k := range four.Answers {
			a, ok := parseIP(four.Answers[k].Bytes)
			require.True(t, ok)
			b, ok := parseIP(six.Answers[k].Bytes)
			require.True(t, ok)
			require.True(t, !a.six && b.six)
			ta, tb := parseTCP(a.body), parseTCP(b.body)
			require.Equal(t, ta.flags, tb.flags, "probe %d, answer %d", four.Probe, k)
			require.Equal(t, ta.length, tb.length, "probe %d, answer %d", four.Probe, k)
			require.Equal(t, four.Answers[k].At-four.Sent, six.Answers[k].At-six.Sent)
			total++
		}
	}
	require.Greater(t, total, 300)
}

// dataOf gives the lengths of what a dialogue sends.
func dataOf(p *probegen.Probe) string {
	var lengths []int
	for _, s := range p.Steps {
		if s.Packet != nil {
			lengths = append(lengths, len(s.Packet.Payload))
		}
	}
	return fmt.Sprint(lengths)
}
