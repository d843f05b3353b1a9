package collector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tickle/collector/pool"
	"tickle/datasets"
)

// run is a run in the making.
type run struct {
	cfg      Config
	programs []*program
	load     load
	parts    []part // by plan, then machine
	machines [][]int
	observe  Observations // never ObserveDefault
	written  *datasets.Manifest
	results  []MachineReport // by part
	made     int             // parts completed by this start
	warnings []string        // in order of finding
	mu       sync.Mutex      // of made and warnings

	exchanges atomic.Int64 // made by this start
	left      atomic.Int64 // exchanges of parts that are neither complete nor failed, and those of exchanges that they made
	done      atomic.Int64 // machines
}

// Collect makes the run cfg, or what is missing of it, in the folder cfg.Dir.
// A machine and plan is complete once its summary file has its name; what was
// killed before starts again. The same run in the same folder only ever adds;
// another run there is an error that names what differs.
//
// A machine that fails is reported and the others go on: the error then wraps
// ErrMachines, and running again tries it again. When ctx ends, or the disk
// is full, Collect stops and leaves only complete files. The report is of all
// parts, those of earlier starts among them, and nil when nothing was begun.
func Collect(ctx context.Context, cfg Config) (*Report, error) {
	r := &run{cfg: cfg}
	if err := r.prepare(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o777); err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	release, err := lockRun(cfg.Dir)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := r.adoptManifest(); err != nil {
		return nil, err
	}
	for _, g := range r.programs {
		dir := filepath.Dir(datasets.SummaryPath(cfg.Dir, g.plan.Name, "any"))
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, fmt.Errorf("run folder: %w", err)
		}
	}
	if err := datasets.RemoveStale(cfg.files, cfg.Dir); err != nil {
		return nil, err
	}
	if err := r.resume(); err != nil {
		return nil, err
	}
	start := time.Now()
	stopped := r.work(ctx)
	report := r.report(time.Since(start))
	if err := r.close(report); err != nil && stopped == nil {
		stopped = err
	}
	if stopped != nil {
		return report, stopped
	}
	return report, report.failures()
}

// prepare checks the configuration and compiles the plans.
func (r *run) prepare() error {
	cfg := &r.cfg
	switch {
	case cfg.Dir == "":
		return errors.New("collect: want a run folder")
	case cfg.Pool == nil || len(cfg.Pool.Machines) == 0:
		return errors.New("collect: want a pool with machines")
	case len(cfg.Plans) == 0:
		return errors.New("collect: want a plan")
	}
	for i := range cfg.Pool.Machines {
		m := &cfg.Pool.Machines[i]
		if cfg.Backends[m.Backend] == nil {
			return fmt.Errorf("collect: machine %s: no backend %q in this program", m.Name, m.Backend)
		}
	}
	r.machines = make([][]int, len(cfg.Pool.Machines))
	plans := make([]Plan, len(cfg.Plans))
	for i := range plans {
		if err := cfg.Plans[i].check(cfg.Pool); err != nil {
			return fmt.Errorf("collect: plan %d (%q): %w", i, cfg.Plans[i].Name, err)
		}
		plans[i] = cfg.Plans[i].withDefaults()
		if slices.ContainsFunc(plans[:i], func(p Plan) bool { return p.Name == plans[i].Name }) {
			return fmt.Errorf("collect: two plans are called %q", plans[i].Name)
		}
		g, err := compile(&plans[i], cfg.Seed, cfg.SourcePort)
		if err != nil {
			return err
		}
		r.programs = append(r.programs, g)
	}
	var err error
	if r.load, err = layOut(r.programs, cfg.Seed, cfg.SourcePort); err != nil {
		return err
	}
	r.lineUp()
	if err := r.address(); err != nil {
		return err
	}
	r.findIPv6()
	return nil
}

// findIPv6 finds out which machines have no IPv6, for the plans that ask over
// it.
func (r *run) findIPv6() {
	for i := range r.parts {
		p := &r.parts[i]
		if !p.program.versions.six {
			continue
		}
		p.noIPv6 = pool.IPv6(r.cfg.Backends[p.machine.Backend], p.machine)
		if p.noIPv6 == nil && !p.pairs.net.Machine6.IsValid() {
			p.noIPv6 = errors.New("it has no IPv6 address")
		}
	}
}

// address gives the parts of machines that have addresses of their own the
// pairs that go with them.
func (r *run) address() error {
	for i := range r.parts {
		p := &r.parts[i]
		b, ok := r.cfg.Backends[p.machine.Backend].(pool.Addressed)
		if !ok {
			continue
		}
		net, err := b.Net(p.machine)
		if err == nil {
			p.pairs, err = pairsOn(net, stream(r.cfg.Seed, streamPairs), r.load, r.cfg.SourcePort)
		}
		if err != nil {
			return fmt.Errorf("collect: machine %s: %w", p.machine.Name, err)
		}
	}
	return nil
}

// check says what is wrong with a plan for the machines of a pool.
func (p *Plan) check(of *pool.Pool) error {
	switch {
	case p.Name == "":
		return errors.New("want a name")
	case p.Set == nil || len(p.Set.Probes) == 0:
		return errors.New("want a probe set with probes")
	case p.Order > Ordered:
		return fmt.Errorf("invalid order %d", p.Order)
	case p.Pace < 0:
		return fmt.Errorf("pace: want 0 or more µs, have %d", p.Pace)
	case p.Repeats < 0 || p.Repeats > maxRepeats:
		return fmt.Errorf("repeats: want 1 to %d, have %d", maxRepeats, p.Repeats)
	}
	if p.Boots < 0 || p.Boots > cmp.Or(p.Repeats, DefaultRepeats) {
		return fmt.Errorf("boots: want at most one a repeat, have %d", p.Boots)
	}
	if n := cmp.Or(p.Repeats, DefaultRepeats) * len(p.Set.Probes); n > maxCopies {
		return fmt.Errorf("want at most %d sendings a machine, have %d: make it several plans", maxCopies, n)
	}
	if err := p.Set.Check(); err != nil {
		return fmt.Errorf("probe set: %w", err)
	}
	for i := range p.Set.Probes {
		if n := len(p.Set.Probes[i].Steps); n > maxSteps {
			return fmt.Errorf("probe %d: want at most %d steps, have %d", i, maxSteps, n)
		}
	}
	for _, name := range p.Machines {
		if !slices.ContainsFunc(of.Machines, func(m pool.Machine) bool { return m.Name == name }) {
			return fmt.Errorf("machines: no machine %q in pool %s", name, of.Name)
		}
	}
	return nil
}

// What the tape and the files have room for.
const (
	maxRepeats = 1<<16 - 1
	maxCopies  = 1 << 28
	maxSteps   = 1<<8 - 1
)

// lineUp makes the parts, and says what is kept of each.
func (r *run) lineUp() {
	cfg := &r.cfg
	var total int64
	for _, g := range r.programs {
		for i := range cfg.Pool.Machines {
			m := &cfg.Pool.Machines[i]
			if g.plan.Machines != nil && !slices.Contains(g.plan.Machines, m.Name) {
				continue
			}
			r.machines[i] = append(r.machines[i], len(r.parts))
			r.parts = append(r.parts, part{run: cfg.Dir, program: g, pairs: g.pairs, machine: m, index: len(r.parts)})
			total += int64(g.copies())
		}
	}
	if r.observe = cfg.Observations; r.observe == ObserveDefault {
		if r.observe = ObserveAll; total >= SmallRun {
			r.observe = SampleMachines
		}
	}
	sampled := make([]bool, len(cfg.Pool.Machines))
	for i, machine := range stream(cfg.Seed, streamSample).Perm(len(sampled)) {
		sampled[machine] = r.observe == ObserveAll || i < int(r.observe)
	}
	for machine, parts := range r.machines {
		for _, i := range parts {
			p := &r.parts[i]
			ordered := p.program.plan.Order == Ordered
			p.observe = ordered || sampled[machine]
			p.bytes = ordered || cfg.Keep == KeepRaw
		}
	}
}

// resume finds out what an earlier start of the run completed.
func (r *run) resume() error {
	earlier := map[[2]string]MachineReport{}
	if old, err := ReadReport(r.cfg.Dir); err == nil { // it is a comfort, not a need
		for _, m := range old.Machines {
			earlier[[2]string{m.Plan, m.Machine}] = m
		}
	}
	r.results = make([]MachineReport, len(r.parts))
	for i, p := range r.parts {
		plan, machine := p.program.plan.Name, p.machine.Name
		counts, done, err := r.finished(p)
		if err != nil {
			return err
		}
		result := MachineReport{Machine: machine, Plan: plan, Absent: p.absent(), Error: notReached, Rate: p.machine.Rate}
		if result.Absent != "" {
			result.Error = ""
		} else if done {
			result.Error = ""
			result.restore(counts)
			if m, ok := earlier[[2]string{plan, machine}]; ok && m.Error == "" && reflect.DeepEqual(m.stored(), counts) {
				result = m
			}
		} else {
			r.left.Add(int64(p.program.copies()))
		}
		r.results[i] = result
	}
	return nil
}

// notReached is the error of a part that was not begun.
const notReached = "not reached"

// work runs all parts that are missing. It returns an error when the run
// stopped before its end.
func (r *run) work(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	workers := r.cfg.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	told := r.tellProgress(ctx)
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(workers, len(r.machines)) {
		all.Go(func() {
			w := &worker{run: r, engine: newEngine(&r.exchanges)}
			for i := next.Add(1) - 1; int(i) < len(r.machines) && ctx.Err() == nil; i = next.Add(1) - 1 {
				if err := w.machine(ctx, r.machines[i]); err != nil {
					stop(err)
				}
			}
		})
	}
	all.Wait()
	err := context.Cause(ctx)
	stop(nil)
	<-told
	if err != nil {
		return fmt.Errorf("collect: stopped with %d of %d machines done: %w", r.done.Load(), len(r.machines), err)
	}
	return nil
}

// tellProgress calls back until ctx ends, and once then. The channel closes
// behind the last call.
func (r *run) tellProgress(ctx context.Context) <-chan struct{} {
	told := make(chan struct{})
	if r.cfg.Progress == nil {
		close(told)
		return told
	}
	start := time.Now()
	tell := func() {
		made := r.exchanges.Load()
		r.cfg.Progress(Progress{Machines: int(r.done.Load()), MachinesTotal: len(r.machines), Exchanges: made,
			ExchangesLeft: max(r.left.Load()-made, 0), Rate: float64(made) / max(time.Since(start).Seconds(), 1e-6)})
	}
	go func() {
		defer close(told)
		ticks := time.NewTicker(200 * time.Millisecond)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				tell()
				return
			case <-ticks.C:
				tell()
			}
		}
	}()
	return told
}
