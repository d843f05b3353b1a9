//go:build linux && root

package attach

import (
	"context"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/vishvananda/netns"

	"tickle/collector/netstack"
	"tickle/collector/pool"
)

// The kernel of the namespace connects to gVisor's stack on the other side of
// the tap, on real time, and finds its closed port closed.
func TestKernelReachesMachineOnTap(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	m := &pool.Machine{Name: "gvisor", Backend: "netstack", Ports: pool.Ports{Open: 22, Closed: 1, UDP: 40125}}
	link, err := netstack.Backend{}.Open(context.Background(), m, Default.Net(), 1)
	require.NoError(t, err)
	defer link.Close()

	const name = "tickle-attach-test"
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- Run(ctx, link, name, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-ended:
		require.NoError(t, err)
	}
	require.Error(t, Run(ctx, link, name, func() {}), "the name is taken")

	dial := func(port string) error {
		var d net.Dialer
		d.Timeout = 20 * time.Second
		done := make(chan error, 1)
		go func() {
			runtime.LockOSThread() // the thread ends with this goroutine
			ns, err := netns.GetFromName(name)
			if err == nil {
				err = netns.Set(ns)
				ns.Close()
			}
			if err == nil {
				var c net.Conn
				if c, err = d.Dial("tcp4", "192.0.2.1:"+port); err == nil {
					err = c.Close()
				}
			}
			done <- err
		}()
		return <-done
	}
	require.NoError(t, dial("22"))
	require.ErrorContains(t, dial("1"), "refused")

	stop()
	require.NoError(t, <-ended)
	_, err = os.Stat("/run/netns/" + name)
	require.ErrorIs(t, err, os.ErrNotExist)
}
