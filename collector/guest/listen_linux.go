package guest

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Listener is the listening application of a guest: it accepts, reads what
// comes until the peer is done, and closes. It closes at once when it reads
// probegen.AppClose, and not before the peer's RST when it has read
// probegen.AppHold.
type Listener struct {
	server *server
	done   chan struct{} // closed once it has ended
}

// MaxConnections is the number of connections that a guest's application
// holds at a time; it closes what comes beyond them at once.
const MaxConnections = 256

// listen opens the listener by hand, for net.Listen has no backlog, and serves
// it by hand, for in an emulated machine goroutines and their poller cost more
// than all of a connection's packets.
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
	opened := false
	defer func() {
		if !opened {
			_ = unix.Close(fd)
		}
	}()
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
	s, err := newServer(fd)
	if err != nil {
		return nil, fmt.Errorf("port %d: %w", c.Port, err)
	}
	opened = true
	l = &Listener{server: s, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		s.run()
	}()
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

// Close closes the listener and its connections and waits for its goroutine.
func (l *Listener) Close() error {
	err := l.server.stop()
	<-l.done
	return err
}
