// Package stackhost runs TCP/IP stacks that are libraries as machines, each
// version in a small program of its own (package hosts), which the lab builds
// and which exchanges frames with this process over a socket pair.
package stackhost

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tickle/collector/ether"
	"tickle/collector/guest/boot"
	"tickle/collector/lab"
	"tickle/collector/pool"
	"tickle/collector/process"
	"tickle/collector/stackhost/hosts"
)

// Backend runs machines with the option "program", the name of a stack of the
// lab ("gvisor-20240306"). A stack's factors are those that it understands
// (hosts.Program.Settings).
type Backend struct{}

var _ pool.Dual = Backend{}

// answerWait is how long a program may take to answer its first SYN.
const answerWait = 20 * time.Second

// Name is "stackhost".
func (Backend) Name() string { return "stackhost" }

// Modelled is false: the stacks are real.
func (Backend) Modelled() bool { return false }

// Stack names the implementation and the version of its module or library.
func (Backend) Stack(m *pool.Machine) string {
	p, err := hosts.Find(m.Options["program"])
	if err != nil {
		return m.Options["program"]
	}
	return p.Stack + " " + p.Version
}

// Check reports a bad option or factor, or a program that the lab has not.
func (Backend) Check(m *pool.Machine) error {
	p, err := find(m)
	if err != nil {
		return err
	}
	if p.NPM != "" {
		if _, err := exec.LookPath(node); err != nil {
			return fmt.Errorf("%s is not installed (Debian: nodejs)", node)
		}
	}
	_, err = lab.Find(lab.Stack, p.Name, p.File())
	return err
}

// IPv6 is an error for a stack that has none.
func (Backend) IPv6(m *pool.Machine) error {
	p, err := find(m)
	if err == nil && !p.IPv6 {
		err = fmt.Errorf("%s has none", p.Stack)
	}
	return err
}

// Relays is whether a machine's connections go on to another stack, which then
// runs in a network namespace of its own.
func (b Backend) Relays(m *pool.Machine) bool { return b.Isolates(m) }

// Isolates is whether a machine runs in a network namespace of its own.
func (Backend) Isolates(m *pool.Machine) bool {
	p, err := hosts.Find(m.Options["program"])
	return err == nil && p.Isolated
}

// node runs programs of npm packages.
const node = "node"

// find gives the program that a machine asks for, when its factors are ones
// that the stack understands.
func find(m *pool.Machine) (hosts.Program, error) {
	for _, name := range slices.Sorted(maps.Keys(m.Options)) {
		if name != "program" {
			return hosts.Program{}, fmt.Errorf("option %q: want program", name)
		}
	}
	p, err := hosts.Find(m.Options["program"])
	if err != nil {
		return p, err
	}
	for _, name := range slices.Sorted(maps.Keys(m.Factors)) {
		if strings.HasPrefix(name, "path.") {
			continue // the link's own
		}
		if !slices.Contains(p.Settings, name) {
			return p, fmt.Errorf("factor %q: %s has %s", name, p.Stack, strings.Join(p.Settings, ", "))
		}
		if err := checkSetting(name, m.Factors[name]); err != nil {
			return p, err
		}
	}
	return p, nil
}

// Open starts the program and waits until the machine's open port answers.
// The seed is not used: the programs draw their own random numbers.
func (Backend) Open(ctx context.Context, m *pool.Machine, net pool.Net, _ uint64) (pool.Link, error) {
	p, err := find(m)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	path, err := lab.Find(lab.Stack, p.Name, p.File())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	var l *machine
	if p.Isolated {
		l, err = startIsolated(ctx, p, m, net)
	} else {
		l, err = start(ctx, path, m, net)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	return l, nil
}

// arguments are the settings of a program: addresses and factors. onlink6 is
// an address of the machine's in the prober's block, for stacks that take
// nothing else to be on the link; gateways are addresses of the prober's.
func arguments(m *pool.Machine, net pool.Net) []string {
	last := boot.Prober6.Addr().As16()
	for i := boot.Prober6.Bits() / 8; i < len(last); i++ {
		last[i] = 0xff
	}
	args := []string{
		"address=" + net.Machine.String(), "gateway=" + net.Prober.Addr().Next().String(),
		"address6=" + boot.Machine6.String(), "gateway6=" + boot.Prober6.Addr().Next().String(),
		"onlink6=" + netip.AddrFrom16(last).String(),
		"mac=" + boot.MAC.String(), fmt.Sprintf("port=%d", m.Ports.Open),
	}
	for _, name := range slices.Sorted(maps.Keys(m.Factors)) {
		if !strings.HasPrefix(name, "path.") {
			args = append(args, name+"="+m.Factors[name])
		}
	}
	return args
}

// machine is a link that takes its program with it.
type machine struct {
	*ether.Link
	child *process.Child
}

// start runs a program with one end of a socket pair as descriptor 3, in the
// folder where its libraries are.
func start(ctx context.Context, path string, m *pool.Machine, net pool.Net) (*machine, error) {
	carrier, theirs, err := ether.DatagramPair()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, arguments(m, net)...)
	cmd.Dir, cmd.Env = filepath.Dir(path), []string{lab.LoaderEnv}
	return launch(ctx, cmd, ends{carrier, theirs}, m.Ports.Open, net)
}

// ends are the two of a link to a program.
type ends struct {
	ours   ether.Carrier
	theirs *os.File
}

// launch gives a command its end of a link and waits until it answers.
func launch(ctx context.Context, cmd *exec.Cmd, link ends, port uint16, net pool.Net) (*machine, error) {
	owner, err := process.Own()
	if err != nil {
		return nil, errors.Join(err, link.ours.Close(), link.theirs.Close())
	}
	cmd.ExtraFiles = []*os.File{link.theirs}
	child, err := owner.Start(cmd)
	link.theirs.Close() // the child has its own
	if err != nil {
		return nil, errors.Join(err, link.ours.Close())
	}
	cfg := boot.LinkConfig(net)
	cfg.Died = child.Why
	l := &machine{Link: ether.NewLink(link.ours, cfg), child: child}
	if err := l.Ready(ctx, port, answerWait); err != nil {
		select {
		case <-child.Done(): // knows better why
			err = child.Err()
		default:
		}
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Close stops the program.
func (m *machine) Close() error { return errors.Join(m.Link.Close(), m.child.Stop()) }
