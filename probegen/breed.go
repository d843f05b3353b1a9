package probegen

import (
	"encoding/binary"
	"slices"
	"strings"
)

// BredFamily is the family of sets that a search made: their probes follow
// from more than a seed, so that Generate cannot make them.
const BredFamily = "bred"

// SearchedOption is the option of a bred set that names the machines that the
// search saw, with spaces between. Whoever judges the set asks others.
const SearchedOption = "searched"

// ImagesOption is the option of a bred set that names the images of those
// machines, likewise: other machines of these are no strangers to the search.
const ImagesOption = "images"

// SearchPacketsOption is the option of a bred set that says how many packets
// the search sent to each of them.
const SearchPacketsOption = "packets"

// BredSet makes a set of probes that a search found. The options say how, for
// people and for who judges it; probes are numbered anew.
func BredSet(probes []Probe, seed uint64, options map[string]string) *Set {
	s := &Set{
		Header: Header{Format: Format, Family: BredFamily, Version: 1, Seed: seed, N: len(probes), Options: options},
		Probes: slices.Clone(probes),
	}
	for id := range s.Probes {
		s.Probes[id].ID = id
	}
	return s
}

// Breeder makes new probes of others, by the operators of an evolutionary
// search: a field or segment changed, added or taken away, or the beginning of
// one dialogue before the end of another. The same seed and calls give the
// same probes. What it gives passes Check, and leaves what it was given as it
// was.
type Breeder struct {
	stream *stream
	made   int
}

// NewBreeder makes a breeder.
func NewBreeder(seed uint64) *Breeder { return &Breeder{stream: newStream(BredFamily, 1, seed)} }

// next begins the stream of another probe.
func (b *Breeder) next() *stream {
	b.stream.restart(b.made)
	b.made++
	return b.stream
}

// Fresh makes a random probe of a family that is made probe by probe, with its
// default options; any other is an error.
func (b *Breeder) Fresh(family string) (Probe, error) {
	i := slices.IndexFunc(generators, func(g generator) bool { return g.Name == family && g.probe != nil })
	if i < 0 {
		return Probe{}, errNotBred(family)
	}
	o, err := generators[i].resolve(nil)
	if err != nil {
		return Probe{}, err
	}
	return generators[i].probe(b.next(), o), nil
}

type errNotBred string

func (e errNotBred) Error() string {
	return "family " + string(e) + ": its probes are no random ones: want random or dialogue"
}

// Mutate changes a probe in one place.
func (b *Breeder) Mutate(p *Probe) Probe {
	r := b.next()
	child := cloneProbe(p)
	tail := beginning(p)
	if tail >= len(child.Steps) { // nothing behind the opening
		return *appendSegment(r, &child)
	}
	at := tail + r.below(len(child.Steps)-tail)
	v := r.below(100)
	if len(child.Steps) == 1 {
		v = 0 // a single packet stays one
	}
	switch {
	case v < 65 && child.Steps[at].Packet != nil:
		changeField(r, p, &child, at)
	case v < 75 && len(child.Steps)-tail > 1:
		child.Steps = slices.Delete(child.Steps, at, at+1)
	case v < 85 && len(child.Steps)-tail < maxTail:
		child.Steps = slices.Insert(child.Steps, at, cloneStep(&child.Steps[at]))
	case v < 90 && at > tail:
		child.Steps[at], child.Steps[at-1] = child.Steps[at-1], child.Steps[at]
	case v < 95 && len(child.Steps)-tail < maxTail:
		child.Steps = slices.Insert(child.Steps, at, Step{Wait: waits[r.below(len(waits))]})
	default:
		if len(child.Steps)-tail >= maxTail {
			child.Steps = child.Steps[:len(child.Steps)-1]
		}
		appendSegment(r, &child)
	}
	return child
}

// maxTail is the most steps behind a dialogue's opening.
const maxTail = 10

// Recombine joins the beginning of p and the end of q; of single packets each
// header field is either's.
func (b *Breeder) Recombine(p, q *Probe) Probe {
	r := b.next()
	child := cloneProbe(p)
	if len(p.Steps) == 1 && len(q.Steps) == 1 && p.Steps[0].Packet != nil && q.Steps[0].Packet != nil {
		for field := range segmentFields {
			if r.below(2) == 0 {
				copyField(child.Steps[0].Packet, cloneProbe(q).Steps[0].Packet, field)
			}
		}
		return child
	}
	from, to := beginning(p), beginning(q)
	cut := from + r.below(len(p.Steps)-min(from, len(p.Steps)-1))
	child.Steps = child.Steps[:min(cut, len(child.Steps))]
	donor := cloneProbe(q)
	shift := clockOf(p) - clockOf(q)
	for i := to + r.below(max(1, len(q.Steps)-to)); i < len(q.Steps) && len(child.Steps)-from < maxTail; i++ {
		s := donor.Steps[i]
		shiftStamp(s.Packet, shift)
		child.Steps = append(child.Steps, s)
	}
	if len(child.Steps) == 0 {
		return cloneProbe(p)
	}
	return child
}

// Reopen gives what follows in p another beginning: a dialogue that opens its
// connection in another way and brings it into the same state. What opens none
// is mutated.
func (b *Breeder) Reopen(p *Probe) Probe {
	opening, state, ok := strings.Cut(p.Name, "/")
	if !ok {
		return b.Mutate(p)
	}
	const tries = 200 // one in eight openings and eight states is meant, and most states are one in several
	for range tries {
		q, err := b.Fresh(dialogueFamily.Name)
		if err != nil {
			panic(err) // a family of our own
		}
		if other, same, ok := strings.Cut(q.Name, "/"); !ok || same != state || other == opening {
			continue
		}
		tail, shift := cloneProbe(p).Steps[beginning(p):], clockOf(&q)-clockOf(p)
		for i := range tail {
			shiftStamp(tail[i].Packet, shift)
		}
		q.Steps = append(q.Steps[:beginning(&q)], tail...)
		if len(q.Steps) > 0 {
			return q
		}
	}
	return b.Mutate(p)
}

// beginning is the number of steps of a dialogue that open its connection and
// bring it into its state, by its name; 0 for what is none.
func beginning(p *Probe) int {
	opening, state, ok := strings.Cut(p.Name, "/")
	if !ok {
		return 0
	}
	n := 1
	if opening == "simultaneous" {
		n++
	}
	switch state {
	case "syn-rcvd":
		return min(n, len(p.Steps))
	case "established":
		n++
	case "last-ack", "fin-wait-1":
		n += 2
	case "close-wait", "fin-wait-2", "closing":
		n += 3
	case "time-wait":
		n += 4
	}
	return min(n, len(p.Steps))
}

// maker goes on with a dialogue where it ends.
func maker(r *stream, p *Probe) *dialogueMaker {
	d := &dialogueMaker{stream: r, absolute: beginning(p) == 0}
	if d.absolute {
		for _, s := range p.Steps {
			if s.Packet != nil {
				d.port = s.Packet.Port
			}
		}
		return d
	}
	for i := range p.Steps {
		if s := p.Steps[i].Packet; s != nil && s.TCP != nil {
			for rest := []byte(s.TCP.Options); ; {
				kind, _, after, ok := NextOption(rest)
				if !ok || kind == KindEOL {
					break
				}
				d.stamps = d.stamps || i == 0 && kind == KindTimestamps
				d.sack = d.sack || i == 0 && kind == KindSACKPermitted
				rest = after
			}
		}
	}
	d.clock = clockOf(p) + 10*uint32(len(p.Steps))
	return d
}

// appendSegment adds a random segment, datagram or message, as fits the probe.
func appendSegment(r *stream, p *Probe) *Probe {
	p.Steps = append(p.Steps, Step{Packet: donorOf(r, p)})
	return p
}

// donorOf makes a packet of the kind that the probe sends last.
func donorOf(r *stream, p *Probe) *Packet {
	d := maker(r, p)
	last := p.Steps[len(p.Steps)-1].Packet
	switch {
	case last != nil && last.UDP != nil:
		d.datagrams(1)
		return d.steps[0].Packet
	case last != nil && last.ICMP != nil:
		d.messages(1)
		return d.steps[0].Packet
	}
	return d.segment()
}

// segmentFields is the number of fields that copyField knows.
const segmentFields = 9

// changeField draws one field of a packet anew; of a packet without TCP all.
func changeField(r *stream, p, child *Probe, at int) {
	to := child.Steps[at].Packet
	var from *Packet
	if len(p.Steps) == 1 && p.Name == "" { // a single packet of the random family
		o, err := randomFamily.resolve(nil)
		if err != nil {
			panic(err) // defaults of our own
		}
		from = randomProbe(r, o).Steps[0].Packet
	} else {
		from = donorOf(r, child)
	}
	if to.TCP == nil || from.TCP == nil {
		child.Steps[at].Packet = from
		return
	}
	copyField(to, from, r.below(segmentFields))
}

// copyField copies one field, with what says what it counts from.
func copyField(to, from *Packet, field int) {
	t, f := to.TCP, from.TCP
	if t == nil || f == nil {
		return
	}
	switch field {
	case 0:
		t.Flags = f.Flags
	case 1:
		t.Seq, t.SeqBase = f.Seq, f.SeqBase
	case 2:
		t.Ack, t.AckBase = f.Ack, f.AckBase
	case 3:
		t.Window = f.Window
	case 4:
		t.Urgent, t.Flags = f.Urgent, t.Flags|f.Flags&URG
	case 5:
		t.Reserved = f.Reserved
	case 6:
		t.Options, t.EchoBase, t.SACKBase = f.Options, f.EchoBase, f.SACKBase
	case 7:
		to.Payload = from.Payload
	case 8:
		to.IP.TOS, to.IP.DF = from.IP.TOS, from.IP.DF
	}
}

// clockOf is the timestamp of a dialogue's SYN, 0 without one.
func clockOf(p *Probe) uint32 {
	if first := p.Steps[0].Packet; first != nil && first.TCP != nil {
		if at := stampOf(first.TCP.Options); at >= 0 {
			return binary.BigEndian.Uint32(first.TCP.Options[at:])
		}
	}
	return 0
}

// shiftStamp moves a segment's timestamp to another dialogue's clock.
func shiftStamp(p *Packet, by uint32) {
	if p == nil || p.TCP == nil {
		return
	}
	if at := stampOf(p.TCP.Options); at >= 0 {
		v := p.TCP.Options[at:]
		binary.BigEndian.PutUint32(v, binary.BigEndian.Uint32(v)+by)
	}
}

// stampOf is where the first timestamps option has its value, -1 without one.
func stampOf(options []byte) int {
	for rest := options; ; {
		kind, data, after, ok := NextOption(rest)
		if !ok || kind == KindEOL {
			return -1
		}
		if kind == KindTimestamps && len(data) == 8 {
			return len(options) - len(after) - 8
		}
		rest = after
	}
}

func cloneProbe(p *Probe) Probe {
	c := *p
	c.Steps = make([]Step, len(p.Steps))
	for i := range p.Steps {
		c.Steps[i] = cloneStep(&p.Steps[i])
	}
	return c
}

func cloneStep(s *Step) Step {
	c := *s
	if s.Packet == nil {
		return c
	}
	packet := *s.Packet
	packet.Payload = slices.Clone(packet.Payload)
	if packet.TCP != nil {
		tcp := *packet.TCP
		tcp.Options = slices.Clone(tcp.Options)
		packet.TCP = &tcp
	}
	if packet.IP6 != nil {
		ip6 := *packet.IP6
		packet.IP6 = &ip6
	}
	if packet.ICMP != nil {
		icmp := *packet.ICMP
		packet.ICMP = &icmp
	}
	c.Packet = &packet
	return c
}
