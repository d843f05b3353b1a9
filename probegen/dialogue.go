package probegen

import "strconv"

// What the listening application of Tickle's own machines does when it reads
// one of these bytes (ASCII's end of transmission and enquiry). It reads
// everything, says nothing, and closes when the peer has. So the states in
// which the machine has closed first, or not yet, are within a dialogue's
// reach; any other application takes them for data.
const (
	AppClose = 0x04 // close now: FIN-WAIT-1, FIN-WAIT-2, CLOSING, TIME-WAIT
	AppHold  = 0x05 // do not close when the peer does: CLOSE-WAIT
)

// AppFence ends the datagrams, of four more bytes before it, that the same
// application sends back as they are, from the UDP port of its listener's
// number: an answer says that it has had its turn.
const AppFence = "tickle application fence"

// dialogueFamily fuzzes inside connections: a dialogue opens one, brings the
// machine into a state of RFC 9293's diagram, and sends it random segments
// there. Numbers count from the connection, so that one dialogue means the
// same on every machine.
//
// SYN-RECEIVED and ESTABLISHED are within the prober's own reach, LAST-ACK
// with any application that closes when its peer does. The others need one
// that knows AppClose or AppHold, as those of the lab, of netstack and of the
// models do; with another the segments arrive in ESTABLISHED, or CLOSE-WAIT
// passes by. SYN-SENT is not: machines open no connections.
var dialogueFamily = generator{
	Family: Family{
		Name:    "dialogue",
		Summary: "random segments inside connections, in every state that a listener gets into",
		Version: 1,
		Options: dialogueOptions(),
	},
	check: func(o options) error { return checkTotal(o, "stray-share", "udp-share", "icmp-share") },
	probe: dialogueProbe,
}

func dialogueOptions() []Option {
	percent := func(name string, share int, doc string) Option {
		return Option{name, PercentOption, strconv.Itoa(share), doc, 0, 100}
	}
	return []Option{
		percent("stray-share", 6, "share of dialogues without an opening, a quarter of them to the closed port, in percent"),
		percent("udp-share", 2, "share of UDP exchanges, in percent"),
		percent("icmp-share", 4, "share of ICMP exchanges, in percent"),
		percent("established-share", 50, "share of connections that are fuzzed in ESTABLISHED, in percent; the other states share the rest"),
		percent("wait-share", 4, "share of connections with a wait of 0.12, 0.6 or 1.5 seconds between two segments, in percent"),
		percent("ipv6-share", 0, "share of dialogues over IPv6, which machines without it are not sent, in percent"),
		percent("extension-share", 0, "share of IPv6 packets with one to three extension headers, in percent"),
		{"segments-max", IntOption, "8", "random segments at most, 1 to 8", 1, 8},
	}
}

func dialogueProbe(r *stream, o options) Probe {
	d := dialogueMaker{stream: r}
	d.isn, d.clock = r.uint32(), r.uint32()>>1
	n := 1 + min(r.below(o["segments-max"]), r.below(o["segments-max"])) // short ones are more
	v := r.below(100)
	share := func(name string) bool {
		v -= o[name]
		return v < 0
	}
	switch {
	case share("stray-share"):
		if r.below(4) == 0 {
			d.port = ClosedTCP
		}
		d.absolute = true
		d.segments(n, -1)
	case share("udp-share"):
		d.datagrams(n)
	case share("icmp-share"):
		d.messages(n)
	default:
		d.open()
		d.reach(r.percent(o["established-share"]))
		wait := -1
		if r.percent(o["wait-share"]) {
			wait = r.below(n)
		}
		d.segments(n, wait)
	}
	if r.percent(o["ipv6-share"]) {
		d.overIPv6(o["extension-share"])
	}
	return Probe{Name: d.name, Steps: d.steps}
}

// dialogueMaker makes the steps of one dialogue.
type dialogueMaker struct {
	*stream
	steps    []Step
	name     string // "full/established"
	port     PortClass
	isn      uint32
	clock    uint32 // our timestamps'
	stamps   bool   // both sides send timestamps, as far as the machine agrees
	sack     bool   // likewise
	absolute bool   // there is no connection to count from
}

func (d *dialogueMaker) send(p *Packet) { d.steps = append(d.steps, Step{Packet: p}) }

// plain is a segment as a peer that means well would send it, relative to the
// connection.
func (d *dialogueMaker) plain(flags uint8, data ...byte) *Packet {
	p := &Packet{Port: OpenTCP, IP: IPv4{DF: true, TTL: 64}, TCP: &TCP{Flags: flags, SeqBase: SndNxt, Window: 65535}, Payload: data}
	if flags&ACK != 0 {
		p.TCP.AckBase = RcvNxt
	}
	d.stamp(p.TCP)
	return p
}

// stamp adds the timestamps that a segment of this connection must have.
func (d *dialogueMaker) stamp(t *TCP) {
	if d.stamps {
		d.clock += 10
		t.Options, t.EchoBase = AppendTimestamps(Hex{KindNOP, KindNOP}, d.clock, 0), TSRecent
	}
}

// opening is a way to ask for a connection.
type opening struct {
	name              string
	flags, reserved   uint8
	mss, scale        bool
	sack, stamps      bool
	fastOpen          bool // asks for a cookie (RFC 7413)
	data              string
	crossing, tinyMSS bool // crossing: answers the SYN-ACK as one whose SYN crossed the machine's would
}

// openings: the eighth SYN brings data, and the ninth opens simultaneously as
// far as the machine can tell.
var openings = []opening{
	{name: "full", flags: SYN, mss: true, scale: true, sack: true, stamps: true},
	{name: "no-timestamps", flags: SYN, mss: true, scale: true, sack: true},
	{name: "no-sack", flags: SYN, mss: true, scale: true, stamps: true},
	{name: "plain", flags: SYN},
	{name: "ecn", flags: SYN | ECE | CWR, mss: true, scale: true, sack: true, stamps: true},
	{name: "accurate-ecn", flags: SYN | ECE | CWR, reserved: 1, mss: true, scale: true, sack: true, stamps: true},
	{name: "fast-open", flags: SYN, mss: true, scale: true, sack: true, stamps: true, fastOpen: true},
	{name: "data", flags: SYN, mss: true, sack: true, tinyMSS: true, data: "tickle"},
	{name: "simultaneous", flags: SYN, mss: true, scale: true, sack: true, stamps: true, crossing: true},
}

// open adds the SYN.
func (d *dialogueMaker) open() {
	o := &openings[d.below(len(openings))]
	d.name = o.name
	p := &Packet{Port: OpenTCP, IP: IPv4{DF: true, TTL: 64}}
	if o.data != "" {
		p.Payload = Hex(o.data)
	}
	p.TCP = &TCP{Flags: o.flags, Reserved: o.reserved, Seq: d.isn, Window: 64240, Options: o.options(d.clock)}
	d.stamps, d.sack = o.stamps, o.sack
	d.send(p)
	if o.crossing {
		d.send(d.plain(SYN | ACK))
		d.steps[1].Packet.TCP.Seq = ^uint32(0) // its SYN once more
	}
}

// options encodes what the SYN offers, in Linux' order.
func (o *opening) options(clock uint32) Hex {
	var b Hex
	switch {
	case o.tinyMSS:
		b = AppendMSS(b, 536)
	case o.mss:
		b = AppendMSS(b, 1460)
	}
	switch {
	case o.sack:
		b = AppendSACKPermitted(b)
	case o.stamps:
		b = append(b, KindNOP, KindNOP)
	}
	if o.stamps {
		b = AppendTimestamps(b, clock, 0)
	}
	if o.scale {
		b = AppendWindowScale(append(b, KindNOP), 7)
	}
	if o.fastOpen {
		b = append(b, kindFastOpen, 2)
	}
	for len(b)%4 != 0 {
		b = append(b, KindNOP)
	}
	return b
}

// The states that are fuzzed beside ESTABLISHED.
var dialogueStates = []string{"syn-rcvd", "close-wait", "last-ack", "fin-wait-1", "fin-wait-2", "closing", "time-wait"}

// reach brings the machine into a state. What the machine does by itself on
// the way is waited for.
func (d *dialogueMaker) reach(established bool) {
	state := "established"
	if !established {
		state = dialogueStates[d.below(len(dialogueStates))]
	}
	d.name += "/" + state
	if state == "syn-rcvd" {
		return
	}
	d.send(d.plain(ACK))
	fin := func(s *Step) { s.Until = FIN }
	switch state {
	case "close-wait":
		d.send(d.plain(ACK|PSH, AppHold))
		d.send(d.plain(ACK | FIN))
	case "last-ack":
		d.send(d.plain(ACK | FIN))
		fin(&d.steps[len(d.steps)-1])
	case "fin-wait-1", "fin-wait-2", "closing", "time-wait":
		d.send(d.plain(ACK|PSH, AppClose))
		fin(&d.steps[len(d.steps)-1])
	}
	switch state {
	case "fin-wait-2", "time-wait":
		d.send(d.plain(ACK))
	case "closing":
		p := d.plain(ACK | FIN)
		p.TCP.Ack = ^uint32(0) // all but its FIN
		d.send(p)
	}
	if state == "time-wait" {
		d.send(d.plain(ACK | FIN))
	}
}
