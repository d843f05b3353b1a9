//go:build unix

package nmap4_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickle/learners/nmap4"
)

// BenchmarkMatch ranks subjects drawn from the user's nmap-os-db against all
// of its references, on one goroutine. Its figure is of the process's CPU time,
// which others on the machine change less than the clock.
func BenchmarkMatch(b *testing.B) {
	db := readInstalled(b)
	m, err := nmap4.NewMatcher(db, nmap4.Dialect793)
	require.NoError(b, err)
	subjects := draw(db, 1000, 2)
	b.ReportAllocs()
	b.ResetTimer()
	start := cpuTime(b)
	for i := range b.N {
		m.Match(subjects[i%len(subjects)])
	}
	b.ReportMetric(float64(b.N)/(cpuTime(b)-start).Seconds(), "subjects/cpu-s")
}

// cpuTime is the CPU time that the process has used.
func cpuTime(b *testing.B) time.Duration {
	var r syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &r))
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
