package sim

// state is a connection's state (RFC 9293 3.3.2), of those a server goes
// through.
type state uint8

const (
	stateFree state = iota
	stateSynRcvd
	stateEstablished
	stateCloseWait
	stateLastAck
	stateFinWait1
	stateFinWait2
	stateClosing
	stateTimeWait
)

// conn is a connection, half open or open.
type conn struct {
	addr       uint32
	port       uint16
	state      state
	set        granted
	scale      uint8 // of the windows that we announce
	ecn        bool
	tries      uint8
	generation uint32
	iss, irs   uint32
	sndNxt     uint32
	rcvNxt     uint32
	window     uint32 // bytes that we are ready to take
	mss        uint16 // the peer's, as its SYN said
	id         uint16 // the counter of a socket with a peer (Linux inet_id)
	tsRecent   uint32
	tsBase     uint32
	peerWindow uint32 // the largest that the peer has announced, bytes
	peerScale  uint8
	hold       bool // the application does not close when the peer does
	closing    bool // it was told to close
	spans      uint8
	waiting    [maxSpans]span // received out of order, the latest first
	lastOOW    int64          // when an out-of-window segment was last answered
	// Half-open connections form a list from old to new; a free one's next
	// is the next free one.
	older, newer uint32
}

// none is no connection; connections are numbered from 1.
const none = 0

// table finds connections by the peer's address and port: open addressing
// with linear probing, at most half full.
type table struct {
	slots    []slot
	shift    uint
	n        int
	conns    []conn // conns[0] heads the list of half-open connections
	free     uint32
	halfOpen int
}

type slot struct {
	key        uint64 // address<<16 | port
	connection uint32 // none: empty
}

func newTable(bits uint) table {
	t := table{slots: make([]slot, 1<<bits), shift: 64 - bits, conns: make([]conn, 1, 1<<(bits-1))}
	return t
}

func slotKey(addr uint32, port uint16) uint64 { return uint64(addr)<<16 | uint64(port) }

func (t *table) home(k uint64) int { return int(k * 0x9e3779b97f4a7c15 >> t.shift) }

func (t *table) find(addr uint32, port uint16) uint32 {
	if t.n == 0 {
		return none
	}
	k := slotKey(addr, port)
	for i := t.home(k); ; i = (i + 1) & (len(t.slots) - 1) {
		if s := &t.slots[i]; s.connection == none || s.key == k {
			return s.connection
		}
	}
}

// insert makes a new connection, in no state and not in the list.
func (t *table) insert(addr uint32, port uint16) uint32 {
	if 2*(t.n+1) > len(t.slots) {
		t.grow()
	}
	i := t.free
	if i != none {
		t.free = t.conns[i].newer
	} else {
		i = uint32(len(t.conns))
		t.conns = append(t.conns, conn{})
	}
	t.conns[i] = conn{addr: addr, port: port, generation: t.conns[i].generation}
	t.place(slot{slotKey(addr, port), i})
	t.n++
	return i
}

func (t *table) place(s slot) {
	i := t.home(s.key)
	for t.slots[i].connection != none {
		i = (i + 1) & (len(t.slots) - 1)
	}
	t.slots[i] = s
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]slot, 2*len(old))
	t.shift--
	for _, s := range old {
		if s.connection != none {
			t.place(s)
		}
	}
}

// remove forgets a connection and closes the gap that it leaves.
func (t *table) remove(i uint32) {
	c := &t.conns[i]
	if c.state == stateSynRcvd {
		t.unlink(c)
	}
	mask := len(t.slots) - 1
	hole := t.home(slotKey(c.addr, c.port))
	for t.slots[hole].connection != i {
		hole = (hole + 1) & mask
	}
	for j := (hole + 1) & mask; t.slots[j].connection != none; j = (j + 1) & mask {
		if (j-t.home(t.slots[j].key))&mask >= (j-hole)&mask {
			t.slots[hole] = t.slots[j]
			hole = j
		}
	}
	t.slots[hole] = slot{}
	t.n--
	c.state = stateFree
	c.generation++
	c.newer = t.free
	t.free = i
}

// link puts a connection at the end of the half-open ones.
func (t *table) link(i uint32) {
	c := &t.conns[i]
	c.state = stateSynRcvd
	c.older, c.newer = t.conns[0].older, none
	t.conns[c.older].newer = i
	t.conns[0].older = i
	t.halfOpen++
}

func (t *table) unlink(c *conn) {
	t.conns[c.older].newer = c.newer
	t.conns[c.newer].older = c.older
	t.halfOpen--
}

// oldest is the half-open connection that has waited longest, or none.
func (t *table) oldest() uint32 { return t.conns[0].newer }
