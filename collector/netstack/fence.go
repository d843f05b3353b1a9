package netstack

import (
	"fmt"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// fence waits until a stack's processors are idle. The waiting is done by a
// goroutine of its own, for it could not be given up otherwise.
type fence struct {
	stack *stack.Stack
	ask   chan struct{}
	idle  chan struct{}
	timer *time.Timer
	lost  bool
}

func newFence(s *stack.Stack) *fence {
	f := &fence{stack: s, ask: make(chan struct{}), idle: make(chan struct{}, 1), timer: time.NewTimer(time.Hour)}
	go f.run()
	return f
}

func (f *fence) run() {
	for range f.ask {
		f.stack.Pause()
		f.stack.Resume()
		f.idle <- struct{}{}
	}
	close(f.idle)
}

// wait returns when all that was queued in the stack is done, or with an error
// when that takes longer than patience. The fence is of no use then.
func (f *fence) wait(patience time.Duration) error {
	f.ask <- struct{}{}
	f.timer.Reset(patience)
	select {
	case <-f.idle:
		return nil
	case <-f.timer.C:
		f.lost = true
		return fmt.Errorf("netstack: the stack did not come to rest within %v", patience)
	}
}

// stop ends the fence's goroutine; it reports whether the stack is idle.
func (f *fence) stop() bool {
	f.timer.Stop()
	close(f.ask)
	if f.lost {
		return false
	}
	<-f.idle
	return true
}
