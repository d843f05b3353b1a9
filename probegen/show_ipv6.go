package probegen

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// nextHeaderNames are the values of Next Header that probes have, under
// Wireshark's names.
var nextHeaderNames = map[uint8]string{
	uint8(HopByHop): "IPv6 Hop-by-Hop Option", uint8(Routing): "Routing Header for IPv6",
	uint8(DestinationOptions): "Destination Options for IPv6",
	ProtoTCP:                  "TCP", ProtoUDP: "UDP", ProtoICMP6: "ICMPv6",
}

// ipv6 prints the header and the extension headers that b begins with.
func (d *detail) ipv6(b []byte, h *IPv6) {
	src, dst := netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40]))
	d.line("Internet Protocol Version 6, Src: %v, Dst: %v", src, dst)
	d.under(func() {
		d.bits(uint32(b[0]), 0xf0, fmt.Sprintf("Version: %d", b[0]>>4))
		tc := h.TrafficClass
		d.line("Traffic Class: 0x%02x (DSCP: %s, ECN: %s)", tc, dscpName(tc>>2), ecnNames[tc&3])
		d.under(func() {
			d.bits(uint32(tc), 0xfc, fmt.Sprintf("Differentiated Services Codepoint: %s (%d)", dscpName(tc>>2), tc>>2))
			d.bits(uint32(tc), 0x03, fmt.Sprintf("Explicit Congestion Notification: %s (%d)", ecnNames[tc&3], tc&3))
		})
		d.line("Flow Label: 0x%05x", h.FlowLabel)
		d.line("Payload Length: %d", binary.BigEndian.Uint16(b[4:]))
		d.line("Next Header: %s (%d)", nextHeaderNames[b[6]], b[6])
		d.line("Hop Limit: %d", b[7])
		d.line("Source Address: %v", src)
		d.line("Destination Address: %v", dst)
		rest := b[ipv6HeaderLen:]
		for _, e := range h.Extensions {
			n := 2 + len(e.Data)
			d.extension(e.Header, rest[:n])
			rest = rest[n:]
		}
	})
}

// extension prints one extension header.
func (d *detail) extension(h ExtensionHeader, b []byte) {
	d.line("%s", nextHeaderNames[uint8(h)])
	d.under(func() {
		d.line("Next Header: %s (%d)", nextHeaderNames[b[0]], b[0])
		d.line("Length: %d (%d bytes)", b[1], len(b))
		if h == Routing {
			d.line("Type: %d", b[2])
			d.line("Segments Left: %d", b[3])
			d.line("Type-Specific Data: %x", b[4:])
			return
		}
		d.extensionOptions(b[2:])
	})
}

// extensionOptions prints the options of RFC 8200, section 4.2, a line each,
// until one that runs over the end.
func (d *detail) extensionOptions(b []byte) {
	const pad1, padN = 0, 1
	for len(b) > 0 {
		switch {
		case b[0] == pad1:
			d.line("Pad1")
			b = b[1:]
			continue
		case len(b) < 2 || 2+int(b[1]) > len(b):
			d.line("Malformed option of type %d: %x", b[0], b)
			return
		}
		n := 2 + int(b[1])
		name := fmt.Sprintf("Option of type 0x%02x", b[0])
		if b[0] == padN {
			name = "PadN"
		}
		d.line("%s, length %d: %x", name, b[1], b[2:n])
		b = b[n:]
	}
}

// The ICMPv6 messages that a prober may send (RFC 4443, RFC 4861, RFC 4620).
const (
	icmp6Echo         = 128
	icmp6Solicitation = 135
	icmp6NodeQuery    = 139
)

// icmp6 prints a message and returns what stands behind it as data.
func (d *detail) icmp6(b []byte) (data []byte) {
	names := map[uint8]string{icmp6Echo: "Echo (ping) request", icmp6Solicitation: "Neighbor Solicitation", icmp6NodeQuery: "Node Information Query"}
	name, ok := names[b[0]]
	if !ok {
		name = "Unknown"
	}
	data = b[icmpHeaderLen:]
	d.line("Internet Control Message Protocol v6")
	d.under(func() {
		d.line("Type: %s (%d)", name, b[0])
		d.line("Code: %d", b[1])
		d.line("Checksum: 0x%04x", binary.BigEndian.Uint16(b[2:]))
		switch high, low := binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:]); {
		case b[0] == icmp6Echo:
			d.line("Identifier: 0x%04x", high)
			d.line("Sequence: %d", low)
		case b[0] == icmp6Solicitation && len(data) >= 16:
			d.line("Reserved: %04x%04x", high, low)
			d.line("Target Address: %v", netip.AddrFrom16([16]byte(data)))
			data = data[16:]
		case b[0] == icmp6NodeQuery && len(data) >= 8:
			d.line("Qtype: %d", high)
			d.line("Flags: 0x%04x", low)
			d.line("Nonce: 0x%x", data[:8])
			data = data[8:]
		default:
			d.line("Rest of Header: 0x%04x%04x", high, low)
		}
	})
	return data
}
