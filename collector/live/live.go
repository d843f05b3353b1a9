// Package live probes kernels that run: network namespaces of this host, each
// with a Linux TCP/IP stack of its own whose sysctls are factors. A machine
// is two namespaces without names, joined by a virtual cable: the stack in
// one, a packet socket in the other. Both vanish with their last socket, so
// that nothing is left behind however this process ends, and no packet can
// leave the host. It needs root on Linux, but for a moment only, to make them.
package live

import (
	"fmt"
	"strings"

	"tickle/collector/guest"
	"tickle/collector/pool"
)

// Backend runs machines with the option "namespace: new". Its factors are
// those of package guest.
type Backend struct{}

// Name is "live".
func (Backend) Name() string { return "live" }

// Modelled is false: the kernel is real.
func (Backend) Modelled() bool { return false }

// read gives the configuration that a machine's description asks for.
func read(m *pool.Machine) (*guest.Config, error) {
	for name, value := range m.Options {
		if name != "namespace" || value != "new" {
			return nil, fmt.Errorf("option %s=%s: want namespace=new alone", name, value)
		}
	}
	if m.Options["namespace"] == "" {
		return nil, fmt.Errorf("option namespace: want new")
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
