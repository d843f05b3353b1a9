package probegen

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

var protoNames = map[uint8]string{ProtoICMP: "ICMP", ProtoTCP: "TCP", ProtoUDP: "UDP"}

// ecnNames are the codepoints of RFC 3168, section 5.
var ecnNames = [...]string{"Not ECN-Capable Transport", "ECN-Capable Transport codepoint '01'",
	"ECN-Capable Transport codepoint '10'", "Congestion Experienced"}

// ipv4 prints the header that b begins with; those of probes have no options.
func (d *detail) ipv4(b []byte) {
	src, dst := netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
	d.line("Internet Protocol Version 4, Src: %v, Dst: %v", src, dst)
	d.under(func() {
		d.bits(uint32(b[0]), 0xf0, fmt.Sprintf("Version: %d", b[0]>>4))
		d.bits(uint32(b[0]), 0x0f, fmt.Sprintf("Header Length: %d bytes (%d)", 4*(b[0]&15), b[0]&15))
		tos := b[1]
		d.line("Differentiated Services Field: 0x%02x (DSCP: %s, ECN: %s)", tos, dscpName(tos>>2), ecnNames[tos&3])
		d.under(func() {
			d.bits(uint32(tos), 0xfc, fmt.Sprintf("Differentiated Services Codepoint: %s (%d)", dscpName(tos>>2), tos>>2))
			d.bits(uint32(tos), 0x03, fmt.Sprintf("Explicit Congestion Notification: %s (%d)", ecnNames[tos&3], tos&3))
		})
		d.line("Total Length: %d", binary.BigEndian.Uint16(b[2:]))
		id := binary.BigEndian.Uint16(b[4:])
		d.line("Identification: 0x%04x (%d)", id, id)
		d.fragment(binary.BigEndian.Uint16(b[6:]))
		d.line("Time to Live: %d", b[8])
		d.line("Protocol: %s (%d)", protoNames[b[9]], b[9])
		d.line("Header Checksum: 0x%04x", binary.BigEndian.Uint16(b[10:]))
		d.line("Source Address: %v", src)
		d.line("Destination Address: %v", dst)
	})
}

// fragment prints the word of the three flags and the fragment offset.
func (d *detail) fragment(word uint16) {
	flags := uint32(word >> 13)
	name := ""
	if flags == 2 {
		name = ", Don't fragment"
	}
	d.bits(flags<<5, 0xe0, fmt.Sprintf("Flags: 0x%x%s", flags, name))
	d.under(func() {
		d.flag(flags<<5, 0x80, "Reserved bit")
		d.flag(flags<<5, 0x40, "Don't fragment")
		d.flag(flags<<5, 0x20, "More fragments")
	})
	d.bits(uint32(word), 0x1fff, fmt.Sprintf("Fragment Offset: %d", word&0x1fff))
}

// dscpName gives the name of a codepoint: class selectors (RFC 2474), assured
// forwarding (RFC 2597), expedited forwarding (RFC 3246).
func dscpName(v uint8) string {
	class, low := v>>3, v&7
	switch {
	case v == 0:
		return "Default"
	case v == 46:
		return "Expedited Forwarding"
	case low == 0:
		return fmt.Sprintf("Class Selector %d", class)
	case class >= 1 && class <= 4 && (low == 2 || low == 4 || low == 6):
		return fmt.Sprintf("Assured Forwarding %d%d", class, low/2)
	}
	return "Unknown"
}

func (d *detail) udp(b []byte) {
	src, dst := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	d.line("User Datagram Protocol, Src Port: %d, Dst Port: %d", src, dst)
	d.under(func() {
		d.line("Source Port: %d", src)
		d.line("Destination Port: %d", dst)
		d.line("Length: %d", binary.BigEndian.Uint16(b[4:]))
		d.line("Checksum: 0x%04x", binary.BigEndian.Uint16(b[6:]))
	})
}

// icmpNames are the queries that a prober may send (RFC 792, RFC 950).
var icmpNames = map[uint8]string{0: "Echo (ping) reply", 8: "Echo (ping) request", 13: "Timestamp request", 17: "Address mask request"}

func (d *detail) icmp(b []byte) {
	d.line("Internet Control Message Protocol")
	d.under(func() {
		name, ok := icmpNames[b[0]]
		if !ok {
			name = "Unknown"
		}
		d.line("Type: %d (%s)", b[0], name)
		d.line("Code: %d", b[1])
		d.line("Checksum: 0x%04x", binary.BigEndian.Uint16(b[2:]))
		if !ok {
			d.line("Rest of Header: 0x%08x", binary.BigEndian.Uint32(b[4:]))
			return
		}
		id, seq := binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:])
		d.line("Identifier (BE): %d (0x%04x)", id, id)
		d.line("Sequence Number (BE): %d (0x%04x)", seq, seq)
	})
}
