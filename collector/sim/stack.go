package sim

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"tickle/collector/pool"
)

// stack is one machine with its link.
type stack struct {
	config
	now      int64
	addr     uint32
	block    uint32 // the prober's
	hostMask uint32
	closed   bool

	// What is drawn at boot.
	boot     int64 // µs that the machine had been up at link time 0
	secret   key
	globalID uint16
	lastISN  uint32

	latency   rand.PCG
	isnSource rand.PCG
	idSource  rand.PCG
	tsSource  rand.PCG
	ackSource rand.PCG

	seg      segment // that Send works on
	offer    offered
	blocks   []span // that the next ACK reports
	table    table
	load     load
	timers   timers
	classes  classes
	answers  queue
	peers    []peer
	peerMask uint32

	cookiesUntil  int64 // an ACK may complete a cookie before this
	errors        bucket
	resetsOpen    bucket
	resetsClosed  bucket
	echoes        bucket
	challengeSpan int64
	challengeLeft int64
}

// classes are the timer queues by what they are for.
type classes struct {
	synAck int // first of len(synAckGaps) queues, and one after the last sending
	close  int // the application notices the peer's FIN
	fin    int // first of len(finGaps) queues, and one after the last sending
	// The ends of the states that end by themselves.
	finWait2, timeWait int
}

// The time that a machine takes to answer, and the network to carry it, in µs.
const (
	latencyLeast = 100
	latencySpan  = 200
)

// The application closes its side so long after its peer did, or after it was
// told to, in µs.
const applicationDelay = 500

// maxPeers bounds the memory for per-destination state: of a larger block of
// the prober's, addresses that are alike in their low bits share it.
const maxPeers = 1 << 16

func newStack(c *config, net pool.Net, seed uint64) (*stack, error) {
	if !net.Machine.Is4() || !net.Prober.Addr().Is4() {
		return nil, fmt.Errorf("sim: addresses %v and %v: want IPv4", net.Machine, net.Prober)
	}
	s := &stack{config: *c}
	bootSource := stream(seed, purposeBoot)
	s.addr = address(net.Machine.As4())
	s.hostMask = uint32(1<<(32-net.Prober.Bits()) - 1)
	s.block = address(net.Prober.Addr().As4()) &^ s.hostMask
	// Up between an hour and forty days.
	s.boot = int64(below(bootSource, 40*86400*sec)) + 3600*sec
	s.secret = key{bootSource.Uint64(), bootSource.Uint64()}
	s.globalID = uint16(bootSource.Uint64())
	s.lastISN = uint32(bootSource.Uint64())
	s.latency = *stream(seed, purposeLatency)
	s.isnSource = *stream(seed, purposeISN)
	s.idSource = *stream(seed, purposeID)
	s.tsSource = *stream(seed, purposeTS)
	s.ackSource = *stream(seed, purposeChallenge)

	s.table = newTable(9)
	s.load = newLoad(s.loadRate, s.patience(), seed, s.backlog)
	s.answers = newQueue(32)
	s.peerMask = min(s.hostMask, maxPeers-1)
	s.peers = make([]peer, s.peerMask+1)
	s.timers = newTimers(s.timerQueues())
	return s, nil
}

func address(b [4]byte) uint32 { return binary.BigEndian.Uint32(b[:]) }

// timerQueues lays out a queue for each delay.
func (s *stack) timerQueues() []timerQueue {
	var queues []timerQueue
	schedule := func(gaps []int64, tick int64) int {
		first := len(queues)
		last := int64(sec)
		for _, gap := range gaps {
			queues = append(queues, timerQueue{delay: gap, tick: tick})
			last = gap
		}
		queues = append(queues, timerQueue{delay: 2 * last, tick: tick})
		return first
	}
	s.classes.synAck = schedule(s.synAckGaps, s.timerTick)
	s.classes.fin = schedule(s.finGaps, 0)
	s.classes.close, s.classes.finWait2, s.classes.timeWait = len(queues), len(queues)+1, len(queues)+2
	return append(queues, timerQueue{delay: applicationDelay}, timerQueue{delay: s.finWait2}, timerQueue{delay: s.timeWait})
}

// Now is the virtual clock, in µs from when the link was opened.
func (s *stack) Now() int64 { return s.now }

// Silence is certain: everything that a machine will do is known.
func (s *stack) Silence() pool.Silence { return pool.Certain }

// Close ends the link.
func (s *stack) Close() error {
	s.closed = true
	return nil
}

// Send hands a packet to the machine, which handles it at once; its answer
// comes at a later time of the link's clock.
func (s *stack) Send(packet []byte) error {
	if s.closed {
		return pool.ErrClosed
	}
	proto, ok := s.readIP(packet)
	if !ok {
		return nil
	}
	switch proto {
	case protoTCP:
		s.receiveTCP()
	case protoUDP:
		s.receiveUDP()
	case protoICMP:
		s.receiveICMP()
	}
	return nil
}

// Receive gives the next answer before until, firing timers on the way.
func (s *stack) Receive(buf []byte, until int64) (n int, at int64, ok bool, err error) {
	if s.closed {
		return 0, s.now, false, pool.ErrClosed
	}
	until = max(until, s.now)
	for {
		first := s.answers.first()
		if s.timers.next <= until && (first == nil || s.timers.next <= first.at) {
			s.now = max(s.now, s.timers.next)
			s.fire(s.timers.pop())
			continue
		}
		if first == nil || first.at > until {
			s.now = until
			return 0, until, false, nil
		}
		n = copy(buf, first.packet)
		s.now = first.at
		s.answers.drop()
		return n, s.now, true, nil
	}
}

// queue holds answers on their way, in the order in which they arrive.
type queue struct {
	ring    []answer // a power of two
	head, n int
	last    int64 // when the last one arrives
}

type answer struct {
	at     int64
	packet []byte
}

// answerRoom is room for any answer but long echoes and quotations.
const answerRoom = 128

func newQueue(n int) queue {
	q := queue{ring: make([]answer, n)}
	room := make([]byte, n*answerRoom)
	for i := range q.ring {
		q.ring[i].packet = room[i*answerRoom : i*answerRoom : (i+1)*answerRoom]
	}
	return q
}

func (q *queue) first() *answer {
	if q.n == 0 {
		return nil
	}
	return &q.ring[q.head]
}

func (q *queue) drop() {
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.n--
}

// push makes room for an answer of n bytes that arrives at a time, or with
// the one before it when that is later.
func (q *queue) push(n int, at int64) []byte {
	if q.n == len(q.ring) {
		ring := make([]answer, 2*len(q.ring))
		m := copy(ring, q.ring[q.head:])
		copy(ring[m:], q.ring[:q.head])
		q.ring, q.head = ring, 0
	}
	a := &q.ring[(q.head+q.n)&(len(q.ring)-1)]
	q.n++
	q.last = max(q.last, at)
	a.at = q.last
	if cap(a.packet) < n {
		a.packet = make([]byte, n)
	}
	a.packet = a.packet[:n]
	return a.packet
}
