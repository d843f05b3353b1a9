//go:build linux && root

package live_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"tickle/collector"
	"tickle/collector/live"
	"tickle/collector/pool"
	"tickle/probegen"
)

var host = pool.Machine{Name: "host", Backend: "live", Image: "host", Options: map[string]string{"namespace": "new"}, Ports: pool.Ports{Open: 22, Closed: 1, UDP: 40125}}

// benchPlan holds n probes of one packet that all draw an answer (an ACK to a
// listening port is reset, RFC 9293 §3.10.7.2), but for the given percentage
// (a RST is never answered).
func benchPlan(n, silent int) *probegen.Set {
	s := &probegen.Set{Header: probegen.Header{Format: "tickle-probes/1", Family: "random", Version: 1, N: n}}
	for i := range n {
		flags := uint8(probegen.ACK)
		if i%100 < silent {
			flags = probegen.RST
		}
		s.Probes = append(s.Probes, probegen.Probe{ID: i, Steps: []probegen.Step{{Packet: &probegen.Packet{
			Port: probegen.OpenTCP, IP: probegen.IPv4{TTL: 64, ID: uint16(i)}, TCP: &probegen.TCP{Seq: uint32(i), Ack: 1, Flags: flags, Window: 1024}}}}})
	}
	return s
}

// BenchmarkLinks measures the exchanges a second with the host's kernel in a
// namespace: a bare loop with 64 packets in flight, and whole collections,
// with their decoding and their files, of probes of which none or 60 % draw
// no answer. The ratios stand beside: collection over bare loop, in one run.
func BenchmarkLinks(b *testing.B) {
	const copies = 60_000
	for range b.N {
		bare := bareRate(b, copies)
		b.ReportMetric(bare, "bare/s")
		for _, silent := range []int{0, 60} {
			rate := collectRate(b, copies, silent)
			b.ReportMetric(rate, fmt.Sprintf("collect-%d%%silent/s", silent))
			b.ReportMetric(rate/bare, fmt.Sprintf("ratio-%d%%silent", silent))
		}
	}
}

// BenchmarkDialogueLinks reports dialogues a second with the host's kernel in a
// namespace, waits and copies at a slow pace apart, with the store written.
func BenchmarkDialogueLinks(b *testing.B) {
	set, err := probegen.Generate("dialogue", probegen.Config{N: 1000, Seed: 1,
		Options: map[string]string{"wait-share": "0", "udp-share": "0", "icmp-share": "0"}})
	if err != nil {
		b.Fatal(err)
	}
	for range b.N {
		cfg := collector.Config{
			Dir: b.TempDir(), Pool: &pool.Pool{Name: "bench", Machines: []pool.Machine{host}}, Backends: map[string]pool.Backend{"live": live.Backend{}},
			Plans: []collector.Plan{{Name: "dialogue", Set: set, FullSpeed: true}}, Seed: 1, Observations: collector.ObserveNone,
		}
		start := time.Now()
		if _, err := collector.Collect(context.Background(), cfg); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(6000/time.Since(start).Seconds(), "dialogues/s")
	}
}

// bareRate sends n ACKs with 64 in flight and counts their RSTs, no more.
func bareRate(b *testing.B, n int) float64 {
	b.Helper()
	net := pool.Net{Machine: netip.MustParseAddr("192.0.2.1"), Prober: netip.MustParsePrefix("198.18.0.0/24")}
	l, err := live.Backend{}.Open(context.Background(), &host, net, 1)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	template, err := probegen.NewTemplate(benchPlan(1, 0).Probes[0].Steps[0].Packet)
	if err != nil {
		b.Fatal(err)
	}
	to := netip.AddrPortFrom(net.Machine, host.Ports.Open)
	buf, packet := make([]byte, pool.MaxPacket), []byte(nil)
	start := time.Now()
	for sent, got := 0, 0; got < n; {
		for sent < n && sent-got < 64 {
			from := netip.AddrPortFrom(net.Prober.Addr().Next(), uint16(1024+sent%60000))
			if packet, err = template.AppendTo(packet[:0], from, to); err == nil {
				err = l.Send(packet)
			}
			if err != nil {
				b.Fatal(err)
			}
			sent++
		}
		_, _, ok, err := l.Receive(buf, l.Now()+1_000_000)
		if err != nil || !ok {
			b.Fatalf("%d of %d answers: %v", got, n, err)
		}
		got++
	}
	return float64(n) / time.Since(start).Seconds()
}

func collectRate(b *testing.B, n, silent int) float64 {
	b.Helper()
	cfg := collector.Config{
		Dir: b.TempDir(), Pool: &pool.Pool{Name: "bench", Machines: []pool.Machine{host}}, Backends: map[string]pool.Backend{"live": live.Backend{}},
		Plans: []collector.Plan{{Name: "bench", Set: benchPlan(n/6, silent)}}, Seed: 1, Observations: collector.ObserveNone,
	}
	start := time.Now()
	r, err := collector.Collect(context.Background(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	if want := int64(n) * int64(100-silent) / 100; r.Total.Answered != want {
		b.Errorf("%d of %d answered", r.Total.Answered, want)
	}
	return float64(r.Total.Exchanges) / time.Since(start).Seconds()
}
