package guest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Setup makes the network namespace of the calling thread what c says: first
// the listener, then sysctls and firewall, and only then the addresses, so
// that the machine never answers half ready. The listener lives until it is
// closed; it accepts connections and closes them when the peer has.
func Setup(c *Config) (*Listener, error) {
	link, err := waitLink(c.Interface, 10*time.Second)
	if err != nil {
		return nil, err
	}
	if err := setSysctls(c.Sysctls); err != nil {
		return nil, err
	}
	if c.MTU > 0 {
		if err := netlink.LinkSetMTU(link, c.MTU); err != nil {
			return nil, fmt.Errorf("mtu %d: %w", c.MTU, err)
		}
	}
	if lo, err := netlink.LinkByName("lo"); err == nil {
		if err := netlink.LinkSetUp(lo); err != nil {
			return nil, fmt.Errorf("lo: %w", err)
		}
	}
	if err := setFirewall(c.Firewall, c.Port); err != nil {
		return nil, err
	}
	l, err := listen(c)
	if err != nil {
		return nil, err
	}
	if err := setAddresses(c, link); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// waitLink waits for the interface: its driver may still be starting.
func waitLink(name string, most time.Duration) (netlink.Link, error) {
	for end := time.Now().Add(most); ; time.Sleep(10 * time.Millisecond) {
		links, err := netlink.LinkList()
		if err != nil {
			return nil, fmt.Errorf("interfaces: %w", err)
		}
		for _, l := range links {
			a := l.Attrs()
			if name != "" && a.Name == name || name == "" && a.Flags&net.FlagLoopback == 0 && len(a.HardwareAddr) == 6 && a.Name != "sit0" {
				return l, nil
			}
		}
		if time.Now().After(end) {
			return nil, fmt.Errorf("no interface %q after %v", name, most)
		}
	}
}

func setSysctls(values map[string]string) error {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		path, err := sysctlPath(name)
		if err != nil {
			return err
		}
		files, err := sysctlFiles(path)
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := os.WriteFile(f, []byte(values[name]), 0o644); err != nil {
				return fmt.Errorf("sysctl %s=%s: %w", name, values[name], err)
			}
		}
	}
	return nil
}

// sysctlFiles are the files that a path stands for: itself, or with a "*" in
// it those of every interface.
func sysctlFiles(path string) ([]string, error) {
	if !strings.Contains(path, "*") {
		return []string{path}, nil
	}
	found, err := filepath.Glob(path)
	return slices.DeleteFunc(found, func(f string) bool {
		return strings.Contains(f, "/all/") || strings.Contains(f, "/default/")
	}), err
}

func setAddresses(c *Config, link netlink.Link) error {
	index := link.Attrs().Index
	for _, a := range c.Addresses {
		addr := &netlink.Addr{IPNet: &net.IPNet{IP: a.Addr().AsSlice(), Mask: net.CIDRMask(a.Bits(), a.Addr().BitLen())}}
		if a.Addr().Is6() {
			// Nobody else is on the link: no duplicate address detection.
			addr.Flags = unix.IFA_F_NODAD
		}
		if err := netlink.AddrAdd(link, addr); err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("address %s: %w", a, err)
		}
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("%s up: %w", link.Attrs().Name, err)
	}
	for _, r := range c.Routes {
		r = r.Masked()
		route := &netlink.Route{LinkIndex: index, Scope: netlink.SCOPE_LINK,
			Dst: &net.IPNet{IP: r.Addr().AsSlice(), Mask: net.CIDRMask(r.Bits(), r.Addr().BitLen())}}
		if r.Addr().Is6() {
			route.Scope = netlink.SCOPE_UNIVERSE
		}
		if err := netlink.RouteReplace(route); err != nil {
			return fmt.Errorf("route %s: %w", r, err)
		}
	}
	for _, g := range c.Gateways {
		everything := net.IPNet{IP: make(net.IP, g.BitLen()/8), Mask: make(net.IPMask, g.BitLen()/8)}
		route := &netlink.Route{LinkIndex: index, Dst: &everything, Gw: g.AsSlice(), Flags: int(netlink.FLAG_ONLINK)}
		if err := netlink.RouteReplace(route); err != nil {
			return fmt.Errorf("gateway %s: %w", g, err)
		}
	}
	return nil
}
