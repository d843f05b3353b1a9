package sim

// receiveTCP finds out what a segment is for.
func (s *stack) receiveTCP() {
	if !s.readTCP() {
		return
	}
	g := &s.seg
	if g.dport == s.ports.Open {
		if i := s.table.find(g.src, g.sport); i != none {
			s.receiveConnected(i)
			return
		}
	}
	if s.pf && !s.admits() {
		return
	}
	if s.firewall != firewallNone && !s.passes() {
		s.refuseTCP()
		return
	}
	if g.dport != s.ports.Open {
		s.receiveClosed()
		return
	}
	s.receiveListen(none)
}

// receiveClosed answers for a port on which nothing listens.
func (s *stack) receiveClosed() {
	if s.blackhole || s.closedSYN && s.seg.flags&(flagSYN|flagACK) == 0 {
		return
	}
	s.reset(&s.resetsClosed)
}

// receiveListen handles a segment in state LISTEN (RFC 9293 3.10.7.2): first
// RST, then ACK, then SYN. Where the system keeps half-open connections in a
// SYN cache, one that the segment belongs to comes as half.
func (s *stack) receiveListen(half uint32) {
	g := &s.seg
	switch {
	case g.flags&flagRST != 0:
		if half != none && g.seq-s.table.conns[half].rcvNxt < s.table.conns[half].window { // syncache_chkrst
			s.table.remove(half)
		}
	case g.flags&flagACK != 0:
		if half != none && s.complete(half) {
			return
		}
		if half == none && s.completeCookie() {
			return
		}
		s.reset(&s.resetsOpen)
	case g.flags&flagSYN == 0:
		if s.stray == refuse {
			s.reset(&s.resetsOpen)
		}
	case g.flags&flagFIN != 0 && s.synFin != accept:
		if s.synFin == refuse {
			s.reset(&s.resetsOpen)
		}
	case half != none:
		s.repeatSYN(half)
	default:
		s.acceptSYN()
	}
}

// acceptSYN makes a half-open connection of s.seg, or finds no room for it.
func (s *stack) acceptSYN() {
	g := &s.seg
	cookie := s.cookiesAlways && s.full == sendCookies
	if s.queueIsFull() {
		switch s.full {
		case dropNew:
			return
		case dropOldest:
			s.makeRoom()
		case sendCookies:
			cookie = true
		}
	}
	if cookie {
		s.sendCookie()
		return
	}
	i := s.table.insert(g.src, g.sport)
	c := &s.table.conns[i]
	s.negotiate(c)
	c.iss = s.initialSequence(g.src, g.sport)
	c.tsBase = s.timestampBase(g.src)
	c.sndNxt = c.iss + 1
	s.table.link(i)
	s.timers.set(s.classes.synAck, s.now, i, c.generation)
	s.sendSYNACK(c)
}

// queueIsFull says whether there is room for another half-open connection.
func (s *stack) queueIsFull() bool {
	if s.load.mean != 0 {
		s.load.advance(s.now, s.backlog-s.table.halfOpen, s.full)
	}
	return s.table.halfOpen+s.load.n >= s.backlog
}

// makeRoom drops a half-open connection, one from elsewhere if there is any:
// the prober's end at once, and would seldom be the oldest.
func (s *stack) makeRoom() {
	if s.load.n > 0 {
		s.load.drop()
		return
	}
	s.table.remove(s.table.oldest())
}

// negotiate sets what a SYN asks for and the settings allow.
func (s *stack) negotiate(c *conn) {
	g, o := &s.seg, &s.offer
	readOptions(g.options, o)
	if s.tsZeroIsNone && o.tsVal == 0 {
		o.set &^= grantTS
	}
	c.addr, c.port = g.src, g.sport
	c.set = o.set & s.allowed()
	c.mss = o.mss
	c.irs, c.rcvNxt = g.seq, g.seq+1
	c.ecn = s.grantsECN()
	if c.set.has(grantTS) {
		c.tsRecent = o.tsVal
	}
	c.peerWindow = uint32(g.window)
	if c.set.has(grantScale) {
		c.peerScale = o.scale
	}
	s.setOpening(c)
}

func (s *stack) setOpening(c *conn) {
	o := s.open(c.set, c.mss)
	c.window, c.scale = o.window, o.scale
}

// allowed are the options that the settings grant.
func (s *stack) allowed() granted {
	var set granted
	if s.tsOn {
		set |= grantTS
	}
	if s.sackOn {
		set |= grantSACK
	}
	if s.scaleOn {
		set |= grantScale
	}
	return set
}

// grantsECN says whether the SYN in s.seg is granted ECN.
func (s *stack) grantsECN() bool {
	g := &s.seg
	if !s.ecnOn || g.flags&(flagECE|flagCWR) != flagECE|flagCWR {
		return false
	}
	marked := g.tos&3 != 0
	switch s.ecn {
	case ecnNotECT:
		return !marked
	case ecnNotECTOrRes:
		return !marked || g.reserved != 0
	}
	return true
}
