package guest

import (
	"bytes"
	"errors"

	"golang.org/x/sys/unix"

	"tickle/probegen"
)

// server serves the connections of a listener on one goroutine. It owns all of
// its descriptors.
type server struct {
	listener, poll, wake int
	connections          map[int]*connection
	buffer               [4096]byte
}

// connection is one that was accepted.
type connection struct {
	hold bool // not closed when its peer is done
}

func newServer(listener int) (*server, error) {
	s := &server{listener: listener, poll: -1, wake: -1, connections: make(map[int]*connection)}
	var err error
	if s.poll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	if s.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err == nil {
		if err = s.watch(unix.EPOLL_CTL_ADD, s.wake, unix.EPOLLIN); err == nil {
			err = s.watch(unix.EPOLL_CTL_ADD, listener, unix.EPOLLIN)
		}
	}
	if err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

func (s *server) watch(how, fd int, events uint32) error {
	return unix.EpollCtl(s.poll, how, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

// release closes what newServer opened.
func (s *server) release() {
	for _, fd := range []int{s.poll, s.wake} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
}

// stop has run return, which closes everything.
func (s *server) stop() error {
	_, err := unix.Write(s.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	return err
}

// run serves until stop is called.
func (s *server) run() {
	defer func() {
		for fd := range s.connections {
			_ = unix.Close(fd)
		}
		_ = unix.Close(s.listener)
		s.release()
	}()
	events := make([]unix.EpollEvent, 64)
	for {
		n, err := unix.EpollWait(s.poll, events, -1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
		for _, e := range events[:max(n, 0)] {
			switch fd := int(e.Fd); fd {
			case s.wake:
				return
			case s.listener:
				s.accept()
			default:
				s.serve(fd, e.Events)
			}
		}
	}
}

// accept takes all connections that wait.
func (s *server) accept() {
	for {
		fd, _, err := unix.Accept4(s.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		switch {
		case errors.Is(err, unix.ECONNABORTED), errors.Is(err, unix.EINTR):
			continue // the peer reset it before we accepted
		case err != nil:
			return
		}
		if len(s.connections) >= MaxConnections || s.watch(unix.EPOLL_CTL_ADD, fd, unix.EPOLLIN) != nil {
			_ = unix.Close(fd)
			continue
		}
		s.connections[fd] = &connection{}
	}
}

// serve reads what a connection has, and closes it when that is over.
func (s *server) serve(fd int, events uint32) {
	c := s.connections[fd]
	if c == nil {
		return
	}
	over := events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 // reset
	for !over {
		n, err := unix.Read(fd, s.buffer[:])
		if err != nil {
			if over = !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR); !over {
				return
			}
			break
		}
		if n == 0 {
			// A peer that is done is told by reading without end; its RST
			// is told in any case.
			over = !c.hold || s.watch(unix.EPOLL_CTL_MOD, fd, 0) != nil
			break
		}
		over = bytes.IndexByte(s.buffer[:n], probegen.AppClose) >= 0
		c.hold = c.hold || bytes.IndexByte(s.buffer[:n], probegen.AppHold) >= 0
	}
	if over {
		delete(s.connections, fd)
		_ = unix.Close(fd)
	}
}
