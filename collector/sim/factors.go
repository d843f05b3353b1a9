package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tickle/nearest"
)

// Factor is a setting of a modelled machine that is not the operating system.
type Factor struct {
	Name     string
	Families []string // whose machines have it; nil: all
	About    string   // what it sets, its unit and its values
}

// Factors lists the factors that modelled machines understand. Those whose
// names begin with "path." belong to the link and are not among them.
func Factors() []Factor {
	all := make([]Factor, len(settings))
	for i, s := range settings {
		all[i] = Factor{Name: s.name, About: s.about}
		for _, f := range s.families {
			all[i].Families = append(all[i].Families, f.String())
		}
	}
	return all
}

// setting is a factor with what it does.
type setting struct {
	name     string
	families []family // nil: all
	about    string
	low      int // bounds of a number; both 0: set reads the text
	high     int
	number   func(c *config, n int)
	text     func(c *config, v string) error
}

var (
	onlyLinux   = []family{linux}
	onlyWindows = []family{windows}
	onlyFreeBSD = []family{freebsd}
	onlySolaris = []family{solaris}
	openNetBSD  = []family{openbsd, netbsd}
	allBSD      = []family{freebsd, openbsd, netbsd}
)

func setTTL(c *config, n int) {
	if c.icmpTTL == c.ttl {
		c.icmpTTL = uint8(n)
	}
	if c.rstTTL == c.ttl {
		c.rstTTL = uint8(n)
	}
	c.ttl = uint8(n)
}

func setTSandScale(c *config, n int) { c.tsOn, c.scaleOn = n != 0, n != 0 }
func setScale(c *config, n int)      { c.scaleOn = n != 0 }
func setSACK(c *config, n int)       { c.sackOn = n != 0 }
func setECN(c *config, n int)        { c.ecnOn = n != 0 }
func setBuffer(c *config, n int)     { c.rcvbuf = n }

const buffers = 1 << 30

var settings = []setting{
	{name: "memory", about: "MiB of memory, 16 to 16777216; default 1024", low: 16, high: 1 << 24, number: func(c *config, n int) { c.memory = n }},
	{name: "mtu", about: "bytes, 296 to 65535; default 1500", low: 296, high: 65535, number: func(c *config, n int) { c.mtu = n }},
	{name: "app.rcvbuf", about: "bytes that the application gives to setsockopt(SO_RCVBUF); absent: it does not", low: 1, high: buffers, number: func(c *config, n int) { c.appBuffer = n }},
	{name: "app.backlog", about: "what the application gives to listen(); default 128", low: 1, high: 65535, number: setAppBacklog},
	{name: "load.syn", about: "half-open connections a second that SYNs from elsewhere make, 0 to 1000; default 0", text: setLoad},
	{name: "firewall", about: "none, drop or reject, as the system's own firewall does it (Windows' has no reject)", text: setFirewall},

	{name: "sysctl.ip_default_ttl", families: onlyLinux, about: "1 to 255", low: 1, high: 255, number: setTTL},
	{name: "sysctl.tcp_timestamps", families: onlyLinux, about: "0 off, 1 on, 2 on without an offset", low: 0, high: 2, number: func(c *config, n int) {
		c.tsOn = n != 0
		if n == 2 {
			c.ts = tsUptime
		}
	}},
	{name: "sysctl.tcp_sack", families: onlyLinux, about: "0 or 1", low: 0, high: 1, number: setSACK},
	{name: "sysctl.tcp_window_scaling", families: onlyLinux, about: "0 or 1", low: 0, high: 1, number: setScale},
	{name: "sysctl.tcp_ecn", families: onlyLinux, about: "0 off, 1 on, 2 when asked", low: 0, high: 2, number: setECN},
	{name: "sysctl.tcp_rmem", families: onlyLinux, about: "three numbers of bytes: least, default, most", text: setRmem},
	{name: "sysctl.rmem_max", families: onlyLinux, about: "bytes", low: 2304, high: buffers, number: func(c *config, n int) { c.bufMax = n }},
	{name: "sysctl.tcp_syncookies", families: onlyLinux, about: "0 off, 1 when the queue is full, 2 always", low: 0, high: 2, number: func(c *config, n int) {
		c.cookiesOn = n != 0
		c.cookiesAlways = n == 2
	}},
	{name: "sysctl.tcp_max_syn_backlog", families: onlyLinux, about: "half-open connections", low: 1, high: 1 << 20, number: func(c *config, n int) { c.synBacklog = n }},
	{name: "sysctl.somaxconn", families: onlyLinux, about: "connections", low: 1, high: 65535, number: func(c *config, n int) { c.somaxconn = n }},
	{name: "sysctl.tcp_synack_retries", families: onlyLinux, about: "0 to 10", low: 0, high: 10, number: func(c *config, n int) { c.synAckGaps = doubling(c.synAckGaps[0], n) }},
	{name: "sysctl.icmp_ratelimit", families: onlyLinux, about: "ms between ICMP errors to one host, 0 for no limit", low: 0, high: 60000, number: func(c *config, n int) { c.errorGap = int64(n) * ms }},

	{name: "sysctl.net.inet.ip.ttl", families: allBSD, about: "1 to 255", low: 1, high: 255, number: setTTL},
	{name: "sysctl.net.inet.tcp.rfc1323", families: allBSD, about: "0 or 1: timestamps and window scale", low: 0, high: 1, number: setTSandScale},
	{name: "sysctl.net.inet.tcp.recvspace", families: allBSD, about: "bytes of receive buffer", low: 2048, high: buffers, number: setBuffer},
	{name: "sysctl.net.inet.tcp.sack.enable", families: []family{freebsd, netbsd}, about: "0 or 1", low: 0, high: 1, number: setSACK},
	{name: "sysctl.net.inet.tcp.ecn.enable", families: []family{freebsd, netbsd}, about: "0, 1 or 2", low: 0, high: 2, number: setECN},
	{name: "sysctl.net.inet.tcp.sack", families: []family{openbsd}, about: "0 or 1", low: 0, high: 1, number: setSACK},
	{name: "sysctl.net.inet.tcp.ecn", families: []family{openbsd}, about: "0 or 1", low: 0, high: 1, number: setECN},
	{name: "sysctl.kern.ipc.maxsockbuf", families: onlyFreeBSD, about: "bytes", low: 65536, high: buffers, number: func(c *config, n int) { c.bufMax = n }},
	{name: "sysctl.net.inet.icmp.icmplim", families: onlyFreeBSD, about: "answers a second of each kind, 0 for no limit", low: 0, high: 1 << 20, number: func(c *config, n int) {
		c.errorLimit.count, c.rstLimit.count, c.echoLimit.count = int32(n), int32(n), int32(n)
	}},
	{name: "sysctl.net.inet.icmp.quotelen", families: onlyFreeBSD, about: "bytes quoted after the IP header", low: 8, high: 548, number: func(c *config, n int) { c.quote = n }},
	{name: "sysctl.net.inet.ip.random_id", families: onlyFreeBSD, about: "0 or 1", low: 0, high: 1, number: setRandomID},
	{name: "sysctl.net.inet.tcp.drop_synfin", families: onlyFreeBSD, about: "0 or 1", low: 0, high: 1, number: func(c *config, n int) {
		c.synFin = accept
		if n == 1 {
			c.synFin = ignore
		}
	}},
	{name: "sysctl.net.inet.tcp.blackhole", families: onlyFreeBSD, about: "0, or 1 and 2: closed TCP ports do not answer", low: 0, high: 2, number: func(c *config, n int) { c.blackhole = n != 0 }},
	{name: "sysctl.net.inet.udp.blackhole", families: onlyFreeBSD, about: "0, or 1: closed UDP ports do not answer", low: 0, high: 1, number: func(c *config, n int) { c.udpSilent = n != 0 }},
	{name: "sysctl.net.inet.icmp.errppslimit", families: openNetBSD, about: "ICMP errors a second, 0 for no limit", low: 0, high: 1 << 20, number: func(c *config, n int) { c.errorLimit.count = int32(n) }},
	{name: "sysctl.net.inet.tcp.rstppslimit", families: openNetBSD, about: "RSTs a second, 0 for no limit", low: 0, high: 1 << 20, number: func(c *config, n int) { c.rstLimit.count = int32(n) }},

	{name: "sysctl.DefaultTTL", families: onlyWindows, about: "1 to 255", low: 1, high: 255, number: setTTL},
	{name: "sysctl.Tcp1323Opts", families: onlyWindows, about: "bit 0 window scale, bit 1 timestamps", low: 0, high: 3, number: func(c *config, n int) { c.scaleOn, c.tsOn = n&1 != 0, n&2 != 0 }},
	{name: "sysctl.SackOpts", families: onlyWindows, about: "0 or 1", low: 0, high: 1, number: setSACK},
	{name: "sysctl.TcpWindowSize", families: onlyWindows, about: "bytes", low: 2920, high: buffers, number: setBuffer},
	{name: "sysctl.EcnCapability", families: onlyWindows, about: "0 or 1", low: 0, high: 1, number: setECN},

	{name: "sysctl.tcp_ipv4_ttl", families: onlySolaris, about: "1 to 255", low: 1, high: 255, number: setTTL},
	{name: "sysctl.tcp_recv_hiwat", families: onlySolaris, about: "bytes of receive buffer", low: 2048, high: buffers, number: setBuffer},
	{name: "sysctl.tcp_sack_permitted", families: onlySolaris, about: "0, 1 or 2", low: 0, high: 2, number: setSACK},
	{name: "sysctl.tcp_ecn_permitted", families: onlySolaris, about: "0, 1 or 2", low: 0, high: 2, number: setECN},
	{name: "sysctl.tcp_conn_req_max_q0", families: onlySolaris, about: "half-open connections", low: 1, high: 1 << 20, number: func(c *config, n int) { c.backlog = n }},
	{name: "sysctl.tcp_rst_sent_rate", families: onlySolaris, about: "RSTs a second", low: 1, high: 1 << 20, number: func(c *config, n int) { c.rstLimit.count = int32(n) }},
}

// setAppBacklog: Linux works its queue out from it in sizeQueue; elsewhere it
// bounds accepted connections, not half-open ones.
func setAppBacklog(c *config, n int) { c.appBacklog = n }

func setLoad(c *config, v string) error {
	rate, err := strconv.ParseFloat(v, 64)
	if err != nil || !(rate >= 0 && rate <= maxLoadRate) {
		return fmt.Errorf("value %q: want a number from 0 to %d", v, maxLoadRate)
	}
	c.loadRate = rate
	return nil
}

func setRandomID(c *config, n int) {
	if n == 0 {
		return
	}
	for _, id := range []*idPolicy{&c.synID, &c.rstID, &c.icmpID} {
		if *id == idGlobal {
			*id = idRandom
		}
	}
}

func setFirewall(c *config, v string) error {
	switch {
	case v == "none":
		c.firewall = firewallNone
	case v == "drop":
		c.firewall = firewallDrop
	case v == "reject" && c.family == windows:
		return fmt.Errorf(`value "reject": Windows' firewall only drops; want none or drop`)
	case v == "reject":
		c.firewall = firewallReject
	default:
		return fmt.Errorf("value %q: want none, drop or reject", v)
	}
	return nil
}

func setRmem(c *config, v string) error {
	words := strings.Fields(v)
	var n [3]int
	for i := range n {
		var err error
		if len(words) == len(n) {
			n[i], err = strconv.Atoi(words[i])
		}
		if len(words) != len(n) || err != nil || n[i] < 1 || n[i] > buffers || i > 0 && n[i] < n[i-1] {
			return fmt.Errorf(`value %q: want three rising numbers of bytes, as "4096 87380 6291456"`, v)
		}
	}
	c.rcvbuf, c.rmemMax = n[1], n[2]
	return nil
}

// factor applies one factor.
func (c *config) factor(name, value string) error {
	var known []string
	for i := range settings {
		s := &settings[i]
		if s.families != nil && !slices.Contains(s.families, c.family) {
			continue
		}
		known = append(known, s.name)
		if s.name != name {
			continue
		}
		if s.text != nil {
			return s.text(c, value)
		}
		n, err := strconv.Atoi(value)
		if err != nil || n < s.low || n > s.high {
			return fmt.Errorf("value %q: want a number from %d to %d", value, s.low, s.high)
		}
		s.number(c, n)
		return nil
	}
	return fmt.Errorf("unknown for %s%s", c.family, meant(name, known))
}

// meant proposes the known name that is nearest to an unknown one, if any is
// near.
func meant(name string, known []string) string {
	best, d := nearest.Name(name, known)
	if d > len(name) {
		return ""
	}
	return fmt.Sprintf(" (nearest known: %s)", best)
}
