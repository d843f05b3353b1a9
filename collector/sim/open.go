package sim

// receiveOpen handles a segment in ESTABLISHED and after (RFC 9293 3.10.7.4,
// with RFC 5961 where the system has it): timestamps (RFC 7323 5.3), sequence
// numbers, RST, SYN, ACK, then text and FIN.
func (s *stack) receiveOpen(i uint32) {
	g, c := &s.seg, &s.table.conns[i]
	readOptions(g.options, &s.offer)
	if c.state == stateTimeWait {
		s.receiveTimeWait(i)
		return
	}
	rst := g.flags&flagRST != 0
	switch {
	case !rst && s.needsTS && c.set.has(grantTS) && !s.offer.set.has(grantTS): // tcp_do_segment: dropped in silence
	case !rst && s.isOld(c):
		s.repeatACK(c)
	case !inWindow(g, c):
		switch {
		case rst:
		case g.flags&flagSYN != 0 && s.strict:
			s.challenge(c)
		default:
			s.repeatACK(c)
		}
	case rst:
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
		// RFC 9293 asks for an ACK; tcp_ack of Linux drops the segment.
		if s.family != linux {
			s.sendACK(c, c.sndNxt, flagACK)
		}
	case s.strict && s.family == linux && int32(g.ack-(c.iss+1-c.peerWindow)) < 0: // RFC 5961 5.2
		s.challenge(c)
	default:
		s.accept(i)
	}
}

// isOld is PAWS (RFC 7323 5.2): the segment's timestamp is before the latest
// that was taken in.
func (s *stack) isOld(c *conn) bool {
	return c.set.has(grantTS) && s.offer.set.has(grantTS) && int32(s.offer.tsVal-c.tsRecent) < 0
}

// repeatACK answers what was received before, or will never be: where the
// system says so, with the part that came twice (RFC 2883; tcp_send_dupack).
func (s *stack) repeatACK(c *conn) {
	if !s.mayAnswerOOW(c) {
		return
	}
	g := &s.seg
	var twice span
	if end := g.seq + g.length(); g.seq != end && int32(g.seq-c.rcvNxt) < 0 {
		if int32(end-c.rcvNxt) > 0 {
			end = c.rcvNxt
		}
		twice = span{from: g.seq, to: end}
	}
	s.acknowledge(c, twice)
}

// challenge sends a challenge ACK (RFC 5961 3.2) unless the connection had one
// lately or the system's limit for a second, of which Linux since 4.7 hides a
// random half, is used up.
func (s *stack) challenge(c *conn) {
	if s.oowAll && !s.isRestedOOW(c) || !s.oowAll && !s.mayAnswerOOW(c) {
		return
	}
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

// accept takes in a segment that has passed all tests: its timestamp, what it
// says of the peer's window, what it acknowledges, its text and FIN.
func (s *stack) accept(i uint32) {
	g, c := &s.seg, &s.table.conns[i]
	if int32(g.seq-c.rcvNxt) <= 0 && c.set.has(grantTS) && s.offer.set.has(grantTS) {
		c.tsRecent = s.offer.tsVal
	}
	c.peerWindow = max(c.peerWindow, uint32(g.window)<<c.peerScale)
	if g.ack == c.sndNxt {
		switch c.state {
		case stateLastAck:
			s.table.remove(i)
			return
		case stateFinWait1:
			s.wait(i, stateFinWait2, s.classes.finWait2)
		case stateClosing:
			s.wait(i, stateTimeWait, s.classes.timeWait)
		}
	}
	s.receiveText(i)
}

// receiveText takes data and FIN. The application reads everything at once
// and says nothing. In a state that follows the peer's FIN both are ignored;
// after a close there is nobody to read data, and it is refused (RFC 9293
// 3.6, tcp_rcv_state_process).
func (s *stack) receiveText(i uint32) {
	g, c := &s.seg, &s.table.conns[i]
	fin := g.flags&flagFIN != 0
	if g.payload == 0 && !fin {
		return
	}
	switch c.state {
	case stateCloseWait, stateLastAck, stateClosing, stateTimeWait:
		return
	case stateFinWait1, stateFinWait2:
		if g.payload > 0 && int32(g.seq+uint32(g.payload)-c.rcvNxt) > 0 {
			s.reset(&s.resetsOpen)
			s.table.remove(i)
			return
		}
	}
	var twice span
	in := span{from: g.seq, to: g.seq + uint32(g.payload), app: commandOf(g.data()), fin: fin}
	if int32(in.from-c.rcvNxt) < 0 {
		twice = span{from: in.from, to: c.rcvNxt}
	}
	c.store(in)
	for {
		next, ok := c.take()
		if !ok {
			break
		}
		c.rcvNxt = next.to
		s.read(i, next)
	}
	s.acknowledge(c, twice)
}

// read hands text and FIN in order to the application and the state machine.
func (s *stack) read(i uint32, in span) {
	c := &s.table.conns[i]
	if in.app&appHold != 0 {
		c.hold = true
	}
	if in.app&appClose != 0 && !c.closing {
		c.closing = true
		s.timers.set(s.classes.close, s.now, i, c.generation)
	}
	if !in.fin {
		return
	}
	c.rcvNxt++
	switch c.state {
	case stateEstablished:
		c.enter(stateCloseWait)
		if !c.hold || c.closing {
			s.timers.set(s.classes.close, s.now, i, c.generation)
		}
	case stateFinWait1:
		c.enter(stateClosing)
		s.timers.set(s.classes.fin+int(c.tries), s.now, i, c.generation)
	case stateFinWait2:
		s.wait(i, stateTimeWait, s.classes.timeWait)
	}
}

// acknowledge sends an ACK with what the system says of text that came twice
// or out of order (RFC 2018, RFC 2883).
func (s *stack) acknowledge(c *conn, twice span) {
	s.blocks = s.blocks[:0]
	if c.set.has(grantSACK) {
		if s.dsack && twice.from != twice.to {
			s.blocks = append(s.blocks, twice)
		}
		s.blocks = append(s.blocks, c.waiting[:c.spans]...)
	}
	s.sendACK(c, c.sndNxt, flagACK)
	s.blocks = s.blocks[:0]
}
