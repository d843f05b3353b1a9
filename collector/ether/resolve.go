package ether

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"
)

const (
	arpLen     = 28
	arpRequest = 1
	arpReply   = 2
)

// arp answers a request for an address of the prober's and learns the
// machine's hardware address.
func (l *Link) arp(b []byte) error {
	// Ethernet (1), IPv4 (0x0800), 6 and 4 bytes: RFC 826.
	if len(b) < arpLen || !bytes.Equal(b[:6], []byte{0, 1, 8, 0, 6, 4}) {
		return nil
	}
	sender := netip.AddrFrom4([4]byte(b[14:18]))
	target := netip.AddrFrom4([4]byte(b[24:28]))
	if sender == l.cfg.Gateway {
		l.learn(b[8:14])
	}
	if binary.BigEndian.Uint16(b[6:]) != arpRequest || !l.cfg.Prober.Contains(target) || target == l.cfg.Machine {
		return nil
	}
	return l.writeARP(arpReply, target, sender, b[8:14])
}

// learn notes the machine's hardware address unless it was configured.
func (l *Link) learn(mac []byte) {
	if l.cfg.MachineMAC == nil {
		copy(l.frame[:6], mac)
		l.known = true
	}
}

func (l *Link) writeARP(op uint16, from, to netip.Addr, toMAC []byte) error {
	frame := make([]byte, 0, 60)
	frame = append(frame, toMAC...)
	frame = append(frame, l.cfg.MAC...)
	frame = append(frame, 0x08, 0x06, 0, 1, 8, 0, 6, 4)
	frame = binary.BigEndian.AppendUint16(frame, op)
	frame = append(frame, l.cfg.MAC...)
	frame = append(frame, from.AsSlice()...)
	if op == arpRequest {
		frame = append(frame, 0, 0, 0, 0, 0, 0)
	} else {
		frame = append(frame, toMAC...)
	}
	frame = append(frame, to.AsSlice()...)
	if err := l.carrier.WriteFrame(frame[:60]); err != nil {
		return l.fail(err)
	}
	return nil
}

var broadcast = []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// own is the first of the prober's addresses: of a block of more than two the
// first stays free.
func (l *Link) own() netip.Addr {
	a := l.cfg.Prober.Masked().Addr()
	if l.cfg.Prober.Bits() < a.BitLen()-1 {
		return a.Next()
	}
	return a
}

// resolve asks for the machine's hardware address until it is known. Packets
// that come meanwhile are answers to nothing and are dropped.
func (l *Link) resolve(deadline time.Time) error {
	from := l.own()
	for !l.known {
		now := time.Now()
		if !now.Before(deadline) {
			return fmt.Errorf("link: %s does not answer ARP", l.cfg.Gateway)
		}
		if err := l.writeARP(arpRequest, from, l.cfg.Gateway, broadcast); err != nil {
			return err
		}
		for wait := now.Add(50 * time.Millisecond); !l.known; {
			_, _, err := l.next(wait)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// ipv6 returns the packet in a frame's body, when it is for the prober;
// neighbour solicitations and advertisements are handled on the way.
func (l *Link) ipv6(body []byte) ([]byte, error) {
	if !l.cfg.Prober6.IsValid() || len(body) < 40 || body[0]>>4 != 6 {
		return nil, nil
	}
	if total := 40 + int(binary.BigEndian.Uint16(body[4:])); total < len(body) {
		body = body[:total]
	}
	const icmpv6, solicitation = 58, 135
	if body[6] == icmpv6 && len(body) >= 64 && body[40] == solicitation {
		return nil, l.advertise(body)
	}
	if !l.cfg.Prober6.Contains(netip.AddrFrom16([16]byte(body[24:40]))) {
		return nil, nil
	}
	return body, nil
}

// advertise answers a neighbour solicitation for an address of the prober's
// (RFC 4861 §7.2.4) and learns the machine's hardware address from its
// source link-layer address option.
func (l *Link) advertise(ask []byte) error {
	sender := netip.AddrFrom16([16]byte(ask[8:24]))
	target := netip.AddrFrom16([16]byte(ask[48:64]))
	to := l.in[6:12]
	if sender == l.cfg.Machine6 {
		l.learn(to)
	}
	if !l.cfg.Prober6.Contains(target) || target == l.cfg.Machine6 {
		return nil
	}
	if sender.IsUnspecified() { // duplicate address detection: nobody else has it
		return nil
	}
	frame := make([]byte, 0, headerLen+40+32)
	frame = append(frame, to...)
	frame = append(frame, l.cfg.MAC...)
	frame = append(frame, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, 58, 255)
	frame = append(frame, target.AsSlice()...)
	frame = append(frame, sender.AsSlice()...)
	// Solicited and override; then the target link-layer address option.
	frame = append(frame, 136, 0, 0, 0, 0x60, 0, 0, 0)
	frame = append(frame, target.AsSlice()...)
	frame = append(frame, 2, 1)
	frame = append(frame, l.cfg.MAC...)
	binary.BigEndian.PutUint16(frame[headerLen+42:], icmp6Checksum(frame[headerLen:]))
	if err := l.carrier.WriteFrame(frame); err != nil {
		return l.fail(err)
	}
	return nil
}

// icmp6Checksum is the checksum over packet's pseudo header and ICMPv6
// message, whose checksum field is zero (RFC 4443 §2.3).
func icmp6Checksum(packet []byte) uint16 {
	// The pseudo header is the addresses, the length and the protocol.
	// Our own messages are of an even length.
	return checksum(packet[8:], uint32(len(packet)-40)+58)
}
