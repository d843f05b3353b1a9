package breed

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/pool"
)

// stub is a machine that says nothing but what is queued; its clock is as real
// as silence says.
type stub struct {
	silence pool.Silence
	queued  int
	closed  int
	fails   bool
	silent  error // of Receive
}

func (s *stub) Now() int64            { return 0 }
func (s *stub) Silence() pool.Silence { return s.silence }
func (s *stub) Close() error          { s.closed++; return nil }
func (s *stub) Send([]byte) error {
	if s.fails {
		return errors.New("broken")
	}
	return nil
}

func (s *stub) Receive([]byte, int64) (int, int64, bool, error) {
	if s.queued == 0 {
		return 0, 0, false, s.silent
	}
	s.queued--
	return 1, 0, true, nil
}

// starter counts starts.
type starter struct {
	pool.Backend
	silence pool.Silence
	started []*stub
}

func (b *starter) Open(context.Context, *pool.Machine, pool.Net, uint64) (pool.Link, error) {
	s := &stub{silence: b.silence}
	b.started = append(b.started, s)
	return s, nil
}

func TestMachinesAreKeptRunning(t *testing.T) {
	m := &pool.Machine{Name: "m"}
	at := func(machine, prober string) pool.Net {
		return pool.Net{Machine: netip.MustParseAddr(machine), Prober: netip.MustParsePrefix(prober)}
	}
	here := at("192.0.2.1", "198.18.0.0/24")
	for name, c := range map[string]struct {
		silence pool.Silence
		before  func(t *testing.T, a *alive, l pool.Link, s *stub) // between two openings
		net     pool.Net
		starts  int
	}{
		"in the next run": {pool.Timeout, func(_ *testing.T, a *alive, _ pool.Link, s *stub) {
			s.queued = 3
			a.begin()
		}, here, 1},
		"but not for a second time in one run": {pool.Timeout, func(*testing.T, *alive, pool.Link, *stub) {}, here, 2},
		"nor after an error": {pool.Timeout, func(t *testing.T, a *alive, l pool.Link, s *stub) {
			s.fails = true
			require.Error(t, l.Send(nil))
			a.begin()
		}, here, 2},
		"nor when it died between two runs": {pool.Timeout, func(_ *testing.T, a *alive, _ pool.Link, s *stub) {
			s.silent = errors.New("gone")
			a.begin()
		}, here, 2},
		"nor at another address": {pool.Timeout, func(_ *testing.T, a *alive, _ pool.Link, _ *stub) { a.begin() },
			at("192.0.2.2", "198.18.0.0/24"), 2},
		"also for more sendings": {pool.Timeout, func(_ *testing.T, a *alive, _ pool.Link, _ *stub) { a.begin() }, at("192.0.2.1", "198.18.0.0/17"), 1},
		"nor with another block": {pool.Timeout, func(_ *testing.T, a *alive, _ pool.Link, _ *stub) { a.begin() }, at("192.0.2.1", "198.19.0.0/24"), 2},
		"nor in virtual time":    {pool.Certain, func(_ *testing.T, a *alive, _ pool.Link, _ *stub) { a.begin() }, here, 2},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := &alive{}, &starter{silence: c.silence}
			kept := a.backends(map[string]pool.Backend{"b": b})["b"]
			l, err := kept.Open(t.Context(), m, here, 1)
			require.NoError(t, err)
			c.before(t, a, l, b.started[0])
			require.NoError(t, l.Close())
			_, err = kept.Open(t.Context(), m, c.net, 2)
			require.NoError(t, err)
			require.Len(t, b.started, c.starts)
			require.Zero(t, b.started[0].queued, "what was left over is not met later")
			require.NoError(t, a.close())
			if c.silence == pool.Timeout {
				for _, s := range b.started {
					require.Equal(t, 1, s.closed)
				}
			}
		})
	}
}
