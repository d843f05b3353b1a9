package live

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"
)

// socket is a carrier over a packet socket, with the kernel's receive times.
type socket struct {
	conn  endpoint
	raw   syscall.RawConn
	write func(frame []byte) (int, error)
	oob   []byte
}

// endpoint is a packet.Conn, or the file of one that another process opened.
type endpoint interface {
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	Close() error
}

// fileSocket makes a socket of a packet socket that is bound to its interface;
// it owns the file.
func fileSocket(f *os.File) (*socket, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &socket{conn: f, raw: raw, write: f.Write, oob: make([]byte, unix.CmsgSpace(16))}, nil
}

// duplicate gives another descriptor of the socket.
func (s *socket) duplicate() (fd int, err error) {
	cerr := s.raw.Control(func(own uintptr) { fd, err = unix.FcntlInt(own, unix.F_DUPFD_CLOEXEC, 0) })
	return fd, errors.Join(cerr, err)
}

// receiveBuffer holds a burst of answers while this process has no processor.
const receiveBuffer = 8 << 20

// medium says who else hears what is on an interface.
type medium uint8

const (
	_         medium = iota
	cableOnly        // nobody: all frames come anyhow
	network          // others: frames for the prober's hardware address, which is none of this host's, must be asked for
)

// openSocket opens a socket on an interface of the thread's namespace.
func openSocket(index int, on medium) (s *socket, err error) {
	ifi, err := net.InterfaceByIndex(index)
	if err != nil {
		return nil, fmt.Errorf("interface %d: %w", index, err)
	}
	conn, err := packet.Listen(ifi, packet.Raw, unix.ETH_P_ALL, nil)
	if err != nil {
		return nil, fmt.Errorf("packet socket on %s: %w", ifi.Name, err)
	}
	to := &packet.Addr{HardwareAddr: ifi.HardwareAddr}
	s = &socket{conn: conn, write: func(frame []byte) (int, error) { return conn.WriteTo(frame, to) }, oob: make([]byte, unix.CmsgSpace(16))}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("packet socket on %s: %w", ifi.Name, err), conn.Close())
		}
	}()
	if on == network {
		if err := conn.SetPromiscuous(true); err != nil {
			return nil, err
		}
	}
	if s.raw, err = conn.SyscallConn(); err != nil {
		return nil, err
	}
	var serr error
	err = s.raw.Control(func(fd uintptr) {
		serr = errors.Join(
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1),
			unix.SetsockoptInt(int(fd), unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1),
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer))
	})
	return s, errors.Join(err, serr)
}

// WriteFrame sends one frame.
func (s *socket) WriteFrame(frame []byte) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	_, err := s.write(frame)
	return err
}

// ReadFrame receives one frame with the time at which the kernel had it.
func (s *socket) ReadFrame(buf []byte, deadline time.Time) (n int, at time.Time, err error) {
	oobn := 0
	try := func(fd uintptr) bool {
		n, oobn, _, _, err = unix.Recvmsg(int(fd), buf, s.oob, 0)
		return err != unix.EAGAIN && err != unix.EINTR
	}
	if cerr := s.raw.Control(func(fd uintptr) { try(fd) }); cerr != nil {
		return 0, at, cerr
	}
	if err == unix.EAGAIN || err == unix.EINTR {
		if !deadline.After(time.Now()) {
			return 0, at, os.ErrDeadlineExceeded
		}
		if derr := s.conn.SetReadDeadline(deadline); derr != nil {
			return 0, at, derr
		}
		if rerr := s.raw.Read(try); rerr != nil {
			if errors.Is(rerr, os.ErrDeadlineExceeded) {
				rerr = os.ErrDeadlineExceeded
			}
			return 0, at, rerr
		}
	}
	if err != nil {
		return 0, at, err
	}
	return n, stamp(s.oob[:oobn]), nil
}

// stamp turns the kernel's wall clock into a time with a monotonic reading:
// as long ago as the kernel says, or none when its clock was set meanwhile.
func stamp(oob []byte) time.Time {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return time.Time{}
	}
	for _, m := range messages {
		if m.Header.Level != unix.SOL_SOCKET || m.Header.Type != unix.SO_TIMESTAMPNS || len(m.Data) < 16 {
			continue
		}
		sec := int64(binary.NativeEndian.Uint64(m.Data))
		nsec := int64(binary.NativeEndian.Uint64(m.Data[8:]))
		now := time.Now()
		ago := now.Sub(time.Unix(sec, nsec))
		if ago < 0 || ago > time.Second {
			return time.Time{}
		}
		return now.Add(-ago)
	}
	return time.Time{}
}

// Close closes the socket.
func (s *socket) Close() error { return s.conn.Close() }
