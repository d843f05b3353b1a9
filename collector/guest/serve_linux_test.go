package guest

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickle/probegen"
)

// aloneness says whether a listener's process does nothing else.
type aloneness bool

// bothWays runs a test with a listener among others and with one alone.
func bothWays(t *testing.T, test func(t *testing.T, alone aloneness)) {
	t.Run("among others", func(t *testing.T) { test(t, false) })
	t.Run("alone", func(t *testing.T) { test(t, true) })
}

// dialTo opens a listener on a free port of loopback, and gives connections to it,
// and a socket for datagrams.
func dialTo(t *testing.T, alone aloneness) (dial func() *net.TCPConn, datagrams *net.UDPConn) {
	t.Helper()
	free, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	port := free.Addr().(*net.TCPAddr).Port
	require.NoError(t, free.Close())
	l, err := listen(&Config{Port: uint16(port)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	if alone {
		l.Alone()
	}
	datagrams, err = net.DialUDP("udp4", nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	require.NoError(t, err)
	t.Cleanup(func() { datagrams.Close() })
	return func() *net.TCPConn {
		c, err := net.DialTCP("tcp4", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		return c
	}, datagrams
}

// closed says whether the listener's end is closed within a time.
func closed(t *testing.T, c *net.TCPConn, within time.Duration) bool {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(within)))
	_, err := c.Read(make([]byte, 1))
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return false
	}
	require.True(t, errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET), err)
	return true
}

const long, short = 20 * time.Second, 50 * time.Millisecond

// The application closes when its peer does, at once when it is asked to, and
// not at all when it is asked to hold on.
func TestListenerDoesAsDialoguesAsk(t *testing.T) {
	bothWays(t, func(t *testing.T, alone aloneness) {
		dial, _ := dialTo(t, alone)
		quiet := dial()
		write := func(c *net.TCPConn, b ...byte) {
			_, err := c.Write(b)
			require.NoError(t, err)
		}
		write(quiet, []byte("any data")...)
		require.False(t, closed(t, quiet, short))
		require.NoError(t, quiet.CloseWrite())
		require.True(t, closed(t, quiet, long))

		asked := dial()
		write(asked, 'x', probegen.AppClose)
		require.True(t, closed(t, asked, long))

		held := dial()
		write(held, probegen.AppHold)
		require.NoError(t, held.CloseWrite())
		require.False(t, closed(t, held, short))
	})
}

// More connections than it holds are closed at once, and a reset makes room.
func TestListenerHoldsSoMany(t *testing.T) {
	bothWays(t, func(t *testing.T, alone aloneness) {
		dial, _ := dialTo(t, alone)
		var held []*net.TCPConn
		for range MaxConnections {
			c := dial()
			_, err := c.Write([]byte{probegen.AppHold})
			require.NoError(t, err)
			held = append(held, c)
		}
		require.True(t, closed(t, dial(), long))
		require.NoError(t, held[0].CloseWrite())
		require.NoError(t, held[0].SetLinger(0))
		require.NoError(t, held[0].Close()) // by RST
		require.Eventually(t, func() bool { return !closed(t, dial(), short) }, long, time.Millisecond)
	})
}

// It closes only after a while, and at once when it is reset.
func TestListenerTakesItsTimeToClose(t *testing.T) {
	bothWays(t, func(t *testing.T, alone aloneness) {
		dial, _ := dialTo(t, alone)
		start := time.Now()
		var all []*net.TCPConn
		for range 10 {
			c := dial()
			require.NoError(t, c.CloseWrite())
			all = append(all, c)
		}
		require.NoError(t, all[3].SetLinger(0))
		require.NoError(t, all[3].Close())
		for i, c := range all {
			if i != 3 {
				require.True(t, closed(t, c, long))
			}
		}
		require.GreaterOrEqual(t, time.Since(start), closeDelay)
	})
}

// It sends back the datagrams that are fences, as they are, behind what woke it
// before, and no others.
func TestListenerAnswersFences(t *testing.T) {
	bothWays(t, func(t *testing.T, alone aloneness) {
		dial, datagrams := dialTo(t, alone)
		c := dial()
		fence := "\x01\x02\x03\x04" + probegen.AppFence
		for _, b := range []string{"", "hello", probegen.AppFence, fence + "x", "1" + fence, fence} {
			_, err := c.Write([]byte("data"))
			require.NoError(t, err)
			_, err = datagrams.Write([]byte(b))
			require.NoError(t, err)
		}
		b := make([]byte, 1500)
		require.NoError(t, datagrams.SetReadDeadline(time.Now().Add(long)))
		n, err := datagrams.Read(b)
		require.NoError(t, err)
		require.Equal(t, fence, string(b[:n]))
		require.NoError(t, datagrams.SetReadDeadline(time.Now().Add(short)))
		_, err = datagrams.Read(b)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	})
}
