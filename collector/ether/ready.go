package ether

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"tickle/collector/pool"
)

// Ready waits until the machine answers a SYN to a TCP port on which it
// listens with a SYN-ACK, for most at the longest: a real exchange, and the
// first, which takes longest, is behind the caller. It sends a SYN every tenth of a second from ports 1024 and up of the
// prober's first address, and ends what it has opened with an RST. Whatever
// else came meanwhile is dropped.
func (l *Link) Ready(ctx context.Context, port uint16, most time.Duration) error {
	return l.ready(ctx, ends{l.own(), l.cfg.Machine}, port, most)
}

// ReadyIPv6 is Ready over IPv6, which a machine may have later.
func (l *Link) ReadyIPv6(ctx context.Context, port uint16, most time.Duration) error {
	return l.ready(ctx, ends{l.cfg.Prober6.Masked().Addr().Next(), l.cfg.Machine6}, port, most)
}

// ends are the addresses of the prober and of the machine, of one version.
type ends struct{ prober, machine netip.Addr }

func (l *Link) ready(ctx context.Context, e ends, port uint16, most time.Duration) error {
	const every = 100 * time.Millisecond
	buf := make([]byte, pool.MaxPacket)
	for end, from := time.Now().Add(most), uint16(1024); time.Now().Before(end); from++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := l.Send(e.segment(from, port, 0, flagSYN))
		if errors.Is(err, pool.ErrClosed) {
			return err
		}
		if err != nil { // it does not answer ARP yet
			continue
		}
		for until := l.Now() + every.Microseconds(); ; {
			n, _, ok, err := l.Receive(buf, until)
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			if ack, ok := e.accepted(buf[:n], port, from); ok {
				return l.Send(e.segment(from, port, ack, flagRST))
			}
		}
	}
	return fmt.Errorf("%s accepts no connection to port %d within %v", e.machine, port, most)
}

// The flags of a TCP header that Ready uses (RFC 9293).
const (
	flagSYN = 0x02
	flagRST = 0x04
	flagACK = 0x10
)

// segment is a TCP segment without payload or options.
func (e ends) segment(from, to uint16, seq uint32, flags byte) []byte {
	const length, protocol = 20, 6
	var b []byte
	if e.machine.Is4() {
		b = []byte{0: 0x45, 3: 20 + length, 6: 0x40, 8: 64, 9: protocol, 19: 0}
		copy(b[12:], e.prober.AsSlice())
		copy(b[16:], e.machine.AsSlice())
		binary.BigEndian.PutUint16(b[10:], checksum(b, 0))
	} else {
		b = []byte{0: 0x60, 5: length, 6: protocol, 7: 64, 39: 0}
		copy(b[8:], e.prober.AsSlice())
		copy(b[24:], e.machine.AsSlice())
	}
	head := len(b)
	b = append(b, make([]byte, length)...)
	tcp := b[head:]
	binary.BigEndian.PutUint16(tcp, from)
	binary.BigEndian.PutUint16(tcp[2:], to)
	binary.BigEndian.PutUint32(tcp[4:], seq)
	tcp[12], tcp[13] = 5<<4, flags
	binary.BigEndian.PutUint16(tcp[14:], 1024)
	// The pseudo header is the addresses, the protocol and the length.
	addresses := 2 * len(e.machine.AsSlice())
	binary.BigEndian.PutUint16(tcp[16:], checksum(b[head-addresses:], protocol+length))
	return b
}

// accepted tells whether packet is a SYN-ACK to a SYN between those ports,
// and what it acknowledges.
func (e ends) accepted(packet []byte, port, from uint16) (ack uint32, ok bool) {
	var source netip.Addr
	head := 0
	switch {
	case len(packet) >= 20 && packet[0]>>4 == 4 && packet[9] == 6:
		source, head = netip.AddrFrom4([4]byte(packet[12:16])), int(packet[0]&15)*4
	case len(packet) >= 40 && packet[0]>>4 == 6 && packet[6] == 6:
		source, head = netip.AddrFrom16([16]byte(packet[8:24])), 40
	}
	if source != e.machine || len(packet) < head+20 {
		return 0, false
	}
	tcp := packet[head:]
	if binary.BigEndian.Uint16(tcp) != port || binary.BigEndian.Uint16(tcp[2:]) != from {
		return 0, false
	}
	const flags = flagSYN | flagACK | flagRST
	return binary.BigEndian.Uint32(tcp[8:]), tcp[13]&flags == flagSYN|flagACK
}

// checksum is the Internet checksum (RFC 1071) of b, whose length is even,
// begun with sum.
func checksum(b []byte, sum uint32) uint16 {
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum>>16 != 0 {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
