package collector

// rtt estimates the round-trip time of a link and its tail. Times are in µs.
type rtt struct {
	smoothed, variance int64 // RFC 6298, section 2; ×8 and ×4
	tail               int64 // the largest of late, decaying; ×1024
	seen               bool
}

// What the estimates stay within.
const (
	minTimeout     = 20_000    // a busy host's scheduler is slower than most links
	initialTimeout = 1_000_000 // RFC 6298 (2.1)
	tailFactor     = 4         // of the longest recent round trip, before silence is believed
)

// sample takes in one round trip (Jacobson 1988, as in RFC 6298 (2.2-2.3)).
func (e *rtt) sample(d int64) {
	d = max(d, 0)
	e.tail = max(e.tail-e.tail/1024, d*1024)
	if !e.seen {
		e.seen = true
		e.smoothed, e.variance = d*8, d*2
		return
	}
	off := d - e.smoothed/8
	e.smoothed += off
	if off < 0 {
		off = -off
	}
	e.variance += off - e.variance/4
}

// timeout is how long an answer that was asked for may take.
func (e *rtt) timeout() int64 {
	if !e.seen {
		return initialTimeout
	}
	return max(e.smoothed/8+e.variance, minTimeout)
}

// deadline is when silence is believed, at most ceiling.
func (e *rtt) deadline(ceiling int64) int64 {
	return min(max(e.timeout(), tailFactor*e.tail/1024), ceiling)
}
