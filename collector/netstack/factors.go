package netstack

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"

	"tickle/collector/pool"
	"tickle/nearest"
)

// Factor describes one factor of a machine's Factors for people.
type Factor struct {
	Name    string // the key in pool files
	Values  string // what is allowed
	Default string // what holds without it
	Effect  string // on answers, in a sentence
}

// config is what a machine's factors say.
type config struct {
	ports     pool.Ports
	ttl       uint8
	sack      bool
	rack      bool
	rcvbuf    buffers
	sndbuf    buffers
	cc        string
	firewall  firewall
	mtu       uint32
	backlog   int
	appRcvbuf int64 // 0: the application sets none
}

// buffers are the sizes of one direction of a connection, in bytes, as in
// Linux's tcp_rmem.
type buffers struct{ min, initial, max int }

// The defaults are the stack's own, but for two that gVisor leaves to what is
// around it: runsc's links have an MTU of 1500, and 128 is what listen(2) took
// for SOMAXCONN for decades, hence what most daemons ask for.
var defaults = config{
	ttl:      ipv4.DefaultTTL,
	sack:     true,
	rack:     true,
	rcvbuf:   buffers{tcp.MinBufferSize, tcp.DefaultReceiveBufferSize, tcp.MaxBufferSize},
	sndbuf:   buffers{tcp.MinBufferSize, tcp.DefaultSendBufferSize, tcp.MaxBufferSize},
	cc:       "reno",
	firewall: firewallNone,
	mtu:      1500,
	backlog:  128,
}

// The bounds of factors.
const (
	maxBuffer  = 1 << 30 // bytes: the window is at most 2^30 (RFC 7323, 2.3)
	maxBacklog = 65535
	maxMTU     = pool.MaxPacket
)

// factor is one factor with its reader.
type factor struct {
	Factor
	set func(c *config, value string) error
}

var factors = []factor{
	{
		Factor{"app.backlog", fmt.Sprintf("1 to %d", maxBacklog), "128", "half-open connections beyond it are answered with SYN cookies: no window scale, no SACK"},
		func(c *config, s string) (err error) {
			c.backlog, err = whole(s, 1, maxBacklog)
			return err
		},
	},
	{
		Factor{"app.rcvbuf", fmt.Sprintf("1 to %d bytes", maxBuffer), "none", "the listener's SO_RCVBUF: window of the SYN-ACK"},
		func(c *config, s string) error {
			n, err := whole(s, 1, maxBuffer)
			c.appRcvbuf = int64(n)
			return err
		},
	},
	{
		Factor{"cc", "reno, cubic", "reno", "congestion control: what a connection sends, and when"},
		func(c *config, s string) error {
			c.cc = s
			return word(s, "reno", "cubic")
		},
	},
	{
		Factor{"firewall", "none, drop, reject", "none", "lets SYNs to the open port and known connections in; the rest is dropped, or answered with ICMP port unreachable"},
		func(c *config, s string) error {
			c.firewall = firewallWords[s]
			return word(s, "none", "drop", "reject")
		},
	},
	{
		Factor{"mtu", fmt.Sprintf("%d to %d bytes", header.IPv4MinimumMTU, maxMTU), "1500", "MSS of the SYN-ACK, and fragments"},
		func(c *config, s string) error {
			n, err := whole(s, header.IPv4MinimumMTU, maxMTU)
			c.mtu = uint32(n)
			return err
		},
	},
	{
		Factor{"rack", "0, 1", "1", "loss detection by RACK (RFC 8985): retransmissions in a connection"},
		func(c *config, s string) error {
			c.rack = s == "1"
			return word(s, "0", "1")
		},
	},
	{
		Factor{"rcvbuf", "MIN DEFAULT MAX, or DEFAULT, in bytes", "4096 1048576 4194304", "window and window scale"},
		func(c *config, s string) (err error) {
			c.rcvbuf, err = sizes(s)
			return err
		},
	},
	{
		Factor{"sack", "0, 1", "1", "whether SYN-ACKs permit SACK"},
		func(c *config, s string) error {
			c.sack = s == "1"
			return word(s, "0", "1")
		},
	},
	{
		Factor{"sndbuf", "MIN DEFAULT MAX, or DEFAULT, in bytes", "4096 1048576 4194304", "how much a connection sends"},
		func(c *config, s string) (err error) {
			c.sndbuf, err = sizes(s)
			return err
		},
	},
	{
		Factor{"ttl", "1 to 255", "64", "TTL of all answers"},
		func(c *config, s string) error {
			n, err := whole(s, 1, 255)
			c.ttl = uint8(n)
			return err
		},
	},
}

// foreign are factors of other backends with what to write instead.
var foreign = map[string]string{
	"memory":                        "nothing in netstack follows the memory: vary rcvbuf and sndbuf instead",
	"sysctl.ip_default_ttl":         `the nearest is "ttl"`,
	"sysctl.tcp_congestion_control": `the nearest is "cc"`,
	"sysctl.tcp_recovery":           `the nearest is "rack"`,
	"sysctl.tcp_rmem":               `the nearest is "rcvbuf"`,
	"sysctl.tcp_sack":               `the nearest is "sack"`,
	"sysctl.tcp_wmem":               `the nearest is "sndbuf"`,
}

// Factors lists the factors that a machine may have beside path.*, by name.
func Factors() []Factor {
	list := make([]Factor, len(factors))
	for i, f := range factors {
		list[i] = f.Factor
	}
	return list
}

// configure reads m, and gives the first thing that is wrong with it in the
// order of names.
func configure(m *pool.Machine) (*config, error) {
	c := defaults
	c.ports = m.Ports
	if c.ports.Open == 0 {
		return nil, fmt.Errorf("ports.open: expected an open TCP port from 1 to 65535")
	}
	for _, name := range slices.Sorted(maps.Keys(m.Options)) {
		return nil, fmt.Errorf("option %s: expected none, netstack has only factors", name)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Factors)) {
		if strings.HasPrefix(name, "path.") {
			continue
		}
		i, ok := slices.BinarySearchFunc(factors, name, func(f factor, name string) int { return strings.Compare(f.Name, name) })
		if !ok {
			return nil, fmt.Errorf("factor %s: unknown to netstack: %s", name, advice(name))
		}
		if err := factors[i].set(&c, m.Factors[name]); err != nil {
			return nil, fmt.Errorf("factor %s: %w", name, err)
		}
	}
	return &c, nil
}

// advice says what someone who wrote an unknown name may have meant.
func advice(name string) string {
	if a, ok := foreign[name]; ok {
		return a
	}
	known := make([]string, len(factors))
	for i := range factors {
		known[i] = factors[i].Name
	}
	best, _ := nearest.Name(name, known)
	return fmt.Sprintf("the nearest is %q", best)
}

func whole(s string, least, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%q: expected a whole number from %d to %d", s, least, most)
	}
	return n, nil
}

func word(s string, words ...string) error {
	if slices.Contains(words, s) {
		return nil
	}
	best, _ := nearest.Name(s, words)
	return fmt.Errorf("%q: expected %s; the nearest is %q", s, strings.Join(words, ", "), best)
}

// sizes reads "MIN DEFAULT MAX", or one number that is the default and widens
// the usual limits where they do not hold it.
func sizes(s string) (buffers, error) {
	parts := strings.Fields(s)
	if len(parts) != 1 && len(parts) != 3 {
		return buffers{}, fmt.Errorf("%q: expected one size in bytes, or three (min, default, max)", s)
	}
	var n [3]int
	for i, part := range parts {
		var err error
		if n[i], err = whole(part, 1, maxBuffer); err != nil {
			return buffers{}, err
		}
	}
	if len(parts) == 1 {
		return buffers{min(tcp.MinBufferSize, n[0]), n[0], max(tcp.MaxBufferSize, n[0])}, nil
	}
	if n[0] > n[1] || n[1] > n[2] {
		return buffers{}, fmt.Errorf("%q: expected min ≤ default ≤ max", s)
	}
	return buffers{n[0], n[1], n[2]}, nil
}
