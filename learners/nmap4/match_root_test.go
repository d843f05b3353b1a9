//go:build root && linux

package nmap4_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"

	"tickle/learners/nmap4"
)

// target is a machine for Nmap: the kernel of this host in a namespace of its
// own, with port 22 open.
type target struct {
	t       *testing.T
	scanner netns.NsHandle
	host    netns.NsHandle
	data    string // folder for --datadir
}

const targetAddress = "192.0.2.2"

// newTarget makes two namespaces joined by a cable, and skips t where Nmap
// 7.93 is not installed.
func newTarget(t *testing.T) *target {
	version, err := exec.Command("nmap", "--version").Output()
	if err != nil || !bytes.Contains(version, []byte("version 7.93 ")) {
		t.Skipf("no nmap 7.93: install Debian 12's nmap to run this: %v %s", err, version)
	}
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	home, err := netns.Get()
	require.NoError(t, err)
	g := &target{t: t, data: t.TempDir()}
	g.scanner, err = netns.New()
	require.NoError(t, err)
	g.host, err = netns.New()
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, netns.Set(home))
		for _, h := range []*netns.NsHandle{&g.scanner, &g.host, &home} {
			require.NoError(t, h.Close())
		}
	})
	cable := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "host"}, PeerName: "scan", PeerNamespace: netlink.NsFd(g.scanner)}
	require.NoError(t, netlink.LinkAdd(cable))
	up(t, "lo", "")
	up(t, "host", targetAddress+"/24")
	l, err := net.Listen("tcp", targetAddress+":22")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	require.NoError(t, netns.Set(g.scanner))
	up(t, "lo", "")
	up(t, "scan", "192.0.2.1/24")
	for _, name := range []string{"nmap-services", "nmap-mac-prefixes", "nmap-protocols", "nmap-payloads"} {
		if b, err := os.ReadFile(filepath.Join("/usr/share/nmap", name)); err == nil {
			require.NoError(t, os.WriteFile(filepath.Join(g.data, name), b, 0o644))
		}
	}
	return g
}

func up(t *testing.T, name, address string) {
	link, err := netlink.LinkByName(name)
	require.NoError(t, err)
	if address != "" {
		a, err := netlink.ParseAddr(address)
		require.NoError(t, err)
		require.NoError(t, netlink.AddrAdd(link, a))
	}
	require.NoError(t, netlink.LinkSetUp(link))
}

// set changes a setting of the target's kernel.
func (g *target) set(name, value string) {
	require.NoError(g.t, netns.Set(g.host))
	require.NoError(g.t, os.WriteFile("/proc/sys/net/ipv4/"+name, []byte(value), 0o644))
	require.NoError(g.t, netns.Set(g.scanner))
}

// scan runs nmap -O once with a database, and gives the fingerprint that it
// saw and the matches that it printed, as "name line:percent".
func (g *target) scan(database string) (*nmap4.Fingerprint, string) {
	require.NoError(g.t, os.WriteFile(filepath.Join(g.data, "nmap-os-db"), []byte(database), 0o644))
	out := filepath.Join(g.data, "out.xml")
	// -d makes it print the fingerprint whatever it matched.
	text, err := exec.Command("nmap", "-d", "--datadir", g.data, "-O", "--max-os-tries", "1", "-n", "-Pn", "-p", "22,80", "-oX", out, targetAddress).CombinedOutput()
	require.NoError(g.t, err, "%s", text)
	b, err := os.ReadFile(out)
	require.NoError(g.t, err)
	f, err := nmap4.Parse(bytes.NewReader(b), "nmap -oX")
	require.NoError(g.t, err)
	var run struct {
		Matches []struct {
			Name     string `xml:"name,attr"`
			Accuracy int    `xml:"accuracy,attr"`
			Line     int    `xml:"line,attr"`
		} `xml:"host>os>osmatch"`
	}
	require.NoError(g.t, xml.Unmarshal(b, &run))
	var list strings.Builder
	for _, m := range run.Matches {
		fmt.Fprintf(&list, "%s %d:%d ", m.Name, m.Line, m.Accuracy)
	}
	return f, strings.TrimSpace(list.String())
}

// requireSame scans with a database and holds Match to what Nmap printed for
// the fingerprint that it saw.
func (g *target) requireSame(database string) {
	f, printed := g.scan(database)
	m := matcher(g.t, database, nmap4.Dialect793)
	require.Equal(g.t, printed, describe(nmap4.Printed(m.Match(f))), "%s", f)
}

// TestRootInstalled asks for differently configured kernels with Nmap's own
// database.
func TestRootInstalled(t *testing.T) {
	g := newTarget(t)
	b, err := os.ReadFile(installed)
	require.NoError(t, err)
	g.requireSame(string(b))
	for _, s := range [][2]string{{"tcp_timestamps", "0"}, {"tcp_window_scaling", "0"}, {"tcp_sack", "0"}, {"ip_default_ttl", "128"}, {"tcp_ecn", "0"},
		{"tcp_rmem", "4096 8192 16384"}, {"icmp_echo_ignore_all", "1"}} {
		g.set(s[0], s[1])
		g.requireSame(string(b))
	}
}

// TestRootExpressions asks for random expressions around the values of an
// option list, a window, flags, a single letter and an empty value.
func TestRootExpressions(t *testing.T) {
	g := newTarget(t)
	f, _ := g.scan(references("T1(R=85)\nT2(R=8)", 1, func(int) string { return "T2(R=Y)" }))
	rng := rand.New(rand.NewPCG(7, 93))
	for _, at := range []struct{ test, attrs, weights string }{
		{"OPS", "O1,O2,O3", "O1=1%O2=2%O3=4"}, {"WIN", "W1,W2,W3", "W1=1%W2=2%W3=4"}, {"T5", "F,O,RD", "F=1%O=2%RD=4"}, {"T4", "S,A,W", "S=1%A=2%W=4"},
		{"SEQ", "TI,CI,TS", "TI=1%CI=2%TS=4"}, {"OPS", "O4,O5,O6", "O4=1%O5=2%O6=4"},
	} {
		g.requireSame(references("T1(R=85)\nT2(R=8)\n"+at.test+"("+at.weights+")", 10, func(int) string {
			var attrs []string
			for _, a := range strings.Split(at.attrs, ",") {
				v, _ := f.Get(at.test, a)
				attrs = append(attrs, a+"="+randomExpression(rng, v))
			}
			return "T2(R=Y)\n" + at.test + "(" + strings.Join(attrs, "%") + ")"
		}))
	}
}

// randomExpression has the value, beginnings of it, numbers and ranges.
func randomExpression(rng *rand.Rand, value string) string {
	alts := make([]string, 1+rng.IntN(3))
	for i := range alts {
		switch rng.IntN(8) {
		case 0, 1:
			alts[i] = value
		case 2:
			alts[i] = value[:rng.IntN(len(value)+1)]
		case 3:
			lo := rng.IntN(1 << (4 * rng.IntN(5)))
			alts[i] = fmt.Sprintf("%X-%X", lo, lo+1+rng.IntN(1<<16))
		case 4:
			alts[i] = fmt.Sprintf(">%X", rng.IntN(1<<16))
		case 5:
			alts[i] = fmt.Sprintf("<%X", rng.IntN(1<<16))
		case 6:
			alts[i] = fmt.Sprintf("%X", rng.IntN(1<<16))
		case 7:
			alts[i] = value + "A"
		}
	}
	return strings.Join(alts, "|")
}

// TestRootLimits asks for what is kept and printed.
func TestRootLimits(t *testing.T) {
	g := newTarget(t)
	none, lost := func(int) string { return "" }, func(int) string { return "T2(R=Y)" }
	third := func(i int) string { return "T2(R=Y)\nT3(R=" + "NY"[i:i+1] + ")" }
	for _, db := range []string{
		references("T1(R=90)\nT2(R=6)", 36, none),
		references("T1(R=90)\nT2(R=6)", 50, lost),
		references("T1(R=85)\nT2(R=15)", 1, lost),
		references("T1(R=849)\nT2(R=151)", 1, lost),
		references("T1(R=85)\nT2(R=5)\nT3(R=10)", 2, third),
		references("T1(R=86)\nT2(R=4)\nT3(R=10)", 2, third),
		references("T1(R=87)\nT2(R=3)\nT3(R=10)", 2, third),
		references("T1(R=88)\nT2(R=2)\nT3(R=10)", 2, third),
		references("T1(R=89)\nT2(R=1)\nT3(R=10)", 2, third),
		references("T1(R=86)\nT2(R=5)\nT3(R=9)", 2, third),
		strings.ReplaceAll(references("T1(R=90)\nT2(R=6)", 3, lost), "p2", "p0"),
	} {
		g.requireSame(db)
	}
	_, printed := g.scan(references("T1(R=90)\nT2(R=6)", 37, none))
	require.Empty(t, printed, "more than %d perfect ones", nmap4.MaxMatches)
}

// TestRootOwnDatabase writes a database by Write, whose reference is made of
// what Nmap saw itself; Nmap names the machine by it as we do.
func TestRootOwnDatabase(t *testing.T) {
	g := newTarget(t)
	f, _ := g.scan(references("T1(R=85)\nT2(R=8)", 1, func(int) string { return "T2(R=Y)" }))
	db := &nmap4.Database{References: []nmap4.Reference{{Name: "this kernel", Classes: []nmap4.Class{{Vendor: "Linux", Family: "Linux", Type: "general purpose"}}}}}
	for i := range f.Tests {
		test := f.Tests[i]
		if test.Name == "SCAN" {
			continue
		}
		points := nmap4.Test{Name: test.Name}
		for _, a := range test.Attrs {
			points.Attrs = append(points.Attrs, nmap4.Attr{Name: a.Name, Value: "10"})
		}
		db.Points.Tests = append(db.Points.Tests, points)
		db.References[0].Tests = append(db.References[0].Tests, test)
	}
	var b bytes.Buffer
	require.NoError(t, db.Write(&b))
	_, printed := g.scan(b.String())
	require.Regexp(t, `^this kernel \d+:(9\d|100)$`, printed)
	g.requireSame(b.String())
}
