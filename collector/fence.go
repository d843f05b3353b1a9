package collector

// fencing is the window of a link with a real clock: how many packets may be
// under way whose fate is open. Packets are sent in bursts, and behind each
// burst a fence. Once a fence is answered, what went before it was processed
// and holds no place any more, answered or not.
type fencing struct {
	rtt      rtt
	first    fenceKind              // of those that are tried
	kind     fenceKind              // that is sent
	heard    [fenceKinds]fenceHeard // what came for each
	window   int
	inFlight int               // packets in open bursts that are not answered
	bursts   [fencePairs]burst // by number mod fencePairs: oldest … current
	oldest   uint32
	current  uint32
	tries    int   // fences since one was answered, for the oldest burst
	silence  int64 // since when: the time of the first loss of those
	due      int64 // when the oldest fence counts as lost; noFence: none is out
	answered bool  // a fence ever was
	deaf     bool  // the machine answers no fences: bursts end by deadline
}

// burst is a number of packets with a fence behind them.
type burst struct {
	packets  int
	answered int
	fenced   int64 // when its fence was sent
	kind     fenceKind
	out      bool // its fence was sent
	passed   bool // and answered
}

// The window's bounds. Where it starts is what a bare sender and receiver
// need to fill a link (64 in flight); what it may grow to is below what the
// smallest socket buffers hold.
const (
	startWindow = 64
	minWindow   = 2
	maxWindow   = 256
	growEvery   = 4         // fences answered for one more packet in the window
	fenceTries  = 6         // in a row without an answer, doubling the time, before the machine is given up
	otherTries  = 3         // of those, before other kinds take their turns
	deafTries   = 4         // before the first answer
	maxTimeout  = 3_000_000 // µs, for one fence
	noFence     = never
)

// A machine that answers no fences at all is sent to at a steady pace: silence
// is told by the deadline, until which many packets are matchable, and so
// holds no place in a window that only bounds the memory.
const (
	deafPace   = 2_000 // µs
	deafWindow = 8192
	deafBurst  = 64 // packets whose deadline ends together
)

// fenceKind is what a fence is, in order of preference.
type fenceKind uint8

const (
	fenceApp   fenceKind = iota // a datagram to the application, which sends it back: for dialogues alone
	fenceACK                    // of no connection, to the open port: an RST
	fenceEcho                   // an ICMP echo request: firewalls let it through more often
	fenceSYN                    // to the open port: a SYN-ACK, which is torn down
	fenceKinds = iota
)

// fenceHeard counts what came back for fences of a kind: what was asked for,
// or ICMP errors, which stacks limit.
type fenceHeard struct{ answers, errors int }

// choose takes the first kind of fence whose answers came as often as enough
// asks, else the one whose answers came most often, else one that drew errors.
// ok is false when no kind drew anything.
func (f *fencing) choose(enough int) (ok bool) {
	better := func(a, b fenceHeard) bool {
		a.answers, b.answers = min(a.answers, enough), min(b.answers, enough)
		return a.answers > b.answers || a.answers == b.answers && a.errors > b.errors
	}
	f.kind = f.first
	for k := f.first; k < fenceKinds; k++ {
		if better(f.heard[k], f.heard[f.kind]) {
			f.kind = k
		}
	}
	return f.heard[f.kind] != fenceHeard{}
}

// rotate takes the next kind of fence that was answered ever.
func (f *fencing) rotate() {
	for i := range fenceKind(fenceKinds) {
		if next := (f.kind + 1 + i) % fenceKinds; f.heard[next].answers > 0 {
			f.kind = next
			return
		}
	}
}

// becomeDeaf has bursts end by their deadline from now on.
func (f *fencing) becomeDeaf() { f.deaf, f.due, f.window = true, noFence, deafWindow }

// newFencing makes one that tries kinds of fences from first on.
func newFencing(first fenceKind) *fencing {
	return &fencing{window: startWindow, due: noFence, first: first}
}

// room says whether another packet may be sent.
func (f *fencing) room() bool { return f.inFlight < f.window }

// sent notes a packet and gives the burst that it belongs to.
func (f *fencing) sent() uint32 {
	f.bursts[f.current%fencePairs].packets++
	f.inFlight++
	return f.current
}

// open says whether a burst's fate is open.
func (f *fencing) open(b uint32) bool { return b-f.oldest <= f.current-f.oldest }

// reply notes the first answer to a packet of burst b.
func (f *fencing) reply(b uint32) {
	if f.open(b) {
		f.bursts[b%fencePairs].answered++
		f.inFlight--
	}
}

// full says whether the current burst should be fenced though more could be
// sent.
func (f *fencing) full() bool {
	most := max(f.window/2, 1)
	if f.deaf {
		most = deafBurst
	}
	return f.bursts[f.current%fencePairs].packets >= most
}

// outstanding says whether a fence is on its way.
func (f *fencing) outstanding() bool { return f.due != noFence }

// canFence says whether there is something to fence and a pair left for it.
func (f *fencing) canFence() bool {
	return f.bursts[f.current%fencePairs].packets > 0 && f.current-f.oldest < fencePairs-1
}

// fenced notes that a fence was sent behind the current burst at now and
// opens the next. overtaken is true when the fence that had the next one's
// place was never answered, though later ones were.
func (f *fencing) fenced(now int64) (overtaken bool) {
	b := &f.bursts[f.current%fencePairs]
	b.fenced, b.out, b.kind = now, true, f.kind
	if f.due == noFence {
		f.due = now + f.timeout()
	}
	f.current++
	b = &f.bursts[f.current%fencePairs]
	if overtaken = b.out && !b.passed; overtaken {
		f.shrink()
	}
	*b = burst{}
	return overtaken
}

// shrink halves the window.
func (f *fencing) shrink() { f.window = max(f.window/2, minWindow) }

// pass notes the answer to the fence of burst b and says whether that was open.
func (f *fencing) pass(b uint32, now int64) bool {
	if f.current-b-1 >= fencePairs-1 {
		return false // none of the latest
	}
	f.bursts[b%fencePairs].passed = true
	if !f.open(b) {
		return false
	}
	if f.tries == 0 { // Karn: a repeated fence does not say which one was answered
		f.rtt.sample(now - f.bursts[b%fencePairs].fenced)
		if b%growEvery == 0 && f.window < maxWindow {
			f.window++
		}
	}
	f.answered, f.tries = true, 0
	f.closeThrough(b)
	f.due = noFence
	if f.oldest != f.current {
		f.due = now + f.timeout()
	}
	return true
}

// closeThrough ends all bursts up to b.
func (f *fencing) closeThrough(b uint32) {
	for ; f.oldest != b+1; f.oldest++ {
		o := &f.bursts[f.oldest%fencePairs]
		f.inFlight -= o.packets - o.answered
	}
}

// lost notes that the oldest fence's time is over at now. gone is true when
// it is no use to send more.
func (f *fencing) lost(now int64) (gone bool) {
	if f.tries == 0 {
		f.silence = now
	}
	f.tries++
	f.bursts[(f.current-1)%fencePairs].passed = true // it is counted, once
	f.shrink()
	if f.tries >= otherTries {
		f.rotate()
	}
	return f.tries >= fenceTries
}

// hear counts what came for the fence of burst b.
func (f *fencing) hear(b uint32, asked bool) {
	if f.current-b-1 >= fencePairs-1 {
		return
	}
	h := &f.heard[f.bursts[b%fencePairs].kind]
	if asked {
		h.answers++
	} else {
		h.errors++
	}
}

// forget closes what the warm-up left open: whatever was lost there was sent
// to find out what is answered.
func (f *fencing) forget() {
	for n := range f.bursts {
		f.bursts[n].passed = true
	}
	f.oldest, f.due = f.current, noFence
	f.inFlight = 0
}

// timeout is how long the next fence may take: doubled by each one lost.
func (f *fencing) timeout() int64 { return min(f.rtt.timeout()<<f.tries, maxTimeout) }

// expired gives, for a machine that answers no fences, the newest burst whose
// deadline is over. A burst's fenced time is when it was closed.
func (f *fencing) expired(now, deadline int64) (b uint32, ok bool) {
	for n := f.oldest; n != f.current; n++ {
		if now-f.bursts[n%fencePairs].fenced < deadline {
			break
		}
		b, ok = n, true
	}
	return b, ok
}
