package netstack

import (
	"container/heap"
	"math"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
)

// clock is a tcpip.Clock that stands still but for advance. Unlike
// faketime.ManualClock it tells when the next timer is due, runs timers of one
// moment in the order in which they were armed (not in a map's), and never
// starts a goroutine: a timer that is due at once waits for the next run.
//
// The stack's goroutines arm and stop timers; only the link runs them.
type clock struct {
	mu    sync.Mutex
	now   int64 // ns
	armed uint64
	heap  timerHeap
}

var _ tcpip.Clock = (*clock)(nil)

func newClock(start time.Duration) *clock { return &clock{now: int64(start)} }

// Now implements tcpip.Clock.
func (c *clock) Now() time.Time { return time.Unix(0, c.nanos()).UTC() }

// NowMonotonic implements tcpip.Clock.
func (c *clock) NowMonotonic() tcpip.MonotonicTime {
	return tcpip.MonotonicTime{}.Add(time.Duration(c.nanos()))
}

// AfterFunc implements tcpip.Clock. f runs on the link's goroutine.
func (c *clock) AfterFunc(d time.Duration, f func()) tcpip.Timer {
	t := &timer{clock: c, f: f, index: unarmed}
	t.Reset(d)
	return t
}

func (c *clock) nanos() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// next gives the deadline of the first armed timer in ns, or ok false when
// there is none.
func (c *clock) next() (deadline int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.heap) == 0 {
		return 0, false
	}
	return c.heap[0].deadline, true
}

// advance sets the time to ns unless it is later already. It runs nothing.
func (c *clock) advance(ns int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = max(c.now, ns)
}

// fire runs the first timer that is due, and reports whether there was one.
func (c *clock) fire() bool {
	c.mu.Lock()
	if len(c.heap) == 0 || c.heap[0].deadline > c.now {
		c.mu.Unlock()
		return false
	}
	t := heap.Pop(&c.heap).(*timer)
	c.mu.Unlock()
	t.f() // arms and stops timers: not under the lock
	return true
}

// timer is one function to run, armed when it is in its clock's heap.
type timer struct {
	clock    *clock
	f        func()
	deadline int64 // ns
	order    uint64
	index    int // in the heap
}

const unarmed = -1

// Stop implements tcpip.Timer: it reports whether t was armed.
func (t *timer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	if t.index == unarmed {
		return false
	}
	heap.Remove(&t.clock.heap, t.index)
	return true
}

// Reset implements tcpip.Timer.
func (t *timer) Reset(d time.Duration) {
	c := t.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	t.deadline = c.now + max(0, int64(d))
	if t.deadline < c.now { // overflow: never
		t.deadline = math.MaxInt64
	}
	c.armed++
	t.order = c.armed
	if t.index == unarmed {
		heap.Push(&c.heap, t)
	} else {
		heap.Fix(&c.heap, t.index)
	}
}

// timerHeap has the timer that runs first at its root.
type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if h[i].deadline != h[j].deadline {
		return h[i].deadline < h[j].deadline
	}
	return h[i].order < h[j].order
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *timerHeap) Push(x any) {
	t := x.(*timer)
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.index = unarmed
	return t
}
