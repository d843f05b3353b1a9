//go:build linux && root

package main

import (
	"encoding/binary"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"tickle/learners/nmap4"
	"tickle/probegen"
)

// sniffer sees all packets of an interface with the kernel's times, which no
// busy processor makes late.
type sniffer struct {
	fd    int
	ended atomic.Bool
	done  sync.WaitGroup
	seen  []sniffed
}

type sniffed struct {
	at  int64 // µs
	out bool
	b   []byte // from the IP header on
}

// sniff starts a sniffer in a named namespace.
func sniff(t *testing.T, namespace, iface string) *sniffer {
	t.Helper()
	s := &sniffer{}
	var err error
	ready := make(chan struct{})
	go func() {
		defer close(ready)
		runtime.LockOSThread() // the thread, which is in the namespace, ends here
		var ns netns.NsHandle
		if ns, err = netns.GetFromName(namespace); err != nil {
			return
		}
		defer ns.Close()
		if err = netns.Set(ns); err == nil {
			s.fd, err = packetSocket(iface)
		}
	}()
	<-ready
	require.NoError(t, err)
	s.done.Go(s.read)
	return s
}

const allProtocols = 3 << 8 // ETH_P_ALL, in network order

func packetSocket(iface string) (int, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return 0, err
	}
	ifreq, err := unix.NewIfreq(iface)
	if err == nil {
		err = unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, ifreq)
	}
	if err == nil {
		err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	}
	if err == nil {
		err = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 100_000})
	}
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: allProtocols, Ifindex: int(ifreq.Uint32())})
	}
	return fd, err
}

func (s *sniffer) read() {
	b, oob := make([]byte, 1<<16), make([]byte, 256)
	for !s.ended.Load() {
		n, oobn, _, from, err := unix.Recvmsg(s.fd, b, oob, 0)
		switch {
		case err == unix.EINTR || err == unix.EAGAIN:
			continue
		case err != nil:
			return
		}
		link := from.(*unix.SockaddrLinklayer)
		if n < 20 || link.Protocol != 8 { // IPv4, in network order
			continue
		}
		p := sniffed{out: link.Pkttype == unix.PACKET_OUTGOING, b: append([]byte(nil), b[:min(n, int(binary.BigEndian.Uint16(b[2:])))]...)}
		messages, err := unix.ParseSocketControlMessage(oob[:oobn])
		for _, m := range messages {
			if err == nil && m.Header.Type == unix.SO_TIMESTAMPNS {
				p.at = (*unix.Timespec)(unsafe.Pointer(&m.Data[0])).Nano() / 1000
			}
		}
		s.seen = append(s.seen, p)
	}
}

// stop ends the sniffer and gives the scan that it saw.
func (s *sniffer) stop(t *testing.T) *nmap4.Scan {
	t.Helper()
	time.Sleep(50 * time.Millisecond)
	s.ended.Store(true)
	s.done.Wait()
	require.NoError(t, unix.Close(s.fd))
	return s.scan()
}

// scan is what went between Nmap and a machine: the first sending of each of
// the 16 probes, and what answers any of them.
func (s *sniffer) scan() *nmap4.Scan {
	scan := &nmap4.Scan{}
	byPorts := map[[3]uint16]int{} // protocol, and ports or echo identifier and sequence, of the probe
	for _, p := range s.seen {
		if p.out {
			name := probeName(p.b)
			if name == "" {
				continue
			}
			k := exchangeKey(p.b, false)
			if _, ok := byPorts[k]; !ok && !sent(scan, name) {
				byPorts[k] = len(scan.Exchanges)
				scan.Exchanges = append(scan.Exchanges, nmap4.Exchange{Name: name, Packet: readProbe(p.b), Sent: p.at})
			}
			continue
		}
		if i, ok := byPorts[exchangeKey(p.b, true)]; ok {
			scan.Exchanges[i].Answers = append(scan.Exchanges[i].Answers, p.b)
		}
	}
	return scan
}

func sent(s *nmap4.Scan, name string) bool {
	for i := range s.Exchanges {
		if s.Exchanges[i].Name == name {
			return true
		}
	}
	return false
}

// exchangeKey is what a probe and its answer have in common.
func exchangeKey(b []byte, answer bool) [3]uint16 {
	body := b[int(b[0]&15)*4:]
	word := func(i int) uint16 { return binary.BigEndian.Uint16(body[2*i:]) }
	switch {
	case b[9] == probegen.ProtoICMP && answer && body[0] == 3:
		return exchangeKey(body[8:], false)
	case b[9] == probegen.ProtoICMP:
		return [3]uint16{1, word(2), word(3)}
	case answer:
		return [3]uint16{uint16(b[9]), word(1), word(0)}
	}
	return [3]uint16{uint16(b[9]), word(0), word(1)}
}
