//go:build linux && root

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
			requireSameRates(t, w, h)
		}
		require.Equal(t, testString(w), testString(h))
	}
}

// requireSameRates compares ISR and SP, eight times the binary logarithms of the
// mean and the deviation of six rates over 100 ms each, and makes those of have
// the ones of want. Nmap is stopped now and then between its own clock and the
// kernel's: 5 ms changes a rate by a twentieth, and the deviation by as much of
// the mean, which is all of it where a machine counts evenly. The arithmetic is
// held exactly by the scans in learners/nmap4/testdata.
func requireSameRates(t *testing.T, want, have *nmap4.Test) {
	t.Helper()
	rate := 0.0
	for _, attr := range [...]string{"ISR", "SP"} {
		i := slices.IndexFunc(have.Attrs, func(a nmap4.Attr) bool { return a.Name == attr })
		text, ok := want.Get(attr)
		if i < 0 || !ok {
			continue
		}
		w, h := hexNumber(t, text), hexNumber(t, have.Attrs[i].Value)
		if attr == "ISR" {
			require.InDelta(t, w, h, 1, attr)
			rate = math.Exp2(w / 8)
		} else if math.Abs(w-h) > 1 {
			require.InDelta(t, math.Exp2(w/8), math.Exp2(h/8), rate/20, "SP %v and %v", w, h)
		}
		have.Attrs[i].Value = text
	}
}

func hexNumber(t *testing.T, text string) float64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 16, 64)
	require.NoError(t, err)
	return float64(n)
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
