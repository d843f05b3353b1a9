//go:build linux

package stackhost

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickle/collector/ether"
	"tickle/collector/lab/labtest"
	"tickle/collector/pool"
)

// TestMain is also the program behind the tests' machines: stackhost starts
// this test with settings as arguments.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "address=") {
		fakeStack()
	}
	labtest.Main(m)
}

func fakeStack() {
	for _, a := range os.Args[1:] {
		if a == "ttl=1" {
			fmt.Fprintln(os.Stderr, "this stack wants another ttl")
			os.Exit(3)
		}
	}
	c, err := ether.FileDatagrams(os.NewFile(3, "link"))
	if err == nil {
		err = labtest.Serve(c, 22)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func machineOf(factors map[string]string) *pool.Machine {
	return &pool.Machine{Name: "m", Ports: pool.Ports{Open: 22, Closed: 1}, Options: map[string]string{"program": "gvisor-20240306"}, Factors: factors}
}

func TestMachineAnswersUntilClosed(t *testing.T) {
	l, err := start(t.Context(), os.Args[0], machineOf(nil), labtest.Net)
	require.NoError(t, err)
	_, lost := labtest.Rate(t, l, 22, 500, false)
	require.Zero(t, lost)
	require.NoError(t, l.Close())
	select {
	case <-l.child.Done():
	default:
		t.Fatal("the program still runs after Close")
	}
	packet := make([]byte, 20)
	packet[0] = 0x45
	copy(packet[16:], labtest.Net.Machine.AsSlice())
	require.ErrorIs(t, l.Send(packet), pool.ErrClosed)
}

func TestProgramThatFailsSaysWhy(t *testing.T) {
	_, err := start(t.Context(), os.Args[0], machineOf(map[string]string{"ttl": "1"}), labtest.Net)
	require.ErrorContains(t, err, "this stack wants another ttl")
}

func TestMachineThatDiesIsNoticed(t *testing.T) {
	l, err := start(t.Context(), os.Args[0], machineOf(nil), labtest.Net)
	require.NoError(t, err)
	defer l.Close()
	require.NoError(t, l.child.Stop())
	packet := make([]byte, 20)
	packet[0] = 0x45
	copy(packet[16:], labtest.Net.Machine.AsSlice())
	require.ErrorIs(t, l.Send(packet), pool.ErrClosed)
}

func TestStartEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	// Nobody listens on port 23: readiness never comes.
	deaf := machineOf(nil)
	deaf.Ports.Open = 23
	_, err := start(ctx, os.Args[0], deaf, labtest.Net)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestCheck(t *testing.T) {
	t.Setenv("TICKLE_LAB", t.TempDir())
	for _, c := range []struct {
		options, factors map[string]string
		want             string
	}{
		{map[string]string{"program": "gvisor-20240306"}, nil, "not in the lab"},
		{map[string]string{"program": "gvisor-20240306"}, map[string]string{"ttl": "128", "path.hops": "3", "cc": "cubic"}, "not in the lab"},
		{map[string]string{"program": "gvisor-20240306"}, map[string]string{"ttl": "256"}, "factor ttl=256: want a whole number from 1 to 255"},
		{map[string]string{"program": "gvisor-20240306"}, map[string]string{"cc": "vegas"}, "want reno or cubic"},
		{map[string]string{"program": "lwip-2.1.3"}, map[string]string{"ttl": "64"}, `factor "ttl": lwIP has mtu`},
		{map[string]string{"program": "solaris"}, nil, `program "solaris": want one of gvisor-20210111`},
		{map[string]string{"program": "lwip-2.1.3", "colour": "red"}, nil, `option "colour": want program`},
	} {
		err := Backend{}.Check(&pool.Machine{Options: c.options, Factors: c.factors})
		require.ErrorContains(t, err, c.want)
	}
	_, err := Backend{}.Open(t.Context(), machineOf(nil), labtest.Net, 1)
	require.ErrorContains(t, err, "m: stack gvisor-20240306: not in the lab")
}

func TestStackNamesVersion(t *testing.T) {
	require.Equal(t, "gVisor netstack v0.0.0-20240306221502-ee1e1f6070e3", Backend{}.Stack(machineOf(nil)))
}
