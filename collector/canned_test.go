package collector

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/pool"
	"tickle/datasets"
	"tickle/probegen"
)

func TestSteadyStateAllocatesNothing(t *testing.T) {
	e := canned(t, 2000)
	run := func() {
		if err := e.again(); err != nil {
			t.Fatal(err)
		}
	}
	run()
	require.Zero(t, testing.AllocsPerRun(3, run))
}

// cannedLink answers a SYN by a SYN-ACK or RST at once, and nothing else.
type cannedLink struct {
	now int64
	out [64]byte
	n   int
}

func (l *cannedLink) Now() int64            { return l.now }
func (l *cannedLink) Silence() pool.Silence { return pool.Certain }
func (l *cannedLink) Close() error          { return nil }

func (l *cannedLink) Send(b []byte) error {
	if b[33]&probegen.RST != 0 || b[9] != probegen.ProtoTCP {
		return nil
	}
	o := l.out[:44]
	copy(o, []byte{0x45, 0, 0, 44, 0, 0, 0x40, 0, 64, 6})
	copy(o[12:], b[16:20])
	copy(o[16:], b[12:16])
	copy(o[20:], b[22:24])
	copy(o[22:], b[20:22])
	o[32], o[33] = 0x60, probegen.RST|probegen.ACK
	if b[33]&(probegen.SYN|probegen.ACK|probegen.RST|probegen.FIN) == probegen.SYN {
		o[33] = probegen.SYN | probegen.ACK
	}
	copy(o[40:], []byte{2, 4, 5, 180})
	l.n = len(o)
	return nil
}

func (l *cannedLink) Receive(buf []byte, until int64) (int, int64, bool, error) {
	if n := l.n; n > 0 {
		l.n = 0
		return copy(buf, l.out[:n]), l.now, true, nil
	}
	l.now = until
	return 0, 0, false, nil
}

// cannedEngine runs random probes over a cannedLink and decodes the answers.
type cannedEngine struct {
	*engine
	session     session
	transcriber transcriber
}

func canned(t testing.TB, probes int) *cannedEngine {
	plan := (&Plan{Name: "canned", Set: randomSet(t, probes)}).withDefaults()
	g, err := compile(&plan, 5, Block)
	require.NoError(t, err)
	_, err = layOut([]*program{g}, 5, Block)
	require.NoError(t, err)
	link := &cannedLink{}
	c := &cannedEngine{engine: newEngine(nil), session: session{program: g, link: link, machine: &testPool(1).Machines[0]}}
	c.transcriber.reset(g.repeats)
	return c
}

// again runs the whole plan, and decodes and summarises its answers.
func (c *cannedEngine) again() error {
	if err := c.reset(c.session); err != nil {
		return err
	}
	if err := c.run(context.Background()); err != nil {
		return err
	}
	t := &c.transcriber
	for probe := range c.g.probes {
		if probe%fetchProbes == 0 {
			t.fetch(c.engine, probe)
		}
		for repeat := range c.g.repeats {
			if err := t.observe(c.engine, uint32(probe*c.g.repeats+repeat), repeat); err != nil {
				return err
			}
		}
		datasets.Summarize(&t.summary, t.obs, t.answered)
	}
	return nil
}

// BenchmarkExchange takes exchanges from probe to summary over a link that
// costs next to nothing. One operation is the whole of a machine's part of
// the paper's plan, 50,000 probes × 6.
func BenchmarkExchange(b *testing.B) {
	e := canned(b, 50_000)
	if err := e.again(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if err := e.again(); err != nil {
			b.Fatal(err)
		}
	}
	exchanges := float64(b.N * e.g.copies())
	b.ReportMetric(exchanges/b.Elapsed().Seconds(), "exchanges/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/exchanges, "ns/exchange")
}
