package formats

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"tickle/datasets"
)

// ImportSatori reads a user's copy of Satori's TCP signatures, an XML file
// whose elements fingerprint (os_class, os_name or name) hold tests with a
// tcpsig, window:ttl:df:size:options:quirks, for packets with the flags flag
// or tcpflag. A row is a test. Label levels are the system's class and name; a
// fingerprint without these is left out and counted. Of o nothing is used.
func ImportSatori(_ context.Context, path string, _ ImportOptions) (*datasets.Dataset, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return readSatori(path, b)
}

func readSatori(path string, b []byte) (*datasets.Dataset, error) {
	p := &satoriParser{t: newSignatureTable(path, "satori", "class", "name"), d: xml.NewDecoder(bytes.NewReader(b))}
	for {
		token, err := p.d.Token()
		if err == io.EOF {
			break
		}
		line, _ := p.d.InputPos()
		if err == nil {
			err = p.read(token, line)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w: want Satori's XML of TCP signatures", path, line, err)
		}
	}
	return p.t.dataset(b)
}

type satoriParser struct {
	t      *signatureTable
	d      *xml.Decoder
	labels []string // nil outside a fingerprint, and in one without labels
	inside bool
}

func (p *satoriParser) read(token xml.Token, line int) error {
	switch e := token.(type) {
	case xml.StartElement:
		switch e.Name.Local {
		case "fingerprint":
			p.fingerprint(e)
		case "test":
			return p.test(e, line)
		}
	case xml.EndElement:
		if e.Name.Local == "fingerprint" {
			p.labels, p.inside = nil, false
		}
	}
	return nil
}

func (p *satoriParser) fingerprint(e xml.StartElement) {
	p.inside = true
	class, name := xmlAttribute(e, "os_class"), xmlAttribute(e, "os_name", "name")
	if class == "" || name == "" {
		p.t.leftOut++
		return
	}
	p.labels = []string{class, class + ": " + name}
}

// xmlAttribute gives the first of the named attributes that e has.
func xmlAttribute(e xml.StartElement, names ...string) string {
	for _, name := range names {
		for _, a := range e.Attr {
			if a.Name.Local == name && strings.TrimSpace(a.Value) != "" {
				return strings.TrimSpace(a.Value)
			}
		}
	}
	return ""
}

func (p *satoriParser) test(e xml.StartElement, line int) error {
	sig := xmlAttribute(e, "tcpsig")
	switch {
	case sig == "":
		return nil // of another protocol
	case !p.inside:
		return errors.New("test outside a fingerprint")
	case p.labels == nil:
		return nil
	}
	cells, err := satoriCells(sig)
	if err != nil {
		return fmt.Errorf("tcpsig %s: %w", quote(sig), err)
	}
	flags := xmlAttribute(e, "flag", "tcpflag")
	return p.t.add(line, p.labels, append([]cell{{"flags", flags}}, cells...))
}

// satoriCells reads window:ttl:df:size:options:quirks.
func satoriCells(sig string) ([]cell, error) {
	f := strings.Split(sig, ":")
	if len(f) != 6 {
		return nil, fmt.Errorf("%d fields: want window:ttl:df:size:options:quirks", len(f))
	}
	for _, c := range []struct {
		name, value string
		ok          bool
		want        string
	}{
		{"window", f[0], satoriWindow(f[0]), "a number, S or T with a number, %N or *"},
		{"ttl", f[1], numberOrAny(f[1]), "a number or *"},
		{"df", f[2], slices.Contains([]string{"0", "1", wildcard}, f[2]), "0, 1 or *"},
		{"size", f[3], numberOrAny(f[3]), "a number or *"},
	} {
		if !c.ok {
			return nil, fmt.Errorf("%s %s: want %s", c.name, quote(c.value), c.want)
		}
	}
	layout, mss, scale, err := satoriOptions(f[4])
	if err != nil {
		return nil, err
	}
	return []cell{{"window", f[0]}, {"ttl", f[1]}, {"df", f[2]}, {"size", f[3]}, {"layout", layout}, {"mss", mss}, {"scale", scale}, {"quirks", orNone(strings.Trim(f[5], "."))}}, nil
}

func satoriWindow(s string) bool {
	for _, prefix := range []string{"S", "T", "%"} {
		if n, ok := strings.CutPrefix(s, prefix); ok {
			return n == "" && prefix != "%" || numberOrAny(n)
		}
	}
	return numberOrAny(s)
}

// satoriOptions reads options as M1460,N,W8,S: their order, and the values of
// M and W.
func satoriOptions(text string) (layout, mss, scale string, err error) {
	if text == "." || text == "" {
		return "none", "", "", nil
	}
	var kinds []string
	for _, o := range strings.Split(text, ",") {
		if o == "" || !strings.ContainsRune("MNWSTE?", rune(o[0])) {
			return "", "", "", fmt.Errorf("option %s: want M, N, W, S, T, E or ?, with a number", quote(o))
		}
		switch value := o[1:]; {
		case value != "" && !numberOrAny(value):
			return "", "", "", fmt.Errorf("option %s: want a number or * behind its letter", quote(o))
		case o[0] == 'M':
			mss = value
			kinds = append(kinds, "M")
		case o[0] == 'W':
			scale = value
			kinds = append(kinds, "W")
		default:
			kinds = append(kinds, o)
		}
	}
	return strings.Join(kinds, ","), mss, scale, nil
}
