//go:build linux

package uml_test

import (
	"fmt"
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
	"tickle/collector/uml"
)

// TestMain is also the kernel of the tests' machines.
func TestMain(m *testing.M) {
	if slices.Contains(os.Args, "rdinit=/init") {
		fakeKernel()
	}
	labtest.Main(m)
}

// fakeKernel says on the console what a guest would and serves the card.
func fakeKernel() {
	if slices.Contains(os.Args, "mem=50M") {
		fmt.Println("tickle: failed: sysctl net.ipv4.tcp_x: no such file")
		select {}
	}
	if slices.Contains(os.Args, "mem=51M") {
		fmt.Fprintln(os.Stderr, "no memory")
		os.Exit(1)
	}
	c, err := ether.FileDatagrams(os.NewFile(3, "card"))
	if err == nil {
		fmt.Println("boot messages\ntickle: ready")
		err = labtest.Serve(c, 22)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func fakeLab(t *testing.T) {
	labtest.Fake(t, os.Args[0],
		lab.Item{Kind: lab.UML, Name: "7.2um1", Files: map[string]string{"kernel": "uml/7.2um1/kernel", "initrd": "uml/7.2um1/initrd"}},
		lab.Item{Kind: lab.Guest, Name: lab.Init, Files: map[string]string{lab.Init: "guest/init/init"}})
}

func machine(factors map[string]string) *pool.Machine {
	return &pool.Machine{Name: "u", Ports: pool.Ports{Open: 22, Closed: 1}, Options: map[string]string{"kernel": "7.2um1"}, Factors: factors}
}

func TestMachineLivesUntilClosed(t *testing.T) {
	fakeLab(t)
	require.NoError(t, uml.Backend{}.Check(machine(nil)))
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	l, err := uml.Backend{}.Open(t.Context(), machine(nil), labtest.Net, 1)
	require.NoError(t, err)
	_, lost := labtest.Rate(t, l, 22, 300, false)
	require.Zero(t, lost)
	require.NoError(t, l.Close())
	left, err := filepath.Glob(filepath.Join(temp, "*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestGuestsAndKernelsSayWhyTheyFail(t *testing.T) {
	fakeLab(t)
	for memory, want := range map[string]string{"50": "no such file", "51": "no memory"} {
		temp := t.TempDir()
		t.Setenv("TMPDIR", temp)
		_, err := uml.Backend{}.Open(t.Context(), machine(map[string]string{"memory": memory}), labtest.Net, 1)
		require.ErrorContains(t, err, want)
		left, err := filepath.Glob(filepath.Join(temp, "*"))
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

func TestCheck(t *testing.T) {
	fakeLab(t)
	for factor, want := range map[string]string{
		"firewall=reject": "want none or drop", "firewall=drop": "", "memory=1": "want MiB from 40", "sysctl.tcp_sack=0": "",
		"sysctl.kernel.panic=1": "want a name below net", "colour=red": `factor "colour": want memory`, "mtu=100": "at least 576", "path.hops=3": "",
	} {
		name, value, _ := strings.Cut(factor, "=")
		err := uml.Backend{}.Check(machine(map[string]string{name: value}))
		if want == "" {
			require.NoError(t, err, factor)
		} else {
			require.ErrorContains(t, err, want)
		}
	}
	m := machine(nil)
	m.Options["kernel"] = "2.4um1"
	require.ErrorIs(t, uml.Backend{}.Check(m), lab.ErrNotMade)
}
