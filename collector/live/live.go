// Package live probes kernels that run beside this process. A machine is
// either a network namespace of this host, with a Linux TCP/IP stack of its
// own whose sysctls are factors, or a host that a user declares.
//
// A namespace is two without names, joined by a virtual cable: the stack in
// one, a packet socket in the other. Both vanish with their last socket, so
// that nothing is left behind however this process ends, and no packet can
// leave the host. Declared hosts are asked from addresses that this host does
// not own, over a packet socket, so that its kernel stays out of it. Both need
// root on Linux.
package live

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"tickle/collector/guest"
	"tickle/collector/pool"
)

// Backend runs machines with the option "namespace: new", whose factors are
// those of package guest, and reaches hosts with the option "address".
type Backend struct{}

// Name is "live".
func (Backend) Name() string { return "live" }

// Modelled is false: the kernel is real.
func (Backend) Modelled() bool { return false }

// isolated is the addressing of namespaces, as on any isolated link. A kernel
// keeps a thousand neighbours, no more.
var isolated = pool.Net{Machine: netip.MustParseAddr("192.0.2.1"), Prober: netip.MustParsePrefix("198.18.0.0/24"),
	Machine6: pool.Machine6, Prober6: pool.Prober6}

// IPv6 is an error for a declared host without the option address6.
func (Backend) IPv6(m *pool.Machine) error {
	if m.Options["address"] != "" && m.Options["address6"] == "" {
		return errors.New("the host has no option address6")
	}
	return nil
}

// Net gives a declared host's own addressing.
func (Backend) Net(m *pool.Machine) (pool.Net, error) {
	if m.Options["address"] == "" {
		return isolated, nil
	}
	d, err := readDeclared(m)
	if err != nil {
		return pool.Net{}, err
	}
	return d.net(), nil
}

// read gives the configuration that a namespace's description asks for.
func read(m *pool.Machine) (*guest.Config, error) {
	for name, value := range m.Options {
		if name != "namespace" || value != "new" {
			return nil, fmt.Errorf("option %s=%s: want namespace=new alone, or address and prober", name, value)
		}
	}
	if m.Options["namespace"] == "" {
		return nil, fmt.Errorf("options: want namespace=new, or address and prober")
	}
	c := &guest.Config{Port: m.Ports.Open}
	unknown, err := c.Apply(m.Factors)
	if err != nil {
		return nil, err
	}
	for _, name := range unknown {
		if !strings.HasPrefix(name, "path.") {
			return nil, fmt.Errorf("factor %q: want sysctl.NAME or one of %s", name, strings.Join(guest.Factors, ", "))
		}
	}
	return c, nil
}
