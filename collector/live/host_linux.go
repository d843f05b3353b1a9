package live

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"time"

	"tickle/collector/ether"
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

// openDeclared starts the host where the user says how, and waits until it
// accepts a connection.
func openDeclared(ctx context.Context, m *pool.Machine) (pool.Link, error) {
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
	l := &declaredLink{Link: ether.NewLink(s, ether.Config{Machine: d.address, Prober: d.prober, Machine6: d.address6, Prober6: d.prober6, Gateway: d.gateway, MAC: d.mac}), stop: d.stop}
	if err := l.start(ctx, d, m.Ports.Open); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", m.Name, err), l.Close())
	}
	return l, nil
}

// declaredLink is a link that stops its host when it is closed.
type declaredLink struct {
	*ether.Link
	stop    []string
	started bool
}

func (l *declaredLink) start(ctx context.Context, d *declared, port uint16) error {
	if len(d.start) > 0 {
		l.started = true
		if err := run(ctx, d.start); err != nil {
			return err
		}
	}
	end := time.Now().Add(hostWait)
	for len(d.check) > 0 {
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
	return l.Ready(ctx, port, time.Until(end))
}

// Close closes the socket and, when this link started the host, stops it.
func (l *declaredLink) Close() error {
	err := l.Link.Close()
	if l.started && len(l.stop) > 0 {
		l.started = false
		ctx, cancel := context.WithTimeout(context.Background(), hostWait)
		defer cancel()
		err = errors.Join(err, run(ctx, l.stop))
	}
	return err
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
