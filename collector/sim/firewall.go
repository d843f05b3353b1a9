package sim

// passes reports whether the system's stateful firewall, set to admit the open
// port and echo requests, lets through a TCP segment of no connection.
func (s *stack) passes() bool {
	g := &s.seg
	if g.dport != s.ports.Open {
		return false
	}
	if s.family == linux {
		return conntrackNew(g.flags)
	}
	// pf's "flags S/SA", and the like of others: a connection begins with SYN.
	return g.flags&(flagSYN|flagACK|flagRST|flagFIN) == flagSYN
}

// conntrackNew reports whether Linux' connection tracking takes a segment for
// the beginning of a connection: a SYN, or (nf_conntrack_tcp_loose) an ACK in
// the middle of one; whatever else is INVALID (tcp_valid_flags and the table
// for TCP_CONNTRACK_NONE), which distributions' rules drop.
func conntrackNew(flags uint8) bool {
	f := flags & (flagFIN | flagSYN | flagRST | flagACK)
	return f == flagSYN || f == flagACK
}

// refuseTCP does what the firewall does to a segment that it does not pass.
func (s *stack) refuseTCP() {
	g := &s.seg
	if s.firewall != firewallReject {
		return
	}
	if s.family == linux {
		if conntrackNew(g.flags) {
			s.unreachable(s.rejectCode)
		}
		return
	}
	s.returnReset()
}

// admits does to a segment of no connection what the pf.conf does that OpenBSD
// has installed since 4.7, and says whether it goes on to TCP:
// pf_normalize_tcp drops flags that make no sense, "pass" (flags S/SA) admits
// what begins a connection, "block return" refuses the rest.
func (s *stack) admits() bool {
	flags := s.seg.flags
	switch {
	case flags&(flagSYN|flagRST) == flagSYN|flagRST,
		flags&(flagSYN|flagACK|flagRST) == 0,
		flags&flagACK == 0 && flags&(flagFIN|flagPSH|flagURG) != 0:
		return false
	case flags&(flagSYN|flagACK) == flagSYN:
		return true
	}
	s.returnReset()
	return false
}

// returnReset is pf's "block return" (pf_return, pf_send_tcp) and ipf's "block
// return-rst": a RST with an acknowledgement that counts SYN and FIN.
func (s *stack) returnReset() {
	g := &s.seg
	if g.flags&flagRST != 0 {
		return
	}
	f := tcpFields{port: g.sport, from: g.dport, flags: flagRST | flagACK, ack: g.seq + g.length()}
	if g.flags&flagACK != 0 {
		f.seq = g.ack
	}
	s.sendReset(&f)
}

// udpRejectCode is the code with which the firewall refuses datagrams.
func (s *stack) udpRejectCode() uint8 {
	if s.family == linux {
		return s.rejectCode
	}
	return codePort
}
