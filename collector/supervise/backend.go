package supervise

import (
	"context"
	"slices"

	"tickle/collector/pool"
)

// Backends gives backends that use the machines which the pool's supervisor
// runs and start the others themselves. Without a supervisor it gives those
// that it got.
func Backends(p *pool.Pool, byName map[string]pool.Backend) (map[string]pool.Backend, error) {
	s, err := Find(p)
	if err != nil || s == nil {
		return byName, err
	}
	dir, err := Folder(p)
	if err != nil {
		return nil, err
	}
	up := make(map[string]pool.Backend, len(byName))
	for name, b := range byName {
		d := backend{b, dir, s.Machines}
		if a, ok := b.(pool.Addressed); ok {
			up[name] = addressed{d, a}
		} else {
			up[name] = d
		}
	}
	return up, nil
}

// addressed keeps the addressing of a backend that has its own.
type addressed struct {
	backend
	own pool.Addressed
}

// Net gives the machine's own addressing.
func (b addressed) Net(m *pool.Machine) (pool.Net, error) { return b.own.Net(m) }

// backend dials the supervisor for the machines that it runs.
type backend struct {
	pool.Backend
	dir      string
	machines []string
}

// IPv6 is the backend's own.
func (b backend) IPv6(m *pool.Machine) error { return pool.IPv6(b.Backend, m) }

// Open connects to the machine that runs, or starts one.
func (b backend) Open(ctx context.Context, m *pool.Machine, n pool.Net, seed uint64) (pool.Link, error) {
	i := slices.Index(b.machines, m.Name)
	if i < 0 {
		return b.Backend.Open(ctx, m, n, seed)
	}
	return dial(socketPath(b.dir, i))
}
