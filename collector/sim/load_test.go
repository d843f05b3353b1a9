package sim

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// erlangB is the share of arrivals that find all of n servers busy when their
// offered load is a (A. K. Erlang, 1917); it holds for any distribution of
// service times, and so for one that is constant.
func erlangB(n int, a float64) float64 {
	b := 1.0
	for k := 1; k <= n; k++ {
		b = a * b / (float64(k) + a*b)
	}
	return b
}

// TestLoad: the queue is full as often as Erlang's formula says. The prober's
// SYNs, each torn down, find it as arrivals of the load do.
func TestLoad(t *testing.T) {
	const life, syns = 63, 10_000 // 1+2+4+8+16+32 s on Linux
	want := erlangB(10, 8)
	require.InDelta(t, 0.1217, want, 1e-4, "from published tables")
	for _, c := range []struct {
		personality string
		settings    []string
		plain       float64 // share of SYNs that draw a SYN-ACK with all options
		silent      float64
	}{
		{"linux-5.10", []string{"app.backlog=10", "load.syn=0.126984"}, 1 - want, 0},
		{"linux-5.10", []string{"app.backlog=10", "load.syn=0.126984", "sysctl.tcp_syncookies=0"}, 1 - want, want},
		{"linux-5.10", []string{"app.backlog=10", "load.syn=0"}, 1, 0},
		{"freebsd-14", []string{"load.syn=0.126984"}, 1, 0},
		{"solaris-11", []string{"load.syn=1000", "sysctl.tcp_conn_req_max_q0=10"}, 1, 0},
	} {
		h := start(t, c.personality, c.settings...)
		var plain, silent float64
		for i := range syns {
			p := probe{seq: 1, flags: flagSYN, options: "020405b40402010103030a01", sport: uint16(2000 + i)}
			h.send(h.bytes(p))
			if a := h.next(ms); a == nil {
				silent++
			} else if text := optionText(tcpOf(a)); text != "M1460" {
				plain++
			}
			p.seq, p.flags = 2, flagRST
			h.send(h.bytes(p))
			require.Nil(t, h.next(10*sec))
		}
		require.InDelta(t, c.plain, plain/syns, 0.02, "%s %v", c.personality, c.settings)
		require.InDelta(t, c.silent, silent/syns, 0.02, "%s %v", c.personality, c.settings)
	}
	require.Equal(t, int64(life*sec), start(t, "linux-5.10").link.(*stack).patience())
}

// TestCoarseClock: NetBSD's timestamps begin at one with each connection and
// tick twice a second, so that all first SYN-ACKs look alike.
func TestCoarseClock(t *testing.T) {
	h := start(t, "netbsd-9")
	for range 6 {
		p := probe{seq: 1, flags: flagSYN, options: s1, sport: 7}
		h.send(h.bytes(p))
		require.Equal(t, uint32(1), stamps(tcpOf(h.next(ms)))[0])
		require.Equal(t, uint32(7), stamps(tcpOf(h.next(4 * sec)))[0], "sent again after 3 s")
		p.seq, p.flags = 2, flagRST
		h.send(h.bytes(p))
		require.Nil(t, h.next(777*ms))
	}
}
