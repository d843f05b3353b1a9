//go:build unix

package lab

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// lock keeps two runs from one folder; the kernel unlocks for a dead one.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: another run makes this lab: %w", path, err)
	}
	return func() { f.Close() }, nil
}
