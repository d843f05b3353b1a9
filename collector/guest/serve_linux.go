package guest

import (
	"bytes"
	"errors"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"tickle/probegen"
)

// server serves the connections of a listener on one goroutine. It owns all of
// its descriptors.
type server struct {
	listener, fences, poll, wake int
	connections                  map[int]*connection
	leaving                      []*connection // to be closed, the first due first
	alone                        atomic.Bool   // the process does nothing else
	buffer                       [4096]byte
}

// connection is one that was accepted.
type connection struct {
	fd     int
	hold   bool      // not closed when its peer is done
	due    time.Time // when it is closed, once that is decided
	closed bool
}

// closeDelay is how long the application takes to close. A kernel acknowledges
// a FIN at its next tick (10 ms where it is slow) or, behind data, after 40 ms,
// unless the application closes first, whose FIN takes the acknowledgement
// along: this is between the two, so that it does not depend on the machine's
// load which comes first.
const closeDelay = 20 * time.Millisecond

func newServer(listener, fences int) (*server, error) {
	s := &server{listener: listener, fences: fences, poll: -1, wake: -1, connections: make(map[int]*connection)}
	var err error
	if s.poll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	if s.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err == nil {
		if err = s.watch(unix.EPOLL_CTL_ADD, s.wake, unix.EPOLLIN); err == nil {
			err = s.watch(unix.EPOLL_CTL_ADD, listener, unix.EPOLLIN)
		}
		if err == nil {
			err = s.watch(unix.EPOLL_CTL_ADD, fences, unix.EPOLLIN)
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
		_ = unix.Close(s.fences)
		s.release()
	}()
	events := make([]unix.EpollEvent, 64)
	for {
		n, err := s.wait(events, s.leave(time.Now()))
		if err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
		for _, e := range events[:max(n, 0)] {
			switch fd := int(e.Fd); fd {
			case s.wake:
				return
			case s.listener:
				s.accept()
			case s.fences:
				s.answerFences()
			default:
				s.serve(fd, e.Events)
			}
		}
	}
}

// wait is epoll_wait(2), for so many milliseconds at most. In a process that
// does nothing else Go's scheduler is not told of it: its watch over threads
// that wait in the kernel would wake an emulated machine at every connection.
// What the scheduler wants all the same it asks for by a signal.
func (s *server) wait(events []unix.EpollEvent, most int) (int, error) {
	if !s.alone.Load() {
		return unix.EpollWait(s.poll, events, most)
	}
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(s.poll),
		uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), uintptr(most), 0, 0)
	if errno != 0 {
		runtime.Gosched()
		return 0, errno
	}
	return int(n), nil
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
		if len(s.connections) >= MaxConnections || s.watch(unix.EPOLL_CTL_ADD, fd, unix.EPOLLIN|unix.EPOLLET) != nil {
			_ = unix.Close(fd)
			continue
		}
		s.connections[fd] = &connection{fd: fd}
	}
}

// answerFences sends datagrams back.
func (s *server) answerFences() {
	for {
		n, from, err := unix.Recvfrom(s.fences, s.buffer[:], 0)
		switch {
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.ECONNREFUSED):
			continue
		case err != nil:
			return
		}
		if b := s.buffer[:n]; n == 4+len(probegen.AppFence) && string(b[4:]) == probegen.AppFence {
			_ = unix.Sendto(s.fences, b, 0, from) // it is asked again
		}
	}
}

// serve reads what a connection has, and closes it when it was reset, or once
// the peer is done.
func (s *server) serve(fd int, events uint32) {
	c := s.connections[fd]
	switch {
	case c == nil:
		return
	case events&(unix.EPOLLERR|unix.EPOLLHUP) != 0:
		s.close(c)
		return
	}
	for c.due.IsZero() {
		n, err := unix.Read(fd, s.buffer[:])
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return
		case err != nil:
			s.close(c)
			return
		case n == 0 && c.hold:
			return
		case n == 0 || bytes.IndexByte(s.buffer[:n], probegen.AppClose) >= 0:
			c.due = time.Now().Add(closeDelay)
			s.leaving = append(s.leaving, c)
			return
		}
		c.hold = c.hold || bytes.IndexByte(s.buffer[:n], probegen.AppHold) >= 0
	}
}

func (s *server) close(c *connection) {
	if !c.closed {
		c.closed = true
		delete(s.connections, c.fd)
		_ = unix.Close(c.fd)
	}
}

// leave closes the connections that are due, and says in how many ms the next
// one is, or -1.
func (s *server) leave(now time.Time) int {
	for len(s.leaving) > 0 {
		c := s.leaving[0]
		if wait := c.due.Sub(now); wait > 0 && !c.closed {
			return int((wait + time.Millisecond - 1) / time.Millisecond)
		}
		s.close(c)
		s.leaving = s.leaving[1:]
	}
	return -1
}
