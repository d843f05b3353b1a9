package slirp

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"time"

	"tickle/collector/ether"
	"tickle/collector/guest/boot"
	"tickle/collector/pool"
	"tickle/collector/process"
	"tickle/collector/relay"
)

// answerWait is how long the stack may take to answer its first SYN.
const answerWait = 30 * time.Second

// Check reports an option or factor, or that QEMU is not installed.
func (Backend) Check(m *pool.Machine) error {
	if err := checkMachine(m); err != nil {
		return err
	}
	if _, err := exec.LookPath(Program); err != nil {
		return fmt.Errorf("%s is not installed (Debian: qemu-system-x86)", Program)
	}
	return nil
}

// Open starts the stack and waits until its open port answers. The seed is
// not used: the stack draws its own random numbers.
func (b Backend) Open(ctx context.Context, m *pool.Machine, net pool.Net, _ uint64) (pool.Link, error) {
	if err := b.Check(m); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	l, err := start(ctx, net, m.Ports.Open)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	return l, nil
}

// machine is a link that takes its stack with it.
type machine struct {
	*ether.Link
	child *process.Child
}

// Close stops the stack.
func (m *machine) Close() error { return errors.Join(m.Link.Close(), m.child.Stop()) }

// start runs this program again as the namespace's first process.
func start(ctx context.Context, net pool.Net, port uint16) (*machine, error) {
	qemu, err := exec.LookPath(Program)
	if err != nil {
		return nil, err
	}
	block, err := blockOf(net)
	if err != nil {
		return nil, err
	}
	owner, err := process.Own()
	if err != nil {
		return nil, err
	}
	cmd, err := relay.Command(port, append([]string{qemu}, arguments(net, block)...)...)
	if err != nil {
		return nil, err
	}
	carrier, theirs, err := ether.DatagramPair()
	if err != nil {
		return nil, err
	}
	cmd.ExtraFiles = []*os.File{theirs}
	child, err := owner.Start(cmd)
	theirs.Close() // the child has its own
	if err != nil {
		return nil, errors.Join(err, carrier.Close())
	}
	cfg := boot.LinkConfig(net)
	cfg.MachineMAC, cfg.Died = nil, child.Why // libslirp makes its hardware address of the other
	l := &machine{Link: ether.NewLink(carrier, cfg), child: child}
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

// blockOf is the smallest block with the machine and the prober in it:
// libslirp is a host of the network of its guests.
func blockOf(net pool.Net) (netip.Prefix, error) {
	if !net.Machine.Is4() || !net.Prober.Addr().Is4() {
		return netip.Prefix{}, fmt.Errorf("addresses %s and %s: want IPv4", net.Machine, net.Prober)
	}
	for bits := net.Prober.Bits(); bits > 0; bits-- {
		if p := netip.PrefixFrom(net.Prober.Addr(), bits).Masked(); p.Contains(net.Machine) {
			return p, nil
		}
	}
	return netip.Prefix{}, fmt.Errorf("addresses %s and %s have no block in common", net.Machine, net.Prober)
}

// arguments are QEMU's: no computer, but a hub of the stack and descriptor 3.
func arguments(net pool.Net, block netip.Prefix) []string {
	return []string{"-M", "none", "-display", "none", "-nodefaults", "-no-user-config",
		"-netdev", fmt.Sprintf("user,id=u,net=%s,host=%s,ipv6-net=%s,ipv6-host=%s", block, net.Machine, network6, boot.Machine6),
		"-netdev", "hubport,id=h0,hubid=0,netdev=u",
		"-netdev", "dgram,id=d,local.type=fd,local.str=3",
		"-netdev", "hubport,id=h1,hubid=0,netdev=d"}
}

// network6 has both IPv6 addresses in it.
var network6 = netip.PrefixFrom(boot.Machine6, 32).Masked()
