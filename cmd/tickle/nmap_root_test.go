//go:build linux && root

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/attach"
	"tickle/collector/pool"
	"tickle/learners/nmap4"
)

var (
	oddMachines = flag.Int("odd", 8, "machines of TestOddAnswersAsNmap")
	oddFirst    = flag.Uint64("odd-first", 1, "the first one's seed")
	saveScans   = flag.String("save", "", "a folder for what was sent and answered in TestOddAnswersAsNmap")
)

// runNmap runs Nmap's OS detection once in a namespace and gives what it
// printed, in XML.
func runNmap(t *testing.T, namespace, target string, args ...string) []byte {
	t.Helper()
	c := exec.Command("ip", append([]string{"netns", "exec", namespace, "nmap", "-O", "--max-os-tries", "1", "-n", "-d", "-p", "22,1", "-oX", "-", target}, args...)...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	require.NoError(t, err, "%s", stderr.Bytes())
	return out
}

// needNmap skips a test where Nmap is not installed.
func needNmap(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("nmap"); err != nil {
		t.Skip("nmap is not installed (Debian: nmap)")
	}
}

// TestOddAnswersAsNmap: from the same packets we compute what Nmap computes,
// for machines that answer against all rules.
func TestOddAnswersAsNmap(t *testing.T) {
	needNmap(t)
	gate := make(chan struct{}, 4)
	t.Run("machines", func(t *testing.T) {
		for i := range *oddMachines {
			seed := *oddFirst + uint64(i)
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				gate <- struct{}{}
				defer func() { <-gate }()
				oddScan(t, seed)
			})
		}
	})
}

func oddScan(t *testing.T, seed uint64) {
	name := fmt.Sprintf("tickle-odd-%d", seed)
	var scan *nmap4.Scan
	var xml []byte
	attached(t, newOddLink(seed), name, func() {
		eyes := sniff(t, name, attach.Tap)
		xml = runNmap(t, name, "192.0.2.1")
		scan = eyes.stop(t)
	})
	want, err := nmap4.Parse(bytes.NewReader(xml), "nmap")
	require.NoError(t, err)
	if *saveScans != "" {
		require.NoError(t, os.WriteFile(filepath.Join(*saveScans, name+".json"), recordScan(t, scan, want), 0o644))
	}
	requireSameTests(t, want, scan.Fingerprint())
}

// attached runs work while a link is on a tap in a namespace.
func attached(t *testing.T, link pool.Link, namespace string, work func()) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- attach.Run(ctx, link, namespace, func() { close(ready) }) }()
	select {
	case <-ready:
		work()
		stop()
		require.NoError(t, <-ended)
	case err := <-ended:
		require.NoError(t, err)
	}
}

// requireSameTests compares all tests but SCAN. From the same packets SP and
// ISR differ at most by the time between Nmap's clock and the kernel's.
func requireSameTests(t *testing.T, want, have *nmap4.Fingerprint) {
	t.Helper()
	for _, name := range nmap4.TestNames() {
		w, h := want.Test(name), have.Test(name)
		if w != nil && h != nil && name == "SEQ" {
			for _, attr := range [...]string{"SP", "ISR"} {
				near(t, w, h, attr)
			}
		}
		require.Equal(t, testString(w), testString(h))
	}
}

// near makes an attribute of have that of want when they are next to each other.
func near(t *testing.T, want, have *nmap4.Test, attr string) {
	t.Helper()
	for i := range have.Attrs {
		if have.Attrs[i].Name != attr {
			continue
		}
		w, ok := want.Get(attr)
		if !ok {
			return
		}
		wn, err := strconv.ParseInt(w, 16, 64)
		require.NoError(t, err)
		hn, err := strconv.ParseInt(have.Attrs[i].Value, 16, 64)
		require.NoError(t, err)
		require.InDelta(t, wn, hn, 1, attr)
		have.Attrs[i].Value = w
	}
}

// recordScan writes what went between Nmap and a machine, and what Nmap made
// of it, as learners/nmap4/testdata has it.
func recordScan(t *testing.T, s *nmap4.Scan, nmap *nmap4.Fingerprint) []byte {
	for i := range s.Exchanges[1:] {
		s.Exchanges[i+1].Sent -= s.Exchanges[0].Sent
	}
	s.Exchanges[0].Sent = 0
	b, err := json.MarshalIndent(map[string]any{"scan": s, "nmap": strings.Split(strings.TrimSpace(nmap.String()), "\n")}, "", " ")
	require.NoError(t, err)
	return append(b, '\n')
}

// testString prints a test, or nothing.
func testString(t *nmap4.Test) string {
	if t == nil {
		return ""
	}
	return t.String()
}
