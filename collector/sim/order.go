package sim

import "strings"

// optionOrder is how a system lays out the options of a SYN-ACK.
type optionOrder uint8

const (
	_ optionOrder = iota
	orderLinux
	orderNT5
	orderNT6
	orderFreeBSD6
	orderFreeBSD
	orderOpenBSD
	orderNetBSD
	orderSolaris10
	orderSolaris11
)

// granted is the set of options that a SYN-ACK grants beside MSS, also an
// index into a personality's layouts.
type granted uint8

const (
	grantTS granted = 1 << iota
	grantSACK
	grantScale
	numGranted = 1 << iota
)

func (g granted) has(f granted) bool { return g&f != 0 }

// when gives s if g has f.
func (g granted) when(f granted, s string) string {
	if g.has(f) {
		return s
	}
	return ""
}

// text gives the layout in the letters of Nmap's documentation: M MSS, S
// SACK-permitted, T timestamps, N no-operation, W window scale, L end of list.
func (o optionOrder) text(g granted) string {
	ts := g.has(grantTS)
	// SACK-permitted takes the place of the two bytes of padding before
	// timestamps where both are there.
	both := g.when(grantSACK, "NNS")
	if ts {
		both = "NNT"
		if g.has(grantSACK) {
			both = "ST"
		}
	}
	switch o {
	case orderLinux: // tcp_syn_build_options, tcp_options_write
		return "M" + both + g.when(grantScale, "NW")
	case orderNT5:
		return "M" + g.when(grantScale, "NW") + g.when(grantTS, "NNT") + g.when(grantSACK, "NNS")
	case orderNT6:
		return "M" + g.when(grantScale, "NW") + both
	case orderFreeBSD6: // syncache_respond
		return "M" + g.when(grantScale, "NW") + g.when(grantTS, "NNT") + g.when(grantSACK, "SLL")
	case orderFreeBSD: // tcp_addoptions
		s := "M" + g.when(grantScale, "NW") + g.when(grantSACK, "S")
		switch {
		case !ts:
			return s + g.when(grantSACK, "LL")
		case g.has(grantSACK):
			return s + "T"
		}
		return s + "NNT"
	case orderOpenBSD: // syn_cache_respond
		return "M" + g.when(grantSACK, "NNS") + g.when(grantScale, "NW") + g.when(grantTS, "NNT")
	case orderNetBSD: // syn_cache_respond
		return "M" + g.when(grantScale, "NW") + g.when(grantTS, "NNT") + g.when(grantSACK, "SNN")
	case orderSolaris10: // timestamps are part of the header template
		return g.when(grantTS, "NNT") + "M" + g.when(grantScale, "NW") + g.when(grantSACK, "NNS")
	case orderSolaris11: // tcp_xmit_mp_aux_iss
		if ts {
			return both + "M" + g.when(grantScale, "NW")
		}
		return "M" + both + g.when(grantScale, "NW")
	}
	panic("sim: no option order")
}

// layout is the option bytes of one combination, with the places to fill in.
type layout struct {
	n        int // bytes, a multiple of 4
	mss      int // offsets of the values; 0: not there
	scale    int
	ts       int
	sum      uint64 // of the template, for the checksum
	template [40]byte
}

func (o optionOrder) layouts() (all [numGranted]layout) {
	for g := range all {
		all[g] = compile(o.text(granted(g)))
	}
	return all
}

func compile(text string) (l layout) {
	b := l.template[:0]
	for _, letter := range strings.Split(text, "") {
		switch letter {
		case "M":
			l.mss = len(b) + 2
			b = append(b, optMSS, 4, 0, 0)
		case "S":
			b = append(b, optSACKOK, 2)
		case "T":
			l.ts = len(b) + 2
			b = append(b, optTS, 10, 0, 0, 0, 0, 0, 0, 0, 0)
		case "N":
			b = append(b, optNOP)
		case "W":
			l.scale = len(b) + 2
			b = append(b, optScale, 3, 0)
		case "L":
			b = append(b, optEOL)
		}
	}
	l.n = len(b)
	l.sum = add(0, b)
	return l
}
