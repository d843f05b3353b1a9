package sim

// span is a stretch of the peer's sequence space that was received.
type span struct {
	from, to uint32
	app      command // what its data says to the application
	fin      bool    // a FIN stands behind it
}

// command is what data says to the application of Tickle's own machines (see
// probegen.AppClose and AppHold).
type command uint8

const (
	appClose command = 1 << iota
	appHold
)

// The bytes that are commands.
const (
	closeByte = 0x04
	holdByte  = 0x05
)

func commandOf(data []byte) (c command) {
	for _, b := range data {
		switch b {
		case closeByte:
			c |= appClose
		case holdByte:
			c |= appHold
		}
	}
	return c
}

// maxSpans is how many stretches out of order a connection keeps: as many as
// an option has room for. What comes beyond them is dropped, as when memory is
// short.
const maxSpans = 4

// store keeps a stretch, joined with those that it touches, before all others
// (RFC 2018 4: the first block is of the segment that the ACK answers).
func (c *conn) store(in span) {
	kept := uint8(0)
	for _, w := range c.waiting[:c.spans] {
		if int32(w.to-in.from) < 0 || int32(in.to-w.from) < 0 {
			c.waiting[kept] = w
			kept++
			continue
		}
		if int32(w.from-in.from) < 0 {
			in.from = w.from
		}
		if int32(w.to-in.to) > 0 {
			in.to = w.to
		}
		in.app |= w.app
		in.fin = in.fin || w.fin
	}
	if kept == maxSpans {
		kept--
	}
	copy(c.waiting[1:kept+1], c.waiting[:kept])
	c.waiting[0] = in
	c.spans = kept + 1
}

// take gives the stretch that continues, or repeats, what was received, if
// there is one; a FIN alone is one.
func (c *conn) take() (span, bool) {
	for i, w := range c.waiting[:c.spans] {
		if int32(w.from-c.rcvNxt) > 0 {
			continue
		}
		copy(c.waiting[i:], c.waiting[i+1:c.spans])
		c.spans--
		if int32(w.to-c.rcvNxt) < 0 { // all of it is old, its FIN too
			w.to, w.fin, w.app = c.rcvNxt, false, 0
		}
		return w, true
	}
	return span{}, false
}
