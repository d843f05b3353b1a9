package experiments

import (
	"encoding/binary"
	"strconv"
	"strings"

	"tickle/datasets"
	"tickle/probegen"
)

// packetFields gives the fields of the catalogue that a probe's packet has
// before it is addressed, so that they can stand beside the answers'. What
// depends on addresses and ports, the checksums, is empty.
func packetFields(p *probegen.Packet) (sent [datasets.NumFields]string) {
	put := func(f datasets.FieldID, v uint64) { sent[f] = strconv.FormatUint(v, 10) }
	put(datasets.IPVersion, 4)
	put(datasets.IPIHL, 5)
	put(datasets.IPTOS, uint64(p.IP.TOS))
	put(datasets.IPLen, uint64(p.Len()))
	put(datasets.IPID, uint64(p.IP.ID))
	put(datasets.IPFlags, 0)
	if p.IP.DF {
		put(datasets.IPFlags, 2)
	}
	put(datasets.IPOffset, 0)
	put(datasets.IPTTL, uint64(p.IP.TTL))
	put(datasets.IPProto, uint64(p.Proto()))
	if t := p.ICMP; t != nil {
		put(datasets.ICMPType, uint64(t.Type))
		put(datasets.ICMPCode, uint64(t.Code))
		put(datasets.ICMPRest, uint64(t.Rest))
	}
	if t := p.TCP; t != nil {
		put(datasets.TCPSeq, uint64(t.Seq))
		put(datasets.TCPAck, uint64(t.Ack))
		put(datasets.TCPOffset, uint64(5+len(t.Options)/4))
		put(datasets.TCPReserved, uint64(t.Reserved))
		put(datasets.TCPFlags, uint64(t.Flags))
		put(datasets.TCPWindow, uint64(t.Window))
		put(datasets.TCPUrgent, uint64(t.Urgent))
		put(datasets.TCPPayload, uint64(len(p.Payload)))
		optionFields(t.Options, put)
		sent[datasets.TCPOptionsOrder] = optionOrder(t.Options)
	}
	return sent
}

// optionNames are the kinds by name, as in tcp.options.order.
var optionNames = map[byte]string{
	probegen.KindEOL: "EOL", probegen.KindNOP: "NOP", probegen.KindMSS: "MSS", probegen.KindWindowScale: "WS",
	probegen.KindSACKPermitted: "SACKOK", probegen.KindSACK: "SACK", probegen.KindTimestamps: "TS",
}

// optionOrder names the options of a probe up to the end of the list.
func optionOrder(b []byte) string {
	var names []string
	for {
		kind, _, rest, ok := probegen.NextOption(b)
		if !ok {
			break
		}
		name := optionNames[kind]
		if name == "" {
			name = strconv.Itoa(int(kind))
		}
		names = append(names, name)
		if kind == probegen.KindEOL {
			break
		}
		b = rest
	}
	if names == nil {
		return `""`
	}
	return strings.Join(names, ",")
}

// optionFields puts the first option of each kind that has fields.
func optionFields(b []byte, put func(datasets.FieldID, uint64)) {
	seen := make(map[byte]bool)
	for {
		kind, data, rest, ok := probegen.NextOption(b)
		if !ok || kind == probegen.KindEOL {
			return
		}
		b = rest
		if seen[kind] {
			continue
		}
		seen[kind] = true
		word := func(at int) uint64 { return uint64(binary.BigEndian.Uint32(data[at:])) }
		switch {
		case kind == probegen.KindMSS && len(data) == 2:
			put(datasets.TCPMSS, uint64(binary.BigEndian.Uint16(data)))
		case kind == probegen.KindWindowScale && len(data) == 1:
			put(datasets.TCPWScale, uint64(data[0]))
		case kind == probegen.KindSACKPermitted && len(data) == 0:
			put(datasets.TCPSACKOK, 1)
		case kind == probegen.KindTimestamps && len(data) == 8:
			put(datasets.TCPTSVal, word(0))
			put(datasets.TCPTSEcr, word(4))
		case kind == probegen.KindSACK && len(data) >= 8 && len(data)%8 == 0:
			put(datasets.TCPSACKLeft, word(0))
			put(datasets.TCPSACKRight, word(4))
			put(datasets.TCPSACKMore, uint64(len(data)/8-1))
		}
	}
}
