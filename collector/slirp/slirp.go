// Package slirp runs libslirp, the user-mode TCP/IP stack that QEMU brings, as
// a machine: its TCP descends from BSD's and answers for a host that there is
// not. It relays connections to real sockets, so that it runs in a network
// namespace of its own, where nothing is but a listener on the loopback.
// Nothing needs root where users may have namespaces.
package slirp

import (
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"sync"

	"tickle/collector/pool"
)

// Program is the emulator, looked for in PATH. It emulates no computer here.
const Program = "qemu-system-x86_64"

// Backend runs machines that are libslirp. It has no options, and no factors
// but those of the path.
type Backend struct{}

var _ pool.Dual = Backend{}

// Name is "slirp".
func (Backend) Name() string { return "slirp" }

// Modelled is false: the stack is real.
func (Backend) Modelled() bool { return false }

// IPv6 is nil: libslirp has it.
func (Backend) IPv6(*pool.Machine) error { return nil }

// Stack names libslirp with the version of the QEMU that brings it.
func (Backend) Stack(*pool.Machine) string { return "libslirp of " + version() }

var version = sync.OnceValue(func() string {
	out, err := exec.Command(Program, "--version").Output()
	words := strings.Fields(string(out)) // "QEMU emulator version 7.2.22 (Debian …"
	if err != nil || len(words) < 4 {
		return "QEMU"
	}
	return "QEMU " + words[3]
})

// Relays is true: a connection goes on to another stack.
func (Backend) Relays(*pool.Machine) bool { return true }

// Isolates is true: a machine runs in a network namespace of its own.
func (Backend) Isolates(*pool.Machine) bool { return true }

func checkMachine(m *pool.Machine) error {
	for _, name := range slices.Sorted(maps.Keys(m.Options)) {
		return fmt.Errorf("option %q: libslirp has none", name)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Factors)) {
		if !strings.HasPrefix(name, "path.") {
			return fmt.Errorf("factor %q: libslirp has those of the path alone", name)
		}
	}
	return nil
}
