package collector

import (
	"cmp"
	"context"
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
// are had once more: begun at a pace below every count, and with a pause
// before each such step that is longer than any clock. What is answered
// otherwise then depends on pace, and is nondeterministic.
const (
	limitPause   = 600_000   // µs, before a segment that may have been limited
	errorPause   = 1_100_000 // likewise, before a datagram: Linux' icmp_ratelimit is a second
	limitSpan    = 1_000_000 // µs, in which the counts are over
	slowPace     = 20_000    // µs between the beginnings: 50 a second
	slowLeast    = 2_000     // likewise, on a real link that has no time for more
	slowShare    = 6         // of the time that the part took until then, starts of the machine and all, on a real link: a little is lost, and a fifth is what it may cost
	slowAtLeast  = 2_000_000 // µs that it may take in any case
	slowTimes    = 2         // as many dialogues at a time as at full speed
	maxSlowSteps = 64        // of a dialogue: a bit each
	inPause      = 0xff      // step of the answers that came in a pause
)

// slowly is the state of the pass at a slow pace.
type slowly struct {
	pauses []uint64 // by probe, the steps to pause before, by bit; nil: another pass
	order  []uint32 // copies
	pace   int64    // µs between their beginnings; fences do not count
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
		e.slow.pauses = nil
		return nil
	}
	before, progress := e.counts, e.progress
	e.order, e.next, e.end = e.slow.order, 0, len(e.slow.order)
	e.now = e.link.Now()
	e.nextAt, e.progress = e.now+limitSpan, nil
	err := e.loop(ctx)
	e.order, e.progress, e.slow.pauses = e.g.order, progress, nil
	e.counts.Exchanges, e.counts.Answered, e.counts.Answers, e.counts.Duplicates = before.Exchanges, before.Answered, before.Answers, before.Duplicates
	e.counts.Slow = int64(len(e.slow.order))
	return err
}

// chooseSlow fills in the copies to send, the steps to pause before, and the
// pace. Those that wait longest begin first. On a real link it takes so many, in
// the order of the set, as there is time for.
func (e *engine) chooseSlow(took int64) {
	s := &e.slow
	s.pauses = append(s.pauses[:0], make([]uint64, len(e.g.probes))...)
	s.order = s.order[:0]
	budget := max(took/slowShare, slowAtLeast) - limitSpan
	var longest, sum int64 // µs: one waits, and all take turns
	waitsOf := make([]int64, len(e.g.probes))
	for probe := range e.g.probes {
		pauses, silent := e.silences(probe)
		if !silent {
			continue
		}
		waits := e.slowWaits(probe, pauses)
		waitsOf[probe] = waits
		if long, all := max(longest, waits), sum+slowLeast+waits/int64(slowTimes*e.most); e.certain || max(long, all) <= budget {
			longest, sum = long, all
			s.pauses[probe] = pauses
			s.order = append(s.order, e.g.slowCopy(probe))
		} else {
			e.counts.SlowLeft++
		}
	}
	slices.SortStableFunc(s.order, func(a, b uint32) int { return cmp.Compare(waitsOf[e.g.probeOf(b)], waitsOf[e.g.probeOf(a)]) })
	if s.pace = slowPace; !e.certain && len(s.order) > 0 {
		s.pace = min(slowPace, max(slowLeast, (budget-longest)/int64(len(s.order))))
	}
}

// slowWaits is how long a probe's copy waits at a slow pace.
func (e *engine) slowWaits(probe int, pauses uint64) int64 {
	p := &e.g.probes[probe]
	waits := int64(bits.OnesCount64(pauses)) * limitPause
	for i := range e.g.steps[p.from : p.from+p.n] {
		waits += e.g.steps[p.from+uint32(i)].wait
	}
	return waits
}

// silences says whether a step of a probe met silence, in some repeat, behind
// an answer, and before which steps to pause for that: those behind an answer
// to another step than the first, since it takes one to start a connection's
// clock, and an opening does not. ICMP has no connections, nor numbers for more
// copies.
func (e *engine) silences(probe int) (pauses uint64, silent bool) {
	p := &e.g.probes[probe]
	if p.n < 2 || p.n > maxSlowSteps || p.icmp >= 0 || p.six && !e.six.has {
		return 0, false
	}
	steps := e.g.steps[p.from : p.from+p.n]
	for repeat := range e.g.repeats {
		answered := e.answeredSteps(uint32(probe*e.g.repeats + repeat))
		for i := 1; i < len(steps); i++ {
			behind := answered & (1<<i - 1)
			if behind == 0 || answered>>i&1 == 1 || !steps[i].limitable {
				continue
			}
			silent = true
			if behind&^1 != 0 {
				pauses |= 1 << i
			}
		}
	}
	return pauses, silent
}

// answeredSteps gives the steps of copy c that were answered, by bit.
func (e *engine) answeredSteps(c uint32) (steps uint64) {
	for place := e.tape.copies[c].first; place != 0; place = e.tape.answers[place-1].next {
		steps |= 1 << e.tape.answers[place-1].step
	}
	return steps
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

// pause keeps a dialogue at a slow pace back before its next step, once, where
// that may have been limited, and says whether it does.
func (e *engine) pause(slot uint32) bool {
	d := &e.dialogues.slots[slot]
	next := uint32(e.tape.copies[d.copy].step) + 1
	if d.paused || e.slow.pauses == nil || e.slow.pauses[d.probe]>>next&1 == 0 {
		d.paused = false
		return false
	}
	d.paused, d.waiting, d.until = true, false, 0
	long := int64(limitPause)
	if e.g.steps[e.g.probes[d.probe].from+next].proto != probegen.ProtoTCP {
		long = errorPause
	}
	e.dialogues.schedule(slot, e.now+long)
	return true
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
