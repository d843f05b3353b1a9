package collector

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"tickle/collector/pool"
	"tickle/datasets"
)

// worker takes one machine after the other.
type worker struct {
	run         *run
	engine      *engine
	transcriber transcriber
}

// storeError is what stops the whole run: the disk, not a machine.
type storeError struct{ error }

func (e storeError) Unwrap() error { return e.error }

func onDisk(err error) error {
	if err == nil {
		return nil
	}
	return storeError{err}
}

// linkError is the failure of a machine or its link, after which the machine
// may be started again.
type linkError struct{ error }

func (e linkError) Unwrap() error { return e.error }

// machine runs the plans of one machine that are missing, each on a link of
// its own. It returns an error only when the whole run has to stop.
func (w *worker) machine(ctx context.Context, parts []int) error {
	r := w.run
	for _, i := range parts {
		result := &r.results[i]
		if result.Error == "" {
			continue // complete since an earlier start
		}
		start := time.Now()
		a, err := w.persist(ctx, r.parts[i])
		result.Restarts, result.Ended = a.restarts, a.ended
		if a.pace > 0 {
			result.Rate = 1e6 / float64(a.pace)
		}
		var disk storeError
		switch {
		case err == nil:
			result.Error, result.Counts, result.Seconds = "", w.engine.counts, time.Since(start).Seconds()
			r.mu.Lock()
			r.made++
			r.mu.Unlock()
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &disk):
			return err
		default:
			r.left.Add(-int64(r.parts[i].program.copies()))
			result.Error = err.Error()
		}
	}
	r.done.Add(1)
	return nil
}

// attempt is one of several at a part.
type attempt struct {
	restarts int64
	answered bool     // an earlier one had a fence answered
	pace     int64    // µs between sendings, for the machine's sake; 0: the plan's
	ended    []string // why the machine did
	lost     float64  // share of copies without the answer that others of their probe drew, at the faster pace before
}

// persist runs a part, and when the machine dies, hangs or does not start, the
// part once more from its beginning on a machine that is started afresh, up to
// the limit of restarts; and likewise more slowly when its answers thin out
// with pace. It gives the last attempt, and keeps the count of exchanges made
// and left.
func (w *worker) persist(ctx context.Context, p part) (a attempt, err error) {
	for {
		err := w.part(ctx, p, a)
		made := w.engine.counts.Exchanges
		w.run.exchanges.Add(made % tellEvery)
		if err == nil {
			return a, nil
		}
		w.run.left.Add(made)
		var thin thinned
		if errors.As(err, &thin) {
			a.pace, a.lost = thin.pace, thin.lost
			continue
		}
		var dead linkError
		if ctx.Err() != nil || !errors.As(err, &dead) || a.restarts >= w.run.cfg.restarts() {
			return a, err
		}
		a.answered = a.answered || w.engine.fences != nil && w.engine.fences.answered
		a.restarts++
		a.ended = append(a.ended, err.Error())
		w.run.warn("machine %s was started again under plan %s (%d of %d): %v",
			p.machine.Name, p.program.plan.Name, a.restarts, w.run.cfg.restarts(), err)
	}
}

// part runs one machine under one plan and writes its files.
func (w *worker) part(ctx context.Context, p part, a attempt) (err error) {
	w.engine.counts, w.engine.fences = Counts{}, nil
	start := time.Now()
	link, err := w.open(ctx, p, 0)
	if err != nil {
		return err
	}
	defer func() { w.close(p, link) }()
	var packets *capture
	if w.run.cfg.Keep == KeepRaw || p.program.plan.Order == Ordered {
		if packets, err = createCapture(w.run.cfg.files, p); err != nil {
			return storeError{err}
		}
	}
	e := w.engine
	err = e.reset(session{program: p.program, pairs: p.pairs, link: link, machine: p.machine, deadline: w.run.cfg.Deadline,
		capture: packets, attempt: a, noIPv6: p.noIPv6 != nil, holds: pool.Connections(w.run.cfg.Backends[p.machine.Backend]),
		relayed: w.relays(p)})
	if err == nil {
		err = e.run(ctx)
	}
	for boot := 1; err == nil && boot < len(p.program.ends); boot++ {
		w.close(p, link)
		if link, err = w.open(ctx, p, boot); err == nil {
			err = e.restart(link)
		}
		if err == nil {
			err = e.run(ctx)
		}
	}
	if err == nil {
		err = w.thinDialogues(p, a)
	}
	if err == nil {
		err = e.runSlowly(ctx, time.Since(start))
	}
	if err == nil {
		err = w.thinOut(p, a)
	}
	if err = e.underWay(err); err != nil {
		if packets != nil {
			packets.abort()
		}
		return err
	}
	if packets != nil {
		if err := packets.close(); err != nil {
			return storeError{err}
		}
	}
	e.counts.Restarts = a.restarts
	return onDisk(w.transcriber.write(ctx, e, p, w.run.header(p)))
}

// relays says whether a machine's backend hands connections on.
func (w *worker) relays(p part) bool {
	b, ok := w.run.cfg.Backends[p.machine.Backend].(interface{ Relays(*pool.Machine) bool })
	return ok && b.Relays(p.machine)
}

// close ends a link, if there is one.
func (w *worker) close(p part, link pool.Link) {
	if link == nil {
		return
	}
	if err := link.Close(); err != nil && !errors.Is(err, pool.ErrClosed) {
		w.run.warn("machine %s did not end well after plan %s: %v", p.machine.Name, p.program.plan.Name, err)
	}
}

// open starts the machine and puts the path's factors before it. Each boot has
// random numbers of its own.
func (w *worker) open(ctx context.Context, p part, boot int) (pool.Link, error) {
	r, m, plan := w.run, p.machine, p.program.plan.Name
	if boot > 0 {
		plan = fmt.Sprint(plan, "\x00boot ", boot)
	}
	b := r.cfg.Backends[m.Backend]
	if err := b.Check(m); err != nil {
		return nil, err
	}
	link, err := b.Open(ctx, m, p.net(), machineSeed(r.cfg.Seed, m.Name, plan))
	if err != nil {
		return nil, linkError{fmt.Errorf("open: %w", err)}
	}
	key := streamKey(r.cfg.Seed, streamPath, m.Name, plan)
	wrapped, err := pool.Wrap(link, m.Factors, binary.LittleEndian.Uint64(key[:]))
	if err != nil {
		_ = link.Close() // of no use
		return nil, err
	}
	return wrapped, nil
}

// net is the addressing that the machine is started with. A machine that is not
// asked over IPv6 has none, so that a stack that draws random numbers for it
// gives the same answers over IPv4 as one that never had it.
func (p *part) net() pool.Net {
	n := p.pairs.net
	if !p.program.versions.six || p.noIPv6 != nil {
		n.Machine6, n.Prober6 = netip.Addr{}, netip.Prefix{}
	}
	return n
}

// warn notes what the report should say but no data suffered from.
func (r *run) warn(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.warnings = append(r.warnings, fmt.Sprintf(format, args...))
}

// report gathers what became of all parts.
func (r *run) report(took time.Duration) *Report {
	slices.Sort(r.warnings)
	report := &Report{Machines: r.results, Seconds: took.Seconds(), Warnings: r.warnings}
	for i := range r.results {
		m := &r.results[i]
		report.Total.Add(&m.Counts)
		if m.Error == "" && m.Absent == "" && m.Answered == 0 {
			report.Warnings = append(report.Warnings, fmt.Sprintf("machine %s answered nothing under plan %s", m.Machine, m.Plan))
		}
		if m.Fences > 0 && m.FencesLost == m.Fences {
			report.Warnings = append(report.Warnings, fmt.Sprintf("machine %s answers no fences: silence was told by time under plan %s", m.Machine, m.Plan))
		}
	}
	report.Warnings = append(report.Warnings, r.withoutIPv6()...)
	return report
}

// withoutIPv6 tells for each plan which machines have no IPv6, and what
// follows.
func (r *run) withoutIPv6() []string {
	var warnings []string
	for _, g := range r.programs {
		var names []string
		for i := range r.parts {
			if p := &r.parts[i]; p.program == g && p.noIPv6 != nil {
				names = append(names, p.machine.Name)
			}
		}
		if len(names) == 0 {
			continue
		}
		follows := "they have no part in it"
		if g.versions.four {
			follows = "its IPv6 probes were not sent to them and count as unanswered"
		}
		warnings = append(warnings, fmt.Sprintf("plan %s: %d machines have no IPv6, %s: %s", g.plan.Name, len(names), follows, strings.Join(names, ", ")))
	}
	return warnings
}

// failures is nil when no machine failed, else names the first.
func (r *Report) failures() error {
	n, first := 0, -1
	for i := range r.Machines {
		if r.Machines[i].Error != "" {
			if n++; first < 0 {
				first = i
			}
		}
	}
	if n == 0 {
		return nil
	}
	m := &r.Machines[first]
	return fmt.Errorf("collect: %w under %d of %d machines and plans, %s under %s first: %s; the same command tries them again",
		ErrMachines, n, len(r.Machines), m.Machine, m.Plan, m.Error)
}

// restore is the inverse of stored, for what is stored.
func (c *Counts) restore(d datasets.Counts) {
	*c = Counts{Sent: d.Sent, Exchanges: d.Exchanges, Answered: d.Answered, Duplicates: d.Duplicates,
		Late: d.Late, Unmatched: d.Unmatched, Malformed: d.Malformed, FencesLost: d.LinkLost, Restarts: d.Restarts,
		Reboots: d.Reboots, RebootsByChance: d.RebootsByChance, RebootCauses: d.RebootCauses, Slow: d.Slow, SlowLeft: d.SlowLeft, Paced: d.Paced}
}
