package sim

// windowsPersonalities. Nothing of Windows' source is public; values are from
// Microsoft's documentation of TCP/IP registry values ("TCP/IP and NBT
// configuration parameters", KB 314053; "Description of Windows 2000 and
// Windows Server 2003 TCP Features", KB 224829) and from what Nmap's
// documented tests print for these systems.
func windowsPersonalities() []personality {
	rows := []struct {
		name, about string
		change      func(*personality)
	}{
		{"windows-2000", "Windows 2000 SP4 (NT 5.0)", func(p *personality) { windowsNT5(p, 16384) }}, // KB 224829: 16 KiB
		{"windows-xp", "Windows XP SP3 (NT 5.1)", func(p *personality) { windowsNT5(p, 65535) }},
		{"windows-2003", "Windows Server 2003 SP2 (NT 5.2)", func(p *personality) { windowsNT5(p, 16384) }},
		// Nmap has one print for these and Windows 7.
		{"windows-vista", "Windows Vista SP2 (NT 6.0), alike Windows 7", windowsNT61},
		{"windows-2008", "Windows Server 2008 SP2 (NT 6.0), alike Windows 7", windowsNT61},
		{"windows-7", "Windows 7 SP1 (NT 6.1)", windowsNT61},
		{"windows-2008r2", "Windows Server 2008 R2 (NT 6.1), alike Windows 7", windowsNT61},
		{"windows-8.1", "Windows 8.1 (NT 6.3)", windowsNT63},
		{"windows-2012r2", "Windows Server 2012 R2 (NT 6.3), which grants ECN", server(windowsNT63)},
		{"windows-10", "Windows 10 (NT 10.0.19041)", windowsNT10},
		{"windows-2016", "Windows Server 2016 (NT 10.0.14393)", server(windowsNT100)},
		{"windows-2019", "Windows Server 2019 (NT 10.0.17763)", server(windowsNT10)},
		{"windows-11", "Windows 11 (NT 10.0.22000)", windowsNT1022},
		{"windows-2022", "Windows Server 2022 (NT 10.0.20348)", server(windowsNT10)},
	}
	all := make([]personality, len(rows))
	for i, r := range rows {
		p := personality{
			name: r.name, about: r.about, family: windows,
			ttl: 128, icmpTTL: 128, rstTTL: 128, // DefaultTTL
			synID: idGlobal, rstID: idGlobal, icmpID: idGlobal, // Nmap: TI=I CI=I II=I SS=S
			sackOn: true, tsOn: true, scaleOn: true, ecn: ecnAny, // KB 224829: granted when asked
			window: windowNT6, bufMax: 1 << 30,
			stray: refuse, finCounts: true, rstEchoAck: true, // Nmap: T2 S=Z A=S F=AR; T4 A=O
			full: dropNew, backlog: 200,
			synAckGaps: doubling(3*sec, 2), // TcpMaxConnectResponseRetransmissions
			finGaps:    doubling(300*ms, 5),
			finWait2:   120 * sec, timeWait: 120 * sec, // TcpFinWait2Delay and TcpTimedWaitDelay
			echoDF: dfClear, echoCodeZero: true, echoTOSZero: true, // Nmap: CD=Z
			quote: 548, quoteHeader: true,
		}
		r.change(&p)
		all[i] = p
	}
	return all
}

func windowsNT5(p *personality, buffer int) {
	p.order, p.window, p.rcvbuf = orderNT5, windowNT5, buffer
	p.ts, p.tsHz = tsSilent, 10 // Nmap: T00
	p.isn = isnRandom           // Nmap: SP and ISR of uniform numbers
	p.synFin = accept           // Nmap: T3 F=AS
	p.rstNoDF = true            // Nmap: T4 to T7 DF=N
	p.echoDF = dfEchoed         // Nmap: DFI=S
	p.quote, p.quoteHeader = 148, true
	p.synAckGaps = doubling(3*sec, 2)
}

func windowsNT61(p *personality) {
	p.order, p.rcvbuf = orderNT6, 8192 // Nmap: W1=2000
	p.ts, p.tsHz = tsUptime, 100       // Nmap: TS=7
	p.isn, p.isnTick = isnHash, 4000   // RFC 6528 (250 kHz clock)
	p.synFin = refuse                  // Nmap: T3 S=Z A=O F=AR
}

func windowsNT63(p *personality) {
	windowsNT61(p)
	// Counters by a keyed hash of the address pair: Klein and Pinkas, "From
	// IP ID to Device ID and KASLR Bypass", 2019, for Windows 8 and later.
	p.synID, p.rstID, p.icmpID = idPeer, idPeer, idPeer
	p.strict = true
}

func windowsNT100(p *personality) {
	windowsNT63(p)
	p.tsHz = 1000 // Nmap: TS=A for Windows 10 1507 and Server 2016, TS=7 before
}

func windowsNT10(p *personality) {
	windowsNT100(p)
	p.rcvbuf = 65535 // Nmap: W1=FFFF W6=FF70
	p.tsOn = false   // Nmap: O1=M5B4NW8NNS, TS=U
	p.synAckGaps = doubling(1*sec, 3)
}

func windowsNT1022(p *personality) {
	windowsNT10(p)
	p.tsOn = true // Nmap for 21H2: O1=…NW8ST11, TS=A, W6=FFDC
}

// server makes the server edition of a client: EcnCapability is on (Nmap:
// CC=Y for 2012 R2 and later).
func server(client func(*personality)) func(*personality) {
	return func(p *personality) {
		client(p)
		p.ecnOn = true
	}
}
