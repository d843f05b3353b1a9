package nmap6

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// lineLen is how wide Nmap wraps fingerprints, and linePrefix what lines start
// with.
const (
	lineLen    = 74
	linePrefix = "OS:"
)

// String writes a fingerprint as Nmap prints it: wrapped, with addresses as XX
// and bytes that repeat three times or more as AA{n}. ReadFingerprints reads
// it back, but for addresses.
func (f *Fingerprint) String() string {
	var b strings.Builder
	b.WriteString("SCAN(")
	keys := make([]string, 0, len(f.Scan))
	for key := range f.Scan {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int { return scanOrder(a) - scanOrder(b) })
	for i, key := range keys {
		if i > 0 {
			b.WriteByte('%')
		}
		b.WriteString(key + "=" + f.Scan[key])
	}
	b.WriteByte(')')
	for _, name := range ProbeNames {
		if a, ok := f.Answer[name]; ok {
			fmt.Fprintf(&b, "%s(P=%s%%ST=%s%%RT=%s)", name, hexOf(a.Packet), seconds(a.Sent), seconds(a.Received))
		}
	}
	fmt.Fprintf(&b, "EXTRA(FL=%s)", f.FlowLabel)
	var lines strings.Builder
	for chunk := range slices.Chunk([]byte(b.String()), lineLen-len(linePrefix)) {
		lines.WriteString(linePrefix + string(chunk) + "\n")
	}
	return lines.String()
}

// scanOrder is the place of a key of the SCAN line, in Nmap's order.
func scanOrder(key string) int {
	order := []string{"V", "E", "D", "OT", "CT", "CU", "PV", "DS", "DC", "G", "M", "TM", "P"}
	if i := slices.Index(order, key); i >= 0 {
		return i
	}
	return len(order)
}

// seconds writes µs with the six digits that Nmap gives.
func seconds(us int64) string { return strconv.FormatFloat(float64(us)/1e6, 'g', 6, 64) }

// hexOf writes a packet; the addresses of its IPv6 headers, and the target of
// a neighbour advertisement, are XX.
func hexOf(packet []byte) string {
	hidden := make([]bool, len(packet))
	at := 0
	for _, h := range headers(packet) {
		switch {
		case h.proto == protoIPv6:
			hide(hidden[at+8 : at+40])
		case h.proto == protoICMPv6 && h.bytes[0] == 136:
			hide(hidden[at+8 : at+24])
		}
		at += len(h.bytes)
	}
	text := func(i int) string {
		if hidden[i] {
			return "XX"
		}
		return fmt.Sprintf("%02x", packet[i])
	}
	var b strings.Builder
	for i := 0; i < len(packet); {
		n := 1
		for i+n < len(packet) && text(i+n) == text(i) {
			n++
		}
		if n < 3 {
			b.WriteString(strings.Repeat(text(i), n))
		} else {
			fmt.Fprintf(&b, "%s{%d}", text(i), n)
		}
		i += n
	}
	return b.String()
}

func hide(b []bool) {
	for i := range b {
		b[i] = true
	}
}

// NewFingerprint is the fingerprint of answers; times count from start.
func NewFingerprint(a *Answers, start int64, scan map[string]string) *Fingerprint {
	f := &Fingerprint{Scan: scan, FlowLabel: "12345", Answers: Answers{Answer: make(map[string]Answer, len(a.Answer)), Distance: a.Distance}}
	for name, answer := range a.Answer {
		answer.Sent, answer.Received = answer.Sent-start, answer.Received-start
		f.Answer[name] = answer
	}
	methods := map[DistanceMethod]string{Localhost: "L", Direct: "D", ICMP: "I", Traceroute: "T"}
	if m, ok := methods[a.Distance.Method]; ok {
		scan["DS"], scan["DC"] = strconv.Itoa(a.Distance.Hops), m
	}
	return f
}
