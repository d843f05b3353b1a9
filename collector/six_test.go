package collector

import (
	"context"
	"errors"
	"net/netip"
	"runtime"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"tickle/collector/netstack"
	"tickle/collector/pool"
	"tickle/datasets"
	"tickle/probegen"
)

// sixPool has gVisor stacks, plain and behind firewalls, and one whose link is
// too small for IPv6.
func sixPool() *pool.Pool {
	p := &pool.Pool{Name: "six"}
	for _, m := range []struct{ name, factor, value string }{
		{"plain", "ttl", "64"}, {"far", "ttl", "200"}, {"drop", "firewall", "drop"}, {"reject", "firewall", "reject"}, {"small", "mtu", "1000"},
	} {
		p.Machines = append(p.Machines, pool.Machine{Name: m.name, Backend: "netstack", Image: "gvisor", Factors: map[string]string{m.factor: m.value},
			Ports: pool.Ports{Open: 22, Closed: 1, UDP: 40125}})
	}
	return p
}

func nmap6Set(t testing.TB) *probegen.Set {
	t.Helper()
	s, err := probegen.Generate("nmap6", probegen.Config{Seed: 2})
	require.NoError(t, err)
	return s
}

func sixConfig(t testing.TB, dir string) Config {
	return Config{Dir: dir, Pool: sixPool(), Backends: map[string]pool.Backend{"netstack": netstack.Backend{}}, Seed: 4, files: quickDisk(),
		Plans: []Plan{{Name: "nmap6", Set: nmap6Set(t)}}}
}

// exchanges reads a machine's part of a plan.
func exchanges(t testing.TB, dir, plan, machine string) []datasets.Exchange {
	t.Helper()
	f, err := datasets.OpenObservations(datasets.ObservationPath(dir, plan, machine))
	require.NoError(t, err)
	defer f.Close()
	var all []datasets.Exchange
	for g := range f.Groups() {
		x, err := f.Read(g, new(datasets.Interner))
		require.NoError(t, err)
		all = append(all, x...)
	}
	return all
}

// answerTo describes an answer by what gopacket reads of it.
func answerTo(t testing.TB, a datasets.Answer) string {
	t.Helper()
	p := gopacket.NewPacket(a.Bytes, layers.LayerTypeIPv6, gopacket.NoCopy)
	ip, ok := p.NetworkLayer().(*layers.IPv6)
	require.True(t, ok)
	require.Equal(t, pool.Machine6.AsSlice(), []byte(ip.SrcIP))
	require.True(t, pool.Prober6.Contains(netip.AddrFrom16([16]byte(ip.DstIP))))
	if icmp, ok := p.Layer(layers.LayerTypeICMPv6).(*layers.ICMPv6); ok {
		require.Equal(t, datasets.KindICMP, a.Kind)
		return icmp.TypeCode.String()
	}
	tcp, ok := p.TransportLayer().(*layers.TCP)
	require.True(t, ok)
	require.Equal(t, datasets.KindTCP, a.Kind)
	switch {
	case tcp.SYN && tcp.ACK:
		return "SYN-ACK"
	case tcp.RST && tcp.ACK:
		return "RST-ACK"
	case tcp.RST:
		return "RST"
	}
	return "TCP"
}

// TestNmap6OverIPv6: what a gVisor stack and its firewalls answer to each of
// Nmap's probes, by gopacket 1.1.19; they are those of RFC 9293, section 3.10.7,
// RFC 4443, RFC 4861, and for IE2 of RFC 8200, section 4.
func TestNmap6OverIPv6(t *testing.T) {
	cfg := sixConfig(t, t.TempDir())
	report, err := Collect(context.Background(), cfg)
	require.NoError(t, err)
	const port, order, found = "DestinationUnreachable(PortUnreachable)", "ParameterProblem(UnrecognizedNextHeader)", "NeighborAdvertisement"
	syn := []string{"SYN-ACK", "SYN-ACK", "SYN-ACK", "SYN-ACK", "SYN-ACK", "SYN-ACK"}
	rest := map[string][]string{
		"plain":  {"EchoReply(Code: 9)", order, found, port, "SYN-ACK", "", "SYN-ACK", "RST", "RST-ACK", "RST", "RST-ACK"},
		"drop":   {"", "", found, "", "SYN-ACK", "", "", "", "", "", ""},
		"reject": {port, port, found, port, "SYN-ACK", port, port, port, port, port, port},
	}
	rest["far"] = rest["plain"]
	for machine, want := range rest {
		want = append(syn[:6:6], want...)
		for i, x := range exchanges(t, cfg.Dir, "nmap6", machine) {
			require.EqualValues(t, i/3, x.Probe)
			require.EqualValues(t, 1_000_000+100_000*int64(17*(i%3)+i/3), x.Sent, "sent in order, 100 ms apart")
			have := ""
			if len(x.Answers) > 0 {
				have = answerTo(t, x.Answers[0])
				require.GreaterOrEqual(t, x.Answers[0].At, x.Sent)
				ttl, _ := x.First.Get(datasets.IPTTL)
				version, _ := x.First.Get(datasets.IPVersion)
				require.EqualValues(t, 6, version)
				switch {
				case have == found:
					require.EqualValues(t, 255, ttl)
				case machine == "far" && x.Answers[0].Kind == datasets.KindTCP:
					require.EqualValues(t, 200, ttl)
				default:
					require.EqualValues(t, map[bool]int{true: 200, false: 64}[machine == "far"], ttl)
				}
			}
			require.Equal(t, want[i/3], have, "%s %s", machine, cfg.Plans[0].Set.Probes[i/3].Name)
		}
	}
	require.Zero(t, report.Total.Unmatched)
	require.Zero(t, report.Total.Malformed)
	require.Zero(t, report.Total.Late)
}

// TestIPv6IsTheSameEachTime: for any number of workers and processors, and
// after an interruption.
func TestIPv6IsTheSameEachTime(t *testing.T) {
	cfg := sixConfig(t, t.TempDir())
	_, err := Collect(context.Background(), cfg)
	require.NoError(t, err)
	want := data(t, cfg.Dir)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	again := sixConfig(t, t.TempDir())
	ctx, stop := context.WithCancel(context.Background())
	again.Workers = 1
	again.Backends["netstack"] = stopping{netstack.Backend{}, stop}
	_, err = Collect(ctx, again)
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, len(data(t, again.Dir)), len(want))
	again.Backends["netstack"] = netstack.Backend{}
	_, err = Collect(context.Background(), again)
	require.NoError(t, err)
	requireSame(t, want, data(t, again.Dir))
}

// stopping ends the run when the second machine is opened.
type stopping struct {
	netstack.Backend
	stop func()
}

func (s stopping) Open(ctx context.Context, m *pool.Machine, n pool.Net, seed uint64) (pool.Link, error) {
	if m.Name == "far" {
		s.stop()
	}
	return s.Backend.Open(ctx, m, n, seed)
}

// TestMachinesWithoutIPv6HaveNoPart: in a plan of IPv6 alone that is no
// failure; in one of both versions the IPv6 probes are left out, and the others
// are sent when they are sent to all.
func TestMachinesWithoutIPv6HaveNoPart(t *testing.T) {
	cfg := sixConfig(t, t.TempDir())
	both := setOf([]probegen.Step{tcpStep(probegen.OpenTCP, probegen.SYN, 5)}, nil, []probegen.Step{tcpStep(probegen.ClosedTCP, probegen.SYN, 5)})
	both.Probes[1].Steps = nmap6Set(t).Probes[0].Steps
	cfg.Plans = append(cfg.Plans, Plan{Name: "both", Set: both, Repeats: 2, Order: Ordered})
	report, err := Collect(context.Background(), cfg)
	require.NoError(t, err)
	const why = "no IPv6: factor mtu=1000: IPv6 needs 1280"
	require.Equal(t, []string{
		"plan nmap6: 1 machines have no IPv6, they have no part in it: small",
		"plan both: 1 machines have no IPv6, its IPv6 probes were not sent to them and count as unanswered: small",
	}, report.Warnings)
	for _, m := range report.Machines {
		require.Empty(t, m.Error)
		require.Equal(t, m.Machine == "small" && m.Plan == "nmap6", m.Absent == why, "%+v", m)
	}
	manifest, err := datasets.ReadManifest(cfg.Dir)
	require.NoError(t, err)
	require.NotNil(t, manifest.Finished)
	require.Equal(t, why, manifest.Parts[4].Missing)

	small, plain := exchanges(t, cfg.Dir, "both", "small"), exchanges(t, cfg.Dir, "both", "plain")
	for i := range plain {
		require.Equal(t, plain[i].Sent, small[i].Sent)
		require.Equal(t, plain[i].Probe != 1, len(small[i].Answers) == 1)
		require.Len(t, plain[i].Answers, 1)
	}
	again, err := Collect(context.Background(), cfg)
	require.NoError(t, err)
	require.Equal(t, report.Machines, again.Machines)

	cfg.Dir, cfg.Pool, cfg.Backends = t.TempDir(), testPool(1), map[string]pool.Backend{"test": backend{}}
	report, err = Collect(context.Background(), cfg)
	require.NoError(t, err)
	require.Equal(t, "no IPv6: backend test has no IPv6", report.Machines[0].Absent)
}

// addressing notes what machines are started with.
type addressing struct {
	netstack.Backend
	seen map[string]pool.Net
}

func (a addressing) Open(ctx context.Context, m *pool.Machine, n pool.Net, seed uint64) (pool.Link, error) {
	a.seen[m.Name] = n
	return a.Backend.Open(ctx, m, n, seed)
}

// TestOnlyIPv6PlansStartIPv6: a stack that draws random numbers for IPv6 must
// answer over IPv4 as one that never had it.
func TestOnlyIPv6PlansStartIPv6(t *testing.T) {
	for _, c := range []struct {
		set  *probegen.Set
		want netip.Addr
	}{{nmap6Set(t), pool.Machine6}, {randomSet(t, 3), netip.Addr{}}} {
		cfg := sixConfig(t, t.TempDir())
		seen := addressing{seen: map[string]pool.Net{}}
		cfg.Workers, cfg.Backends["netstack"], cfg.Plans[0].Set = 1, seen, c.set
		_, err := Collect(context.Background(), cfg)
		require.NoError(t, err)
		require.Equal(t, c.want, seen.seen["plain"].Machine6)
		require.Equal(t, c.want.IsValid(), seen.seen["plain"].Prober6.IsValid())
	}
}

// sixEngine is an engine that has sent all of a plan of both versions.
func sixEngine(t testing.TB, set *probegen.Set) *engine {
	t.Helper()
	plan := (&Plan{Name: "six", Set: set}).withDefaults()
	g, err := compile(&plan, 5, Block)
	require.NoError(t, err)
	_, err = layOut([]*program{g}, 5, Block)
	require.NoError(t, err)
	m := sixPool().Machines[0]
	link, err := netstack.Backend{}.Open(context.Background(), &m, g.pairs.net, 1)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, link.Close()) })
	e := newEngine(nil)
	require.NoError(t, e.reset(session{program: g, link: link, machine: &m}))
	require.NoError(t, e.run(context.Background()))
	return e
}

// TestIPv6GoesToTheMachineAlone: send refuses every other address, and a
// machine without IPv6 altogether.
func TestIPv6GoesToTheMachineAlone(t *testing.T) {
	e := sixEngine(t, nmap6Set(t))
	p := nmap6Set(t).Probes[0].Steps[0].Packet
	from := e.six.widen(e.pairs.source(0))
	for _, to := range []string{"2001:db8::2", "2001:4860:4860::8888", "ff02::1", "ff02::1:ff00:1", "::1", "2001:db8:1::c612:1"} {
		b, err := p.AppendTo(nil, from, netip.AddrPortFrom(netip.MustParseAddr(to), 22))
		require.NoError(t, err)
		err = e.send(b, sighting{kind: probeSent})
		require.ErrorIs(t, err, errTarget)
		require.ErrorContains(t, err, to)
	}
	b, err := p.AppendTo(nil, from, e.six.to[probegen.OpenTCP])
	require.NoError(t, err)
	require.NoError(t, e.send(b, sighting{kind: probeSent}))
	e.six = six{}
	require.ErrorIs(t, e.send(b, sighting{kind: probeSent}), errTarget)
}

// TestIPv6StrangersAreNotAnswers changes a good answer bit by bit.
func TestIPv6StrangersAreNotAnswers(t *testing.T) {
	e := sixEngine(t, nmap6Set(t))
	for probe, name := range map[uint32]string{0: "S1", 6: "IE1", 8: "NS", 9: "U1"} {
		r := &e.tape.copies[probe*3+2]
		require.NotZero(t, r.answers, name)
		good := e.tape.of(&e.tape.answers[r.first-1])
		match := func(b []byte) (origin, uint32) {
			p, ok := e.parse(b)
			require.True(t, ok)
			return e.match(&p)
		}
		what, c := match(good)
		require.Equal(t, toCopy, what, name)
		require.Equal(t, probe*3+2, c, name)
		for at, is := range map[int]string{8: "machine's network", 23: "machine", 24: "prober's network", 39: "prober", 6: "protocol"} {
			b := append([]byte(nil), good...)
			b[at] ^= 0x10
			if name == "U1" && is != "protocol" {
				continue // any router may send an error, which goes by what it quotes
			}
			what, _ := match(b)
			require.Equal(t, stray, what, "%s: another %s", name, is)
		}
		four := append([]byte(nil), good...)
		for i := range four[24:40] {
			four[24+i] = 0
		}
		if name != "U1" {
			what, _ = match(four)
			require.Equal(t, stray, what, "%s: to nobody", name)
		}
	}
}

// FuzzIPv6Answers: nothing that a machine sends over IPv6 stops the engine,
// makes it send to others, or reads past the end.
func FuzzIPv6Answers(f *testing.F) {
	seeds := sixEngine(f, nmap6Set(f))
	for i := range seeds.tape.answers {
		f.Add(append([]byte(nil), seeds.tape.of(&seeds.tape.answers[i])...))
	}
	e := sixEngine(f, nmap6Set(f))
	d := Decoder{Texts: new(datasets.Interner)}
	stimulus, err := nmap6Set(f).Probes[9].Steps[0].Packet.AppendTo(nil, e.six.widen(e.pairs.source(0)), e.six.to[probegen.ClosedUDP])
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 40 {
			b[0] = 6<<4 | b[0]&15
		}
		if err := e.accept(b, e.now); err != nil && !errors.Is(err, errTapeFull) {
			t.Fatal(err)
		}
		var o datasets.Observation
		d.Decode(&o, b, stimulus)
		KindOf(b)
		if p, ok := parseIPv6(b); ok {
			var ip layers.IPv6
			if ip.DecodeFromBytes(b, gopacket.NilDecodeFeedback) != nil {
				return
			}
			ttl, _ := o.Get(datasets.IPTTL)
			class, _ := o.Get(datasets.IPTOS)
			require.Equal(t, []int{int(ip.HopLimit), int(ip.TrafficClass)}, []int{int(ttl), int(class)})
			require.LessOrEqual(t, len(p.body), len(p.packet)-40)
		}
	})
}
