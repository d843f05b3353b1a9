//go:build linux && root

package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/attach"
	"tickle/collector/pool"
	"tickle/learners/nmap6"
)

// sixPool has namespaces of this host that differ in what their sysctls change
// of answers over IPv6, and machines of the lab.
const sixPool = `name: six
defaults:
  backend: live
  ports: {open: 22, closed: 1, udp: 40125}
  labels: {kernel: [Linux, Linux, this], distribution: [Linux, Linux, this]}
  options: {namespace: new}
machines:
  - name: plain
    image: host
  - name: no-timestamps
    image: host
    factors: {sysctl.tcp_timestamps: 0}
  - name: no-sack
    image: host
    factors: {sysctl.tcp_sack: 0}
  - name: no-scaling
    image: host
    factors: {sysctl.tcp_window_scaling: 0}
  - name: ecn
    image: host
    factors: {sysctl.tcp_ecn: 1}
  - name: small-buffers
    image: host
    factors: {sysctl.tcp_rmem: 4096 8192 16384}
  - name: drop
    image: host
    factors: {firewall: drop}
`

// sixLab are machines of the pool lab of other stacks than this host's. They are
// scanned without what lies before them, which Nmap does not expect on its own
// link.
var sixLab = []string{"gvisor-2021-20210424", "gvisor-2024-20240306", "gvisor-now/backlog16-*", "lwip-2.1-2.1.3", "slirp/hops0", "linux-7.2-uml", "linux-6.1-6.1.0-50-cloud"}

// sixMachines gives the machines of this host and those that the lab has.
func sixMachines(t *testing.T) *pool.Pool {
	path := filepath.Join(t.TempDir(), "six.yaml")
	require.NoError(t, os.WriteFile(path, []byte(sixPool), 0o644))
	pl, err := pool.Load(path)
	require.NoError(t, err)
	lab, err := pool.Load("lab")
	require.NoError(t, err)
	for _, pattern := range sixLab {
		some, err := lab.Select(pattern)
		if err != nil {
			t.Logf("lab: %v", err)
			continue
		}
		m := some.Machines[0]
		if err := backends()[m.Backend].Check(&m); err != nil {
			t.Logf("lab: %s: %v", m.Name, err)
			continue
		}
		m.Factors = maps.Clone(m.Factors)
		maps.DeleteFunc(m.Factors, func(name, _ string) bool { return strings.HasPrefix(name, "path.") })
		pl.Machines = append(pl.Machines, m)
	}
	return pl
}

// TestOurScanIsNmaps: for machines that are started alike, the vector of our
// own probes is what nmap -6 -O -d3 prints, within sameVector's tolerances: this
// host's kernel draws initial sequence numbers at random for each pair of ports.
func TestOurScanIsNmaps(t *testing.T) {
	needNmap(t)
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	pl := sixMachines(t)
	for i := range pl.Machines {
		m := &pl.Machines[i]
		t.Run(m.Name, func(t *testing.T) {
			want := nmapVector(t, m)
			have := ourVector(t, pl, m)
			require.NoError(t, sameVector(want, have))
			missing := 0
			for f := range have {
				if have[f] == nmap6.Missing {
					missing++
				}
			}
			t.Logf("%s: the same vector, %d of %d features present", m.Name, len(nmap6.Features)-missing, len(nmap6.Features))
		})
	}
}

// nmapVector starts a machine, has Nmap scan it from a namespace, and gives the
// vector that it printed.
func nmapVector(t *testing.T, m *pool.Machine) *nmap6.Vector {
	t.Helper()
	link, err := backends()[m.Backend].Open(context.Background(), m, attach.Default.Net(), 1)
	require.NoError(t, err)
	defer link.Close()
	name := fmt.Sprintf("tickle-six-%d-%s", os.Getpid(), strings.ReplaceAll(m.Name, "/", "-"))
	var out []byte
	attached(t, link, name, func() {
		out, err = exec.Command("ip", "netns", "exec", name, "nmap", "-6", "-n", "-Pn", "-O", "-d3", "--max-os-tries", "1",
			"-p", fmt.Sprintf("%d,%d", m.Ports.Open, m.Ports.Closed), attach.Default.Machine6.String()).CombinedOutput()
	})
	require.NoError(t, err, "%s", out)
	at := bytes.Index(out, []byte("v = {"))
	require.GreaterOrEqual(t, at, 0, "nmap printed no vector: %s", out)
	line, _, _ := strings.Cut(string(out[at:]), "\n")
	rows, err := nmap6.ReadVectors(strings.NewReader(line))
	require.NoError(t, err)
	return &rows[0].Vector
}

// ourVector scans a machine with our own probes.
func ourVector(t *testing.T, pl *pool.Pool, m *pool.Machine) *nmap6.Vector {
	t.Helper()
	p := &program{stdout: new(bytes.Buffer), stderr: new(bytes.Buffer)}
	s := newNmap6Scanner(p)
	var scans []*nmap6.Answers
	require.NoError(t, s.collect(context.Background(), &pool.Pool{Name: pl.Name, Machines: []pool.Machine{*m}}, func(dir string) error {
		run, err := nmap6.OpenRun(dir)
		require.NoError(t, err)
		scans, err = run.Scans(m.Name)
		return err
	}))
	return scans[0].Vectorize(nmap6.V793)
}
