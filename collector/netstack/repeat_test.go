package netstack

import (
	"context"
	"net/netip"
	"os"
	"regexp"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"

	"tickle/collector/pool"
	"tickle/probegen"
)

func openSeed(t testing.TB, seed uint64, factors map[string]string) *link {
	l, err := Backend{}.Open(context.Background(), testMachine(factors), testNet, seed)
	require.NoError(t, err)
	return l.(*link)
}

func TestRepeats(t *testing.T) {
	count := 5000
	if testing.Short() { // the race detector's turn
		count = 500
	}
	packets := randomSegments(t, count)
	for _, factors := range []map[string]string{nil, {"firewall": "reject"}, {"app.backlog": "1"}} {
		var want [32]byte
		for i, procs := range []int{1, 2, 2, 1} {
			old := runtime.GOMAXPROCS(procs)
			l := openSeed(t, 9, factors)
			sum, n := digest(t, l, packets)
			require.NoError(t, l.Close())
			runtime.GOMAXPROCS(old)
			require.Greater(t, n, count/5)
			if i == 0 {
				want = sum
			}
			require.Equal(t, want, sum, "run %d, GOMAXPROCS %d, %v", i, procs, factors)
		}
		l := openSeed(t, 10, factors)
		other, _ := digest(t, l, packets)
		require.NoError(t, l.Close())
		require.NotEqual(t, want, other, "another seed")
	}
}

// Half-open connections that nobody tears down bring timers and SYN cookies.
func TestRepeatsWithoutTeardown(t *testing.T) {
	packets := randomSegments(t, 2000)
	var want []int64
	for i, procs := range []int{1, 2} {
		old := runtime.GOMAXPROCS(procs)
		l := openSeed(t, 9, map[string]string{"app.backlog": "16"})
		var got []int64
		late := 0 // answers that a timer sent
		buf := make([]byte, pool.MaxPacket)
		for _, packet := range packets {
			require.NoError(t, l.Send(packet))
			for until := l.Now() + 10_000; ; {
				n, at, ok, err := l.Receive(buf, until)
				require.NoError(t, err)
				if !ok {
					break
				}
				got = append(got, at, int64(checksum(buf[:n], 0)), int64(n))
				if at != until-10_000 {
					late++
				}
			}
		}
		require.NotZero(t, l.host.stack.Stats().TCP.ListenOverflowSynCookieSent.Value())
		require.Greater(t, late, 50)
		require.NoError(t, l.Close())
		runtime.GOMAXPROCS(old)
		if i == 0 {
			want = got
		}
		require.Equal(t, want, got)
	}
}

func TestCloseLeaksNothing(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	links := make([]*link, 50)
	for i := range links {
		factors := map[string]string{"firewall": []string{"none", "drop", "reject"}[i/3%3]}
		links[i] = openSeed(t, uint64(i), factors)
	}
	for i, l := range links { // left in FIN_WAIT_1, FIN_WAIT_2 and TIME_WAIT, beside a half-open and an open one
		syn := tcpOf(t, one(t, l, segment{flags: "S", seq: 10, window: 1000}.bytes(t)))
		got := ask(t, l, segment{flags: "A", seq: 11, ack: syn.Seq + 1, window: 1000, payload: []byte{probegen.AppClose}}.bytes(t))
		require.Len(t, got, 2)
		require.True(t, tcpOf(t, got[1]).FIN)
		if i%3 > 0 {
			require.Empty(t, ask(t, l, segment{flags: "A", seq: 12, ack: syn.Seq + 2, window: 1000}.bytes(t)))
		}
		if i%3 > 1 {
			one(t, l, segment{flags: "FA", seq: 12, ack: syn.Seq + 2, window: 1000}.bytes(t))
		}
		open := tcpOf(t, one(t, l, segment{flags: "S", sport: 40002, window: 1000}.bytes(t)))
		require.Empty(t, ask(t, l, segment{flags: "A", sport: 40002, seq: 1, ack: open.Seq + 1, window: 1000}.bytes(t)))
		one(t, l, segment{flags: "S", sport: 40001}.bytes(t))
	}
	for _, l := range links {
		require.NoError(t, l.Close())
		require.NoError(t, l.Close())
		require.ErrorIs(t, l.Send([]byte{0x45}), pool.ErrClosed)
		_, _, _, err := l.Receive(make([]byte, pool.MaxPacket), 1<<40)
		require.ErrorIs(t, err, pool.ErrClosed)
	}
}

// A stack whose listener is locked for ever never comes to rest.
func TestLostFence(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	l := openSeed(t, 1, nil)
	l.patience = 50 * time.Millisecond
	listener := l.host.listeners[0].(*tcp.Endpoint)
	listener.StopWork()
	require.ErrorContains(t, l.Send(segment{flags: "S"}.bytes(t)), "did not come to rest within 50ms")
	require.Error(t, l.Send(segment{flags: "S"}.bytes(t)), "a link that has failed stays so")
	listener.ResumeWork()
	l.patience = patience
	require.NoError(t, l.Close())
}

func TestOpenErrors(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Backend{}.Open(ctx, testMachine(nil), testNet, 1)
	require.ErrorIs(t, err, context.Canceled)
	_, err = Backend{}.Open(context.Background(), testMachine(map[string]string{"ttl": "999"}), testNet, 1)
	require.EqualError(t, err, `machine m: factor ttl: "999": expected a whole number from 1 to 255`)
	six := pool.Net{Machine: netip.MustParseAddr("2001:db8::1"), Prober: netip.MustParsePrefix("2001:db8:1::/64")}
	_, err = Backend{}.Open(context.Background(), testMachine(nil), six, 1)
	require.EqualError(t, err, "machine m: addresses 2001:db8::1 and 2001:db8:1::/64: expected IPv4")
}

func TestVersion(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	line := regexp.MustCompile(`(?m)^\s*` + regexp.QuoteMeta(modulePath) + ` (\S+)$`).FindSubmatch(mod)
	require.NotNil(t, line)
	require.Equal(t, string(line[1]), moduleVersion)
	require.Equal(t, "gVisor netstack "+moduleVersion, Backend{}.Stack(nil))
	require.Equal(t, "netstack", Backend{}.Name())
	require.False(t, Backend{}.Modelled())
}

// What mayQueue calls done must not have gone to a TCP endpoint.
func FuzzSend(f *testing.F) {
	f.Add(echo(f))
	f.Add(datagram(f))
	for _, packet := range randomSegments(f, 20) {
		f.Add(packet)
	}
	fragment := segment{flags: "S"}.bytes(f)
	fragment[6] |= 0x20
	f.Add(fragment)
	f.Add(fragment[:30])
	f.Fuzz(func(t *testing.T, packet []byte) {
		l := openSeed(t, 1, nil)
		defer l.Close()
		buf := make([]byte, pool.MaxPacket)
		for range 2 { // as it is, and with its checksums mended
			seen := l.host.stack.Stats().TCP.ValidSegmentsReceived.Value()
			if err := l.Send(packet); err != nil {
				require.True(t, len(packet) == 0 || len(packet) > pool.MaxPacket, "%v", err)
				return
			}
			if l.host.stack.Stats().TCP.ValidSegmentsReceived.Value() != seen {
				require.True(t, mayQueue(packet, l.host.port), "%x", packet)
			}
			for {
				n, _, ok, err := l.Receive(buf, l.Now()+1000)
				require.NoError(t, err)
				if !ok {
					break
				}
				to, _ := netip.AddrFromSlice(buf[16:20])
				require.True(t, n >= 20 && testNet.Prober.Contains(to), "%x", buf[:n])
			}
			if len(packet) < 40 || packet[0] != 0x45 {
				return
			}
			packet = mend(packet)
		}
	})
}

// mend gives a copy of a TCP packet with right lengths, addresses and checksums.
func mend(packet []byte) []byte {
	p := append([]byte(nil), packet...)
	p[2], p[3] = byte(len(p)>>8), byte(len(p))
	p[9] = 6
	copy(p[12:], []byte{198, 18, 0, 1, 192, 0, 2, 1})
	p[10], p[11], p[36], p[37] = 0, 0, 0, 0
	sum := checksum(p[:20], 0)
	p[10], p[11] = byte(sum>>8), byte(sum)
	sum = checksum(p[20:], pseudo(p))
	p[36], p[37] = byte(sum>>8), byte(sum)
	return p
}
