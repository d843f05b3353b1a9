package netstack

import (
	"testing"
)

func BenchmarkExchange(b *testing.B) {
	packets := randomSegments(b, 60000)
	l := open(b, nil)
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += len(packets) {
		exchange(b, l, packets[:min(len(packets), b.N-done)], func([]byte, int64) {})
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "exchanges/s")
}
