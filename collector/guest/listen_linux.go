package guest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"tickle/probegen"
)

// Listener is the listening application of a guest: it accepts, reads what
// comes until the peer is done, and closes. It closes at once when it reads
// probegen.AppClose, and not before the peer's RST when it has read
// probegen.AppHold.
type Listener struct {
	l    net.Listener
	done sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool // nil once closed
}

// MaxConnections is the number of connections that a guest's application
// holds at a time; it closes what comes beyond them at once.
const MaxConnections = 256

// listen opens the listener by hand, for net.Listen has no backlog.
func listen(c *Config) (l *Listener, err error) {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	var addr unix.Sockaddr = &unix.SockaddrInet6{Port: int(c.Port)}
	if errors.Is(err, unix.EAFNOSUPPORT) {
		fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		addr = &unix.SockaddrInet4{Port: int(c.Port)}
	} else if err == nil {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("listener: %w", err)
	}
	f := os.NewFile(uintptr(fd), "listener")
	defer f.Close() // net.FileListener has its own
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return nil, fmt.Errorf("listener: %w", err)
	}
	if c.RcvBuf > 0 {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, c.RcvBuf); err != nil {
			return nil, fmt.Errorf("SO_RCVBUF %d: %w", c.RcvBuf, err)
		}
	}
	if err := unix.Bind(fd, addr); err != nil {
		return nil, fmt.Errorf("port %d: %w", c.Port, err)
	}
	backlog := c.Backlog
	if backlog == 0 {
		backlog = somaxconn()
	}
	if err := unix.Listen(fd, backlog); err != nil {
		return nil, fmt.Errorf("port %d: %w", c.Port, err)
	}
	nl, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("port %d: %w", c.Port, err)
	}
	l = &Listener{l: nl, conns: make(map[net.Conn]bool)}
	l.done.Add(1)
	go l.accept()
	return l, nil
}

// somaxconn is what most servers ask for, as Go's own net package does.
func somaxconn() int {
	b, err := os.ReadFile("/proc/sys/net/core/somaxconn")
	if n, aerr := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && aerr == nil {
		return n
	}
	return 128
}

func (l *Listener) accept() {
	defer l.done.Done()
	for {
		conn, err := l.l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // the peer reset it before we accepted
		}
		if !l.admit(conn) {
			conn.Close()
			continue
		}
		go func() {
			defer l.done.Done()
			defer l.release(conn)
			serve(conn)
		}()
	}
}

// A listener that holds on looks so often, and so long at most, whether the
// peer has reset the connection.
const (
	lookEvery = 50 * time.Millisecond
	holdFor   = time.Minute
)

// serve reads until the connection is to be closed.
func serve(conn net.Conn) {
	buf := make([]byte, 4096)
	for hold := false; ; {
		n, err := conn.Read(buf)
		if bytes.IndexByte(buf[:n], probegen.AppClose) >= 0 {
			return
		}
		hold = hold || bytes.IndexByte(buf[:n], probegen.AppHold) >= 0
		if err == io.EOF && hold {
			for start := time.Now(); err == io.EOF && time.Since(start) < holdFor; {
				time.Sleep(lookEvery)
				_, err = conn.Read(buf)
			}
		}
		if err != nil {
			return
		}
	}
}

// admit counts conn in, unless there are too many or the listener is closed.
func (l *Listener) admit(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns == nil || len(l.conns) >= MaxConnections {
		return false
	}
	l.conns[conn] = true
	l.done.Add(1)
	return true
}

func (l *Listener) release(conn net.Conn) {
	conn.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, conn)
}

// Close closes the listener and its connections and waits for its goroutines.
func (l *Listener) Close() error {
	err := l.l.Close()
	l.mu.Lock()
	for conn := range l.conns {
		conn.Close()
	}
	l.conns = nil
	l.mu.Unlock()
	l.done.Wait()
	return err
}
