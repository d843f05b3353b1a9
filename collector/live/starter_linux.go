package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"tickle/collector/pool"
	"tickle/collector/process"
)

// A starter is this program once more, which keeps the privileges that
// starting machines takes, while the process that talks to them has none: what
// a machine sends is read by a process that may do nothing to the host. For
// each machine that is opened the starter gets a socket; it reads a request
// from it, answers with a descriptor of the packet socket, and ends the machine
// when the socket closes.
type starterProcess struct {
	conn  *net.UnixConn
	mu    sync.Mutex // of conn
	child *process.Child
}

// starter is this process's, nil: there is none.
var starter atomic.Pointer[starterProcess]

// request asks for a machine, answer says what became of it.
type (
	request struct {
		Machine pool.Machine `json:"machine"`
		Net     pool.Net     `json:"net"`
	}
	answer struct {
		Error string `json:"error,omitempty"`
	}
)

// maxMessage bounds a request, in bytes.
const maxMessage = 1 << 16

// Separate gives up all capabilities of this process, for good, and for
// whatever it starts. It does nothing where there are none. Where one of the
// machines is this package's it begins a starter before: from then on what the
// package opens is opened by that one.
func Separate(machines []pool.Machine) error {
	if starter.Load() != nil || !may(cap.GetProc()) {
		return nil
	}
	if slices.ContainsFunc(machines, func(m pool.Machine) bool { return m.Backend == Backend{}.Name() }) {
		s, err := begin()
		if err != nil {
			return fmt.Errorf("starter of machines: %w", err)
		}
		starter.Store(s)
	}
	if _, err := cap.Prctlw(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	// Nor are there any in being root. A kernel that saw some withheld from it
	// would take from what it starts other things as well: a fixed layout, without
	// which User-mode Linux starts itself again and again.
	if err := (cap.SecbitNoRoot | cap.SecbitNoRootLocked).Set(); err != nil {
		return fmt.Errorf("no capabilities for root: %w", err)
	}
	if err := cap.NewSet().SetProc(); err != nil {
		return fmt.Errorf("giving up capabilities: %w", err)
	}
	return nil
}

// may says whether a process may make namespaces.
func may(s *cap.Set) bool {
	ok, err := s.GetFlag(cap.Effective, cap.SYS_ADMIN)
	return ok && err == nil
}

func begin() (*starterProcess, error) {
	owner, err := process.Own()
	if err != nil {
		return nil, err
	}
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), starterEnv+"=1")
	cmd.ExtraFiles = []*os.File{theirs}
	child, err := owner.Start(cmd)
	theirs.Close() // the child has its own
	if err != nil {
		return nil, errors.Join(err, ours.Close())
	}
	return &starterProcess{conn: ours, child: child}, nil
}

// Join ends the starter, where there is one, once it has ended its machines.
// Nothing more can be opened.
func Join() error {
	s := starter.Load()
	if s == nil {
		return nil
	}
	err := s.conn.Close()
	select {
	case <-s.child.Done():
	case <-time.After(hostWait): // a command of the user's that stops a host may take as long
	}
	return errors.Join(err, s.child.Stop())
}

// socketPair gives both ends of a sequence of messages.
func socketPair() (*net.UnixConn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	theirs := os.NewFile(uintptr(fds[1]), "starter")
	ours, err := unixConn(os.NewFile(uintptr(fds[0]), "starter"))
	if err != nil {
		return nil, nil, errors.Join(err, theirs.Close())
	}
	return ours, theirs, nil
}

// unixConn makes a connection of a socket's file, which it closes.
func unixConn(f *os.File) (*net.UnixConn, error) {
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	return c.(*net.UnixConn), nil
}

// prepare has the starter start a machine.
func (s *starterProcess) prepare(ctx context.Context, m *pool.Machine, addr pool.Net) (*site, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	_, _, err = s.conn.WriteMsgUnix([]byte{1}, unix.UnixRights(int(theirs.Fd())), nil)
	s.mu.Unlock()
	theirs.Close() // it has its own
	var message []byte
	if err == nil {
		message, err = json.Marshal(request{*m, addr})
	}
	if err == nil {
		_, err = ours.Write(message)
	}
	var file *os.File
	if err == nil {
		stop := context.AfterFunc(ctx, func() { ours.Close() })
		file, err = receive(ours)
		stop()
	}
	if err != nil {
		return nil, errors.Join(err, ours.Close())
	}
	socket, err := fileSocket(file)
	if err != nil {
		return nil, errors.Join(err, ours.Close())
	}
	return &site{socket, func() error { return endSite(ours) }}, nil
}

// endSite has the starter end a machine, and waits until it has.
func endSite(c *net.UnixConn) error {
	err := c.CloseWrite()
	if err == nil {
		_, err = receive(c)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, c.Close())
}

// receive reads an answer, and the descriptor that came with it.
func receive(c *net.UnixConn) (*os.File, error) {
	b, oob := make([]byte, maxMessage), make([]byte, unix.CmsgSpace(4))
	n, oobn, _, _, err := c.ReadMsgUnix(b, oob)
	if err == nil && n == 0 {
		err = io.EOF
	}
	if err != nil {
		return nil, err
	}
	file, err := passedFile(oob[:oobn])
	if err != nil {
		return nil, err
	}
	var a answer
	if err := json.Unmarshal(b[:n], &a); err != nil {
		return nil, fmt.Errorf("the starter's answer: %w", err)
	}
	if a.Error != "" {
		return nil, errors.New(a.Error)
	}
	return file, nil
}

// passedFile gives the file in a control message, nil when there is none.
func passedFile(oob []byte) (*os.File, error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil || len(messages) == 0 {
		return nil, err
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return nil, errors.Join(err, fmt.Errorf("%d descriptors in a message", len(fds)))
	}
	unix.CloseOnExec(fds[0])
	return os.NewFile(uintptr(fds[0]), "packet socket"), nil
}

// starterEnv makes this program a starter.
const starterEnv = "TICKLE_LIVE_STARTER"

func init() {
	if os.Getenv(starterEnv) == "" {
		return
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve is the starter: it starts machines until the socket on descriptor 3
// closes, and ends those that are left.
func serve() error {
	c, err := unixConn(os.NewFile(3, "starter"))
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	var machines sync.WaitGroup
	defer machines.Wait()
	defer stop()
	b, oob := make([]byte, 1), make([]byte, unix.CmsgSpace(4))
	for {
		n, oobn, _, _, err := c.ReadMsgUnix(b, oob)
		if n == 0 || err != nil {
			return nil // our process has ended
		}
		f, err := passedFile(oob[:oobn])
		if err != nil {
			return err
		}
		of, err := unixConn(f)
		if err != nil {
			return err
		}
		machines.Go(func() { serveMachine(ctx, of) })
	}
}

// serveMachine starts one machine and ends it when nobody wants it any more.
func serveMachine(ctx context.Context, c *net.UnixConn) {
	defer c.Close()
	message := make([]byte, maxMessage)
	n, err := c.Read(message)
	if err != nil {
		return
	}
	var r request
	var s *site
	if err = json.Unmarshal(message[:n], &r); err == nil {
		s, err = prepare(ctx, &r.Machine, r.Net)
	}
	if err != nil {
		reply(c, err, nil)
		return
	}
	fd, err := s.socket.duplicate()
	if err == nil {
		reply(c, nil, unix.UnixRights(fd))
		err = unix.Close(fd)
	}
	if err != nil {
		reply(c, err, nil)
	} else {
		// Nothing comes but the end.
		_, _ = c.Read(message)
	}
	if err := errors.Join(s.socket.Close(), s.end()); err != nil {
		reply(c, err, nil)
	}
}

// reply answers; when nobody hears it there is nobody to tell.
func reply(c *net.UnixConn, err error, rights []byte) {
	var a answer
	if err != nil {
		a.Error = err.Error()
	}
	if b, err := json.Marshal(a); err == nil {
		_, _, _ = c.WriteMsgUnix(b, rights, nil)
	}
}
