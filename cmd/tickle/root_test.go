//go:build linux && root

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector"
)

// hostPool is the host's own kernel in two namespaces whose sysctls differ.
const hostPool = `name: host
defaults:
  backend: live
  options: {namespace: new}
  labels: {kernel: [Linux, Linux host, Linux host this], distribution: [Linux, Host, Host this]}
  ports: {open: 22}
machines:
  - {name: plain, image: host}
  - {name: changed, image: host, factors: {sysctl.tcp_sack: 0, sysctl.ip_default_ttl: 99}}
`

func total(t *testing.T, run string) collector.Counts {
	t.Helper()
	b, err := os.ReadFile(collector.ReportPath(run))
	require.NoError(t, err)
	var r collector.Report
	require.NoError(t, json.Unmarshal(b, &r))
	return r.Total
}

// A collection on real links, which starts its machines itself, loses nothing
// of its own making: in 100,000 exchanges no probe is answered now and then.
func TestHostCollectionLosesNothing(t *testing.T) {
	dir := t.TempDir()
	pool := filepath.Join(dir, "host.yaml")
	require.NoError(t, os.WriteFile(pool, []byte(hostPool), 0o644))
	probes, run, data := filepath.Join(dir, "probes"), filepath.Join(dir, "run"), filepath.Join(dir, "data")
	tickle(t, "probes", "gen", "--quiet", "-n", "8334", "-o", probes)
	tickle(t, "collect", "--quiet", "--pool", pool, "--probes", probes, "-o", run)
	n := total(t, run)
	require.EqualValues(t, 2*6*8334, n.Exchanges)
	require.Zero(t, n.Unmatched)
	require.Zero(t, n.Malformed)
	tickle(t, "dataset", "build", "--quiet", "--run", run, "-o", data)
	var info struct {
		Lossy    int `json:"lossy_cells"`
		Modelled int `json:"modelled"`
	}
	require.NoError(t, json.Unmarshal([]byte(tickle(t, "dataset", "info", data, "--json")), &info))
	require.Zero(t, info.Lossy)
	require.Zero(t, info.Modelled)
}

// Machines that a supervisor runs are used by collections and outlive them.
func TestSupervisorOwnsMachines(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "c"))
	pool := filepath.Join(dir, "host.yaml")
	require.NoError(t, os.WriteFile(pool, []byte(hostPool), 0o644))
	probes := filepath.Join(dir, "probes")
	tickle(t, "probes", "gen", "--quiet", "-n", "50", "-o", probes)

	up := func() *exec.Cmd {
		c := exec.Command(os.Args[0], "pool", "up", pool)
		c.Env = append(os.Environ(), asProgram+"=1")
		stderr, err := c.StderrPipe()
		require.NoError(t, err)
		require.NoError(t, c.Start())
		line := make([]byte, 256)
		k, err := stderr.Read(line)
		require.NoError(t, err)
		require.True(t, bytes.Contains(line[:k], []byte("2 machines up")), "%s", line[:k])
		return c
	}
	c := up()
	require.Contains(t, fails(t, "pool", "up", pool), "up already")
	for _, run := range []string{"a", "b"} {
		tickle(t, "collect", "--quiet", "--pool", pool, "--probes", probes, "-o", filepath.Join(dir, run))
		n := total(t, filepath.Join(dir, run))
		require.EqualValues(t, 2*6*50, n.Exchanges)
		require.NotZero(t, n.Answered)
	}
	tickle(t, "pool", "down", pool)
	require.NoError(t, c.Wait())
	require.Contains(t, fails(t, "pool", "down", pool), "not up")

	// One that is killed leaves nothing that stands in the next one's way.
	c = up()
	require.NoError(t, c.Process.Kill())
	require.Error(t, c.Wait())
	c = up()
	tickle(t, "pool", "down", pool)
	require.NoError(t, c.Wait())
	left, err := filepath.Glob(filepath.Join(dir, "c", "tickle", "up", "*"))
	require.NoError(t, err)
	require.Empty(t, left)
}
