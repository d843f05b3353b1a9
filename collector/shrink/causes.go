package shrink

import (
	"tickle/datasets"
	"tickle/probegen"
)

// The versions that were read: of Debian's packages linux-source-5.10 (5.10.223),
// -6.1 (6.1.176, 6.1.192), -6.12 (6.12.107), -7.2 (7.2.12) and -7.3 (7.3-rc7), and
// the upstream archives of its source packages linux 6.17.8, 6.18.12, 6.19.6 and
// 7.1.3. Each cause was read in all that it names, and for each a dialogue that
// was shrunk on machines with two of them is in testdata/causes.jsonl.
var causes = []Cause{
	{
		Function: "tcp_check_req",
		With:     []string{"6.1.192", "6.12.107", "7.2.12", "7.3-rc7"},
		Without:  []string{"5.10.223", "6.1.176", "6.17.8", "6.18.12", "6.19.6", "7.1.3"},
		Words: "a RST for a half-open connection that is inside the window, but not where the next byte is due, " +
			"draws a challenge ACK and the connection stays (RFC 5961, 3.2); elsewhere it ends the connection in silence",
		explains: func(m *moment) bool {
			return !m.connected && m.sent.Flags&probegen.RST != 0 && m.answers()
		},
	},
	{
		Function: "tcp_check_req",
		With:     []string{"6.17.8", "6.18.12", "6.19.6", "7.1.3", "7.2.12", "7.3-rc7"},
		Without:  []string{"5.10.223", "6.1.176", "6.1.192", "6.12.107"},
		Words: "a segment for a half-open connection has to echo a timestamp between those of the first and the last SYN-ACK, " +
			"else it draws an ACK as one outside the window does, and opens nothing; elsewhere the echo is not looked at, " +
			"so that one of a later ACK will do",
		explains: func(m *moment) bool {
			return m.stamped && m.strayed && m.sent.EchoBase == probegen.TSRecent && m.answers()
		},
	},
	{
		Function: "tcp_ack",
		With:     []string{"7.1.3", "7.2.12", "7.3-rc7"},
		Without:  []string{"5.10.223", "6.1.176", "6.1.192", "6.12.107", "6.17.8", "6.18.12", "6.19.6"},
		Words: "an acknowledgement of what was never sent draws a challenge ACK (RFC 5961, 5.2); " +
			"elsewhere the segment is dropped in silence",
		explains: func(m *moment) bool {
			return m.connected && m.acknowledges(+1) && m.answers()
		},
	},
	{
		Function: "tcp_rcv_established",
		With:     []string{"6.1.192", "7.2.12", "7.3-rc7"},
		Without:  []string{"5.10.223", "6.1.176", "6.12.107", "6.17.8", "6.18.12", "6.19.6", "7.1.3"},
		Words: "a segment that acknowledges less than is acknowledged already goes through all checks, " +
			"and its timestamp is not taken when it fails them; elsewhere header prediction takes the timestamp first",
		explains: func(m *moment) bool {
			return m.connected && m.acknowledges(-1) && m.Field == datasets.TCPTSEcrRel
		},
	},
	{
		Function: "tcp_ofo_queue",
		With:     []string{"6.1.176", "6.12.107", "6.17.8", "6.18.12", "6.19.6", "7.1.3", "7.2.12", "7.3-rc7"},
		Without:  []string{"5.10.223"},
		Words: "where data that fill a gap cover a segment that had come early, the D-SACK ends where that segment does; " +
			"elsewhere it goes on to the end of the data",
		explains: func(m *moment) bool {
			return m.strayed && m.data && m.Field == datasets.TCPSACKRel
		},
	},
	{
		Function: "tcp_do_parse_auth_options (Debian's configuration has CONFIG_TCP_AO=y)",
		With:     []string{"6.18.12"},
		Without:  []string{"6.12.107", "6.17.8"},
		Words: "a segment with TCP-AO (RFC 5925), or with an option whose length cannot be and five bytes or more left for it, " +
			"is dropped before anything else sees it; elsewhere TCP-AO is passed over, and such an option where less than " +
			"eighteen bytes are left for it",
		explains: func(m *moment) bool { return m.stays() && authentic(m.sent.Options) },
	},
}

// With TCP-AO, options are looked at for it as long as the shortest of its
// options would fit, else as long as a TCP-MD5 option would.
const (
	optionAO         = 29
	leastAO, sizeMD5 = 5, 18
)

// authentic says whether options have what only a kernel with TCP-AO trips
// over.
func authentic(options []byte) bool {
	for left := options; len(left) >= leastAO; {
		switch size := int(left[1]); {
		case left[0] == probegen.KindEOL:
			return false
		case left[0] == probegen.KindNOP:
			left = left[1:]
		case left[0] == optionAO:
			return true
		case size < 2 || size > len(left):
			return len(left) < sizeMD5
		default:
			left = left[size:]
		}
	}
	return false
}
