package collector

import (
	"cmp"
	"context"
	"math"
	"math/bits"
	"slices"
	"time"

	"tickle/datasets"
	"tickle/probegen"
)

// Stacks limit by time what they say inside connections, and a dialogue at full
// speed then meets silence that says how fast it was rather than who answers.
//
// Linux limits twice. tcp_oow_rate_limited is asked before a segment outside
// the window, one with an old timestamp, or a repeated SYN is answered: a
// connection that gave such an answer less than tcp_invalid_ratelimit ago
// (500 ms) gives no other, but to data that comes without SYN. And
// tcp_send_challenge_ack, which answers a SYN, a RST that is not where the next
// byte is due, and a wild acknowledgement number, asks the same clock of the
// connection (__tcp_oow_rate_limited, data or not), and then a count for all
// connections, tcp_challenge_ack_limit a second (1,000 in 5.10, no limit in 6.1
// and later). gVisor has the clock of the connection, and BSD and Solaris have
// counts for RSTs.
//
// So after the last boot's dialogues those that met silence behind an answer
// are had once more, as far as the last such step: begun at a pace below every
// count, and that step kept back until the clock that an answer before it may
// have started has run out. What is answered otherwise then depends on pace, and
// is nondeterministic.
const (
	limitPause   = 600_000   // µs, behind an answer that starts a connection's clock
	errorPause   = 1_100_000 // likewise, behind an ICMP error: Linux' icmp_ratelimit is a second
	limitSpan    = 1_000_000 // µs, in which the counts are over
	slowPace     = 20_000    // µs between the beginnings: 50 a second
	slowLeast    = 2_000     // likewise, on a real link that has no time for more
	slowShare    = 6         // of the time that the part took until then, starts of the machine and all, on a real link: a little is lost, and a fifth is what it may cost
	slowAtLeast  = 2_000_000 // µs that it may take in any case
	slowTimes    = 2         // as many dialogues at a time as at full speed
	slowMost     = 192       // and on a real link, where most of them wait, as many: an application holds more
	maxSlowSteps = 64        // of a dialogue: a bit each
	inPause      = 0xff      // step of the answers that came in a pause
)

// slowly is the state of the pass at a slow pace.
type slowly struct {
	silent []uint64 // by probe, the steps that met silence, by bit; nil: another pass
	order  []uint32 // copies
	pace   int64    // µs between their beginnings; fences do not count
	clear  int64    // when the counts of the pass at full speed are over
	time   int64    // µs that the pass may take
	end    int64    // when that is over
	cut    int64    // dialogues that ended then
}

// hasSlow says whether dialogues may be had again at a slow pace: the plan gives
// them no order of their own.
func (g *program) hasSlow() bool {
	return g.layout == datasets.Dialogues && !g.alone && !g.plan.FullSpeed
}

// sendings is the number of copies to one machine, with those at a slow pace,
// one a probe, behind the others.
func (g *program) sendings() int {
	if g.hasSlow() {
		return g.copies() + len(g.probes)
	}
	return g.copies()
}

// slowCopy is the number of a probe's copy at a slow pace.
func (g *program) slowCopy(probe int) uint32 { return uint32(g.copies() + probe) }

// probeOf gives the probe that copy c is one of.
func (g *program) probeOf(c uint32) uint32 {
	if n := uint32(g.copies()); c >= n {
		return c - n
	}
	return c / uint32(g.repeats)
}

// repeatOf gives the number of copy c among its probe's, that at a slow pace
// being the last.
func (g *program) repeatOf(c uint32) uint32 {
	if c >= uint32(g.copies()) {
		return uint32(g.repeats)
	}
	return c % uint32(g.repeats)
}

// runSlowly has the dialogues again that may have met a limit, on the machine
// as the last boot left it. The part took so long until then.
func (e *engine) runSlowly(ctx context.Context, took time.Duration) error {
	if !e.g.hasSlow() {
		return nil
	}
	e.chooseSlow(took.Microseconds())
	if len(e.slow.order) == 0 {
		e.slow.silent = nil
		return nil
	}
	before, progress := e.counts, e.progress
	e.order, e.next, e.end = e.slow.order, 0, len(e.slow.order)
	e.now = e.link.Now()
	e.nextAt, e.progress = e.now, nil
	e.slow.clear, e.slow.end, e.slow.cut = e.now+limitSpan, e.now+e.slow.time, 0
	e.holdSlow()
	err := e.loop(ctx)
	e.order, e.progress, e.slow.silent = e.g.order, progress, nil
	e.counts.Exchanges, e.counts.Answered, e.counts.Answers, e.counts.Duplicates = before.Exchanges, before.Answered, before.Answers, before.Duplicates
	e.counts.Slow = int64(len(e.slow.order)) - e.slow.cut
	e.counts.SlowLeft += e.slow.cut
	return err
}

// holdSlow keeps the next copy back until its turn: one that waits for no clock
// tells of the counts alone.
func (e *engine) holdSlow() {
	if e.next < e.end && e.slowPauses(int(e.g.probeOf(e.order[e.next]))) == 0 {
		e.nextAt = max(e.nextAt, e.slow.clear)
	}
}

// chooseSlow fills in the copies to send and the pace. On a real link it takes as
// many as there is time for, those that wait least first, for they leave time
// for most. Those begin first that may wait longest, for each silence that turns
// out to be a limit's starts its clock again.
func (e *engine) chooseSlow(took int64) {
	s := &e.slow
	s.silent = append(s.silent[:0], make([]uint64, len(e.g.probes))...)
	s.order = s.order[:0]
	s.time = max(took/slowShare, slowAtLeast)
	waits := make([]int64, len(e.g.probes))
	for probe := range e.g.probes {
		if s.silent[probe] = e.silences(probe); s.silent[probe] != 0 {
			waits[probe] = e.slowWaits(probe)
			s.order = append(s.order, e.g.slowCopy(probe))
		}
	}
	slices.SortStableFunc(s.order, func(a, b uint32) int { return cmp.Compare(waits[e.g.probeOf(a)], waits[e.g.probeOf(b)]) })
	n, longest := len(s.order), int64(0)
	if !e.certain {
		n, longest = e.affordable(waits)
	}
	e.counts.SlowLeft = int64(len(s.order) - n)
	s.order = s.order[:n]
	atMost := func(c uint32) int64 {
		p := e.g.probeOf(c)
		return waits[p] + limitPause*int64(bits.OnesCount64(s.silent[p]))
	}
	slices.SortStableFunc(s.order, func(a, b uint32) int {
		// First all that wait for a clock, the longest first.
		return cmp.Or(-cmp.Compare(min(e.slowPauses(int(e.g.probeOf(a))), 1), min(e.slowPauses(int(e.g.probeOf(b))), 1)), -cmp.Compare(atMost(a), atMost(b)))
	})
	if s.pace = slowPace; !e.certain && n > 0 {
		s.pace = min(slowPace, max(slowLeast, (s.time-longest)/int64(n)))
	}
}

// affordable is how many copies of the order can be had in the pass's time, and
// how long the longest of them waits.
func (e *engine) affordable(waits []int64) (n int, longest int64) {
	var sum int64 // all take turns
	for ; n < len(e.slow.order); n++ {
		wait := waits[e.g.probeOf(e.slow.order[n])]
		if sum += max(slowLeast, wait/slowMost); sum+wait > e.slow.time {
			break
		}
		longest = wait
	}
	return n, longest
}

// slowWaits is how long a probe's copy lasts at a slow pace, about: what its
// steps ask for and the clocks, and as much else a step as at full speed.
func (e *engine) slowWaits(probe int) int64 {
	p := &e.g.probes[probe]
	n := uint32(bits.Len64(e.slow.silent[probe]))
	waits, all := e.slowPauses(probe), int64(0)
	for i := range p.n {
		if all += e.g.steps[p.from+i].wait; i+1 == n {
			waits += all
		}
	}
	took := int64(math.MaxInt64)
	for repeat := range e.g.repeats {
		took = min(took, int64(e.tape.copies[probe*e.g.repeats+repeat].latest))
	}
	return waits + max(took-all, 0)*int64(n)/int64(p.n)
}

// slowPauses is how much of that is for clocks that run.
func (e *engine) slowPauses(probe int) (longest int64) {
	for repeat := range e.g.repeats {
		met := e.met(uint32(probe*e.g.repeats + repeat))
		pauses, clock := int64(0), int64(0)
		for i := range bits.Len64(e.slow.silent[probe]) {
			if e.slow.silent[probe]>>i&1 == 1 {
				pauses += clock
				clock = 0
			}
			switch {
			case met.errors>>i&1 == 1:
				clock = errorPause
			case met.acks>>i&1 == 1:
				clock = max(clock, limitPause)
			}
		}
		longest = max(longest, pauses)
	}
	return longest
}

// silences gives the steps of a probe, by bit, that met silence in some repeat
// behind an answer. ICMP has no connections, nor numbers for more copies.
func (e *engine) silences(probe int) (silent uint64) {
	p := &e.g.probes[probe]
	if p.n < 2 || p.n > maxSlowSteps || p.icmp >= 0 || p.six && !e.six.has {
		return 0
	}
	steps := e.g.steps[p.from : p.from+p.n]
	for repeat := range e.g.repeats {
		answered := e.met(uint32(probe*e.g.repeats + repeat)).answered
		for i := 1; i < len(steps); i++ {
			if answered&(1<<i-1) != 0 && answered>>i&1 == 0 && steps[i].limitable {
				silent |= 1 << i
			}
		}
	}
	return silent
}

// mayBeLimited says of a packet whether silence may be a limit's: not behind an
// ACK that is right in all, which no system answers.
func mayBeLimited(from *probegen.Packet) bool {
	if from.TCP == nil {
		return from.ICMP == nil
	}
	t := from.TCP
	return t.Flags != probegen.ACK || len(from.Payload) > 0 || t.SeqBase != probegen.SndNxt || t.Seq != 0 || t.AckBase != probegen.RcvNxt || t.Ack != 0
}

// slowRoom says whether another dialogue may start in the pass at a slow pace:
// most of them wait, with nothing under way. Only those that have not opened
// their connection yet, or never will, take a place with the listener.
func (e *engine) slowRoom() bool {
	if e.certain {
		return e.dialogues.active < slowTimes*e.most
	}
	opening := 0
	for _, slot := range e.dialogues.heap {
		if !e.dialogues.slots[slot].greeted {
			opening++
		}
	}
	return e.dialogues.active < max(slowMost, slowTimes*e.most) && opening < e.most && (e.fences == nil || e.fences.room())
}

// slowAnswer takes in an answer in the pass at a slow pace.
func (e *engine) slowAnswer(d *dialogue, p *ipPacket) {
	switch {
	case e.slow.silent == nil || !d.clock.starts(p):
	case p.icmp():
		d.limited = max(d.limited, e.now+errorPause)
	default:
		d.limited = max(d.limited, e.now+limitPause)
	}
}

// pause keeps a dialogue at a slow pace back before its next step, where that
// met silence at full speed and a clock runs, and says whether it does.
func (e *engine) pause(slot uint32) bool {
	d := &e.dialogues.slots[slot]
	next := uint32(e.tape.copies[d.copy].step) + 1
	if d.paused || e.slow.silent == nil || e.slow.silent[d.probe]>>next&1 == 0 || d.limited <= e.now {
		d.paused = false
		return false
	}
	d.paused, d.waiting, d.until = true, false, 0
	e.dialogues.schedule(slot, d.limited)
	return true
}

// outOfTime says whether a dialogue at a slow pace would have to be kept back
// beyond the time of the pass.
func (e *engine) outOfTime(d *dialogue) bool {
	s := &e.slow
	if s.silent == nil || e.certain || s.silent[d.probe]>>(e.tape.copies[d.copy].step+1)&1 == 0 || d.limited <= max(s.end, e.now) {
		return false
	}
	s.cut++
	return true
}

// toldAll says whether the steps that follow in a dialogue at a slow pace can
// tell nothing: none of them met silence, and those before were answered, or
// not, as at full speed.
func (e *engine) toldAll(d *dialogue) bool {
	r := &e.tape.copies[d.copy]
	if e.slow.silent == nil || e.slow.silent[d.probe]>>(r.step+1) != 0 {
		return false
	}
	sent := uint64(1)<<(r.step+1) - 1
	return e.met(d.copy).answered == e.met(d.probe*uint32(e.g.repeats)).answered&sent
}

// limits turns fields of slot i that were answered otherwise at a slow pace,
// the last of the slot's observations, into nondeterministic ones and counts
// them. Silence at a slow pace says nothing: no limit makes it, and loss does.
// The header's checksum covers our address, which is each copy's own.
func (s *slotRows) limits(of *datasets.Summary, i int, fields []datasets.FieldID) (n int64) {
	slow := len(s.obs[i]) - 1
	if !s.answered[i][slow] {
		return 0
	}
	for _, f := range fields {
		x := &of.Fields[f]
		v, ok := s.obs[i][slow].Get(f)
		if f == datasets.IPChecksum || x.State == datasets.Nondet || ok == (x.State == datasets.Present) && (!ok || v == x.Value) {
			continue
		}
		*x = datasets.FieldSummary{State: datasets.Nondet, Distinct: 2}
		n++
	}
	return n
}
