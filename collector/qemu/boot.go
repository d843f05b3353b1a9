package qemu

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"tickle/collector/process"
)

// poll is how often the console and the emulator are looked at while a guest
// boots: seconds, in all.
const poll = 20 * time.Millisecond

// accept waits for the emulator to connect.
func accept(ctx context.Context, l *net.UnixListener, child *process.Child) (*net.UnixConn, error) {
	for end := time.Now().Add(bootWait); ; {
		if err := l.SetDeadline(time.Now().Add(poll)); err != nil {
			return nil, err
		}
		conn, err := l.AcceptUnix()
		if err == nil {
			return conn, nil
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, err
		}
		if err := alive(ctx, child, end); err != nil {
			return nil, err
		}
	}
}

// alive is an error when the wait is over.
func alive(ctx context.Context, child *process.Child, end time.Time) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-child.Done():
		return child.Err()
	default:
	}
	if time.Now().After(end) {
		return fmt.Errorf("not ready after %v", bootWait)
	}
	return nil
}

// waitReady reads the console until the guest says that it is ready, failed,
// or the kernel panics.
func waitReady(ctx context.Context, console string, child *process.Child) error {
	for end := time.Now().Add(bootWait); ; time.Sleep(poll) {
		b, err := os.ReadFile(console)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		for line := range bytes.Lines(b) {
			switch {
			case bytes.HasPrefix(line, []byte("tickle: ready")):
				return nil
			case bytes.HasPrefix(line, []byte("tickle: failed")), bytes.Contains(line, []byte("Kernel panic")):
				return fmt.Errorf("guest: %s", bytes.TrimSpace(line))
			}
		}
		if err := alive(ctx, child, end); err != nil {
			return err
		}
	}
}
