package probegen

// The kinds of TCP options that random segments have beside those of probes
// (IANA's TCP parameters).
const (
	kindMD5        = 19 // RFC 2385
	kindAO         = 29 // RFC 5925
	kindMultipath  = 30 // RFC 8684
	kindFastOpen   = 34 // RFC 7413
	kindExperiment = 253
)

// segmentFlags are the flags of random segments, half of which are of the
// first two.
var segmentFlags = [...]uint8{ACK, PSH | ACK, FIN | ACK, FIN, SYN, SYN | ACK, RST, RST | ACK, 0, URG | ACK, URG | PSH | FIN,
	SYN | FIN, ACK | ECE, ACK | CWR, SYN | ECE | CWR, FIN | SYN | RST | PSH | ACK | URG | ECE | CWR}

// waits are the listening times in µs: longer than a delayed acknowledgement
// (0.04 s on Linux), than its limit of answers to invalid segments (0.5 s),
// and than the first retransmission of a SYN-ACK (1 s).
var waits = [...]int64{120_000, 600_000, 1_500_000}

// segments adds n random segments, and a wait before the one at wait.
func (d *dialogueMaker) segments(n, wait int) {
	if d.name == "" {
		d.name = "stray"
	}
	for i := range n {
		if i == wait {
			d.steps = append(d.steps, Step{Wait: waits[d.below(len(waits))]})
		}
		d.send(d.segment())
	}
}

// segment draws a random segment. Each field is what a peer that means well
// would send more often than not, so that some go far into the code.
func (d *dialogueMaker) segment() *Packet {
	p := d.plain(d.flags(), d.data()...)
	if d.port != 0 {
		p.Port = d.port
	}
	t := p.TCP
	if d.below(5) == 0 {
		p.IP.TOS = uint8(1 + d.below(3)) // ECT(1), ECT(0), CE
	}
	t.Seq, t.SeqBase = d.seq()
	t.Ack, t.AckBase = d.ack()
	switch d.below(5) {
	case 0:
		t.Window = 0
	case 1:
		t.Window = [...]uint16{1, 1000, 4096}[d.below(3)]
	}
	if t.Flags&URG != 0 || d.below(16) == 0 {
		t.Urgent = [...]uint16{0, 1, 2, 100, 65535}[d.below(5)]
	}
	if d.below(8) == 0 {
		t.Reserved = uint8(1 + d.below(15))
	}
	d.options(t)
	p.fit()
	return p
}

// ethernetMTU is the length in bytes of the longest packet that an Ethernet
// carries.
const ethernetMTU = 1500

// fit takes off data that makes a packet longer than that.
func (p *Packet) fit() {
	if over := p.Len() - ethernetMTU; over > 0 && over < len(p.Payload) {
		p.Payload = p.Payload[:len(p.Payload)-over]
	}
}

func (d *dialogueMaker) flags() uint8 {
	if d.below(2) == 0 {
		return segmentFlags[d.below(2)]
	}
	return segmentFlags[d.below(len(segmentFlags))]
}

// data draws a payload of letters.
func (d *dialogueMaker) data() []byte {
	lengths := [...]int{0, 0, 0, 0, 1, 10, 100, 536, 1448}
	b := make([]byte, lengths[d.below(len(lengths))])
	for i := range b {
		b[i] = 'a' + byte(i%26)
	}
	if len(b) == 0 {
		return nil
	}
	return b
}

// seq draws a sequence number: mostly the next, else around it or the edge of
// the machine's window. Without a connection it is any.
func (d *dialogueMaker) seq() (uint32, Base) {
	if d.absolute {
		return d.uint32(), Absolute
	}
	switch v := d.below(8); {
	case v < 3:
		return 0, SndNxt
	case v < 5: // again, where the machine did not take what was sent before
		return 0, SndUna
	}
	offsets := [...]int32{1, -1, 100, -100, 1448, 1 << 30, -1 << 30}
	if d.below(3) == 0 {
		edges := [...]int32{0, -1, 1, -100, 100}
		return uint32(edges[d.below(len(edges))]), SndEdge
	}
	return uint32(offsets[d.below(len(offsets))]), SndNxt
}

// ack draws an acknowledgement number: mostly of all that came.
func (d *dialogueMaker) ack() (uint32, Base) {
	if d.absolute {
		return d.uint32(), Absolute
	}
	offsets := [...]int32{1, -1, 100, -100, 1 << 30, -1 << 30}
	if d.below(8) < 5 {
		return 0, RcvNxt
	}
	return uint32(offsets[d.below(len(offsets))]), RcvNxt
}

// options keeps the options of a segment that means well, or spoils them.
func (d *dialogueMaker) options(t *TCP) {
	if d.absolute || d.below(8) < 4 {
		return
	}
	t.Options, t.EchoBase = nil, Absolute
	timestamps := func(back, echo uint32) Hex {
		t.EchoBase = TSRecent
		return AppendTimestamps(Hex{KindNOP, KindNOP}, d.clock-back, echo)
	}
	switch d.below(14) {
	case 0: // none
	case 1: // old enough to be refused (RFC 7323, section 5)
		t.Options = timestamps(1000, 0)
	case 2: // from the future
		t.Options = timestamps(1<<32-1<<20, 0)
	case 3: // half the circle away
		t.Options = timestamps(1<<31-1, 0)
	case 4: // echoes what was never sent
		t.Options = timestamps(0, 1<<20)
	case 5: // a selective acknowledgement of what was never sent
		t.Options, t.SACKBase = d.sackBlocks(100, 200), RcvNxt
	case 6: // of what is acknowledged (RFC 2883), or all but
		t.Options, t.SACKBase = d.sackBlocks(1<<32-1, 0), RcvNxt
	case 7: // of nothing and backwards
		t.Options, t.SACKBase = d.sackBlocks(0, 1<<32-100), RcvNxt
	default:
		t.Options = d.strange(d.below(6))
	}
	if d.stamps && len(t.Options) > 0 && t.EchoBase == Absolute {
		t.Options = append(timestamps(0, 0), t.Options...)
	}
}

// sackBlocks encodes one block, or two of the same.
func (d *dialogueMaker) sackBlocks(left, right uint32) Hex {
	blocks := [][2]uint32{{left, right}, {left, right}}
	return AppendSACK(Hex{KindNOP, KindNOP}, blocks[:1+d.below(2)]...)
}

// strange draws an option that a segment seldom has.
func (d *dialogueMaker) strange(which int) Hex {
	var b Hex
	random := func(kind uint8, n int) {
		b = append(b, kind, uint8(n))
		for range n - 2 {
			b = append(b, d.uint8())
		}
	}
	switch which {
	case 0:
		random(kindMD5, 18)
	case 1:
		random(kindAO, 16)
	case 2:
		random(kindMultipath, 12) // MP_CAPABLE and others, by chance
	case 3:
		random(kindFastOpen, 10)
	case 4:
		random(kindExperiment, 8)
	default: // lengths at random: malformed
		for range 8 {
			b = append(b, d.uint8()%32)
		}
	}
	for len(b)%4 != 0 {
		b = append(b, KindNOP)
	}
	return b
}

// datagrams adds n UDP datagrams to the closed port.
func (d *dialogueMaker) datagrams(n int) {
	d.name = "udp"
	for range min(n, 3) {
		d.send(&Packet{Port: ClosedUDP, IP: IPv4{TOS: uint8(d.below(2)) * d.uint8(), ID: d.uint16(), DF: d.below(2) == 1, TTL: 64},
			UDP: &UDP{}, Payload: d.data()})
	}
}

// messages adds n ICMP messages: echo requests, some with a code, timestamp
// and information requests, address mask requests, and types without meaning.
func (d *dialogueMaker) messages(n int) {
	d.name = "icmp"
	kinds := [...]uint8{8, 8, 8, 8, 13, 15, 17, 10, 42}
	for range min(n, 3) {
		m := &ICMP{Type: kinds[d.below(len(kinds))], Rest: d.uint32()}
		if d.below(3) == 0 {
			m.Code = d.uint8()
		}
		data := d.data()
		if m.Type == 13 {
			data = make([]byte, 12) // three times: originate, receive, transmit
		}
		d.send(&Packet{Port: NoPort, IP: IPv4{TOS: uint8(d.below(2)) * d.uint8(), ID: d.uint16(), DF: d.below(2) == 1, TTL: 64},
			ICMP: m, Payload: data})
	}
}
