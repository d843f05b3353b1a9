// Package probegen makes the probes: packets, and short dialogues of packets,
// that tickle the TCP/IP stack of a machine until it shows which one it is.
//
// A probe is fully specified before anything is sent. What it cannot know in
// advance (the two addresses and ports, and in a dialogue the peer's sequence
// numbers) is filled in when it becomes bytes. A set of probes is made by a
// family from a seed; the same family, generator version, seed and options
// give the same bytes on any machine, for ever.
package probegen

import (
	"encoding/hex"
	"errors"
	"fmt"
)

// PortClass says which port of a machine a packet goes to.
type PortClass uint8

// The port classes. The zero value is invalid.
const (
	_ PortClass = iota
	OpenTCP
	ClosedTCP
	ClosedUDP
	NoPort
)

var portClassNames = [...]string{OpenTCP: "open-tcp", ClosedTCP: "closed-tcp", ClosedUDP: "closed-udp", NoPort: "none"}

// String gives the name used in files.
func (c PortClass) String() string {
	if c == 0 || int(c) >= len(portClassNames) {
		return fmt.Sprintf("PortClass(%d)", uint8(c))
	}
	return portClassNames[c]
}

// MarshalText is the inverse of UnmarshalText.
func (c PortClass) MarshalText() ([]byte, error) {
	if c == 0 || int(c) >= len(portClassNames) {
		return nil, fmt.Errorf("invalid port class %d", uint8(c))
	}
	return []byte(portClassNames[c]), nil
}

// UnmarshalText reads one of the names.
func (c *PortClass) UnmarshalText(text []byte) error {
	for i, name := range portClassNames {
		if i > 0 && name == string(text) {
			*c = PortClass(i)
			return nil
		}
	}
	return fmt.Errorf("port class %q: want open-tcp, closed-tcp, closed-udp or none", text)
}

// The TCP flags, as they stand in the 13th and 14th byte of the header.
const (
	FIN = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// The IP protocol numbers of the packets that probes are made of.
const (
	ProtoICMP  = 1
	ProtoTCP   = 6
	ProtoUDP   = 17
	ProtoICMP6 = 58
)

// Probe is one stimulus for a machine. Most have one step; a dialogue has more.
type Probe struct {
	ID    int    `json:"id"`             // position in its set, from 0
	Name  string `json:"name,omitempty"` // for families whose probes have names (S1, T2, …)
	Steps []Step `json:"steps"`          // at least one
}

// Packets is the number of packets that one copy of the probe sends.
func (p *Probe) Packets() int {
	n := 0
	for i := range p.Steps {
		if p.Steps[i].Packet != nil {
			n++
		}
	}
	return n
}

// Step is one move of a dialogue: what is sent and how long is listened.
type Step struct {
	Packet *Packet `json:"packet,omitempty"` // nil: send nothing and listen
	// Wait is the time in µs between this step's sending and the next one's.
	// Zero means: as soon as the machine has done with this step, whether it
	// answered or is known to be silent.
	Wait int64 `json:"wait_us,omitempty"`
	// Until has TCP flags that the machine should send by itself after this
	// step, such as the FIN of an application that closes. With no Wait the
	// step then lasts until they came in one answer, or for as long as a lost
	// packet is waited for.
	Until uint8 `json:"until,omitempty"`
}

// Packet is one IPv4 or IPv6 packet without addresses and ports. It is never a
// fragment and has no IPv4 options. Exactly one of IP (whose TTL is not 0) and
// IP6 is set, and exactly one of TCP, UDP and ICMP, which with IP6 is ICMPv6.
type Packet struct {
	Port    PortClass `json:"port"`
	IP      IPv4      `json:"ip,omitzero"`
	IP6     *IPv6     `json:"ip6,omitempty"`
	TCP     *TCP      `json:"tcp,omitempty"`
	UDP     *UDP      `json:"udp,omitempty"`
	ICMP    *ICMP     `json:"icmp,omitempty"`
	Payload Hex       `json:"payload,omitempty"`
}

// IPv4 holds the header fields that a probe chooses.
type IPv4 struct {
	TOS uint8  `json:"tos"`
	ID  uint16 `json:"id"`
	DF  bool   `json:"df"`
	TTL uint8  `json:"ttl"`
}

// Base says what a sequence or acknowledgement number counts from.
type Base string

// The bases. In a dialogue the engine knows the state of the connection.
const (
	Absolute Base = ""          // the number itself
	SndNxt   Base = "snd.nxt"   // relative to what the prober sends next
	SndUna   Base = "snd.una"   // relative to the machine's latest acknowledgement number
	SndEdge  Base = "snd.edge"  // relative to the first number behind the machine's latest window
	RcvNxt   Base = "rcv.nxt"   // relative to what the prober expects next
	TSRecent Base = "ts.recent" // relative to the machine's latest timestamp; for EchoBase alone
)

// TCP holds the header fields that a probe chooses.
type TCP struct {
	Seq      uint32 `json:"seq"`
	SeqBase  Base   `json:"seq_base,omitempty"`
	Ack      uint32 `json:"ack"`
	AckBase  Base   `json:"ack_base,omitempty"`
	Reserved uint8  `json:"reserved"` // the four bits between data offset and CWR
	Flags    uint8  `json:"flags"`    // FIN|SYN|…|CWR
	Window   uint16 `json:"window"`
	Urgent   uint16 `json:"urgent"`
	Options  Hex    `json:"options,omitempty"`   // encoded, padded to a multiple of 4, at most 40 bytes
	EchoBase Base   `json:"echo_base,omitempty"` // of the echo in the first timestamps option: TSRecent
	SACKBase Base   `json:"sack_base,omitempty"` // of the edges in the first SACK option
}

// UDP marks a UDP datagram; its ports are filled in when it is sent.
type UDP struct{}

// ICMP holds the fields of an ICMPv4 or ICMPv6 message. Rest is the second
// 32-bit word (identifier and sequence number of an echo request).
type ICMP struct {
	Type uint8  `json:"type"`
	Code uint8  `json:"code"`
	Rest uint32 `json:"rest"`
	// Target is the place in the payload of the machine's IPv6 address, whose
	// 16 bytes are zero in the packet and filled in when it is sent: the target
	// of a neighbour solicitation, the subject of a node information query.
	// Nil: there is none.
	Target *int `json:"target,omitempty"`
}

// Proto gives the IP protocol number, or 0 when no transport is set.
func (p *Packet) Proto() uint8 {
	switch {
	case p.TCP != nil:
		return ProtoTCP
	case p.UDP != nil:
		return ProtoUDP
	case p.ICMP != nil && p.IP6 != nil:
		return ProtoICMP6
	case p.ICMP != nil:
		return ProtoICMP
	}
	return 0
}

// Hex is bytes that stand in JSON as lower-case hexadecimal.
type Hex []byte

// MarshalText is the inverse of UnmarshalText.
func (h Hex) MarshalText() ([]byte, error) {
	return hex.AppendEncode(nil, h), nil
}

// UnmarshalText reads an even number of hexadecimal digits.
func (h *Hex) UnmarshalText(text []byte) error {
	b, err := hex.AppendDecode(nil, text)
	if err != nil {
		return errors.New("hexadecimal bytes: want an even number of the digits 0-9 and a-f")
	}
	*h = b
	return nil
}
