package sim

// receiveConnected handles a segment for a connection, half open or open.
func (s *stack) receiveConnected(i uint32) {
	c := &s.table.conns[i]
	switch {
	case c.state != stateSynRcvd:
		s.receiveOpen(i)
	case s.synCache:
		s.receiveListen(i)
	default:
		s.receiveHalfOpen(i)
	}
}

// receiveHalfOpen handles a segment in SYN-RECEIVED (RFC 9293 3.10.7.4), in
// the order of Linux' tcp_check_req.
func (s *stack) receiveHalfOpen(i uint32) {
	g, c := &s.seg, &s.table.conns[i]
	const control = flagFIN | flagSYN | flagRST | flagACK
	switch {
	case g.seq == c.irs && g.flags&control == flagSYN:
		s.repeatSYN(i)
	case g.flags&flagACK != 0 && g.ack != c.iss+1:
		s.reset(&s.resetsOpen)
	case !inWindow(g, c):
		if g.flags&flagRST == 0 && s.mayAnswerOOW(c) {
			s.sendACK(c, c.iss+1, flagACK)
		}
	case g.flags&flagRST != 0:
		s.table.remove(i)
	case g.flags&flagSYN != 0 && g.seq != c.irs:
		s.reset(&s.resetsOpen)
		s.table.remove(i)
	case g.flags&flagACK != 0:
		s.complete(i)
	}
}

// inWindow is the acceptability test of RFC 9293 3.4 as tcp_in_window does it.
func inWindow(g *segment, c *conn) bool {
	end := g.seq + g.length()
	if g.seq == end {
		return g.seq-c.rcvNxt < c.window || g.seq == c.rcvNxt
	}
	return int32(end-c.rcvNxt) > 0 && int32(g.seq-(c.rcvNxt+c.window)) < 0
}

// mayAnswerOOW bounds the answers to segments outside the window
// (tcp_oow_rate_limited, which lets data without SYN through: no loop of
// acknowledgements is made of those).
func (s *stack) mayAnswerOOW(c *conn) bool {
	return s.seg.payload > 0 && s.seg.flags&flagSYN == 0 || s.isRestedOOW(c)
}

// isRestedOOW says whether the connection's latest such answer is long enough
// ago, and if so notes the one that follows (__tcp_oow_rate_limited).
func (s *stack) isRestedOOW(c *conn) bool {
	if s.oowGap != 0 && c.lastOOW != 0 && s.now-c.lastOOW < s.oowGap {
		return false
	}
	c.lastOOW = max(s.now, 1)
	return true
}

// repeatSYN answers a SYN that came again.
func (s *stack) repeatSYN(i uint32) {
	c := &s.table.conns[i]
	if s.seg.seq != c.irs {
		s.reset(&s.resetsOpen)
		return
	}
	if s.mayAnswerOOW(c) {
		s.sendSYNACK(c)
	}
}

// complete takes the ACK that ends the handshake; false when it does not.
func (s *stack) complete(i uint32) bool {
	g, c := &s.seg, &s.table.conns[i]
	if g.ack != c.iss+1 || !inWindow(g, c) {
		return false
	}
	s.table.unlink(c)
	s.establish(i)
	return true
}

// establish opens a connection and handles what else the segment brings.
func (s *stack) establish(i uint32) {
	c := &s.table.conns[i]
	c.enter(stateEstablished)
	c.id = uint16(s.secret.hash(slotKey(c.addr, c.port), 5))
	c.lastOOW = 0
	readOptions(s.seg.options, &s.offer)
	s.accept(i)
}
