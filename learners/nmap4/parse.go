package nmap4

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxLine is the longest line that readers take, in bytes. Those of Nmap's
// own files are below 1,000.
const maxLine = 1 << 16

// Parse reads the one fingerprint in r, in any of the forms in which Nmap
// gives it:
//
//   - plain, a test a line: what String prints, and nmap -d;
//   - wrapped into lines that begin with "OS:", alone or among Nmap's other output;
//   - the XML of nmap -oX, which holds it in a host's osfingerprint.
//
// name is the file's, for errors, which name the line. No fingerprint, or
// more than one, is an error: see ParseAll.
func Parse(r io.Reader, name string) (*Fingerprint, error) {
	all, err := ParseAll(r, name)
	if err != nil {
		return nil, err
	}
	if len(all) > 1 {
		return nil, fmt.Errorf("%s: %d fingerprints: want one", name, len(all))
	}
	return all[0], nil
}

// ParseAll reads every fingerprint in r; one begins at each SCAN, and in XML
// at each osfingerprint. No fingerprint is an error.
func ParseAll(r io.Reader, name string) ([]*Fingerprint, error) {
	lines, err := readLines(r, name)
	if err != nil {
		return nil, err
	}
	var all []*Fingerprint
	if isXML(lines) {
		all, err = parseXML(lines, name)
	} else {
		all, err = parseText(lines, name)
	}
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%s: no fingerprint: want tests as SEQ(SP=105%%GCD=1), lines that begin with OS:, or the XML of nmap -oX", name)
	}
	return all, err
}

// textLine is a line without its end, and its number from 1.
type textLine struct {
	text string
	n    int
}

// readLines reads all lines of r.
func readLines(r io.Reader, name string) ([]textLine, error) {
	var lines []textLine
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 4096), maxLine)
	for s.Scan() {
		lines = append(lines, textLine{strings.TrimSuffix(s.Text(), "\r"), len(lines) + 1})
	}
	if errors.Is(s.Err(), bufio.ErrTooLong) {
		return nil, fmt.Errorf("%s:%d: line of more than %d bytes", name, len(lines)+1, maxLine)
	}
	if s.Err() != nil {
		return nil, fmt.Errorf("%s: %w", name, s.Err())
	}
	return lines, nil
}

func isXML(lines []textLine) bool {
	for _, l := range lines {
		if t := strings.TrimSpace(strings.TrimPrefix(l.text, "\ufeff")); t != "" {
			return t[0] == '<'
		}
	}
	return false
}

// parseXML reads the fingerprint attribute of every osfingerprint. A line
// number is that of the element's end.
func parseXML(lines []textLine, name string) ([]*Fingerprint, error) {
	var b bytes.Buffer
	for _, l := range lines {
		b.WriteString(l.text)
		b.WriteByte('\n')
	}
	d := xml.NewDecoder(&b)
	var all []*Fingerprint
	for {
		token, err := d.Token()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			line, _ := d.InputPos()
			return nil, fmt.Errorf("%s:%d: %w: want the XML of nmap -oX", name, line, err)
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "osfingerprint" {
			continue
		}
		line, _ := d.InputPos()
		found, err := parseAttribute(start, name, line)
		if err != nil {
			return nil, err
		}
		all = append(all, found)
	}
}

// parseAttribute reads the fingerprint of an osfingerprint element.
func parseAttribute(start xml.StartElement, name string, line int) (*Fingerprint, error) {
	for _, a := range start.Attr {
		if a.Name.Local != "fingerprint" {
			continue
		}
		var lines []textLine
		for _, t := range strings.Split(a.Value, "\n") {
			lines = append(lines, textLine{strings.TrimSuffix(t, "\r"), line})
		}
		found, err := parseText(lines, name)
		if err == nil && len(found) != 1 {
			err = fmt.Errorf("%s:%d: osfingerprint with %d fingerprints: want one", name, line, len(found))
		}
		if err != nil {
			return nil, err
		}
		return found[0], nil
	}
	return nil, fmt.Errorf("%s:%d: osfingerprint: want an attribute fingerprint", name, line)
}

// parseText reads plain and wrapped fingerprints.
func parseText(lines []textLine, name string) ([]*Fingerprint, error) {
	s := &subjectParser{name: name}
	for _, l := range fingerprintLines(lines) {
		if err := s.line(l); err != nil {
			return nil, err
		}
	}
	if s.rest != "" {
		return nil, fmt.Errorf("%s:%d: %s: want ')' at the end of the test", name, s.restLine, clip(s.rest))
	}
	return s.all, nil
}

// fingerprintLines chooses the lines that belong to fingerprints: those with
// the prefix OS:, where there are any, without it; or those after "TCP/IP
// fingerprint:" up to an empty line; or else all but empty lines and comments.
func fingerprintLines(lines []textLine) []textLine {
	var wrapped, printed, plain []textLine
	inside := false
	for _, l := range lines {
		text := strings.TrimSpace(l.text)
		switch {
		case strings.HasPrefix(text, wrapPrefix):
			wrapped = append(wrapped, textLine{text[len(wrapPrefix):], l.n})
		case text == "TCP/IP fingerprint:":
			inside = true
		case text == "":
			inside = false
		case inside && headEnd(text) > 0:
			printed = append(printed, textLine{text, l.n})
		default:
			inside = false
		}
		if text != "" && text[0] != '#' {
			plain = append(plain, textLine{text, l.n})
		}
	}
	switch {
	case len(wrapped) > 0:
		return wrapped
	case len(printed) > 0:
		return printed
	}
	return plain
}

// subjectParser reads tests that may be cut anywhere by the ends of lines.
type subjectParser struct {
	name     string
	all      []*Fingerprint
	rest     string // a test that has not ended yet
	restLine int    // where it began
}

// line reads the tests that end on line l.
func (s *subjectParser) line(l textLine) error {
	if s.rest == "" {
		s.restLine = l.n
	}
	s.rest += l.text
	if len(s.rest) > maxLine {
		return fmt.Errorf("%s:%d: test of more than %d bytes", s.name, s.restLine, maxLine)
	}
	for s.rest != "" {
		end := strings.IndexByte(s.rest, ')')
		if end < 0 {
			return nil
		}
		t, err := parseTest(s.rest[:end+1], subjectValue)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", s.name, s.restLine, err)
		}
		s.add(t)
		s.rest = strings.TrimSpace(s.rest[end+1:])
		s.restLine = l.n
	}
	return nil
}

// add puts t into the fingerprint that it belongs to.
func (s *subjectParser) add(t Test) {
	if t.Name == scanTest || len(s.all) == 0 {
		s.all = append(s.all, &Fingerprint{})
	}
	f := s.all[len(s.all)-1]
	f.Tests = append(f.Tests, t)
}

// headEnd is the index of the parenthesis after a test's name, or -1.
func headEnd(text string) int {
	for i := range len(text) {
		switch c := text[i]; {
		case c == '(':
			return i
		case c >= 'A' && c <= 'Z', c >= '0' && c <= '9' && i > 0:
		default:
			return -1
		}
	}
	return -1
}

// parseTest reads a whole test, as SEQ(SP=105%GCD=1), whose values value
// checks. A test or attribute that Nmap does not have, and one that is there
// twice, are errors; SCAN may have any attributes.
func parseTest(text string, value func(string) error) (Test, error) {
	head := headEnd(text)
	if head <= 0 || text[len(text)-1] != ')' {
		return Test{}, fmt.Errorf("%s: want a test as SEQ(SP=105%%GCD=1)", clip(text))
	}
	t := Test{Name: text[:head]}
	at, known := testAt[t.Name]
	if !known && t.Name != scanTest {
		return Test{}, fmt.Errorf("unknown test %s: want one of %s", clip(t.Name), strings.Join(TestNames(), ", "))
	}
	body := text[head+1 : len(text)-1]
	if body == "" {
		return t, nil
	}
	t.Attrs = make([]Attr, 0, strings.Count(body, "%")+1)
	for _, part := range strings.Split(body, "%") {
		attr, v, ok := strings.Cut(part, "=")
		if !ok || attr == "" {
			return Test{}, fmt.Errorf("%s: %q: want an attribute as SP=105", t.Name, clip(part))
		}
		if known {
			if _, ok := slotAt[at][attr]; !ok {
				return Test{}, fmt.Errorf("%s: unknown attribute %s: want one of %s", t.Name, clip(attr), strings.Join(layout[at].attrs, ", "))
			}
		}
		if _, twice := t.Get(attr); twice {
			return Test{}, fmt.Errorf("%s: attribute %s is there twice", t.Name, clip(attr))
		}
		if err := value(v); err != nil {
			return Test{}, fmt.Errorf("%s: %s=%s: %w", t.Name, clip(attr), clip(v), err)
		}
		t.Attrs = append(t.Attrs, Attr{attr, v})
	}
	return t, nil
}

// subjectValue checks what was seen: no characters that the text's form needs,
// and no control characters.
func subjectValue(v string) error {
	for i := range len(v) {
		if c := v[i]; c <= ' ' || c > '~' || c == '(' || c == '|' {
			return fmt.Errorf("%q: want one value of printable characters", c)
		}
	}
	return nil
}

// clip shortens what an error quotes.
func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
