package nmap4

import (
	"encoding/binary"
	"math"
	"slices"

	"tickle/probegen"
)

// sequenceProbes are S1 to S6.
var sequenceProbes = [...]string{"S1", "S2", "S3", "S4", "S5", "S6"}

// The least answers for the tests of SEQ.
const (
	minISN = 4 // SP, GCD, ISR
	minTI  = 3
	minCI  = 2
)

// synAck is an answer to one of S1 to S6.
type synAck struct {
	sent      int64 // the probe, µs
	isn       uint32
	id        uint16
	timestamp uint32
	stamped   bool
}

// synAcks are the answers to S1 to S6 that accept. Nmap 7.93 takes one whose
// identifier is that of the one before, and not 0, for a duplicate of it, so
// that constant identifiers leave only the first.
func (s *Scan) synAcks() []synAck {
	var list []synAck
	for _, name := range sequenceProbes {
		e := s.exchange(name)
		if e == nil {
			continue
		}
		p, t := e.tcp()
		if p == nil || t.flags()&(probegen.SYN|probegen.ACK|probegen.RST) != probegen.SYN|probegen.ACK || t.ack() != e.Packet.TCP.Seq+1 {
			continue
		}
		if len(list) > 0 && p.id() != 0 && p.id() == list[len(list)-1].id {
			continue
		}
		a := synAck{sent: e.Sent, isn: t.seq(), id: p.id()}
		a.timestamp, a.stamped = timestamp(t.options())
		list = append(list, a)
	}
	return list
}

// timestamp gives the first timestamp among TCP options.
func timestamp(options []byte) (uint32, bool) {
	for {
		kind, data, rest, ok := probegen.NextOption(options)
		switch {
		case !ok || kind == probegen.KindEOL:
			return 0, false
		case kind == probegen.KindTimestamps && len(data) == 8:
			return binary.BigEndian.Uint32(data), true
		}
		options = rest
	}
}

// sequence is the test SEQ, nil without any attribute.
func (s *Scan) sequence() *Test {
	t := &Test{Name: "SEQ"}
	put := func(name, value string) {
		if value != "" {
			t.Attrs = append(t.Attrs, Attr{name, value})
		}
	}
	syns := s.synAcks()
	numbered := slices.DeleteFunc(slices.Clone(syns), func(a synAck) bool { return a.isn == 0 }) // to Nmap 7.93 none
	if len(numbered) >= minISN {
		sp, gcd, isr := predictability(numbered)
		put("SP", sp)
		put("GCD", gcd)
		put("ISR", isr)
	}
	ti, ci, ii := s.identifiers(syns)
	put("TI", ti.String())
	put("CI", ci.String())
	put("II", ii.String())
	put("SS", shared(ti, ii))
	put("TS", clock(syns, numbered))
	if t.Attrs == nil {
		return nil
	}
	return t
}

// predictability gives SP, GCD and ISR of initial sequence numbers. A
// difference is the shorter way around 2³². Rates are per second between the
// sendings. ISR is 8·log₂ of their mean; SP is 8·log₂ of their standard
// deviation, each divided by the GCD where that is above 9.
func predictability(syns []synAck) (sp, gcd, isr string) {
	n := len(syns) - 1
	rates := make([]float64, n)
	var divisor uint32
	mean := 0.0
	for i := range rates {
		d := syns[i+1].isn - syns[i].isn
		d = min(d, -d)
		divisor = greatestDivisor(divisor, d)
		rates[i] = float64(d) / seconds(syns[i].sent, syns[i+1].sent)
		mean += rates[i] / float64(n)
	}
	if divisor == 0 { // all are equal
		return "0", "0", "0"
	}
	scale := 1.0
	if divisor > 9 {
		scale = float64(divisor)
	}
	variance := 0.0
	for _, r := range rates {
		variance += (r/scale - mean/scale) * (r/scale - mean/scale) / float64(n-1)
	}
	return eightLog(math.Sqrt(variance)), hex(uint64(divisor)), eightLog(mean)
}

// eightLog gives 8·log₂ v, rounded, or 0 where v is at most 1.
func eightLog(v float64) string {
	if v <= 1 {
		return "0"
	}
	return hex(uint64(8*math.Log2(v) + 0.5))
}

// seconds between two sendings, which are at least 1 µs apart.
func seconds(from, to int64) float64 { return float64(max(to-from, 1)) / 1e6 }

func greatestDivisor(a, b uint32) uint32 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// idClass says how IP identifiers follow each other.
type idClass uint8

const (
	idUnknown   idClass = iota // none of the book's, or too few
	idZero                     // all are
	idRandom                   // one is far above, or below, the one before
	idConstant                 // one number
	idPositive                 // random increments
	idBroken                   // increments of a counter whose bytes are swapped
	idByTwo                    // even increments: to Nmap's fingerprints as idIncrement
	idIncrement                // small increments
)

// identifiers are the IP identifiers of some answers.
type identifiers struct {
	ids   []uint16
	class idClass
}

// String gives the value of TI, CI or II, empty where there is none.
func (i identifiers) String() string {
	if i.class == idConstant {
		return hex(uint64(i.ids[0]))
	}
	return [...]string{idUnknown: "", idZero: "Z", idRandom: "RD", idPositive: "RI", idBroken: "BI", idByTwo: "I", idIncrement: "I"}[i.class]
}

// identifiers gives the three sequences: of S1 to S6, of T5 to T7, of IE1 and
// IE2.
func (s *Scan) identifiers(syns []synAck) (ti, ci, ii identifiers) {
	for i := range syns {
		ti.ids = append(ti.ids, syns[i].id)
	}
	for _, name := range closedProbes {
		if e := s.exchange(name); e != nil {
			if p, _ := e.tcp(); p != nil {
				ci.ids = append(ci.ids, p.id())
			}
		}
	}
	for _, name := range [...]string{"IE1", "IE2"} {
		if e := s.exchange(name); e != nil {
			if p := e.echo(); p != nil {
				ii.ids = append(ii.ids, p.id())
			}
		}
	}
	ti.classify(minTI)
	ci.classify(minCI)
	ii.classify(2)
	return ti, ci, ii
}

// classify finds the class of at least so many identifiers. Steps are taken
// modulo 2¹⁶, but of three or more none may go down: Nmap 7.93 takes a counter
// that wraps for a random one.
func (i *identifiers) classify(least int) {
	if len(i.ids) < least {
		return
	}
	zero, random := true, false
	steps := make([]uint16, len(i.ids)-1)
	for k := range steps {
		zero = zero && i.ids[k] == 0 && i.ids[k+1] == 0
		steps[k] = i.ids[k+1] - i.ids[k]
		random = random || i.ids[k+1] < i.ids[k] || steps[k] > 20000
	}
	all := func(is func(uint16) bool) bool {
		return !slices.ContainsFunc(steps, func(d uint16) bool { return !is(d) })
	}
	switch {
	case zero:
		i.class = idZero
	case random && len(i.ids) > 2:
		i.class = idRandom
	case all(func(d uint16) bool { return d == 0 }):
		i.class = idConstant
	case !all(func(d uint16) bool { return d <= 1000 || d%256 == 0 && d < 25600 }):
		i.class = idPositive
	case all(func(d uint16) bool { return d%256 == 0 && d <= 5120 }):
		i.class = idBroken
	case all(func(d uint16) bool { return d%2 == 0 }):
		i.class = idByTwo
	case all(func(d uint16) bool { return d < 10 }):
		i.class = idIncrement
	}
}

// counts says whether a class is one that SS is told for.
func (c idClass) counts() bool { return c == idPositive || c == idBroken || c == idIncrement }

// shared gives SS: whether SYN-ACKs and echo replies count one identifier.
// The book asks for TI and II of one class; Nmap 7.93 for any that count.
func shared(ti, ii identifiers) string {
	if !ti.class.counts() || !ii.class.counts() {
		return ""
	}
	first, last := ti.ids[0], ti.ids[len(ti.ids)-1]
	mean := (int(last) - int(first)) / (len(ti.ids) - 1)
	if int(ii.ids[0]) < int(last)+3*mean {
		return "S"
	}
	return "O"
}

// clock gives TS, the rate of the timestamps of SYN-ACKs, all of which must
// have one that is not zero. The rate is that of the numbered ones.
func clock(syns, numbered []synAck) string {
	switch {
	case len(syns) == 0:
		return ""
	case slices.ContainsFunc(syns, func(a synAck) bool { return !a.stamped }):
		return "U"
	case slices.ContainsFunc(syns, func(a synAck) bool { return a.timestamp == 0 }):
		return "0"
	}
	hertz := 0.0
	for i := 1; i < len(numbered); i++ {
		d := numbered[i].timestamp - numbered[i-1].timestamp
		d = min(d, -d)
		hertz += float64(d) / seconds(numbered[i-1].sent, numbered[i].sent) / float64(len(numbered)-1)
	}
	switch {
	case hertz == 0:
		return ""
	case hertz < 5.66:
		return "1"
	case hertz > 70 && hertz < 150:
		return "7"
	case hertz >= 150 && hertz <= 350:
		return "8"
	}
	return hex(uint64(math.Log2(hertz) + 0.5))
}
