package netstack

import (
	"fmt"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// fence waits until a stack's processors are idle. The waiting is done by a
// goroutine of its own, for otherwise it could not be given up.
type fence struct {
	stack *stack.Stack
	ask   chan struct{}
	idle  chan struct{}
	timer *time.Timer
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
	return f.await(patience)
}

// stop ends the fence's goroutine. It fails when a fence that was lost is not
// found within patience: the stack is not at rest.
func (f *fence) stop(patience time.Duration) error {
	close(f.ask)
	return f.await(patience) // the lost one's answer, or that run has ended
}

func (f *fence) await(patience time.Duration) error {
	f.timer.Reset(patience)
	defer f.timer.Stop()
	select {
	case <-f.idle:
		return nil
	case <-f.timer.C:
		return fmt.Errorf("netstack: the stack did not come to rest within %v", patience)
	}
}
