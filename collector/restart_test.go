package collector

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/pool"
	"tickle/datasets"
)

// flaky is a backend whose machines fail in their first lives: by machine
// name, how the life with that number goes, 0 being the first.
type flaky struct {
	backend
	mu    *sync.Mutex // of lives: workers open machines at once
	lives map[string]int
	fate  func(name string, life int, l *virtualLink) error
}

func (f flaky) Open(ctx context.Context, m *pool.Machine, net pool.Net, seed uint64) (pool.Link, error) {
	link, err := f.backend.Open(ctx, m, net, seed)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	life := f.lives[m.Name]
	f.lives[m.Name]++
	f.mu.Unlock()
	return link, f.fate(m.Name, life, link.(*virtualLink))
}

// falls makes a machine fall silent after so many packets to it.
func falls(l *virtualLink, after int) {
	sent := 0
	l.onSend = func() {
		if sent++; sent == after {
			l.loss = 1
		}
	}
}

func TestMachinesThatFailAreStartedAgain(t *testing.T) {
	quiet := backend{timeouts: true, mood: mood{delay: 200}}
	want := testConfig(t, t.TempDir(), quiet)
	want.Plans, want.Pool = want.Plans[:1], testPool(6)
	_, err := Collect(context.Background(), want)
	require.NoError(t, err)

	b := flaky{backend: quiet, mu: new(sync.Mutex), lives: map[string]int{}, fate: func(name string, life int, l *virtualLink) error {
		switch {
		case name == "m01" && life < 2: // dies, twice
			l.stack.mood.dieAfter = 100 + 50*life
		case name == "m02" && life < 1: // hangs
			falls(l, 120)
		case name == "m03" && life < 1: // does not start
			return errors.New("no memory")
		case name == "m04": // dies in each life
			l.stack.mood.dieAfter = 30
		case name == "m05" && life == 0: // hangs, and never comes back
			falls(l, 120)
		case name == "m05":
			l.loss = 1
		}
		return nil
	}}
	cfg := want
	cfg.Dir, cfg.Workers, cfg.Backends = t.TempDir(), 1, map[string]pool.Backend{"test": b}
	report, err := Collect(context.Background(), cfg)
	require.ErrorIs(t, err, ErrMachines)
	require.ErrorContains(t, err, "2 of 6")
	for i, restarts := range []int64{0, 2, 1, 1, 2, 2} {
		require.Equal(t, restarts, report.Machines[i].Restarts, report.Machines[i].Machine)
	}
	require.EqualValues(t, 8, report.Total.Restarts)
	require.Len(t, report.Warnings, 8)
	require.Equal(t, "send: link closed", report.Machines[4].Error)
	require.Equal(t, errDead.Error(), report.Machines[5].Error)
	requireNoPartials(t, cfg.Dir)
	for i, m := range cfg.Pool.Machines[:4] {
		require.Empty(t, report.Machines[i].Error)
		rows, _ := summaries(t, want.Dir, "random", m.Name)
		again, _ := summaries(t, cfg.Dir, "random", m.Name)
		require.Equal(t, rows, again, "%s: the part is not what an undisturbed machine gives", m.Name)
	}

	cfg.Backends = map[string]pool.Backend{"test": quiet}
	report, err = Collect(context.Background(), cfg)
	require.NoError(t, err)
	require.EqualValues(t, 2, report.Machines[1].Restarts, "kept with the part")
	require.Zero(t, report.Machines[4].Restarts)
}

func TestRestartsCanBeSwitchedOff(t *testing.T) {
	b := flaky{mu: new(sync.Mutex), lives: map[string]int{}, fate: func(_ string, _ int, l *virtualLink) error {
		l.stack.mood.dieAfter = 30
		return nil
	}}
	cfg := testConfig(t, t.TempDir(), backend{})
	cfg.Backends, cfg.Restarts = map[string]pool.Backend{"test": b}, -1
	report, err := Collect(context.Background(), cfg)
	require.ErrorIs(t, err, ErrMachines)
	require.Zero(t, report.Total.Restarts)
	require.Equal(t, 2, b.lives["m00"], "once a plan")
}

// A machine that ends takes dialogues with it, which are named.
func TestDialoguesUnderWayAreNamed(t *testing.T) {
	b := flaky{backend: backend{timeouts: true, mood: mood{delay: 200}}, mu: new(sync.Mutex), lives: map[string]int{}, fate: func(_ string, life int, l *virtualLink) error {
		if life == 0 {
			l.stack.mood.dieAfter = 40
		}
		return nil
	}}
	cfg := testConfig(t, t.TempDir(), backend{})
	cfg.Pool, cfg.Backends = testPool(1), map[string]pool.Backend{"test": b}
	cfg.Plans = []Plan{{Name: "dialogue", Set: dialogueSet(), Repeats: 1, Boots: 1, FullSpeed: true}}
	report, err := Collect(context.Background(), cfg)
	require.NoError(t, err)
	require.Len(t, report.Machines[0].Ended, 1)
	require.Regexp(t, `^send: link closed; under way: dialogues [0-5](, [0-5])*$`, report.Machines[0].Ended[0])
	require.Contains(t, report.Warnings[0], report.Machines[0].Ended[0])
	m, err := datasets.ReadManifest(cfg.Dir)
	require.NoError(t, err)
	require.Equal(t, report.Machines[0].Ended, m.Parts[0].Ended)
}

// onNet is a backend whose machines stand in a network of their own.
type onNet struct {
	backend
	nets map[string]pool.Net
	seen map[netip.AddrPort]bool // where packets came from
}

func (o onNet) Net(m *pool.Machine) (pool.Net, error) {
	if n, ok := o.nets[m.Name]; ok {
		return n, nil
	}
	return pool.Net{}, errors.New("no address")
}

func (o onNet) Open(ctx context.Context, m *pool.Machine, net pool.Net, seed uint64) (pool.Link, error) {
	link, err := o.backend.Open(ctx, m, pool.Net{Machine: machineAddr}, seed)
	if err == nil && net != o.nets[m.Name] {
		err = errors.New("another network than its own")
	}
	link.(*virtualLink).stack.mood.record = true
	return recorded{link.(*virtualLink), o.seen}, err
}

// recorded notes where packets come from.
type recorded struct {
	*virtualLink
	seen map[netip.AddrPort]bool
}

func (r recorded) Send(b []byte) error {
	if p, _ := parseIPv4(b); p.proto == 6 {
		r.seen[netip.AddrPortFrom(addr4(p.src), parseTCP(p.body).src)] = true
	}
	return r.virtualLink.Send(b)
}

func TestABackendCanGiveItsOwnAddresses(t *testing.T) {
	netOf := func(machine, prober string) pool.Net {
		return pool.Net{Machine: netip.MustParseAddr(machine), Prober: netip.MustParsePrefix(prober)}
	}
	isolated := testConfig(t, t.TempDir(), backend{})
	isolated.Pool = testPool(2)
	_, err := Collect(context.Background(), isolated)
	require.NoError(t, err)
	for _, one := range []pool.Net{netOf("10.0.0.7", "10.0.0.9/32"), netOf("10.0.0.7", "10.0.0.8/31"), netOf("10.0.0.7", "10.0.1.0/29")} {
		b := onNet{nets: map[string]pool.Net{"m00": one, "m01": netOf("10.0.0.1", "10.9.0.4/32")}, seen: map[netip.AddrPort]bool{}}
		cfg := isolated
		cfg.Dir, cfg.Workers, cfg.Backends = t.TempDir(), 1, map[string]pool.Backend{"test": b}
		report, err := Collect(context.Background(), cfg)
		require.NoError(t, err)
		require.Zero(t, report.Total.Unmatched)
		for from := range b.seen {
			require.True(t, one.Prober.Contains(from.Addr()) || from.Addr() == netip.MustParseAddr("10.9.0.4"), from)
		}
		for _, m := range cfg.Pool.Machines { // but for what follows the addresses
			rows, _ := summaries(t, isolated.Dir, "random", m.Name)
			there, _ := summaries(t, cfg.Dir, "random", m.Name)
			for i := range rows {
				require.Equal(t, rows[i].Answered, there[i].Answered, "%v: probe %d", one, i)
			}
		}
	}
	for want, one := range map[string]pool.Net{
		"want IPv4":                        netOf("fe80::1", "10.0.0.9/32"),
		"the machine outside":              netOf("10.0.0.7", "10.0.0.0/24"),
		"64448":                            netOf("10.0.0.7", "10.0.0.9/32"),
		"machine m01: no address":          netOf("10.0.0.7", "10.1.0.0/24"),
		"want IPv4, and the machine outsi": {},
	} {
		cfg := isolated
		cfg.Dir, cfg.Backends = t.TempDir(), map[string]pool.Backend{"test": onNet{nets: map[string]pool.Net{"m00": one}}}
		cfg.Plans = append([]Plan(nil), cfg.Plans...)
		cfg.Plans[0].Repeats = 2000
		_, err := Collect(context.Background(), cfg)
		require.ErrorContains(t, err, want)
	}
}
