package main

import (
	"bytes"
	"fmt"
	"os"
)

// resetPeakRSS makes the kernel count the peak from now on (proc(5),
// /proc/pid/clear_refs). Where it may not, the peak is that of the process.
func resetPeakRSS() {
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

// peakRSS is the largest resident set in bytes, 0 where it is not known.
func peakRSS() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(b) {
		var kib int64
		if n, _ := fmt.Sscanf(string(line), "VmHWM: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	return 0
}
