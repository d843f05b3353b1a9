package sim

import "fmt"

func bsdPersonalities() []personality {
	var all []personality
	for _, major := range []int{6, 7, 8, 9, 10, 11, 12, 13, 14} {
		all = append(all, freebsdPersonality(major))
	}
	for _, major := range []int{4, 6, 7} {
		all = append(all, openbsdPersonality(major))
	}
	return append(all, netbsdPersonality(5), netbsdPersonality(9))
}

// freebsdPersonality says what FreeBSD's sys/netinet does in a major version.
func freebsdPersonality(major int) personality {
	p := personality{
		name: fmt.Sprintf("freebsd-%d", major), family: freebsd,
		about: fmt.Sprintf("FreeBSD %d with its GENERIC kernel", major),
		ttl:   64, icmpTTL: 64, rstTTL: 64, // net.inet.ip.ttl
		synID: idGlobal, rstID: idGlobal, icmpID: idGlobal, // ip_newid without net.inet.ip.random_id
		isn: isnRandom, // syncache_add: arc4random
		ts:  tsUptime, tsHz: 1000,
		sackOn: true, tsOn: true, scaleOn: true, ecn: ecnAny,
		order: orderFreeBSD, mssFloor: 216, // syncache_respond: between V_tcp_minmss and the peer's, from 7 to 11
		window: windowBSD, rcvbuf: 65536, bufMax: 256 << 10, byBufMax: true, // net.inet.tcp.recvspace, sb_max
		synFin: accept, stray: ignore, // net.inet.tcp.drop_synfin is 0
		rstTOS:     true,                       // tcp_respond reuses the header that it answers
		synCache:   true,                       // tcp_input: no inpcb but the listener's
		synAckGaps: doubling(3*sec, 3),         // SYNCACHE_MAXREXMTS, TCPTV_RTOBASE; Cron-OS saw 3.0, 6.0, 12.0
		finGaps:    doubling(230*ms, 12),       // TCPTV_MIN and TCPTV_CPU_VAR
		finWait2:   60 * sec,                   // net.inet.tcp.finwait2_timeout
		timeWait:   60 * sec,                   // twice net.inet.tcp.msl
		full:       dropOldest, backlog: 15360, // net.inet.tcp.syncache.cachelimit
		echoDF: dfEchoed, // icmp_reflect turns the request round
		quote:  8,        // net.inet.icmp.quotelen
		// badport_bandlim: net.inet.icmp.icmplim, apart for each kind
		errorLimit: limit{count: 200, span: sec},
		rstLimit:   limit{count: 200, span: sec},
		echoLimit:  limit{count: 200, span: sec},
	}
	if major < 7 {
		// syncache_respond of 6 pads SACK-permitted with EOL at the end, and
		// tcp_input computes the scale from the socket's own buffer.
		p.order, p.byBufMax, p.mssFloor = orderFreeBSD6, false, 0
	} else {
		// sc_tsoff; since 12 tcp_new_ts_offset, a hash of addresses and ports as
		// long as net.inet.tcp.ts_offset_per_conn is 1, its default.
		p.ts = tsRandomBases
		p.strict = true // RFC 5961's rules for RST and SYN
	}
	if major >= 9 {
		p.bufMax = 2 << 20 // kern.ipc.maxsockbuf
	}
	if major >= 11 {
		// net.inet.ip.rfc6864: ip_fillid gives atomic datagrams id 0.
		p.synID, p.rstID, p.atomicZero = idZero, idZero, true
	}
	if major >= 12 {
		p.quote = 548        // net.inet.icmp.quotelen's default, as RFC 1812 4.3.2.3 asks
		p.mssFloor = 0       // Nmap for 12.0 to 13.0: O2=M5B4, our own size whatever the peer's
		p.ecnOn = true       // net.inet.tcp.ecn.enable is 2
		p.finCounts = true   // tcp_dropwithreset counts TH_FIN
		p.isn = isnHash      // syncookie_generate makes every ISN
		p.isnTick = 15 * 1e9 // its secret changes every 15 s
	}
	if major >= 13 {
		p.needsTS = true                  // net.inet.tcp.tolerate_missing_ts is 0
		p.dsack = true                    // tcp_update_dsack_list
		p.synAckGaps = doubling(1*sec, 3) // net.inet.tcp.rexmit_initial
	}
	return p
}

// openbsdPersonality says what OpenBSD's tcp_input.c and its syn cache do.
func openbsdPersonality(major int) personality {
	p := personality{
		name: fmt.Sprintf("openbsd-%d", major), family: openbsd,
		about: fmt.Sprintf("OpenBSD %d with its GENERIC kernel", major),
		ttl:   64, icmpTTL: 255, rstTTL: 64, // ip_defttl; icmp_reflect uses MAXTTL
		synID: idRandom, rstID: idRandom, icmpID: idRandom, // ip_randomid
		isn: isnRandom, ts: tsRandomBases, tsHz: 2, // PR_SLOWHZ; ts_modulate
		sackOn: true, tsOn: true, scaleOn: true, ecn: ecnAny,
		order: orderOpenBSD, window: windowBSD, rcvbuf: 16384, bufMax: 256 << 10,
		synFin: accept, rstTOS: true, synCache: true,
		// tcp_input, before syn_cache_add: "none of RST, SYN or ACK" in LISTEN is
		// answered by RST.
		stray:      refuse,
		synAckGaps: doubling(3*sec, 4),         // TCPTV_SRTTBASE, until tcptv_keep_init (75 s) is over
		finGaps:    doubling(1*sec, 8),         // TCPTV_MIN
		finWait2:   600 * sec,                  // tcp_maxidle: TCPTV_KEEPCNT × TCPTV_KEEPINTVL
		timeWait:   60 * sec,                   // twice TCPTV_MSL
		full:       dropOldest, backlog: 10255, // net.inet.tcp.syncachelimit
		echoDF: dfEchoed, quote: 8,
		errorLimit: limit{count: 100, span: sec}, // net.inet.icmp.errppslimit
		rstLimit:   limit{count: 100, span: sec}, // net.inet.tcp.rstppslimit
	}
	if major >= 6 {
		p.rcvbuf, p.bufMax, p.byBufMax = 16384, 2<<20, true // SB_MAX, since buffers grow by themselves (5.0)
		p.strict = true
		p.pf = true
	}
	if major >= 7 {
		p.tsHz = 1000 // tcp_now counts milliseconds since 7.3
	}
	return p
}

// netbsdPersonality says what NetBSD does, 5 and 9 alike: a syn cache of one
// descent with OpenBSD's.
func netbsdPersonality(major int) personality {
	p := openbsdPersonality(4)
	p.name, p.family = fmt.Sprintf("netbsd-%d", major), netbsd
	p.about = fmt.Sprintf("NetBSD %d with its GENERIC kernel", major)
	p.order = orderNetBSD
	// Nmap: TI=Z CI=Z II=I, T4 to T7 DF=N, DFI=N: ip_output gives identifiers
	// to what may be fragmented only, and tcp_respond and icmp_reflect clear
	// the flags.
	p.synID, p.rstID, p.icmpID = idZero, idZero, idGlobal
	p.rstNoDF, p.echoDF = true, dfClear
	p.isn = isnStep24                  // tcp_new_iss1, net.inet.tcp.rfc1948 being 0
	p.rcvbuf, p.byBufMax = 32768, true // net.inet.tcp.recvspace, sb_max
	// sc_timebase is a tick before the SYN: a SYN-ACK that is sent at once
	// says 1, which looks like a constant and is a clock of two ticks a second.
	p.ts = tsConnection
	return p
}
