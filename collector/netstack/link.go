package netstack

import (
	"fmt"
	"math"
	"time"

	"tickle/collector/pool"
)

// patience is how long, in real time, a fence may take: a fence is done within
// microseconds unless the stack is broken.
const patience = 10 * time.Second

// link is a pool.Link to a host. Between two calls the host is always idle.
type link struct {
	host     *host
	fence    *fence
	patience time.Duration
	answers  answers
	err      error // the first failure: the host's state is unknown from then on
	closed   bool
}

var _ pool.Link = (*link)(nil)

func newLink(h *host) *link {
	return &link{host: h, fence: newFence(h.stack), patience: patience}
}

// Silence implements pool.Link.
func (l *link) Silence() pool.Silence { return pool.Certain }

// Now implements pool.Link.
func (l *link) Now() int64 { return l.host.clock.nanos() / int64(time.Microsecond) }

// Send hands the stack one IPv4 packet and waits until it has done with it.
// Packets that are not IPv4 at all are dropped by the stack, as any other would.
func (l *link) Send(packet []byte) error {
	if err := l.usable(); err != nil {
		return err
	}
	if len(packet) == 0 || len(packet) > pool.MaxPacket {
		return fmt.Errorf("packet of %d bytes: expected 1 to %d", len(packet), pool.MaxPacket)
	}
	queued := l.host.inject(packet)
	return l.settle(queued)
}

// Receive implements pool.Link. The clock jumps from timer to timer, each of
// which may make the stack send something.
func (l *link) Receive(buf []byte, until int64) (n int, at int64, ok bool, err error) {
	if err := l.usable(); err != nil {
		return 0, 0, false, err
	}
	c := l.host.clock
	limit := min(until, math.MaxInt64/int64(time.Microsecond)) * int64(time.Microsecond)
	for {
		if n, at, ok := l.answers.take(buf, until); ok {
			return n, at, true, nil
		}
		deadline, ok := c.next()
		if !ok || deadline > limit {
			c.advance(limit)
			return 0, 0, false, nil
		}
		c.advance(deadline)
		if err := l.settle(false); err != nil {
			return 0, 0, false, err
		}
	}
}

// Close ends the stack and its goroutines. When the stack does not come to rest
// it fails and leaves them, for ending them would wait for ever.
func (l *link) Close() error {
	if l.closed {
		return nil
	}
	l.closed = true
	if err := l.fence.stop(l.patience); err != nil {
		return err
	}
	l.host.shutdown()
	return nil
}

func (l *link) usable() error {
	if l.closed {
		return pool.ErrClosed
	}
	return l.err
}

// settle waits until nothing more happens at this time: segments that are
// queued (if queued says that there may be), connections to be accepted, timers
// that are due, and what each of these brings about.
func (l *link) settle(queued bool) error {
	for {
		if queued {
			if l.err = l.fence.wait(l.patience); l.err != nil {
				return l.err
			}
		}
		if l.err = l.collect(); l.err != nil {
			return l.err
		}
		queued = l.host.accept()
		if !queued {
			queued = l.host.clock.fire()
		}
		if !queued {
			return nil
		}
	}
}

// collect takes what the stack has sent.
func (l *link) collect() error {
	wire := l.host.wire
	if wire.NumQueued() == outbound {
		return fmt.Errorf("netstack: %d packets at once: expected fewer, some are lost", outbound)
	}
	for {
		pkt := wire.Read()
		if pkt == nil {
			return nil
		}
		l.answers.begin(l.Now())
		for _, part := range pkt.AsSlices() {
			l.answers.data = append(l.answers.data, part...)
		}
		pkt.DecRef()
	}
}

// answers is a queue of packets, whose memory is used again when it is empty.
type answers struct {
	data []byte
	list []answer
	head int // in list
}

// answer begins at data[start:] and ends where the next begins.
type answer struct {
	start int
	at    int64
}

// begin starts a packet, whose bytes the caller appends to data.
func (a *answers) begin(at int64) {
	if a.head == len(a.list) {
		a.data, a.list, a.head = a.data[:0], a.list[:0], 0
	}
	a.list = append(a.list, answer{len(a.data), at})
}

// take copies the first packet into buf if it came by until.
func (a *answers) take(buf []byte, until int64) (n int, at int64, ok bool) {
	if a.head == len(a.list) || a.list[a.head].at > until {
		return 0, 0, false
	}
	first := a.list[a.head]
	a.head++
	end := len(a.data)
	if a.head < len(a.list) {
		end = a.list[a.head].start
	}
	return copy(buf, a.data[first.start:end]), first.at, true
}
