package collector

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"

	"tickle/collector/pool"
	"tickle/probegen"
)

// stack is a small TCP/IP stack for tests: it listens on one port, keeps half-open
// and established connections, repeats SYN-ACKs, and misbehaves when told to.
type stack struct {
	ports  pool.Ports
	rng    *rand.Rand
	mood   mood
	conns  map[netip.AddrPort]*conn
	ttl    uint8
	window uint16
	ipid   uint16
	link   *virtualLink
	sent   [][]byte // what the prober sent, when it is recorded
	resets int64    // that the limit has let pass, or could have
	errors int64    // likewise
	turns  []func() // what the application will do
}

// mood is how a stack misbehaves; rates are one in so many packets, 0 never.
type mood struct {
	delay      int64 // of every answer, µs
	window     uint64
	duplicate  uint64
	late       uint64 // an answer that is a second late, and comes once more
	stray      uint64
	malformed  uint64
	lossy      uint64
	noFence    bool // ACKs of no connection are dropped, as firewalls do
	noEcho     bool
	noSYN      bool  // nothing that a fence may be is answered
	limit      int64 // RSTs a second, and as many at once
	errors     int64 // ICMP errors a second, and as many at once
	silentPort bool  // the closed port drops
	record     bool
	dieAfter   int // packets
	endless    bool
	mute       bool  // SYNs are not answered
	connects   int64 // a SYN is answered up to so much later
	acks       int64 // data is acknowledged up to so much later
	closes     int64 // the application closes so long after its peer, whose FIN is acknowledged up to half of that later
	turn       int64 // the application has its turn after up to so long: it reads, and answers its fences
}

type conn struct {
	isn, rcvNxt, sndNxt uint32
	unread              uint16 // bytes that the application has still to read
	established         bool
	tries               int
}

func (s *stack) chance(oneIn uint64) bool { return oneIn > 0 && s.rng.Uint64N(oneIn) == 0 }

// receive answers one packet of the prober's.
func (s *stack) receive(b []byte) {
	if s.mood.record {
		s.sent = append(s.sent, slices.Clone(b))
	}
	p, ok := parseIPv4(b)
	if !ok || fold(sum(b[:20])) != 0xffff || p.proto != probegen.ProtoICMP && !p.transportOK() {
		panic("the prober sent a broken packet")
	}
	switch p.proto {
	case probegen.ProtoTCP:
		s.tcp(&p)
	case probegen.ProtoUDP:
		if s.mood.turn > 0 && binary.BigEndian.Uint16(p.body[2:]) == s.ports.Open {
			s.wake(func() { s.answer(udpPacket(&p)) })
			return
		}
		if !s.filled(&s.errors, s.mood.errors) {
			s.answer(icmpPacket(&p, 3, 3, 0, p.packet[:28]))
		}
	case probegen.ProtoICMP:
		if s.mood.noEcho && string(p.body[8:]) == fenceMark {
			return
		}
		s.answer(icmpPacket(&p, 0, 0, binary.BigEndian.Uint32(p.body[4:]), p.body[8:]))
	}
}

func (s *stack) tcp(p *ipPacket) {
	t := parseTCP(p.body)
	from := netip.AddrPortFrom(addr4(p.src), t.src)
	c := s.conns[from]
	switch {
	case t.flags&probegen.RST != 0:
		delete(s.conns, from)
	case t.dst != s.ports.Open:
		if !s.mood.silentPort {
			s.reset(p, t)
		}
	case s.mood.noSYN && t.seq>>16 == fenceID, s.mood.mute && t.flags&probegen.SYN != 0:
	case c == nil && t.flags&(probegen.SYN|probegen.ACK|probegen.FIN) == probegen.SYN:
		c = &conn{isn: s.rng.Uint32(), rcvNxt: t.seq + t.length}
		c.sndNxt = c.isn + 1
		s.conns[from] = c
		s.link.at(s.link.now+s.after(s.mood.connects), func() { s.synAck(p, c) })
		s.link.at(s.link.now+200_000, func() { s.repeat(p, from, c) })
	case c == nil && t.flags&probegen.ACK != 0:
		if !s.mood.noFence {
			s.reset(p, t)
		}
	case c == nil:
	case t.flags&probegen.ACK != 0 && t.ack == c.sndNxt:
		c.established = true
		if t.length > 0 && t.seq == c.rcvNxt {
			c.rcvNxt += t.length
		}
		switch {
		case t.flags&probegen.FIN != 0 && s.mood.closes > 0:
			s.close(p, c)
		case t.length > 0:
			if s.mood.turn > 0 {
				c.unread += uint16(t.length)
				s.wake(func() { c.unread = 0 })
			}
			ack := tcpPacket(p, s.ttl, s.window-c.unread, c.sndNxt, c.rcvNxt, probegen.ACK, nil)
			s.link.at(s.link.now+s.after(s.mood.acks), func() { s.answer(ack) })
		}
	}
}

// after draws how much later something happens, up to most µs.
func (s *stack) after(most int64) int64 {
	if most == 0 {
		return 0
	}
	return s.rng.Int64N(most)
}

// wake has the application do something when it has its turn, in order.
func (s *stack) wake(do func()) {
	if s.turns = append(s.turns, do); len(s.turns) > 1 {
		return
	}
	s.link.at(s.link.now+s.after(s.mood.turn), func() {
		for _, do := range s.turns {
			do()
		}
		s.turns = nil
	})
}

// close acknowledges a FIN, and sends the application's.
func (s *stack) close(p *ipPacket, c *conn) {
	s.link.at(s.link.now+s.after(s.mood.closes/2), func() {
		s.answer(tcpPacket(p, s.ttl, s.window, c.sndNxt, c.rcvNxt, probegen.ACK, nil))
	})
	s.link.at(s.link.now+s.mood.closes, func() {
		s.answer(tcpPacket(p, s.ttl, s.window, c.sndNxt, c.rcvNxt, probegen.FIN|probegen.ACK, nil))
		c.sndNxt++
	})
}

// repeat sends a SYN-ACK again while its connection is half open.
func (s *stack) repeat(p *ipPacket, from netip.AddrPort, c *conn) {
	if s.conns[from] != c || c.established || c.tries >= 3 {
		return
	}
	c.tries++
	s.synAck(p, c)
	s.link.at(s.link.now+200_000<<c.tries, func() { s.repeat(p, from, c) })
}

func (s *stack) synAck(p *ipPacket, c *conn) {
	window := s.window
	if s.chance(s.mood.window) {
		window++
	}
	options := []byte{2, 4, 5, 180, 4, 2, 1, 1}
	s.answer(tcpPacket(p, s.ttl, window, c.isn, c.rcvNxt, probegen.SYN|probegen.ACK, options))
}

func (s *stack) reset(p *ipPacket, t tcpHeader) {
	if s.filled(&s.resets, s.mood.limit) {
		return
	}
	if t.flags&probegen.ACK != 0 {
		s.answer(tcpPacket(p, s.ttl, 0, t.ack, 0, probegen.RST, nil))
		return
	}
	s.answer(tcpPacket(p, s.ttl, 0, 0, t.seq+t.length, probegen.RST|probegen.ACK, nil))
}

// filled says whether a limit of so many a second, 0: none, holds one more back.
// It is a bucket that holds a second's, and is full at first.
func (s *stack) filled(passed *int64, limit int64) bool {
	if limit == 0 {
		return false
	}
	filled := s.link.now * limit / 1_000_000
	if *passed = max(*passed, filled); *passed >= filled+limit {
		return true
	}
	*passed++
	return false
}

// answer sends b back, in the mood of the day.
func (s *stack) answer(b []byte) {
	s.ipid++
	delay := s.mood.delay
	if s.chance(s.mood.lossy) {
		return
	}
	s.link.deliver(delay, b)
	if s.chance(s.mood.duplicate) {
		s.link.deliver(delay+50, b)
	}
	if s.chance(s.mood.late) {
		s.link.deliver(delay+1_000_000, b)
	}
	if s.chance(s.mood.stray) {
		foreign := slices.Clone(b)
		foreign[12] ^= 0x40 // from another address
		s.link.deliver(delay, foreign)
	}
	if s.chance(s.mood.malformed) {
		s.link.deliver(delay, b[:30])
	}
	if s.mood.endless {
		s.link.endless = b
	}
}

// tcpPacket answers p.
func tcpPacket(p *ipPacket, ttl uint8, window uint16, seq, ack uint32, flags uint8, options []byte) []byte {
	b := make([]byte, 40, 40+len(options))
	b[0], b[8], b[9] = 0x45, ttl, 6
	b[6] = 0x40
	copy(b[20:], p.body[2:4])
	copy(b[22:], p.body[0:2])
	binary.BigEndian.PutUint32(b[24:], seq)
	binary.BigEndian.PutUint32(b[28:], ack)
	b[32], b[33] = byte(5+len(options)/4)<<4, flags
	binary.BigEndian.PutUint16(b[34:], window)
	return finishPacket(append(b, options...), p, 36)
}

// icmpPacket answers p with an ICMP message.
func icmpPacket(p *ipPacket, kind, code uint8, rest uint32, data []byte) []byte {
	b := make([]byte, 28)
	b[0], b[8], b[9] = 0x45, 64, 1
	b[20], b[21] = kind, code
	binary.BigEndian.PutUint32(b[24:], rest)
	return finishPacket(append(b, data...), p, 22)
}

// udpPacket sends p's datagram back.
func udpPacket(p *ipPacket) []byte {
	b := make([]byte, 20, len(p.packet))
	b[0], b[8], b[9] = 0x45, 64, 17
	b = append(b, p.body...)
	copy(b[20:], p.body[2:4])
	copy(b[22:], p.body[0:2])
	return finishPacket(b, p, 26)
}

// finishPacket fills in addresses, length and checksums.
func finishPacket(b []byte, p *ipPacket, check int) []byte {
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	binary.BigEndian.PutUint32(b[12:], p.dst)
	binary.BigEndian.PutUint32(b[16:], p.src)
	clear(b[10:12])
	clear(b[check : check+2])
	binary.BigEndian.PutUint16(b[10:], ^fold(sum(b[:20])))
	s := sum(b[20:])
	if b[9] != 1 {
		s += sum(b[12:20]) + uint64(b[9]) + uint64(len(b)-20)
	}
	binary.BigEndian.PutUint16(b[check:], ^fold(s))
	return b
}

// virtualLink connects a stack over a virtual clock. With timeouts it is like
// a real link, but for the time that passes: sending takes a µs, packets are
// delayed, overtake each other and get lost, and silence only means that time
// is over.
type virtualLink struct {
	stack    *stack
	now      int64
	events   []event
	number   int
	timeouts bool
	jitter   int64
	loss     uint64 // one in so many, each way
	rng      *rand.Rand
	packets  int
	endless  []byte
	closed   *int
	onSend   func()
}

type event struct {
	at     int64
	number int
	packet []byte // for the prober
	do     func()
}

func (l *virtualLink) add(e event) {
	l.number++
	e.number = l.number
	i, _ := slices.BinarySearchFunc(l.events, e, func(a, b event) int {
		if a.at != b.at {
			return int(min(max(a.at-b.at, -1), 1))
		}
		return a.number - b.number
	})
	l.events = slices.Insert(l.events, i, e)
}

func (l *virtualLink) at(when int64, do func()) { l.add(event{at: when, do: do}) }

func (l *virtualLink) lost() bool { return l.loss > 0 && l.rng.Uint64N(l.loss) == 0 }

func (l *virtualLink) wobble() int64 {
	if l.jitter == 0 {
		return 0
	}
	return l.rng.Int64N(l.jitter)
}

func (l *virtualLink) deliver(delay int64, b []byte) {
	if !l.lost() {
		l.add(event{at: l.now + delay + l.wobble(), packet: b})
	}
}

func (l *virtualLink) Now() int64 { return l.now }

func (l *virtualLink) Send(b []byte) error {
	if l.onSend != nil {
		l.onSend()
	}
	if l.packets++; l.stack.mood.dieAfter > 0 && l.packets > l.stack.mood.dieAfter {
		return pool.ErrClosed
	}
	b = slices.Clone(b)
	if !l.timeouts {
		l.stack.receive(b)
		return nil
	}
	l.now++
	if !l.lost() {
		l.at(l.now+l.wobble(), func() { l.stack.receive(b) })
	}
	return nil
}

func (l *virtualLink) Receive(buf []byte, until int64) (int, int64, bool, error) {
	if l.endless != nil {
		return copy(buf, l.endless), l.now, true, nil
	}
	for len(l.events) > 0 && l.events[0].at <= until {
		e := l.events[0]
		l.events = l.events[1:]
		l.now = max(l.now, e.at)
		if e.packet != nil {
			return copy(buf, e.packet), l.now, true, nil
		}
		e.do()
	}
	l.now = max(l.now, until)
	return 0, 0, false, nil
}

func (l *virtualLink) Silence() pool.Silence {
	if l.timeouts {
		return pool.Timeout
	}
	return pool.Certain
}

func (l *virtualLink) Close() error {
	if l.closed != nil {
		*l.closed++
	}
	return nil
}

// backend opens links to stacks; configure makes each what the test wants.
type backend struct {
	mood      mood
	timeouts  bool
	jitter    int64
	loss      uint64
	configure func(m *pool.Machine, l *virtualLink)
}

func (backend) Name() string               { return "test" }
func (backend) Modelled() bool             { return true }
func (backend) Stack(*pool.Machine) string { return "test stack 1" }

func (backend) Check(m *pool.Machine) error {
	if m.Options["broken"] != "" {
		return errors.New("it is broken")
	}
	return nil
}

func (b backend) Open(_ context.Context, m *pool.Machine, net pool.Net, seed uint64) (pool.Link, error) {
	if net.Machine != machineAddr {
		return nil, fmt.Errorf("machine address %v", net.Machine)
	}
	l := &virtualLink{timeouts: b.timeouts, jitter: b.jitter, loss: b.loss, rng: rand.New(rand.NewPCG(seed, 1))}
	l.stack = &stack{ports: m.Ports, rng: rand.New(rand.NewPCG(seed, 2)), mood: b.mood, conns: map[netip.AddrPort]*conn{},
		ttl: 64, window: 29200, link: l}
	if b.configure != nil {
		b.configure(m, l)
	}
	return l, nil
}
