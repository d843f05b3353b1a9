package collector

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"tickle/datasets"
)

// segment makes a right TCP answer with these option bytes.
func segment(options, payload []byte) []byte {
	var probe [40]byte
	p := ipPacket{body: probe[20:], src: 0xc6120001, dst: 0xc0000201}
	for len(options)%4 != 0 {
		options = append(options, 0)
	}
	b := tcpPacket(&p, 57, 512, 1, 2, 0x12, options)
	return finishPacket(append(b, payload...), &p, 36)
}

func decode(t testing.TB, answer, stimulus []byte) func(f datasets.FieldID) any {
	t.Helper()
	d := Decoder{Texts: new(datasets.Interner)}
	var o datasets.Observation
	o.Set(datasets.QuoteLen, 9) // of the last answer
	d.Decode(&o, answer, stimulus)
	return func(f datasets.FieldID) any {
		v, ok := o.Get(f)
		switch {
		case !ok:
			return nil
		case datasets.Catalogue[f].Type == datasets.Text:
			return d.Texts.Text(v)
		}
		return int(v)
	}
}

func TestDecodeOptions(t *testing.T) {
	type want map[datasets.FieldID]any
	for name, c := range map[string]struct {
		options string // hexadecimal, unpadded
		want    want
	}{
		"none": {"", want{datasets.TCPOptionsOrder: nil, datasets.TCPOffset: 5}},
		"linux": {"020405b40402080a0102030405060708010303 07", want{datasets.TCPOptionsOrder: "MSS,SACKOK,TS,NOP,WS",
			datasets.TCPMSS: 1460, datasets.TCPSACKOK: 1, datasets.TCPTSVal: 0x01020304, datasets.TCPTSEcr: 0x05060708,
			datasets.TCPWScale: 7, datasets.TCPOptionsOther: nil, datasets.TCPOptionsMalformed: nil, datasets.TCPOffset: 10}},
		"first of a kind": {"020400010204000203030103030 2", want{datasets.TCPMSS: 1, datasets.TCPWScale: 1, datasets.TCPOptionsOrder: "MSS,MSS,WS,WS,EOL"}},
		"sack": {"0512 00000001 00000002 00000003 00000004 0101", want{datasets.TCPSACKLeft: 1, datasets.TCPSACKRight: 2,
			datasets.TCPSACKMore: 1, datasets.TCPOptionsOrder: "SACK,NOP,NOP"}},
		"others":           {"1e04aabb fd02 2203 7f", want{datasets.TCPOptionsOrder: "30,253,34,EOL", datasets.TCPOptionsOther: "30:aabb,253:,34:7f"}},
		"eol":              {"00000000", want{datasets.TCPOptionsOrder: "EOL", datasets.TCPOptionsMalformed: nil}},
		"padding":          {"00000100", want{datasets.TCPOptionsOrder: "EOL", datasets.TCPOptionsMalformed: "EOL padding"}},
		"wrong length":     {"020305 01 0303 07 01", want{datasets.TCPMSS: nil, datasets.TCPWScale: 7, datasets.TCPOptionsMalformed: "MSS length 3"}},
		"length zero":      {"0303070 1 0800 0101", want{datasets.TCPWScale: 7, datasets.TCPOptionsOrder: "WS,NOP,TS", datasets.TCPOptionsMalformed: "TS length 0"}},
		"over the end":     {"01 020c05", want{datasets.TCPOptionsOrder: "NOP,MSS", datasets.TCPOptionsMalformed: "MSS length 12"}},
		"cut":              {"010101 1e", want{datasets.TCPOptionsOrder: "NOP,NOP,NOP,30", datasets.TCPOptionsMalformed: "30 cut", datasets.TCPOptionsOther: nil}},
		"sack of odd size": {"0506 00000001 0101", want{datasets.TCPSACKLeft: nil, datasets.TCPOptionsMalformed: "SACK length 6"}},
	} {
		t.Run(name, func(t *testing.T) {
			options, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(c.options), []byte(" "), nil)))
			require.NoError(t, err)
			got := decode(t, segment(options, nil), nil)
			for f, v := range c.want {
				require.Equal(t, v, got(f), f)
			}
			require.Equal(t, 1, got(datasets.TCPChecksumOK))
			require.Equal(t, 1, got(datasets.IPChecksumOK))
			require.Nil(t, got(datasets.QuoteLen))
		})
	}
}

func TestDecodeHeaders(t *testing.T) {
	b := segment(nil, []byte("odd"))
	b[32] |= 0x0b // reserved bits
	got := decode(t, append(b, 0, 0, 0), nil)
	require.Equal(t, 11, got(datasets.TCPReserved))
	require.Equal(t, 0, got(datasets.TCPChecksumOK))
	require.Equal(t, 3, got(datasets.TCPPayload))
	require.Equal(t, 43, got(datasets.IPLen), "padding behind the packet counts")
	require.Equal(t, 2, got(datasets.IPFlags))
	require.Equal(t, 57, got(datasets.IPTTL))
	require.Equal(t, int(datasets.KindTCP), got(datasets.AnswerKind))
	for offset, want := range map[byte]any{4: "offset", 6: "offset", 5: nil} {
		b := segment(nil, []byte("abc"))
		b[32] = offset << 4
		require.Equal(t, want, decode(t, b, nil)(datasets.TCPOptionsMalformed))
	}
	b = segment(nil, nil)
	b[6] |= 0x20 // more fragments: no telling whether the checksum is right
	require.Nil(t, decode(t, b, nil)(datasets.TCPChecksumOK))
	require.Nil(t, decode(t, b[:39], nil)(datasets.IPVersion))
	require.Nil(t, decode(t, nil, nil)(datasets.AnswerKind))
}

func TestDecodeQuotes(t *testing.T) {
	sent := segment(nil, nil)
	binary.BigEndian.PutUint16(sent[4:], 0x1234)
	clear(sent[10:12])
	binary.BigEndian.PutUint16(sent[10:], ^fold(sum(sent[:20])))
	same, zero, swapped, recomputed, other := int(datasets.EchoSame), int(datasets.EchoZero), int(datasets.EchoSwapped), int(datasets.EchoRecomputed), int(datasets.EchoOther)
	type want map[datasets.FieldID]any
	for name, c := range map[string]struct {
		change func(q []byte) []byte
		want   want
	}{
		"same": {func(q []byte) []byte { return q }, want{datasets.QuoteLen: 40, datasets.QuoteIPLen: 0, datasets.QuoteIPID: same,
			datasets.QuoteIPChecksum: same, datasets.QuoteIPTTL: 0, datasets.QuoteIPTOS: same, datasets.QuotePayload: same}},
		"cut":        {func(q []byte) []byte { return q[:28] }, want{datasets.QuoteLen: 28, datasets.QuotePayload: same}},
		"no payload": {func(q []byte) []byte { return q[:20] }, want{datasets.QuoteLen: 20, datasets.QuotePayload: nil, datasets.QuoteIPID: same}},
		"too short":  {func(q []byte) []byte { return q[:19] }, want{datasets.QuoteLen: 19, datasets.QuoteIPID: nil}},
		"longer":     {func(q []byte) []byte { return append(q, 0x20, 0) }, want{datasets.QuoteLen: 42, datasets.QuotePayload: same}},
		"forwarded": {func(q []byte) []byte {
			q[8] -= 3
			clear(q[10:12])
			binary.BigEndian.PutUint16(q[10:], ^fold(sum(q[:20])))
			return q
		}, want{datasets.QuoteIPTTL: 3, datasets.QuoteIPChecksum: recomputed}},
		"old BSD": {func(q []byte) []byte {
			binary.BigEndian.PutUint16(q[2:], binary.BigEndian.Uint16(q[2:])-20)
			q[4], q[5] = q[5], q[4]
			clear(q[10:12])
			return q
		}, want{datasets.QuoteIPLen: 0xffff - 19, datasets.QuoteIPID: swapped, datasets.QuoteIPChecksum: zero}},
		"wrong": {func(q []byte) []byte {
			q[1], q[4], q[10], q[30] = 9, 9, q[10]+1, 9
			return q
		}, want{datasets.QuoteIPTOS: other, datasets.QuoteIPID: other, datasets.QuoteIPChecksum: other, datasets.QuotePayload: other}},
		"zeroes": {func(q []byte) []byte {
			clear(q[4:6])
			clear(q[20:])
			return q
		}, want{datasets.QuoteIPID: zero, datasets.QuotePayload: zero}},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := parseIPv4(sent)
			answer := icmpPacket(&p, 3, 13, 0, c.change(bytes.Clone(sent)))
			got := decode(t, answer, sent)
			for f, v := range c.want {
				require.Equal(t, v, got(f), f)
			}
			require.Equal(t, 13, got(datasets.ICMPCode))
			require.Nil(t, decode(t, answer, nil)(datasets.QuoteIPID))
		})
	}
}

// FuzzDecode holds the decoder to gopacket where that is right: it reads no
// header with bad options and loses three of the four reserved bits.
func FuzzDecode(f *testing.F) {
	f.Add(segment(nil, nil), []byte{})
	f.Add(segment([]byte{2, 4, 5, 180, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7}, []byte("x")), segment(nil, nil))
	f.Add(segment([]byte{5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4}, nil), []byte{1})
	f.Add(segment([]byte{2, 3, 5, 30, 0, 0, 8, 9}, nil), []byte{})
	p, _ := parseIPv4(segment(nil, nil))
	f.Add(icmpPacket(&p, 3, 3, 0, p.packet[:28]), p.packet)
	f.Add(icmpPacket(&p, 3, 3, 0, p.packet[:28]), []byte("70000000000000000000"))
	f.Fuzz(func(t *testing.T, answer, stimulus []byte) {
		get := decode(t, answer, stimulus)
		KindOf(answer)
		var ip layers.IPv4
		if _, ok := parseIP(answer); !ok {
			require.Nil(t, get(datasets.IPVersion))
			return
		}
		if err := ip.DecodeFromBytes(answer, gopacket.NilDecodeFeedback); err != nil || len(answer) > 65535 {
			return // IP options that gopacket does not like
		}
		for f, v := range map[datasets.FieldID]int{datasets.IPIHL: int(ip.IHL), datasets.IPTOS: int(ip.TOS), datasets.IPLen: int(ip.Length),
			datasets.IPID: int(ip.Id), datasets.IPFlags: int(ip.Flags), datasets.IPOffset: int(ip.FragOffset), datasets.IPTTL: int(ip.TTL),
			datasets.IPProto: int(ip.Protocol), datasets.IPChecksum: int(ip.Checksum)} {
			require.Equal(t, v, get(f), f)
		}
		if ip.FragOffset != 0 {
			require.Nil(t, get(datasets.AnswerKind))
			return
		}
		switch ip.Protocol {
		case layers.IPProtocolTCP:
			sameTCP(t, get, &ip)
		case layers.IPProtocolICMPv4:
			var icmp layers.ICMPv4
			if icmp.DecodeFromBytes(ip.Payload, gopacket.NilDecodeFeedback) == nil {
				require.Equal(t, int(icmp.TypeCode.Type()), get(datasets.ICMPType))
				require.Equal(t, int(icmp.TypeCode.Code()), get(datasets.ICMPCode))
				require.Equal(t, int(icmp.Id)<<16|int(icmp.Seq), get(datasets.ICMPRest))
			}
		}
	})
}

func sameTCP(t *testing.T, get func(datasets.FieldID) any, ip *layers.IPv4) {
	var tcp layers.TCP
	if err := tcp.DecodeFromBytes(ip.Payload, gopacket.NilDecodeFeedback); err != nil {
		return
	}
	for f, v := range map[datasets.FieldID]int{datasets.TCPSeq: int(tcp.Seq), datasets.TCPAck: int(tcp.Ack), datasets.TCPOffset: int(tcp.DataOffset),
		datasets.TCPWindow: int(tcp.Window), datasets.TCPUrgent: int(tcp.Urgent), datasets.TCPChecksum: int(tcp.Checksum), datasets.TCPPayload: len(tcp.Payload)} {
		require.Equal(t, v, get(f), f)
	}
	if get(datasets.TCPOptionsMalformed) != nil {
		return
	}
	var order []byte
	first := map[layers.TCPOptionKind]int{}
	for _, o := range tcp.Options {
		order = appendKind(order, byte(o.OptionType))
		if _, seen := first[o.OptionType]; !seen && o.OptionType == layers.TCPOptionKindMSS {
			first[o.OptionType] = int(binary.BigEndian.Uint16(o.OptionData))
		}
	}
	if len(order) > 0 {
		require.Equal(t, string(order), get(datasets.TCPOptionsOrder))
	}
	if mss, ok := first[layers.TCPOptionKindMSS]; ok {
		require.Equal(t, mss, get(datasets.TCPMSS))
	}
}
