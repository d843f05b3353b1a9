package collector

import "tickle/probegen"

// batch is how many packets are made at a time. A random order reads from
// all over the probe set, and each packet's pieces are then mostly not in the
// cache. Made one by one, between sending and receiving, every piece is waited
// for; made in a row, the processor fetches many at once.
const batch = 32

// ahead holds the next packets of probes that need no state.
type ahead struct {
	bytes    []byte
	ends     [batch]int
	from, to int // places in the order
	touched  uint64
}

// packetAhead gives the packet of the copy at place, the next to be sent.
func (e *engine) packetAhead(place int) ([]byte, error) {
	a := &e.ahead
	if place >= a.to || place < a.from {
		if err := e.buildAhead(place); err != nil {
			return nil, err
		}
	}
	i, start := place-a.from, 0
	if i > 0 {
		start = a.ends[i-1]
	}
	return a.bytes[start:a.ends[i]], nil
}

// buildAhead makes the packets from place on.
func (e *engine) buildAhead(place int) error {
	a := &e.ahead
	a.from, a.to = place, min(place+batch, e.end)
	order, repeats := e.g.order[a.from:a.to], uint32(e.g.repeats)
	// Only to have the memory fetched: the sum keeps the loads from being
	// left out.
	for _, c := range order {
		a.touched += uint64(e.g.probes[c/repeats].from) + uint64(e.tape.copies[c].latest)
	}
	for _, c := range order {
		if p := &e.g.probes[c/repeats]; p.simple {
			a.touched += uint64(e.g.steps[p.from].packet.Len())
		}
	}
	for _, c := range order {
		if p := &e.g.probes[c/repeats]; p.simple {
			a.touched += uint64(e.g.steps[p.from].packet.Touch())
		}
	}
	b := a.bytes[:0]
	for i, c := range order {
		if p := &e.g.probes[c/repeats]; p.simple && (!p.six || e.six.has) {
			s := &e.g.steps[p.from]
			from, to := e.ends(c, s)
			var err error
			if b, err = s.packet.AppendRelative(b, from, to, probegen.Numbers{}); err != nil {
				return err
			}
		}
		a.ends[i] = len(b)
	}
	a.bytes = b
	return nil
}
