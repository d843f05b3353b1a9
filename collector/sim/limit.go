package sim

// limit bounds how many answers of a kind go out in a span of time, as
// badport_bandlim of BSD and icmp_ratelimit of Solaris do: a count that starts
// again with each span. The zero value bounds nothing.
type limit struct {
	count int32
	span  int64 // µs
}

// bucket is a limit's state.
type bucket struct {
	start int64
	n     int32
}

func (l limit) allow(b *bucket, now int64) bool {
	if l.count == 0 {
		return true
	}
	if now-b.start >= l.span {
		b.start, b.n = now, 0
	}
	b.n++
	return b.n <= l.count
}

// The token bucket of Linux' inet_peer_xrlim_allow: a token a gap, at most six.
const tokenBurst = 6

// allowError takes a token for an ICMP error to the peer.
func (pr *peer) allowError(now, gap int64) bool {
	if gap == 0 {
		return true
	}
	pr.tokens = min(pr.tokens+now-pr.tokensAt, tokenBurst*gap)
	pr.tokensAt = now
	if pr.tokens < gap {
		return false
	}
	pr.tokens -= gap
	return true
}
