package pool

import "math/rand/v2"

// reorderHold is how much longer than its delay a reordered packet is held,
// in µs: two slots of the random plan's default pace.
const reorderHold = 2000

// pathLink is a link with a path in front of it.
type pathLink struct {
	inner   Link
	factors pathFactors
	out, in direction
	free    [][]byte // buffers of packets that have left
	closed  bool     // a packet that the path loses must fail too after Close
}

// direction is one way of the path.
type direction struct {
	rng  *rand.Rand
	held holding
	last int64  // when the last packet that kept its order leaves
	seq  uint64 // packets so far: ties leave in order
}

// heldPacket is a packet on its way.
type heldPacket struct {
	due  int64 // µs on the link's clock
	seq  uint64
	data []byte
}

// The streams of a wrapped link: PCG with the seed and one of these.
const (
	outStream = 0x70617468_6f757400 // "pathout"
	inStream  = 0x70617468_696e0000 // "pathin"
)

func newPathLink(link Link, f pathFactors, seed uint64) *pathLink {
	l := &pathLink{inner: link, factors: f}
	l.out.rng = rand.New(rand.NewPCG(seed, outStream))
	l.in.rng = rand.New(rand.NewPCG(seed, inStream))
	return l
}

func (l *pathLink) Now() int64       { return l.inner.Now() }
func (l *pathLink) Silence() Silence { return l.inner.Silence() }

func (l *pathLink) Close() error {
	l.closed = true
	return l.inner.Close()
}

// Send puts a packet on its way, after those whose time has come.
func (l *pathLink) Send(packet []byte) error {
	if l.closed {
		return ErrClosed
	}
	now := l.inner.Now()
	if err := l.release(now); err != nil {
		return err
	}
	p := append(l.buffer(), packet...)
	due, ok := l.admit(&l.out, p, now)
	switch {
	case !ok:
		l.recycle(p)
		return nil
	case due > now:
		l.out.hold(due, p)
		return nil
	}
	err := l.inner.Send(p)
	l.recycle(p)
	return err
}

// Receive waits on the link in steps that end where a held packet's time
// comes: that is where the machine gets one, or the prober.
func (l *pathLink) Receive(buf []byte, until int64) (int, int64, bool, error) {
	now := l.inner.Now()
	for {
		if err := l.release(now); err != nil {
			return 0, 0, false, err
		}
		limit := until
		if len(l.in.held) > 0 {
			limit = min(limit, l.in.held[0].due)
		}
		if len(l.out.held) > 0 {
			limit = min(limit, l.out.held[0].due)
		}
		n, at, ok, err := l.inner.Receive(buf, limit)
		switch {
		case err != nil:
			return 0, 0, false, err
		case ok:
			now = max(now, at)
			due, ok := l.admit(&l.in, buf[:n], at)
			if !ok {
				continue
			}
			if due <= at && (len(l.in.held) == 0 || l.in.held[0].due > at) {
				return n, at, true, nil
			}
			l.in.hold(due, append(l.buffer(), buf[:n]...))
		case len(l.in.held) > 0 && l.in.held[0].due <= limit:
			p := l.in.held.pop()
			n := copy(buf, p.data)
			l.recycle(p.data)
			return n, p.due, true, nil
		case len(l.out.held) > 0 && l.out.held[0].due <= limit:
			now = max(now, limit)
		default:
			return 0, until, false, nil
		}
	}
}

// release hands the machine what is due by now.
func (l *pathLink) release(now int64) error {
	for len(l.out.held) > 0 && l.out.held[0].due <= now {
		p := l.out.held.pop()
		err := l.inner.Send(p.data)
		l.recycle(p.data)
		if err != nil {
			return err
		}
	}
	return nil
}

// admit decides what becomes of a packet that sets out at the given time: it
// changes p in place and returns when it arrives, or false when it does not.
func (l *pathLink) admit(d *direction, p []byte, at int64) (due int64, ok bool) {
	f := &l.factors
	if f.loss > 0 && d.rng.Float64() < f.loss {
		return 0, false
	}
	if !f.forward(p, d == &l.in) {
		return 0, false
	}
	due = at + f.delay
	if f.jitter > 0 {
		due += d.rng.Int64N(f.jitter + 1)
	}
	due = max(due, d.last)
	if f.reorder > 0 && d.rng.Float64() < f.reorder {
		return due + reorderHold, true // d.last stays: later packets overtake
	}
	d.last = due
	return due, true
}

// hold keeps a packet until it is due. It owns p.
func (d *direction) hold(due int64, p []byte) {
	d.seq++
	d.held.push(heldPacket{due, d.seq, p})
}

// buffer gives an empty buffer, one that was used before if there is one.
func (l *pathLink) buffer() []byte {
	n := len(l.free)
	if n == 0 {
		return make([]byte, 0, 256)
	}
	b := l.free[n-1]
	l.free = l.free[:n-1]
	return b
}

func (l *pathLink) recycle(b []byte) { l.free = append(l.free, b[:0]) }

// holding is a binary heap, the packet that is due first on top. It is not
// container/heap's because that allocates for each packet.
type holding []heldPacket

func (h holding) less(i, j int) bool {
	return h[i].due < h[j].due || h[i].due == h[j].due && h[i].seq < h[j].seq
}

func (h *holding) push(p heldPacket) {
	*h = append(*h, p)
	q := *h
	for i := len(q) - 1; i > 0; {
		up := (i - 1) / 2
		if !q.less(i, up) {
			return
		}
		q[i], q[up] = q[up], q[i]
		i = up
	}
}

func (h *holding) pop() heldPacket {
	q := *h
	top, n := q[0], len(q)-1
	q[0] = q[n]
	q[n] = heldPacket{}
	q = q[:n]
	*h = q
	for i := 0; ; {
		down := 2*i + 1
		if down >= n {
			return top
		}
		if down+1 < n && q.less(down+1, down) {
			down++
		}
		if !q.less(down, i) {
			return top
		}
		q[i], q[down] = q[down], q[i]
		i = down
	}
}
