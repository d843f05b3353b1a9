//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// peakMiB gives the largest resident set of a process that ended (getrusage(2),
// which counts KiB on Linux and the BSDs and bytes on macOS).
func peakMiB(s *os.ProcessState) float64 {
	u, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return float64(u.Maxrss) / (1 << 20)
	}
	return float64(u.Maxrss) / (1 << 10)
}
