package sim

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"tickle/collector/pool"
)

// firewall is the factor of that name.
type firewall uint8

const (
	_ firewall = iota
	firewallNone
	firewallDrop
	firewallReject
)

// config is a personality with a machine's options and factors applied.
type config struct {
	personality
	ports         pool.Ports
	memory        int // MiB
	mtu           int
	mss           uint16 // what the interface can take in a segment
	firewall      firewall
	rejectCode    uint8   // of the ICMP unreachable that Linux' firewall sends
	appBuffer     int     // bytes given to setsockopt(SO_RCVBUF); 0: none
	appBacklog    int     // given to listen; 0: 128
	rmemMax       int     // Linux tcp_rmem[2]; 0: from memory
	synBacklog    int     // Linux tcp_max_syn_backlog; 0: from memory
	somaxconn     int     // Linux; 0: the kernel's
	errorGap      int64   // Linux icmp_ratelimit, µs
	blackhole     bool    // FreeBSD: closed TCP ports are silent
	udpSilent     bool    // FreeBSD: closed UDP ports are silent
	cookiesAlways bool    // Linux: every SYN-ACK carries a cookie
	loadRate      float64 // half-open connections a second from elsewhere

	layouts [numGranted]layout
	opening [numGranted]opening // where it does not depend on the peer's MSS
}

// opening is the receive window that a connection starts with.
type opening struct {
	window uint32 // bytes; the SYN-ACK says min(window, 65535)
	scale  uint8
}

// configure applies a machine's options, then its factors in the order of
// their names. An error is one line that names the option or factor.
func configure(m *pool.Machine) (*config, error) {
	for _, k := range sortedKeys(m.Options) {
		if k != "personality" && k != "distribution" {
			return nil, fmt.Errorf("option %s: unknown; want personality or distribution%s", k, meant(k, []string{"personality", "distribution"}))
		}
	}
	name, ok := m.Options["personality"]
	if !ok {
		return nil, fmt.Errorf("option personality: missing; want a name like %s", personalities[0].name)
	}
	p := findPersonality(name)
	if p == nil {
		return nil, fmt.Errorf("option personality: unknown %q%s", name, meant(name, Personalities()))
	}
	c := &config{
		personality: *p, ports: m.Ports, memory: 1024, mtu: 1500,
		firewall: firewallNone, rejectCode: codePort, errorGap: sec,
	}
	if m.Ports.Open == 0 {
		return nil, fmt.Errorf("ports.open: want a TCP port on which something listens")
	}
	if err := c.distribution(m.Options["distribution"]); err != nil {
		return nil, err
	}
	for _, k := range sortedKeys(m.Factors) {
		if strings.HasPrefix(k, "path.") {
			continue // the link's, not the machine's
		}
		if err := c.factor(k, m.Factors[k]); err != nil {
			return nil, fmt.Errorf("factor %s: %w", k, err)
		}
	}
	c.mss = uint16(c.mtu - 40)
	c.layouts = c.order.layouts()
	c.sizeQueue()
	c.sizeBuffer()
	return c, nil
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// sizeQueue settles how many half-open connections there can be.
func (c *config) sizeQueue() {
	if c.family != linux {
		return
	}
	somaxconn := 128
	if kernelOf(c.name) >= version(5, 4, 0) {
		somaxconn = 4096 // 19f92a030ca6
	}
	if c.somaxconn != 0 {
		somaxconn = c.somaxconn
	}
	app := 128
	if c.appBacklog != 0 {
		app = c.appBacklog
	}
	syn := max(128, c.memory*8/256) // tcp_init: a hash slot for 128 KiB, over 256
	if kernelOf(c.name) < version(2, 6, 20) {
		syn = 1024
	}
	if c.synBacklog != 0 {
		syn = c.synBacklog
	}
	switch v := kernelOf(c.name); {
	case v < version(2, 6, 20): // listen_sock's max_qlen_log
		c.backlog = roundPower(syn)
	case v < version(4, 3, 0): // reqsk_queue_alloc
		c.backlog = roundPower(max(8, min(app, somaxconn, syn)) + 1)
	default:
		c.backlog = min(app, somaxconn)
	}
	if !c.cookiesOn { // tcp_conn_request keeps a quarter for peers that proved themselves
		c.full = dropNew
		c.backlog = max(1, min(c.backlog, syn-syn/4))
	}
}

func roundPower(n int) int { return 1 << bits.Len(uint(n-1)) }

// kernelOf finds the version of a Linux personality.
func kernelOf(name string) kernel {
	for _, v := range linuxKernels {
		if name == "linux-"+v.String() {
			return v
		}
	}
	return 0
}

// sizeBuffer settles the receive buffer and the windows that follow from it.
func (c *config) sizeBuffer() {
	locked := c.appBuffer != 0
	if locked {
		n := min(c.appBuffer, c.bufMax)
		if c.family == linux {
			n = max(2*n, 2304) // sock_setsockopt doubles, SOCK_MIN_RCVBUF
		}
		c.rcvbuf = n
	}
	for g := range c.opening {
		switch c.window {
		case windowLinux:
			c.opening[g] = c.linuxOpening(granted(g), locked)
		case windowBSD:
			top := c.rcvbuf
			if c.byBufMax {
				top = c.bufMax
			}
			c.opening[g] = scaled(min(c.rcvbuf, 65535), top, granted(g))
		}
	}
}

// scaled gives a window with the smallest scale in which top fits.
func scaled(window, top int, g granted) opening {
	o := opening{window: uint32(window)}
	if g.has(grantScale) {
		for o.scale < 14 && 65535<<o.scale < top {
			o.scale++
		}
	}
	return o
}

// linuxOpening is tcp_select_initial_window as tcp_openreq_init_rwin calls it.
func (c *config) linuxOpening(g granted, locked bool) opening {
	mss := int(c.mss)
	if g.has(grantTS) {
		mss -= 12
	}
	full := c.rcvbuf * c.lin.share >> 8 // tcp_full_space
	clamp := 65535 << 14
	if locked && c.lin.lockedClamp {
		clamp = full
	}
	space := min(full, clamp)
	if space > mss {
		space -= space % mss
	}
	window := min(space, 65535)
	if c.lin.signed {
		window = min(space, 32767)
	}
	var scale uint8
	if g.has(grantScale) {
		scale = c.linuxScale(space, clamp)
	}
	if c.lin.first != 0 && mss > 1<<scale {
		window = min(window, c.firstSegments(mss)*mss)
	}
	return opening{window: uint32(window), scale: scale}
}

func (c *config) linuxScale(space, clamp int) uint8 {
	top := min(max(c.rmemMaximum(), c.bufMax), clamp)
	switch c.lin.scaleBy {
	case scaleMaxLog:
		return uint8(min(max(bits.Len(uint(max(top, min(space, clamp))))-1-15, 0), 14))
	case scaleSpace:
		top = space
	}
	var scale uint8
	for top > 65535 && scale < 14 {
		top >>= 1
		scale++
	}
	return scale
}

// firstSegments bounds the first window, in segments.
func (c *config) firstSegments(mss int) int {
	switch {
	case c.lin.classic && mss > 3*1460:
		return 2
	case c.lin.classic && mss > 1460:
		return 3
	case c.lin.first == 20 && mss > 1460: // tcp_default_init_rwnd
		return max(1460*20/mss, 2)
	}
	return c.lin.first
}

// rmemMaximum is tcp_rmem[2], as tcp_init sets it from memory. The pages that
// are free at that moment are taken as all but 32 MiB, less 3 %: a kernel of
// 5.10 with 96 MiB then announces a scale of 3, as a real one does.
func (c *config) rmemMaximum() int {
	if c.rmemMax != 0 {
		return c.rmemMax
	}
	free := max(c.memory-32, 1) << 20 / 100 * 97
	switch c.lin.memory {
	case memoryPages:
		pages := c.memory * 256
		limit := max((min(pages, 65536)>>8)*(pages>>8)>>1, 128)
		return max(87380, min(4<<20, limit<<5))
	case memoryFree4:
		return max(87380, min(4<<20, free/128))
	case memoryFree6:
		return max(87380, min(6<<20, free/128))
	}
	return 174760
}

// open gives the window of a connection with a peer whose SYN said mss
// (0: nothing).
func (c *config) open(g granted, mss uint16) opening {
	switch c.window {
	case windowLinux, windowBSD:
		return c.opening[g]
	}
	segment := int(mss)
	if segment == 0 {
		segment = 536 // RFC 9293 3.7.1
	}
	segment = min(segment, int(c.mss))
	switch c.window {
	case windowNT5:
		// Whole segments of the link's where the buffer is the largest, 64240
		// on Ethernet; then rounded up to the peer's: 17520 for 16384. Nmap's
		// sixth SYN, with an MSS of 265, draws 402E and FB8B.
		buffer := c.rcvbuf
		if buffer == 65535 {
			buffer -= buffer % int(c.mss)
		}
		w := (buffer + segment - 1) / segment * segment
		if w > 65535 && buffer <= 65535 {
			w -= segment
		}
		return scaled(w, w, g)
	case windowNT6:
		o := opening{window: uint32(min(c.rcvbuf, 65535))}
		if g.has(grantScale) {
			o.scale = 8 // autotuning level normal
			if c.appBuffer != 0 {
				o = scaled(min(c.rcvbuf, 65535), c.rcvbuf, g)
			}
			return o
		}
		// Without scaling 65535 becomes whole segments: Nmap's sixth SYN,
		// with an MSS of 265, draws FF70, 122 segments of 536.
		segment = max(segment, 536)
		if g.has(grantTS) {
			segment -= 12
		}
		if o.window == 65535 {
			o.window -= o.window % uint32(segment)
		}
		return o
	}
	// windowSolaris: tcp_rwnd_set, MSS_ROUNDUP. Nmap's six SYNs draw C050,
	// C330, C1CC, C068, C068 and C0B7 from 49152 bytes.
	if g.has(grantTS) {
		segment -= 12
	}
	segment = max(segment, 1)
	w := (c.rcvbuf + segment - 1) / segment * segment
	o := scaled(w, w, g)
	if !g.has(grantScale) {
		o.window = min(o.window, 65535)
	}
	return o
}

// announced is the window field of a SYN-ACK.
func (c *config) announced(o opening) uint16 {
	if c.window == windowSolaris {
		return uint16(min(o.window>>o.scale, 65535)) // tcp_xmit_mp scales it even here
	}
	return uint16(min(o.window, 65535))
}
