package paper

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/pool"
	"tickle/collector/sim"
)

var backends = map[string]pool.Backend{"sim": sim.Backend{}}

// TestFileIsGenerated: nobody edited the built-in file.
func TestFileIsGenerated(t *testing.T) {
	want, err := Generate(Seed)
	require.NoError(t, err)
	got, err := os.ReadFile("../pools/paper.yaml")
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got), "run go generate ./collector/pool/paper")
	again, err := Generate(Seed)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, again))
}

// TestPool: what the paper's pool is known to have been like, and what the
// experiments on it need, for any seed.
func TestPool(t *testing.T) {
	hashes := map[string]bool{}
	for seed := uint64(Seed); seed < Seed+3; seed++ {
		data, err := Generate(seed)
		require.NoError(t, err)
		p, err := pool.Read(bytes.NewReader(data), "paper.yaml")
		require.NoError(t, err)
		require.Equal(t, "paper", p.Name)
		r := pool.Check(p, backends)
		hashes[r.Hash] = true
		require.Empty(t, r.Errors)
		require.Equal(t, 329, r.Machines)
		require.Equal(t, 329, r.Runnable)
		require.Less(t, r.Images, r.Machines, "some images have several machines")

		machines, labels, few := map[string]int{}, map[string]int{}, map[string]int{}
		for _, l := range r.Labels {
			level := l.Hierarchy + "." + string(rune('0'+l.Level))
			labels[level]++
			machines[l.Label] = l.Machines
			if l.Level == 2 && l.Images < pool.EnoughImages {
				few[l.Hierarchy]++
			}
		}
		require.Equal(t, 4, labels["kernel.0"])
		require.GreaterOrEqual(t, labels["kernel.2"], 25)
		require.GreaterOrEqual(t, labels["distribution.2"], 15)
		require.Less(t, few["kernel"], labels["kernel.2"]/5)
		require.Less(t, few["distribution"], labels["distribution.2"]/5)
		require.Greater(t, machines["Linux"], 329/2)
		require.GreaterOrEqual(t, machines["Ubuntu"], 90, "the bias experiment takes 90")
		require.GreaterOrEqual(t, machines["Fedora"], 50, "and 50")
		for _, w := range r.Warnings {
			require.NotEqual(t, "clones", w.Kind, w.Message)
		}
		checkCrossed(t, r)
		for i := range p.Machines {
			require.Equal(t, "0.000001", p.Machines[i].Factors["path.loss"])
			require.Equal(t, float64(rate), p.Machines[i].Rate)
		}
	}
	require.Len(t, hashes, 3)
}

// checkCrossed: what any system may have follows no label, and neither do
// Linux' sysctls, which three quarters of the machines may have.
func checkCrossed(t *testing.T, r *pool.CheckReport) {
	t.Helper()
	crossed := map[string]bool{}
	for _, c := range columns {
		crossed[c.factor] = c.family == "" || c.family == "linux"
	}
	checked := map[string]bool{}
	for _, a := range r.Associations {
		if crossed[a.Variable] && a.Corrected != nil {
			require.Less(t, *a.Corrected, pool.ConfounderV, "%s with %s %d", a.Variable, a.Hierarchy, a.Level)
			checked[a.Variable] = true
		}
	}
	require.Len(t, checked, 18)
}

// TestColumnsAreDrawn: each factor of the table is on about its share of the
// machines that may have it.
func TestColumnsAreDrawn(t *testing.T) {
	p, err := pool.Load("paper")
	require.NoError(t, err)
	for _, c := range columns {
		eligible, have := 0, map[string]int{}
		for i := range p.Machines {
			m := &p.Machines[i]
			if c.family == "" || strings.HasPrefix(m.Options["personality"], c.family) {
				eligible++
				have[m.Factors[c.factor]]++
			}
		}
		for _, q := range c.quotas {
			want := float64(q.share*eligible) / 1000
			require.InDelta(t, want, have[q.value], 1+0.25*want, "%s=%s", c.factor, q.value)
		}
	}
}

// TestWrap: lines break between items and lose nothing.
func TestWrap(t *testing.T) {
	for _, c := range []struct {
		line string
		want []string
	}{
		{"A 3: a 1, b 2", []string{"A 3: a 1, b 2"}},
		{"A 3: aaaaaaaa 1, bbbbbbbb 2", []string{"A 3: aaaaaaaa 1,", "  bbbbbbbb 2"}},
		{"unbreakable-and-far-too-long", []string{"unbreakable-and-far-too-long"}},
	} {
		require.Equal(t, c.want, wrap(c.line, 20))
	}
}
