package datasets

// CatalogueVersion changes whenever a field of a layout is added or means
// something else in files that exist.
const CatalogueVersion = 1

// influences makes a Field's Sources from the sources that are likely and
// those that are barely possible. The operating system is always likely: a
// field that no system decides is not worth a column.
func influences(likely, barely []Source) (in [NumSources]Influence) {
	in[SourceOS] = Likely
	for _, s := range barely {
		in[s] = BarelyPossible
	}
	for _, s := range likely {
		in[s] = Likely
	}
	return in
}

// Short forms for the table below.
const (
	cfg = SourceConfig
	app = SourceApplication
	hw  = SourceHardware
	net = SourceNetwork
	st  = SourceState
	rnd = SourceRandom
)

type sources = []Source

// row is a line of the table; NumAllFields of them make the catalogue.
type row struct {
	name   string
	unit   string
	text   bool
	paper  bool
	likely sources
	barely sources
	reason string
}

// table is our own reading of RFCs and kernels, field by field, after the
// method of the paper's Section 4.2.1. What a factor decides through the
// absence of a whole answer (a firewall that drops) is charged to AnswerKind
// alone; else no field would be vetted.
var table = [NumAllFields]row{
	AnswerKind: {name: "answer.kind", likely: sources{cfg, net}, barely: sources{app, st},
		reason: "A firewall turns an RST or SYN-ACK into silence or an ICMP error (nft_reject, ipt_REJECT), on the host or on the way, so what comes back says as much of its rules as of the stack."},

	IPVersion:    {name: "ip.version", paper: true, reason: "RFC 791: probes are IPv4 and so is what answers them."},
	IPIHL:        {name: "ip.ihl", unit: "words", paper: true, barely: sources{cfg, app, net}, reason: "IP options in answers would need IP_OPTIONS set by the application, or a router that adds them; neither is met (RFC 7126)."},
	IPTOS:        {name: "ip.tos", paper: true, likely: sources{net}, barely: sources{app, cfg}, reason: "Networks rewrite the DSCP at their border (RFC 2474) and set CE (RFC 3168); IP_TOS and net.ipv4.tcp_reflect_tos are rare."},
	IPLen:        {name: "ip.len", unit: "bytes", paper: true, barely: sources{cfg, app, net}, reason: "Header, options and quotation as the stack builds them (tcp_make_synack, icmp_send); changed only with the options or by data of the application."},
	IPID:         {name: "ip.id", paper: true, likely: sources{st, rnd}, reason: "RFC 6864 leaves it free: zero, a counter of the host, destination or connection, or a random number (ip_select_ident, ip_randomid)."},
	IPFlags:      {name: "ip.flags", paper: true, barely: sources{cfg, app, net}, reason: "DF follows path MTU discovery (RFC 1191), which is on by default wherever it exists; ip_no_pmtu_disc and a middlebox that clears DF are rare."},
	IPOffset:     {name: "ip.offset", unit: "8 bytes", paper: true, barely: sources{net}, reason: "Answers fit any link, so that none is fragmented on the way (RFC 791)."},
	IPTTL:        {name: "ip.ttl", unit: "hops", paper: true, likely: sources{net, cfg}, barely: sources{app}, reason: "Each hop subtracts one (RFC 1812, 5.3.1), and net.ipv4.ip_default_ttl sets where it starts; IP_TTL is rare."},
	IPProto:      {name: "ip.proto", paper: true, barely: sources{cfg, net}, reason: "RFC 791: TCP or ICMP, as answer.kind says; a reject rule is what would change it."},
	IPChecksum:   {name: "ip.checksum", paper: true, likely: sources{net, cfg, st, rnd}, reason: "RFC 1071: follows every field of the header, the TTL, the id and the addresses among them."},
	IPChecksumOK: {name: "ip.checksum.ok", barely: sources{hw, net}, reason: "RFC 1122, 3.2.1.2 demands a right one; offloading that fails and damage on the way are rare."},

	TCPSeq:              {name: "tcp.seq", paper: true, likely: sources{rnd, st}, reason: "RFC 6528: initial numbers are a keyed hash and a clock (secure_tcp_seq); only in an RST is it taken from the probe (RFC 9293, 3.10.7.1)."},
	TCPAck:              {name: "tcp.ack", paper: true, barely: sources{net, st}, reason: "RFC 9293, 3.10.7: the probe's sequence number plus its length, or what the stack does instead (tcp_v4_send_reset)."},
	TCPOffset:           {name: "tcp.offset", unit: "words", paper: true, barely: sources{cfg, net}, reason: "RFC 9293, 3.1: follows the options, as tcp.options.order does."},
	TCPReserved:         {name: "tcp.reserved", paper: true, barely: sources{net}, reason: "RFC 9293, 3.1 demands zero; some stacks copied the bits, and a few middleboxes clear them (AccECN, RFC 9768, uses one)."},
	TCPFlags:            {name: "tcp.flags", paper: true, barely: sources{cfg, st, net}, reason: "RFC 9293, 3.10.7 and the stack's way with odd probes; net.ipv4.tcp_ecn and reject rules with tcp reset could change them but seldom do."},
	TCPWindow:           {name: "tcp.window", unit: "bytes, unscaled", paper: true, likely: sources{cfg, app, hw}, barely: sources{st, net}, reason: "tcp_select_initial_window: SO_RCVBUF of the application, net.ipv4.tcp_rmem, which tcp_init derives from memory, and the MSS."},
	TCPChecksum:         {name: "tcp.checksum", paper: true, likely: sources{cfg, app, hw, net, st, rnd}, reason: "RFC 9293, 3.1: follows every field of the segment, the random ones among them."},
	TCPChecksumOK:       {name: "tcp.checksum.ok", barely: sources{hw, net}, reason: "RFC 9293, 3.1 demands a right one; offloading that fails and damage on the way are rare."},
	TCPUrgent:           {name: "tcp.urgent", paper: true, barely: sources{net}, reason: "RFC 9293, 3.1: means nothing without URG; some stacks leave what was in the buffer or in the probe."},
	TCPPayload:          {name: "tcp.payload", unit: "bytes", paper: true, likely: sources{app}, barely: sources{st}, reason: "Data in an answer is the application's, as a banner; RFC 9293, 3.5.3 also lets an RST carry a text."},
	TCPOptionsOrder:     {name: "tcp.options.order", text: true, paper: true, barely: sources{cfg, net}, reason: "tcp_synack_options and its kin fix the order and padding; switching options off (net.ipv4.tcp_sack, tcp_timestamps) or stripping them on the way is rare."},
	TCPMSS:              {name: "tcp.mss", unit: "bytes", paper: true, likely: sources{net, cfg}, barely: sources{hw, app}, reason: "RFC 9293, 3.7.1: the MTU of the interface less 40; middleboxes clamp it (nft tcp option maxseg), TCP_MAXSEG is rare."},
	TCPWScale:           {name: "tcp.wscale", unit: "bits", paper: true, likely: sources{hw, cfg, app}, reason: "tcp_select_initial_window: grows with the largest buffer, from memory by way of tcp_rmem[2], the sysctl itself, or SO_RCVBUF (RFC 7323, 2)."},
	TCPTSVal:            {name: "tcp.timestamps.val", unit: "ticks", paper: true, likely: sources{st, rnd}, barely: sources{cfg}, reason: "RFC 7323, 5.4: a clock since boot, or one with a random offset for each connection (secure_tcp_ts_off)."},
	TCPTSEcr:            {name: "tcp.timestamps.ecr", paper: true, barely: sources{cfg, st, net}, reason: "RFC 7323, 3.2: the probe's own value comes back, or the zero that some stacks send."},
	TCPSACKOK:           {name: "tcp.sack.ok", paper: true, barely: sources{cfg, net}, reason: "RFC 2018, 2: answered when asked, unless net.ipv4.tcp_sack is off or a middlebox strips it, which is rare."},
	TCPSACKLeft:         {name: "tcp.sack.left", paper: true, barely: sources{cfg, st, net}, reason: "RFC 2018, 3 and RFC 2883: an edge of what the probe sent, relative to nothing but its own numbers."},
	TCPSACKRight:        {name: "tcp.sack.right", paper: true, barely: sources{cfg, st, net}, reason: "RFC 2018, 3 and RFC 2883: an edge of what the probe sent, relative to nothing but its own numbers."},
	TCPSACKMore:         {name: "tcp.sack.more", paper: true, barely: sources{cfg, st, net}, reason: "RFC 2018, 3: as many blocks as the stack reports."},
	TCPOptionsOther:     {name: "tcp.options.other", text: true, paper: true, barely: sources{cfg, app, net, rnd}, reason: "Options that no probe of ours asks for, such as Fast Open (RFC 7413) or Multipath (RFC 8684): a stack that sends them says so."},
	TCPOptionsMalformed: {name: "tcp.options.malformed", text: true, barely: sources{net}, reason: "RFC 9293, 3.1 gives the form of options; only a defect of the stack or of a middlebox breaks it."},

	ICMPType:        {name: "icmp.type", likely: sources{cfg}, barely: sources{net, st}, reason: "RFC 1122, 3.2.2; a reject rule sends an error where the stack would send an RST or a SYN-ACK (nft_reject_icmp_v4)."},
	ICMPCode:        {name: "icmp.code", likely: sources{cfg}, barely: sources{net}, reason: "RFC 1812, 5.2.7.1 lists the codes; a reject rule chooses its own, by default port unreachable."},
	ICMPRest:        {name: "icmp.rest", barely: sources{cfg, net}, reason: "RFC 792 calls the word unused; the next-hop MTU (RFC 1191, 4) and the length of RFC 4884 are the exceptions."},
	QuoteLen:        {name: "quote.len", unit: "bytes", barely: sources{net}, reason: "RFC 792 asks for 8 bytes of payload, RFC 1812, 4.3.2.3 for up to 576 in all; the stack chooses (icmp_send)."},
	QuoteIPLen:      {name: "quote.ip.len", unit: "bytes", barely: sources{net}, reason: "Old BSD stacks wrote the length back less the header or in host order (ip_input); RFC 1122, 3.2.2 wants it as it came."},
	QuoteIPID:       {name: "quote.ip.id", barely: sources{net}, reason: "RFC 1122, 3.2.2 wants the header as it came; stacks that swap bytes in place return it swapped."},
	QuoteIPChecksum: {name: "quote.ip.checksum", barely: sources{net}, reason: "RFC 1122, 3.2.2 wants the header as it came; stacks zero it, or get it wrong after they changed the header."},
	QuoteIPTTL:      {name: "quote.ip.ttl", unit: "hops", likely: sources{net}, barely: sources{cfg}, reason: "RFC 1812, 5.3.1: the hops that the probe passed, and one more where the stack subtracts before it quotes."},
	QuoteIPTOS:      {name: "quote.ip.tos", likely: sources{net}, reason: "RFC 2474: networks rewrite the DSCP of probes as they do that of answers."},
	QuotePayload:    {name: "quote.payload", barely: sources{net}, reason: "RFC 1122, 3.2.2 wants the bytes as they came; translators and some stacks change the checksum or what follows."},

	StepAnswers:     {name: "step.answers", likely: sources{cfg, net}, barely: sources{app, st}, reason: "How often the stack speaks (RFC 9293, 3.10.7): segments acknowledged one by one or together, SYN-ACKs and FINs again; firewalls and losses take answers away."},
	StepOrder:       {name: "step.order", text: true, likely: sources{cfg, net}, barely: sources{app, st}, reason: "What the stack says first: an acknowledgement and then its FIN, or both in one (tcp_send_fin); as step.answers else."},
	TCPSeqRel:       {name: "tcp.seq.rel", barely: sources{net, st}, reason: "RFC 9293, 3.10.7: SND.NXT or, in an RST, the number that the segment acknowledged; the initial number, which is random, is taken off."},
	TCPAckRel:       {name: "tcp.ack.rel", barely: sources{net, st}, reason: "RFC 9293, 3.10.7.4: RCV.NXT, which says whether the segment's data were taken."},
	TCPSACKRel:      {name: "tcp.sack.rel", text: true, barely: sources{cfg, st, net}, reason: "RFC 2018, 3 and RFC 2883: what came out of order or twice, counted from our initial number."},
	TCPTSEcrRel:     {name: "tcp.timestamps.ecr.rel", barely: sources{cfg, st, net}, reason: "RFC 7323, 4.3: TS.Recent, which says whether the segment's timestamp was taken (tcp_replace_ts_recent)."},
	TCPWindowBytes:  {name: "tcp.window.bytes", unit: "bytes", likely: sources{cfg, app, hw}, barely: sources{st, net}, reason: "RFC 7323, 2.3: the window as it is meant; depends on all that tcp.window does."},
	TCPWindowMSS:    {name: "tcp.window.mss", unit: "segments", likely: sources{cfg, app, hw}, barely: sources{st, net}, reason: "tcp_select_initial_window rounds to segments; else as tcp.window.bytes."},
	TCPWindowChange: {name: "tcp.window.change", unit: "bytes", likely: sources{cfg, app, hw}, barely: sources{st, net}, reason: "RFC 9293, 3.8.6: how the stack takes the window back while data waits and opens it as they are read (__tcp_select_window); rounded as the window's scale has it."},
}

// Catalogue describes every field, by FieldID. It must not be changed; a user
// overrides sources with LoadSources.
var Catalogue = func() (c [NumAllFields]Field) {
	for id, r := range table {
		c[id] = Field{ID: FieldID(id), Name: r.name, Type: Uint, Unit: r.unit, Paper: r.paper,
			Sources: influences(r.likely, r.barely), Reason: r.reason}
		if r.text {
			c[id].Type = Text
		}
	}
	return c
}()

// FieldByName finds a field of the catalogue.
func FieldByName(name string) (id FieldID, ok bool) {
	for i := range Catalogue {
		if Catalogue[i].Name == name {
			return FieldID(i), true
		}
	}
	return 0, false
}

// String gives the name in the catalogue.
func (f FieldID) String() string {
	if int(f) < NumAllFields {
		return Catalogue[f].Name
	}
	return "invalid field"
}
