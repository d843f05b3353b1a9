package boot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"tickle/collector/guest"
	"tickle/collector/process"
)

// Poll is how often a booting machine is looked at.
const Poll = 20 * time.Millisecond

// Await waits until the guest says on its console, a file that need not be
// there yet, that it is ready: for most at the longest, while child runs.
func Await(ctx context.Context, console string, child *process.Child, most time.Duration) error {
	for end := time.Now().Add(most); ; time.Sleep(Poll) {
		ready, err := readConsole(console)
		if ready || err != nil {
			return err
		}
		if err := Alive(ctx, child); err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("not ready after %v", most)
		}
	}
}

// Alive is an error when ctx or the child has ended.
func Alive(ctx context.Context, child *process.Child) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-child.Done():
		return child.Err()
	default:
		return nil
	}
}

// Died says why a guest is gone: by its console the kernel's panic, else by the
// end of child.
func Died(console string, child *process.Child) error {
	why := child.Why()
	if b, err := os.ReadFile(console); err == nil {
		if line := panicIn(b); line != nil {
			return fmt.Errorf("guest: %s", line)
		}
	}
	return why
}

// panicIn is the line of a console on which the kernel panics, nil: none.
func panicIn(console []byte) []byte {
	for line := range bytes.Lines(console) {
		if bytes.Contains(line, []byte("Kernel panic")) {
			return bytes.TrimSpace(line)
		}
	}
	return nil
}

// readConsole looks at what a guest has said so far. A failure of its first
// process and a kernel's panic are errors.
func readConsole(path string) (ready bool, err error) {
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	for line := range bytes.Lines(b) {
		switch {
		case bytes.HasPrefix(line, []byte(guest.SaysReady)):
			return true, nil
		case bytes.HasPrefix(line, []byte(guest.SaysFailed)), bytes.Contains(line, []byte("Kernel panic")):
			return false, fmt.Errorf("guest: %s", bytes.TrimSpace(line))
		}
	}
	return false, nil
}
