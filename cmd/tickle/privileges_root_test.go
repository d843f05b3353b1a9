//go:build linux && root

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickle/collector/live"
	"tickle/collector/process"
	"tickle/collector/relay"
)

// The collector that talks to live machines has no capabilities and can get
// none; only the process that starts machines has. Machines are started after
// they were given up too: the second one is.
func TestTheCollectorGivesUpItsPrivileges(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "c"))
	pool := filepath.Join(dir, "host.yaml")
	require.NoError(t, os.WriteFile(pool, []byte(strings.Replace(hostPool, "defaults:", "defaults:\n  rate: 200", 1)), 0o644))
	probes, run := filepath.Join(dir, "probes"), filepath.Join(dir, "run")
	tickle(t, "probes", "gen", "--quiet", "-n", "50", "-o", probes)
	c := exec.Command(os.Args[0], "collect", "--quiet", "--workers", "1", "--pool", pool, "--probes", probes, "--keep", "raw", "-o", run)
	c.Env = append(os.Environ(), asProgram+"=1")
	var said strings.Builder
	c.Stderr = &said
	require.NoError(t, c.Start())
	require.Eventually(t, func() bool {
		captures, err := filepath.Glob(filepath.Join(run, "*", "plain*.pcapng*"))
		return err == nil && len(captures) > 0
	}, time.Minute, 5*time.Millisecond, "it does not come to its first machine: %s", &said)

	for _, thread := range threads(t, c.Process.Pid) {
		require.Equal(t, "0000000000000000", thread["CapPrm"])
		require.Equal(t, "0000000000000000", thread["CapEff"])
		require.Equal(t, "1", thread["NoNewPrivs"])
	}
	files, err := filepath.Glob(filepath.Join(dir, "c", "tickle", "state", "*.json"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	b, err := os.ReadFile(files[0])
	require.NoError(t, err)
	var record process.Record
	require.NoError(t, json.Unmarshal(b, &record))
	require.Len(t, record.Processes, 1, "the starter")
	starter := record.Processes[0]
	for _, thread := range threads(t, starter.PID) {
		require.NotEqual(t, "0000000000000000", thread["CapEff"])
	}

	require.NoError(t, c.Wait(), "%s", &said)
	n := total(t, run)
	require.EqualValues(t, 2*6*50, n.Exchanges)
	require.NotZero(t, n.Answered)
	require.Zero(t, n.Restarts)
	require.False(t, process.Running(starter), "the starter is left")
	files, err = filepath.Glob(filepath.Join(dir, "c", "tickle", "state", "*.json"))
	require.NoError(t, err)
	require.Empty(t, files)
}

// threads gives the status of every thread of a process (proc(5)).
func threads(t *testing.T, pid int) (all []map[string]string) {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	require.NoError(t, err)
	for _, file := range files {
		b, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			continue // it has ended
		}
		require.NoError(t, err)
		status := map[string]string{}
		for line := range strings.Lines(string(b)) {
			name, value, _ := strings.Cut(line, ":")
			status[name] = strings.TrimSpace(value)
		}
		all = append(all, status)
	}
	require.NotEmpty(t, all)
	return all
}

// Who gave up the privileges can still give what it starts a fixed layout,
// without which User-mode Linux starts itself again for ever.
func TestALayoutStaysFixedWithoutPrivileges(t *testing.T) {
	out := withoutPrivileges(t, func() {
		require.NoError(t, process.FixedLayout(func() error {
			c := exec.Command("cat", "/proc/self/personality")
			c.Stdout = os.Stdout
			return c.Run()
		}))
	})
	require.Contains(t, out, "00040000\n")
}

// Who gave up the privileges can still start a stack in a network namespace,
// which has no interface but its own loopback.
func TestANamespaceIsMadeWithoutPrivileges(t *testing.T) {
	out := withoutPrivileges(t, func() {
		status, err := os.ReadFile("/proc/thread-self/status")
		require.NoError(t, err)
		require.Contains(t, string(status), "CapEff:\t0000000000000000\n")
		c, err := relay.Command(22, "sh", "-c", "cut -s -d: -f1 /proc/net/dev >&2") // what a stack says of errors is passed on
		require.NoError(t, err)
		c.ExtraFiles, c.Stderr = []*os.File{os.Stdin}, os.Stdout
		require.NoError(t, c.Run())
	})
	require.Equal(t, "lo", strings.TrimSpace(out))
}

// withoutPrivileges runs work in a process of its own that gave up its
// privileges, and gives what it printed.
func withoutPrivileges(t *testing.T, work func()) string {
	t.Helper()
	const inside = "TICKLE_TEST_WITHOUT_PRIVILEGES"
	if os.Getenv(inside) != "" {
		require.NoError(t, relay.Keep())
		require.NoError(t, live.Separate(nil))
		work()
		os.Exit(0)
	}
	c := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	c.Env = append(os.Environ(), inside+"=1")
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}
