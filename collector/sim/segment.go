package sim

import "encoding/binary"

// The TCP flags.
const (
	flagFIN = 1 << iota
	flagSYN
	flagRST
	flagPSH
	flagACK
	flagURG
	flagECE
	flagCWR
)

const (
	protoICMP = 1
	protoTCP  = 6
	protoUDP  = 17
)

// segment is a packet that arrived, its headers read. Its slices are into the
// packet and live as long as Send.
type segment struct {
	packet   []byte // cut to its total length
	src      uint32
	tos      uint8
	df       bool
	header   int // length of the IP header
	sport    uint16
	dport    uint16
	seq, ack uint32
	flags    uint8
	reserved uint8
	window   uint16
	options  []byte
	payload  int // bytes
}

// transport is what follows the IP header.
func (g *segment) transport() []byte { return g.packet[g.header:] }

// data is the payload.
func (g *segment) data() []byte { return g.packet[len(g.packet)-g.payload:] }

// length is the space that the segment takes in sequence numbers.
func (g *segment) length() uint32 {
	return uint32(g.payload) + uint32(g.flags>>1&1) + uint32(g.flags&1)
}

// readIP takes in a packet as ip_rcv of any system does (RFC 1122 3.2.1): a
// bad version, length or checksum, another's address and a source to which
// nothing goes back are dropped without a word. Fragments are dropped too:
// no probe is one.
func (s *stack) readIP(b []byte) (proto uint8, ok bool) {
	if len(b) < 20 || b[0]>>4 != 4 || len(b) > s.mtu {
		return 0, false
	}
	header := int(b[0]&15) * 4
	total := int(binary.BigEndian.Uint16(b[2:]))
	if header < 20 || total < header || total > len(b) {
		return 0, false
	}
	sum := sumHeader(b)
	if header > 20 {
		sum = add(sum, b[20:header])
	}
	if checksum(sum) != 0 {
		return 0, false
	}
	fragment := binary.BigEndian.Uint16(b[6:])
	src := binary.BigEndian.Uint32(b[12:])
	if fragment&0x3fff != 0 || binary.BigEndian.Uint32(b[16:]) != s.addr || src&^s.hostMask != s.block {
		return 0, false
	}
	g := &s.seg
	g.packet, g.src, g.tos, g.df, g.header = b[:total], src, b[1], fragment&0x4000 != 0, header
	return b[9], true
}

// readTCP reads the TCP header of s.seg; false when it or its checksum is bad.
func (s *stack) readTCP() bool {
	g := &s.seg
	b := g.transport()
	if len(b) < 20 {
		return false
	}
	offset := int(b[12]>>4) * 4
	if offset < 20 || offset > len(b) || checksum(add(pseudo(g.packet, protoTCP, len(b)), b)) != 0 {
		return false
	}
	g.sport = binary.BigEndian.Uint16(b)
	g.dport = binary.BigEndian.Uint16(b[2:])
	g.seq = binary.BigEndian.Uint32(b[4:])
	g.ack = binary.BigEndian.Uint32(b[8:])
	g.reserved = b[12] & 15
	g.flags = b[13]
	g.window = binary.BigEndian.Uint16(b[14:])
	g.options = b[20:offset]
	g.payload = len(b) - offset
	return true
}

// readUDP reads the ports of s.seg; false when its length or checksum is bad.
func (s *stack) readUDP() bool {
	g := &s.seg
	b := g.transport()
	if len(b) < 8 {
		return false
	}
	length := int(binary.BigEndian.Uint16(b[4:]))
	if length < 8 || length > len(b) {
		return false
	}
	if b[6]|b[7] != 0 && checksum(add(pseudo(g.packet, protoUDP, length), b[:length])) != 0 {
		return false
	}
	g.sport = binary.BigEndian.Uint16(b)
	g.dport = binary.BigEndian.Uint16(b[2:])
	return true
}

// The kinds of TCP options that a stack reads.
const (
	optEOL    = 0
	optNOP    = 1
	optMSS    = 2
	optScale  = 3
	optSACKOK = 4
	optSACK   = 5
	optTS     = 8
)

// offered is what the options of a segment say.
type offered struct {
	set   granted
	mss   uint16 // 0: none
	scale uint8
	tsVal uint32
	tsEcr uint32
}

// readOptions reads options as tcp_parse_options of Linux and tcp_dooptions of
// the BSDs do, which agree: an option with an impossible length ends the list,
// one of a known kind with a wrong length is passed over, and of duplicates
// the last counts. A window scale above 14 is 14 (RFC 7323 2.3).
func readOptions(b []byte, o *offered) {
	*o = offered{}
	for len(b) > 0 {
		kind := b[0]
		if kind == optNOP {
			b = b[1:]
			continue
		}
		if kind == optEOL || len(b) < 2 {
			return
		}
		n := int(b[1])
		if n < 2 || n > len(b) {
			return
		}
		switch {
		case kind == optMSS && n == 4:
			if v := binary.BigEndian.Uint16(b[2:]); v != 0 {
				o.mss = v
			}
		case kind == optScale && n == 3:
			o.set |= grantScale
			o.scale = min(b[2], 14)
		case kind == optSACKOK && n == 2:
			o.set |= grantSACK
		case kind == optTS && n == 10:
			o.set |= grantTS
			o.tsVal = binary.BigEndian.Uint32(b[2:])
			o.tsEcr = binary.BigEndian.Uint32(b[6:])
		}
		b = b[n:]
	}
}
