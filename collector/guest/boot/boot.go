// Package boot is what virtual machines with package guest inside have in
// common, seen from outside: what a pool's machine asks of them, the addresses
// of their links, their initramfs, and what they say on the console.
package boot

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"tickle/collector/ether"
	"tickle/collector/guest"
	"tickle/collector/lab"
	"tickle/collector/pool"
)

// Machine6 and Prober6 are the IPv6 addresses on a link.
var (
	Machine6 = pool.Machine6
	Prober6  = pool.Prober6
)

// MAC is every guest's hardware address: links are isolated.
var MAC = net.HardwareAddr{0x02, 0x54, 0x69, 0x63, 0x6b, 0x01}

// LinkConfig is the addressing of a guest's link.
func LinkConfig(n pool.Net) ether.Config {
	return ether.Config{Machine: n.Machine, Prober: n.Prober, Machine6: Machine6, Prober6: Prober6, MachineMAC: MAC}
}

// Machine is what a pool's machine asks of a virtual machine with Linux.
type Machine struct {
	Config guest.Config
	Memory int // MiB
}

// Memory bounds the factor of that name, in MiB.
type Memory struct{ Default, Least, Most int }

// sysctlOption leads the options that are the distribution's own sysctls: a
// part of the image, which factors overrule.
const sysctlOption = "sysctl."

// Read reads a machine with the option "kernel", options
// "sysctl.NAME" (what the distribution sets), the factor "memory" and the
// factors of guest.Config.Apply. Path factors are the link's and not looked at.
func Read(m *pool.Machine, memory Memory) (*Machine, error) {
	g := &Machine{Memory: memory.Default}
	for _, name := range slices.Sorted(maps.Keys(m.Options)) {
		short, ok := strings.CutPrefix(name, sysctlOption)
		switch {
		case ok:
			if err := g.Config.SetSysctl(short, m.Options[name]); err != nil {
				return nil, fmt.Errorf("option %s: %w", name, err)
			}
		case name != "kernel":
			return nil, fmt.Errorf("option %q: want kernel or sysctl.NAME", name)
		}
	}
	if m.Options["kernel"] == "" {
		return nil, errors.New("option kernel: want the name of a kernel of the lab")
	}
	unknown, err := g.Config.Apply(m.Factors)
	if err != nil {
		return nil, err
	}
	for _, name := range unknown {
		value := m.Factors[name]
		switch {
		case strings.HasPrefix(name, "path."):
		case name == "memory":
			if g.Memory, err = strconv.Atoi(value); err != nil || g.Memory < memory.Least || g.Memory > memory.Most {
				return nil, fmt.Errorf("factor memory=%s: want MiB from %d to %d", value, memory.Least, memory.Most)
			}
		default:
			return nil, fmt.Errorf("factor %q: want memory, sysctl.NAME or one of %s", name, strings.Join(guest.Factors, ", "))
		}
	}
	g.Config.Port = m.Ports.Open
	return g, nil
}

// WriteInitrd writes to path the lab's initramfs base and behind it our first
// process and the machine's configuration, at the addresses of n.
func (g *Machine) WriteInitrd(path, base string, n pool.Net) error {
	if !n.Machine.Is4() || !n.Prober.Addr().Is4() {
		return fmt.Errorf("addresses %s and %s: want IPv4", n.Machine, n.Prober)
	}
	c := g.Config
	c.Addresses = []netip.Prefix{netip.PrefixFrom(n.Machine, 32), netip.PrefixFrom(Machine6, 128)}
	c.Gateways = []netip.Addr{n.Prober.Addr().Next(), Prober6.Addr().Next()}
	config, err := json.Marshal(&c)
	if err != nil {
		return err
	}
	initPath, err := lab.Find(lab.Guest, lab.Init, lab.Init)
	if err != nil {
		return err
	}
	program, err := os.ReadFile(initPath)
	if err != nil {
		return err
	}
	b, err := os.ReadFile(base)
	if err != nil {
		return err
	}
	ours := guest.Initramfs([]guest.File{{Name: "init", Data: program, Exec: true}, {Name: "config.json", Data: config}})
	return os.WriteFile(path, append(b, ours...), 0o600)
}
