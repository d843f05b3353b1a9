package nmap4

import (
	"fmt"
	"slices"

	"tickle/datasets"
	"tickle/probegen"
)

// Scan is one sending of the 16 probes of probegen's family nmap4, and what
// came back.
type Scan struct {
	Exchanges []Exchange // in order of sending, each probe once at most
	// NoClosed says that no TCP port is known to be closed. T5 to T7 are then
	// left out, as Nmap leaves them out when its port scan found none.
	NoClosed bool
}

// Exchange is one probe and the packets that it drew.
type Exchange struct {
	Name    string           // S1, …, as in the family
	Packet  *probegen.Packet // that was sent
	Sent    int64            // µs
	Answers [][]byte         // from the IP header on, in order of arrival
}

// Scans are the scans that a run holds of one machine under a plan of the
// family nmap4, a repeat each, in order. rows are its exchanges, with bytes. A
// port that drew no segment by any of T5 to T7 is not known to be closed.
// It is an error when the set is of another family, when rows are of no probe
// of it, and when a repeat has a probe twice.
func Scans(set *probegen.Set, rows []datasets.Exchange) ([]Scan, error) {
	if set.Header.Family != "nmap4" {
		return nil, fmt.Errorf("probes of family %s: want nmap4", set.Header.Family)
	}
	var scans []Scan
	seen := map[[2]int]bool{}
	for i := range rows {
		x := &rows[i]
		probe, repeat := int(x.Probe), int(x.Repeat)
		if probe < 0 || probe >= len(set.Probes) {
			return nil, fmt.Errorf("exchange %d: probe %d: want 0 to %d", i, probe, len(set.Probes)-1)
		}
		if seen[[2]int{repeat, probe}] {
			return nil, fmt.Errorf("exchange %d: probe %d is there twice in repeat %d", i, probe, repeat)
		}
		seen[[2]int{repeat, probe}] = true
		for len(scans) <= repeat {
			scans = append(scans, Scan{})
		}
		e := Exchange{Name: set.Probes[probe].Name, Packet: set.Probes[probe].Steps[0].Packet, Sent: x.Sent}
		for _, a := range x.Answers {
			e.Answers = append(e.Answers, a.Bytes)
		}
		scans[repeat].Exchanges = append(scans[repeat].Exchanges, e)
	}
	for i := range scans {
		scans[i].NoClosed = !slices.ContainsFunc(scans[i].Exchanges, func(e Exchange) bool {
			_, answer := e.tcp()
			return slices.Contains(closedProbes[:], e.Name) && answer != nil
		})
	}
	return scans, nil
}

// closedProbes go to the closed TCP port.
var closedProbes = [...]string{"T5", "T6", "T7"}

// exchange gives the exchange of a probe, or nil when it was not sent, or not
// for Nmap.
func (s *Scan) exchange(name string) *Exchange {
	if s.NoClosed && slices.Contains(closedProbes[:], name) {
		return nil
	}
	for i := range s.Exchanges {
		if s.Exchanges[i].Name == name {
			return &s.Exchanges[i]
		}
	}
	return nil
}

// Fingerprint computes all tests from the answers, by the chapter "TCP/IP
// Fingerprinting Methods Supported by Nmap" of Nmap's book. Tests of probes
// that were not sent are left out; those of probes that drew no answer of
// their kind are R=N. Of several answers to a probe the first counts.
//
// A test that Nmap would print is equal to Nmap's for the same packets and
// times, which the tests of cmd/tickle show with Nmap itself.
func (s *Scan) Fingerprint() *Fingerprint {
	f := &Fingerprint{}
	hops, known := s.hops()
	put := func(t *Test) {
		if t != nil {
			f.Tests = append(f.Tests, *t)
		}
	}
	put(s.sequence())
	put(s.options())
	put(s.windows())
	ttl := hopLimit{hops, known}
	put(s.ecn(ttl))
	for _, name := range [...]string{"S1", "T2", "T3", "T4", "T5", "T6", "T7"} {
		put(s.segment(name, ttl))
	}
	put(s.unreachable(ttl))
	put(s.echo(ttl))
	return f
}

// hopLimit turns a received time to live into the attribute that Nmap gives.
type hopLimit struct {
	hops  int // routers on the way
	known bool
}

// attr is T, the initial time to live, where the distance is known. Else it is
// TG, the least of the usual initial values that is not below.
func (h hopLimit) attr(ttl uint8) Attr {
	if h.known {
		return Attr{"T", hex(uint64(uint16(int(ttl) + h.hops)))} // 16 bits, should routers add to it
	}
	for _, initial := range [...]uint8{32, 64, 128} {
		if ttl <= initial {
			return Attr{"TG", hex(uint64(initial))}
		}
	}
	return Attr{"TG", "FF"}
}

// hops counts the routers between, from the time to live that U1's answer
// quotes.
func (s *Scan) hops() (n int, known bool) {
	e := s.exchange("U1")
	if e == nil {
		return 0, false
	}
	q := e.quoted()
	if q == nil {
		return 0, false
	}
	return int(e.Packet.IP.TTL) - int(q.ttl()), true
}

// hex prints a number as Nmap does.
func hex(v uint64) string { return fmt.Sprintf("%X", v) }

// yesNo is the value of DF.
func yesNo(v bool) string {
	if v {
		return "Y"
	}
	return "N"
}

// silent is the test of a probe that drew nothing, or nil when it was not sent.
func (s *Scan) silent(test, probe string) *Test {
	if s.exchange(probe) == nil {
		return nil
	}
	return &Test{Name: test, Attrs: []Attr{{"R", "N"}}}
}
