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
// comes until the peer is done, and closes (see closeDelay). It closes likewise
// when it reads probegen.AppClose, and not before the peer's RST when it has
// read probegen.AppHold. It takes what wakes it in order, and between sends
// datagrams back that end in probegen.AppFence.
type Listener struct {
	server *server
	done   chan struct{} // closed once it has ended
}

// listen opens the listener by hand, for net.Listen has no backlog, and serves
// it by hand, for in an emulated machine goroutines and their poller cost more
// than all of a connection's packets.
func listen(c *Config) (l *Listener, err error) {
	fd, err := open(unix.SOCK_STREAM, c.Port)
	if err != nil {
		return nil, fmt.Errorf("listener: %w", err)
	}
	fences := -1
	opened := false
	defer func() {
		if !opened {
			_ = unix.Close(fd)
		}
		if !opened && fences >= 0 {
			_ = unix.Close(fences)
		}
	}()
	if c.RcvBuf > 0 {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, c.RcvBuf); err != nil {
			return nil, fmt.Errorf("SO_RCVBUF %d: %w", c.RcvBuf, err)
		}
	}
	if fences, err = open(unix.SOCK_DGRAM, c.Port); err != nil {
		return nil, fmt.Errorf("fences: %w", err)
	}
	backlog := c.Backlog
	if backlog == 0 {
		backlog = somaxconn()
	}
	if err := unix.Listen(fd, backlog); err != nil {
		return nil, fmt.Errorf("port %d: %w", c.Port, err)
	}
	s, err := newServer(fd, fences)
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

// open makes a socket of a kind that is bound to a port, of IPv6 and IPv4 where
// there are both.
func open(kind int, port uint16) (fd int, err error) {
	kind |= unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK
	fd, err = unix.Socket(unix.AF_INET6, kind, 0)
	var addr unix.Sockaddr = &unix.SockaddrInet6{Port: int(port)}
	if errors.Is(err, unix.EAFNOSUPPORT) {
		fd, err = unix.Socket(unix.AF_INET, kind, 0)
		addr = &unix.SockaddrInet4{Port: int(port)}
	} else if err == nil {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0)
	}
	if err == nil {
		err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	}
	if err == nil {
		if err = unix.Bind(fd, addr); err != nil {
			err = fmt.Errorf("port %d: %w", port, err)
		}
	}
	if err != nil && fd >= 0 {
		_ = unix.Close(fd)
		fd = -1
	}
	return fd, err
}

// somaxconn is what most servers ask for, as Go's own net package does.
func somaxconn() int {
	b, err := os.ReadFile("/proc/sys/net/core/somaxconn")
	if n, aerr := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && aerr == nil {
		return n
	}
	return 128
}

// Alone says that from now on the process does nothing but serve the listener,
// which then costs an emulated machine less.
func (l *Listener) Alone() { l.server.alone.Store(true) }

// Close closes the listener and its connections and waits for its goroutine.
func (l *Listener) Close() error {
	err := l.server.stop()
	<-l.done
	return err
}
