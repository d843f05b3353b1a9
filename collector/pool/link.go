package pool

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
)

// ErrClosed is returned by a link after Close, or when its machine has died.
var ErrClosed = errors.New("link closed")

// Link is an open way to exchange IP packets with one machine. It is used by
// one goroutine. No method keeps the slice it is given.
type Link interface {
	// Now is the link's clock, in µs from an arbitrary start.
	Now() int64
	// Send hands one IP packet to the machine at the time Now, or before the
	// next Receive waits.
	Send(packet []byte) error
	// Receive waits until the link's clock shows until at most and copies
	// the next packet from the machine into buf, which holds at least
	// MaxPacket bytes. When ok is true, n bytes came at time at ≤ until.
	// When ok is false nothing came and the clock shows until.
	//
	// On a link whose silence is Certain, clocks are virtual and Receive does
	// not sleep: ok false means that nothing came before until.
	Receive(buf []byte, until int64) (n int, at int64, ok bool, err error)
	// Silence says what it means that nothing was received.
	Silence() Silence
	Close() error
}

// MaxPacket is the length in bytes of the longest packet on a link.
const MaxPacket = 65535

// Silence is what no answer means.
type Silence uint8

// The meanings of silence. The zero value is invalid.
const (
	_       Silence = iota
	Certain         // virtual clock: there was no answer before that time
	Timeout         // real clock: an answer may still be on its way
)

// Net is the addressing of a machine's link, the same for every machine on
// an isolated link.
type Net struct {
	Machine netip.Addr   // the machine's address
	Prober  netip.Prefix // the block that the prober owns; all of it routes back over the link
	// Machine6 and Prober6 are their IPv6 counterparts, both invalid where the
	// machine is not asked over IPv6. Prober6 has at most 96 bits, and the
	// prober's IPv6 addresses are those that end in its IPv4 ones.
	Machine6 netip.Addr
	Prober6  netip.Prefix
}

// Machine6 and Prober6 are the IPv6 addresses of isolated links: the
// documentation prefix of RFC 3849.
var (
	Machine6 = netip.MustParseAddr("2001:db8::1")
	Prober6  = netip.MustParsePrefix("2001:db8:1::/64")
)

// Backend starts machines of one kind.
type Backend interface {
	// Name is the word in pool files.
	Name() string
	// Modelled reports whether answers are computed from a model of a stack.
	Modelled() bool
	// Stack names the implementation and version behind m ("gVisor v0.0…").
	Stack(m *Machine) string
	// Check returns what is wrong with m's options and factors, or why this
	// host cannot run it; it starts nothing.
	Check(m *Machine) error
	// Open starts the machine, seeded, and opens its link. Everything random
	// in the machine comes from seed. ctx ends the machine's start only.
	Open(ctx context.Context, m *Machine, net Net, seed uint64) (Link, error)
}

// Dual is a Backend some of whose machines have IPv6.
type Dual interface {
	Backend
	// IPv6 gives nil where m has an IPv6 address, else why it has none.
	IPv6(m *Machine) error
}

// Holder is a Backend whose machines run an application that is known to hold
// many connections.
type Holder interface {
	Backend
	// Connections is how many it holds at a time; the kernel keeps no fewer
	// waiting for it.
	Connections() int
}

// Connections is how many the application of b's machines holds, or 0: not
// known.
func Connections(b Backend) int {
	if h, ok := b.(Holder); ok {
		return h.Connections()
	}
	return 0
}

// IPv6 gives nil where m, a machine of b's, has an IPv6 address, else why it
// has none.
func IPv6(b Backend, m *Machine) error {
	if d, ok := b.(Dual); ok {
		return d.IPv6(m)
	}
	return fmt.Errorf("backend %s has no IPv6", b.Name())
}

// Addressed is a Backend whose machines stand in a network that others use
// too, so that addresses cannot be the isolated links' own.
type Addressed interface {
	Backend
	// Net gives the address of m and the prober's block there, which may be as
	// small as one address: of a block larger than two the first and last stay
	// free. Sendings that do not fit into the block's ports are an error of the
	// collector's. It starts nothing and says the same each time. What it gives
	// is what Open is given.
	Net(m *Machine) (Net, error)
}
