//go:build linux

package qemu_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/ether"
	"tickle/collector/lab"
	"tickle/collector/lab/labtest"
	"tickle/collector/pool"
	"tickle/collector/qemu"
)

// TestMain is also the emulator of the tests' machines: PATH leads to it.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == qemu.Program {
		fmt.Fprintln(os.Stderr, emulate(os.Args))
		os.Exit(1)
	}
	labtest.Main(m)
}

// emulate connects the card as QEMU does, and says on the serial port what a
// guest would.
func emulate(args []string) error {
	after := func(name string) string { return args[slices.Index(args, name)+1] }
	_, path, _ := strings.Cut(after("-netdev"), "addr.path=")
	conn, err := net.Dial("unix", path)
	if err != nil {
		return err
	}
	c, err := ether.NewStream(conn.(*net.UnixConn))
	if err != nil {
		return err
	}
	if !strings.Contains(after("-cpu"), ",-cx16") || !strings.Contains(after("-device"), ",mrg_rxbuf=off,") {
		return errors.New("want neither CMPXCHG16B nor buffers that change with the traffic")
	}
	says := "tickle: ready\n"
	if after("-m") == "100" {
		says = "[    1.0] Kernel panic - not syncing: no init\n"
	}
	if err := os.WriteFile(strings.TrimPrefix(after("-serial"), "file:"), []byte(says), 0o600); err != nil {
		return err
	}
	return labtest.Serve(c, 22)
}

func fakeLab(t *testing.T) {
	labtest.Fake(t, os.Args[0],
		lab.Item{Kind: lab.Kernel, Name: "9.9-cloud-amd64", Files: map[string]string{"kernel": "kernel/9.9/kernel", "initrd": "kernel/9.9/initrd"}},
		lab.Item{Kind: lab.Kernel, Name: "9.8-cloud-amd64", Missing: "the archive has it no more"},
		lab.Item{Kind: lab.Guest, Name: lab.Init, Files: map[string]string{lab.Init: "guest/init/init"}})
	bin, temp := t.TempDir(), t.TempDir()
	exe, err := filepath.Abs(os.Args[0])
	require.NoError(t, err)
	require.NoError(t, os.Symlink(exe, filepath.Join(bin, qemu.Program)))
	t.Setenv("PATH", bin)
	t.Setenv("TMPDIR", temp)
}

func machine(factors map[string]string) *pool.Machine {
	return &pool.Machine{Name: "q", Ports: pool.Ports{Open: 22, Closed: 1}, Options: map[string]string{"kernel": "9.9-cloud-amd64"}, Factors: factors}
}

func empty(t *testing.T) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestMachineLivesUntilClosed(t *testing.T) {
	fakeLab(t)
	require.NoError(t, qemu.Backend{}.Check(machine(nil)))
	l, err := qemu.Backend{}.Open(t.Context(), machine(nil), labtest.Net, 1)
	require.NoError(t, err)
	_, lost := labtest.Rate(t, l, 22, 300, false)
	require.Zero(t, lost)
	require.NoError(t, l.Close())
	empty(t)
}

func TestPanicIsReportedAfterSomeAttempts(t *testing.T) {
	fakeLab(t)
	_, err := qemu.Backend{}.Open(t.Context(), machine(map[string]string{"memory": "100"}), labtest.Net, 1)
	require.ErrorContains(t, err, "q did not boot in 3 attempts: guest: [    1.0] Kernel panic - not syncing: no init")
	empty(t)
}

func TestCheck(t *testing.T) {
	fakeLab(t)
	m := machine(nil)
	m.Options["kernel"] = "9.8-cloud-amd64"
	require.ErrorContains(t, qemu.Backend{}.Check(m), "is missing from the lab: the archive has it no more")
	m.Options = map[string]string{"kernel": "9.9-cloud-amd64", "sysctl.net.ipv4.conf.*.rp_filter": "2"}
	require.NoError(t, qemu.Backend{}.Check(m))
	m.Options["disk"] = "x"
	require.ErrorContains(t, qemu.Backend{}.Check(m), `option "disk": want kernel or sysctl.NAME`)
	require.ErrorContains(t, qemu.Backend{}.Check(machine(map[string]string{"memory": "64"})), "want MiB from 80")
	t.Setenv("PATH", t.TempDir())
	require.ErrorContains(t, qemu.Backend{}.Check(machine(nil)), "is not installed")
}
