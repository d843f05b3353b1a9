package nmap6

import "encoding/binary"

// The protocol numbers that a packet is followed through.
const (
	protoHopByHop = 0
	protoIPv4     = 4
	protoTCP      = 6
	protoUDP      = 17
	protoIPv6     = 41
	protoRouting  = 43
	protoFragment = 44
	protoICMPv6   = 58
	protoDestOpts = 60
)

const (
	ipv6Len     = 40
	tcpLen      = 20
	fragmentLen = 8
	// maxHeaders bounds the walk through a packet.
	maxHeaders = 32
)

// header is one header of a packet and what follows it.
type header struct {
	proto int
	bytes []byte
}

// headers lists the headers of an IPv6 packet from the outermost on, and goes
// on into the packet that an ICMPv6 error quotes: Nmap looks for an answer's
// TCP header along the same way. The walk ends before a header that is cut
// short or malformed.
func headers(packet []byte) []header {
	var all []header
	next, rest := protoIPv6, packet
	for len(all) < maxHeaders {
		h := header{proto: next}
		size, following := 0, -1
		switch next {
		case protoIPv6:
			if len(rest) < ipv6Len || rest[0]>>4 != 6 {
				return all
			}
			size, following = ipv6Len, int(rest[6])
		case protoHopByHop, protoDestOpts, protoRouting, protoFragment:
			if len(rest) < 8 {
				return all
			}
			size, following = 8*(int(rest[1])+1), int(rest[0])
			if next == protoFragment {
				size = fragmentLen
			}
		case protoTCP:
			if len(rest) < tcpLen {
				return all
			}
			if size = 4 * int(rest[12]>>4); size < tcpLen {
				return all
			}
		case protoUDP:
			size = 8
		case protoICMPv6:
			if len(rest) < 1 {
				return all
			}
			if size = icmpv6Len(rest[0]); isICMPv6Error(rest[0]) {
				following = protoIPv6
			}
		default:
			return all
		}
		if len(rest) < size {
			return all
		}
		h.bytes = rest[:size:size]
		all = append(all, h)
		rest, next = rest[size:], following
	}
	return all
}

// isICMPv6Error says whether a message quotes the packet that it answers: no
// route, too big, time exceeded, parameter problem.
func isICMPv6Error(kind byte) bool { return kind >= 1 && kind <= 4 }

// icmpv6Len is the length of a message's fixed part (RFC 4443, 4861, 2710,
// 4620, 2894), without which it is not one.
func icmpv6Len(kind byte) int {
	switch kind {
	case 130, 131, 132, 135, 136: // multicast listeners, neighbour solicitation and advertisement
		return 24
	case 134, 138, 139, 140: // router advertisement and renumbering, node information
		return 16
	case 137: // redirect
		return 40
	}
	return 8
}

// find gives the first header of a protocol, nil where there is none.
func find(all []header, proto int) []byte {
	for i := range all {
		if all[i].proto == proto {
			return all[i].bytes
		}
	}
	return nil
}

// tcpOption is an option of a TCP header. Its length is 1 where it has none of
// its own.
type tcpOption struct {
	kind, length byte
	data         []byte // at most length-2 bytes
}

// tcpOptions reads the options of a whole TCP header, at most n, until the
// end-of-list option, which counts as one. An option that says it is longer
// than what is left is the last; one that says it has no length stays where it
// is and so fills all n places, as it does in Nmap 7.93.
func tcpOptions(tcp []byte, n int) []tcpOption {
	var all []tcpOption
	rest := tcp[tcpLen:]
	for len(rest) > 0 && len(all) < n {
		o := tcpOption{kind: rest[0], length: 1}
		if o.kind <= 1 {
			all = append(all, o)
			if o.kind == 0 {
				break
			}
			rest = rest[1:]
			continue
		}
		o.length = 0
		if len(rest) > 1 {
			o.length = rest[1]
			o.data = rest[2:min(len(rest), max(2, int(o.length)))]
		}
		all = append(all, o)
		if int(o.length) > len(rest) {
			break
		}
		rest = rest[o.length:]
	}
	return all
}

// quotedHopLimit is the hop limit of the packet that an ICMPv6 error quotes.
func quotedHopLimit(packet []byte) (limit int, ok bool) {
	all := headers(packet)
	for i := 1; i < len(all); i++ {
		if all[i].proto == protoIPv6 && all[i-1].proto == protoICMPv6 {
			return int(all[i].bytes[7]), true
		}
	}
	return 0, false
}

func be16(b []byte) int    { return int(binary.BigEndian.Uint16(b)) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
