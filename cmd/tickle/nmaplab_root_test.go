//go:build linux && root && lab

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/attach"
	"tickle/collector/pool"
	"tickle/learners/nmap4"
)

// labMachines are those of the pool lab that TestLabScansAsNmap asks: one of
// each stack, or what TICKLE_LAB_MACHINES matches.
const labMachines = "lwip-2.2*,gvisor-2024-20240306,gvisor-2026-20260905,seqs-20260125,slirp/hops0,slirp/hops4,linux-7.2-uml,linux-6.1-6.1.0-50-cloud,linux-5.10-5.10.0-46-cloud"

// TestLabScansAsNmap: Nmap and tickle, one after the other, see the same
// machine of the lab.
func TestLabScansAsNmap(t *testing.T) {
	needNmap(t)
	only := os.Getenv("TICKLE_LAB_MACHINES")
	if only == "" {
		only = labMachines
	}
	pl, err := pool.Load("lab")
	require.NoError(t, err)
	pl, err = pl.Select(strings.Split(only, ",")...)
	require.NoError(t, err)
	for i := range pl.Machines {
		m := &pl.Machines[i]
		t.Run(m.Name, func(t *testing.T) {
			b := backends()[m.Backend]
			if err := b.Check(m); err != nil {
				t.Skipf("%v: fetch it with tickle pool fetch lab", err)
			}
			out := filepath.Join(t.TempDir(), "print")
			tickle(t, "nmap4", "scan", "--quiet", "--pool", "lab", "--machine", m.Name, "-o", out)
			f, err := os.Open(out)
			require.NoError(t, err)
			defer f.Close()
			ours, err := nmap4.Parse(f, out)
			require.NoError(t, err)

			link, err := b.Open(context.Background(), m, attach.Default.Net(), 1)
			require.NoError(t, err)
			defer link.Close()
			link, err = pool.Wrap(link, m.Factors, 1)
			require.NoError(t, err)
			var xml []byte
			attached(t, link, "tickle-lab", func() { xml = runNmap(t, "tickle-lab", "192.0.2.1") })
			nmap, err := nmap4.Parse(bytes.NewReader(xml), "nmap")
			require.NoError(t, err)
			requireSameMachine(t, nmap, ours)
		})
	}
}
