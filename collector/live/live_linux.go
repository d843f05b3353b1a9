package live

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"time"

	"github.com/safchain/ethtool"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"tickle/collector/ether"
	"tickle/collector/guest"
	"tickle/collector/pool"
)

// Machine6 and Prober6 are the IPv6 addresses on a link.
var (
	Machine6 = pool.Machine6
	Prober6  = pool.Prober6
)

// The two ends of the cable. Each is alone in its namespace.
const (
	proberEnd  = "tickle0"
	machineEnd = "eth0"
)

// machineMAC is every machine's hardware address: cables are isolated.
var machineMAC = net.HardwareAddr{0x02, 0x54, 0x69, 0x63, 0x6b, 0x01}

// Stack names the kernel of namespaces; of a declared host the labels say
// what it is.
func (Backend) Stack(m *pool.Machine) string {
	if a := m.Options["address"]; a != "" {
		return "host " + a
	}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "Linux (this host)"
	}
	return "Linux " + unix.ByteSliceToString(u.Release[:]) + " (this host)"
}

// Check reports a bad option or factor, that this process may not make
// namespaces, or that a declared host's interface is not there.
func (Backend) Check(m *pool.Machine) error {
	if m.Options["address"] != "" {
		d, err := readDeclared(m)
		if err != nil {
			return err
		}
		return d.available()
	}
	if _, err := read(m); err != nil {
		return err
	}
	if starter.Load() != nil {
		return nil // it may
	}
	return inNewNamespace(func() error { return nil })
}

// inNewNamespace runs work on a thread of its own in a new network namespace.
// The namespace ends with work, unless work keeps a socket or a handle of it.
// The thread goes back to where it was and lives on: a child of this process
// that it started before would be killed with it (Pdeathsig, prctl(2)).
func inNewNamespace(work func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		home, err := netns.Get()
		if err == nil {
			defer home.Close()
			err = unix.Unshare(unix.CLONE_NEWNET)
		}
		if err != nil {
			runtime.UnlockOSThread()
			done <- fmt.Errorf("network namespace: %w (are you root?)", err)
			return
		}
		err = work()
		if netns.Set(home) == nil { // else the runtime ends the thread with the goroutine
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}

// Open reaches a declared host, or makes the namespaces and their cable, sets
// the machine's end up, and opens a packet socket on the prober's; the starter
// does it, where one was begun (Separate). The seed is not used: a real kernel
// draws its own random numbers.
func (Backend) Open(ctx context.Context, m *pool.Machine, addr pool.Net, _ uint64) (pool.Link, error) {
	cfg, wait, err := addressing(m, addr)
	if err != nil {
		return nil, err
	}
	start := prepare
	if s := starter.Load(); s != nil {
		start = s.prepare
	}
	s, err := start(ctx, m, addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	l := &link{Link: ether.NewLink(s.socket, cfg), end: s.end}
	if err := l.Ready(ctx, m.Ports.Open, wait); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", m.Name, err), l.Close())
	}
	if addr.Machine6.IsValid() && m.Options["address"] == "" {
		// The kernel routes to a new IPv6 address when a worker of its gets to it.
		if err := l.ReadyIPv6(ctx, m.Ports.Open, wait); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", m.Name, err), l.Close())
		}
	}
	return l, nil
}

// addressing gives the configuration of a machine's link, and how long it has
// until it accepts a connection.
func addressing(m *pool.Machine, addr pool.Net) (cfg ether.Config, wait time.Duration, err error) {
	if m.Options["address"] == "" {
		return ether.Config{Machine: addr.Machine, Prober: addr.Prober, Machine6: Machine6, Prober6: Prober6, MachineMAC: machineMAC}, readyWait, nil
	}
	d, err := readDeclared(m)
	if err != nil {
		return cfg, 0, err
	}
	return ether.Config{Machine: d.address, Prober: d.prober, Machine6: d.address6, Prober6: d.prober6, Gateway: d.gateway, MAC: d.mac}, hostWait, nil
}

// site is a machine that was started: a packet socket towards it, and what
// ends it.
type site struct {
	socket *socket
	end    func() error
}

// prepare does what takes privileges. A declared host is started as its user
// says.
func prepare(ctx context.Context, m *pool.Machine, addr pool.Net) (*site, error) {
	if m.Options["address"] != "" {
		return prepareDeclared(ctx, m)
	}
	c, err := read(m)
	if err != nil {
		return nil, err
	}
	c.Interface = machineEnd
	c.Addresses = []netip.Prefix{netip.PrefixFrom(addr.Machine, addr.Machine.BitLen()), netip.PrefixFrom(Machine6, 128)}
	c.Routes = []netip.Prefix{addr.Prober, Prober6}
	h := &host{}
	if err := h.open(c); err != nil {
		if h.socket != nil {
			err = errors.Join(err, h.socket.Close())
		}
		return nil, errors.Join(err, h.close())
	}
	return &site{h.socket, h.close}, nil
}

// readyWait is how long a machine has to accept its first connection: a cable
// takes up to a second until the kernel has noticed both ends.
const readyWait = 10 * time.Second

// host is a stack in a namespace and the socket that reaches it.
type host struct {
	namespace netns.NsHandle
	socket    *socket
	listener  *guest.Listener
}

func (h *host) open(c *guest.Config) (err error) {
	h.namespace = netns.None()
	if err := inNewNamespace(func() (err error) { h.namespace, err = netns.Get(); return err }); err != nil {
		return err
	}
	if err := inNewNamespace(h.lay); err != nil {
		return err
	}
	return inNewNamespace(func() (err error) {
		if err := netns.Set(h.namespace); err != nil {
			return fmt.Errorf("network namespace: %w", err)
		}
		h.listener, err = guest.Setup(c)
		return err
	})
}

// lay makes the cable in the thread's namespace, gives one end to the
// machine's, and opens the socket on the other. Both ends compute checksums
// and segments themselves: what an interface would do, a cable never does.
func (h *host) lay() error {
	cable := &netlink.Veth{LinkAttrs: netlink.NewLinkAttrs(), PeerName: machineEnd, PeerHardwareAddr: machineMAC}
	cable.Name = proberEnd
	if err := netlink.LinkAdd(cable); err != nil {
		return fmt.Errorf("veth: %w", err)
	}
	near, err := netlink.LinkByName(proberEnd)
	if err != nil {
		return fmt.Errorf("veth: %w", err)
	}
	far, err := netlink.LinkByName(machineEnd)
	if err != nil {
		return fmt.Errorf("veth: %w", err)
	}
	if err := plain(proberEnd, machineEnd); err != nil {
		return err
	}
	// The prober's end has no address and asks nobody anything.
	if err := netlink.LinkSetARPOff(near); err != nil {
		return fmt.Errorf("veth: %w", err)
	}
	if err := netlink.LinkSetIP6AddrGenMode(near, 1); err != nil { // IN6_ADDR_GEN_MODE_NONE
		return fmt.Errorf("veth: %w", err)
	}
	if err := netlink.LinkSetNsFd(far, int(h.namespace)); err != nil {
		return fmt.Errorf("veth: %w", err)
	}
	if err := netlink.LinkSetUp(near); err != nil {
		return fmt.Errorf("veth: %w", err)
	}
	h.socket, err = openSocket(near.Attrs().Index, cableOnly)
	return err
}

// offloads are the features of an interface that leave packets unfinished.
var offloads = []string{"tx-checksum-ip-generic", "tx-tcp-segmentation", "tx-tcp6-segmentation", "tx-generic-segmentation", "rx-gro"}

// plain turns the offloads of interfaces off, those that they have.
func plain(names ...string) error {
	e, err := ethtool.NewEthtool()
	if err != nil {
		return fmt.Errorf("ethtool: %w", err)
	}
	defer e.Close()
	for _, name := range names {
		has, err := e.FeatureNames(name)
		if err != nil {
			return fmt.Errorf("ethtool %s: %w", name, err)
		}
		off := make(map[string]bool)
		for _, o := range offloads {
			if _, ok := has[o]; ok {
				off[o] = false
			}
		}
		if err := e.Change(name, off); err != nil {
			return fmt.Errorf("ethtool %s: %w", name, err)
		}
	}
	return nil
}

// close ends the machine: with their last socket the namespaces go.
func (h *host) close() error {
	var errs []error
	if h.listener != nil {
		errs = append(errs, h.listener.Close())
	}
	if h.namespace.IsOpen() {
		errs = append(errs, h.namespace.Close())
	}
	return errors.Join(errs...)
}

// link is a link that takes its host with it.
type link struct {
	*ether.Link
	end func() error
}

// Close closes the socket and ends the machine.
func (l *link) Close() error { return errors.Join(l.Link.Close(), l.end()) }
