package nmap4

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"

	"tickle/probegen"
)

// options is the test OPS, O1 to O6.
func (s *Scan) options() *Test { return s.everySegment("OPS", "O", optionString) }

// windows is the test WIN, W1 to W6.
func (s *Scan) windows() *Test {
	return s.everySegment("WIN", "W", func(t segment) string { return hex(uint64(t.window())) })
}

// everySegment is a test with an attribute for each of S1 to S6. Where not all
// are answered there is none.
func (s *Scan) everySegment(test, attr string, value func(segment) string) *Test {
	t := &Test{Name: test}
	for i, name := range sequenceProbes {
		e := s.exchange(name)
		if e == nil {
			return nil
		}
		if _, answer := e.tcp(); answer != nil {
			t.Attrs = append(t.Attrs, Attr{fmt.Sprintf("%s%d", attr, i+1), value(answer)})
		}
	}
	if len(t.Attrs) < len(sequenceProbes) {
		return nil
	}
	return t
}

// optionString writes the options of a segment as Nmap does: L end of list, N
// no operation, M and the segment size, W and the shift, T and for each of the
// two timestamps whether it is not zero, S selective acknowledgements allowed.
//
// What follows an end of list is read too. Nmap 7.93 does not look at length
// bytes, and steps over a byte of another kind without counting it, so that
// for each as much behind the options is read, and behind the packet what
// happens to stand there: here zeros. Options that end in the midst of one are
// an empty string.
func optionString(t segment) string {
	left := t.headerLen() - tcpLen
	b := append(append([]byte(nil), t[tcpLen:]...), make([]byte, left)...)
	var s strings.Builder
	for left > 0 {
		n := optionSizes[b[0]]
		if n > left {
			return ""
		}
		switch b[0] {
		case probegen.KindEOL:
			s.WriteByte('L')
		case probegen.KindNOP:
			s.WriteByte('N')
		case probegen.KindMSS:
			fmt.Fprintf(&s, "M%X", binary.BigEndian.Uint16(b[2:]))
		case probegen.KindWindowScale:
			fmt.Fprintf(&s, "W%X", b[2])
		case probegen.KindSACKPermitted:
			s.WriteByte('S')
		case probegen.KindTimestamps:
			s.WriteByte('T')
			for _, v := range [...]uint32{binary.BigEndian.Uint32(b[2:]), binary.BigEndian.Uint32(b[6:])} {
				s.WriteByte("01"[min(v, 1)])
			}
		}
		b, left = b[max(n, 1):], left-n
	}
	return s.String()
}

// optionSizes are the bytes of the kinds that Nmap writes, 0 of others.
var optionSizes = [256]int{probegen.KindEOL: 1, probegen.KindNOP: 1, probegen.KindMSS: 4, probegen.KindWindowScale: 3,
	probegen.KindSACKPermitted: 2, probegen.KindTimestamps: 10}

// ecn is the test ECN.
func (s *Scan) ecn(ttl hopLimit) *Test {
	e := s.exchange("ECN")
	if e == nil {
		return nil
	}
	p, t := e.tcp()
	if p == nil {
		return s.silent("ECN", "ECN")
	}
	return &Test{Name: "ECN", Attrs: []Attr{
		{"R", "Y"}, {"DF", yesNo(p.df())}, ttl.attr(p.ttl()), {"W", hex(uint64(t.window()))},
		{"O", optionString(t)}, {"CC", congestion(t.flags())}, {"Q", quirks(t)},
	}}
}

// congestion gives CC, from the flags ECE and CWR.
func congestion(flags uint8) string {
	switch flags & (probegen.ECE | probegen.CWR) {
	case probegen.ECE:
		return "Y"
	case 0:
		return "N"
	case probegen.ECE | probegen.CWR:
		return "S"
	}
	return "O"
}

// segment is the test of the answer to one of T1 to T7. That to S1 is T1's,
// whose window and options stand in WIN and OPS.
func (s *Scan) segment(probe string, ttl hopLimit) *Test {
	name := probe
	if probe == "S1" {
		name = "T1"
	}
	e := s.exchange(probe)
	if e == nil {
		return nil
	}
	p, t := e.tcp()
	if p == nil {
		return s.silent(name, probe)
	}
	test := &Test{Name: name, Attrs: []Attr{{"R", "Y"}, {"DF", yesNo(p.df())}, ttl.attr(p.ttl())}}
	if name != "T1" {
		test.Attrs = append(test.Attrs, Attr{"W", hex(uint64(t.window()))})
	}
	sent := e.Packet.TCP
	test.Attrs = append(test.Attrs, Attr{"S", number(t.seq(), sent.Ack, "A")}, Attr{"A", number(t.ack(), sent.Seq, "S")}, Attr{"F", flagString(t.flags())})
	if name != "T1" {
		test.Attrs = append(test.Attrs, Attr{"O", optionString(t)})
	}
	test.Attrs = append(test.Attrs, Attr{"RD", resetData(t)}, Attr{"Q", quirks(t)})
	return test
}

// number compares a sequence number with one of the probe's, whose letter is
// given.
func number(v, of uint32, letter string) string {
	switch v {
	case 0:
		return "Z"
	case of:
		return letter
	case of + 1:
		return letter + "+"
	}
	return "O"
}

// flagString writes the flags but CWR, the highest first.
func flagString(flags uint8) string {
	var b strings.Builder
	for i, letter := range "EUAPRSF" {
		if flags&(probegen.ECE>>i) != 0 {
			b.WriteRune(letter)
		}
	}
	return b.String()
}

// resetData gives RD, the CRC-32 of a reset's data.
func resetData(t segment) string {
	if t.flags()&probegen.RST == 0 || len(t.data()) == 0 {
		return "0"
	}
	return fmt.Sprintf("%08X", crc32.ChecksumIEEE(t.data()))
}

// quirks gives Q: R for reserved bits, U for an urgent pointer without the
// flag.
func quirks(t segment) string {
	q := ""
	if t.reserved() != 0 {
		q = "R"
	}
	if t.flags()&probegen.URG == 0 && t.urgent() != 0 {
		q += "U"
	}
	return q
}
