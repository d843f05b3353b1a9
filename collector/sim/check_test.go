package sim

import (
	"context"
	"net/netip"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/pool"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		personality string
		setting     string
		want        string // "": nothing wrong
	}{
		{"linux-5.10", "memory=256", ""},
		{"linux-5.10", "path.loss=0.1", ""},
		{"linux-5.10", "sysctl.tcp_rmem=4096 87380 6291456", ""},
		{"linux-5.10", "distribution=ubuntu", ""},
		{"windows-10", "sysctl.Tcp1323Opts=3", ""},
		{"openbsd-7", "firewall=reject", ""},
		{"linux-5.1", "memory=256", `option personality: unknown "linux-5.1" (nearest known: linux-5.4)`},
		{"linux-5.10", "memroy=256", "factor memroy: unknown for Linux (nearest known: memory)"},
		{"linux-5.10", "memory=lots", `factor memory: value "lots": want a number from 16 to 16777216`},
		{"linux-5.10", "memory=1", `factor memory: value "1": want a number from 16 to 16777216`},
		{"linux-5.10", "sysctl.tcp_timestamp=1", "factor sysctl.tcp_timestamp: unknown for Linux (nearest known: sysctl.tcp_timestamps)"},
		{"linux-5.10", "sysctl.tcp_rmem=4096 87380", `factor sysctl.tcp_rmem: value "4096 87380": want three rising numbers of bytes, as "4096 87380 6291456"`},
		{"linux-5.10", "firewall=maybe", `factor firewall: value "maybe": want none, drop or reject`},
		{"linux-5.10", "distribution=ubunt", `option distribution: unknown "ubunt" (nearest known: ubuntu)`},
		{"windows-10", "distribution=ubuntu", "option distribution: Windows personalities have none"},
		{"windows-10", "firewall=reject", `factor firewall: value "reject": Windows' firewall only drops; want none or drop`},
		{"windows-10", "sysctl.tcp_sack=1", "factor sysctl.tcp_sack: unknown for Windows (nearest known: app.rcvbuf)"},
	} {
		err := Backend{}.Check(testMachine(c.personality, c.setting))
		if c.want == "" {
			require.NoError(t, err, c.setting)
			continue
		}
		if c.setting == "sysctl.tcp_sack=1" { // any proposal of Windows' will do
			require.ErrorContains(t, err, "factor sysctl.tcp_sack: unknown for Windows (nearest known: ")
			continue
		}
		require.EqualError(t, err, c.want)
	}
	m := testMachine("linux-5.10")
	m.Options["flavour"] = "x"
	require.ErrorContains(t, Backend{}.Check(m), "option flavour: unknown")
	m = testMachine("linux-5.10")
	delete(m.Options, "personality")
	require.ErrorContains(t, Backend{}.Check(m), "option personality: missing")
	m = testMachine("linux-5.10")
	m.Ports.Open = 0
	require.ErrorContains(t, Backend{}.Check(m), "ports.open")
}

func TestOpen(t *testing.T) {
	net := testNet
	net.Machine = netip.MustParseAddr("2001:db8::1")
	_, err := Backend{}.Open(context.Background(), testMachine("linux-5.10"), net, 1)
	require.ErrorContains(t, err, "want IPv4")
	_, err = Backend{}.Open(context.Background(), testMachine("linux-5"), testNet, 1)
	require.ErrorContains(t, err, "machine linux-5: option personality")
	link := open(t, 1, "linux-5.10")
	require.NoError(t, link.Close())
	require.ErrorIs(t, link.Send(nil), pool.ErrClosed)
	_, _, _, err = link.Receive(nil, 0)
	require.ErrorIs(t, err, pool.ErrClosed)
}

// TestFactorsMoveAnswers: each setting that has a plain effect on a SYN-ACK.
func TestFactorsMoveAnswers(t *testing.T) {
	for _, c := range []struct{ personality, setting, want string }{
		{"linux-5.10", "sysctl.ip_default_ttl=128", "DF=Y T=128 W=65160"},
		{"linux-5.10", "sysctl.tcp_timestamps=0", "W=64240 S=O A=S+ F=AS O=M1460NNSNW7"},
		{"linux-5.10", "sysctl.tcp_sack=0", "O=M1460NNT11NW7"},
		{"linux-5.10", "sysctl.tcp_window_scaling=0", "O=M1460ST11"},
		{"linux-5.10", "sysctl.tcp_rmem=4096 87380 174760", "W=43440 S=O A=S+ F=AS O=M1460ST11NW2"}, // 30*1448; log2 of rmem_max
		{"linux-5.10", "app.rcvbuf=8192", "W=7240 S=O A=S+ F=AS O=M1460ST11NW0"},                    // 5*1448 of 8192
		{"linux-2.6.32", "app.rcvbuf=2048", "W=2896 S=O A=S+ F=AS O=M1460ST11NW7"},                  // 2*1448 of 3072
		{"linux-5.10", "mtu=576", "O=M536ST11NW7"},
		{"windows-7", "sysctl.DefaultTTL=64", "T=64 W=8192"},
		{"windows-7", "sysctl.Tcp1323Opts=0", "O=M1460NNS"},
		{"windows-7", "app.rcvbuf=131072", "W=65535 S=O A=S+ F=AS O=M1460NW2ST11"},
		{"freebsd-13", "sysctl.net.inet.tcp.rfc1323=0", "O=M1460SL"},
		{"freebsd-13", "sysctl.net.inet.tcp.recvspace=32768", "W=32768"},
		{"freebsd-13", "sysctl.kern.ipc.maxsockbuf=65536", "NW1"},
		{"openbsd-7", "sysctl.net.inet.tcp.sack=0", "O=M1460NW6NNT11"},
		{"solaris-10", "sysctl.tcp_recv_hiwat=24576", "W=24616"}, // 17*1448
	} {
		h := start(t, c.personality, c.setting)
		require.Contains(t, h.ask(probe{seq: 1, flags: flagSYN, options: s1}), c.want, "%s %s", c.personality, c.setting)
	}
}

// TestFactorsAreComplete: every listed factor is taken by a machine of every
// family that it names, at both ends of its range.
func TestFactorsAreComplete(t *testing.T) {
	example := map[family]string{linux: "linux-5.10", windows: "windows-7", freebsd: "freebsd-13", openbsd: "openbsd-7", netbsd: "netbsd-9", solaris: "solaris-11"}
	for i, f := range Factors() {
		require.NotEmpty(t, f.About, f.Name)
		s := &settings[i]
		if s.text != nil {
			continue
		}
		families := s.families
		if families == nil {
			families = []family{linux, windows, freebsd, openbsd, netbsd, solaris}
		}
		for _, fam := range families {
			for _, n := range []int{s.low, s.high} {
				h := start(t, example[fam], f.Name+"="+strconv.Itoa(n))
				h.send(h.bytes(probe{seq: 1, flags: flagSYN, options: s1}))
				require.NotNil(t, h.next(ms), "%s=%d on %s", f.Name, n, fam)
			}
		}
	}
}

// TestPersonalitiesAreComplete: no policy is left at its invalid zero, and
// names are told once and have a description.
func TestPersonalitiesAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for i := range personalities {
		p := &personalities[i]
		require.False(t, seen[p.name], p.name)
		seen[p.name] = true
		require.NotEmpty(t, About(p.name))
		for what, zero := range map[string]bool{
			"family": p.family == 0, "ttl": p.ttl == 0 || p.icmpTTL == 0 || p.rstTTL == 0,
			"ids": p.synID == 0 || p.rstID == 0 || p.icmpID == 0, "isn": p.isn == 0 || p.isn == isnHash && p.isnTick == 0,
			"ts": p.ts == 0 || p.tsHz == 0, "order": p.order == 0, "window": p.window == 0 || p.rcvbuf == 0 || p.bufMax == 0,
			"listen": p.synFin == 0 || p.stray == 0, "ecn": p.ecn == 0, "echo": p.echoDF == 0, "quote": p.quote == 0,
			"queue": p.full == 0 || p.backlog == 0, "timers": len(p.synAckGaps) == 0 || len(p.finGaps) == 0,
			"linux": p.family == linux && (p.lin.scaleBy == 0 || p.lin.memory == 0 || p.lin.share == 0),
		} {
			require.False(t, zero, "%s: %s", p.name, what)
		}
	}
	require.Empty(t, About("beos"))
	require.GreaterOrEqual(t, len(personalities), 25)
}
