package sim

// solarisPersonalities. Values are those of illumos' tcp_tunables.c, tcp_input.c
// and tcp_output.c and of Nmap's documented tests; names are ndd's.
func solarisPersonalities() []personality {
	ten := personality{
		name: "solaris-10", family: solaris, about: "Solaris 10 (SunOS 5.10)",
		ttl: 64, icmpTTL: 255, rstTTL: 64, // tcp_ipv4_ttl; ip_def_ttl of ICMP is 255
		synID: idPeer, rstID: idPeer, icmpID: idPeer, // ire_ident, a counter a route
		isn: isnStep, isnTick: 4000, // tcp_strong_iss 1: random steps on a 250 kHz clock
		ts: tsUptime, tsHz: 100, // lbolt
		sackOn: true, tsOn: true, scaleOn: true, ecnOn: true, ecn: ecnAny, // tcp_ecn_permitted 1: passive
		order: orderSolaris10, window: windowSolaris, rcvbuf: 49152, bufMax: 1 << 20, // tcp_recv_hiwat, tcp_max_buf
		synFin: ignore, stray: ignore, // Nmap: T3 R=N
		closedSYN:  true,                      // tcp_xmit_listeners_reset drops what has neither SYN nor ACK
		synAckGaps: doubling(3*sec, 5),        // tcp_rexmit_interval_initial, until tcp_ip_abort_cinterval (180 s)
		finGaps:    doubling(400*ms, 8),       // tcp_rexmit_interval_min
		finWait2:   675 * sec,                 // tcp_fin_wait_2_flush_interval
		timeWait:   60 * sec,                  // tcp_time_wait_interval
		full:       dropOldest, backlog: 1024, // tcp_conn_req_max_q0
		echoDF: dfSet, quote: 64, errorDF: true, // ip_icmp_return_data_bytes
		errorLimit: limit{count: 10, span: 100 * ms}, // ip_icmp_err_burst, ip_icmp_err_interval
		rstLimit:   limit{count: 40, span: sec},      // tcp_rst_sent_rate
	}
	eleven := ten
	eleven.name, eleven.about = "solaris-11", "Solaris 11 (SunOS 5.11)"
	eleven.order = orderSolaris11
	eleven.rcvbuf = 128000                     // recv_buf
	eleven.isn, eleven.isnTick = isnHash, 4000 // tcp_strong_iss 2: RFC 6528
	eleven.synAckGaps = doubling(1*sec, 6)
	eleven.strict = true
	eleven.synFin = accept // Nmap: T3 F=AS
	return []personality{ten, eleven}
}
