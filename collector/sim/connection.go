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
// (tcp_oow_rate_limited).
func (s *stack) mayAnswerOOW(c *conn) bool {
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
	c.state = stateEstablished
	c.generation++
	c.id = uint16(s.secret.hash(slotKey(c.addr, c.port), 5))
	c.lastOOW = 0
	s.receiveText(i)
}

// receiveOpen handles a segment in ESTABLISHED and after (RFC 9293 3.10.7.4,
// with RFC 5961 where the system has it).
func (s *stack) receiveOpen(i uint32) {
	g, c := &s.seg, &s.table.conns[i]
	switch {
	case !inWindow(g, c):
		if g.flags&flagRST == 0 && s.mayAnswerOOW(c) {
			s.sendACK(c, c.sndNxt, flagACK)
		}
	case g.flags&flagRST != 0:
		if s.strict && g.seq != c.rcvNxt {
			s.challenge(c)
			return
		}
		s.table.remove(i)
	case g.flags&flagSYN != 0:
		if s.strict {
			s.challenge(c)
			return
		}
		s.reset(&s.resetsOpen)
		s.table.remove(i)
	case g.flags&flagACK == 0: // dropped
	case int32(g.ack-c.sndNxt) > 0:
		s.sendACK(c, c.sndNxt, flagACK)
	case c.state == stateLastAck && g.ack == c.sndNxt:
		s.table.remove(i)
	default:
		s.receiveText(i)
	}
}

// challenge sends a challenge ACK (RFC 5961 3.2) unless the system's limit for
// a second, of which Linux since 4.7 hides a random half, is used up.
func (s *stack) challenge(c *conn) {
	if s.challengeRate > 0 {
		if second := s.now / sec; second+1 != s.challengeSpan {
			s.challengeSpan = second + 1
			s.challengeLeft = int64(s.challengeRate)
			if s.challengeRate == 1000 {
				s.challengeLeft = 500 + int64(below(&s.ackSource, 1000))
			}
		}
		if s.challengeLeft == 0 {
			return
		}
		s.challengeLeft--
	}
	s.sendACK(c, c.sndNxt, flagACK)
}

// receiveText takes data and FIN. The application reads everything at once
// and says nothing; data out of order is acknowledged and dropped.
func (s *stack) receiveText(i uint32) {
	g, c := &s.seg, &s.table.conns[i]
	if g.payload == 0 && g.flags&flagFIN == 0 {
		return
	}
	if g.seq == c.rcvNxt && c.state == stateEstablished {
		if c.set.has(grantTS) {
			if readOptions(g.options, &s.offer); s.offer.set.has(grantTS) {
				c.tsRecent = s.offer.tsVal
			}
		}
		c.rcvNxt += uint32(g.payload)
		if g.flags&flagFIN != 0 {
			c.rcvNxt++
			c.state = stateCloseWait
			c.generation++
			s.timers.set(s.classes.close, s.now, i, c.generation)
		}
	}
	s.sendACK(c, c.sndNxt, flagACK)
}

// fire does what a timer is for.
func (s *stack) fire(t timer) {
	c := &s.table.conns[t.connection]
	if c.generation != t.generation {
		return
	}
	switch c.state {
	case stateSynRcvd:
		if int(c.tries) == len(s.synAckGaps) {
			s.table.remove(t.connection)
			return
		}
		c.tries++
		s.sendSYNACK(c)
		s.timers.set(s.classes.synAck+int(c.tries), s.now, t.connection, t.generation)
	case stateCloseWait:
		c.state, c.tries = stateLastAck, 0
		c.sndNxt++
		s.sendFIN(t)
	case stateLastAck:
		if int(c.tries) == len(s.finGaps) {
			s.table.remove(t.connection)
			return
		}
		c.tries++
		s.sendFIN(t)
	}
}

func (s *stack) sendFIN(t timer) {
	c := &s.table.conns[t.connection]
	s.sendACK(c, c.sndNxt-1, flagFIN|flagACK)
	s.timers.set(s.classes.fin+int(c.tries), s.now, t.connection, t.generation)
}
