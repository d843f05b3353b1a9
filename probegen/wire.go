package probegen

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
)

// Lengths in bytes of the headers that probes have.
const (
	ipv4HeaderLen = 20
	tcpHeaderLen  = 20 // without options
	udpHeaderLen  = 8
	icmpHeaderLen = 8
	maxPacketLen  = 65535
)

// Numbers is the state of a connection as its prober sees it, in the terms of
// RFC 9293, section 3.3.1, and RFC 7323. Relative numbers count from it.
type Numbers struct {
	Seq    uint32 // SND.NXT: the sequence number that the prober sends next
	Ack    uint32 // RCV.NXT: the sequence number that the prober expects next
	Una    uint32 // SND.UNA: the machine's latest acknowledgement number
	Edge   uint32 // SND.UNA+SND.WND: the first number behind the machine's window
	Recent uint32 // TS.Recent: the machine's latest timestamp
}

// Resolve gives the number that v stands for.
func (n Numbers) Resolve(v uint32, base Base) uint32 {
	switch base {
	case SndNxt:
		return v + n.Seq
	case SndUna:
		return v + n.Una
	case SndEdge:
		return v + n.Edge
	case RcvNxt:
		return v + n.Ack
	case TSRecent:
		return v + n.Recent
	}
	return v
}

var (
	errNotIPv4  = errors.New("packet: want IPv4 addresses")
	errNotIPv6  = errors.New("packet: want IPv6 addresses")
	errRelative = errors.New("packet: want absolute seq and ack, or the numbers that they are relative to")
)

// AppendTo appends the packet, from the first byte of its IP header, to dst
// and returns the longer slice. Lengths and checksums are right. The ports
// are not used in an ICMP message. It allocates only when dst has no room.
//
// It is an error, and dst is returned as it was, when the packet fails Check,
// when an address is not of its version of IP, or when a sequence or
// acknowledgement number is relative (AppendRelative takes those).
func (p *Packet) AppendTo(dst []byte, from, to netip.AddrPort) ([]byte, error) {
	if p.relative() {
		return dst, errRelative
	}
	return p.AppendRelative(dst, from, to, Numbers{})
}

// AppendRelative is AppendTo for a packet inside a connection: numbers that
// are not Absolute count from n.
func (p *Packet) AppendRelative(dst []byte, from, to netip.AddrPort, n Numbers) ([]byte, error) {
	if err := p.Check(); err != nil {
		return dst, err
	}
	start := len(dst)
	if p.IP6 != nil {
		if !isIPv6(from.Addr()) || !isIPv6(to.Addr()) {
			return dst, errNotIPv6
		}
		dst = p.appendIPv6(dst, from.Addr(), to.Addr())
	} else {
		if !from.Addr().Is4() || !to.Addr().Is4() {
			return dst, errNotIPv4
		}
		dst = p.appendIPv4(dst, from.Addr(), to.Addr())
	}
	segment := len(dst)
	switch {
	case p.TCP != nil:
		dst = p.TCP.appendHeader(dst, from.Port(), to.Port(), n)
	case p.UDP != nil:
		dst = binary.BigEndian.AppendUint16(dst, from.Port())
		dst = binary.BigEndian.AppendUint16(dst, to.Port())
		dst = binary.BigEndian.AppendUint16(dst, uint16(udpHeaderLen+len(p.Payload)))
		dst = append(dst, 0, 0)
	case p.ICMP != nil:
		dst = append(dst, p.ICMP.Type, p.ICMP.Code, 0, 0)
		dst = binary.BigEndian.AppendUint32(dst, p.ICMP.Rest)
	}
	dst = append(dst, p.Payload...)

	ip, body := dst[start:segment], dst[segment:]
	if p.ICMP != nil && p.ICMP.Target != nil {
		target := to.Addr().As16()
		copy(body[icmpHeaderLen+*p.ICMP.Target:], target[:])
	}
	s := sum(body)
	switch { // the pseudo-headers
	case p.IP6 != nil:
		s += sum(ip[8:40]) + uint64(p.Proto()) + uint64(len(body))
	case p.ICMP == nil:
		s += sum(ip[12:20]) + uint64(p.Proto()) + uint64(len(body))
	}
	if p.IP6 == nil {
		binary.BigEndian.PutUint16(ip[10:], checksum(sum(ip)))
	}
	binary.BigEndian.PutUint16(body[p.checksumAt():], transportChecksum(s, p.UDP != nil))
	return dst, nil
}

// isIPv6 says whether an address is IPv6, and not IPv4 in its clothes.
func isIPv6(a netip.Addr) bool { return a.Is6() && !a.Is4In6() }

// appendIPv4 appends the IPv4 header with a checksum of zero.
func (p *Packet) appendIPv4(dst []byte, from, to netip.Addr) []byte {
	var flags uint16
	if p.IP.DF {
		flags = 1 << 14
	}
	dst = append(dst, 4<<4|ipv4HeaderLen/4, p.IP.TOS)
	dst = binary.BigEndian.AppendUint16(dst, uint16(p.Len()))
	dst = binary.BigEndian.AppendUint16(dst, p.IP.ID)
	dst = binary.BigEndian.AppendUint16(dst, flags)
	dst = append(dst, p.IP.TTL, p.Proto(), 0, 0)
	src, dest := from.As4(), to.As4()
	dst = append(dst, src[:]...)
	return append(dst, dest[:]...)
}

// appendHeader appends the TCP header and options with a checksum of zero.
func (t *TCP) appendHeader(dst []byte, from, to uint16, n Numbers) []byte {
	dst = binary.BigEndian.AppendUint16(dst, from)
	dst = binary.BigEndian.AppendUint16(dst, to)
	dst = binary.BigEndian.AppendUint32(dst, n.Resolve(t.Seq, t.SeqBase))
	dst = binary.BigEndian.AppendUint32(dst, n.Resolve(t.Ack, t.AckBase))
	words := (tcpHeaderLen + len(t.Options)) / 4
	dst = append(dst, byte(words)<<4|t.Reserved, t.Flags)
	dst = binary.BigEndian.AppendUint16(dst, t.Window)
	dst = append(dst, 0, 0)
	dst = binary.BigEndian.AppendUint16(dst, t.Urgent)
	start := len(dst)
	dst = append(dst, t.Options...)
	for at, base := range t.relativeOptions() {
		word := dst[start+at:]
		binary.BigEndian.PutUint32(word, n.Resolve(binary.BigEndian.Uint32(word), base))
	}
	return dst
}

// Len gives the packet's length in bytes, IP header included.
func (p *Packet) Len() int {
	n := p.headerLen() + len(p.Payload)
	switch {
	case p.TCP != nil:
		n += tcpHeaderLen + len(p.TCP.Options)
	case p.UDP != nil:
		n += udpHeaderLen
	case p.ICMP != nil:
		n += icmpHeaderLen
	}
	return n
}

// headerLen gives the length of what stands before the transport's header.
func (p *Packet) headerLen() int {
	if p.IP6 != nil {
		return p.IP6.len()
	}
	return ipv4HeaderLen
}

// relative says whether a number of the packet counts from a connection's state.
func (p *Packet) relative() bool {
	t := p.TCP
	return t != nil && (t.SeqBase != Absolute || t.AckBase != Absolute || t.EchoBase != Absolute || t.SACKBase != Absolute)
}

// checksumAt gives the place of the checksum in the transport's header.
func (p *Packet) checksumAt() int {
	switch {
	case p.TCP != nil:
		return 16
	case p.UDP != nil:
		return 6
	}
	return 2
}

// sum adds b up as big-endian 16-bit words, the last padded with a zero byte,
// as RFC 1071 says. The 64 bits hold any packet's sum without a carry.
func sum(b []byte) uint64 {
	var s uint64
	for len(b) >= 4 {
		w := binary.BigEndian.Uint32(b)
		s += uint64(w>>16) + uint64(w&0xffff)
		b = b[4:]
	}
	if len(b) >= 2 {
		s += uint64(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		s += uint64(b[0]) << 8
	}
	return s
}

// checksum folds a sum below 2⁴⁸ to the one's complement of its 16 bits.
func checksum(s uint64) uint16 {
	s = s&0xffff + s>>16
	s = s&0xffff + s>>16
	s = s&0xffff + s>>16
	return ^uint16(s)
}

// transportChecksum is checksum, but for UDP, where zero means that there is
// none and RFC 768 has the other zero sent.
func transportChecksum(s uint64, udp bool) uint16 {
	c := checksum(s)
	if udp && c == 0 {
		return 0xffff
	}
	return c
}

// fieldError says which field is wrong and what was expected there.
type fieldError struct {
	field string // as in the file: steps[0].packet.tcp.options
	want  string
}

func (e *fieldError) Error() string { return e.field + ": " + e.want }

// within puts the error of a part in its whole.
func within(field string, err error) error {
	var e *fieldError
	if errors.As(err, &e) {
		return &fieldError{field + "." + e.field, e.want}
	}
	return fmt.Errorf("%s: %w", field, err)
}

func wrong(field, format string, args ...any) error {
	return &fieldError{field, fmt.Sprintf(format, args...)}
}
