//go:build lab

package qemu_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"tickle/collector"
	"tickle/collector/lab"
	"tickle/collector/lab/labtest"
	"tickle/collector/pool"
	"tickle/collector/qemu"
	"tickle/probegen"
)

// BenchmarkDialogueLinks reports dialogues a second with an emulated kernel, the
// first of the lab's, its boot, waits and copies at a slow pace apart: between
// the first and the last time that progress is told of.
func BenchmarkDialogueLinks(b *testing.B) {
	kernel := labtest.Names(b, lab.Kernel)[0]
	set, err := probegen.Generate("dialogue", probegen.Config{N: 4000, Seed: 1,
		Options: map[string]string{"wait-share": "0", "udp-share": "0", "icmp-share": "0"}})
	if err != nil {
		b.Fatal(err)
	}
	m := pool.Machine{Name: "linux", Image: "linux", Backend: "qemu", Ports: pool.Ports{Open: 22, Closed: 1, UDP: 40125}, Options: map[string]string{"kernel": kernel}}
	for range b.N {
		var first, last told
		var mu sync.Mutex
		_, err := collector.Collect(context.Background(), collector.Config{
			Dir: b.TempDir(), Pool: &pool.Pool{Name: "bench", Machines: []pool.Machine{m}}, Backends: map[string]pool.Backend{"qemu": qemu.Backend{}},
			Plans: []collector.Plan{{Name: "dialogue", Set: set, Boots: 1, FullSpeed: true}}, Seed: 1, Observations: collector.ObserveNone,
			Progress: func(p collector.Progress) {
				mu.Lock()
				defer mu.Unlock()
				if p.Exchanges == 0 || p.ExchangesLeft == 0 || p.Exchanges == last.dialogues {
					return
				}
				if last = (told{time.Now(), p.Exchanges}); first.dialogues == 0 {
					first = last
				}
			},
		})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(last.dialogues-first.dialogues)/last.at.Sub(first.at).Seconds(), "dialogues/s")
	}
}

// told is how far a run had come when progress was told of.
type told struct {
	at        time.Time
	dialogues int64
}
