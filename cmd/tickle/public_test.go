package main

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// No command reaches a public address whose pool file does not say who allowed
// it, however it would be reached; nor one that says so without a reason.
func TestEveryPathRefusesAPublicAddress(t *testing.T) {
	for name, options := range map[string]string{
		"not authorized": "{address: 9.9.9.9, prober: {iface: lo, address: 192.168.7.240, gateway: 192.168.7.1}}",
		"no reason":      "{address: 9.9.9.9, authorized: true, prober: {iface: lo, address: 192.168.7.240, gateway: 192.168.7.1}}",
		"over IPv6":      "{address: 192.168.7.9, address6: '2620:fe::fe', prober: {iface: lo, address: 192.168.7.240, address6: 'fd00::1'}}",
	} {
		t.Run(name, func(t *testing.T) {
			pool := write(t, "public.yaml", "name: public\ndefaults:\n  ports: {open: 22}\n  labels: {kernel: [a, a 1, a 1.1], distribution: [a, b, c]}\n"+
				"machines:\n  - {name: public, backend: live, image: x, options: "+options+"}\n")
			dir := t.TempDir()
			t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
			probes := filepath.Join(dir, "probes")
			tickle(t, "probes", "gen", "--quiet", "-n", "5", "-o", probes)
			for _, args := range [][]string{
				{"pool", "check", pool},
				{"pool", "up", pool},
				{"pool", "attach", "public", "--pool", pool, "--netns", "tickle-public-test"},
				{"collect", "--pool", pool, "--probes", probes, "-o", filepath.Join(dir, "run")},
				{"nmap4", "scan", "--all", "--pool", pool},
				{"nmap6", "scan", "--all", "--pool", pool},
			} {
				var stdout, stderr bytes.Buffer
				code := run(context.Background(), args, &stdout, &stderr)
				said := stdout.String() + stderr.String()
				require.Contains(t, said, "is a public address: want authorized: true and a reason", "%v", args)
				if args[1] != "check" { // which says what cannot run, and goes on
					require.NotZero(t, code, "%v", args)
				}
			}
		})
	}
}
