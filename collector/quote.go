package collector

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"tickle/datasets"
)

// icmp reads an ICMP message, and the packet that it quotes.
func (d *Decoder) icmp(o *datasets.Observation, p *ipPacket, stimulus []byte) {
	o.Set(datasets.ICMPType, uint64(p.body[0]))
	o.Set(datasets.ICMPCode, uint64(p.body[1]))
	o.Set(datasets.ICMPRest, uint64(binary.BigEndian.Uint32(p.body[4:])))
	if !p.icmpError() {
		return
	}
	quoted := p.body[minICMP:]
	o.Set(datasets.QuoteLen, uint64(len(quoted)))
	switch sent, ok := parseIP(stimulus); {
	case !ok || sent.six != p.six:
	case p.six:
		compareQuote6(o, quoted, sent.packet)
	default:
		compareQuote(o, quoted, &sent)
	}
}

// compareQuote6 is compareQuote for IPv6. Extension headers, which routers do
// not change, count as payload.
func compareQuote6(o *datasets.Observation, quoted, sent []byte) {
	if len(quoted) < minIPv6 {
		return
	}
	word := func(b []byte, at int) uint16 { return binary.BigEndian.Uint16(b[at:]) }
	o.Set(datasets.QuoteIPLen, uint64(word(quoted, 4)-word(sent, 4)))
	o.Set(datasets.QuoteIPTTL, uint64(sent[7]-quoted[7]))
	class := func(b []byte) []byte { return []byte{byte(word(b, 0) >> 4)} }
	o.Set(datasets.QuoteIPTOS, uint64(echoBytes(class(quoted), class(sent))))
	if len(quoted) > minIPv6 {
		o.Set(datasets.QuotePayload, uint64(echoBytes(quoted[minIPv6:], sent[minIPv6:])))
	}
}

// compareQuote says how sent came back in a quotation that may be cut.
func compareQuote(o *datasets.Observation, quoted []byte, stimulus *ipPacket) {
	if len(quoted) < minIPv4 {
		return
	}
	sent := stimulus.packet
	word := func(b []byte, at int) uint16 { return binary.BigEndian.Uint16(b[at:]) }
	o.Set(datasets.QuoteIPLen, uint64(word(quoted, 2)-word(sent, 2)))
	o.Set(datasets.QuoteIPID, uint64(echo16(word(quoted, 4), word(sent, 4))))
	o.Set(datasets.QuoteIPTTL, uint64(sent[8]-quoted[8]))
	o.Set(datasets.QuoteIPTOS, uint64(echoBytes(quoted[1:2], sent[1:2])))

	header := int(quoted[0]&15) * 4
	check := echo16(word(quoted, 10), word(sent, 10))
	whole := header >= minIPv4 && header <= len(quoted)
	if (check == datasets.EchoOther || check == datasets.EchoSwapped) && whole && fold(sum(quoted[:header])) == 0xffff {
		check = datasets.EchoRecomputed
	}
	o.Set(datasets.QuoteIPChecksum, uint64(check))
	if whole && len(quoted) > header {
		o.Set(datasets.QuotePayload, uint64(echoBytes(quoted[header:], stimulus.body)))
	}
}

// echo16 says how a 16-bit word came back. Same goes before zero, and zero
// before swapped.
func echo16(got, sent uint16) datasets.Echo {
	switch got {
	case sent:
		return datasets.EchoSame
	case 0:
		return datasets.EchoZero
	case bits.ReverseBytes16(sent):
		return datasets.EchoSwapped
	}
	return datasets.EchoOther
}

// echoBytes says how bytes came back: cut short, or with something behind them
// (RFC 4884), they are the same still.
func echoBytes(got, sent []byte) datasets.Echo {
	if n := min(len(got), len(sent)); bytes.Equal(got[:n], sent[:n]) {
		return datasets.EchoSame
	}
	for _, v := range got {
		if v != 0 {
			return datasets.EchoOther
		}
	}
	return datasets.EchoZero
}
