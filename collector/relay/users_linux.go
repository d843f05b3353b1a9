package relay

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"

	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// users is the user namespace that Keep made; nil: there is none.
var users atomic.Pointer[os.File]

// Keep makes a user namespace that has this one's users, for a process that is
// about to give up its privileges: in there it has them all (who made a user
// namespace has, user_namespaces(7)), outside of it none. Stacks are started in
// there from then on. It does nothing where there are no privileges to give up.
func Keep() error {
	if users.Load() != nil || !privileged() {
		return nil
	}
	for _, program := range []string{enter, unshare} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%s is not installed (Debian: util-linux)", program)
		}
	}
	uids, err := ownIDs("/proc/self/uid_map")
	if err != nil {
		return err
	}
	gids, err := ownIDs("/proc/self/gid_map")
	if err != nil {
		return err
	}
	cmd := exec.Command("cat")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, Pdeathsig: syscall.SIGKILL,
		UidMappings: uids, GidMappings: gids, GidMappingsEnableSetgroups: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("user namespace: %w", err)
	}
	f, err := os.Open(fmt.Sprintf("/proc/%d/ns/user", cmd.Process.Pid))
	if err := errors.Join(err, stdin.Close(), cmd.Wait()); err != nil {
		return fmt.Errorf("user namespace: %w", err)
	}
	users.Store(f)
	return nil
}

// The programs of util-linux that start a stack in the namespace: a program
// with more than one thread, as ours, may not enter it.
const (
	enter   = "nsenter"
	unshare = "unshare"
)

// inUsers is a command run in the user namespace u, and a network namespace of
// its own there.
func inUsers(u *os.File, command []string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return exec.Command(enter, append([]string{
		fmt.Sprintf("--user=/proc/%d/fd/%d", os.Getpid(), u.Fd()), "--preserve-credentials", unshare, "--net", self}, command...)...), nil
}

// ownIDs maps the users or groups of this namespace to themselves.
func ownIDs(file string) (list []syscall.SysProcIDMap, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var inside, outside, n int
		if _, err := fmt.Sscan(lines.Text(), &inside, &outside, &n); err != nil {
			return nil, fmt.Errorf("%s: %q: want three numbers", file, lines.Text())
		}
		list = append(list, syscall.SysProcIDMap{ContainerID: inside, HostID: inside, Size: n})
	}
	return list, nil
}

// privileged says whether this process may make namespaces.
func privileged() bool {
	ok, err := cap.GetProc().GetFlag(cap.Effective, cap.SYS_ADMIN)
	return ok && err == nil
}
