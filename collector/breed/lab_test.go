//go:build lab

package breed_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector"
	"tickle/collector/breed"
	"tickle/collector/pool"
	"tickle/collector/stackhost"
	"tickle/collector/uml"
	"tickle/datasets"
	"tickle/probegen"
)

const real = `
name: real
defaults: {ports: {open: 22}}
machines:
  - {name: a, image: a, backend: stackhost, options: {program: gvisor-20240306}, labels: {kernel: [gVisor, gVisor, gVisor 2024], distribution: [gVisor, gVisor, gVisor 2024]}}
  - {name: b, image: b, backend: stackhost, options: {program: gvisor-20260905}, labels: {kernel: [gVisor, gVisor, gVisor 2026], distribution: [gVisor, gVisor, gVisor 2026]}}
  - {name: c, image: c, backend: uml, options: {kernel: 7.2um1}, labels: {kernel: [Linux, Linux 7, Linux 7.2], distribution: [Linux, Debian, Debian 14]}}
`

// counted counts the starts of machines.
type counted struct {
	pool.Backend
	mu     *sync.Mutex
	starts map[string]int
}

func (c counted) Open(ctx context.Context, m *pool.Machine, n pool.Net, seed uint64) (pool.Link, error) {
	c.mu.Lock()
	c.starts[m.Name]++
	c.mu.Unlock()
	return c.Backend.Open(ctx, m, n, seed)
}

// TestLab breeds on machines that boot: each is started once for all
// generations.
func TestLab(t *testing.T) {
	p, err := pool.Read(strings.NewReader(real), "real.yaml")
	require.NoError(t, err)
	start, err := probegen.Generate("dialogue", probegen.Config{N: 10, Seed: 2})
	require.NoError(t, err)
	starts, mu := map[string]int{}, &sync.Mutex{}
	cfg := breed.Config{Start: start, Hierarchy: datasets.Kernel, Level: 2, Size: 10, Budget: 1300, Keep: 100, Patience: 100,
		Collect: collector.Config{Dir: t.TempDir(), Pool: p, Seed: 3, Workers: 3, Backends: map[string]pool.Backend{
			"stackhost": counted{stackhost.Backend{}, mu, starts}, "uml": counted{uml.Backend{}, mu, starts}}}}
	r, err := breed.Run(t.Context(), cfg)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(r.Generations), 3)
	require.Equal(t, 3, r.Generations[len(r.Generations)-1].Told)
	require.Equal(t, map[string]int{"a": 1, "b": 1, "c": 1}, starts)
}
