package netstack

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"tickle/collector/pool"
)

func synAck(t testing.TB, factors map[string]string) (*layers.IPv4, *layers.TCP) {
	t.Helper()
	p := one(t, open(t, factors), segment{flags: "S", options: synOptions}.bytes(t))
	tcp := tcpOf(t, p)
	require.True(t, tcp.SYN && tcp.ACK)
	return p.NetworkLayer().(*layers.IPv4), tcp
}

func TestFactorsShow(t *testing.T) {
	_, plain := synAck(t, nil)
	cases := []struct {
		name, value string
		check       func(t *testing.T, ip *layers.IPv4, tcp *layers.TCP)
	}{
		{"ttl", "128", func(t *testing.T, ip *layers.IPv4, _ *layers.TCP) { require.Equal(t, uint8(128), ip.TTL) }},
		{"sack", "0", func(t *testing.T, _ *layers.IPv4, tcp *layers.TCP) {
			require.Nil(t, option(tcp, layers.TCPOptionKindSACKPermitted))
		}},
		{"mtu", "1400", func(t *testing.T, _ *layers.IPv4, tcp *layers.TCP) {
			require.Equal(t, uint16(1360), binary.BigEndian.Uint16(option(tcp, layers.TCPOptionKindMSS)))
		}},
		{"rcvbuf", "4096 20000 60000", func(t *testing.T, _ *layers.IPv4, tcp *layers.TCP) {
			require.Equal(t, []byte{0}, option(tcp, layers.TCPOptionKindWindowScale), "60,000 fit without scaling")
			require.Less(t, tcp.Window, plain.Window)
		}},
		{"rcvbuf", "16777216", func(t *testing.T, _ *layers.IPv4, tcp *layers.TCP) {
			require.Greater(t, option(tcp, layers.TCPOptionKindWindowScale)[0], byte(7))
		}},
		{"app.rcvbuf", "16384", func(t *testing.T, _ *layers.IPv4, tcp *layers.TCP) {
			require.Less(t, tcp.Window, plain.Window)
		}},
	}
	for _, c := range cases {
		t.Run(c.name+" "+c.value, func(t *testing.T) {
			ip, tcp := synAck(t, map[string]string{c.name: c.value})
			c.check(t, ip, tcp)
		})
	}
}

// With its backlog full of half-open connections the stack sends SYN cookies,
// which have no room for a window scale.
func TestBacklog(t *testing.T) {
	l := open(t, map[string]string{"app.backlog": "3"})
	for i := range 5 {
		tcp := tcpOf(t, one(t, l, segment{flags: "S", sport: uint16(40000 + i), options: synOptions}.bytes(t)))
		scale := option(tcp, layers.TCPOptionKindWindowScale)
		require.Equal(t, i < 3, scale != nil, "connection %d", i)
	}
	require.Equal(t, uint64(2), l.host.stack.Stats().TCP.ListenOverflowSynCookieSent.Value())
}

func TestFirewall(t *testing.T) {
	unreachable := func(t *testing.T, l *link, packet []byte) {
		icmp := icmpOf(t, one(t, l, packet))
		require.Equal(t, layers.CreateICMPv4TypeCode(3, 3), icmp.TypeCode)
	}
	silent := func(t *testing.T, l *link, packet []byte) { require.Empty(t, ask(t, l, packet)) }
	for value, rest := range map[string]func(*testing.T, *link, []byte){"drop": silent, "reject": unreachable} {
		t.Run(value, func(t *testing.T) {
			l := open(t, map[string]string{"firewall": value})
			rest(t, l, segment{flags: "S", dport: 1}.bytes(t))
			rest(t, l, segment{flags: "A"}.bytes(t))
			rest(t, l, segment{flags: "SF"}.bytes(t))
			rest(t, l, datagram(t))
			rest(t, l, echo(t))

			syn := tcpOf(t, one(t, l, segment{flags: "SEC", seq: 1}.bytes(t)))
			require.True(t, syn.SYN && syn.ACK)
			require.Empty(t, ask(t, l, segment{flags: "R", seq: 2}.bytes(t)), "a known connection's segments pass")
			buf := make([]byte, pool.MaxPacket)
			_, _, ok, err := l.Receive(buf, l.Now()+60_000_000)
			require.NoError(t, err)
			require.False(t, ok, "the RST came through: no retransmission")
		})
	}
}

func TestCheck(t *testing.T) {
	cases := []struct{ name, value, want string }{
		{"ttl", "0", `factor ttl: "0": expected a whole number from 1 to 255`},
		{"ttl", "sixty", `factor ttl: "sixty": expected a whole number from 1 to 255`},
		{"sack", "yes", `factor sack: "yes": expected 0, 1; the nearest is "0"`},
		{"rack", "2", `factor rack: "2": expected 0, 1; the nearest is "0"`},
		{"cc", "cubik", `factor cc: "cubik": expected reno, cubic; the nearest is "cubic"`},
		{"firewall", "rejcet", `factor firewall: "rejcet": expected none, drop, reject; the nearest is "reject"`},
		{"firewall", "", `factor firewall: "": expected none, drop, reject; the nearest is "none"`},
		{"mtu", "67", `factor mtu: "67": expected a whole number from 68 to 65535`},
		{"rcvbuf", "1 2", `factor rcvbuf: "1 2": expected one size in bytes, or three (min, default, max)`},
		{"rcvbuf", "3 2 1", `factor rcvbuf: "3 2 1": expected min ≤ default ≤ max`},
		{"sndbuf", "4096 0 9", `factor sndbuf: "0": expected a whole number from 1 to 1073741824`},
		{"app.backlog", "0", `factor app.backlog: "0": expected a whole number from 1 to 65535`},
		{"app.rcvbuf", "-1", `factor app.rcvbuf: "-1": expected a whole number from 1 to 1073741824`},
		{"app.rcvbuff", "1", `factor app.rcvbuff: unknown to netstack: the nearest is "app.rcvbuf"`},
		{"tll", "64", `factor tll: unknown to netstack: the nearest is "ttl"`},
		{"memory", "512", `factor memory: unknown to netstack: nothing in netstack follows the memory: vary rcvbuf and sndbuf instead`},
		{"sysctl.tcp_rmem", "1 2 3", `factor sysctl.tcp_rmem: unknown to netstack: the nearest is "rcvbuf"`},
	}
	for _, c := range cases {
		t.Run(c.name+" "+c.value, func(t *testing.T) {
			require.EqualError(t, Backend{}.Check(testMachine(map[string]string{c.name: c.value})), c.want)
		})
	}
	require.NoError(t, Backend{}.Check(testMachine(map[string]string{"path.hops": "3", "cc": "cubic", "rack": "0", "sndbuf": "4096 8192 16384"})))

	m := testMachine(nil)
	m.Options = map[string]string{"personality": "linux"}
	require.EqualError(t, Backend{}.Check(m), "option personality: expected none, netstack has only factors")
	m = testMachine(nil)
	m.Ports.Open = 0
	require.EqualError(t, Backend{}.Check(m), "ports.open: expected an open TCP port from 1 to 65535")
}

// Every default that Factors states is accepted, and is what holds without it.
func TestFactorsDocumented(t *testing.T) {
	list := Factors()
	require.True(t, slices.IsSortedFunc(list, func(a, b Factor) int { return slices.Compare([]byte(a.Name), []byte(b.Name)) }))
	plain, err := configure(testMachine(nil))
	require.NoError(t, err)
	for _, f := range list {
		require.NotEmpty(t, f.Values, f.Name)
		require.NotEmpty(t, f.Effect, f.Name)
		if f.Default == "none" && f.Name != "firewall" {
			continue
		}
		c, err := configure(testMachine(map[string]string{f.Name: f.Default}))
		require.NoError(t, err, f.Name)
		require.Equal(t, plain, c, f.Name)
	}
}

// Every factor can be opened at an unusual value and still answers.
func TestFactorsOpen(t *testing.T) {
	values := map[string]string{
		"app.backlog": "1", "app.rcvbuf": "1", "cc": "cubic", "firewall": "drop", "mtu": "68",
		"rack": "0", "rcvbuf": "1", "sack": "0", "sndbuf": "1 1 1", "ttl": "1",
	}
	require.Equal(t, len(Factors()), len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		t.Run(name, func(t *testing.T) {
			synAck(t, map[string]string{name: values[name]})
		})
	}
	t.Run("together", func(t *testing.T) { synAck(t, values) })
}

func ExampleFactors() {
	for _, f := range Factors()[:3] {
		fmt.Printf("%s (%s): %s\n", f.Name, f.Default, f.Values)
	}
	// Output:
	// app.backlog (128): 1 to 65535
	// app.rcvbuf (none): 1 to 1073741824 bytes
	// cc (reno): reno, cubic
}
