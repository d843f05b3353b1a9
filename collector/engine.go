package collector

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"sync/atomic"

	"tickle/collector/pool"
	"tickle/datasets"
	"tickle/probegen"
)

// glance is the longest that is listened on a real clock at a time, so that
// the end of a context is seen.
const glance = 100_000

// never is later than any time of a link's clock.
const never = math.MaxInt64

// engine runs one program over one link after the other. A worker owns it;
// its memory is reused.
type engine struct {
	g        *program
	pairs    *pairs
	link     pool.Link
	certain  bool   // silence is
	answered bool   // the machine is known to answer fences
	machine  uint32 // the one IPv4 address that may be sent to
	to       [probegen.NoPort + 1]netip.AddrPort
	six      six
	pace     int64
	least    int64 // the gap that the machine's own rate asks for
	thinned  bool  // the pace is slower than the plan's, for limits of the machine's
	limit    int64 // the deadline, or its ceiling
	capture  *capture
	progress *atomic.Int64 // exchanges made, of all workers
	order    []uint32      // copies, of which those from next to end are sent
	slow     slowly

	ahead     ahead
	tape      tape
	first     uint64 // number of the plan's first ported sending
	counts    Counts
	dialogues dialogues
	most      int      // dialogues at a time
	fences    *fencing // nil: certain silence, or one exchange at a time
	rtt       rtt      // where there are no fences
	vain      vain
	relayed   bool // the machine's connections go on to another host
	now       int64
	next      int   // place in order of the copy to send next
	end       int   // and behind the last of this boot
	nextAt    int64 // when, at the soonest
	lastSent  int64
	heard     int64 // when anything was received
	repeated  int   // packets received without time passing
	in, out   []byte
}

// newEngine makes an engine for a worker.
func newEngine(progress *atomic.Int64) *engine {
	return &engine{in: make([]byte, pool.MaxPacket), out: make([]byte, 0, pool.MaxPacket), progress: progress}
}

// tellEvery is the number of exchanges between additions to the progress of
// all workers, so that they do not wait for each other's cache line.
const tellEvery = 4096

// session is one run of a program over a link.
type session struct {
	program  *program
	pairs    *pairs // nil: the program's
	link     pool.Link
	machine  *pool.Machine
	deadline int64    // Config.Deadline
	capture  *capture // nil: none
	attempt  attempt
	noIPv6   bool // IPv6 probes are not sent to it
	holds    int  // connections that its application holds; 0: not known
	relayed  bool // its connections go on to another host
}

// reset makes the engine ready for a session.
func (e *engine) reset(s session) error {
	e.g, e.capture, e.answered, e.relayed = s.program, s.capture, s.attempt.answered, s.relayed
	if err := e.attach(s.link); err != nil {
		return fmt.Errorf("backend %s: %w", s.machine.Backend, err)
	}
	if e.pairs = s.pairs; e.pairs == nil {
		e.pairs = s.program.pairs
	}
	if e.first = s.program.first; s.program.plan.Order == Ordered {
		e.first += e.pairs.m
	}
	target := e.pairs.net.Machine
	b := target.As4()
	e.machine = binary.BigEndian.Uint32(b[:])
	p := s.machine.Ports
	e.to = [...]netip.AddrPort{
		probegen.OpenTCP:   netip.AddrPortFrom(target, p.Open),
		probegen.ClosedTCP: netip.AddrPortFrom(target, p.Closed),
		probegen.ClosedUDP: netip.AddrPortFrom(target, p.UDP),
		probegen.NoPort:    netip.AddrPortFrom(target, 0),
	}
	e.thinned = s.attempt.pace > 0
	e.six = six{}
	if !s.noIPv6 {
		e.six = newSix(e.pairs.net, p)
	}
	e.pace, e.least, e.limit = max(paceOf(s.program.plan, s.machine, e.certain), s.attempt.pace), ownPace(s.machine), s.deadline
	if e.limit == 0 && e.certain {
		e.limit = DefaultDeadline
	} else if e.limit == 0 {
		e.limit = DefaultCeiling
	}
	e.tape.reset(s.program.sendings())
	e.order, e.slow = s.program.order, slowly{order: e.slow.order[:0]}
	e.ahead.from, e.ahead.to = 0, 0
	e.counts, e.next, e.end = Counts{}, 0, 0
	e.most = mostAtOnce(s.machine, s.holds)
	e.boot()
	return nil
}

// restart goes on over another link, to the machine that was started again.
func (e *engine) restart(link pool.Link) error {
	if err := e.attach(link); err != nil {
		return err
	}
	e.boot()
	return nil
}

// attach takes a link.
func (e *engine) attach(link pool.Link) error {
	e.link = link
	switch link.Silence() {
	case pool.Certain:
		e.certain = true
	case pool.Timeout:
		e.certain = false
	default:
		return fmt.Errorf("link: invalid silence %d", link.Silence())
	}
	return nil
}

// boot makes the engine ready for the next part of the program, on a machine
// that has just been started.
func (e *engine) boot() {
	for _, end := range e.g.ends {
		if e.end = end; end > e.next {
			break
		}
	}
	e.rtt, e.fences, e.vain = rtt{}, nil, vain{}
	e.dialogues.reset()
	if !e.certain && !e.g.alone {
		first := fenceACK
		if e.g.layout == datasets.Dialogues {
			first = fenceApp
		}
		e.fences = newFencing(first)
	}
	e.now = e.link.Now()
	e.nextAt, e.lastSent, e.heard, e.repeated = e.now, e.now, e.now, 0
}

// paceOf gives the µs between sendings to a machine.
func paceOf(p *Plan, m *pool.Machine, certain bool) int64 {
	own := ownPace(m)
	switch {
	case p.Pace > 0 || own > 0:
		return max(p.Pace, own)
	case certain || p.Order == Ordered:
		return p.spacing()
	}
	return 0
}

// mostAtOnce is how many dialogues a machine may hold: less than its listener
// keeps waiting to be accepted, and a quarter of what its application holds
// (0: not known), for there are more of them at a slow pace and some linger.
func mostAtOnce(m *pool.Machine, holds int) int {
	most := mostDialogues
	if holds > 0 {
		most = max(holds/4, 1)
	}
	if text, ok := m.Factors["app.backlog"]; ok {
		if backlog, err := strconv.Atoi(text); err == nil {
			most = max(min(backlog/2, most), 1)
		}
	}
	return most
}

// ownPace is the pace that a machine's rate stands for, or 0.
func ownPace(m *pool.Machine) int64 {
	if m.Rate <= 0 {
		return 0
	}
	return max(int64(math.Ceil(1e6/m.Rate)), 1)
}

// spacing is the pace of a plan on a virtual clock to machines without a rate.
func (p *Plan) spacing() int64 {
	if p.Order == Ordered {
		return cmp.Or(p.Pace, DefaultSpacing)
	}
	return cmp.Or(p.Pace, DefaultPace)
}

var errEndless = errors.New("the machine answers without end")

// maxRepeated is how many packets a virtual clock may deliver at one time.
const maxRepeated = 1 << 20

// run sends all copies of the next boot and receives until the last one's
// deadline is over.
func (e *engine) run(ctx context.Context) error {
	if e.fences != nil {
		if err := e.warmUp(ctx); err != nil {
			return err
		}
	}
	return e.loop(ctx)
}

// loop sends the copies from next to end and receives until the last one's
// deadline is over.
func (e *engine) loop(ctx context.Context) error {
	const checkEvery = 1024 // packets; a virtual link does that many in a millisecond
	for turn := 0; ; turn++ {
		if !e.certain || turn%checkEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if err := e.act(); err != nil {
			return err
		}
		until, more := e.wake()
		if !more {
			return nil
		}
		if err := e.listen(until); err != nil {
			return err
		}
	}
}

// act does all that is due now.
func (e *engine) act() error {
	for {
		slot, due := e.dialogues.soonest()
		if due > e.now {
			break
		}
		if err := e.advance(slot); err != nil {
			return err
		}
	}
	for e.next < e.end && e.nextAt <= e.now && e.room() {
		if err := e.sendCopy(); err != nil {
			return err
		}
	}
	if e.fences != nil {
		return e.tendFences()
	}
	return nil
}

// room says whether another exchange may start.
func (e *engine) room() bool {
	if e.slow.silent != nil {
		return e.slowRoom()
	}
	return e.dialogues.active < e.most && (e.fences == nil || e.fences.room() && e.dialogues.active < e.fences.window)
}

// wake says until when to listen, and whether at all.
func (e *engine) wake() (until int64, more bool) {
	until = never
	if e.next < e.end && e.room() {
		until = e.nextAt
	}
	_, due := e.dialogues.soonest()
	until = min(until, due)
	if e.fences != nil {
		until = min(until, e.fencesDue())
	}
	if until == never && e.next == e.end {
		if until = e.lastSent + e.deadline(); e.now > until {
			return 0, false
		}
		until++ // an answer at the deadline is in time
	}
	if !e.certain {
		until = min(until, e.now+glance)
	}
	return until, true
}

// deadline is how long an exchange is open after its latest sending.
func (e *engine) deadline() int64 {
	switch {
	case e.certain:
		return e.limit
	case e.fences != nil:
		return e.fences.rtt.deadline(e.limit)
	}
	// Nothing else waits for it, so that it may be as long as the pace.
	return max(e.rtt.deadline(e.limit), min(e.pace, e.limit))
}

// listen receives one packet, or waits until then.
func (e *engine) listen(until int64) error {
	n, at, ok, err := e.link.Receive(e.in, until)
	if err != nil {
		return linkError{fmt.Errorf("receive: %w", err)}
	}
	before := e.now
	switch {
	case !e.certain:
		e.now = e.link.Now()
	case ok:
		e.now = max(e.now, at)
	default:
		e.now = until
	}
	if !ok {
		return nil
	}
	e.heard = e.now
	if e.repeated++; e.now != before {
		e.repeated = 0
	}
	if e.certain && e.repeated > maxRepeated {
		return errEndless
	}
	return e.accept(e.in[:n], at)
}

// sendCopy starts the next exchange.
func (e *engine) sendCopy() error {
	c := e.order[e.next]
	probe := e.g.probeOf(c)
	p := &e.g.probes[probe]
	e.next++
	e.counts.Exchanges++
	if e.progress != nil && e.counts.Exchanges%tellEvery == 0 {
		e.progress.Add(tellEvery)
	}
	r := &e.tape.copies[c]
	if !e.certain {
		e.now = e.link.Now()
	}
	r.sent = e.now
	if e.nextAt = max(e.nextAt, e.now-e.pace) + e.pace; e.g.plan.Order == Ordered {
		e.nextAt = e.now + e.gap(probe) // never less, for clocks are read off the answers
	}
	if e.slow.silent != nil {
		e.nextAt = max(e.nextAt, e.now+e.slow.pace)
		e.holdSlow()
	}
	if p.six && !e.six.has {
		return nil // it stays unsent, and what follows keeps its time
	}
	if !p.simple {
		return e.startDialogue(c, probe)
	}
	r.state = sent
	if e.fences != nil {
		r.ref = e.fences.sent()
	}
	e.lastSent = e.now
	if e.pairs.fixed { // one exchange at a time: until it is answered, or known to be silent
		e.nextAt = e.now + max(e.gap(probe), e.deadline())
	}
	b, err := e.packetAhead(e.next - 1)
	if err != nil {
		return err
	}
	e.counts.Sent++
	return e.send(b, sighting{kind: probeSent, copy: c, known: true})
}

// gap is the time between a probe's sending and the next one's.
func (e *engine) gap(probe uint32) int64 {
	if e.g.gaps == nil {
		return e.pace
	}
	return max(e.g.gaps[probe], e.least)
}

// transmit makes a step's packet and sends it from copy c's pair. It stays
// in e.out until the next one.
func (e *engine) transmit(c uint32, s *step, n probegen.Numbers) error {
	from, to := e.ends(c, s)
	b, err := s.packet.AppendRelative(e.out[:0], from, to, n)
	if err != nil {
		return err
	}
	e.out = b
	e.counts.Sent++
	return e.send(b, sighting{kind: probeSent, copy: c, known: true, step: e.tape.copies[c].step})
}

// source gives the address and port that copy c sends step s from, in IPv4.
func (e *engine) source(c uint32, s *step) netip.AddrPort {
	if !s.icmp {
		return e.pairs.source(e.first + uint64(c))
	}
	if e.g.plan.Order == Ordered {
		return e.pairs.orderedICMP()
	}
	repeats := uint32(e.g.repeats)
	rank := uint32(e.g.probes[c/repeats].icmp)
	return e.pairs.icmpSource(e.g.icmp + uint64(rank*repeats+c%repeats))
}

var errTarget = errors.New("destination is not the machine's address")

// send is the one place where packets leave. It lets none go but to the
// machine whose link this is.
func (e *engine) send(b []byte, what sighting) error {
	if !e.mayGo(b) {
		return fmt.Errorf("refused to send to %v: %w", destination(b), errTarget)
	}
	if e.capture != nil {
		what.at = e.now
		if err := e.capture.see(what, b); err != nil {
			return err
		}
	}
	if err := e.link.Send(b); err != nil {
		return linkError{fmt.Errorf("send: %w", err)}
	}
	return nil
}
