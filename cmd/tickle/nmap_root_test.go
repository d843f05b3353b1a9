//go:build linux && root

package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/attach"
	"tickle/learners/nmap4"
)

var (
	oddMachines = flag.Int("odd", 8, "machines of TestOddAnswersAsNmap")
	oddFirst    = flag.Uint64("odd-first", 1, "the first one's seed")
)

// nmapScan runs Nmap's OS detection once in a namespace and gives what it
// printed, in XML.
func nmapScan(t *testing.T, namespace, target string, args ...string) []byte {
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
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
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
	link := newOddLink(seed)
	name := fmt.Sprintf("tickle-odd-%d", seed)
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- attach.Run(ctx, link, name, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-ended:
		stop()
		require.NoError(t, err)
	}
	eyes := sniff(t, name, attach.Tap)
	xml := nmapScan(t, name, "192.0.2.1")
	eyes.stop(t)
	stop()
	require.NoError(t, <-ended)
	want, err := nmap4.Parse(bytes.NewReader(xml), "nmap")
	require.NoError(t, err)
	scan := eyes.scan()
	have := scan.Fingerprint()
	for _, name := range nmap4.TestNames() {
		w, h := testString(want, name), testString(have, name)
		if w != h {
			t.Errorf("nmap %s\nours %s", w, h)
			for _, e := range scan.Exchanges {
				if strings.HasPrefix(e.Name, name) || name == "SEQ" || name[0] != 'T' && e.Name[0] == 'S' || name == "T1" && e.Name == "S1" {
					for _, b := range e.Answers {
						if name == "SEQ" {
							b = b[4:28]
						}
						t.Logf("%s %d %x", e.Name, e.Sent, b)
					}
				}
			}
		}
	}
}

// testString prints a test of a fingerprint, or nothing.
func testString(f *nmap4.Fingerprint, name string) string {
	if t := f.Test(name); t != nil {
		return t.String()
	}
	return ""
}
