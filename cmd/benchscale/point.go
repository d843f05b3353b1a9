package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"tickle/collector"
	"tickle/collector/pool"
	"tickle/collector/sim"
	"tickle/probegen"
)

// The stages that are measured.
const (
	collectStage = "collect" // probes made and sent, answers decoded, summarised and written
	storeStage   = "store"   // what was written opened, checked and grouped into partitions
)

const seed = 1

// point is the size of a run.
type point struct {
	Probes   int `json:"probes"`
	Machines int `json:"machines"`
}

// around gives the points that are measured, each once: p with fewer and more
// probes, then with fewer and more machines.
func (p point) around() []point {
	return []point{{max(p.Probes/16, 1), p.Machines}, {max(p.Probes/4, 1), p.Machines}, p, {4 * p.Probes, p.Machines},
		{p.Probes, max(p.Machines/4, 1)}, {p.Probes, 4 * p.Machines}}
}

func (p point) exchanges() int { return p.Probes * p.Machines * collector.DefaultRepeats }

// measurement is what a stage took at a point.
type measurement struct {
	point
	Stage   string  `json:"stage"`
	Round   int     `json:"round"`
	CPU     float64 `json:"cpu_seconds"` // of all threads, user and system
	Wall    float64 `json:"wall_seconds"`
	PeakMiB float64 `json:"peak_rss_mib"` // 0 where the system does not tell
}

// measure runs both stages at p in processes of their own. The run is made in
// dir and removed.
func measure(ctx context.Context, dir string, p point) ([]measurement, error) {
	run, err := os.MkdirTemp(dir, "run-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(run)
	var all []measurement
	for _, stage := range []string{collectStage, storeStage} {
		c, stderr, err := command(ctx, stage, run, p)
		if err != nil {
			return nil, err
		}
		start := time.Now()
		if err := c.Run(); err != nil {
			return nil, fmt.Errorf("%s at %d probes and %d machines: %w: %s", stage, p.Probes, p.Machines, err, stderr)
		}
		s := c.ProcessState
		all = append(all, measurement{point: p, Stage: stage, Wall: time.Since(start).Seconds(),
			CPU: (s.UserTime() + s.SystemTime()).Seconds(), PeakMiB: peakMiB(s)})
	}
	return all, nil
}

// command makes the process of a stage, which is this program again.
func command(ctx context.Context, stage, run string, p point) (*exec.Cmd, *bytes.Buffer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	c := exec.CommandContext(ctx, self, "-stage", stage, "-o", run, "-probes", strconv.Itoa(p.Probes), "-machines", strconv.Itoa(p.Machines))
	stderr := new(bytes.Buffer)
	c.Stderr = stderr
	return c, stderr, nil
}

// collectInto makes the run of a point, or what is missing of it.
func collectInto(ctx context.Context, dir string, p point) error {
	set, err := probegen.Generate("random", probegen.Config{N: p.Probes, Seed: seed})
	if err != nil {
		return err
	}
	machines, err := machinesOf(p.Machines)
	if err != nil {
		return err
	}
	_, err = collector.Collect(ctx, collector.Config{Dir: filepath.Clean(dir), Pool: machines, Seed: seed, Observations: collector.ObserveNone,
		Backends: map[string]pool.Backend{sim.Backend{}.Name(): sim.Backend{}}, Plans: []collector.Plan{{Name: "random", Set: set}}})
	return err
}

// machinesOf picks n machines of the pool paper evenly, and repeats it under
// other names where it has fewer.
func machinesOf(n int) (*pool.Pool, error) {
	all, err := pool.Load("paper")
	if err != nil {
		return nil, err
	}
	picked := &pool.Pool{Name: all.Name}
	for i := range n {
		k := len(all.Machines)
		m := all.Machines[i%k]
		if n < k {
			m = all.Machines[i*k/n]
		}
		if i >= k {
			m.Name = fmt.Sprintf("%s-%d", m.Name, i/k+1)
		}
		picked.Machines = append(picked.Machines, m)
	}
	return picked, nil
}
