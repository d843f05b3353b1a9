package probegen

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// The IPv6 header's length in bytes, and its place for the destination.
const ipv6HeaderLen = 40

// IPv6 holds the header fields that a probe chooses, and the extension headers
// between the header and the transport, in the order in which they are sent,
// which need not be the one that RFC 8200 asks for.
type IPv6 struct {
	TrafficClass uint8       `json:"traffic_class"`
	FlowLabel    uint32      `json:"flow_label"` // 20 bits
	HopLimit     uint8       `json:"hop_limit"`
	Extensions   []Extension `json:"extensions,omitempty"`
}

// Extension is an extension header of RFC 8200, section 4.
type Extension struct {
	Header ExtensionHeader `json:"header"`
	Data   Hex             `json:"data"` // what follows Next Header and Hdr Ext Len: 8n+6 bytes
}

// ExtensionHeader is the Next Header value of an extension header.
type ExtensionHeader uint8

// The extension headers that probes have.
const (
	HopByHop           ExtensionHeader = 0
	Routing            ExtensionHeader = 43
	DestinationOptions ExtensionHeader = 60
)

var extensionNames = map[ExtensionHeader]string{HopByHop: "hop-by-hop", Routing: "routing", DestinationOptions: "destination"}

// String gives the name used in files.
func (h ExtensionHeader) String() string {
	if name, ok := extensionNames[h]; ok {
		return name
	}
	return fmt.Sprintf("ExtensionHeader(%d)", uint8(h))
}

// MarshalText is the inverse of UnmarshalText.
func (h ExtensionHeader) MarshalText() ([]byte, error) {
	name, ok := extensionNames[h]
	if !ok {
		return nil, fmt.Errorf("invalid extension header %d", uint8(h))
	}
	return []byte(name), nil
}

// UnmarshalText reads one of the names.
func (h *ExtensionHeader) UnmarshalText(text []byte) error {
	for v, name := range extensionNames {
		if name == string(text) {
			*h = v
			return nil
		}
	}
	return fmt.Errorf("extension header %q: want hop-by-hop, routing or destination", text)
}

// check says what is wrong, with the field as it stands in a file. A routing
// header with segments left would send a packet to others than the machine.
func (h *IPv6) check() error {
	if h.FlowLabel >= 1<<20 {
		return wrong("flow_label", "want 0 to %d, have %d", 1<<20-1, h.FlowLabel)
	}
	if h.HopLimit == 0 {
		return wrong("hop_limit", "want 1 to 255")
	}
	for i, e := range h.Extensions {
		field := fmt.Sprintf("extensions[%d].", i)
		if _, ok := extensionNames[e.Header]; !ok {
			return wrong(field+"header", "want hop-by-hop, routing or destination, have %d", uint8(e.Header))
		}
		if n := len(e.Data); n%8 != 6 || n > 6+8*255 {
			return wrong(field+"data", "want 6 bytes or a multiple of 8 more, at most %d, have %d", 6+8*255, n)
		}
		if e.Header == Routing && e.Data[1] != 0 {
			return wrong(field+"data", "want no segments left in the second byte, have %d", e.Data[1])
		}
	}
	return nil
}

// len is the length in bytes of the header and its extensions.
func (h *IPv6) len() int {
	n := ipv6HeaderLen
	for _, e := range h.Extensions {
		n += 2 + len(e.Data)
	}
	return n
}

// appendIPv6 appends the IPv6 header and the extension headers.
func (p *Packet) appendIPv6(dst []byte, from, to netip.Addr) []byte {
	h := p.IP6
	next := p.Proto()
	if len(h.Extensions) > 0 {
		next = uint8(h.Extensions[0].Header)
	}
	dst = binary.BigEndian.AppendUint32(dst, 6<<28|uint32(h.TrafficClass)<<20|h.FlowLabel)
	dst = binary.BigEndian.AppendUint16(dst, uint16(p.Len()-ipv6HeaderLen))
	dst = append(dst, next, h.HopLimit)
	src, dest := from.As16(), to.As16()
	dst = append(dst, src[:]...)
	dst = append(dst, dest[:]...)
	for i, e := range h.Extensions {
		next = p.Proto()
		if i+1 < len(h.Extensions) {
			next = uint8(h.Extensions[i+1].Header)
		}
		dst = append(dst, next, byte(len(e.Data)/8))
		dst = append(dst, e.Data...)
	}
	return dst
}

// PadN gives the data of an extension header that holds nothing but a PadN
// option (RFC 8200, section 4.2) of so many zero bytes, 4 modulo 8.
func PadN(n int) Hex { return append(Hex{1, byte(n)}, make(Hex, n)...) }
