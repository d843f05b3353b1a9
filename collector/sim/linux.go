package sim

import "fmt"

// kernel is a Linux version, comparable as a number: 2.6.32 is 2_006_032.
type kernel int

func version(major, minor, patch int) kernel { return kernel(major*1e6 + minor*1e3 + patch) }

func (v kernel) String() string {
	major, minor, patch := v/1e6, v/1e3%1e3, v%1e3
	if patch == 0 {
		return fmt.Sprintf("%d.%d", major, minor)
	}
	return fmt.Sprintf("%d.%d.%d", major, minor, patch)
}

// The kernels that are modelled. Another is one more number here.
var linuxKernels = []kernel{
	version(2, 4, 0), version(2, 6, 8), version(2, 6, 9), version(2, 6, 11), version(2, 6, 12),
	version(2, 6, 15), version(2, 6, 16), version(2, 6, 17), version(2, 6, 18), version(2, 6, 20),
	version(2, 6, 21), version(2, 6, 22), version(2, 6, 23), version(2, 6, 24), version(2, 6, 25),
	version(2, 6, 26), version(2, 6, 27), version(2, 6, 28), version(2, 6, 29), version(2, 6, 31),
	version(2, 6, 32),
	version(3, 2, 0), version(3, 10, 0), version(3, 13, 0), version(3, 16, 0),
	version(4, 4, 0), version(4, 9, 0), version(4, 15, 0), version(4, 18, 0), version(4, 19, 0),
	version(5, 4, 0), version(5, 10, 0), version(5, 14, 0), version(5, 15, 0),
	version(6, 1, 0), version(6, 5, 0), version(6, 6, 0), version(6, 8, 0), version(6, 12, 0),
}

func linuxPersonalities() []personality {
	all := make([]personality, len(linuxKernels))
	for i, v := range linuxKernels {
		all[i] = linuxPersonality(v)
	}
	return all
}

// linuxPersonality says what an unpatched kernel of version v does. Each
// difference stands with the change that made it.
func linuxPersonality(v kernel) personality {
	p := personality{
		name: "linux-" + v.String(), family: linux,
		about: "Linux " + v.String() + " of kernel.org with its own defaults",
		ttl:   64, icmpTTL: 64, rstTTL: 64, // sysctl ip_default_ttl, IPDEFTTL (RFC 1700)
		sackOn: true, tsOn: true, scaleOn: true,
		order: orderLinux, window: windowLinux,
		stray: ignore, finCounts: true, // tcp_v4_send_reset: ack_seq = seq + syn + fin + payload
		rstTOS: true, // ip_send_reply, later ip_send_unicast_reply: the socket's TOS is the packet's
		full:   sendCookies,
		echoDF: dfClear, // icmp_init: pmtudisc of the socket is IP_PMTUDISC_DONT
		quote:  576 - 28, quoteHeader: true,
		errorControl: true, errorPeer: true, // icmp_send: RFC 1812 4.3.2.5 and 4.3.2.8
		finGaps:  doubling(200*ms, 8),          // TCP_RTO_MIN on a short path
		finWait2: 60 * sec, timeWait: 60 * sec, // sysctl tcp_fin_timeout, TCP_TIMEWAIT_LEN
		dsack:   true, // sysctl tcp_dsack
		backlog: 128,  // SOMAXCONN, and what sshd asks for
	}
	p.linuxIDs(v)
	p.linuxNumbers(v)
	p.linuxListen(v)
	p.linuxBuffers(v)
	return p
}

func (p *personality) linuxIDs(v kernel) {
	// ip_build_and_send_pkt: a SYN-ACK with DF has id 0 as long as the
	// listening socket has no peer.
	p.synID = idZero
	p.rstID = idZero
	p.icmpID = idPeer // inet_getid of the destination's inet_peer
	if v >= version(3, 12, 0) && v < version(4, 19, 0) {
		// "ip: generate unique IP identificator if local fragmentation is
		// allowed" (703133de331a) gave RSTs ids; "ipv4: tcp: send zero IPID
		// for RST and ACK sent in SYN-RECV and TIME-WAIT state"
		// (431280eebed9, which Ubuntu's 4.15 has too) took them away.
		p.rstID = idPeer
	}
	if v == version(4, 15, 0) {
		p.rstID = idZero
	}
	if v >= version(3, 16, 0) {
		// ip_idents, "ip: make IP identifiers less predictable"
		// (04ca6973f7c1); the hash takes the protocol in.
		p.icmpID = idBuckets
		p.idByProtocol = true
		if p.rstID == idPeer {
			p.rstID = idBuckets
		}
	}
	if v < version(2, 6, 0) {
		// icmp_init and tcp_v4_init set the TTL of their sockets to MAXTTL.
		p.icmpTTL, p.rstTTL = 255, 255
	}
}

func (p *personality) linuxNumbers(v kernel) {
	p.isn = isnHash // secure_tcp_sequence_number
	switch {
	case v < version(2, 6, 20):
		p.isnTick = 1000 // microseconds of do_gettimeofday
	case v < version(2, 6, 24):
		p.isnTick = 1
	default:
		p.isnTick = 64 // ktime_get_real >> 6 (6dd9a7c73761)
	}
	p.ts = tsUptime
	switch { // tcp_time_stamp is jiffies: HZ
	case v < version(2, 6, 0):
		p.tsHz = 100
	case v < version(2, 6, 13):
		p.tsHz = 1000
	case v < version(4, 13, 0):
		p.tsHz = 250 // CONFIG_HZ's default since 2.6.13
	default:
		p.tsHz = 1000 // "tcp: switch TCP TS option to 1ms clock" (9a568de4818d)
	}
	if v >= version(4, 10, 0) {
		p.ts = tsPeerOffset // secure_tcp_ts_off (95a22caee396, 28ee1b746f49)
	}
	// "tcp: allow timestamps even if SYN packet has tsval=0" (fc1ad92dfc4e).
	p.tsZeroIsNone = v < version(2, 6, 30)
	// sysctl tcp_ecn is 2, accept when asked, since 255cac91c386.
	p.ecnOn = v >= version(2, 6, 31)
	switch {
	case v < version(3, 6, 0):
		p.ecn = ecnAny
	case v < version(4, 20, 0):
		p.ecn = ecnNotECT // "tcp: be more strict before accepting ECN" (bd14b1b2e29b)
	default:
		p.ecn = ecnNotECTOrRes // f6fee16dbbe5
	}
}

func (p *personality) linuxListen(v kernel) {
	// tcp_rcv_state_process: "tcp: drop SYN+FIN messages" (fdf5af0daf80).
	p.synFin = accept
	if v >= version(3, 2, 0) {
		p.synFin = ignore
	}
	// TCP_TIMEOUT_INIT became 1 s with RFC 6298 (9ad7c049f0f7, 3.1);
	// tcp_synack_retries is 5. Before each request had a timer of its own
	// (fa76ce7328b2, 4.1) one of 200 ms, TCP_SYNQ_INTERVAL, looked at all.
	p.synAckGaps = doubling(3*sec, 5)
	if v >= version(3, 1, 0) {
		p.synAckGaps = doubling(1*sec, 5)
	}
	if v < version(4, 1, 0) {
		p.timerTick = 200 * ms
	}
	p.cookiesOn = v >= version(2, 6, 33) // e994b7c901de
	p.cookieTS = v >= version(2, 6, 26)  // cookie_init_timestamp
	p.strict = v >= version(3, 6, 0)     // 0c24604b68fc, 354e4aa391ed
	switch {
	case v >= version(6, 1, 0): // sysctl tcp_challenge_ack_limit is INT_MAX: read from 6.1.0-56 and 6.12.94 of Debian
	case v >= version(4, 7, 0):
		p.challengeRate = 1000 // 75ff39ccc1bd; read from 5.10.218
	case p.strict:
		p.challengeRate = 100
	}
	if v >= version(4, 0, 0) {
		p.oowGap = 500 * ms // tcp_invalid_ratelimit (032ee4236954)
	}
	p.oowAll = v >= version(4, 8, 0) // 083ae308280d
	if v < version(4, 3, 0) {
		// nr_table_entries: a power of two above the backlog; since
		// ef547f2ac16b the backlog itself.
		p.backlog = 256
	}
	if v < version(2, 6, 0) {
		p.backlog = 1024 // tcp_max_syn_backlog with 128 MiB and more
	}
	if v >= version(3, 18, 0) {
		p.errorLimit = limit{count: 1000, span: sec} // icmp_msgs_per_sec (4cdf507d5452)
	}
}

// linuxWindow is what tcp_select_initial_window and the functions around it
// depend on.
type linuxWindow struct {
	signed      bool // initial window at most 32767, until 2.6.14
	first       int  // segments in the first window; 0: no bound
	classic     bool // RFC 3390's bound for large segments goes with first
	scaleBy     scaleSource
	memory      memoryRule
	share       int  // 1/256ths of the buffer that is window
	lockedClamp bool // setsockopt(SO_RCVBUF) clamps the scale too (e88c64f0a425)
}

// scaleSource is what the window scale is computed from.
type scaleSource uint8

const (
	_           scaleSource = iota
	scaleSpace              // 2.4: the present buffer
	scaleMax                // the larger of tcp_rmem[2] and rmem_max, halved until it fits 65535
	scaleMaxLog             // 4.20: ilog2 of that, less 15
)

// memoryRule says how tcp_init sets tcp_rmem[2].
type memoryRule uint8

const (
	_           memoryRule = iota
	memoryFixed            // 174760
	memoryPages            // 2.6.17: from all pages, at most 4 MiB (7b4f4b5ebceab)
	memoryFree4            // 2.6.36: 1/128 of the free buffer pages, at most 4 MiB
	memoryFree6            // 3.4: the same, at most 6 MiB (b49960a05e32)
)

func (p *personality) linuxBuffers(v kernel) {
	w := linuxWindow{share: 192, first: 4, classic: true, scaleBy: scaleMax, memory: memoryFixed}
	p.rcvbuf = 87380
	p.bufMax = 131071
	switch {
	case v < version(2, 6, 0):
		p.bufMax = 65535
	case v >= version(3, 2, 0):
		p.bufMax = 212992 // SK_RMEM_MAX with SKB_TRUESIZE
	}
	w.signed = v < version(2, 6, 14)
	if v < version(2, 6, 7) {
		w.scaleBy = scaleSpace
	}
	switch {
	case v >= version(3, 4, 0):
		w.memory, w.share = memoryFree6, 128 // tcp_adv_win_scale 1
	case v >= version(2, 6, 36):
		w.memory = memoryFree4
	case v >= version(2, 6, 17):
		w.memory = memoryPages
	}
	if v >= version(2, 6, 38) {
		w.first, w.classic = 10, false // TCP_DEFAULT_INIT_RCVWND (356f039822b8)
	}
	if v >= version(3, 11, 0) {
		w.first = 20 // tcp_default_init_rwnd (85f16525a2eb)
	}
	w.lockedClamp = v >= version(2, 6, 37)
	if v >= version(4, 20, 0) {
		// "tcp: up initial rmem to 128KB and SYN rwin to around 64KB" (a337531b942b)
		p.rcvbuf, w.first, w.scaleBy = 131072, 0, scaleMaxLog
	}
	if v >= version(6, 6, 0) && v < version(6, 9, 0) {
		// tcp_adv_win_scale gave way to scaling_ratio (dfa2f0483360):
		// 1200 * 256 / SKB_TRUESIZE(4096); one half again since 697a6c8cec03.
		w.share = 65
	}
	p.lin = w
}
