// Package attach puts a machine's link on a tap of a new network namespace,
// so that other programs (Nmap, tcpdump, Wireshark) reach the very same
// machine. The machine's side of the cable is played here: a hardware address
// that answers ARP. Where a link's clock is virtual, it is made to run with
// the host's.
package attach

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"time"

	"tickle/collector/pool"
)

// Tap is the tap's name in the namespace.
const Tap = "tickle0"

// Addresses are those on the tap. The namespace has the first of each of the
// prober's blocks.
type Addresses struct {
	Machine, Machine6 netip.Addr
	Prober, Prober6   netip.Prefix
}

// Default are the addresses that isolated links have.
var Default = Addresses{
	Machine: netip.MustParseAddr("192.0.2.1"), Prober: netip.MustParsePrefix("198.18.0.0/24"),
	Machine6: pool.Machine6, Prober6: pool.Prober6,
}

// Net is what a backend is told of the addresses.
func (a *Addresses) Net() pool.Net {
	return pool.Net{Machine: a.Machine, Prober: a.Prober, Machine6: a.Machine6, Prober6: a.Prober6}
}

// machineMAC is the machine's hardware address on the tap.
var machineMAC = net.HardwareAddr{0x02, 0x54, 0x69, 0x63, 0x6b, 0x01}

const headerLen = 14

// tap moves whole frames.
type tap interface {
	Read(frame []byte) (int, error)
	Write(frame []byte) (int, error)
}

// tick is the longest that a packet waits for the other direction.
const tick = time.Millisecond

// bridge carries packets between a link and a tap. Frames come from a
// goroutine that reads the tap.
type bridge struct {
	addr   Addresses
	link   pool.Link
	tap    tap
	frames <-chan []byte
	peer   [6]byte // the hardware address of the namespace's end
	out    []byte
	in     []byte
}

func newBridge(a Addresses, l pool.Link, t tap, frames <-chan []byte) *bridge {
	return &bridge{addr: a, link: l, tap: t, frames: frames, out: make([]byte, headerLen+pool.MaxPacket), in: make([]byte, pool.MaxPacket)}
}

// run carries until ctx ends, the tap closes, or the machine dies.
func (b *bridge) run(ctx context.Context) error {
	virtual := b.link.Silence() == pool.Certain
	start, from := time.Now(), b.link.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		for more := true; more; {
			select {
			case f, ok := <-b.frames:
				if !ok {
					return nil
				}
				if err := b.toMachine(f); err != nil {
					return err
				}
			default:
				more = false
			}
		}
		until := b.link.Now() + tick.Microseconds()
		if virtual {
			until = max(b.link.Now(), from+time.Since(start).Microseconds())
		}
		came, err := b.fromMachine(until)
		if err != nil {
			return err
		}
		if !virtual || came {
			continue
		}
		timer.Reset(tick)
		select {
		case f, ok := <-b.frames:
			if !ok {
				return nil
			}
			if err := b.toMachine(f); err != nil {
				return err
			}
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	return nil
}

// fromMachine carries one packet, if one comes.
func (b *bridge) fromMachine(until int64) (came bool, err error) {
	n, _, ok, err := b.link.Receive(b.in, until)
	if err != nil || !ok || n == 0 {
		return false, err
	}
	typ := uint16(0x0800)
	if b.in[0]>>4 == 6 {
		typ = 0x86dd
	}
	return true, b.write(typ, b.in[:n])
}

func (b *bridge) write(typ uint16, body []byte) error {
	copy(b.out, b.peer[:])
	copy(b.out[6:], machineMAC)
	binary.BigEndian.PutUint16(b.out[12:], typ)
	n := headerLen + copy(b.out[headerLen:], body)
	// A frame that the tap does not take (too long for it, or it is down) is
	// lost, as on any cable.
	_, _ = b.tap.Write(b.out[:n])
	return nil
}

// toMachine carries one frame's packet, or answers its ARP request. Only
// packets for the machine are carried.
func (b *bridge) toMachine(frame []byte) error {
	if len(frame) < headerLen {
		return nil
	}
	body := frame[headerLen:]
	copy(b.peer[:], frame[6:12])
	switch binary.BigEndian.Uint16(frame[12:]) {
	case 0x0806:
		return b.arp(body)
	case 0x0800:
		if len(body) < 20 || netip.AddrFrom4([4]byte(body[16:20])) != b.addr.Machine {
			return nil
		}
		return b.link.Send(body)
	case 0x86dd:
		if len(body) < 40 || !b.addr.Machine6.IsValid() {
			return nil
		}
		switch netip.AddrFrom16([16]byte(body[24:40])) {
		case b.addr.Machine6:
			return b.link.Send(body)
		case solicitedNode(b.addr.Machine6):
			return b.advertise(body)
		}
	}
	return nil
}

// solicitedNode is the group in which a node is asked for its hardware address
// (RFC 4291 §2.7.1).
func solicitedNode(a netip.Addr) netip.Addr {
	group, node := netip.MustParseAddr("ff02::1:ff00:0").As16(), a.As16()
	copy(group[13:], node[13:])
	return netip.AddrFrom16(group)
}

// advertise answers a neighbour solicitation that goes to the group (RFC 4861
// §7.2.4), as arp does: a stack inside this process has no hardware address.
// One that goes to the machine's address is the machine's to answer.
func (b *bridge) advertise(ask []byte) error {
	const icmpv6, solicitation, advertisement, solicitedOverride = 58, 135, 136, 0x60
	sender := ask[8:24]
	if len(ask) < 64 || ask[6] != icmpv6 || ask[40] != solicitation || netip.AddrFrom16([16]byte(ask[48:64])) != b.addr.Machine6 ||
		netip.AddrFrom16([16]byte(sender)).IsUnspecified() {
		return nil
	}
	machine := b.addr.Machine6.AsSlice()
	reply := append([]byte{0x60, 0, 0, 0, 0, 32, icmpv6, 255}, machine...)
	reply = append(reply, sender...)
	reply = append(reply, advertisement, 0, 0, 0, solicitedOverride, 0, 0, 0)
	reply = append(reply, machine...)
	reply = append(append(reply, 2, 1), machineMAC...) // the target's link-layer address
	sum := uint32(len(reply)-40) + icmpv6              // the pseudo header's length and protocol
	for i := 8; i < len(reply); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(reply[i:]))
	}
	for sum>>16 != 0 {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(reply[42:], ^uint16(sum))
	return b.write(0x86dd, reply)
}

// arp answers a request for the machine's address (RFC 826).
func (b *bridge) arp(ask []byte) error {
	if len(ask) < 28 || !bytes.Equal(ask[:8], []byte{0, 1, 8, 0, 6, 4, 0, 1}) || netip.AddrFrom4([4]byte(ask[24:28])) != b.addr.Machine {
		return nil
	}
	reply := append([]byte{0, 1, 8, 0, 6, 4, 0, 2}, machineMAC...)
	reply = append(reply, ask[24:28]...)
	reply = append(reply, ask[8:18]...)
	return b.write(0x0806, reply)
}
