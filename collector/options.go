package collector

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"tickle/datasets"
)

// The TCP option kinds that have fields (IANA's TCP parameters).
const (
	kindEOL  = 0
	kindNOP  = 1
	kindMSS  = 2
	kindWS   = 3
	kindSOK  = 4 // SACK permitted
	kindSACK = 5
	kindTS   = 8
)

// optionNames are the names in TCPOptionsOrder; other kinds are numbers.
var optionNames = [...]string{kindEOL: "EOL", kindNOP: "NOP", kindMSS: "MSS", kindWS: "WS",
	kindSOK: "SACKOK", kindSACK: "SACK", kindTS: "TS"}

// options reads the option bytes of a TCP header: their order, the first
// option of each kind that has fields, all others, and what is wrong. It goes
// on behind an option of a wrong length, and ends at EOL or where the next
// option cannot be found.
func (d *Decoder) options(o *datasets.Observation, b []byte) {
	var others, faults bool
	d.text = d.text[:0]
	for rest := b; len(rest) > 0; {
		kind, length, fault := nextOption(rest)
		d.text = appendKind(d.text, kind)
		faults = faults || fault != ""
		if length == 0 {
			break
		}
		if !hasName(kind) {
			others = true
		} else if fault == "" {
			readOption(o, kind, rest[:length])
		}
		rest = rest[length:]
	}
	o.Set(datasets.TCPOptionsOrder, d.Texts.ID(d.text))
	if others {
		d.otherOptions(o, b)
	}
	if faults {
		d.malformedOptions(o, b)
	}
}

// nextOption says what option b begins with, how many bytes of b it takes (0
// when there is no telling, or no more), and what is wrong with it.
func nextOption(b []byte) (kind byte, length int, fault string) {
	switch kind = b[0]; kind {
	case kindEOL:
		for _, v := range b {
			if v != 0 {
				return kind, 0, "padding"
			}
		}
		return kind, 0, ""
	case kindNOP:
		return kind, 1, ""
	}
	if len(b) < 2 {
		return kind, 0, "cut"
	}
	if length = int(b[1]); length < 2 || length > len(b) {
		return kind, 0, "length"
	}
	ok := true
	switch kind {
	case kindMSS:
		ok = length == 4
	case kindWS:
		ok = length == 3
	case kindSOK:
		ok = length == 2
	case kindSACK:
		ok = length > 2 && length%8 == 2
	case kindTS:
		ok = length == 10
	}
	if !ok {
		return kind, length, "length"
	}
	return kind, length, ""
}

func hasName(kind byte) bool { return int(kind) < len(optionNames) && optionNames[kind] != "" }

// appendKind appends an option's name to a list.
func appendKind(b []byte, kind byte) []byte {
	if len(b) > 0 {
		b = append(b, ',')
	}
	if hasName(kind) {
		return append(b, optionNames[kind]...)
	}
	return strconv.AppendUint(b, uint64(kind), 10)
}

// readOption sets the fields of a well-formed option, unless an earlier one
// of its kind did.
func readOption(o *datasets.Observation, kind byte, b []byte) {
	switch kind {
	case kindMSS:
		setFirst(o, datasets.TCPMSS, uint64(binary.BigEndian.Uint16(b[2:])))
	case kindWS:
		setFirst(o, datasets.TCPWScale, uint64(b[2]))
	case kindSOK:
		setFirst(o, datasets.TCPSACKOK, 1)
	case kindSACK:
		if _, seen := o.Get(datasets.TCPSACKLeft); seen {
			return
		}
		o.Set(datasets.TCPSACKLeft, uint64(binary.BigEndian.Uint32(b[2:])))
		o.Set(datasets.TCPSACKRight, uint64(binary.BigEndian.Uint32(b[6:])))
		o.Set(datasets.TCPSACKMore, uint64((len(b)-2)/8-1))
	case kindTS:
		setFirst(o, datasets.TCPTSVal, uint64(binary.BigEndian.Uint32(b[2:])))
		setFirst(o, datasets.TCPTSEcr, uint64(binary.BigEndian.Uint32(b[6:])))
	}
}

func setFirst(o *datasets.Observation, f datasets.FieldID, v uint64) {
	if _, seen := o.Get(f); !seen {
		o.Set(f, v)
	}
}

// otherOptions notes options without fields of their own, as "30:00a1,254:".
func (d *Decoder) otherOptions(o *datasets.Observation, b []byte) {
	d.text = d.text[:0]
	for len(b) > 0 {
		kind, length, _ := nextOption(b)
		if length == 0 {
			break
		}
		if !hasName(kind) {
			d.text = appendKind(d.text, kind)
			d.text = append(d.text, ':')
			d.text = hex.AppendEncode(d.text, b[2:length])
		}
		b = b[length:]
	}
	o.Set(datasets.TCPOptionsOther, d.Texts.ID(d.text))
}

// malformedOptions notes what is wrong, as "MSS length 3,TS cut": the kind,
// the fault (a length that the kind cannot have or that runs over the end, an
// option cut before its length, bytes behind EOL that are not zero), and the
// length that was claimed.
func (d *Decoder) malformedOptions(o *datasets.Observation, b []byte) {
	d.text = d.text[:0]
	for len(b) > 0 {
		kind, length, fault := nextOption(b)
		if fault != "" {
			d.text = appendKind(d.text, kind)
			d.text = append(append(d.text, ' '), fault...)
			if fault == "length" {
				d.text = strconv.AppendUint(append(d.text, ' '), uint64(b[1]), 10)
			}
		}
		if length == 0 {
			break
		}
		b = b[length:]
	}
	o.Set(datasets.TCPOptionsMalformed, d.Texts.ID(d.text))
}
