package breed

import (
	"context"
	"errors"
	"net/netip"
	"sync"

	"tickle/collector/pool"
)

// alive keeps the machines of a search running from one generation to the
// next, where their clocks are real and a start takes seconds: it hands out
// the link of the machine that runs. Machines in virtual time start afresh each
// time, so that what they answer depends on nothing but the generation.
type alive struct {
	mu    sync.Mutex
	links map[string]*keptLink // by machine
}

// keptLink is a link that outlives whoever was given it.
type keptLink struct {
	pool.Link
	net  pool.Net
	used bool // by the present run
	dead bool // it gave an error
	over bool // closed
}

// end closes the link, once.
func (l *keptLink) end() error {
	if l.over {
		return nil
	}
	l.over = true
	if err := l.Link.Close(); !errors.Is(err, pool.ErrClosed) {
		return err
	}
	return nil
}

// backends gives backends whose machines are kept running.
func (a *alive) backends(byName map[string]pool.Backend) map[string]pool.Backend {
	kept := make(map[string]pool.Backend, len(byName))
	for name, b := range byName {
		k := keptBackend{b, a}
		if own, ok := b.(pool.Addressed); ok {
			kept[name] = keptAddressed{k, own}
		} else {
			kept[name] = k
		}
	}
	return kept
}

// begin begins another run, in which each machine may be had as it is once:
// whoever asks again found something wrong with it.
func (a *alive) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, l := range a.links {
		l.used = false
	}
}

// close ends all machines.
func (a *alive) close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all error
	for name, l := range a.links {
		all = errors.Join(all, l.end())
		delete(a.links, name)
	}
	return all
}

// take gives the machine that runs, nil where it must be started.
func (a *alive) take(machine string, net pool.Net) *keptLink {
	a.mu.Lock()
	l := a.links[machine]
	if l != nil && !l.used && !l.dead && serves(l.net, net) {
		l.used = true
		a.mu.Unlock()
		return l
	}
	delete(a.links, machine)
	a.mu.Unlock()
	if l != nil {
		_ = l.end() // it is given up, and another one is started
	}
	return nil
}

// serves says whether a machine that was started with one addressing can be
// asked with another: a part of the prober's block.
func serves(have, want pool.Net) bool {
	within := have.Prober.Bits() <= want.Prober.Bits() && have.Prober.Contains(want.Prober.Addr())
	have.Prober = want.Prober
	return have == want && within
}

// keptBlock is the length of the prober's prefix on isolated links: runs of
// other sizes have other blocks, and the machine is started for the largest.
const keptBlock = 16

// keptBackend opens machines that are kept running.
type keptBackend struct {
	pool.Backend
	of *alive
}

// IPv6 is the backend's own.
func (b keptBackend) IPv6(m *pool.Machine) error { return pool.IPv6(b.Backend, m) }

// Open gives the machine that runs, or starts it.
func (b keptBackend) Open(ctx context.Context, m *pool.Machine, n pool.Net, seed uint64) (pool.Link, error) {
	if l := b.of.take(m.Name, n); l != nil {
		if l.drain() == nil {
			return lentLink{l}, nil
		}
		_ = l.end() // it died meanwhile
	}
	if _, own := b.Backend.(pool.Addressed); !own && n.Prober.Bits() > keptBlock {
		n.Prober = netip.PrefixFrom(n.Prober.Addr(), keptBlock).Masked()
	}
	link, err := b.Backend.Open(ctx, m, n, seed)
	if err != nil || link.Silence() == pool.Certain {
		return link, err
	}
	l := &keptLink{Link: link, net: n, used: true}
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	if b.of.links == nil {
		b.of.links = make(map[string]*keptLink)
	}
	b.of.links[m.Name] = l
	return lentLink{l}, nil
}

// keptAddressed keeps the addressing of a backend that has its own.
type keptAddressed struct {
	keptBackend
	own pool.Addressed
}

// Net gives the machine's own addressing.
func (b keptAddressed) Net(m *pool.Machine) (pool.Net, error) { return b.own.Net(m) }

// drain reads what the last run's connections still had to say, until the
// machine is silent for a while, or for a second.
func (l *keptLink) drain() error {
	const silence, most = 50_000, 1_000_000 // µs
	buf := make([]byte, pool.MaxPacket)
	for now, end := l.Now(), l.Now()+most; now < end; now = l.Now() {
		if _, _, ok, err := l.Receive(buf, min(now+silence, end)); err != nil || !ok {
			l.dead = err != nil
			return err
		}
	}
	return nil
}

// lentLink is a kept link in the hands of a run, whose end it outlives.
type lentLink struct{ *keptLink }

func (l lentLink) Send(packet []byte) error {
	err := l.Link.Send(packet)
	l.dead = l.dead || err != nil
	return err
}

func (l lentLink) Receive(buf []byte, until int64) (n int, at int64, ok bool, err error) {
	n, at, ok, err = l.Link.Receive(buf, until)
	l.dead = l.dead || err != nil
	return n, at, ok, err
}

// Close keeps the machine, unless its link gave an error.
func (l lentLink) Close() error {
	if l.dead {
		return l.end()
	}
	return nil
}
