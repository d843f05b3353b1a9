package qemu

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"tickle/collector/guest/boot"
	"tickle/collector/process"
)

// accept waits for the emulator to connect.
func accept(ctx context.Context, l *net.UnixListener, child *process.Child) (*net.UnixConn, error) {
	for end := time.Now().Add(bootWait); time.Now().Before(end); {
		if err := l.SetDeadline(time.Now().Add(boot.Poll)); err != nil {
			return nil, err
		}
		conn, err := l.AcceptUnix()
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return conn, err
		}
		if err := boot.Alive(ctx, child); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s did not connect within %v", Program, bootWait)
}
