//go:build !unix

package ether

import (
	"errors"
	"net"
	"os"
	"time"
)

var errNoSockets = errors.New("frames over unix sockets need a Unix")

// Datagrams is a carrier over a unix datagram socket; there is none here.
type Datagrams struct{ none }

// Stream is a carrier over a unix stream socket; there is none here.
type Stream struct{ none }

// StreamPair is an error.
func StreamPair() (*Stream, *os.File, error) { return nil, nil, errNoSockets }

// DatagramPair is an error.
func DatagramPair() (*Datagrams, *os.File, error) { return nil, nil, errNoSockets }

// FileDatagrams is an error.
func FileDatagrams(*os.File) (*Datagrams, error) { return nil, errNoSockets }

// NewDatagrams is an error.
func NewDatagrams(*net.UnixConn) (*Datagrams, error) { return nil, errNoSockets }

// NewStream is an error.
func NewStream(*net.UnixConn) (*Stream, error) { return nil, errNoSockets }

type none struct{}

func (none) WriteFrame([]byte) error { return errNoSockets }
func (none) ReadFrame([]byte, time.Time) (int, time.Time, error) {
	return 0, time.Time{}, errNoSockets
}
func (none) Close() error { return nil }
