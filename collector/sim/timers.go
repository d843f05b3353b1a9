package sim

import "math"

// timer is something to do for a connection at a time, unless the connection
// has changed its generation since.
type timer struct {
	due        int64
	connection uint32
	generation uint32
}

// timers holds what a machine is yet to do. Every delay in a personality is
// one of a few constants, so that each has a queue in which timers come due in
// the order in which they were set, and all operations take constant time.
type timers struct {
	queues []timerQueue
	dues   []int64 // when the first of each queue is due; math.MaxInt64: empty
	next   int64   // when the first is due; math.MaxInt64: never
	first  int     // its queue
}

type timerQueue struct {
	delay int64
	tick  int64 // due times are rounded up to a multiple of it; 0: they are not
	ring  []timer
	head  int
	n     int
}

func newTimers(queues []timerQueue) timers {
	t := timers{queues: queues, dues: make([]int64, len(queues)), next: math.MaxInt64}
	for i := range t.dues {
		t.dues[i] = math.MaxInt64
	}
	return t
}

// set adds a timer to queue class.
func (t *timers) set(class int, now int64, connection, generation uint32) {
	q := &t.queues[class]
	due := now + q.delay
	if q.tick > 0 {
		due = (due + q.tick - 1) / q.tick * q.tick
	}
	if q.n == len(q.ring) {
		q.grow()
	}
	q.ring[(q.head+q.n)&(len(q.ring)-1)] = timer{due, connection, generation}
	q.n++
	if q.n == 1 {
		t.dues[class] = due
	}
	if due < t.next {
		t.next, t.first = due, class
	}
}

func (q *timerQueue) grow() {
	ring := make([]timer, max(64, 2*len(q.ring)))
	n := copy(ring, q.ring[q.head:])
	copy(ring[n:], q.ring[:q.head])
	q.ring, q.head = ring, 0
}

// pop takes the first timer out. It must not be called when next is never.
func (t *timers) pop() timer {
	q := &t.queues[t.first]
	first := q.ring[q.head]
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.n--
	t.dues[t.first] = math.MaxInt64
	if q.n > 0 {
		t.dues[t.first] = q.ring[q.head].due
	}
	t.next = math.MaxInt64
	for i, due := range t.dues {
		if due < t.next {
			t.next, t.first = due, i
		}
	}
	return first
}
