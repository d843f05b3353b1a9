package attach

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"tickle/collector/pool"
	"tickle/collector/process"
)

// Run makes the namespace and its tap, calls ready, and carries packets
// between them and link until ctx ends or the machine dies. The namespace goes
// with it. One that is there already is an error.
func Run(ctx context.Context, link pool.Link, namespace string, ready func()) (err error) {
	owner, err := process.Own()
	if err != nil {
		return err
	}
	if _, err := os.Stat("/run/netns/" + namespace); err == nil {
		return fmt.Errorf("namespace %s: is there already", namespace)
	}
	forget, err := owner.Namespace(namespace)
	if err != nil {
		return err
	}
	defer func() {
		if derr := netns.DeleteNamed(namespace); derr != nil && !errors.Is(derr, os.ErrNotExist) {
			err = errors.Join(err, fmt.Errorf("namespace %s: %w", namespace, derr))
		}
		err = errors.Join(err, forget())
	}()
	a := Default
	t, err := openTap(namespace, &a)
	if err != nil {
		return err
	}
	frames := make(chan []byte, 256)
	go readFrames(t, frames)
	defer func() {
		err = errors.Join(err, t.Close())
		for range frames { // the reader ends with the tap
		}
	}()
	ready()
	return newBridge(a, link, t, frames).run(ctx)
}

// readFrames sends what the tap gives until it is closed.
func readFrames(t *os.File, frames chan<- []byte) {
	defer close(frames)
	buf := make([]byte, headerLen+pool.MaxPacket)
	for {
		n, err := t.Read(buf)
		if err != nil {
			return
		}
		frames <- append([]byte(nil), buf[:n]...)
	}
}

// openTap makes a named namespace with a tap in it that is up and routes to
// the machine.
func openTap(namespace string, a *Addresses) (t *os.File, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		var home netns.NsHandle
		if home, err = netns.Get(); err != nil {
			err = fmt.Errorf("network namespace: %w", err)
			runtime.UnlockOSThread()
			return
		}
		// The thread goes back and lives on: a machine that it started would
		// be killed with it (Pdeathsig, prctl(2)).
		defer func() {
			if netns.Set(home) == nil {
				runtime.UnlockOSThread()
			}
			err = errors.Join(err, home.Close())
		}()
		if _, err = netns.NewNamed(namespace); err != nil {
			err = fmt.Errorf("namespace %s: %w (are you root?)", namespace, err)
			return
		}
		if t, err = newTap(); err == nil {
			err = setUp(a)
		}
	}()
	<-done
	if err != nil && t != nil {
		err = errors.Join(err, t.Close())
	}
	return t, err
}

func newTap() (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("/dev/net/tun: %w", err)
	}
	request, err := unix.NewIfreq(Tap)
	if err == nil {
		request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI | unix.IFF_TUN_EXCL)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("tap: %w", err), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), Tap), nil
}

// setUp gives the thread's namespace its addresses and routes.
func setUp(a *Addresses) error {
	for _, name := range []string{"lo", Tap} {
		l, err := netlink.LinkByName(name)
		if err == nil {
			err = netlink.LinkSetUp(l)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	l, err := netlink.LinkByName(Tap)
	if err != nil {
		return err
	}
	for _, end := range []struct {
		machine netip.Addr
		prober  netip.Prefix
		flags   int
	}{{a.Machine, a.Prober, 0}, {a.Machine6, a.Prober6, unix.IFA_F_NODAD}} {
		bits := end.machine.BitLen()
		own := &net.IPNet{IP: end.prober.Addr().Next().AsSlice(), Mask: net.CIDRMask(end.prober.Bits(), bits)}
		if err := netlink.AddrAdd(l, &netlink.Addr{IPNet: own, Flags: end.flags}); err != nil {
			return fmt.Errorf("%s: address %s: %w", Tap, own, err)
		}
		to := &net.IPNet{IP: end.machine.AsSlice(), Mask: net.CIDRMask(bits, bits)}
		if err := netlink.RouteReplace(&netlink.Route{LinkIndex: l.Attrs().Index, Dst: to}); err != nil {
			return fmt.Errorf("%s: route to %s: %w", Tap, to, err)
		}
	}
	return nil
}
