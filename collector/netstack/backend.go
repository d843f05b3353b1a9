package netstack

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"tickle/collector/pool"
)

// modulePath is where the stack comes from, and moduleVersion the version in
// go.mod, for programs that carry no build information (a test keeps the two
// equal).
const (
	modulePath    = "gvisor.dev/gvisor"
	moduleVersion = "v0.0.0-20260905035102-160fafc42237"
)

// Backend starts machines that are gVisor stacks in the process. It has no
// options; Factors lists the factors that it understands.
type Backend struct{}

var _ pool.Dual = Backend{}

// Name is the word in pool files.
func (Backend) Name() string { return "netstack" }

// Modelled reports that answers come from a real stack.
func (Backend) Modelled() bool { return false }

// Stack names gVisor and its version, whatever m is.
func (Backend) Stack(*pool.Machine) string { return "gVisor netstack " + Version() }

// Check returns what is wrong with m's options, ports and factors. It leaves
// path factors to pool.
func (Backend) Check(m *pool.Machine) error {
	_, err := configure(m)
	return err
}

// IPv6 is an error for a link too small for it.
func (Backend) IPv6(m *pool.Machine) error {
	c, err := configure(m)
	if err == nil && c.mtu < header.IPv6MinimumMTU {
		err = fmt.Errorf("factor mtu=%d: IPv6 needs %d", c.mtu, header.IPv6MinimumMTU)
	}
	return err
}

// Open starts a stack at net.Machine, which must be an IPv4 address, with
// routes to net.Prober alone, and with IPv6 too where net has it. The link's clock starts at one second, as if
// the machine had booted that long ago. Links share nothing; any number may be
// open. Close releases every goroutine.
func (Backend) Open(ctx context.Context, m *pool.Machine, net pool.Net, seed uint64) (pool.Link, error) {
	c, err := configure(m)
	if err != nil {
		return nil, fmt.Errorf("machine %s: %w", m.Name, err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !net.Machine.Is4() || !net.Prober.Addr().Is4() {
		return nil, fmt.Errorf("machine %s: addresses %s and %s: expected IPv4", m.Name, net.Machine, net.Prober)
	}
	host, err := boot(c, net, seed)
	if err != nil {
		return nil, fmt.Errorf("machine %s: %w", m.Name, err)
	}
	return newLink(host), nil
}

// Version gives the version of the gVisor module in this program.
func Version() string { return version() }

var version = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return moduleVersion
	}
	for _, d := range info.Deps {
		if d.Path != modulePath {
			continue
		}
		if d.Replace != nil {
			return d.Replace.Version
		}
		return d.Version
	}
	return moduleVersion
})
