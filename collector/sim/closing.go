package sim

// enter changes a connection's state; timers that were set before are void.
func (c *conn) enter(next state) {
	c.state = next
	c.generation++
}

// wait enters a state that ends by itself.
func (s *stack) wait(i uint32, next state, class int) {
	c := &s.table.conns[i]
	c.enter(next)
	s.timers.set(class, s.now, i, c.generation)
}

// receiveTimeWait handles a segment in TIME-WAIT (RFC 9293 3.10.7.4,
// tcp_timewait_state_process, tcp_twcheck): a RST ends it where the system
// does not heed RFC 1337, a SYN beyond it begins anew, a bare ACK where it
// should be says nothing, and everything else is acknowledged.
func (s *stack) receiveTimeWait(i uint32) {
	g, c := &s.seg, &s.table.conns[i]
	old := s.isOld(c)
	switch {
	case g.flags&flagRST != 0:
		if !old && g.seq == c.rcvNxt && s.family == linux {
			s.table.remove(i)
		}
	case g.flags&(flagSYN|flagACK) == flagSYN && !old && int32(g.seq-c.rcvNxt) > 0:
		s.table.remove(i)
		s.receiveListen(none)
	case !old && g.seq == c.rcvNxt && g.length() == 0: // nothing
	default:
		if s.mayAnswerOOW(c) {
			s.sendACK(c, c.sndNxt, flagACK)
		}
		if g.flags&flagFIN != 0 {
			s.wait(i, stateTimeWait, s.classes.timeWait)
		}
	}
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
	case stateEstablished: // the application closes first
		c.state, c.tries = stateFinWait1, 0
		c.sndNxt++
		s.sendFIN(t)
	case stateCloseWait:
		c.state, c.tries = stateLastAck, 0
		c.sndNxt++
		s.sendFIN(t)
	case stateFinWait1, stateClosing, stateLastAck:
		if int(c.tries) == len(s.finGaps) {
			s.table.remove(t.connection)
			return
		}
		c.tries++
		s.sendFIN(t)
	case stateFinWait2, stateTimeWait:
		s.table.remove(t.connection)
	}
}

func (s *stack) sendFIN(t timer) {
	c := &s.table.conns[t.connection]
	s.sendACK(c, c.sndNxt-1, flagFIN|flagACK)
	s.timers.set(s.classes.fin+int(c.tries), s.now, t.connection, t.generation)
}
