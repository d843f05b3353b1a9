package sim

import (
	"fmt"
	"slices"

	"tickle/collector/pool"
)

type config struct{ personality string }

func configure(m *pool.Machine) (*config, error) {
	p := m.Options["personality"]
	if !slices.Contains(names, p) {
		return nil, fmt.Errorf("option personality: unknown %q", p)
	}
	return &config{p}, nil
}

func newStack(c *config, net pool.Net, seed uint64) (pool.Link, error) {
	return nil, fmt.Errorf("sim: no stack for %s on %v (seed %d)", c.personality, net.Machine, seed)
}
