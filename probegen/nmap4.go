package probegen

// The names of the family nmap4's probes, in the order in which they are sent.
// What Nmap calls SEQ, OPS, WIN and T1 is read off the answers to S1 to S6.
var nmap4Names = [...]string{"S1", "S2", "S3", "S4", "S5", "S6", "IE1", "IE2", "U1", "ECN", "T2", "T3", "T4", "T5", "T6", "T7"}

// Times of the family nmap4, in µs.
const (
	nmap4SequenceGap = 100_000   // between S1 to S6, which clocks are read off
	nmap4Gap         = 25_000    // between the others, as Nmap 7.93 sends them on a quick link
	nmap4Rest        = 1_000_000 // before the list is sent once more
)

// nmap4Family is the 16 probes of Nmap's IPv4 engine, as the chapter "TCP/IP
// Fingerprinting Methods Supported by Nmap" of its book describes them. What
// the book leaves open is as Nmap 7.93 was seen to send it: the reserved bit
// of ECN is the highest of the four, the sequence numbers of S1 to S6 count up
// from that of the other probes, all but ECN have one acknowledgement number,
// times to live are from 37 to 59, that of U1 from 51 to 64.
//
// Numbers that Nmap draws anew for each scan are drawn from the seed.
var nmap4Family = generator{
	Family: Family{
		Name:    "nmap4",
		Summary: "the 16 probes of Nmap's IPv4 engine, in its order and spacing, three times",
		Version: 1,
		Probes:  len(nmap4Names),
	},
	set:  nmap4Probes,
	plan: &Plan{Ordered: true, Spacing: nmap4SequenceGap, Repeats: 3, Gaps: nmap4Gaps()},
}

func nmap4Gaps() []int64 {
	gaps := make([]int64, len(nmap4Names))
	for i := range gaps {
		switch {
		case i < 5:
			gaps[i] = nmap4SequenceGap
		case i < len(gaps)-1:
			gaps[i] = nmap4Gap
		default:
			gaps[i] = nmap4Rest
		}
	}
	return gaps
}

// nmap4Segment is a TCP probe, but for what is drawn.
type nmap4Segment struct {
	port     PortClass
	df       bool
	reserved uint8
	flags    uint8
	window   uint16
	urgent   uint16
	options  Hex
}

// The timestamp of all probes that have one.
func appendNmapTimestamps(b []byte) []byte { return AppendTimestamps(b, 1<<32-1, 0) }

// nmap4Sequence gives the options of S1 to S6.
func nmap4Sequence(i int) Hex {
	switch i {
	case 0:
		b := AppendMSS(append(AppendWindowScale(nil, 10), KindNOP), 1460)
		return AppendSACKPermitted(appendNmapTimestamps(b))
	case 1:
		b := AppendSACKPermitted(AppendWindowScale(AppendMSS(nil, 1400), 0))
		return append(appendNmapTimestamps(b), KindEOL)
	case 2:
		b := append(appendNmapTimestamps(nil), KindNOP, KindNOP)
		return AppendMSS(append(AppendWindowScale(b, 5), KindNOP), 640)
	case 3:
		b := appendNmapTimestamps(AppendSACKPermitted(nil))
		return append(AppendWindowScale(b, 10), KindEOL)
	case 4:
		b := appendNmapTimestamps(AppendSACKPermitted(AppendMSS(nil, 536)))
		return append(AppendWindowScale(b, 10), KindEOL)
	}
	return appendNmapTimestamps(AppendSACKPermitted(AppendMSS(nil, 265)))
}

// nmap4Odd gives the options of T2 to T7, whose window scales differ.
func nmap4Odd(shift uint8) Hex {
	b := AppendMSS(append(AppendWindowScale(nil, shift), KindNOP), 265)
	return AppendSACKPermitted(appendNmapTimestamps(b))
}

// nmap4Segments are the TCP probes in order.
func nmap4Segments() []nmap4Segment {
	var s []nmap4Segment
	for i, window := range [...]uint16{1, 63, 4, 4, 16, 512} {
		s = append(s, nmap4Segment{port: OpenTCP, flags: SYN, window: window, options: nmap4Sequence(i)})
	}
	ecn := append(AppendMSS(append(AppendWindowScale(nil, 10), KindNOP), 1460), KindSACKPermitted, 2, KindNOP, KindNOP)
	return append(s,
		nmap4Segment{port: OpenTCP, reserved: 8, flags: SYN | ECE | CWR, window: 3, urgent: 0xf7f5, options: ecn},
		nmap4Segment{port: OpenTCP, df: true, window: 128, options: nmap4Odd(10)},
		nmap4Segment{port: OpenTCP, flags: SYN | FIN | URG | PSH, window: 256, options: nmap4Odd(10)},
		nmap4Segment{port: OpenTCP, df: true, flags: ACK, window: 1024, options: nmap4Odd(10)},
		nmap4Segment{port: ClosedTCP, flags: SYN, window: 31337, options: nmap4Odd(10)},
		nmap4Segment{port: ClosedTCP, df: true, flags: ACK, window: 32768, options: nmap4Odd(10)},
		nmap4Segment{port: ClosedTCP, flags: FIN | PSH | URG, window: 65535, options: nmap4Odd(15)},
	)
}

func nmap4Probes(r *stream, _ options) []Probe {
	seq, ack, echo := r.uint32(), r.uint32(), uint16(r.below(1<<16-1))
	segments := nmap4Segments()
	all := make([]Probe, len(nmap4Names))
	for i, name := range nmap4Names {
		p := &Packet{Port: NoPort, IP: IPv4{ID: r.uint16(), TTL: uint8(37 + r.below(23))}}
		switch name {
		case "IE1":
			p.IP.DF = true
			p.ICMP = &ICMP{Type: 8, Code: 9, Rest: uint32(echo)<<16 | 295}
			p.Payload = make(Hex, 120)
		case "IE2":
			p.IP.TOS = 4
			p.ICMP = &ICMP{Type: 8, Rest: uint32(echo+1)<<16 | 296}
			p.Payload = make(Hex, 150)
		case "U1":
			p.Port, p.IP.ID, p.IP.TTL, p.UDP = ClosedUDP, 0x1042, uint8(51+r.below(14)), &UDP{}
			p.Payload = make(Hex, 300)
			for j := range p.Payload {
				p.Payload[j] = 'C'
			}
		default:
			s := &segments[0]
			segments = segments[1:]
			p.Port, p.IP.DF = s.port, s.df
			p.TCP = &TCP{Seq: seq, Ack: ack, Reserved: s.reserved, Flags: s.flags, Window: s.window, Urgent: s.urgent, Options: s.options}
			switch {
			case i < 6:
				p.TCP.Seq += uint32(i)
			case name == "ECN":
				p.TCP.Ack = 0
			}
		}
		all[i] = Probe{Name: name, Steps: []Step{{Packet: p}}}
	}
	return all
}
