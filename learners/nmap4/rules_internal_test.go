package nmap4

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/probegen"
)

// The cases are worked by hand from Nmap's book, but for those marked "seen",
// which Nmap 7.93 was seen to answer (cmd/tickle, TestOddAnswersAsNmap).

func TestIdentifierClasses(t *testing.T) {
	for name, c := range map[string]struct {
		ids  []uint16
		want string
	}{
		"zero":                     {[]uint16{0, 0, 0, 0, 0, 0}, "Z"},
		"zero but the last":        {[]uint16{0, 0, 0, 0, 0, 1}, "I"},
		"random":                   {[]uint16{100, 30000, 31000}, "RD"},
		"20000 is not random":      {[]uint16{0, 20000, 20001}, "RI"},
		"20001 is":                 {[]uint16{0, 20001, 20002}, "RD"},
		"two are never random":     {[]uint16{0, 30000}, "RI"},
		"down is random (seen)":    {[]uint16{65530, 65535, 4}, "RD"},
		"two may wrap (seen)":      {[]uint16{65530, 4}, "I"},
		"constant":                 {[]uint16{0xabc, 0xabc, 0xabc}, "ABC"},
		"positive":                 {[]uint16{0, 5, 1006}, "RI"},
		"1000 is not positive":     {[]uint16{1, 5, 1005}, "I"}, // for it is even
		"25600 is":                 {[]uint16{0, 25600}, "RI"},
		"25344 is even (seen)":     {[]uint16{0, 25344}, "I"},
		"broken":                   {[]uint16{0, 256, 768, 768 + 5120}, "BI"},
		"broken no more (seen)":    {[]uint16{0, 256, 256 + 5376}, "I"},
		"increments":               {[]uint16{7, 8, 17, 18}, "I"},
		"ten is not an increment":  {[]uint16{7, 8, 18, 19}, ""},
		"even increments":          {[]uint16{7, 607, 1007}, "I"},
		"neither":                  {[]uint16{7, 607, 608}, ""},
		"constant with one change": {[]uint16{7, 7, 8}, "I"},
	} {
		i := identifiers{ids: c.ids}
		i.classify(2)
		require.Equal(t, c.want, i.String(), name)
	}
	few := identifiers{ids: []uint16{1, 2}}
	few.classify(3)
	require.Empty(t, few.String())
}

func TestSharedIdentifiers(t *testing.T) {
	make := func(ids ...uint16) identifiers {
		i := identifiers{ids: ids}
		i.classify(2)
		return i
	}
	// The book's example: 10,000 to 20,000 in six is 2,000 each.
	book := make(10000, 12000, 14000, 16000, 18001, 20000)
	require.Equal(t, idPositive, book.class)
	require.Equal(t, "S", shared(book, make(25999, 27999)))
	require.Equal(t, "O", shared(book, make(26000, 28001)))
	require.Equal(t, "S", shared(make(1, 2, 3), make(4, 5)))
	require.Equal(t, "O", shared(make(1, 2, 3), make(6, 7)))
	require.Equal(t, "S", shared(make(1, 2, 3), make(4, 2004)), "seen: classes may differ")
	require.Empty(t, shared(make(2, 4, 6), make(7, 8)), "seen: even increments do not count")
	require.Empty(t, shared(make(0, 0, 0), make(1, 2)))
	require.Empty(t, shared(make(1, 2, 3), identifiers{}))
}

// stepped gives SYN-ACKs 100 ms apart with these sequence numbers.
func stepped(isns ...uint32) []synAck {
	var list []synAck
	for i, isn := range isns {
		list = append(list, synAck{sent: int64(i) * 100_000, isn: isn})
	}
	return list
}

func TestPredictability(t *testing.T) {
	for name, c := range map[string]struct {
		syns         []synAck
		sp, gcd, isr string
	}{
		"constant": {stepped(5, 5, 5, 5, 5, 5), "0", "0", "0"},
		// 64,000 each 0.1 s is 640,000 a second: 8·log₂ is 154.3. No deviation.
		"steps": {stepped(0, 64000, 128000, 192000, 256000, 320000), "0", "FA00", "9A"},
		// Differences 0xB000 the shorter way around, as in the book.
		"down": {stepped(0x20000, 0x15000, 0xa000, 0x15000), "0", "B000", "96"},
		// 10, 20, 10 in 0.1 s: rates 100, 200, 100, GCD 10 above 9; mean
		// 133.3, 8·log₂ 56.47; over 10 the deviation is 5.77, 8·log₂ 20.24.
		"divided": {stepped(0, 10, 30, 40), "14", "A", "38"},
		// 9, 18, 9: rates 90, 180, 90, not divided: deviation 51.96, 45.60;
		// mean 120, 55.25.
		"not divided": {stepped(0, 9, 27, 36), "2E", "9", "37"},
		// Rates 0.5, 0, 0: mean below 1 is 0, as is the deviation.
		"slow": {[]synAck{{sent: 0, isn: 0}, {sent: 2_000_000, isn: 1}, {sent: 4_000_000, isn: 1}, {sent: 6_000_000, isn: 1}}, "0", "1", "0"},
	} {
		sp, gcd, isr := predictability(c.syns)
		require.Equal(t, []string{c.sp, c.gcd, c.isr}, []string{sp, gcd, isr}, name)
	}
}

func TestClock(t *testing.T) {
	ticking := func(syns []synAck) string { return clock(syns, syns) }
	// Six timestamps whose rate is that many in a second.
	rate := func(hertz float64) []synAck {
		syns := stepped(0, 0, 0, 0, 0, 0)
		for i := range syns {
			syns[i].sent *= 1000 // a rate of less than one in 0.1 s must show
			syns[i].stamped = true
			syns[i].timestamp = 1000 + uint32(hertz*float64(syns[i].sent)/1e6)
		}
		return syns
	}
	for hertz, want := range map[float64]string{0: "", 2: "1", 5.6: "1", 5.7: "3", 10: "3", 69: "6", 71: "7", 100: "7", 149: "7", 151: "8",
		200: "8", 349: "8", 363: "9", 1000: "A", 100000: "11"} {
		require.Equal(t, want, ticking(rate(hertz)), hertz)
	}
	none := rate(100)
	none[3].stamped = false
	require.Equal(t, "U", ticking(none))
	zero := rate(100)
	zero[3].timestamp = 0
	require.Equal(t, "0", ticking(zero))
	require.Equal(t, "", ticking(rate(100)[:1]))
	require.Equal(t, "", clock(rate(100), nil), "seen: sequence numbers of 0 have no rate")
	require.Equal(t, "", clock(nil, nil))
	back := rate(100)
	for i := range back {
		back[i].timestamp = -back[i].timestamp
	}
	require.Equal(t, "7", ticking(back), "the shorter way around")
}

// options makes a segment that has them.
func options(b ...byte) segment {
	for len(b)%4 != 0 {
		b = append(b, probegen.KindNOP)
	}
	s := make(segment, tcpLen, 60)
	s[12] = byte(5+len(b)/4) << 4
	return append(s, b...)
}

func TestOptionString(t *testing.T) {
	for _, c := range []struct {
		have segment
		want string
	}{
		{options(), ""},
		{options(2, 4, 5, 180), "M5B4"},
		{options(2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 10), "M5B4ST10NWA"},
		{options(8, 10, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0), "T01LL"},
		{options(3, 3, 0), "W0N"},
		{options(0, 2, 4, 5), ""},                  // ends in the midst of a segment size
		{options(0, 3, 9, 7), "LW7"},               // a length byte is not looked at: seen
		{options(0, 200, 1, 1), "LNNL"},            // a byte of no kind is not counted, what follows is zero: seen
		{append(options(0, 200, 1, 1), 1), "LNNN"}, // or data
	} {
		require.Equal(t, c.want, optionString(c.have), "%x", []byte(c.have))
	}
}

func TestSoundSegments(t *testing.T) {
	for _, c := range []struct {
		have segment
		want bool
	}{
		{options(), true}, {options(2, 4, 5, 180), true}, {options(200, 4, 1, 1), true}, {options(0, 2, 9, 9), true},
		{options(2, 3, 5), false}, {options(3, 4, 1, 1), false}, {options(4, 3, 1), false}, {options(8, 4, 1, 1), false}, {options(1, 1, 1, 2), false},
		{options(200, 0, 1, 1), false}, {options(200, 5, 1, 1), false}, {options(5, 4, 0, 0), false}, {options(5, 2, 1, 1), false},
		{options(5, 10, 0, 0, 0, 0, 0, 0, 0, 0), true}, {options(14, 4, 1, 1), false}, {options(14, 3, 1), true},
	} {
		require.Equal(t, c.want, c.have.sound(), "%x", []byte(c.have))
	}
	cut := options(2, 4, 5, 180)
	require.False(t, cut[:22].sound())
	short := options()
	short[12] = 4 << 4
	require.False(t, short.sound())
}

func TestSegmentAttributes(t *testing.T) {
	for flags, want := range map[uint8]string{0: "", probegen.SYN | probegen.ACK: "AS", probegen.RST: "R", 0xff: "EUAPRSF", probegen.CWR: ""} {
		require.Equal(t, want, flagString(flags))
	}
	for flags, want := range map[uint8]string{0x12: "N", 0x52: "Y", 0xd2: "S", 0x92: "O"} {
		require.Equal(t, want, congestion(flags))
	}
	require.Equal(t, "Z", number(0, 0, "A"), "zero comes first")
	require.Equal(t, "A", number(7, 7, "A"))
	require.Equal(t, "S+", number(8, 7, "S"))
	require.Equal(t, "O", number(9, 7, "S"))
	q := options()
	require.Empty(t, quirks(q))
	q[12] |= 1
	q[19] = 1
	require.Equal(t, "RU", quirks(q))
	q[13] = probegen.URG
	require.Equal(t, "R", quirks(q))
	// CRC-32 (IEEE) of "123456789" is CBF43926, its check value.
	r := append(options(), "123456789"...)
	require.Equal(t, "0", resetData(r))
	r[13] = probegen.RST
	require.Equal(t, "CBF43926", resetData(r))
	require.Equal(t, "0", resetData(r[:20]))
}

func TestEchoAttributes(t *testing.T) {
	for df, want := range map[[2]bool]string{{true, true}: "Y", {true, false}: "S", {false, true}: "O", {false, false}: "N"} {
		require.Equal(t, want, echoedDF(df[0], df[1]))
	}
	for codes, want := range map[[2]uint8]string{{0, 0}: "Z", {9, 0}: "S", {9, 9}: "9", {0, 9}: "O", {18, 18}: "12"} {
		require.Equal(t, want, echoedCode(codes[0], codes[1], 9, 0))
	}
}

func TestTimesToLive(t *testing.T) {
	require.Equal(t, Attr{"T", "40"}, hopLimit{hops: 4, known: true}.attr(60))
	require.Equal(t, Attr{"T", "102"}, hopLimit{hops: 3, known: true}.attr(255))
	for ttl, want := range map[uint8]string{1: "20", 32: "20", 33: "40", 64: "40", 65: "80", 128: "80", 129: "FF", 255: "FF"} {
		require.Equal(t, Attr{"TG", want}, hopLimit{}.attr(ttl))
	}
}
