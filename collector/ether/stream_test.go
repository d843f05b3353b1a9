//go:build unix

package ether

import (
	"bytes"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Frames wait until there is nothing left to read, or they are many, and
// arrive whole and in order.
func TestStreamSendsFramesTogether(t *testing.T) {
	s, file, err := StreamPair()
	require.NoError(t, err)
	defer s.Close()
	far, err := net.FileConn(file)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	defer far.Close()
	var want []byte
	write := func(size int) {
		frame := bytes.Repeat([]byte{byte(size)}, size)
		require.NoError(t, s.WriteFrame(frame))
		want = append(append(want, 0, 0, byte(size>>8), byte(size)), frame...)
	}
	write(60)
	write(1400)
	require.NoError(t, far.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
	_, err = far.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)

	_, _, err = s.ReadFrame(make([]byte, MaxFrame), time.Now())
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, far.SetReadDeadline(time.Now().Add(10*time.Second)))
	got := make([]byte, len(want))
	_, err = io.ReadFull(far, got)
	require.NoError(t, err)
	require.Equal(t, want, got)

	for want = nil; len(want) < maxHeld; {
		write(1400)
	}
	got = make([]byte, len(want))
	_, err = io.ReadFull(far, got)
	require.NoError(t, err)
	require.Equal(t, want, got)
}
