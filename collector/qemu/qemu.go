// Package qemu runs Linux kernels of the lab as machines: Debian's own
// images, unpacked, in a virtual machine of QEMU's without disk, whose one
// network card ends in a unix socket of this process. TCG does the
// instructions, for KVM is not to be counted on. Nothing needs root.
package qemu

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"tickle/collector/ether"
	"tickle/collector/guest"
	"tickle/collector/guest/boot"
	"tickle/collector/lab"
	"tickle/collector/pool"
	"tickle/collector/process"
)

// Program is the emulator, looked for in PATH.
const Program = "qemu-system-x86_64"

// Backend runs machines with the option "kernel", the name of a kernel of the
// lab. Its factors are "memory" in MiB and those of package guest.
type Backend struct{}

var (
	_ pool.Dual   = Backend{}
	_ pool.Holder = Backend{}
)

// DefaultMemory is a guest's memory in MiB; MinMemory is the least with which
// the kernels boot.
const (
	DefaultMemory = 96
	MinMemory     = 80
	maxMemory     = 16384
)

// card is the network card. Its receive buffers are all of one size: where they
// may be merged, Linux makes them as long as packets were of late, and opens
// windows by how much memory a segment took, so that a window told what came
// before on other connections.
const card = "virtio-net-pci,mrg_rxbuf=off"

const (
	bootWait = 90 * time.Second // emulated, on two busy cores
	// answerWait is how long a guest that says it is ready may take to
	// answer its first SYN.
	answerWait = 20 * time.Second
	attempts   = 3 // to boot
)

// Name is "qemu".
func (Backend) Name() string { return "qemu" }

// Modelled is false: the kernels are real.
func (Backend) Modelled() bool { return false }

// Stack names the upstream version, where the lab has the kernel, and
// Debian's release.
func (Backend) Stack(m *pool.Machine) string {
	release := m.Options["kernel"]
	if version := lab.Upstream(lab.Kernel, release); version != "" {
		return "Linux " + version + " (Debian " + release + ", QEMU)"
	}
	return "Linux " + release + " (QEMU)"
}

// spec is what a machine's description asks for.
type spec struct {
	*boot.Machine
	net            pool.Net
	kernel, initrd string
}

func read(m *pool.Machine) (*spec, error) {
	g, err := boot.Read(m, boot.Memory{Default: DefaultMemory, Least: MinMemory, Most: maxMemory})
	return &spec{Machine: g}, err
}

// Check reports a bad option or factor, a kernel that the lab has not, or
// that QEMU is not installed.
func (Backend) Check(m *pool.Machine) error {
	s, err := read(m)
	if err != nil {
		return err
	}
	if err := s.find(m.Options["kernel"]); err != nil {
		return err
	}
	if _, err := exec.LookPath(Program); err != nil {
		return fmt.Errorf("%s is not installed (Debian: qemu-system-x86)", Program)
	}
	return nil
}

func (s *spec) find(kernel string) (err error) {
	if s.kernel, err = lab.Find(lab.Kernel, kernel, "kernel"); err != nil {
		return err
	}
	s.initrd, err = lab.Find(lab.Kernel, kernel, "initrd")
	return err
}

// IPv6 is nil: the kernels have it.
func (Backend) IPv6(*pool.Machine) error { return nil }

// Connections is what the application in the guest holds.
func (Backend) Connections() int { return guest.MaxConnections }

// Open boots the machine and waits until its open port answers. The seed is not
// used: a real kernel draws its own random numbers.
func (Backend) Open(ctx context.Context, m *pool.Machine, net pool.Net, _ uint64) (pool.Link, error) {
	s, err := read(m)
	if err != nil {
		return nil, err
	}
	if err := s.find(m.Options["kernel"]); err != nil {
		return nil, err
	}
	s.net = net
	var errs []error
	for range attempts {
		v, err := start(ctx, s)
		if err == nil {
			cfg := boot.LinkConfig(net)
			cfg.Died = func() error { return boot.Died(v.console, v.child) }
			l := &machine{Link: ether.NewLink(v.carrier, cfg), vm: v}
			if err = l.Ready(ctx, m.Ports.Open, answerWait); err == nil {
				return l, nil
			}
			err = errors.Join(err, l.Close())
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		errs = append(errs, err)
	}
	return nil, fmt.Errorf("%s did not boot in %d attempts: %w", m.Name, attempts, errs[len(errs)-1])
}

// What an emulator pays for dearly and no packet shows is left out: a processor
// whose byte-wise string instructions, SMAP and wide registers TCG would have to
// imitate, mitigations of flaws that it has not, memory cleared on allocation,
// the reprogramming of the timer at each moment without work, and pressure
// stall accounting. RDRAND seeds the kernel's random numbers at once. Nor is
// there a second processor, for whose sake atomic instructions would be.
//
// CMPXCHG16B is hidden since TCG gets it wrong: in QEMU 7.2 it leaves the flags
// register with bits of RAX now and then. Linux 6.5 and later take their slab
// objects by it, and ended with corrupt slabs, double faults and stacks hit at
// their guard pages, in seconds or never. Without it they take a lock.
const (
	processor   = "qemu64,+rdrand,-cx16"
	accelerator = "tcg,thread=single,tb-size=32"
	bootParams  = "console=ttyS0 quiet panic=-1 mitigations=off init_on_alloc=0 nohz=off psi=0"
)

// machine is a link that takes its virtual machine with it.
type machine struct {
	*ether.Link
	vm *vm
}

// Close stops the virtual machine.
func (m *machine) Close() error { return errors.Join(m.Link.Close(), m.vm.stop()) }

// vm is a running virtual machine.
type vm struct {
	child     *process.Child
	console   string // a file
	carrier   ether.Carrier
	removeDir func() error
}

func (v *vm) stop() error {
	var err error
	if v.child != nil {
		err = v.child.Stop()
	}
	return errors.Join(err, v.removeDir())
}

// start starts the emulator and waits for the guest's "ready".
func start(ctx context.Context, s *spec) (_ *vm, err error) {
	owner, err := process.Own()
	if err != nil {
		return nil, err
	}
	dir, remove, err := owner.TempDir()
	if err != nil {
		return nil, err
	}
	v := &vm{removeDir: remove}
	defer func() {
		if err != nil {
			err = errors.Join(err, v.stop())
		}
	}()
	socket, console, initrd := filepath.Join(dir, "link"), filepath.Join(dir, "console"), filepath.Join(dir, "initrd")
	if err := s.WriteInitrd(initrd, s.initrd, s.net); err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return nil, err
	}
	defer l.Close()
	v.console = console
	v.child, err = owner.Start(exec.Command(Program,
		"-nodefaults", "-no-user-config", "-M", "q35", "-cpu", processor, "-accel", accelerator,
		"-m", strconv.Itoa(s.Memory), "-smp", "1", "-display", "none", "-no-reboot",
		"-kernel", s.kernel, "-initrd", initrd, "-append", bootParams,
		"-serial", "file:"+console,
		"-netdev", "stream,id=n0,server=off,addr.type=unix,addr.path="+socket,
		"-device", card+",netdev=n0,mac="+boot.MAC.String()))
	if err != nil {
		return nil, err
	}
	conn, err := accept(ctx, l, v.child)
	if err != nil {
		return nil, err
	}
	if v.carrier, err = ether.NewStream(conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if err := boot.Await(ctx, console, v.child, bootWait); err != nil {
		return nil, errors.Join(err, v.carrier.Close())
	}
	return v, nil
}
