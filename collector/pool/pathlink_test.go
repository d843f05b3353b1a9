package pool

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func silent([]byte) [][]byte { return nil }

// numbered is a packet that no rewriting touches and that says its number.
func numbered(i int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(i)) }

func number(p []byte) int { return int(binary.BigEndian.Uint32(p)) }

func TestDelay(t *testing.T) {
	l := &script{answer: echo, delay: 5}
	w := wrap(t, l, map[string]string{"path.delay_us": "100"})
	buf := make([]byte, MaxPacket)
	require.NoError(t, w.Send(numbered(1)))
	require.Empty(t, l.sent, "it is on its way")
	_, _, ok, err := w.Receive(buf, 50)
	require.NoError(t, err)
	require.False(t, ok)
	require.EqualValues(t, 50, w.Now())
	require.NoError(t, w.Send(numbered(2)))

	n, at, ok, err := w.Receive(buf, 1000)
	require.NoError(t, err)
	require.True(t, ok)
	require.EqualValues(t, 100+5+100, at)
	require.Equal(t, at, w.Now(), "the clock shows when it came")
	require.Equal(t, 1, number(buf[:n]))
	require.EqualValues(t, []int64{100, 150}, []int64{l.sent[0].due, l.sent[1].due})

	_, _, ok, _ = w.Receive(buf, 254)
	require.False(t, ok, "not before it is due")
	_, at, ok, _ = w.Receive(buf, 255)
	require.True(t, ok, "at its time")
	require.EqualValues(t, 255, at)
	_, _, ok, _ = w.Receive(buf, 1000)
	require.False(t, ok)
	require.EqualValues(t, 1000, w.Now())
}

// TestCertainSilence holds the link to a naive simulation: whatever the steps
// in which one listens, the same packets come at the same times.
func TestCertainSilence(t *testing.T) {
	factors := map[string]string{"path.delay_us": "700", "path.jitter_us": "900", "path.loss": "0.1", "path.reorder": "0.2"}
	run := func(step int64) (log []string) {
		l := &script{answer: func(p []byte) [][]byte { return [][]byte{bytes.Clone(p), append(bytes.Clone(p), 2)} }, delay: 333}
		w := wrap(t, l, factors)
		buf := make([]byte, MaxPacket)
		last := int64(0)
		for i := range 500 {
			require.NoError(t, w.Send(numbered(i)))
			for end := int64(i+1) * 1000; w.Now() < end; {
				until := min(end, w.Now()+step)
				n, at, ok, err := w.Receive(buf, until)
				require.NoError(t, err)
				if !ok {
					require.Equal(t, until, w.Now())
					continue
				}
				require.GreaterOrEqual(t, at, last, "time does not run backwards")
				require.LessOrEqual(t, at, until)
				last = at
				log = append(log, fmt.Sprintf("%d %x", at, buf[:n]))
			}
		}
		return log
	}
	want := run(1000)
	require.Greater(t, len(want), 700)
	require.Less(t, len(want), 900, "0.9² of 1000 come through")
	for _, step := range []int64{1, 7, 250, 999} {
		require.Equal(t, want, run(step), "steps of %d µs", step)
	}
}

func TestOrder(t *testing.T) {
	for _, c := range []struct {
		factors map[string]string
		least   int // overtakings among 2000 packets
		most    int
	}{
		{map[string]string{"path.jitter_us": "5000"}, 0, 0},
		{map[string]string{"path.delay_us": "3000", "path.loss": "0.5"}, 0, 0},
		{map[string]string{"path.reorder": "0.1"}, 150, 250},
	} {
		l := &script{answer: silent}
		w := wrap(t, l, c.factors)
		buf := make([]byte, MaxPacket)
		for i := range 2000 {
			require.NoError(t, w.Send(numbered(i)))
			_, _, _, err := w.Receive(buf, int64(i+1)*600)
			require.NoError(t, err)
		}
		_, _, _, err := w.Receive(buf, 10_000_000)
		require.NoError(t, err)
		overtaken := 0
		for i := 1; i < len(l.sent); i++ {
			if number(l.sent[i].data) < number(l.sent[i-1].data) {
				overtaken++
			}
		}
		require.GreaterOrEqual(t, overtaken, c.least, "%v", c.factors)
		require.LessOrEqual(t, overtaken, c.most, "%v", c.factors)
	}
}

// TestReorderLosesNothing also shows that packets which follow a held one are
// delivered while it is held.
func TestReorderLosesNothing(t *testing.T) {
	l := &script{answer: echo, delay: 1}
	w := wrap(t, l, map[string]string{"path.reorder": "0.5"})
	buf := make([]byte, MaxPacket)
	seen := map[int]bool{}
	for i := range 300 {
		require.NoError(t, w.Send(numbered(i)))
		for {
			n, _, ok, err := w.Receive(buf, int64(i+1)*100)
			require.NoError(t, err)
			if !ok {
				break
			}
			seen[number(buf[:n])] = true
		}
	}
	for {
		n, _, ok, err := w.Receive(buf, 100_000)
		require.NoError(t, err)
		if !ok {
			break
		}
		seen[number(buf[:n])] = true
	}
	require.Len(t, seen, 300)
}

func TestLossAndSeeds(t *testing.T) {
	count := func(seed uint64) (arrived []int) {
		l := &script{answer: silent}
		w, err := Wrap(l, map[string]string{"path.loss": "0.25"}, seed)
		require.NoError(t, err)
		for i := range 10_000 {
			require.NoError(t, w.Send(numbered(i)))
		}
		for _, p := range l.sent {
			arrived = append(arrived, number(p.data))
		}
		return arrived
	}
	one := count(1)
	require.InDelta(t, 7500, len(one), 4*43.4, "four standard deviations of a binomial")
	require.Equal(t, one, count(1))
	require.NotEqual(t, one, count(2))
}

// late is a link whose clock, like a real one, has run on past packets that
// wait to be received.
type late struct{ script }

func (l *late) Receive(buf []byte, until int64) (int, int64, bool, error) {
	now := l.now
	n, at, ok, err := l.script.Receive(buf, until)
	l.now = max(l.now, now)
	return n, at, ok, err
}

func TestRealClock(t *testing.T) {
	l := &late{script{answer: echo, real: true}}
	w := wrap(t, l, map[string]string{"path.delay_us": "10"})
	require.Equal(t, Timeout, w.Silence())
	buf := make([]byte, MaxPacket)
	for i := range 3 {
		require.NoError(t, w.Send(numbered(i)))
		l.now += 100 // the caller was slow
	}
	var got []int
	for {
		n, at, ok, err := w.Receive(buf, 1000)
		require.NoError(t, err)
		if !ok {
			break
		}
		require.LessOrEqual(t, at, int64(1000))
		got = append(got, number(buf[:n]))
	}
	require.Equal(t, []int{0, 1, 2}, got)
	require.GreaterOrEqual(t, w.Now(), int64(1000))
}

func BenchmarkPathLink(b *testing.B) {
	p := segment(b, 1, true, 64, mss(1460), timestamps)
	answers := [][]byte{segment(b, 1, true, 64, mss(1460), timestamps)}
	for name, factors := range map[string]map[string]string{
		"rewrite": {"path.hops": "3", "path.mss": "1000", "path.strip": "timestamps"},
		"delay":   {"path.delay_us": "3000", "path.jitter_us": "500", "path.loss": "1e-6"},
	} {
		b.Run(name, func(b *testing.B) {
			w := wrap(b, &steady{answer: answers[0]}, factors)
			buf := make([]byte, MaxPacket)
			b.ReportAllocs()
			for b.Loop() {
				exchange(w, p, buf)
			}
		})
	}
}

// TestSteadyStateAllocatesNothing holds what the benchmark shows.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	p := segment(t, 1, true, 64, mss(1460), timestamps)
	w := wrap(t, &steady{answer: segment(t, 2, true, 64)}, map[string]string{"path.hops": "3", "path.delay_us": "3000", "path.jitter_us": "500", "path.reorder": "0.1", "path.strip": "timestamps"})
	buf := make([]byte, MaxPacket)
	for range 1000 {
		exchange(w, p, buf)
	}
	require.Zero(t, testing.AllocsPerRun(1000, func() { exchange(w, p, buf) }))
}

func exchange(w Link, p, buf []byte) {
	if err := w.Send(p); err != nil {
		panic(err)
	}
	until := w.Now() + 1000
	for {
		_, _, ok, err := w.Receive(buf, until)
		if err != nil {
			panic(err)
		}
		if !ok {
			return
		}
	}
}

// steady answers at once and allocates nothing.
type steady struct {
	now    int64
	owed   int
	answer []byte
}

func (s *steady) Now() int64        { return s.now }
func (s *steady) Send([]byte) error { s.owed++; return nil }
func (s *steady) Silence() Silence  { return Certain }
func (s *steady) Close() error      { return nil }
func (s *steady) Receive(buf []byte, until int64) (int, int64, bool, error) {
	if s.owed > 0 && s.now <= until {
		s.owed--
		return copy(buf, s.answer), s.now, true, nil
	}
	s.now = max(s.now, until)
	return 0, until, false, nil
}
