// Package guest makes a Linux kernel into a machine of the pool: addresses
// and routes on its one interface, sysctls, a listening application with its
// socket options, and a firewall. It runs as the first process of a virtual
// machine (package guest/init) and inside a network namespace, so that a
// factor means the same in both.
package guest

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Config is what a guest is to be. It travels as JSON.
type Config struct {
	Interface string         `json:"interface"` // the link's name in the guest; "": the first that is not loopback
	Addresses []netip.Prefix `json:"addresses"`
	Routes    []netip.Prefix `json:"routes,omitempty"` // what else is on the link
	// Gateways are on the link and lead to everything else, one of IPv4
	// and one of IPv6 at most: a prober with many addresses costs the guest
	// one neighbour.
	Gateways []netip.Addr `json:"gateways,omitempty"`
	// Sysctls are set in order of their names before the interface is up.
	// Names are with dots, as in sysctl.conf; "*" stands for every
	// interface, but not for "all" and "default".
	Sysctls  map[string]string `json:"sysctls,omitempty"`
	Port     uint16            `json:"port"`               // the listener's TCP port
	RcvBuf   int               `json:"rcvbuf,omitempty"`   // SO_RCVBUF of the listener in bytes; 0: the kernel's
	Backlog  int               `json:"backlog,omitempty"`  // of listen(2); 0: net.core.somaxconn
	MTU      int               `json:"mtu,omitempty"`      // of the interface; 0: as it is
	Firewall Firewall          `json:"firewall,omitempty"` // "": none
}

// MaxConnections is the number of connections that a guest's application
// holds at a time; it closes what comes beyond them at once.
const MaxConnections = 768

// Firewall says what the guest does with what is not for its listener.
type Firewall string

// The firewalls: connection tracking lets SYNs to the listener and what
// belongs to a connection in, datagrams to its port, and echo requests; the rest is dropped, or
// rejected as nftables' "reject" does.
const (
	NoFirewall Firewall = "none"
	Drop       Firewall = "drop"
	Reject     Firewall = "reject"
)

// On reports whether anything is kept out.
func (f Firewall) On() bool { return f != NoFirewall && f != "" }

// Factors are the factors of a pool file that a Linux guest understands
// beside "sysctl.NAME".
var Factors = []string{"app.backlog", "app.rcvbuf", "firewall", "mtu"}

// Apply reads the factors of Linux guests into c and returns those it
// does not know, in order. A bad value is an error that names the factor.
func (c *Config) Apply(factors map[string]string) (unknown []string, err error) {
	names := make([]string, 0, len(factors))
	for name := range factors {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		value := factors[name]
		switch {
		case strings.HasPrefix(name, "sysctl."):
			if err = c.SetSysctl(strings.TrimPrefix(name, "sysctl."), value); err != nil {
				err = fmt.Errorf("factor %s: %w", name, err)
			}
		case name == "app.backlog":
			c.Backlog, err = positive(name, value, 1<<16)
		case name == "app.rcvbuf":
			c.RcvBuf, err = positive(name, value, 1<<30)
		case name == "mtu":
			c.MTU, err = positive(name, value, 65535)
			if err == nil && c.MTU < 576 {
				err = fmt.Errorf("factor mtu=%s: want at least 576", value)
			}
		case name == "firewall":
			c.Firewall = Firewall(value)
			if !slices.Contains([]Firewall{NoFirewall, Drop, Reject}, c.Firewall) {
				err = fmt.Errorf("factor firewall=%s: want none, drop or reject", value)
			}
		default:
			unknown = append(unknown, name)
		}
		if err != nil {
			return nil, err
		}
	}
	return unknown, nil
}

// SetSysctl adds a sysctl, or replaces it. The name is with dots, and one
// without any is below net.ipv4; only those below net can be set.
func (c *Config) SetSysctl(name, value string) error {
	name = sysctlName(name)
	if _, err := sysctlPath(name); err != nil {
		return err
	}
	if c.Sysctls == nil {
		c.Sysctls = make(map[string]string)
	}
	c.Sysctls[name] = value
	return nil
}

// sysctlName gives the full name of a short one: tcp_sack is
// net.ipv4.tcp_sack.
func sysctlName(name string) string {
	if !strings.Contains(name, ".") {
		return "net.ipv4." + name
	}
	return name
}

// sysctlPath gives the file of a sysctl, or an error when the name would
// leave /proc/sys/net. A part "*" stays, for the files that it stands for.
func sysctlPath(name string) (string, error) {
	if !strings.HasPrefix(name, "net.") || strings.ContainsAny(name, "/?[\\\x00") || strings.Contains(name, "..") {
		return "", fmt.Errorf("sysctl %q: want a name below net", name)
	}
	return "/proc/sys/" + strings.ReplaceAll(name, ".", "/"), nil
}

func positive(name, value string, most int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("factor %s=%s: want a whole number from 1 to %d", name, value, most)
	}
	return n, nil
}
