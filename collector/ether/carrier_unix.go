//go:build unix

package ether

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// writeWait is how long a frame may wait for the other end to read: a guest
// that does not for this long hangs.
const writeWait = time.Second

// socket waits for a unix socket only when it must: a frame that is there, or
// room for one, costs one system call and no timer.
type socket struct {
	conn *net.UnixConn
	raw  syscall.RawConn
}

func newSocket(conn *net.UnixConn) (socket, error) {
	raw, err := conn.SyscallConn()
	return socket{conn, raw}, err
}

// receive is one recv(2) that waits until deadline at most.
func (s *socket) receive(buf []byte, deadline time.Time) (n int, err error) {
	try := func(fd uintptr) bool {
		n, err = unix.Read(int(fd), buf)
		return !again(err)
	}
	if cerr := s.raw.Control(func(fd uintptr) { try(fd) }); cerr != nil {
		return 0, cerr
	}
	if !again(err) {
		return n, err
	}
	if !deadline.After(time.Now()) {
		return 0, os.ErrDeadlineExceeded
	}
	if derr := s.conn.SetReadDeadline(deadline); derr != nil {
		return 0, derr
	}
	if rerr := s.raw.Read(try); rerr != nil {
		return 0, rerr
	}
	return n, err
}

// send is one write(2) that waits for room for writeWait at most.
func (s *socket) send(b []byte) (n int, err error) {
	try := func(fd uintptr) bool {
		n, err = unix.Write(int(fd), b)
		return !again(err)
	}
	if cerr := s.raw.Control(func(fd uintptr) { try(fd) }); cerr != nil {
		return 0, cerr
	}
	if !again(err) {
		return n, err
	}
	if derr := s.conn.SetWriteDeadline(time.Now().Add(writeWait)); derr != nil {
		return 0, derr
	}
	if werr := s.raw.Write(try); werr != nil {
		return 0, fmt.Errorf("the machine does not read: %w", werr)
	}
	return n, err
}

func again(err error) bool { return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) }

// Datagrams is a carrier over a unix datagram socket, a frame a datagram.
type Datagrams struct{ socket }

// NewDatagrams makes a carrier of a connected datagram socket and owns it.
func NewDatagrams(conn *net.UnixConn) (*Datagrams, error) {
	s, err := newSocket(conn)
	return &Datagrams{s}, err
}

// DatagramPair makes a carrier and the file of its other end, for a child
// process. The caller closes the file once the child has it.
func DatagramPair() (*Datagrams, *os.File, error) {
	conn, theirs, err := pair(unix.SOCK_DGRAM)
	if err != nil {
		return nil, nil, err
	}
	d, err := NewDatagrams(conn)
	return d, theirs, err
}

// StreamPair is DatagramPair for a stream of frames.
func StreamPair() (*Stream, *os.File, error) {
	conn, theirs, err := pair(unix.SOCK_STREAM)
	if err != nil {
		return nil, nil, err
	}
	s, err := NewStream(conn)
	return s, theirs, err
}

func pair(kind int) (*net.UnixConn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, kind, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socketpair: %w", err)
	}
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	mine, theirs := os.NewFile(uintptr(fds[0]), "link"), os.NewFile(uintptr(fds[1]), "link")
	conn, err := net.FileConn(mine)
	mine.Close()
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return conn.(*net.UnixConn), theirs, nil
}

// WriteFrame sends one datagram.
func (d *Datagrams) WriteFrame(frame []byte) error {
	_, err := d.send(frame)
	return err
}

// ReadFrame receives one datagram.
func (d *Datagrams) ReadFrame(buf []byte, deadline time.Time) (int, time.Time, error) {
	n, err := d.receive(buf, deadline)
	return n, time.Time{}, err
}

// Close closes the socket.
func (d *Datagrams) Close() error { return d.conn.Close() }

// Stream is a carrier over a unix stream socket, each frame led by its length
// in four bytes, big-endian, as QEMU's "-netdev stream" does it.
type Stream struct {
	socket
	in         []byte // read, not yet taken: in[from:to]
	from, to   int
	out        []byte
	lastFilled time.Time
}

// NewStream makes a carrier of a connected stream socket and owns it.
func NewStream(conn *net.UnixConn) (*Stream, error) {
	s, err := newSocket(conn)
	return &Stream{socket: s, in: make([]byte, 2*MaxFrame)}, err
}

// maxHeld is how many bytes of frames wait to be sent together.
const maxHeld = 32 << 10

// WriteFrame takes a frame to be sent, with its length, before the next time
// that ReadFrame has to look for what came: frames that are written together
// wake the other end once.
func (s *Stream) WriteFrame(frame []byte) error {
	s.out = binary.BigEndian.AppendUint32(s.out, uint32(len(frame)))
	s.out = append(s.out, frame...)
	if len(s.out) < maxHeld {
		return nil
	}
	return s.flush()
}

func (s *Stream) flush() error {
	for b := s.out; len(b) > 0; {
		n, err := s.send(b)
		if err != nil {
			return err
		}
		b = b[n:]
	}
	s.out = s.out[:0]
	return nil
}

// ReadFrame takes the next frame of the stream.
func (s *Stream) ReadFrame(buf []byte, deadline time.Time) (int, time.Time, error) {
	for {
		if have := s.in[s.from:s.to]; len(have) >= 4 {
			size := int(binary.BigEndian.Uint32(have))
			if size > MaxFrame {
				return 0, time.Time{}, fmt.Errorf("frame of %d bytes in the stream", size)
			}
			if len(have) >= 4+size {
				s.from += 4 + size
				return copy(buf, have[4:4+size]), s.lastFilled, nil
			}
		}
		if s.from > 0 {
			s.to = copy(s.in, s.in[s.from:s.to])
			s.from = 0
		}
		if err := s.flush(); err != nil {
			return 0, time.Time{}, err
		}
		n, err := s.receive(s.in[s.to:], deadline)
		if err == nil && n == 0 {
			err = io.EOF
		}
		if err != nil {
			return 0, time.Time{}, err
		}
		s.to += n
		s.lastFilled = time.Now()
	}
}

// Close closes the socket. What waits to be sent is not.
func (s *Stream) Close() error { return s.conn.Close() }

// FileDatagrams makes a carrier of an inherited datagram socket; it owns the
// file.
func FileDatagrams(f *os.File) (*Datagrams, error) {
	conn, err := net.FileConn(f)
	f.Close()
	if err != nil {
		return nil, err
	}
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return nil, errors.Join(errors.New("not a unix socket"), conn.Close())
	}
	return NewDatagrams(unixConn)
}
