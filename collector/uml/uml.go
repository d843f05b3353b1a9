// Package uml runs User-mode Linux kernels of the lab as machines: a Linux
// that is a process, whose one network card is a socket pair with this
// process. Debian's packages are unpacked, never installed, and run with the
// C library of their suite. Nothing needs root.
package uml

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"tickle/collector/ether"
	"tickle/collector/guest"
	"tickle/collector/guest/boot"
	"tickle/collector/lab"
	"tickle/collector/pool"
	"tickle/collector/process"
)

// Backend runs machines with the option "kernel", the version of a package
// ("7.2um1"). Its factors are those of package guest, but for the reject
// firewall, which the kernels lack, and "memory" in MiB.
type Backend struct{}

var (
	_ pool.Dual   = Backend{}
	_ pool.Holder = Backend{}
)

// DefaultMemory is a guest's memory in MiB; MinMemory is the least with which
// the kernels boot.
const (
	DefaultMemory = 80
	MinMemory     = 40
	maxMemory     = 16384
)

const (
	bootWait   = 60 * time.Second
	answerWait = 20 * time.Second
)

// Name is "uml".
func (Backend) Name() string { return "uml" }

// Modelled is false: the kernels are real.
func (Backend) Modelled() bool { return false }

// Stack names the kernel.
func (Backend) Stack(m *pool.Machine) string {
	return "Linux " + m.Options["kernel"] + " (User-mode Linux)"
}

// read gives what a machine's description asks for.
func read(m *pool.Machine) (*boot.Machine, error) {
	s, err := boot.Read(m, boot.Memory{Default: DefaultMemory, Least: MinMemory, Most: maxMemory})
	if err == nil && s.Config.Firewall == guest.Reject {
		err = errors.New("factor firewall=reject: want none or drop, for User-mode Linux has no reject")
	}
	return s, err
}

// Check reports a bad option or factor, or a kernel that the lab has not.
func (Backend) Check(m *pool.Machine) error {
	if _, err := read(m); err != nil {
		return err
	}
	_, err := lab.Find(lab.UML, m.Options["kernel"], "kernel")
	return err
}

// IPv6 is nil: the kernels have it.
func (Backend) IPv6(*pool.Machine) error { return nil }

// Connections is what the application in the guest holds.
func (Backend) Connections() int { return guest.MaxConnections }

// Open boots the machine and waits until its open port answers. The seed is
// not used: a real kernel draws its own random numbers.
func (Backend) Open(ctx context.Context, m *pool.Machine, net pool.Net, _ uint64) (_ pool.Link, err error) {
	s, err := read(m)
	if err != nil {
		return nil, err
	}
	kernel, err := lab.Find(lab.UML, m.Options["kernel"], "kernel")
	if err != nil {
		return nil, err
	}
	initrd, err := lab.Find(lab.UML, m.Options["kernel"], "initrd")
	if err != nil {
		return nil, err
	}
	owner, err := process.Own()
	if err != nil {
		return nil, err
	}
	dir, remove, err := owner.TempDir()
	if err != nil {
		return nil, err
	}
	v := &machine{removeDir: remove}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", m.Name, errors.Join(err, v.Close()))
		}
	}()
	mine := filepath.Join(dir, "initrd")
	if err := s.WriteInitrd(mine, initrd, net); err != nil {
		return nil, err
	}
	console := filepath.Join(dir, "console")
	if err := v.start(owner, kernel, mine, console, s.Memory); err != nil {
		return nil, err
	}
	if err := boot.Await(ctx, console, v.child, bootWait); err != nil {
		return nil, err
	}
	cfg := boot.LinkConfig(net)
	cfg.Died = func() error { return boot.Died(console, v.child) }
	v.Link = ether.NewLink(v.carrier, cfg)
	if err := v.Ready(ctx, m.Ports.Open, answerWait); err != nil {
		return nil, err
	}
	return v, nil
}

// machine is a link that takes its kernel with it.
type machine struct {
	*ether.Link
	carrier   ether.Carrier
	child     *process.Child
	removeDir func() error
}

// start starts the kernel with one end of a socket pair as its card.
func (v *machine) start(owner *process.Owner, kernel, initrd, console string, memory int) error {
	carrier, card, err := ether.DatagramPair()
	if err != nil {
		return err
	}
	defer card.Close() // the child has its own
	v.carrier = carrier
	out, err := os.Create(console)
	if err != nil {
		return err
	}
	defer out.Close()
	dir := filepath.Dir(console)
	cmd := exec.Command(kernel, fmt.Sprintf("mem=%dM", memory), "initrd="+initrd, "rdinit=/init",
		"con0=null,fd:1", "con=null", "quiet", "panic=-1", "seccomp=on", "uml_dir="+dir,
		"vec0:transport=fd,fd=3,vec=0,mac="+boot.MAC.String())
	// Its interpreter and libraries lie beside it; its memory is a file
	// without a name in TMPDIR.
	cmd.Dir = filepath.Dir(kernel)
	cmd.Env = []string{lab.LoaderEnv, "TMPDIR=" + dir, "HOME=" + dir}
	cmd.ExtraFiles = []*os.File{card}
	cmd.Stdout = out
	// A kernel takes what the layout of its process leaves as its memory: with a
	// random one the windows that follow memory differ from start to start, and
	// some starts fail.
	return process.FixedLayout(func() (err error) {
		v.child, err = owner.Start(cmd)
		return err
	})
}

// Close stops the kernel.
func (v *machine) Close() error {
	var errs []error
	switch {
	case v.Link != nil:
		errs = append(errs, v.Link.Close())
	case v.carrier != nil:
		errs = append(errs, v.carrier.Close())
	}
	if v.child != nil {
		errs = append(errs, v.child.Stop())
	}
	return errors.Join(append(errs, v.removeDir())...)
}
