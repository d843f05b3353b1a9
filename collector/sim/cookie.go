package sim

// SYN cookies as Linux makes them (cookie_v4_init_sequence): the top byte
// counts minutes, the rest hides an index into the MSS table.
var cookieMSS = [...]uint16{536, 1300, 1440, 1460}

const (
	cookieMask  = 1<<24 - 1
	cookieTicks = 60 * sec // tcp_cookie_time
	cookieAge   = 2        // MAX_SYNCOOKIE_AGE
)

// sendCookie answers a SYN and keeps nothing. Without timestamps to put them
// in, no options but MSS are granted.
func (s *stack) sendCookie() {
	var c conn
	s.negotiate(&c)
	s.cookiesUntil = s.now + cookieAge*cookieTicks
	c.tsBase = s.timestampBase(c.addr)
	ts := s.timestamp(c.tsBase)
	if s.cookieTS && c.set.has(grantTS) {
		ts = cookieTimestamp(ts, &c)
	} else {
		c.set, c.ecn = 0, false
	}
	s.setOpening(&c)
	index := 0
	for i, mss := range cookieMSS {
		if mss <= c.mss {
			index = i
		}
	}
	minute := uint32((s.boot + s.now) / cookieTicks)
	c.iss = s.cookieFirst(c.addr, c.port) + c.irs + minute<<24 + (s.cookieSecond(c.addr, c.port, minute)+uint32(index))&cookieMask
	s.writeSYNACK(&c, ts)
}

func (s *stack) cookieFirst(addr uint32, port uint16) uint32 {
	return uint32(s.secret.hash(slotKey(addr, port), 3))
}

func (s *stack) cookieSecond(addr uint32, port uint16, minute uint32) uint32 {
	return uint32(s.secret.hash(slotKey(addr, port), uint64(minute)<<8|4))
}

// cookieTimestamp puts the granted options into the low six bits of a
// timestamp that is not in the future (cookie_init_timestamp).
func cookieTimestamp(ts uint32, c *conn) uint32 {
	low := uint32(15)
	if c.set.has(grantScale) {
		low = uint32(c.scale)
	}
	if c.set.has(grantSACK) {
		low |= 1 << 4
	}
	if c.ecn {
		low |= 1 << 5
	}
	cookie := ts&^63 | low
	if cookie > ts {
		cookie -= 64
	}
	return cookie
}

// completeCookie opens the connection whose cookie s.seg acknowledges
// (cookie_v4_check).
func (s *stack) completeCookie() bool {
	g := &s.seg
	if s.full != sendCookies || s.now >= s.cookiesUntil || g.flags&flagSYN != 0 {
		return false
	}
	cookie := g.ack - 1 - s.cookieFirst(g.src, g.sport) - (g.seq - 1)
	minute := uint32((s.boot + s.now) / cookieTicks)
	age := (minute - cookie>>24) & 255
	if age >= cookieAge {
		return false
	}
	index := (cookie - s.cookieSecond(g.src, g.sport, minute-age)) & cookieMask
	if index >= uint32(len(cookieMSS)) {
		return false
	}
	i := s.table.insert(g.src, g.sport)
	c := &s.table.conns[i]
	readOptions(g.options, &s.offer)
	if s.cookieTS && s.offer.set.has(grantTS) && s.tsOn {
		c.set = grantTS
		low := s.offer.tsEcr // what cookieTimestamp wrote
		if low&15 != 15 {
			c.set |= grantScale
		}
		if low&(1<<4) != 0 {
			c.set |= grantSACK
		}
		c.tsRecent = s.offer.tsVal
	}
	c.mss = cookieMSS[index]
	c.irs, c.rcvNxt = g.seq-1, g.seq
	c.iss, c.sndNxt = g.ack-1, g.ack
	c.tsBase = s.timestampBase(g.src)
	s.setOpening(c)
	s.establish(i)
	return true
}
