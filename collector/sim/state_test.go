package sim

import (
	"fmt"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"
)

func tcpOf(p gopacket.Packet) *layers.TCP { return p.Layer(layers.LayerTypeTCP).(*layers.TCP) }

// TestRetransmission: times in tenths of a second between SYN-ACKs, by each
// system's documented schedule; silence after.
func TestRetransmission(t *testing.T) {
	for _, c := range []struct {
		personality string
		gaps        []int64
	}{
		{"linux-5.10", []int64{10, 20, 40, 80, 160}}, // tcp_synack_retries 5, 1 s
		{"linux-2.6.32", []int64{30, 60, 120, 240, 480}},
		{"freebsd-9", []int64{30, 60, 120}}, // Cron-OS
		{"freebsd-13", []int64{10, 20, 40}},
		{"openbsd-6", []int64{30, 60, 120, 240}},
		{"windows-7", []int64{30, 60}},
		{"windows-10", []int64{10, 20, 40}},
	} {
		t.Run(c.personality, func(t *testing.T) {
			h := start(t, c.personality)
			h.send(h.bytes(probe{seq: 1, flags: flagSYN}))
			first := tcpOf(h.next(ms))
			last := h.link.Now()
			var gaps []int64
			for {
				a := h.next(200 * sec)
				if a == nil {
					break
				}
				require.Equal(t, first.Seq, tcpOf(a).Seq)
				gaps = append(gaps, (h.link.Now()-last+50*ms)/(100*ms))
				last = h.link.Now()
			}
			require.Len(t, gaps, len(c.gaps))
			for i := range gaps {
				require.InDelta(t, c.gaps[i], gaps[i], 2) // old Linux looks every 200 ms
			}
			// The connection is forgotten: an ACK now draws a RST.
			require.Contains(t, h.ask(probe{sport: h.port, seq: 2, ack: first.Seq + 1, flags: flagACK}), resetFlags(c.personality))
		})
	}
}

// resetFlags are the flags of what refuses an ACK to an open port without a
// connection: pf, where OpenBSD has it on, or TCP.
func resetFlags(personality string) string {
	if findPersonality(personality).pf {
		return "F=AR"
	}
	return "F=R"
}

func TestRetransmissionStops(t *testing.T) {
	for _, name := range Personalities() {
		for _, end := range []uint8{flagRST, flagACK} {
			h := start(t, name)
			h.send(h.bytes(probe{seq: 1, flags: flagSYN}))
			a := tcpOf(h.next(ms))
			h.send(h.bytes(probe{sport: h.port, seq: 2, ack: a.Seq + 1, flags: end}))
			require.Nil(t, h.next(300*sec), "%s after %#x", name, end)
		}
	}
}

// TestConnection: handshake, data, an old segment, FIN; the application's FIN
// comes after, is repeated while unanswered, and ends with an ACK.
func TestConnection(t *testing.T) {
	for _, name := range Personalities() {
		t.Run(name, func(t *testing.T) {
			h := start(t, name)
			h.send(h.bytes(probe{seq: 1, flags: flagSYN}))
			iss := tcpOf(h.next(ms)).Seq
			p := probe{sport: h.port, seq: 2, ack: iss + 1, flags: flagACK}
			require.Empty(t, h.ask(p))
			p.payload, p.flags = "hello", flagACK|flagPSH
			h.send(h.bytes(p))
			a := tcpOf(h.next(ms))
			require.Equal(t, [2]uint32{iss + 1, 7}, [2]uint32{a.Seq, a.Ack})
			h.send(h.bytes(p)) // again: outside the window, and what is acknowledged stays
			a = tcpOf(h.next(ms))
			require.Equal(t, [2]uint32{iss + 1, 7}, [2]uint32{a.Seq, a.Ack})
			p.seq, p.payload, p.flags = 7, "", flagACK|flagFIN
			h.send(h.bytes(p))
			a = tcpOf(h.next(ms))
			require.Equal(t, uint32(8), a.Ack)
			require.False(t, a.FIN)
			for range 3 {
				a = tcpOf(h.next(10 * sec))
				require.True(t, a.FIN)
				require.Equal(t, iss+1, a.Seq)
			}
			p.seq, p.ack, p.flags = 8, iss+2, flagACK
			require.Empty(t, h.ask(p))
			require.Nil(t, h.next(600*sec))
			require.Contains(t, h.ask(p), resetFlags(name))
		})
	}
}

// TestChallenge: RFC 5961 where it is, the RFC 793 rules where it is not.
func TestChallenge(t *testing.T) {
	for name, want := range map[string]string{"linux-2.6.32": "", "linux-5.10": "F=A", "windows-xp": "", "freebsd-13": "F=A"} {
		h := start(t, name)
		h.send(h.bytes(probe{seq: 1, flags: flagSYN}))
		iss := tcpOf(h.next(ms)).Seq
		p := probe{sport: h.port, seq: 2, ack: iss + 1, flags: flagACK}
		require.Empty(t, h.ask(p))
		p.seq, p.flags = 12, flagRST // in the window, not at its edge
		got := h.ask(p)
		if want == "" {
			require.Empty(t, got, name)
		} else {
			require.Contains(t, got, want, name)
		}
	}
}

// TestChallengeClock: Linux since 4.0 sends a connection one challenge ACK in
// half a second, and before 4.8 as many as it has segments with data.
func TestChallengeClock(t *testing.T) {
	for _, c := range []struct {
		name       string
		bare, data int // of three in a row
	}{
		{"linux-3.16", 3, 3}, {"linux-4.4", 1, 3}, {"linux-5.10", 1, 1}, {"linux-6.12", 1, 1}, {"freebsd-13", 3, 3},
	} {
		for payload, want := range map[string]int{"": c.bare, "x": c.data} {
			h := start(t, c.name)
			h.send(h.bytes(probe{seq: 1, flags: flagSYN}))
			iss := tcpOf(h.next(ms)).Seq
			p := probe{sport: h.port, seq: 2, ack: iss + 1, flags: flagACK}
			require.Empty(t, h.ask(p))
			p.seq, p.flags, p.payload = 12, flagRST, payload // in the window, not at its edge
			got := 0
			for range 3 {
				if h.ask(p) != "" {
					got++
				}
			}
			require.Equal(t, want, got, "%s, data %q", c.name, payload)
			require.Nil(t, h.next(500*ms))
			require.NotEmpty(t, h.ask(p), c.name)
		}
	}
}

// TestSYNFlood: Linux answers above its backlog with cookies, whose options
// are fewer and which complete without state; without cookies it is silent,
// and BSD forgets the oldest.
func TestSYNFlood(t *testing.T) {
	const plain = "020405b40402010103030a01" // no timestamps
	flood := func(h *host, n int) {
		for i := range n {
			h.send(h.bytes(probe{sport: uint16(1000 + i), seq: 1, flags: flagSYN, options: plain, src: 7}))
			for h.next(300) != nil {
			}
		}
	}
	h := start(t, "linux-5.10")
	flood(h, 127)
	require.Contains(t, h.ask(probe{seq: 1, flags: flagSYN, options: plain}), "O=M1460NNSNW7")
	p := probe{seq: 50, flags: flagSYN, options: plain, sport: 999}
	h.send(h.bytes(p))
	cookie := tcpOf(h.next(ms))
	require.Equal(t, "M1460", optionText(cookie))
	require.Contains(t, h.ask(probe{seq: 1, flags: flagSYN, options: s1}), "O=M1460ST11NW7", "timestamps carry the options")
	require.Contains(t, h.ask(probe{sport: 999, seq: 51, ack: cookie.Seq + 2, flags: flagACK}), "F=R", "a wrong cookie")
	require.Empty(t, h.ask(probe{sport: 999, seq: 51, ack: cookie.Seq + 1, flags: flagACK}))
	require.Contains(t, h.ask(probe{sport: 999, seq: 51, ack: cookie.Seq + 1, flags: flagACK, payload: "x"}), "F=A")

	h = start(t, "linux-5.10", "sysctl.tcp_syncookies=0")
	flood(h, 97) // three quarters of 128 are 96
	require.Empty(t, h.ask(probe{seq: 1, flags: flagSYN}))

	h = start(t, "linux-2.6.32", "distribution=ubuntu")
	flood(h, 257)
	h.send(h.bytes(probe{seq: 1, flags: flagSYN, options: plain}))
	require.Equal(t, "M1460", optionText(tcpOf(h.next(ms))), "cookies by the distribution's sysctl")
}

// TestLimits: answers of one kind within one second of virtual time.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		personality, settings string
		probe                 func(h *host) []byte
		within, later         int
	}{
		// Six tokens and one a second: a real 3,000 in 3.3 s drew 9.
		{"linux-5.10", "", func(*host) []byte { return udp(4, 0) }, 6, 1},
		{"linux-5.10", "sysctl.icmp_ratelimit=0", func(*host) []byte { return udp(4, 0) }, 300, 300},
		{"freebsd-9", "", func(h *host) []byte { return h.bytes(probe{flags: flagACK}) }, 200, 200},
		{"freebsd-9", "", func(*host) []byte { return udp(4, 0) }, 200, 200},
		{"openbsd-6", "", func(h *host) []byte { return h.bytes(probe{flags: flagSYN, dport: closedPort}) }, 100, 100},
		{"linux-5.10", "", func(h *host) []byte { return h.bytes(probe{flags: flagACK}) }, 300, 300},
	} {
		var settings []string
		if c.settings != "" {
			settings = []string{c.settings}
		}
		h := start(t, c.personality, settings...)
		burst := func() (n int) {
			for range 300 {
				h.send(c.probe(h))
				if h.next(ms) != nil {
					n++
				}
			}
			return n
		}
		require.Equal(t, c.within, burst(), "%s %s", c.personality, c.settings)
		for h.next(sec-400*ms) != nil {
		}
		h.next(sec)
		got := burst()
		require.InDelta(t, c.later, got, 1, "%s %s", c.personality, c.settings)
	}
}

// TestAdjacent: versions that no documented difference separates answer alike,
// byte for byte, but for what is drawn from version-independent streams.
func TestAdjacent(t *testing.T) {
	for _, pair := range [][2]string{{"linux-5.10", "linux-5.15"}, {"linux-6.1", "linux-5.15"}, {"windows-7", "windows-2008r2"}, {"windows-7", "windows-vista"}, {"freebsd-7", "freebsd-8"}, {"netbsd-5", "netbsd-9"}, {"linux-2.6.27", "linux-2.6.28"}, {"freebsd-13", "freebsd-14"}} {
		require.Equal(t, transcript(t, pair[0], 3), transcript(t, pair[1], 3), "%v", pair)
	}
	require.NotEqual(t, transcript(t, "linux-4.19", 3), transcript(t, "linux-5.4", 3))
}

// TestDeterminism: one seed gives the same bytes and times; another does not.
func TestDeterminism(t *testing.T) {
	for _, name := range Personalities() {
		require.Equal(t, transcript(t, name, 3), transcript(t, name, 3), name)
		require.NotEqual(t, transcript(t, name, 3), transcript(t, name, 4), name)
	}
}

// TestDistributionIsNoTell: with one kernel and no firewall, no distribution
// moves a single byte while the SYN queue is not full.
func TestDistributionIsNoTell(t *testing.T) {
	want := transcript(t, "linux-5.10", 3)
	for _, d := range Distributions() {
		require.Equal(t, want, transcript(t, "linux-5.10", 3, "distribution="+d.Name), d.Name)
	}
}

// transcript is all that a machine says to a few hundred random packets.
func transcript(t *testing.T, personality string, seed uint64, settings ...string) string {
	link := open(t, seed, personality, settings...)
	var s string
	buf := make([]byte, 65535)
	for _, b := range randomProbes(300) {
		require.NoError(t, link.Send(b))
		until := link.Now() + ms
		for {
			n, at, ok, err := link.Receive(buf, until)
			require.NoError(t, err)
			if !ok {
				break
			}
			s += fmt.Sprintf("%d %x\n", at, buf[:n])
		}
	}
	return s
}
