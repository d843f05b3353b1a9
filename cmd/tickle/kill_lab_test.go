//go:build linux && lab

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickle/collector"
	"tickle/collector/lab"
	"tickle/collector/process"
)

// labRun is a collection of machines of the lab in a process of its own, with
// a cache and temporary files of its own.
type labRun struct {
	dir  string
	args []string
	cmd  *exec.Cmd
	said bytes.Buffer
}

// newLabRun makes a collection of machines, all of them at a time, so slow
// that it is under way for some seconds.
func newLabRun(t *testing.T, probes int, machines ...string) *labRun {
	t.Helper()
	made, err := lab.Dir()
	require.NoError(t, err)
	dir, err := os.MkdirTemp("", "kill-") // short: sockets' paths are bounded
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, d := range []string{"tmp", "cache"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, d), 0o755))
	}
	t.Setenv("TICKLE_LAB", made)
	t.Setenv("TMPDIR", filepath.Join(dir, "tmp"))
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	text := "name: some\ndefaults:\n  rate: 100\n  ports: {open: 22}\n  labels: {kernel: [a, a 1, a 1.1], distribution: [a, b, c]}\nmachines:\n"
	for i, m := range machines {
		text += fmt.Sprintf("  - {name: m%d, image: m%d, %s}\n", i, i, m)
	}
	pool, set := filepath.Join(dir, "pool.yaml"), filepath.Join(dir, "probes")
	require.NoError(t, os.WriteFile(pool, []byte(text), 0o644))
	tickle(t, "probes", "gen", "--quiet", "-n", fmt.Sprint(probes), "-o", set)
	return &labRun{dir: dir, args: []string{"collect", "--quiet", "--pool", pool, "--probes", set, "--keep", "raw",
		"--workers", fmt.Sprint(len(machines)), "-o", filepath.Join(dir, "run")}}
}

// start starts the collection and waits until it talks to n machines.
func (r *labRun) start(t *testing.T, n int) {
	t.Helper()
	r.cmd = exec.Command(os.Args[0], r.args...)
	r.cmd.Env = append(os.Environ(), asProgram+"=1")
	r.cmd.Stderr = &r.said
	require.NoError(t, r.cmd.Start())
	require.Eventually(t, func() bool {
		captures, err := filepath.Glob(filepath.Join(r.dir, "run", "*", "*.pcapng*"))
		return err == nil && len(captures) >= n && len(r.processes(t)) == n
	}, 2*time.Minute, 20*time.Millisecond, "the machines do not come up: %s", &r.said)
}

// processes are those of machines, by the state files.
func (r *labRun) processes(t *testing.T) (all []process.ID) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(r.dir, "cache", "tickle", "state", "*.json"))
	require.NoError(t, err)
	for _, file := range files {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		var record process.Record
		require.NoError(t, json.Unmarshal(b, &record))
		all = append(all, record.Processes...)
	}
	return all
}

// requireNothingLeft looks for processes, folders and state files.
func (r *labRun) requireNothingLeft(t *testing.T, machines []process.ID) {
	t.Helper()
	for _, id := range machines {
		require.False(t, process.Running(id), "process %d is left", id.PID)
	}
	require.Empty(t, r.processes(t))
	left, err := filepath.Glob(filepath.Join(r.dir, "tmp", "*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// kernelOfTheLab is a machine in QEMU of any kernel that the lab has.
func kernelOfTheLab(t *testing.T) string {
	t.Helper()
	return "backend: qemu, options: {kernel: " + itemOfTheLab(t, lab.Kernel, "cloud") + "}"
}

func itemOfTheLab(t *testing.T, kind lab.Kind, part string) string {
	t.Helper()
	dir, err := lab.Dir()
	require.NoError(t, err)
	m, err := lab.Read(dir)
	require.NoError(t, err)
	for _, item := range m.Items {
		if item.Kind == kind && item.Missing == "" && strings.Contains(item.Name, part) {
			return item.Name
		}
	}
	t.Skipf("the lab in %s has no %s: run make lab", dir, kind)
	return ""
}

// A collector that is killed with five virtual machines up leaves nothing
// behind once the next has started, nor does one that is interrupted.
func TestFiveMachinesLeaveNothing(t *testing.T) {
	kernel := kernelOfTheLab(t)
	r := newLabRun(t, 5000, kernel, kernel, kernel, kernel, kernel)
	r.start(t, 5)
	first := r.processes(t)
	require.NoError(t, r.cmd.Process.Kill())
	require.Error(t, r.cmd.Wait())

	r.said.Reset()
	captures, err := filepath.Glob(filepath.Join(r.dir, "run", "*", "*.pcapng*"))
	require.NoError(t, err)
	for _, c := range captures {
		require.NoError(t, os.Remove(c)) // start waits for those of the next
	}
	r.start(t, 5)
	second := r.processes(t)
	require.Len(t, second, 5)
	for _, id := range first {
		require.False(t, process.Running(id), "process %d has outlived its collector and the next start", id.PID)
		require.NotContains(t, second, id)
	}
	require.NoError(t, r.cmd.Process.Signal(syscall.SIGINT))
	require.Error(t, r.cmd.Wait())
	require.Contains(t, r.said.String(), "interrupted")
	r.requireNothingLeft(t, append(first, second...))
}

// A machine that is killed in mid-collection is started again, and its part
// is whole in the end.
func TestAKilledMachinesDataIsWhole(t *testing.T) {
	for name, machine := range map[string]string{
		"qemu":      kernelOfTheLab(t),
		"stackhost": "backend: stackhost, options: {program: " + itemOfTheLab(t, lab.Stack, "lwip") + "}",
	} {
		t.Run(name, func(t *testing.T) {
			r := newLabRun(t, 50, machine)
			r.start(t, 1)
			victim := r.processes(t)[0]
			require.NoError(t, syscall.Kill(victim.PID, syscall.SIGKILL))
			require.NoError(t, r.cmd.Wait(), "%s", &r.said)
			run := filepath.Join(r.dir, "run")
			report, err := collector.ReadReport(run)
			require.NoError(t, err)
			require.EqualValues(t, 1, report.Machines[0].Restarts)
			require.EqualValues(t, 300, report.Machines[0].Exchanges)
			require.Empty(t, report.Machines[0].Error)
			data := filepath.Join(r.dir, "data")
			tickle(t, "dataset", "build", "--quiet", "--run", run, "-o", data)
			var info struct {
				Machines, Probes int
				Lossy            int `json:"lossy_cells"`
			}
			require.NoError(t, json.Unmarshal([]byte(tickle(t, "dataset", "info", data, "--json")), &info))
			require.Equal(t, 1, info.Machines)
			require.Equal(t, 50, info.Probes)
			require.Zero(t, info.Lossy)
			r.requireNothingLeft(t, []process.ID{victim})
		})
	}
}
