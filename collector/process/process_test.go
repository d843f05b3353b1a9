//go:build linux

package process

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// roleEnv makes the test binary one of the programs below.
const roleEnv = "TICKLE_PROCESS_TEST"

func TestMain(m *testing.M) {
	switch os.Getenv(roleEnv) {
	case "sleep":
		time.Sleep(time.Minute)
		os.Exit(0)
	case "stubborn": // ends for SIGKILL only
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("deaf")
		time.Sleep(time.Minute)
		os.Exit(0)
	case "fail":
		fmt.Fprintln(os.Stderr, "first line\nthe reason")
		os.Exit(7)
	case "owner":
		if err := own5(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		time.Sleep(time.Minute)
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func program(role string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"="+role)
	return cmd
}

// own5 starts five children and makes five folders with a socket each, and
// says what it has.
func own5() error {
	o, err := Own()
	if err != nil {
		return err
	}
	for range 5 {
		c, err := o.Start(program("stubborn"))
		if err != nil {
			return err
		}
		dir, _, err := o.TempDir()
		if err != nil {
			return err
		}
		if _, err := net.Listen("unix", filepath.Join(dir, "link")); err != nil {
			return err
		}
		fmt.Println(c.cmd.Process.Pid, dir)
	}
	fmt.Println("all")
	return nil
}

// state gives the tests a state folder of their own.
func state(t *testing.T) string {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir, err := StateDir()
	require.NoError(t, err)
	return dir
}

// gone waits until a process that is not our child has ended.
func gone(t *testing.T, pid int) {
	t.Helper()
	require.Eventually(t, func() bool {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err != nil || strings.Contains(string(b), ") Z ") // whose init does not wait
	}, 10*time.Second, 10*time.Millisecond, "process %d still runs", pid)
}

func TestNothingIsLeftOfAKilledOwner(t *testing.T) {
	dir := state(t)
	cmd := program("owner")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var pids []int
	var folders []string
	for s := bufio.NewScanner(out); s.Scan() && s.Text() != "all"; {
		pid, folder, ok := strings.Cut(s.Text(), " ")
		require.True(t, ok, s.Text())
		n, err := strconv.Atoi(pid)
		require.NoError(t, err)
		pids, folders = append(pids, n), append(folders, folder)
	}
	require.Len(t, pids, 5)
	require.NoError(t, cmd.Process.Signal(syscall.SIGKILL))
	require.Error(t, cmd.Wait())
	require.DirExists(t, folders[0], "a killed owner removes nothing itself")

	n, err := Reap(dir)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	for i := range pids {
		gone(t, pids[i])
		require.NoDirExists(t, folders[i])
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

// write puts a state file into dir.
func write(t *testing.T, dir string, r Record) {
	t.Helper()
	b, err := json.Marshal(&r)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "1-1.json"), b, 0o600))
}

func TestReapKillsOnlyWhatTheRecordNames(t *testing.T) {
	dir := state(t)
	named, reused := program("sleep"), program("sleep")
	for _, cmd := range []*exec.Cmd{named, reused} {
		require.NoError(t, cmd.Start())
	}
	id, err := Identify(named.Process.Pid)
	require.NoError(t, err)
	other, err := Identify(reused.Process.Pid)
	require.NoError(t, err)
	other.Start-- // the number is another's by now
	me, err := Identify(os.Getpid())
	require.NoError(t, err)
	me.Boot = "another boot"
	write(t, dir, Record{Owner: me, Processes: []ID{id, other}})

	n, err := Reap(dir)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.ErrorContains(t, named.Wait(), "killed")
	require.NoError(t, reused.Process.Signal(syscall.Signal(0)))
	require.NoError(t, reused.Process.Kill())
	require.Error(t, reused.Wait())
}

func TestReapSparesTheLiving(t *testing.T) {
	dir := state(t)
	me, err := Identify(os.Getpid())
	require.NoError(t, err)
	folder := filepath.Join(t.TempDir(), "tickle-x")
	require.NoError(t, os.Mkdir(folder, 0o700))
	write(t, dir, Record{Owner: me, Folders: []string{folder}})
	n, err := Reap(dir)
	require.NoError(t, err)
	require.Zero(t, n)
	require.DirExists(t, folder)
}

func TestReapRemovesNothingForeign(t *testing.T) {
	dir := state(t)
	for _, folder := range []string{t.TempDir(), "tickle-relative", "/"} {
		write(t, dir, Record{Owner: ID{PID: 1 << 30}, Folders: []string{folder}})
		_, err := Reap(dir)
		require.ErrorContains(t, err, "is not one of ours")
	}
	write(t, dir, Record{Owner: ID{PID: 1 << 30}, Namespaces: []string{"../production"}})
	_, err := Reap(dir)
	require.ErrorContains(t, err, "want a name without folders")
}

func owner(t *testing.T) (o *Owner, dir string) {
	t.Helper()
	dir = state(t)
	o, err := newOwner(dir)
	require.NoError(t, err)
	return o, dir
}

func files(t *testing.T, dir string) int {
	t.Helper()
	found, err := os.ReadDir(dir)
	require.NoError(t, err)
	return len(found)
}

func TestChildIsRecordedWhileItRuns(t *testing.T) {
	o, dir := owner(t)
	c, err := o.Start(program("sleep"))
	require.NoError(t, err)
	require.Equal(t, 1, files(t, dir))
	require.NoError(t, c.Err())
	require.NoError(t, c.Stop())
	require.Zero(t, files(t, dir))
	require.Error(t, c.Err())
	require.NoError(t, c.Stop(), "twice is once")
}

func TestStubbornChildIsKilled(t *testing.T) {
	o, _ := owner(t)
	c, err := o.Start(program("stubborn"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return c.output.lastLine() == "deaf" }, 10*time.Second, time.Millisecond)
	require.NoError(t, c.Stop())
	require.ErrorContains(t, c.Err(), "killed")
}

func TestChildSaysWhyItEnded(t *testing.T) {
	o, _ := owner(t)
	c, err := o.Start(program("fail"))
	require.NoError(t, err)
	<-c.Done()
	require.ErrorContains(t, c.Err(), "exit status 7: the reason")
	require.NoError(t, c.Stop())
}

func TestTempDir(t *testing.T) {
	o, dir := owner(t)
	folder, remove, err := o.TempDir()
	require.NoError(t, err)
	require.DirExists(t, folder)
	require.Equal(t, 1, files(t, dir))
	require.NoError(t, remove())
	require.NoDirExists(t, folder)
	require.Zero(t, files(t, dir))
}

func TestTailKeepsTheEnd(t *testing.T) {
	var b tail
	for i := range 2000 {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	require.Equal(t, "line 1999", b.lastLine())
	require.LessOrEqual(t, len(b.buf), tailLen)
}
