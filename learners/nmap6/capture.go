package nmap6

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// Captured are the answers of one machine in a capture.
type Captured struct {
	Machine netip.Addr
	Scanner netip.Addr
	Answers
}

// ReadCapture finds the probes of Nmap's IPv6 engine in a pcap or pcapng file,
// whoever sent them, and the first answer to each, and gives the answers of
// each machine, in order of its first probe. A probe that is sent again before
// it is answered counts from its last sending, as in Nmap. Packets are raw IPv6
// or in Ethernet frames; a file without probes is an error. Distances come from
// errors that quote a probe, and are direct for a machine that answers a
// neighbour solicitation.
func ReadCapture(r io.Reader) ([]*Captured, error) {
	packets, err := openCapture(r)
	if err != nil {
		return nil, err
	}
	c := &captureReader{scans: map[[2]netip.Addr]*captureScan{}}
	for n := 1; ; n++ {
		b, info, err := packets.ReadPacketData()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("packet %d: %w", n, err)
		}
		if packet := ipv6Of(b, packets.LinkType()); packet != nil {
			c.see(packet, info.Timestamp.UnixMicro())
		}
	}
	if len(c.order) == 0 {
		return nil, errors.New("no probe of Nmap's IPv6 engine in it")
	}
	all := make([]*Captured, len(c.order))
	for i, s := range c.order {
		s.Distance = s.distance()
		all[i] = &s.Captured
	}
	return all, nil
}

type packetSource interface {
	ReadPacketData() ([]byte, gopacket.CaptureInfo, error)
	LinkType() layers.LinkType
}

// openCapture tells the formats apart by their first bytes.
func openCapture(r io.Reader) (packetSource, error) {
	start := make([]byte, 4)
	if _, err := io.ReadFull(r, start); err != nil {
		return nil, errors.New("want a pcap or pcapng file")
	}
	r = io.MultiReader(bytes.NewReader(start), r)
	if bytes.Equal(start, []byte{0x0a, 0x0d, 0x0d, 0x0a}) {
		ng, err := pcapgo.NewNgReader(r, pcapgo.DefaultNgReaderOptions)
		if err != nil {
			return nil, fmt.Errorf("pcapng: %w", err)
		}
		return ng, nil
	}
	plain, err := pcapgo.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("pcap: %w", err)
	}
	return plain, nil
}

// ipv6Of gives the IPv6 packet in a frame, without what pads the frame; nil
// where there is none.
func ipv6Of(b []byte, link layers.LinkType) []byte {
	switch link {
	case layers.LinkTypeEthernet:
		if len(b) < 14 || b[12] != 0x86 || b[13] != 0xdd {
			return nil
		}
		b = b[14:]
	case layers.LinkTypeLinuxSLL:
		if len(b) < 16 || b[14] != 0x86 || b[15] != 0xdd {
			return nil
		}
		b = b[16:]
	case layers.LinkTypeNull, layers.LinkTypeLoop:
		if len(b) < 4 {
			return nil
		}
		b = b[4:]
	}
	if len(b) < ipv6Len || b[0]>>4 != 6 {
		return nil
	}
	return b[:min(len(b), ipv6Len+be16(b[4:]))]
}

// captureReader follows the scans in a capture.
type captureReader struct {
	scans map[[2]netip.Addr]*captureScan // by scanner and machine
	order []*captureScan
}

// captureScan is a scan of one machine as far as it was seen.
type captureScan struct {
	Captured
	sent []sentProbe
}

// sentProbe is the last sending of a probe.
type sentProbe struct {
	name    string
	headers []header
	at      int64
}

// see takes a packet as a probe or as an answer to one.
func (c *captureReader) see(packet []byte, at int64) {
	all := headers(packet)
	if len(all) == 0 {
		return
	}
	from, to := netip.AddrFrom16([16]byte(packet[8:24])), netip.AddrFrom16([16]byte(packet[24:40]))
	if name := probeName(all, packet); name != "" {
		key := [2]netip.Addr{from, to}
		if name == "NS" { // it goes to the machine's group, or to the machine
			key[1] = netip.AddrFrom16([16]byte(find(all, protoICMPv6)[8:24]))
		}
		s := c.scans[key]
		if s == nil {
			if name == "NS" {
				return // any neighbour asks so: it counts only within a scan
			}
			s = &captureScan{Captured: Captured{Scanner: from, Machine: to, Answers: Answers{Answer: map[string]Answer{}}}}
			c.scans[key], c.order = s, append(c.order, s)
		}
		s.sendAgain(sentProbe{name, all, at})
		return
	}
	for _, s := range c.order {
		if s.Scanner == to {
			s.answer(all, packet, from, at)
		}
	}
}

func (s *captureScan) sendAgain(p sentProbe) {
	if _, answered := s.Answer[p.name]; answered {
		return
	}
	if i := slices.IndexFunc(s.sent, func(o sentProbe) bool { return o.name == p.name }); i >= 0 {
		s.sent[i] = p
		return
	}
	s.sent = append(s.sent, p)
}

// answer takes a packet that came to the scanner as the answer to the first
// probe that it answers and that has none.
func (s *captureScan) answer(all []header, packet []byte, from netip.Addr, at int64) {
	for i := range s.sent {
		p := &s.sent[i]
		if _, answered := s.Answer[p.name]; !answered && at >= p.at && p.answeredBy(all, from == s.Machine) {
			s.Answer[p.name] = Answer{Packet: slices.Clone(packet), Sent: p.at, Received: at}
			return
		}
	}
}

// answeredBy reports whether a packet with these headers answers the probe. An
// error may come from a router.
func (p *sentProbe) answeredBy(all []header, fromMachine bool) bool {
	icmp := find(all, protoICMPv6)
	if icmp != nil && isICMPv6Error(icmp[0]) {
		return p.quotedIn(all)
	}
	switch {
	case !fromMachine:
		return false
	case icmp != nil:
		mine := find(p.headers, protoICMPv6)
		switch {
		case mine == nil:
			return false
		case icmp[0] == 129:
			return mine[0] == 128 && bytes.Equal(icmp[4:8], mine[4:8])
		case icmp[0] == 136:
			return mine[0] == 135 && bytes.Equal(icmp[8:24], mine[8:24])
		}
		return false
	}
	for _, proto := range []int{protoTCP, protoUDP} {
		a, b := find(all, proto), find(p.headers, proto)
		if a != nil && b != nil {
			return bytes.Equal(a[0:2], b[2:4]) && bytes.Equal(a[2:4], b[0:2])
		}
	}
	return false
}

// quotedIn reports whether an error quotes the probe, as far as ports, or an
// echo request's number, tell.
func (p *sentProbe) quotedIn(all []header) bool {
	at := slices.IndexFunc(all, func(h header) bool { return h.proto == protoICMPv6 })
	quoted := all[at+1:]
	outer, mine := find(quoted, protoIPv6), find(p.headers, protoIPv6)
	if outer == nil || !bytes.Equal(outer[8:40], mine[8:40]) {
		return false
	}
	for _, proto := range []int{protoTCP, protoUDP} {
		if b := find(p.headers, proto); b != nil {
			a := find(quoted, proto)
			return a != nil && bytes.Equal(a[:4], b[:4])
		}
	}
	a, b := find(quoted, protoICMPv6), find(p.headers, protoICMPv6)
	return a != nil && b != nil && a[0] == b[0] && bytes.Equal(a[4:8], b[4:8])
}

// distance is what answers tell of how far away the machine is.
func (s *captureScan) distance() Distance {
	for _, name := range []string{"IE2", "U1"} {
		i := slices.IndexFunc(s.sent, func(p sentProbe) bool { return p.name == name })
		a, ok := s.Answer[name]
		if i < 0 || !ok {
			continue
		}
		if d, ok := QuotedDistance(find(s.sent[i].headers, protoIPv6)[7], a.Packet); ok {
			return d.orDirect()
		}
	}
	if _, ok := s.Answer["NS"]; ok {
		return Distance{Method: Direct, Hops: 1}
	}
	return Distance{}
}

// orDirect is a distance that was quoted, or a direct one for a machine on the
// link.
func (d Distance) orDirect() Distance {
	if d.Hops > 1 {
		return d
	}
	return Distance{Method: Direct, Hops: 1}
}

// probeName tells which of Nmap's probes a packet is, by what only they have;
// "" for any other packet.
func probeName(all []header, packet []byte) string {
	if tcp := find(all, protoTCP); tcp != nil && find(all, protoICMPv6) == nil {
		return tcpProbeName(tcp)
	}
	icmp := find(all, protoICMPv6)
	if icmp == nil {
		if udp := find(all, protoUDP); udp != nil && strings.HasSuffix(string(packet), strings.Repeat("C", 300)) {
			return "U1"
		}
		return ""
	}
	switch {
	case icmp[0] == 128 && be16(icmp[4:]) == 0xabcd && icmp[1] == 9:
		return "IE1"
	case icmp[0] == 128 && be16(icmp[4:]) == 0xabcd && find(all, protoRouting) != nil:
		return "IE2"
	case icmp[0] == 135 && all[0].bytes[7] == 255:
		return "NS"
	}
	return ""
}
