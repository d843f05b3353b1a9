package probegen

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// tcpFlags names the flags as Wireshark's summary and detail lines do, from
// the highest bit down.
var tcpFlags = []struct {
	bit         uint8
	short, name string
}{
	{CWR, "CWR", "Congestion Window Reduced"},
	{ECE, "ECE", "ECN-Echo"},
	{URG, "URG", "Urgent"},
	{ACK, "ACK", "Acknowledgment"},
	{PSH, "PSH", "Push"},
	{RST, "RST", "Reset"},
	{SYN, "SYN", "Syn"},
	{FIN, "FIN", "Fin"},
}

// flagNames lists the flags that are set, the lowest bit first.
func flagNames(flags uint8) string {
	var names []string
	for i := len(tcpFlags) - 1; i >= 0; i-- {
		if flags&tcpFlags[i].bit != 0 {
			names = append(names, tcpFlags[i].short)
		}
	}
	if names == nil {
		return "<None>"
	}
	return strings.Join(names, ", ")
}

// tcp prints the segment b that t became.
func (d *detail) tcp(b []byte, t *TCP) {
	src, dst := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	seq, ack := binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	header := 4 * int(b[12]>>4)
	d.line("Transmission Control Protocol, Src Port: %d, Dst Port: %d, Seq: %d, Ack: %d, Len: %d", src, dst, seq, ack, len(b)-header)
	d.under(func() {
		d.line("Source Port: %d", src)
		d.line("Destination Port: %d", dst)
		d.line("TCP Segment Len: %d", len(b)-header)
		d.line("Sequence Number: %d%s", seq, relation(t.Seq, t.SeqBase))
		d.line("Acknowledgment Number: %d%s", ack, relation(t.Ack, t.AckBase))
		d.bits(uint32(b[12]), 0xf0, fmt.Sprintf("Header Length: %d bytes (%d)", header, header/4))
		d.tcpFlags(binary.BigEndian.Uint16(b[12:]) & 0xfff)
		d.line("Window: %d", binary.BigEndian.Uint16(b[14:]))
		d.line("Checksum: 0x%04x", binary.BigEndian.Uint16(b[16:]))
		d.line("Urgent Pointer: %d", binary.BigEndian.Uint16(b[18:]))
		if header > tcpHeaderLen {
			d.tcpOptions(b[tcpHeaderLen:header])
		}
	})
}

// relation says what a relative number counts from: (snd.nxt + 1).
func relation(offset uint32, base Base) string {
	switch v := int32(offset); {
	case base == Absolute:
		return ""
	case v < 0:
		return fmt.Sprintf(" (%s - %d)", base, -int64(v))
	default:
		return fmt.Sprintf(" (%s + %d)", base, v)
	}
}

// tcpFlags prints the four reserved bits and the eight flags. Wireshark takes
// the last reserved bit for RFC 7560's accurate ECN; to a probe all four are alike.
func (d *detail) tcpFlags(v uint16) {
	d.line("Flags: 0x%03x (%s)", v, flagNames(uint8(v)))
	d.under(func() {
		d.line("%s = Reserved: %d", bitPattern(uint32(v), 0xf00, 12), v>>8)
		for _, f := range tcpFlags {
			state := "Not set"
			if uint8(v)&f.bit != 0 {
				state = "Set"
			}
			d.line("%s = %s: %s", bitPattern(uint32(v), uint32(f.bit), 12), f.name, state)
		}
	})
}

// tcpOptions prints an option a line until a malformed one or the end of the
// list, and then what is left as bytes.
func (d *detail) tcpOptions(b []byte) {
	d.line("Options: (%d bytes)", len(b))
	d.under(func() {
		for len(b) > 0 {
			kind, data, rest, ok := NextOption(b)
			if !ok {
				d.line("TCP Option - Malformed option of kind %d: %x", kind, b)
				return
			}
			d.line("TCP Option - %s", describeOption(kind, data))
			if kind == KindEOL {
				if len(rest) > 0 {
					d.line("After the End of Option List: %x", rest)
				}
				return
			}
			b = rest
		}
	})
}

// describeOption names an option and its values. One whose length is not its
// kind's is printed as bytes.
func describeOption(kind uint8, data []byte) string {
	word := binary.BigEndian.Uint32
	switch {
	case kind == KindEOL:
		return "End of Option List (EOL)"
	case kind == KindNOP:
		return "No-Operation (NOP)"
	case kind == KindMSS && len(data) == 2:
		return fmt.Sprintf("Maximum segment size: %d bytes", binary.BigEndian.Uint16(data))
	case kind == KindWindowScale && len(data) == 1:
		return "Window scale: " + describeScale(data[0])
	case kind == KindSACKPermitted && len(data) == 0:
		return "SACK permitted"
	case kind == KindSACK && len(data) > 0 && len(data)%8 == 0:
		var blocks strings.Builder
		for ; len(data) > 0; data = data[8:] {
			fmt.Fprintf(&blocks, " %d-%d", word(data), word(data[4:]))
		}
		return "SACK" + blocks.String()
	case kind == KindTimestamps && len(data) == 8:
		return fmt.Sprintf("Timestamps: TSval %d, TSecr %d", word(data), word(data[4:]))
	}
	return fmt.Sprintf("Kind %d, length %d: %x", kind, len(data)+2, data)
}

func describeScale(shift uint8) string {
	if shift > 14 {
		return fmt.Sprintf("%d (above 14, the largest that RFC 7323 allows)", shift)
	}
	return fmt.Sprintf("%d (multiply by %d)", shift, 1<<shift)
}
