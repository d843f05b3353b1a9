package live

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"time"

	"tickle/collector/pool"
)

// available reports what this host lacks to reach the machine.
func (d *declared) available() error {
	if _, err := net.InterfaceByName(d.iface); err != nil {
		return fmt.Errorf("option prober.iface=%s: %w", d.iface, err)
	}
	for _, argv := range [][]string{d.start, d.check, d.stop} {
		if len(argv) == 0 {
			continue
		}
		if _, err := exec.LookPath(argv[0]); err != nil {
			return err
		}
	}
	return nil
}

// hostWait is how long a declared host has from its start to its first
// accepted connection.
const hostWait = 5 * time.Minute

// prepareDeclared opens the socket and starts the host where the user says how.
func prepareDeclared(ctx context.Context, m *pool.Machine) (*site, error) {
	d, err := readDeclared(m)
	if err != nil {
		return nil, err
	}
	ifi, err := net.InterfaceByName(d.iface)
	if err != nil {
		return nil, fmt.Errorf("option prober.iface=%s: %w", d.iface, err)
	}
	s, err := openSocket(ifi.Index, network)
	if err != nil {
		return nil, err
	}
	if err := d.begin(ctx); err != nil {
		return nil, errors.Join(err, s.Close(), d.finish())
	}
	return &site{s, d.finish}, nil
}

// begin starts the host and waits until its check succeeds.
func (d *declared) begin(ctx context.Context) error {
	if len(d.start) > 0 {
		if err := run(ctx, d.start); err != nil {
			return err
		}
	}
	for end := time.Now().Add(hostWait); len(d.check) > 0; {
		err := run(ctx, d.check)
		if err == nil {
			break
		}
		if ctx.Err() != nil || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return nil
}

// finish stops the host, when begin started it.
func (d *declared) finish() error {
	if len(d.start) == 0 || len(d.stop) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), hostWait)
	defer cancel()
	return run(ctx, d.stop)
}

// run runs a command that the user's pool file names; what it says last goes
// into the error.
func run(ctx context.Context, argv []string) error {
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput()
	if err == nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, lines[len(lines)-1])
}
