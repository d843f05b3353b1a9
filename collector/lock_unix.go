//go:build unix

package collector

import (
	"os"
	"syscall"
)

// lockFile takes a lock that dies with the process, without waiting.
func lockFile(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
