package probegen

import "bytes"

// The names of the family nmap6's probes, in the order in which they are sent;
// that of Nmap's feature vector.
var nmap6Names = [...]string{"S1", "S2", "S3", "S4", "S5", "S6", "IE1", "IE2", "NS", "U1", "TECN", "T2", "T3", "T4", "T5", "T6", "T7"}

// nmap6Query is the name of the node information query that the engine's first
// version had.
const nmap6Query = "NI"

// nmap6Family is the probes of Nmap's IPv6 engine, as the chapter "TCP/IP
// Fingerprinting Methods Supported by Nmap" of its book describes them. What
// the book leaves open is as Nmap 7.93 was seen to send it: all probes but the
// neighbour solicitation have a hop limit from 37 to 59, the acknowledgement
// number of each TCP probe but TECN is its own, and sequence numbers count up
// from one probe to the next.
//
// Nmap sends S1 to S6 100 ms apart and the others 50; here all are 100 ms apart,
// so that no answer depends on the one before. The node information query was
// in the first version alone; it follows RFC 4620 and was not seen sent.
//
// Numbers that Nmap draws anew for each scan are drawn from the seed.
var nmap6Family = generator{
	Family: Family{
		Name:    "nmap6",
		Summary: "the 17 probes of Nmap's IPv6 engine, in its order, 100 ms apart, three times",
		Version: 1,
		Probes:  len(nmap6Names),
		Options: []Option{{"ni", IntOption, "0", "1: the node information query of the engine's first version too, behind NS", 0, 1}},
	},
	set:  nmap6Probes,
	plan: &Plan{Ordered: true, Spacing: 100_000, Repeats: 3},
}

// nmap6FlowLabel is that of all probes.
const nmap6FlowLabel = 0x12345

// nmap6Draw is what is drawn of a set before its probes, and of each probe.
type nmap6Draw struct {
	seq uint32 // of the first TCP probe
	hop uint8
	ack uint32
}

func nmap6Probes(r *stream, o options) []Probe {
	d := nmap6Draw{seq: r.uint32()}
	segments := nmap4Segments()
	var all []Probe
	for _, name := range nmap6Names {
		d.hop, d.ack = uint8(37+r.below(23)), r.uint32()
		p := nmap6Other(name, d)
		if p == nil {
			p = nmap6Segment(segments[0], d)
			segments, d.seq = segments[1:], d.seq+1
		}
		all = append(all, Probe{Name: name, Steps: []Step{{Packet: p}}})
		if name == "NS" && o["ni"] == 1 {
			d.hop = uint8(37 + r.below(23))
			all = append(all, Probe{Name: nmap6Query, Steps: []Step{{Packet: nmap6Other(nmap6Query, d)}}})
		}
	}
	return all
}

// nmap6Segment makes a TCP probe of the IPv4 engine's, whose reserved bit that
// of TECN has not.
func nmap6Segment(s nmap4Segment, d nmap6Draw) *Packet {
	t := &TCP{Seq: d.seq, Ack: d.ack, Flags: s.flags, Window: s.window, Urgent: s.urgent, Options: s.options}
	if s.flags&ECE != 0 {
		t.Ack = 0
	}
	return &Packet{Port: s.port, IP6: &IPv6{FlowLabel: nmap6FlowLabel, HopLimit: d.hop}, TCP: t}
}

// nmap6Other makes the probes that are not TCP; nil for one that is.
func nmap6Other(name string, d nmap6Draw) *Packet {
	const echo, solicitation, nodeQuery, padding = 128, 135, 139, 4
	p := &Packet{Port: NoPort, IP6: &IPv6{FlowLabel: nmap6FlowLabel, HopLimit: d.hop}}
	extensions := func(headers ...ExtensionHeader) {
		for _, h := range headers {
			e := Extension{Header: h, Data: PadN(padding)}
			if h == Routing { // of type 0, with no segments left and no address
				clear(e.Data)
			}
			p.IP6.Extensions = append(p.IP6.Extensions, e)
		}
	}
	target := 0
	switch name {
	case "IE1":
		extensions(HopByHop)
		p.ICMP = &ICMP{Type: echo, Code: 9, Rest: 0xabcd_0000}
		p.Payload = make(Hex, 120)
	case "IE2":
		extensions(HopByHop, DestinationOptions, Routing, HopByHop)
		p.ICMP = &ICMP{Type: echo, Rest: 0xabcd_0001}
	case "NS":
		p.IP6.HopLimit = 255
		p.ICMP = &ICMP{Type: solicitation, Target: &target}
		p.Payload = make(Hex, 16)
	case nmap6Query: // for all unicast IPv4 addresses, with Nmap's fixed nonce
		target = 8
		p.ICMP = &ICMP{Type: nodeQuery, Rest: 0x0004_0002, Target: &target}
		p.Payload = append(Hex{1, 2, 3, 4, 5, 6, 7, 10}, make(Hex, 16)...)
	case "U1":
		p.Port, p.UDP, p.Payload = ClosedUDP, &UDP{}, bytes.Repeat([]byte{'C'}, 300)
	default:
		return nil
	}
	return p
}
