package formats

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"tickle/datasets"
)

// ImportP0f reads a user's copy of p0f.fp, the signatures of p0f 3 (Debian:
// package p0f), in the form that p0f's README documents. A row is a signature
// of a SYN (direction request) or SYN-ACK (response); what p0f has of MTUs and
// HTTP is passed over. Label levels are class, name and flavor; the class "!"
// is of programs that make packets of their own. Of o nothing is used.
func ImportP0f(_ context.Context, path string, _ ImportOptions) (*datasets.Dataset, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return readP0f(path, b)
}

func readP0f(path string, b []byte) (*datasets.Dataset, error) {
	p := &p0fParser{t: newSignatureTable(path, "p0f", "class", "name", "flavor")}
	s := bufio.NewScanner(bytes.NewReader(b))
	for s.Scan() {
		p.line++
		if err := p.read(strings.TrimSpace(s.Text())); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, p.line, err)
		}
	}
	if s.Err() != nil {
		return nil, fmt.Errorf("%s:%d: %w", path, p.line+1, s.Err())
	}
	return p.t.dataset(b)
}

type p0fParser struct {
	t         *signatureTable
	line      int
	direction string   // of the section; "" in those passed over
	labels    []string // nil before the section's first label
}

func (p *p0fParser) read(text string) error {
	switch {
	case text == "" || text[0] == ';':
		return nil
	case text[0] == '[':
		return p.section(text)
	}
	key, value, ok := strings.Cut(text, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	if !ok || value == "" {
		return fmt.Errorf("%s: want name = value, [section] or ;comment", quote(text))
	}
	if p.direction == "" {
		return nil
	}
	switch key {
	case "label":
		return p.label(value)
	case "sys":
		return nil
	case "sig":
		return p.signature(value)
	}
	return fmt.Errorf("%s: want label, sys or sig", quote(key))
}

func (p *p0fParser) section(text string) error {
	if text[len(text)-1] != ']' {
		return fmt.Errorf("%s: want ']' at the end", quote(text))
	}
	p.direction, p.labels = "", nil
	if direction, ok := strings.CutPrefix(text[1:len(text)-1], "tcp:"); ok {
		if direction != "request" && direction != "response" {
			return fmt.Errorf("%s: want tcp:request or tcp:response", quote(text))
		}
		p.direction = direction
	}
	return nil
}

// label reads type:class:name:flavor.
func (p *p0fParser) label(text string) error {
	parts := strings.SplitN(text, ":", 4)
	if len(parts) < 4 || parts[0] != "s" && parts[0] != "g" || parts[1] == "" || parts[2] == "" {
		return fmt.Errorf("label %s: want s or g, class, name and flavor with ':' between", quote(text))
	}
	name := parts[1] + " " + parts[2]
	p.labels = []string{parts[1], name, strings.TrimSpace(name + " " + parts[3])}
	return nil
}

// signature reads ver:ittl:olen:mss:wsize,scale:olayout:quirks:pclass.
func (p *p0fParser) signature(text string) error {
	if p.labels == nil {
		return fmt.Errorf("sig before label")
	}
	f := strings.Split(text, ":")
	if len(f) != 8 {
		return fmt.Errorf("sig %s: %d fields: want version:ttl:options length:mss:window,scale:layout:quirks:payload", quote(text), len(f))
	}
	window, scale, _ := strings.Cut(f[4], ",")
	for _, c := range []struct {
		name, value string
		ok          bool
		want        string
	}{
		{"version", f[0], slices.Contains([]string{"4", "6", wildcard}, f[0]), "4, 6 or *"},
		{"ttl", f[1], p0fTTL(f[1]), "a number, with - or +hops behind it"},
		{"options length", f[2], numberOrAny(f[2]), "a number or *"},
		{"mss", f[3], numberOrAny(f[3]), "a number or *"},
		{"window", window, p0fWindow(window), "a number, mss*N, mtu*N, %N or *"},
		{"scale", scale, numberOrAny(scale), "a number or *"},
		{"payload", f[7], slices.Contains([]string{"0", "+", wildcard}, f[7]), "0, + or *"},
	} {
		if !c.ok {
			return fmt.Errorf("sig %s: %s %s: want %s", quote(text), c.name, quote(c.value), c.want)
		}
	}
	cells := []cell{{"direction", p.direction}, {"version", f[0]}, {"ttl", strings.TrimRight(f[1], "-")}, {"options_length", f[2]}, {"mss", f[3]},
		{"window", window}, {"scale", scale}, {"layout", orNone(f[5])}, {"payload", f[7]}}
	for _, q := range p0fQuirks {
		cells = append(cells, cell{"quirk." + q, "no"})
	}
	for _, q := range strings.Split(f[6], ",") {
		at := slices.Index(p0fQuirks, q)
		switch {
		case q == "":
		case at < 0:
			return fmt.Errorf("sig %s: quirk %s: want one of %s", quote(text), quote(q), strings.Join(p0fQuirks, ", "))
		default:
			cells[len(cells)-len(p0fQuirks)+at].value = "yes"
		}
	}
	return p.t.add(p.line, p.labels, cells)
}

// p0fQuirks are the quirks of p0f's README.
var p0fQuirks = []string{"df", "id+", "id-", "ecn", "0+", "flow", "seq-", "ack+", "ack-", "uptr+", "urgf+", "pushf+", "ts1-", "ts2+", "opt+", "exws", "bad"}

func p0fTTL(s string) bool {
	ttl, hops, with := strings.Cut(strings.TrimSuffix(s, "-"), "+")
	return isNumber(ttl) && (!with || isNumber(hops) || hops == "?")
}

func p0fWindow(s string) bool {
	for _, prefix := range []string{"mss*", "mtu*", "%"} {
		if n, ok := strings.CutPrefix(s, prefix); ok {
			return isNumber(n)
		}
	}
	return numberOrAny(s)
}

// orNone gives an empty text a name, for a missing cell is something else.
func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
