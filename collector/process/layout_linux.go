package process

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// FixedLayout calls start so that a program started by it has its stack, heap
// and libraries at the same addresses each time (ADDR_NO_RANDOMIZE of
// personality(2)). Where that is forbidden, as in some containers, start is
// called all the same.
func FixedLayout(start func() error) error {
	const query, noRandom = 0xffffffff, 0x0040000
	runtime.LockOSThread() // a personality is a thread's, which its children inherit
	defer runtime.UnlockOSThread()
	old, _, failed := unix.Syscall(unix.SYS_PERSONALITY, query, 0, 0)
	if failed == 0 {
		_, _, failed = unix.Syscall(unix.SYS_PERSONALITY, old|noRandom, 0, 0)
	}
	if failed == 0 {
		defer unix.Syscall(unix.SYS_PERSONALITY, old, 0, 0)
	}
	return start()
}
