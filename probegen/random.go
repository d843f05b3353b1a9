package probegen

import (
	"fmt"
	"strconv"
)

// minTTL is the least time to live of a random probe: enough for any path of
// the Internet, so that what is random never keeps a probe from arriving.
const minTTL = 32

// flagClass is a combination of flags that ordinary stacks answer.
type flagClass struct {
	option string // that holds its share
	flags  uint8
	share  int // in percent, by default
	doc    string
}

// flagClasses are the plain ones. A listening port answers the first two with
// SYN-ACK and the others with RST (RFC 9293, section 3.10.7.2).
var flagClasses = []flagClass{
	{"syn-share", SYN, 24, "SYN alone"},
	{"syn-ecn-share", SYN | ECE | CWR, 10, "SYN, ECE and CWR, the request for ECN"},
	{"ack-share", ACK, 6, "ACK alone"},
	{"psh-ack-share", PSH | ACK, 3, "PSH and ACK"},
	{"fin-ack-share", FIN | ACK, 4, "FIN and ACK"},
	{"syn-ack-share", SYN | ACK, 3, "SYN and ACK"},
}

// randomFamily is the fuzzer: IPv4/TCP packets that are well-formed and arrive,
// and are otherwise random. Header fields are uniform, the time to live from
// minTTL to 255.
//
// Uniform flags mostly draw silence, so by default half of the probes are of a
// plain flag class, drawn by the shares; the flag byte of the others is uniform
// over its 256 values. Some stacks drop a segment for an oddity elsewhere in
// its header, so the tidy share of the plain probes has none, but for values:
// reserved bits and urgent pointer are zero and no option but no-operation and
// end of list stands twice. The rest of the plain probes, and all with uniform
// flags, have uniform reserved bits and urgent pointer and any sequence of
// options.
var randomFamily = generator{
	Family: Family{
		Name:    "random",
		Summary: "random well-formed IPv4/TCP packets with random TCP options",
		Version: 1,
		Options: randomOptions(),
	},
	check: checkShares,
	probe: randomProbe,
}

func randomOptions() []Option {
	percent := func(name string, share int, doc string) Option {
		return Option{name, PercentOption, strconv.Itoa(share), doc, 0, 100}
	}
	os := make([]Option, 0, len(flagClasses)+4)
	for _, c := range flagClasses {
		os = append(os, percent(c.option, c.share, "share of probes with "+c.doc+", in percent; what the classes leave has uniform flags"))
	}
	return append(os,
		percent("tidy-share", 50, "share of the plain classes' probes without reserved bits, urgent pointer and repeated options, in percent"),
		percent("closed-share", 0, "share of probes to the closed port, in percent"),
		percent("payload-share", 0, "share of probes with a random payload, in percent"),
		Option{"payload-max", IntOption, "64", "length of the longest payload, 1 to 1400 bytes", 1, 1400},
	)
}

func checkShares(o options) error {
	total := 0
	for _, c := range flagClasses {
		total += o[c.option]
	}
	if total > 100 {
		return fmt.Errorf("options syn-share to syn-ack-share: want at most 100 percent together, have %d", total)
	}
	return nil
}

func randomProbe(r *stream, o options) Probe {
	p := &Packet{Port: OpenTCP, TCP: new(TCP)}
	if r.percent(o["closed-share"]) {
		p.Port = ClosedTCP
	}
	p.IP = IPv4{TOS: r.uint8(), ID: r.uint16(), DF: r.below(2) == 1, TTL: uint8(minTTL + r.below(256-minTTL))}
	t := p.TCP
	t.Seq, t.Ack, t.Window = r.uint32(), r.uint32(), r.uint16()
	var plain bool
	t.Flags, plain = randomFlags(r, o)
	if plain && r.percent(o["tidy-share"]) {
		t.Options = tidyOptions(r)
	} else {
		t.Reserved = uint8(r.below(16))
		t.Urgent = r.uint16()
		t.Options = anyOptions(r)
	}
	if r.percent(o["payload-share"]) {
		p.Payload = make(Hex, 1+r.below(o["payload-max"]))
		for i := range p.Payload {
			p.Payload[i] = r.uint8()
		}
	}
	return Probe{Steps: []Step{{Packet: p}}}
}

// randomFlags draws the flags and says whether a plain class gave them.
func randomFlags(r *stream, o options) (flags uint8, plain bool) {
	v := r.below(100)
	for _, c := range flagClasses {
		if v < o[c.option] {
			return c.flags, true
		}
		v -= o[c.option]
	}
	return r.uint8(), false
}

// maxOptions is the most options in a random header, padding aside.
const maxOptions = 8

// sequenceKinds are the kinds of a random sequence, each as often as it stands
// here: an end of list hides what follows, and blocks of a selective
// acknowledgement leave little room.
var sequenceKinds = []uint8{
	KindMSS, KindMSS, KindWindowScale, KindWindowScale, KindSACKPermitted, KindSACKPermitted,
	KindTimestamps, KindTimestamps, KindNOP, KindNOP, KindSACK, KindEOL,
}

// anyOptions draws a sequence of up to maxOptions options. One that no longer
// fits is left out.
func anyOptions(r *stream) Hex {
	b := make(Hex, 0, maxOptionsLen)
	for range r.below(maxOptions + 1) {
		n := len(b)
		b = appendRandom(b, sequenceKinds[r.below(len(sequenceKinds))], r)
		if len(b) > maxOptionsLen {
			b = b[:n]
		}
	}
	return pad(b, r)
}

// tidyKinds are the options of a connection request.
var tidyKinds = [...]uint8{KindMSS, KindWindowScale, KindSACKPermitted, KindTimestamps}

// tidyOptions draws a subset of the tidy kinds in a random order, each
// preceded by up to two no-operations.
func tidyOptions(r *stream) Hex {
	kinds := tidyKinds
	for i := len(kinds) - 1; i > 0; i-- {
		j := r.below(i + 1)
		kinds[i], kinds[j] = kinds[j], kinds[i]
	}
	b := make(Hex, 0, maxOptionsLen)
	for _, kind := range kinds[:r.below(len(kinds)+1)] {
		for range r.below(3) {
			b = append(b, KindNOP)
		}
		b = appendRandom(b, kind, r)
	}
	return pad(b, r)
}

// commonMSS are sizes that real paths have: the least that IPv4 hosts must
// take, IPv6's, tunnels', PPPoE's, Ethernet's and jumbo frames'.
var commonMSS = [...]uint16{536, 1220, 1360, 1380, 1400, 1440, 1452, 1460, 8960}

// appendRandom appends an option of the kind. Half of the segment sizes are
// common, the others uniform; three quarters of the window scales are valid;
// half of the timestamps echo zero, as a first segment's does.
func appendRandom(b []byte, kind uint8, r *stream) []byte {
	switch kind {
	case KindMSS:
		if r.below(2) == 0 {
			return AppendMSS(b, commonMSS[r.below(len(commonMSS))])
		}
		return AppendMSS(b, r.uint16())
	case KindWindowScale:
		if r.below(4) > 0 {
			return AppendWindowScale(b, uint8(r.below(15)))
		}
		return AppendWindowScale(b, r.uint8())
	case KindSACKPermitted:
		return AppendSACKPermitted(b)
	case KindSACK:
		var blocks [3][2]uint32
		n := 1 + r.below(len(blocks))
		for i := range blocks[:n] {
			blocks[i] = [2]uint32{r.uint32(), r.uint32()}
		}
		return AppendSACK(b, blocks[:n]...)
	case KindTimestamps:
		value, echo := r.uint32(), uint32(0)
		if r.below(2) == 1 {
			echo = r.uint32()
		}
		return AppendTimestamps(b, value, echo)
	}
	return append(b, kind)
}

// pad fills b up to a multiple of 4, with no-operations or with ends of list.
// No options are nil, as they are when read from a file.
func pad(b Hex, r *stream) Hex {
	with := byte(r.below(2)) // KindEOL or KindNOP
	if len(b) == 0 {
		return nil
	}
	for len(b)%4 != 0 {
		b = append(b, with)
	}
	return b
}
