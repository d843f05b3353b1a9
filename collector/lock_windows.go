package collector

import (
	"os"

	"golang.org/x/sys/windows"
)

// lockFile takes a lock that dies with the process, without waiting. It
// covers a byte far behind the end, so that the text can be read.
func lockFile(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	return windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{OffsetHigh: 1})
}
