//go:build linux && root

package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/attach"
	"tickle/collector/pool"
	"tickle/learners/nmap4"
)

// configuredPool is the host's own kernel, each machine configured otherwise.
const configuredPool = `name: configured
defaults:
  backend: live
  labels: {kernel: [Linux, Linux host, Linux host this], distribution: [Linux, Host, Host this]}
  ports: {open: 22, closed: 1, udp: 40125}
machines:
  - {name: plain, image: host, options: {namespace: new}}
  - {name: no-timestamps, image: host, options: {namespace: new}, factors: {sysctl.tcp_timestamps: 0}}
  - {name: no-scaling, image: host, options: {namespace: new}, factors: {sysctl.tcp_window_scaling: 0}}
  - {name: no-sack, image: host, options: {namespace: new}, factors: {sysctl.tcp_sack: 0}}
  - {name: no-options, image: host, options: {namespace: new}, factors: {sysctl.tcp_sack: 0, sysctl.tcp_timestamps: 0, sysctl.tcp_window_scaling: 0}}
  - {name: ttl-128, image: host, options: {namespace: new}, factors: {sysctl.ip_default_ttl: 128}}
  - {name: small-buffer, image: host, options: {namespace: new}, factors: {sysctl.tcp_rmem: 4096 8192 16384}}
  - {name: large-buffer, image: host, options: {namespace: new}, factors: {sysctl.tcp_rmem: 4096 131072 33554432}}
  - {name: ecn, image: host, options: {namespace: new}, factors: {sysctl.tcp_ecn: 1}}
  - {name: no-ecn, image: host, options: {namespace: new}, factors: {sysctl.tcp_ecn: 0}}
  - {name: no-echo, image: host, options: {namespace: new}, factors: {sysctl.icmp_echo_ignore_all: 1}}
  - {name: mtu-1280, image: host, options: {namespace: new}, factors: {mtu: 1280}}
  - {name: no-pmtu, image: host, options: {namespace: new}, factors: {sysctl.ip_no_pmtu_disc: 1}}
  - {name: rp-filter, image: host, options: {namespace: new}, factors: {sysctl.net.ipv4.conf.all.rp_filter: 1}}
  - {name: drop, image: host, options: {namespace: new}, factors: {firewall: drop}}
  - {name: reject, image: host, options: {namespace: new}, factors: {firewall: reject}}
  - {name: hops, image: host, options: {namespace: new}, factors: {path.hops: 5}}
  - {name: hops-drop, image: host, options: {namespace: new}, factors: {path.hops: 5, firewall: drop}}
  - {name: gvisor, backend: netstack, image: gvisor, labels: {kernel: [gVisor, gVisor netstack, gVisor netstack], distribution: [gVisor, gVisor, gVisor]}}
  - {name: windows, backend: sim, image: windows, options: {personality: windows-7}, labels: {kernel: [Windows, Windows NT 6, Windows NT 6.1], distribution: [Windows, Windows 7, Windows 7]}}
  - {name: openbsd, backend: sim, image: openbsd, options: {personality: openbsd-7}, labels: {kernel: [BSD, OpenBSD, OpenBSD 7], distribution: [BSD, OpenBSD, OpenBSD 7]}}
  - {name: solaris, backend: sim, image: solaris, options: {personality: solaris-10}, labels: {kernel: [Solaris, SunOS 5.10, SunOS 5.10 Generic], distribution: [Solaris, Solaris 10, Solaris 10]}}
`

// drawnAttributes differ from scan to scan of one machine: random sequence
// numbers and clocks that start anywhere for each connection.
var drawnAttributes = []string{"SP", "ISR", "GCD", "TS"}

// TestScansAsNmap: Nmap and tickle, one after the other, see the same machine.
// With the references that we write of our own scans, Nmap names each machine
// as we do; and for the fingerprint that Nmap saw, our matcher gives the list
// that Nmap printed.
func TestScansAsNmap(t *testing.T) {
	needNmap(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "configured.yaml")
	require.NoError(t, os.WriteFile(file, []byte(configuredPool), 0o644))
	out := filepath.Join(dir, "prints")
	tickle(t, "nmap4", "scan", "--quiet", "--pool", file, "--all", "-o", out)
	f, err := os.Open(out)
	require.NoError(t, err)
	defer f.Close()
	ours, err := nmap4.ParseAll(f, out)
	require.NoError(t, err)
	pl, err := pool.Load(file)
	require.NoError(t, err)
	require.Len(t, ours, len(pl.Machines))
	matcher := writeDatabase(t, dir, pl, ours)
	gate := make(chan struct{}, 4)
	t.Run("machines", func(t *testing.T) {
		for i := range pl.Machines {
			t.Run(pl.Machines[i].Name, func(t *testing.T) {
				t.Parallel()
				gate <- struct{}{}
				defer func() { <-gate }()
				requireAsNmap(t, dir, &pl.Machines[i], ours[i], matcher)
			})
		}
	})
}

// writeDatabase writes a database of a reference a machine, for Nmap's
// --datadir beside Nmap's own files, and gives its matcher.
func writeDatabase(t *testing.T, dir string, pl *pool.Pool, prints []*nmap4.Fingerprint) *nmap4.Matcher {
	t.Helper()
	installed, err := os.Open(nmap4Database)
	require.NoError(t, err)
	defer installed.Close()
	real, err := nmap4.ReadDatabase(installed, nmap4Database)
	require.NoError(t, err)
	db := &nmap4.Database{Points: real.Points}
	for i := range pl.Machines {
		r := nmap4.Reference{Name: "our " + pl.Machines[i].Name, Classes: []nmap4.Class{{Vendor: "us", Family: "ours", Type: "general purpose"}}}
		for _, test := range prints[i].Tests {
			if test.Name == "SCAN" {
				continue
			}
			test.Attrs = slices.DeleteFunc(slices.Clone(test.Attrs), func(a nmap4.Attr) bool {
				return test.Name == "SEQ" && slices.Contains(drawnAttributes, a.Name)
			})
			if len(test.Attrs) > 0 {
				r.Tests = append(r.Tests, test)
			}
		}
		db.References = append(db.References, r)
	}
	data := filepath.Join(dir, "data")
	require.NoError(t, os.Mkdir(data, 0o755))
	for _, name := range []string{"nmap-services", "nmap-mac-prefixes", "nmap-protocols", "nmap-payloads"} {
		b, err := os.ReadFile(filepath.Join(filepath.Dir(nmap4Database), name))
		if err == nil {
			require.NoError(t, os.WriteFile(filepath.Join(data, name), b, 0o644))
		}
	}
	path := filepath.Join(data, "nmap-os-db")
	var b bytes.Buffer
	require.NoError(t, db.Write(&b))
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	m, err := readMatcher(path, nmap4.Dialect793)
	require.NoError(t, err)
	return m
}

func requireAsNmap(t *testing.T, dir string, m *pool.Machine, ours *nmap4.Fingerprint, matcher *nmap4.Matcher) {
	link, err := backends()[m.Backend].Open(context.Background(), m, attach.Default.Net(), 1)
	require.NoError(t, err)
	defer link.Close()
	link, err = pool.Wrap(link, m.Factors, 1)
	require.NoError(t, err)
	var out []byte
	name := "tickle-as-" + m.Name
	attached(t, link, name, func() { out = runNmap(t, name, "192.0.2.1", "--datadir", filepath.Join(dir, "data")) })
	nmap, err := nmap4.Parse(bytes.NewReader(out), "nmap")
	require.NoError(t, err)
	requireSameMachine(t, nmap, ours)

	var printed struct {
		Matches []struct {
			Name     string `xml:"name,attr"`
			Accuracy int    `xml:"accuracy,attr"`
		} `xml:"host>os>osmatch"`
	}
	require.NoError(t, xml.Unmarshal(out, &printed))
	var want, have []string
	for _, match := range printed.Matches {
		want = append(want, fmt.Sprintf("%s %d", match.Name, match.Accuracy))
	}
	for _, match := range nmap4.Printed(matcher.Match(nmap)) {
		have = append(have, fmt.Sprintf("%s %d", match.Reference.Name, match.Percent()))
	}
	require.Equal(t, want, have, "the matches of Nmap's fingerprint")
	require.NotEmpty(t, want)
	require.Equal(t, printed.Matches[0].Name, matcher.Match(ours)[0].Reference.Name, "the name that Nmap gives")
}

// requireSameMachine compares two scans of a machine, made one after the
// other. What is drawn is of the same order.
func requireSameMachine(t *testing.T, nmap, ours *nmap4.Fingerprint) {
	t.Helper()
	for _, name := range nmap4.TestNames() {
		w, h := nmap.Test(name), ours.Test(name)
		if w == nil || h == nil {
			require.Equal(t, testString(w), testString(h))
			continue
		}
		for i := range h.Attrs {
			v, ok := w.Get(h.Attrs[i].Name)
			if a := &h.Attrs[i]; name == "SEQ" && ok && (randomIDs(a, v) || slices.Contains(drawnAttributes, a.Name) && alike(a.Name, v, a.Value)) {
				a.Value = v
			}
		}
		require.Equal(t, testString(w), testString(h))
	}
}

// randomIDs says whether both a and a value of the same attribute class IP IDs as
// random: RD where some difference is over 20,000. Of random IDs three in ten
// differences are not, and one in eleven pairs of them: those are RI.
func randomIDs(a *nmap4.Attr, value string) bool {
	random := []string{"RD", "RI"}
	return slices.Contains([]string{"TI", "CI", "II"}, a.Name) && slices.Contains(random, a.Value) && slices.Contains(random, value)
}

// alike says whether two values of a drawn attribute may be one machine's. SP
// and ISR are eights of logarithms: the spread of five random differences is
// within a factor of 2⁶ of another five's, their mean within 2². TS (a
// logarithm) is high, and GCD low, where they are random.
func alike(attr, a, b string) bool {
	x, errX := strconv.ParseInt(a, 16, 64)
	y, errY := strconv.ParseInt(b, 16, 64)
	if errX != nil || errY != nil {
		return a == b
	}
	switch attr {
	case "SP":
		return max(x, y)-min(x, y) <= 6*8
	case "ISR":
		return max(x, y)-min(x, y) <= 2*8
	case "GCD":
		return max(x, y) < 10
	}
	return x == y || min(x, y) >= 0x1c
}
