package supervise

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"tickle/collector/pool"
)

// A collection and a supervisor talk over a sequenced-packet socket: a
// message to the supervisor is an IP packet; one from it is an IP packet
// behind the time at which it came, 8 bytes, µs of the host's monotonic
// clock, which both can read. When the machine dies the connection ends.
const stampLen = 8

func monotonic() int64 {
	var t unix.Timespec
	// It can't fail: the clock exists and the pointer is good.
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return t.Nano() / 1000
}

// owned is a machine that a supervisor runs.
type owned struct {
	machine  *pool.Machine
	o        *Options
	link     pool.Link // nil: it died
	listener *net.UnixListener
}

func (m *owned) open(ctx context.Context) error {
	b := m.o.Backends[m.machine.Backend]
	if b == nil {
		return fmt.Errorf("no backend %q in this program", m.machine.Backend)
	}
	n := m.o.Net
	if a, ok := b.(pool.Addressed); ok {
		var err error
		if n, err = a.Net(m.machine); err != nil {
			return err
		}
	}
	l, err := b.Open(ctx, m.machine, n, 0)
	if err != nil {
		return err
	}
	m.link = l
	return nil
}

func (m *owned) listen(path string) (err error) {
	m.listener, err = net.ListenUnix("unixpacket", &net.UnixAddr{Name: path, Net: "unixpacket"})
	return err
}

func (m *owned) stop() error {
	var errs []error
	if m.listener != nil {
		errs = append(errs, m.listener.Close())
	}
	if m.link != nil {
		errs = append(errs, m.link.Close())
	}
	return errors.Join(errs...)
}

// glance is how long a wait is at most, so that the end of ctx is seen.
const glance = 100 * time.Millisecond

// serve relays for one collection after the other until ctx ends.
func (m *owned) serve(ctx context.Context) {
	for ctx.Err() == nil {
		if err := m.listener.SetDeadline(time.Now().Add(glance)); err != nil {
			return
		}
		conn, err := m.listener.AcceptUnix()
		if err != nil {
			continue // the glance is over
		}
		if m.link == nil {
			if err := m.open(ctx); err != nil {
				m.o.log("%s: %v", m.machine.Name, err)
				conn.Close()
				continue
			}
		}
		if err := m.relay(ctx, conn); err != nil {
			m.o.log("%s: %v", m.machine.Name, err)
			_ = m.link.Close()
			m.link = nil
		}
		conn.Close()
	}
}

// relay carries packets between a collection and the machine until either is
// gone; an error is the machine's.
func (m *owned) relay(ctx context.Context, conn *net.UnixConn) error {
	packets := make(chan []byte, 256)
	go func() {
		defer close(packets)
		buf := make([]byte, pool.MaxPacket)
		for {
			n, err := conn.Read(buf)
			if err != nil || n == 0 {
				return
			}
			packets <- append([]byte(nil), buf[:n]...)
		}
	}()
	defer func() {
		conn.Close()
		for range packets { // the reader ends with the connection
		}
	}()
	buf := make([]byte, stampLen+pool.MaxPacket)
	for ctx.Err() == nil {
		for more := true; more; {
			select {
			case p, ok := <-packets:
				if !ok {
					return nil
				}
				if err := m.link.Send(p); err != nil {
					return err
				}
			default:
				more = false
			}
		}
		// Short, for what is to be sent waits for it.
		n, at, ok, err := m.link.Receive(buf[stampLen:], m.link.Now()+200)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		binary.BigEndian.PutUint64(buf, uint64(monotonic()-(m.link.Now()-at)))
		if err := conn.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
			return nil
		}
		if _, err := conn.Write(buf[:stampLen+n]); err != nil {
			return nil // the collection is gone, or does not read
		}
	}
	return nil
}

// dial connects to a machine of a supervisor.
func dial(path string) (pool.Link, error) {
	conn, err := net.DialUnix("unixpacket", nil, &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		return nil, fmt.Errorf("supervisor: %w", err)
	}
	return &link{conn: conn, start: monotonic(), buf: make([]byte, stampLen+pool.MaxPacket)}, nil
}

// link is a collection's end.
type link struct {
	conn  *net.UnixConn
	start int64
	buf   []byte
}

// Now is in µs since the link was made.
func (l *link) Now() int64 { return monotonic() - l.start }

// Silence is Timeout.
func (l *link) Silence() pool.Silence { return pool.Timeout }

// Send sends a packet through the supervisor.
func (l *link) Send(packet []byte) error {
	if err := l.conn.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		return fmt.Errorf("%w: %v", pool.ErrClosed, err)
	}
	if _, err := l.conn.Write(packet); err != nil {
		return fmt.Errorf("%w: %v", pool.ErrClosed, err)
	}
	return nil
}

// Receive receives a packet through the supervisor.
func (l *link) Receive(buf []byte, until int64) (n int, at int64, ok bool, err error) {
	// A deadline in the past would not even take what is there.
	wait := max(time.Duration(until-l.Now())*time.Microsecond, 50*time.Microsecond)
	if err := l.conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return 0, l.Now(), false, fmt.Errorf("%w: %v", pool.ErrClosed, err)
	}
	n, err = l.conn.Read(l.buf)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return 0, l.Now(), false, nil
	}
	if err != nil || n < stampLen {
		return 0, l.Now(), false, fmt.Errorf("%w: the supervisor or its machine is gone", pool.ErrClosed)
	}
	at = int64(binary.BigEndian.Uint64(l.buf)) - l.start
	return copy(buf, l.buf[stampLen:n]), at, true, nil
}

// Close leaves the machine to the supervisor.
func (l *link) Close() error { return l.conn.Close() }
