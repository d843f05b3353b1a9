package probegen

import (
	"encoding/binary"
	"iter"
)

// The kinds of TCP options that probes are made of (RFC 9293, RFC 7323, RFC 2018).
const (
	KindEOL           = 0
	KindNOP           = 1
	KindMSS           = 2
	KindWindowScale   = 3
	KindSACKPermitted = 4
	KindSACK          = 5
	KindTimestamps    = 8
)

// NextOption takes the first TCP option off b. End of list and no-operation
// are one byte and have no data; data and rest share b's memory. When ok is
// false there is none: b is empty (kind 0), or its first option is malformed
// (kind is the option's, rest is b), having no length byte, a length below 2
// or one past the end of b. What follows an end of list is up to the caller.
func NextOption(b []byte) (kind uint8, data, rest []byte, ok bool) {
	if len(b) == 0 {
		return 0, nil, b, false
	}
	kind = b[0]
	if kind == KindEOL || kind == KindNOP {
		return kind, nil, b[1:], true
	}
	if len(b) < 2 {
		return kind, nil, b, false
	}
	n := int(b[1])
	if n < 2 || n > len(b) {
		return kind, nil, b, false
	}
	return kind, b[2:n], b[n:], true
}

// AppendMSS appends a maximum segment size in bytes.
func AppendMSS(b []byte, size uint16) []byte {
	return binary.BigEndian.AppendUint16(append(b, KindMSS, 4), size)
}

// AppendWindowScale appends a window scale of shift bits; RFC 7323 has those
// above 14 taken for 14.
func AppendWindowScale(b []byte, shift uint8) []byte {
	return append(b, KindWindowScale, 3, shift)
}

// AppendSACKPermitted appends the option that allows selective acknowledgement.
func AppendSACKPermitted(b []byte) []byte {
	return append(b, KindSACKPermitted, 2)
}

// AppendSACK appends a selective acknowledgement of the blocks, each from its
// left edge to just before its right; at most four fit into a header.
func AppendSACK(b []byte, blocks ...[2]uint32) []byte {
	b = append(b, KindSACK, byte(2+8*len(blocks)))
	for _, edges := range blocks {
		b = binary.BigEndian.AppendUint32(b, edges[0])
		b = binary.BigEndian.AppendUint32(b, edges[1])
	}
	return b
}

// AppendTimestamps appends a timestamp and the one that it echoes.
func AppendTimestamps(b []byte, value, echo uint32) []byte {
	b = binary.BigEndian.AppendUint32(append(b, KindTimestamps, 10), value)
	return binary.BigEndian.AppendUint32(b, echo)
}

// find gives the place of the data of the first whole option of the kind,
// KindTimestamps or KindSACK, among those that a receiver reads, or -1.
func (h Hex) find(kind uint8) int {
	for rest := []byte(h); ; {
		k, data, after, ok := NextOption(rest)
		if !ok || k == KindEOL {
			return -1
		}
		if k == kind && (kind == KindTimestamps && len(data) == 8 || kind == KindSACK && len(data) > 0 && len(data)%8 == 0) {
			return len(h) - len(after) - len(data)
		}
		rest = after
	}
}

// relativeOptions gives the places in t.Options of the 32-bit numbers that
// count from a connection's state, and what from.
func (t *TCP) relativeOptions() iter.Seq2[int, Base] {
	return func(yield func(int, Base) bool) {
		if t.EchoBase != Absolute {
			if !yield(t.Options.find(KindTimestamps)+4, t.EchoBase) {
				return
			}
		}
		if t.SACKBase == Absolute {
			return
		}
		start := t.Options.find(KindSACK)
		for at := start; at < start+int(t.Options[start-1])-2; at += 4 {
			if !yield(at, t.SACKBase) {
				return
			}
		}
	}
}
