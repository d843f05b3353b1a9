package sim

import (
	"math/rand/v2"
)

// load is half-open connections that SYNs from elsewhere make: a weak SYN
// flood, or a scan. It is hidden state, for nothing in an answer tells of it
// but what happens to a SYN when the queue is full.
//
// SYNs arrive as a Poisson process. Nobody answers the SYN-ACKs, whose sources
// are forged, so that each holds its place until the machine gives up. The
// prober does not see those packets, and only SYNs of its own look at the
// queue: so arrivals are worked off when one does.
type load struct {
	mean int64 // µs between arrivals; 0: there are none
	life int64 // µs that one stays half open
	draw *rand.Rand
	next int64   // when the next arrives
	ends []int64 // a ring: when those that are half open end, the oldest first
	head int
	n    int
}

// newLoad gives a load of that many SYNs a second which has been on for as
// long as one lasts when the link's clock is 0, for a queue of the given room.
func newLoad(rate float64, life int64, seed uint64, room int) load {
	if rate == 0 {
		return load{}
	}
	l := load{
		mean: max(int64(sec/rate), 1), life: life,
		draw: rand.New(stream(seed, purposeLoad)),
		ends: make([]int64, roundPower(min(room, maxLoad))),
	}
	l.next = l.gap() - life
	return l
}

// maxLoad bounds the places that a load remembers: those of maxLoadRate for
// the longest life of a half-open connection fit in.
const maxLoad = 1 << 19

// maxLoadRate is the most SYNs a second: newcomers are worked off one by one.
const maxLoadRate = 1000

func (l *load) gap() int64 { return int64(l.draw.ExpFloat64()*float64(l.mean)) + 1 }

// advance works off what arrived and ended by now, for a queue that has room
// for so many of them. Where the oldest make room for new ones, they do.
func (l *load) advance(now int64, room int, full overflow) {
	room = min(room, len(l.ends))
	for ; l.next <= now; l.next += l.gap() {
		l.expire(l.next)
		if full == dropOldest && l.n >= room {
			l.drop()
		}
		if l.n < room {
			l.ends[(l.head+l.n)&(len(l.ends)-1)] = l.next + l.life
			l.n++
		}
	}
	l.expire(now)
}

func (l *load) expire(now int64) {
	for l.n > 0 && l.ends[l.head] <= now {
		l.drop()
	}
}

// drop forgets the oldest, if there is one.
func (l *load) drop() {
	if l.n > 0 {
		l.head = (l.head + 1) & (len(l.ends) - 1)
		l.n--
	}
}

// patience is how long a half-open connection waits for its ACK, in µs.
func (c *config) patience() (total int64) {
	last := int64(sec)
	for _, gap := range c.synAckGaps {
		total += gap
		last = gap
	}
	return total + 2*last
}
