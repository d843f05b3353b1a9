package collector

import (
	"bytes"
	"context"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/pool"
	"tickle/probegen"
)

// bench runs one plan over one link without any files.
type bench struct {
	*engine
	link  *virtualLink
	stack *stack
}

type setup struct {
	plan     Plan
	backend  backend
	source   SourcePort
	deadline int64
	rate     float64
}

// start makes an engine ready to run s.
func start(t testing.TB, s setup) *bench {
	t.Helper()
	s.plan.Boots = 1 // the bench has one link
	plan := s.plan.withDefaults()
	plan.Name = "test"
	require.NoError(t, plan.Set.Check())
	g, err := compile(&plan, 5, s.source)
	require.NoError(t, err)
	_, err = layOut([]*program{g}, 5, s.source)
	require.NoError(t, err)
	m := testPool(1).Machines[0]
	m.Rate = s.rate
	link, err := s.backend.Open(context.Background(), &m, g.pairs.net, 11)
	require.NoError(t, err)
	b := &bench{engine: newEngine(nil), link: link.(*virtualLink)}
	b.stack = b.link.stack
	require.NoError(t, b.reset(session{program: g, link: link, machine: &m, deadline: s.deadline}))
	return b
}

// packets gives the answers that are kept of a copy.
func (b *bench) packets(c int) (packets [][]byte, at []int64) {
	for place := b.tape.copies[c].first; place != 0; place = b.tape.answers[place-1].next {
		a := &b.tape.answers[place-1]
		packets, at = append(packets, b.tape.of(a)), append(at, a.at)
	}
	return packets, at
}

// mixedSet has probes that draw answers of all kinds, and silence: every
// third one is silent.
func mixedSet(n int) *probegen.Set {
	var probes [][]probegen.Step
	for i := range uint32(n) {
		switch i % 6 {
		case 0:
			probes = append(probes, []probegen.Step{tcpStep(probegen.OpenTCP, probegen.SYN, i)})
		case 1:
			probes = append(probes, []probegen.Step{tcpStep(probegen.ClosedTCP, probegen.SYN, i)})
		case 2, 5:
			probes = append(probes, []probegen.Step{tcpStep(probegen.OpenTCP, probegen.FIN, i)})
		case 3:
			probes = append(probes, []probegen.Step{udpStep()})
		case 4:
			probes = append(probes, []probegen.Step{icmpStep(i)})
		}
	}
	return setOf(probes...)
}

// requireRightAnswers checks that each probe of mixedSet got its own answers.
func requireRightAnswers(t *testing.T, b *bench) (silent int) {
	t.Helper()
	for c := range b.tape.copies {
		i := uint32(c / b.g.repeats)
		got, _ := b.packets(c)
		if i%3 == 2 {
			require.Empty(t, got)
			continue
		}
		if len(got) == 0 {
			silent++
		}
		for _, packet := range got {
			switch i % 6 {
			case 0, 1:
				require.Equal(t, i+1, parseTCP(packet[20:]).ack)
			case 3:
				require.EqualValues(t, 3, packet[20])
			case 4:
				require.EqualValues(t, i, uint32(packet[24])<<24|uint32(packet[25])<<16|uint32(packet[26])<<8|uint32(packet[27]))
			}
		}
	}
	return silent
}

func TestEveryAnswerFindsItsCopy(t *testing.T) {
	for name, b := range map[string]backend{
		"at once":         {},
		"after 150 ms":    {mood: mood{delay: 150_000}},
		"real clock":      {timeouts: true, mood: mood{delay: 80}},
		"with overtaking": {timeouts: true, mood: mood{delay: 80}, jitter: 3000},
	} {
		t.Run(name, func(t *testing.T) {
			e := start(t, setup{plan: Plan{Set: mixedSet(600)}, backend: b})
			require.NoError(t, e.run(context.Background()))
			require.Zero(t, requireRightAnswers(t, e))
			require.Zero(t, e.counts.Unmatched+e.counts.Malformed+e.counts.Late+e.counts.FencesLost)
			require.EqualValues(t, 3600, e.counts.Exchanges)
			require.EqualValues(t, 2400, e.counts.Answered)
			require.Equal(t, e.counts.Answered+e.counts.Duplicates, e.counts.Answers)
			require.Empty(t, e.stack.conns, "half-open connections are left")
		})
	}
}

func TestVirtualScheduleIsThePlans(t *testing.T) {
	for name, c := range map[string]struct {
		plan Plan
		rate float64
		want int64
	}{
		"default":      {Plan{}, 0, DefaultPace},
		"plan":         {Plan{Pace: 250}, 0, 250},
		"machine":      {Plan{}, 100, 10_000},
		"fast machine": {Plan{}, 10_000, 100},
		"slow machine": {Plan{Pace: 250}, 100, 10_000},
		"slow plan":    {Plan{Pace: 250}, 10_000, 250},
		"ordered":      {Plan{Order: Ordered}, 0, DefaultSpacing},
		"ordered pace": {Plan{Order: Ordered, Pace: 807}, 0, 807}, // longer than an answer takes: echo requests are alike
	} {
		t.Run(name, func(t *testing.T) {
			c.plan.Set = mixedSet(20)
			e := start(t, setup{plan: c.plan, backend: backend{mood: mood{delay: 777}}, rate: c.rate})
			require.NoError(t, e.run(context.Background()))
			for i, copy := range e.g.order {
				require.Equal(t, int64(i)*c.want, e.tape.copies[copy].sent)
			}
			require.Zero(t, requireRightAnswers(t, e))
		})
	}
}

func TestLateAnswersAreCountedAndNotKept(t *testing.T) {
	set := setOf([]probegen.Step{tcpStep(probegen.ClosedTCP, probegen.SYN, 1)}, []probegen.Step{tcpStep(probegen.ClosedTCP, probegen.SYN, 2)})
	for delay, late := range map[int64]int64{499_000: 0, 500_000: 0, 500_001: 1} {
		e := start(t, setup{plan: Plan{Set: set, Repeats: 600}, backend: backend{mood: mood{delay: delay}}})
		require.NoError(t, e.run(context.Background()))
		if late == 0 {
			require.EqualValues(t, 1200, e.counts.Answered)
			require.Zero(t, e.counts.Late)
		} else {
			require.Zero(t, e.counts.Answered)
			require.Positive(t, e.counts.Late) // the last ones are not waited for
		}
	}
}

func TestDuplicatesBelongToTheirExchange(t *testing.T) {
	e := start(t, setup{plan: Plan{Set: mixedSet(12)}, backend: backend{mood: mood{duplicate: 1, delay: 10}}})
	require.NoError(t, e.run(context.Background()))
	require.Zero(t, requireRightAnswers(t, e))
	require.EqualValues(t, 48, e.counts.Duplicates)
	for c := range e.tape.copies {
		if got, at := e.packets(c); len(got) > 0 {
			require.Len(t, got, 2)
			require.Equal(t, []int64{10, 60}, []int64{at[0] - e.tape.copies[c].sent, at[1] - e.tape.copies[c].sent})
		}
	}
}

func TestNothingOfItsOwnMakingIsLostOnARealClock(t *testing.T) {
	e := start(t, setup{plan: Plan{Set: mixedSet(3000)}, backend: backend{timeouts: true, jitter: 5000, mood: mood{delay: 200}}})
	inFlight := 0
	e.link.onSend = func() { inFlight = max(inFlight, e.fences.inFlight) }
	require.NoError(t, e.run(context.Background()))
	require.Zero(t, requireRightAnswers(t, e))
	require.LessOrEqual(t, inFlight, maxWindow)
	require.Greater(t, inFlight, startWindow/2, "the window was not used")
	require.Less(t, e.counts.Fences, e.counts.Sent/8)
	// Silence holds no place: had every silent probe cost a deadline, the run
	// would have taken minutes.
	require.Less(t, e.now, int64(10_000_000))
}

func TestARealClockKeepsTheRate(t *testing.T) {
	e := start(t, setup{plan: Plan{Set: mixedSet(60)}, rate: 1000, backend: backend{timeouts: true, mood: mood{delay: 200}}})
	last := int64(-1)
	require.NoError(t, e.run(context.Background()))
	for _, c := range e.g.order {
		sent := e.tape.copies[c].sent
		require.True(t, last < 0 || sent-last >= 1000)
		last = sent
	}
	require.Zero(t, requireRightAnswers(t, e))
}

func TestFixedSourcePortIsOneExchangeAtATime(t *testing.T) {
	for _, timeouts := range []bool{false, true} {
		e := start(t, setup{plan: Plan{Set: mixedSet(60)}, source: Fixed, backend: backend{timeouts: timeouts, mood: mood{delay: 200, record: true}}})
		require.NoError(t, e.run(context.Background()))
		require.Zero(t, requireRightAnswers(t, e))
		require.EqualValues(t, 240, e.counts.Answered)
		for _, b := range e.stack.sent {
			p, _ := parseIPv4(b)
			require.Equal(t, e.g.pairs.base+1, p.src)
			if p.proto == probegen.ProtoTCP {
				require.EqualValues(t, fixedSource, parseTCP(p.body).src)
			}
		}
	}
}

func TestWhatGoesOutIsTheSameForEveryMachine(t *testing.T) {
	var want [][]byte
	for _, ports := range []pool.Ports{{Open: 22, Closed: 1, UDP: 40125}, {Open: 3389, Closed: 7, UDP: 9}} {
		e := start(t, setup{plan: Plan{Set: mixedSet(60)}, backend: backend{mood: mood{record: true}}})
		e.stack.ports = ports
		for c, p := range map[probegen.PortClass]uint16{probegen.OpenTCP: ports.Open, probegen.ClosedTCP: ports.Closed, probegen.ClosedUDP: ports.UDP} {
			e.to[c] = netip.AddrPortFrom(machineAddr, p)
		}
		require.NoError(t, e.run(context.Background()))
		for _, b := range e.stack.sent {
			p, _ := parseIPv4(b)
			switch p.proto {
			case probegen.ProtoTCP:
				clear(p.body[2:4])
				clear(p.body[16:18])
				if parseTCP(p.body).flags == probegen.RST {
					clear(p.body[4:8]) // learnt from the peer
				}
			case probegen.ProtoUDP:
				clear(p.body[2:4])
				clear(p.body[6:8])
			}
		}
		if want == nil {
			want = e.stack.sent
		}
		require.Equal(t, want, e.stack.sent)
	}
}

func TestSendRefusesAnyOtherDestination(t *testing.T) {
	for _, to := range []string{"192.0.2.2", "8.8.8.8", "127.0.0.1", "198.18.0.1"} {
		e := start(t, setup{plan: Plan{Set: mixedSet(6)}, backend: backend{mood: mood{record: true}}})
		e.to[probegen.OpenTCP] = netip.AddrPortFrom(netip.MustParseAddr(to), 22)
		err := e.run(context.Background())
		require.ErrorIs(t, err, errTarget)
		require.ErrorContains(t, err, to)
		for _, b := range e.stack.sent {
			require.Equal(t, []byte{192, 0, 2, 1}, b[16:20])
		}
	}
}

func TestStrangersAreNotAnswers(t *testing.T) {
	e := start(t, setup{plan: Plan{Set: mixedSet(6), Repeats: 1}, backend: backend{}})
	require.NoError(t, e.run(context.Background()))
	before := e.counts
	source := e.g.pairs.source(e.g.first)
	b, err := resetPacket.four.AppendRelative(nil, source, e.to[probegen.OpenTCP], probegen.Numbers{Seq: 9})
	require.NoError(t, err)
	p, _ := parseIPv4(b)
	good := tcpPacket(&p, 64, 0, 5, 6, probegen.ACK, nil)
	what := func(change func(b []byte)) origin {
		b := bytes.Clone(good)
		change(b)
		p, ok := parseIPv4(b)
		require.True(t, ok)
		o, _ := e.match(&p)
		return o
	}
	require.Equal(t, toCopy, what(func([]byte) {}))
	require.Equal(t, stray, what(func(b []byte) { b[15]++ }), "another source address")
	require.Equal(t, stray, what(func(b []byte) { b[16]++ }), "another destination")
	require.Equal(t, stray, what(func(b []byte) { b[21]++ }), "another source port")
	require.Equal(t, stray, what(func(b []byte) { b[22], b[23] = 0, 80 }), "a port below those in use")
	require.Equal(t, stray, what(func(b []byte) { b[9] = 17 }), "another protocol")
	require.Equal(t, stray, what(func(b []byte) { b[9] = 47 }), "a protocol that nothing is sent by")
	require.Equal(t, stray, what(func(b []byte) { b[7] = 3 }), "a later fragment")
	teardown := icmpPacket(&p, 3, 13, 0, b[:28])
	q, _ := parseIPv4(teardown)
	o, _ := e.match(&q)
	require.Equal(t, stray, o, "an error about a teardown is no answer to the probe")
	require.Equal(t, before, e.counts)
}

// A machine holds no more dialogues than its backlog or its application.
func TestMostAtOnce(t *testing.T) {
	for _, c := range []struct {
		backlog     string
		holds, want int
	}{
		{"", 0, 64}, {"", 768, 192}, {"", 2, 1},
		{"1", 768, 1}, {"16", 0, 8}, {"16", 768, 8}, {"4096", 768, 192}, {"4096", 0, 64},
	} {
		m := &pool.Machine{}
		if c.backlog != "" {
			m.Factors = map[string]string{"app.backlog": c.backlog}
		}
		require.Equal(t, c.want, mostAtOnce(m, c.holds), c)
	}
}
