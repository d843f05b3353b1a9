// Package ether makes a pool.Link of a carrier of Ethernet frames: a unix
// socket to a virtual machine, a socket pair to a stack's program, a packet
// socket. It plays a whole network of hosts: every address of the prober's
// blocks answers ARP (RFC 826) and neighbour solicitations (RFC 4861) with
// the prober's one hardware address, so that a machine needs no route and the
// prober no interface of its own.
package ether

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"tickle/collector/pool"
)

// Carrier moves frames. It is used by one goroutine; no method keeps the
// slice it is given.
type Carrier interface {
	// WriteFrame sends one frame, or fails after a second when the other end
	// does not read. It may hold frames back until the next ReadFrame that
	// finds none there.
	WriteFrame(frame []byte) error
	// ReadFrame copies the next frame into buf, which holds MaxFrame bytes,
	// and returns its length and, where the carrier knows better than its
	// caller, the time at which it came. It takes a frame that is there
	// already, whatever deadline says; when none comes before deadline the
	// error is os.ErrDeadlineExceeded.
	ReadFrame(buf []byte, deadline time.Time) (n int, at time.Time, err error)
	Close() error
}

// MaxFrame is the length of the longest frame that a carrier moves.
const MaxFrame = pool.MaxPacket + headerLen

const (
	headerLen = 14
	typeIPv4  = 0x0800
	typeARP   = 0x0806
	typeIPv6  = 0x86dd
)

// Config is the addressing of a link.
type Config struct {
	Machine netip.Addr   // the machine's IPv4 address
	Prober  netip.Prefix // the prober's IPv4 block
	// Machine6 and Prober6 are their IPv6 counterparts; invalid: no IPv6.
	Machine6 netip.Addr
	Prober6  netip.Prefix
	// Gateway is the next hop to a machine on another network; invalid: the
	// machine is on this one.
	Gateway netip.Addr
	// MAC is the prober's hardware address; nil: DefaultMAC.
	MAC net.HardwareAddr
	// MachineMAC is the machine's, where it is known; nil: it is asked for.
	MachineMAC net.HardwareAddr
	// Died says why a machine whose link closed has ended; nil, and where it
	// gives nil: nobody knows better than the link.
	Died func() error
}

// DefaultMAC is the prober's hardware address: locally administered.
var DefaultMAC = net.HardwareAddr{0x02, 0x54, 0x69, 0x63, 0x6b, 0x00}

// Link is a pool.Link over a carrier, with a real clock. It carries IPv4, and
// IPv6 where it is configured.
type Link struct {
	carrier Carrier
	cfg     Config
	start   time.Time
	frame   []byte // being sent: header and packet
	in      []byte
	known   bool // the machine's hardware address is in frame
	err     error
}

// NewLink makes a link. It owns the carrier.
func NewLink(c Carrier, cfg Config) *Link {
	if cfg.MAC == nil {
		cfg.MAC = DefaultMAC
	}
	if !cfg.Gateway.IsValid() {
		cfg.Gateway = cfg.Machine
	}
	l := &Link{carrier: c, cfg: cfg, start: time.Now(), frame: make([]byte, MaxFrame), in: make([]byte, MaxFrame)}
	copy(l.frame[6:12], cfg.MAC)
	if cfg.MachineMAC != nil {
		copy(l.frame[:6], cfg.MachineMAC)
		l.known = true
	}
	return l
}

// Now is the time in µs since the link was made, on the monotonic clock.
func (l *Link) Now() int64 { return time.Since(l.start).Microseconds() }

// Silence is Timeout: an answer may always be on its way.
func (l *Link) Silence() pool.Silence { return pool.Timeout }

// Close closes the carrier.
func (l *Link) Close() error {
	if errors.Is(l.err, pool.ErrClosed) {
		return nil
	}
	l.err = pool.ErrClosed
	return l.carrier.Close()
}

// Send sends one IP packet to the machine, and refuses any that is for somebody
// else. It first asks for the machine's hardware address, for up to a second,
// when it does not know it.
func (l *Link) Send(packet []byte) error {
	if l.err != nil {
		return l.err
	}
	if len(packet) > pool.MaxPacket {
		return fmt.Errorf("link: packet of %d bytes", len(packet))
	}
	if !l.forMachine(packet) {
		return fmt.Errorf("link: a packet that is not for %s", l.cfg.Machine)
	}
	if !l.known {
		if err := l.resolve(time.Now().Add(time.Second)); err != nil {
			return err
		}
	}
	typ := uint16(typeIPv4)
	if packet[0]>>4 == 6 {
		typ = typeIPv6
	}
	binary.BigEndian.PutUint16(l.frame[12:], typ)
	n := copy(l.frame[headerLen:], packet)
	if err := l.carrier.WriteFrame(l.frame[:headerLen+n]); err != nil {
		return l.fail(err)
	}
	return nil
}

// forMachine reports whether a packet's destination is the machine, or in
// IPv6 the group in which it is asked for its hardware address. Nothing else
// leaves through a link, whoever asks.
func (l *Link) forMachine(packet []byte) bool {
	switch {
	case len(packet) >= 20 && packet[0]>>4 == 4:
		return netip.AddrFrom4([4]byte(packet[16:20])) == l.cfg.Machine
	case len(packet) >= 40 && packet[0]>>4 == 6 && l.cfg.Machine6.IsValid():
		to := netip.AddrFrom16([16]byte(packet[24:40]))
		group := netip.MustParseAddr("ff02::1:ff00:0").As16() // RFC 4291 §2.7.1
		m := l.cfg.Machine6.As16()
		copy(group[13:], m[13:])
		return to == l.cfg.Machine6 || to == netip.AddrFrom16(group)
	}
	return false
}

// fail remembers an error of the carrier: the machine is gone.
func (l *Link) fail(err error) error {
	if l.cfg.Died != nil {
		if why := l.cfg.Died(); why != nil {
			err = why
		}
	}
	l.err = fmt.Errorf("%w: %v", pool.ErrClosed, err)
	return l.err
}

// Receive takes the next IP packet for the prober; it answers ARP and
// neighbour solicitations on the way and ignores other frames.
func (l *Link) Receive(buf []byte, until int64) (n int, at int64, ok bool, err error) {
	if l.err != nil {
		return 0, l.Now(), false, l.err
	}
	deadline := l.start.Add(time.Duration(until) * time.Microsecond)
	for {
		packet, at, err := l.next(deadline)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return 0, l.Now(), false, nil
		}
		if err != nil {
			return 0, l.Now(), false, err
		}
		if packet != nil {
			return copy(buf, packet), at.Sub(l.start).Microseconds(), true, nil
		}
	}
}

// next reads one frame and handles what is not for the user: then packet is
// nil. The packet is valid until the next call.
func (l *Link) next(deadline time.Time) (packet []byte, at time.Time, err error) {
	n, at, err := l.carrier.ReadFrame(l.in, deadline)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, at, err
	}
	if err != nil {
		return nil, at, l.fail(err)
	}
	if at.IsZero() {
		at = time.Now()
	}
	if n < headerLen {
		return nil, at, nil
	}
	frame := l.in[:n]
	body := frame[headerLen:]
	switch binary.BigEndian.Uint16(frame[12:]) {
	case typeARP:
		return nil, at, l.arp(body)
	case typeIPv4:
		return l.ipv4(body), at, nil
	case typeIPv6:
		packet, err := l.ipv6(body)
		return packet, at, err
	}
	return nil, at, nil
}

// ipv4 returns the packet in a frame's body without padding, when it is for
// the prober.
func (l *Link) ipv4(body []byte) []byte {
	if len(body) < 20 || body[0]>>4 != 4 {
		return nil
	}
	if !l.cfg.Prober.Contains(netip.AddrFrom4([4]byte(body[16:20]))) {
		return nil
	}
	// A frame is at least 60 bytes long; a length that lies is the
	// decoder's to judge.
	if total := int(binary.BigEndian.Uint16(body[2:])); total >= 20 && total < len(body) {
		body = body[:total]
	}
	return body
}
