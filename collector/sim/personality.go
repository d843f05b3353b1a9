package sim

// family is a line of descent: it decides whose names the factors have and
// how the system's own firewall refuses.
type family uint8

const (
	_ family = iota
	linux
	windows
	freebsd
	openbsd
	netbsd
	solaris
)

var familyNames = [...]string{linux: "Linux", windows: "Windows", freebsd: "FreeBSD", openbsd: "OpenBSD", netbsd: "NetBSD", solaris: "Solaris"}

func (f family) String() string { return familyNames[f] }

// idPolicy is where a packet's IP identification comes from.
type idPolicy uint8

const (
	_         idPolicy = iota
	idZero             // 0: allowed for atomic datagrams by RFC 6864
	idGlobal           // one counter for everything
	idPeer             // a counter a destination
	idBuckets          // hashed counters, pushed on by a random share of the ticks since their last use
	idRandom
)

// isnPolicy is where an initial sequence number comes from.
type isnPolicy uint8

const (
	_         isnPolicy = iota
	isnHash             // RFC 6528: keyed hash of the four-tuple, and a clock
	isnRandom           // uniform
	isnStep             // one counter, moved on by random steps
	isnStep24           // one counter, moved on by 2²⁴, and 24 random bits
)

// tsPolicy is what timestamp values count from.
type tsPolicy uint8

const (
	_             tsPolicy = iota
	tsUptime               // the clock of the machine since boot
	tsPeerOffset           // plus an offset fixed for each pair of hosts
	tsRandomBases          // plus an offset drawn for each connection
	tsConnection           // one, when a connection begins
	tsSilent               // always zero, as Windows XP grants the option
)

// action is what happens to an odd segment.
type action uint8

const (
	_ action = iota
	ignore
	refuse // RST
	accept
)

// overflow is what happens to a SYN when the queue of half-open connections
// is full.
type overflow uint8

const (
	_           overflow = iota
	dropNew              // the SYN is not answered
	dropOldest           // the oldest half-open connection makes room
	sendCookies          // Linux: answered without state, where sysctl tcp_syncookies allows
)

// ecnPolicy says which SYN with ECE and CWR is granted ECN (RFC 3168), when
// the setting allows it at all.
type ecnPolicy uint8

const (
	_              ecnPolicy = iota
	ecnAny                   // every one
	ecnNotECT                // not one whose IP header is marked ECT or CE
	ecnNotECTOrRes           // as before, but a reserved bit in the TCP header (RFC 8311) allows it
)

// echoDF is the DF bit of an ICMP echo reply.
type echoDF uint8

const (
	_ echoDF = iota
	dfClear
	dfSet
	dfEchoed
)

// windowPolicy is the code that computes the window of a SYN-ACK.
type windowPolicy uint8

const (
	_             windowPolicy = iota
	windowLinux                // tcp_select_initial_window
	windowBSD                  // sbspace, clipped to TCP_MAXWIN
	windowNT5                  // TcpWindowSize, in whole segments
	windowNT6                  // receive window autotuning
	windowSolaris              // tcp_recv_hiwat, rounded up to whole segments
)

// personality is what is known of one system. A zero where a policy is wanted
// is a mistake that a test looks for.
type personality struct {
	name   string
	family family
	about  string // a sentence for users

	ttl     uint8 // of TCP and UDP
	icmpTTL uint8
	rstTTL  uint8

	synID, rstID, icmpID idPolicy
	idByProtocol         bool // per-destination counters are apart for TCP and ICMP
	isn                  isnPolicy
	isnTick              int64 // ns a step of isnHash's clock

	ts           tsPolicy
	tsHz         int64
	tsZeroIsNone bool // a SYN whose timestamp is 0 is taken for one without

	sackOn, tsOn, scaleOn, ecnOn bool // the defaults of the settings
	ecn                          ecnPolicy
	order                        optionOrder
	mssFloor                     uint16 // not 0: the MSS offered is the peer's where that is less, but at least this

	window   windowPolicy
	rcvbuf   int  // default receive buffer, bytes
	bufMax   int  // rmem_max, sb_max: the most a socket may ask for, bytes
	byBufMax bool // the BSD window scale follows bufMax, not rcvbuf
	lin      linuxWindow

	synFin     action // SYN+FIN to a listening port
	stray      action // neither SYN nor ACK nor RST, to a listening port
	finCounts  bool   // FIN counts in the acknowledgement of a RST
	closedSYN  bool   // a closed port refuses only segments with SYN or ACK
	rstEchoAck bool   // a RST without ACK repeats the acknowledgement number
	rstNoDF    bool
	atomicZero bool // ICMP with DF has id 0, whatever icmpID says (RFC 6864)
	pf         bool // OpenBSD's packet filter is on, as it is installed
	rstTOS     bool // a RST has the TOS of what it refuses
	strict     bool // RFC 5961: challenge ACKs
	needsTS    bool // where timestamps were agreed on, a segment without one is dropped (RFC 7323 3.2)
	dsack      bool // text that came twice is reported (RFC 2883)
	synCache   bool // segments for a half-open connection pass the rules of LISTEN

	synAckGaps []int64 // µs between a SYN-ACK's sendings
	timerTick  int64   // µs, granularity of that timer; 0: exact
	finGaps    []int64 // µs between a FIN's sendings
	finWait2   int64   // µs that a closed connection waits for the peer's FIN
	timeWait   int64   // µs in TIME-WAIT
	full       overflow
	backlog    int // default bound of half-open connections
	cookiesOn  bool
	cookieTS   bool // cookies keep the options of a SYN with timestamps

	echoDF        echoDF
	echoCodeZero  bool
	echoTOSZero   bool
	quote         int  // bytes of a datagram that an ICMP error repeats
	quoteHeader   bool // quote counts the IP header too
	errorDF       bool
	errorControl  bool  // errors have precedence "internetwork control" and the TOS bits of what they answer
	errorLimit    limit // of ICMP errors
	errorPeer     bool  // errors are limited for each destination by Linux's token bucket
	rstLimit      limit // of RSTs, apart for open and closed ports
	echoLimit     limit
	challengeRate int   // challenge ACKs a second, all connections; 0: no limit
	oowAll        bool  // oowGap holds for challenge ACKs of segments with data too
	oowGap        int64 // µs between answers to a connection's segments outside the window; 0: no limit
}

// Personalities lists the names that Options["personality"] may have, by
// family and version.
func Personalities() []string {
	names := make([]string, len(personalities))
	for i := range personalities {
		names[i] = personalities[i].name
	}
	return names
}

// About says in a sentence what a personality stands for, or "" when there is
// none of that name.
func About(name string) string {
	if p := findPersonality(name); p != nil {
		return p.about
	}
	return ""
}

func findPersonality(name string) *personality {
	for i := range personalities {
		if personalities[i].name == name {
			return &personalities[i]
		}
	}
	return nil
}

var personalities = allPersonalities()

func allPersonalities() []personality {
	var all []personality
	all = append(all, linuxPersonalities()...)
	all = append(all, windowsPersonalities()...)
	all = append(all, bsdPersonalities()...)
	return append(all, solarisPersonalities()...)
}

const (
	ms  = 1000
	sec = 1000 * ms
)

// doubling gives n times, each twice the one before.
func doubling(first int64, n int) []int64 {
	gaps := make([]int64, n)
	for i := range gaps {
		gaps[i] = first << i
	}
	return gaps
}
