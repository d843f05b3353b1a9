//go:build root && linux

package nmap6_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vishvananda/netns"

	"tickle/learners/nmap6"
)

// fpModelVariable names the environment variable with the path of a user's
// copy of FPModel.cc, of the version of the Nmap that is installed. Debian has
// it in nmap's source package.
const fpModelVariable = "TICKLE_FPMODEL"

// variant is a machine: a namespace of its own, with what differs from the
// host's kernel.
type variant struct {
	name    string
	sysctls []string
	mtu     int
}

var variants = []variant{
	{name: "defaults"},
	{name: "no timestamps", sysctls: []string{"net.ipv4.tcp_timestamps=0"}},
	{name: "no SACK", sysctls: []string{"net.ipv4.tcp_sack=0"}},
	{name: "no window scaling", sysctls: []string{"net.ipv4.tcp_window_scaling=0"}},
	{name: "hop limit 255", sysctls: []string{"net.ipv6.conf.default.hop_limit=255", "net.ipv6.conf.v1.hop_limit=255"}},
	{name: "ECN", sysctls: []string{"net.ipv4.tcp_ecn=1"}},
	{name: "small buffers and MTU", sysctls: []string{"net.ipv4.tcp_rmem=4096 8192 16384"}, mtu: 1280},
	{name: "no echo", sysctls: []string{"net.ipv6.icmp.echo_ignore_all=1"}},
}

// Of machines in namespaces that the test makes, nmap -6 -O -d3 prints a
// fingerprint, a vector, scores and novelties: ours of that fingerprint are
// that vector, and of that vector those scores, novelties and the verdict.
func TestNmapSaysTheSame(t *testing.T) {
	for _, program := range []string{"nmap", "ip"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	for i, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			text := v.scan(t, i)
			printed, prints := vectorIn(t, text), fingerprintIn(t, text)
			requireNear(t, printed, prints.Vectorize(nmap6.V793))
			m := fpModel(t)
			requireRanking(t, text, m.Classify(printed))
			fromPrint := m.Classify(prints.Vectorize(nmap6.V793))
			require.Equal(t, verdictIn(text), fromPrint.Verdict == nmap6.Success)
		})
	}
}

func fpModel(t *testing.T) *nmap6.Model {
	path := os.Getenv(fpModelVariable)
	if path == "" {
		t.Skipf("no FPModel.cc: %s is not set", fpModelVariable)
	}
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	m, err := nmap6.ImportFPModel(f)
	require.NoError(t, err)
	return m
}

// run runs a command that must succeed.
func run(t *testing.T, words ...string) string {
	t.Helper()
	out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
	require.NoError(t, err, "%s: %s", strings.Join(words, " "), out)
	return string(out)
}

// scan makes the machine and a scanner beside it, joined by a veth pair and to
// nothing else, and gives what nmap prints.
func (v *variant) scan(t *testing.T, i int) string {
	scanner, machine := fmt.Sprintf("tk6s%d-%d", i, os.Getpid()), fmt.Sprintf("tk6m%d-%d", i, os.Getpid())
	for _, name := range []string{scanner, machine} {
		run(t, "ip", "netns", "add", name)
		t.Cleanup(func() { run(t, "ip", "netns", "del", name) })
		run(t, "ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0")
		run(t, "ip", "-n", name, "link", "set", "lo", "up")
	}
	run(t, "ip", "-n", scanner, "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", machine)
	for _, s := range v.sysctls {
		run(t, "ip", "netns", "exec", machine, "sysctl", "-qw", s)
	}
	for _, end := range [][3]string{{scanner, "v0", "fd00:7469::1/64"}, {machine, "v1", "fd00:7469::2/64"}} {
		if v.mtu > 0 {
			run(t, "ip", "-n", end[0], "link", "set", end[1], "mtu", strconv.Itoa(v.mtu))
		}
		run(t, "ip", "-n", end[0], "addr", "add", end[2], "dev", end[1], "nodad")
		run(t, "ip", "-n", end[0], "link", "set", end[1], "up")
	}
	listenIn(t, machine)
	return run(t, "ip", "netns", "exec", scanner, "nmap", "-6", "-n", "-Pn", "-O", "-d3", "--max-os-tries", "1", "-p", "22,23", "fd00:7469::2")
}

// listenIn opens port 22 in a namespace until the test ends.
func listenIn(t *testing.T, name string) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	here, err := netns.Get()
	require.NoError(t, err)
	defer here.Close()
	there, err := netns.GetFromName(name)
	require.NoError(t, err)
	defer there.Close()
	require.NoError(t, netns.Set(there))
	l, err := net.Listen("tcp6", "[::]:22")
	require.NoError(t, netns.Set(here))
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
}

func vectorIn(t *testing.T, text string) *nmap6.Vector {
	at := strings.Index(text, "v = {")
	require.GreaterOrEqual(t, at, 0, "nmap printed no vector: %s", text)
	line, _, _ := strings.Cut(text[at:], "\n")
	rows, err := nmap6.ReadVectors(strings.NewReader(line))
	require.NoError(t, err)
	return &rows[0].Vector
}

func fingerprintIn(t *testing.T, text string) *nmap6.Fingerprint {
	prints, err := nmap6.ReadFingerprints(strings.NewReader(text))
	require.NoError(t, err)
	require.Len(t, prints, 1)
	return prints[0]
}

var ranked = regexp.MustCompile(`^ *([0-9.]+) +([0-9.]+) +([0-9]+) (.*)$`)

// requireRanking holds a classification against the lines of scores that
// follow the vector.
func requireRanking(t *testing.T, text string, k *nmap6.Classification) {
	t.Helper()
	_, after, _ := strings.Cut(text, "v = {")
	lines := bufio.NewScanner(bytes.NewBufferString(after))
	lines.Buffer(nil, 1<<20)
	n := 0
	for lines.Scan() {
		if f := ranked.FindStringSubmatch(lines.Text()); f != nil && n < len(k.Matches) {
			m := k.Matches[n]
			require.Equal(t, f[1:], []string{fmt.Sprintf("%.4f", 100*m.Probability), fmt.Sprintf("%.4f", m.Novelty), strconv.Itoa(m.Class), m.Name}, "place %d", n+1)
			n++
		} else if n > 0 {
			break
		}
	}
	require.Len(t, k.Matches, n)
	require.Equal(t, verdictIn(text), k.Verdict == nmap6.Success, "%s: %s", k.Verdict, k.Reason)
	if i := strings.Index(text, "Novelty of closest match is "); i >= 0 {
		require.Contains(t, text[i:], fmt.Sprintf("is %.3f", k.Matches[0].Novelty))
	} else {
		require.NotEqual(t, 1, k.Good)
	}
}

// verdictIn says whether nmap named a system.
func verdictIn(text string) bool { return strings.Contains(text, "\nOS details: ") }
