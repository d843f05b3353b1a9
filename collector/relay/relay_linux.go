package relay

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/vishvananda/netlink"
)

// Command is this program again, as the first process of the namespace, which
// listens on a TCP port and runs the stack with its descriptor 3. The caller
// gives it that (exec.Cmd.ExtraFiles), and its working folder.
func Command(port uint16, stack ...string) (*exec.Cmd, error) {
	cmd := exec.Command("/proc/self/exe", stack...)
	u := users.Load()
	switch {
	case privileged():
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	case u != nil:
		var err error
		if cmd, err = inUsers(u, stack); err != nil {
			return nil, err
		}
	default:
		cmd.SysProcAttr = ofOneUser()
	}
	cmd.Env = append(os.Environ(), insideEnv+"="+strconv.Itoa(int(port)))
	return cmd, nil
}

// ofOneUser is a network namespace of the child's own, in a user namespace that
// has this process's user as root.
func ofOneUser() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWNET | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
}

// insideEnv, set to the listener's port, makes this program the first process
// of the namespace. Its arguments are the stack's program and arguments.
const insideEnv = "TICKLE_RELAY_INSIDE"

// The namespace can only be entered when a process starts, and what must run
// in it is a listener: this program, begun again before its main.
func init() {
	port := os.Getenv(insideEnv)
	if port == "" {
		return
	}
	if err := inside(port, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// inside listens on the loopback and runs the stack until either ends.
func inside(port string, command []string) error {
	if len(command) == 0 {
		return errors.New("relay: no stack to run")
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("lo: %w", err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return fmt.Errorf("lo up: %w", err)
	}
	// What relays echo requests does it by sockets that not everybody may have.
	_ = os.WriteFile("/proc/sys/net/ipv4/ping_group_range", []byte("0 2147483647"), 0o644)
	for _, host := range []string{"127.0.0.1", "::1"} {
		l, err := net.Listen("tcp", net.JoinHostPort(host, port))
		if err != nil {
			return err
		}
		go accept(l)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	cmd.ExtraFiles = []*os.File{os.NewFile(3, "link")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		return err
	case <-stop:
		// The error is that it has ended meanwhile.
		_ = cmd.Process.Kill()
		<-done
		return nil
	}
}

// accept takes connections and drops what they bring.
func accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			continue // the peer reset it before we took it
		}
		go func() {
			defer conn.Close()
			io.Copy(io.Discard, conn)
		}()
	}
}
