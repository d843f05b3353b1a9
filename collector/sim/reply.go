package sim

import (
	"encoding/binary"
	"math/bits"
)

// ipFields are the IP header fields of an answer that systems choose.
type ipFields struct {
	dst uint32
	tos uint8
	ttl uint8
	df  bool
	id  uint16
}

// tcpFields are the fields of a TCP answer.
type tcpFields struct {
	ip       ipFields
	port     uint16 // the peer's
	from     uint16 // ours
	seq, ack uint32
	flags    uint8
	window   uint16
	options  uint64 // the sum of the option bytes
}

// packet queues an answer of n bytes and gives its bytes, of which the caller
// writes every one.
func (s *stack) packet(n int) []byte {
	return s.answers.push(n, s.now+latencyLeast+int64(below(&s.latency, latencySpan)))
}

// Headers are put together in registers, as the little-endian words that
// checksums sum: a processor that reads back a word of which it has just
// written the bytes one by one waits for all of them.

// writeIP writes the header of an answer.
func (s *stack) writeIP(b []byte, proto uint8, f *ipFields) {
	_ = b[19]
	first := 0x45 | uint64(f.tos)<<8 | swap16(uint16(len(b)))<<16 | swap16(f.id)<<32
	if f.df {
		first |= 0x40 << 48
	}
	second := uint64(f.ttl) | uint64(proto)<<8 | swap32(s.addr)<<32
	third := swap32(f.dst)
	acc, carry := bits.Add64(first, second, 0)
	acc, carry = bits.Add64(acc, third, carry)
	second |= uint64(checksum(acc+carry)) << 16
	binary.LittleEndian.PutUint64(b, first)
	binary.LittleEndian.PutUint64(b[8:], second)
	binary.LittleEndian.PutUint32(b[16:], uint32(third))
}

// writeTCP writes both headers of an answer whose options are in b already.
func (s *stack) writeTCP(b []byte, f *tcpFields) {
	s.writeIP(b, protoTCP, &f.ip)
	t := b[20:]
	_ = t[19]
	first := swap16(f.from) | swap16(f.port)<<16 | swap32(f.seq)<<32
	second := swap32(f.ack) | uint64(len(t)/4<<4)<<32 | uint64(f.flags)<<40 | swap16(f.window)<<48
	pseudo := swap32(s.addr) + swap32(f.ip.dst) + protoTCP<<8 + swap16(uint16(len(t))) + f.options
	acc, carry := bits.Add64(first, second, 0)
	acc, carry = bits.Add64(acc, pseudo, carry)
	binary.LittleEndian.PutUint64(t, first)
	binary.LittleEndian.PutUint64(t[8:], second)
	binary.LittleEndian.PutUint32(t[16:], uint32(checksum(acc+carry))) // and no urgent pointer
}

// reset answers s.seg with a RST (RFC 9293 3.10.7.1). A RST is never answered.
func (s *stack) reset(b *bucket) {
	g := &s.seg
	if g.flags&flagRST != 0 || !s.rstLimit.allow(b, s.now) {
		return
	}
	f := tcpFields{port: g.sport, from: g.dport, flags: flagRST}
	if g.flags&flagACK != 0 {
		f.seq = g.ack
		if s.rstEchoAck {
			f.ack = g.ack
		}
	} else {
		f.flags |= flagACK
		f.ack = g.seq + g.length()
		if !s.finCounts {
			f.ack -= uint32(g.flags & flagFIN)
		}
	}
	s.sendReset(&f)
}

// sendReset sends f with the IP header that RSTs have.
func (s *stack) sendReset(f *tcpFields) {
	g := &s.seg
	f.ip = ipFields{dst: g.src, ttl: s.rstTTL, df: !s.rstNoDF, id: s.identification(s.rstID, g.src, counterTCP)}
	if s.rstTOS {
		f.ip.tos = g.tos
	}
	s.writeTCP(s.packet(40), f)
}

// sendSYNACK sends or repeats the SYN-ACK of a half-open connection.
func (s *stack) sendSYNACK(c *conn) {
	ts := s.timestamp(c.tsBase)
	s.writeSYNACK(c, ts)
}

func (s *stack) writeSYNACK(c *conn, ts uint32) {
	l := &s.layouts[c.set]
	b := s.packet(40 + l.n)
	o := b[40:]
	copy(o, l.template[:l.n])
	sum := l.sum
	mss := s.mss
	if s.mssFloor != 0 && c.mss != 0 {
		mss = max(min(mss, c.mss), s.mssFloor)
	}
	binary.BigEndian.PutUint16(o[l.mss:], mss)
	sum += sumAt16(l.mss, mss)
	if l.scale != 0 {
		o[l.scale] = c.scale
		sum += sumAt8(l.scale, c.scale)
	}
	if l.ts != 0 {
		binary.BigEndian.PutUint32(o[l.ts:], ts)
		ecr := c.tsRecent
		if s.ts == tsSilent {
			ecr = 0
		}
		binary.BigEndian.PutUint32(o[l.ts+4:], ecr)
		sum += sumAt32(l.ts, ts) + sumAt32(l.ts, ecr)
	}
	f := tcpFields{
		options: sum,
		ip:      ipFields{dst: c.addr, ttl: s.ttl, df: true, id: s.identification(s.synID, c.addr, counterTCP)},
		port:    c.port, from: s.ports.Open,
		seq: c.iss, ack: c.irs + 1, flags: flagSYN | flagACK,
		window: s.announced(opening{c.window, c.scale}),
	}
	if c.ecn {
		f.flags |= flagECE
	}
	s.writeTCP(b, &f)
}

// sendACK sends a segment without data from a connection, with timestamps
// where they were agreed on and as many of s.blocks as there is room for.
func (s *stack) sendACK(c *conn, seq uint32, flags uint8) {
	const room = 40
	n, blocks := 0, s.blocks
	if c.set.has(grantTS) {
		n = 12
	}
	blocks = blocks[:min(len(blocks), (room-n-4)/8)]
	stamp := n
	if len(blocks) > 0 {
		n += 4 + 8*len(blocks)
	}
	b := s.packet(40 + n)
	o := b[40:]
	if stamp > 0 {
		binary.BigEndian.PutUint32(o, optNOP<<24|optNOP<<16|optTS<<8|10)
		binary.BigEndian.PutUint32(o[4:], s.timestamp(c.tsBase))
		binary.BigEndian.PutUint32(o[8:], c.tsRecent)
	}
	if len(blocks) > 0 {
		binary.BigEndian.PutUint32(o[stamp:], optNOP<<24|optNOP<<16|optSACK<<8|uint32(2+8*len(blocks)))
		for i, w := range blocks {
			binary.BigEndian.PutUint32(o[stamp+4+8*i:], w.from)
			binary.BigEndian.PutUint32(o[stamp+8+8*i:], w.to)
		}
	}
	sum := add(0, o)
	f := tcpFields{
		options: sum,
		ip:      ipFields{dst: c.addr, ttl: s.ttl, df: true},
		port:    c.port, from: s.ports.Open,
		seq: seq, ack: c.rcvNxt, flags: flags,
		window: uint16(min(c.window>>c.scale, 65535)),
	}
	switch {
	case s.family == linux && (c.state == stateSynRcvd || c.state == stateTimeWait):
		f.ip.id = s.identification(s.rstID, c.addr, counterTCP) // tcp_v4_reqsk_send_ack, tcp_v4_timewait_ack
	case s.family == linux:
		c.id++ // ip_select_ident counts in a socket that has a peer
		f.ip.id = c.id
	default:
		f.ip.id = s.identification(s.synID, c.addr, counterTCP)
	}
	s.writeTCP(b, &f)
}

// sendICMP finishes an ICMP message whose bytes from the 21st on are in b
// already, all but the checksum.
func (s *stack) sendICMP(b []byte, f *ipFields) {
	s.writeIP(b, protoICMP, f)
	m := b[20:]
	m[2], m[3] = 0, 0
	binary.LittleEndian.PutUint16(m[2:], checksum(add(0, m)))
}
