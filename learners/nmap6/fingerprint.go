package nmap6

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Fingerprint is what Nmap prints of a scan.
type Fingerprint struct {
	Scan map[string]string // of the SCAN line: V (version), OT, CT and CU (ports), DS and DC (distance) and others
	Answers
	FlowLabel string // EXTRA's FL: of the probes, hexadecimal
}

// maxFingerprints bounds what is read: a fingerprint is below 20 KB.
const maxFingerprints = 64 << 20

// maxPacket is the length of an IPv6 packet without jumbograms.
const maxPacket = ipv6Len + 65535

// ReadFingerprints reads the IPv6 fingerprints in a text: one by itself,
// wrapped (lines that start with "OS:") or not, or all of Nmap's output, its
// XML too, around them. Times are in µs from the scan's start. A text without
// one, and one that is malformed, is an error that names its line.
func ReadFingerprints(r io.Reader) ([]*Fingerprint, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxFingerprints+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxFingerprints {
		return nil, fmt.Errorf("more than %d MB: want fingerprints", maxFingerprints>>20)
	}
	text := unwrap(b)
	var all []*Fingerprint
	for at := text.find("SCAN(", 0); at >= 0; {
		next := text.find("SCAN(", at+1)
		end := next
		if next < 0 {
			end = len(text.chars)
		}
		p := fingerprintParser{joined: text, at: at, end: end}
		f, err := p.parse()
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", text.line(p.at), err)
		}
		all, at = append(all, f), next
	}
	if len(all) == 0 {
		return nil, errors.New("no fingerprint: want one as nmap -6 -O prints it, which starts with SCAN(")
	}
	return all, nil
}

// joined is a text without line breaks, which knows where they were.
type joined struct {
	chars  []byte
	breaks []int // index of the first byte of each line
	lines  []int // its number
}

func (j *joined) line(at int) int {
	i, found := slices.BinarySearch(j.breaks, at)
	if !found {
		i--
	}
	if i < 0 {
		return 1
	}
	return j.lines[i]
}

func (j *joined) find(what string, from int) int {
	i := bytes.Index(j.chars[from:], []byte(what))
	if i < 0 {
		return -1
	}
	return from + i
}

// unwrap joins the lines of a text: those marked "OS:" alone where there are
// such.
func unwrap(b []byte) *joined {
	wrapped := bytes.HasPrefix(b, []byte("OS:")) || bytes.Contains(b, []byte("\nOS:"))
	j := new(joined)
	for i, line := range bytes.Split(b, []byte("\n")) {
		line = bytes.TrimRight(line, "\r \t")
		if wrapped {
			var ok bool
			if line, ok = bytes.CutPrefix(line, []byte("OS:")); !ok {
				continue
			}
		}
		j.breaks, j.lines = append(j.breaks, len(j.chars)), append(j.lines, i+1)
		j.chars = append(j.chars, bytes.ReplaceAll(line, []byte("&#xa;"), nil)...)
	}
	return j
}

// fingerprintParser reads one fingerprint: NAME(KEY=VALUE%…) one after the
// other, until what follows is none.
type fingerprintParser struct {
	*joined
	at, end int
}

func (p *fingerprintParser) parse() (*Fingerprint, error) {
	f := &Fingerprint{Scan: map[string]string{}, Answers: Answers{Answer: map[string]Answer{}}}
	for p.at < p.end {
		start := p.at
		name, body, ok, err := p.group()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		err = f.add(name, body)
		if err != nil {
			p.at = start
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return f, nil
}

// group reads NAME(body); ok is false when there is none.
func (p *fingerprintParser) group() (name, body string, ok bool, err error) {
	rest := p.chars[p.at:p.end]
	n := 0
	for n < len(rest) && (rest[n] >= 'A' && rest[n] <= 'Z' || rest[n] >= '0' && rest[n] <= '9') {
		n++
	}
	if n == 0 || n == len(rest) || rest[n] != '(' {
		return "", "", false, nil
	}
	closing := bytes.IndexByte(rest[n:], ')')
	if closing < 0 {
		return "", "", false, fmt.Errorf("%s is cut short: want a ')'", rest[:n])
	}
	p.at += n + closing + 1
	return string(rest[:n]), string(rest[n+1 : n+closing]), true, nil
}

// add takes a group.
func (f *Fingerprint) add(name, body string) error {
	fields := map[string]string{}
	for field := range strings.SplitSeq(body, "%") {
		key, value, ok := strings.Cut(field, "=")
		if !ok || key == "" {
			return fmt.Errorf("%q: want KEY=VALUE", clip(field))
		}
		if _, twice := fields[key]; twice {
			return fmt.Errorf("%s is there twice", key)
		}
		fields[key] = value
	}
	switch name {
	case "SCAN":
		return f.scan(fields)
	case "EXTRA":
		f.FlowLabel = fields["FL"]
		return nil
	}
	if _, twice := f.Answer[name]; twice {
		return errors.New("there is one already")
	}
	packet, err := packetOf(fields["P"])
	if err != nil {
		return fmt.Errorf("field P: %w", err)
	}
	a := Answer{Packet: packet}
	if a.Sent, err = microseconds(fields["ST"]); err != nil {
		return fmt.Errorf("field ST: %w", err)
	}
	if a.Received, err = microseconds(fields["RT"]); err != nil {
		return fmt.Errorf("field RT: %w", err)
	}
	f.Answer[name] = a
	return nil
}

// scan takes the SCAN line.
func (f *Fingerprint) scan(fields map[string]string) error {
	f.Scan = fields
	if family := fields["E"]; family == "4" {
		return errors.New("an IPv4 fingerprint (E=4), which is for nmap4: want E=6")
	}
	methods := map[string]DistanceMethod{"": NoDistance, "L": Localhost, "D": Direct, "I": ICMP, "T": Traceroute}
	method, ok := methods[fields["DC"]]
	if !ok {
		return fmt.Errorf("DC=%s: want L, D, I or T", clip(fields["DC"]))
	}
	f.Distance.Method = method
	if hops := fields["DS"]; hops != "" {
		n, err := strconv.Atoi(hops)
		if err != nil || n < -1000 || n > 1000 {
			return fmt.Errorf("DS=%s: want a number of hops", clip(hops))
		}
		f.Distance.Hops = n
	}
	return nil
}

// packetOf reads hexadecimal bytes: XX is an address's, taken as 0, and AA{n}
// is AA n times.
func packetOf(s string) ([]byte, error) {
	var packet []byte
	for len(s) > 0 {
		if len(s) < 2 {
			return nil, fmt.Errorf("half a byte %q", s)
		}
		var one [1]byte
		if s[:2] != "XX" {
			if _, err := hex.Decode(one[:], []byte(s[:2])); err != nil {
				return nil, fmt.Errorf("byte %q: want two hexadecimal digits or XX", s[:2])
			}
		}
		s = s[2:]
		n := 1
		if strings.HasPrefix(s, "{") {
			times, rest, ok := strings.Cut(s[1:], "}")
			var err error
			if n, err = strconv.Atoi(times); !ok || err != nil || n < 1 {
				return nil, fmt.Errorf("repeat %q: want {n}", clip(s))
			}
			s = rest
		}
		if n > maxPacket-len(packet) {
			return nil, fmt.Errorf("packet longer than %d bytes", maxPacket)
		}
		packet = append(packet, bytes.Repeat(one[:], n)...)
	}
	if len(packet) == 0 {
		return nil, errors.New("empty: want a packet")
	}
	return packet, nil
}

// microseconds reads seconds.
func microseconds(s string) (int64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.Abs(v) > 1e9 {
		return 0, fmt.Errorf("%q: want seconds", clip(s))
	}
	return int64(math.Round(v * 1e6)), nil
}

// clip keeps what is quoted in an error short.
func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
