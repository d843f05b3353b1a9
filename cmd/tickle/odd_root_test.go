//go:build linux && root

package main

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"tickle/collector/pool"
	"tickle/probegen"
)

// oddLink is a machine that answers Nmap's probes with whatever its seed says,
// sound or not, so that rules that no kernel comes by are seen too.
type oddLink struct {
	start   time.Time
	queue   [][]byte
	machine *oddMachine
}

func newOddLink(seed uint64) *oddLink {
	return &oddLink{start: time.Now(), machine: newOddMachine(seed)}
}

func (l *oddLink) Now() int64            { return time.Since(l.start).Microseconds() }
func (l *oddLink) Silence() pool.Silence { return pool.Timeout }
func (l *oddLink) Close() error          { return nil }

func (l *oddLink) Receive(buf []byte, until int64) (int, int64, bool, error) {
	if len(l.queue) == 0 {
		time.Sleep(time.Duration(until-l.Now()) * time.Microsecond)
		return 0, 0, false, nil
	}
	n := copy(buf, l.queue[0])
	l.queue = l.queue[1:]
	return n, l.Now(), true, nil
}

func (l *oddLink) Send(b []byte) error {
	l.queue = append(l.queue, l.machine.answer(probeName(b), b, l.Now())...)
	return nil
}

// probeName says which of the 16 probes a packet is, by window, or "".
func probeName(b []byte) string {
	body := b[int(b[0]&15)*4:]
	switch b[9] {
	case probegen.ProtoICMP:
		switch {
		case body[0] == 8 && len(body) == 128:
			return "IE1"
		case body[0] == 8 && len(body) == 158:
			return "IE2"
		}
	case probegen.ProtoUDP:
		if len(body) == 308 {
			return "U1"
		}
	case probegen.ProtoTCP:
		if len(body) <= 28 {
			return "" // Nmap's port scan
		}
		w, flags := binary.BigEndian.Uint16(body[14:]), body[13]
		if w == 4 && body[20] == probegen.KindTimestamps {
			return "S3"
		}
		return map[[2]uint16]string{{1, 2}: "S1", {63, 2}: "S2", {4, 2}: "S4", {16, 2}: "S5", {512, 2}: "S6", {3, 0xc2}: "ECN",
			{128, 0}: "T2", {256, 0x2b}: "T3", {1024, 16}: "T4", {31337, 2}: "T5", {32768, 16}: "T6", {65535, 0x29}: "T7"}[[2]uint16{w, uint16(flags)}]
	}
	return ""
}

// readProbe gives of a probe what a fingerprint is computed with.
func readProbe(b []byte) *probegen.Packet {
	p := &probegen.Packet{IP: probegen.IPv4{ID: binary.BigEndian.Uint16(b[4:]), TTL: b[8], TOS: b[1], DF: b[6]&0x40 != 0}}
	body := b[20:]
	switch b[9] {
	case probegen.ProtoICMP:
		p.Port = probegen.NoPort
		p.ICMP = &probegen.ICMP{Type: body[0], Code: body[1], Rest: binary.BigEndian.Uint32(body[4:])}
		p.Payload = append(probegen.Hex(nil), body[8:]...)
	case probegen.ProtoUDP:
		p.Port, p.UDP, p.Payload = probegen.ClosedUDP, &probegen.UDP{}, append(probegen.Hex(nil), body[8:]...)
	case probegen.ProtoTCP:
		p.Port = probegen.OpenTCP
		p.TCP = &probegen.TCP{Seq: binary.BigEndian.Uint32(body[4:]), Ack: binary.BigEndian.Uint32(body[8:]), Flags: body[13]}
	}
	return p
}

// oddMachine draws its answers from a seed. What counts on from answer to
// answer is drawn once.
type oddMachine struct {
	seed          uint64
	isn           func(i int, at int64) uint32
	stamp         func(i int, at int64) (uint32, bool)
	openID        func() uint16
	closedID      func() uint16
	echoID        func() uint16
	ttl           uint8
	nextISN       int
	silence       int // percent of probes that draw nothing
	strangeOption int // percent of option lists that are
}

func newOddMachine(seed uint64) *oddMachine {
	r := rand.New(rand.NewPCG(seed, 1))
	m := &oddMachine{seed: seed, ttl: uint8(r.IntN(256)), silence: []int{0, 0, 0, 0, 12, 12, 12, 100}[r.IntN(8)], strangeOption: []int{0, 30}[r.IntN(2)]}
	m.openID, m.closedID, m.echoID = counter(r), counter(r), counter(r)
	if r.IntN(2) == 0 {
		m.closedID, m.echoID = m.openID, m.openID
	}
	base, step := r.Uint32(), []uint32{0, 1, 3, 7, 10, 11, 640, 64000, 128000, 0xf0000000}[r.IntN(10)]
	switch r.IntN(4) {
	case 0:
		m.isn = func(int, int64) uint32 { return r.Uint32() }
	case 1:
		m.isn = func(i int, _ int64) uint32 { return base + uint32(i)*step }
	case 2:
		m.isn = func(int, int64) uint32 { base += step * (1 + r.Uint32N(9)); return base }
	default:
		m.isn = func(_ int, at int64) uint32 { return base + uint32(at)/4 }
	}
	if zero := r.IntN(30); zero < 6 {
		isn := m.isn
		m.isn = func(i int, at int64) uint32 {
			if i == zero || zero == 5 {
				return 0
			}
			return isn(i, at)
		}
	}
	rate := []float64{0, 0.5, 1, 2, 5, 6, 10, 50, 69, 71, 100, 149, 151, 170, 200, 250, 340, 360, 700, 1000, 1500, 5000, 1e5}[r.IntN(23)]
	start, none := r.Uint32(), r.IntN(6)
	m.stamp = func(i int, at int64) (uint32, bool) {
		switch {
		case none == 0 && i == int(start%6):
			return 0, true
		case none == 1 && i == int(start%6):
			return 0, false
		}
		return start + uint32(rate*float64(at)/1e6), true
	}
	return m
}

// counter draws a way to number packets.
func counter(r *rand.Rand) func() uint16 {
	v := uint16(r.Uint32())
	if r.IntN(2) == 0 {
		v %= 2000 // far from its end
	}
	small, large := 1+r.Uint32N(12), []uint32{900, 1100, 2000, 19000, 21000}[r.IntN(5)]
	swapped := 256 * (1 + r.Uint32N([]uint32{4, 20, 25, 120}[r.IntN(4)]))
	switch r.IntN(9) {
	case 7:
		return func() uint16 { v += uint16(2 * (1 + r.Uint32N(large/2))); return v }
	case 8:
		return func() uint16 { v += uint16(1 + r.Uint32N(small)); return v }
	case 0:
		return func() uint16 { return 0 }
	case 1:
		return func() uint16 { return v }
	case 2:
		return func() uint16 { v += uint16(small); return v }
	case 3:
		return func() uint16 { v += uint16(1 + r.Uint32N(large)); return v }
	case 4:
		return func() uint16 { v += uint16(swapped); return v }
	case 5:
		return func() uint16 { v += uint16(256 * (1 + r.Uint32N(swapped/256))); return v }
	}
	return func() uint16 { return uint16(r.Uint32()) }
}

// answer gives what a packet draws. A probe's answer is the same each time but
// for what is counted.
func (m *oddMachine) answer(name string, b []byte, at int64) [][]byte {
	h := fnv.New64()
	h.Write([]byte(name))
	r := rand.New(rand.NewPCG(m.seed, h.Sum64()))
	switch {
	case name == "":
		return m.portScan(b)
	case r.IntN(100) < m.silence:
		return nil
	case name == "U1":
		return [][]byte{m.portUnreachable(r, b)}
	case b[9] == probegen.ProtoICMP:
		return [][]byte{m.echoReply(r, b)}
	}
	return [][]byte{m.segment(name, r, b, at)}
}

// ipv4 gives a header before a body, with swapped addresses.
func (m *oddMachine) ipv4(r *rand.Rand, b, body []byte, id uint16) []byte {
	ttl := m.ttl
	if r.IntN(4) == 0 {
		ttl = uint8(r.IntN(256))
	}
	p := []byte{0x45, 0, 0, 0, byte(id >> 8), byte(id), byte(r.IntN(2)) << 6, 0, max(ttl, 1), b[9], 0, 0}
	if b[9] == probegen.ProtoUDP {
		p[9] = probegen.ProtoICMP
	}
	p = append(append(p, b[16:20]...), b[12:16]...)
	binary.BigEndian.PutUint16(p[2:], uint16(20+len(body)))
	binary.BigEndian.PutUint16(p[10:], sumOf(p))
	return append(p, body...)
}

// sumOf is RFC 1071's checksum.
func sumOf(b []byte) uint16 {
	var s uint32
	for i := 0; i < len(b); i++ {
		s += uint32(b[i]) << (8 * (1 - i%2))
	}
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}

// tcp completes a segment: ports swapped, checksum.
func (m *oddMachine) tcp(r *rand.Rand, b, t []byte, id uint16) []byte {
	probe := b[int(b[0]&15)*4:]
	copy(t, probe[2:4])
	copy(t[2:], probe[:2])
	pseudo := append(append(append([]byte(nil), b[16:20]...), b[12:16]...), 0, probegen.ProtoTCP, byte(len(t)>>8), byte(len(t)))
	binary.BigEndian.PutUint16(t[16:], sumOf(append(pseudo, t...)))
	return m.ipv4(r, b, t, id)
}

func segmentBytes(seq, ack uint32, flags uint8, window uint16, options []byte) []byte {
	t := make([]byte, 20, 60)
	binary.BigEndian.PutUint32(t[4:], seq)
	binary.BigEndian.PutUint32(t[8:], ack)
	t[12], t[13] = byte(5+len(options)/4)<<4, flags
	binary.BigEndian.PutUint16(t[14:], window)
	return append(t, options...)
}

// portScan answers as a host with port 22 open.
func (m *oddMachine) portScan(b []byte) [][]byte {
	if b[9] != probegen.ProtoTCP {
		return nil
	}
	t := b[int(b[0]&15)*4:]
	if t[13]&probegen.SYN == 0 {
		return nil
	}
	r := rand.New(rand.NewPCG(1, 1))
	seq := binary.BigEndian.Uint32(t[4:])
	if binary.BigEndian.Uint16(t[2:]) == 22 {
		return [][]byte{m.tcp(r, b, segmentBytes(7, seq+1, probegen.SYN|probegen.ACK, 1024, nil), 0)}
	}
	return [][]byte{m.tcp(r, b, segmentBytes(0, seq+1, probegen.RST|probegen.ACK, 0, nil), 0)}
}

// strangeKinds leaves out those that Nmap does not know: for each it reads
// memory behind the packet.
var strangeKinds = [...]byte{0, 1, 2, 3, 4, 8}

func (m *oddMachine) options(r *rand.Rand, stamp uint32, stamped bool) []byte {
	var b []byte
	if stamped {
		b = probegen.AppendTimestamps(append(b, 1, 1), stamp, r.Uint32N(2))
	}
	for range r.IntN(5) {
		switch r.IntN(6) {
		case 0:
			b = append(b, probegen.KindNOP)
		case 1:
			b = probegen.AppendMSS(b, uint16(r.Uint32()))
		case 2:
			b = probegen.AppendWindowScale(b, uint8(r.IntN(20)))
		case 3:
			b = probegen.AppendSACKPermitted(b)
		case 4:
			if r.IntN(100) < m.strangeOption {
				b = append(b, []byte{strangeKinds[r.IntN(len(strangeKinds))], byte(r.IntN(6)), byte(r.IntN(4))}...)
			}
		case 5:
			if r.IntN(100) < m.strangeOption {
				b = append(b, probegen.KindEOL)
			}
		}
	}
	for len(b)%4 != 0 {
		b = append(b, byte(r.IntN(2)))
	}
	return b[:min(len(b), 40)]
}

// segment answers a TCP probe.
func (m *oddMachine) segment(name string, r *rand.Rand, b []byte, at int64) []byte {
	probe := b[20:]
	seq, ack := binary.BigEndian.Uint32(probe[4:]), binary.BigEndian.Uint32(probe[8:])
	windows := []uint16{0, 1, 512, 65535, uint16(r.Uint32())}
	window := windows[r.IntN(len(windows))]
	if name[0] == 'S' {
		i := int(name[1] - '1')
		stamp, stamped := m.stamp(i, at)
		t := segmentBytes(m.isn(i, at), seq+1, probegen.SYN|probegen.ACK, window, m.options(r, stamp, stamped))
		if name == "S1" {
			m.twist(r, t)
		}
		return m.tcp(r, b, t, m.openID())
	}
	numbers := []uint32{0, ack, ack + 1, seq, seq + 1, r.Uint32()}
	flags := []uint8{4, 20, 20, 18, 16, 1, 0x52, 0x12, 0xd2, uint8(r.Uint32())}[r.IntN(10)]
	if name == "ECN" {
		flags = []uint8{0x12, 0x52, 0x92, 0xd2}[r.IntN(4)]
	}
	t := segmentBytes(numbers[r.IntN(6)], numbers[r.IntN(6)], flags, window, m.options(r, r.Uint32N(2), r.IntN(2) == 0))
	m.twist(r, t)
	if r.IntN(3) == 0 {
		t = append(t, []byte("not here")[:1+r.IntN(8)]...)
	}
	id := m.openID
	if name == "T5" || name == "T6" || name == "T7" {
		id = m.closedID
	}
	return m.tcp(r, b, t, id())
}

// twist sets reserved bits and the urgent pointer now and then.
func (m *oddMachine) twist(r *rand.Rand, t []byte) {
	if r.IntN(3) == 0 {
		t[12] |= byte(r.IntN(8)) << 1
	}
	if r.IntN(3) == 0 {
		t[19] = 1
	}
}

func (m *oddMachine) echoReply(r *rand.Rand, b []byte) []byte {
	icmp := append([]byte(nil), b[20:]...)
	icmp[0] = 0
	if codes := []byte{icmp[1], icmp[1], 0, byte(m.seed), byte(r.IntN(20))}; true {
		icmp[1] = codes[r.IntN(len(codes))]
	}
	icmp[2], icmp[3] = 0, 0
	binary.BigEndian.PutUint16(icmp[2:], sumOf(icmp))
	return m.ipv4(r, b, icmp, m.echoID())
}

func (m *oddMachine) portUnreachable(r *rand.Rand, b []byte) []byte {
	q := append([]byte(nil), b...)
	often := func(change func()) {
		if r.IntN(4) == 0 {
			change()
		}
	}
	often(func() { q[2], q[3] = q[3], q[2] })
	often(func() { q[4], q[5] = q[5], q[4] })
	often(func() { q[8] -= byte(r.IntN(6)) })
	often(func() { q[8] = byte(r.Uint32()) })
	often(func() { q[10], q[11] = 0, 0 })
	often(func() { q[26], q[27] = 0, 0 })
	often(func() { q[28+r.IntN(300)] = byte(r.Uint32()) })
	often(func() { q = q[:28+r.IntN(300)] })
	icmp := append([]byte{3, 3, 0, 0, 0, 0, 0, 0}, q...)
	often(func() { binary.BigEndian.PutUint32(icmp[4:], r.Uint32()) })
	often(func() { icmp[1] = byte(r.IntN(14)) })
	binary.BigEndian.PutUint16(icmp[2:], sumOf(icmp))
	return m.ipv4(r, b, icmp, m.openID())
}

var _ pool.Link = (*oddLink)(nil)
