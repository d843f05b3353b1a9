package nmap4

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Database is what nmap-os-db holds.
type Database struct {
	Points     MatchPoints
	References []Reference // in the file's order, which settles ties
	name       string      // of the file, for errors
}

// MatchPoints says what each attribute of each test is worth. It is the list
// of tests as the file has them, with numbers for values.
type MatchPoints struct {
	Tests []Test
	Line  int // of the directive
}

// Get gives the points of an attribute, and whether it has any.
func (m *MatchPoints) Get(test, attr string) (int, bool) {
	for i := range m.Tests {
		if m.Tests[i].Name == test {
			if v, ok := m.Tests[i].Get(attr); ok {
				n, err := strconv.Atoi(v)
				return n, err == nil
			}
		}
	}
	return 0, false
}

// Reference is what a system's fingerprints look like.
type Reference struct {
	Name    string
	Classes []Class
	Tests   []Test // values are expressions (see Dialect)
	Line    int    // of Fingerprint; 0 for one that was not read
}

// Test gives the test called name, or nil.
func (r *Reference) Test(name string) *Test {
	for i := range r.Tests {
		if r.Tests[i].Name == name {
			return &r.Tests[i]
		}
	}
	return nil
}

// Class says what kind of system a reference is of.
type Class struct {
	Vendor     string
	Family     string
	Generation string // may be empty
	Type       string // of device
	CPEs       []string
}

// ReadDatabase reads a database in the form of nmap-os-db: MatchPoints, once
// and before all references, then for each a line Fingerprint, its lines Class
// each followed by lines CPE, and its tests. Empty lines and lines that begin
// with '#' are skipped. name is the file's, for errors, which name the line.
//
// A reference may lack tests, as Nmap's book allows. What is an error here
// though Nmap warns, aborts in the middle of a match or goes on: an unknown
// test or attribute, one that is there twice, a test that MatchPoints gives no
// points, a range upside down, and a reference without any test.
func ReadDatabase(r io.Reader, name string) (*Database, error) {
	lines, err := readLines(r, name)
	if err != nil {
		return nil, err
	}
	p := &databaseParser{db: &Database{name: name}}
	for _, l := range lines {
		if l.text == "" || l.text[0] == '#' || strings.TrimSpace(l.text) == "" {
			continue
		}
		if err := p.line(l); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, l.n, err)
		}
	}
	if p.db.Points.Line == 0 {
		return nil, fmt.Errorf("%s:%d: no MatchPoints: want a database in the form of nmap-os-db", name, len(lines))
	}
	if err := p.endReference(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", name, len(lines), err)
	}
	if len(p.db.Points.Tests) == 0 {
		return nil, fmt.Errorf("%s:%d: MatchPoints without tests", name, p.db.Points.Line)
	}
	return p.db, nil
}

// OpenDatabase reads the database at path, and gives the SHA-256 of its bytes
// in hexadecimal.
func OpenDatabase(path string) (db *Database, sum string, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, "", err
	}
	hash := sha256.Sum256(b)
	db, err = ReadDatabase(bytes.NewReader(b), path)
	return db, fmt.Sprintf("%x", hash), err
}

// databaseParser reads a database line by line.
type databaseParser struct {
	db      *Database
	ref     *Reference // under way; nil before the first
	checked map[string]error
}

func (p *databaseParser) line(l textLine) error {
	text := strings.TrimRight(l.text, " \t")
	word, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case "MatchPoints":
		if p.db.Points.Line != 0 {
			return fmt.Errorf("a second MatchPoints: the first is on line %d", p.db.Points.Line)
		}
		p.db.Points.Line = l.n
		return nil
	case "Fingerprint":
		return p.startReference(rest, l.n)
	case "Class":
		return p.class(rest)
	case "CPE":
		return p.cpe(rest)
	}
	if headEnd(text) <= 0 {
		return fmt.Errorf("%q: want MatchPoints, Fingerprint, Class, CPE or a test as SEQ(SP=105)", clip(text))
	}
	if p.ref == nil {
		return p.points(text)
	}
	return p.test(text)
}

func (p *databaseParser) points(text string) error {
	if p.db.Points.Line == 0 {
		return errors.New("a test before MatchPoints and Fingerprint")
	}
	t, err := parseTest(text, pointsValue)
	if err != nil {
		return fmt.Errorf("MatchPoints: %w", err)
	}
	return addTest(&p.db.Points.Tests, t)
}

// maxPoints bounds an attribute's points, so that no sum overflows.
const maxPoints = 1 << 20

func pointsValue(v string) error {
	if n, err := strconv.ParseUint(v, 10, 32); err != nil || n > maxPoints || strconv.FormatUint(n, 10) != v {
		return fmt.Errorf("want points, a whole number from 0 to %d", maxPoints)
	}
	return nil
}

func (p *databaseParser) startReference(name string, line int) error {
	if p.db.Points.Line == 0 {
		return errors.New("Fingerprint before MatchPoints")
	}
	if err := p.endReference(); err != nil {
		return err
	}
	if name == "" {
		return errors.New("Fingerprint without a name")
	}
	p.db.References = append(p.db.References, Reference{Name: name, Line: line})
	p.ref = &p.db.References[len(p.db.References)-1]
	return nil
}

func (p *databaseParser) endReference() error {
	if p.ref != nil && len(p.ref.Tests) == 0 {
		return fmt.Errorf("the reference of line %d has no tests", p.ref.Line)
	}
	return nil
}

func (p *databaseParser) class(text string) error {
	if p.ref == nil {
		return errors.New("Class before Fingerprint")
	}
	parts := strings.Split(text, "|")
	if len(parts) != 4 {
		return fmt.Errorf("class %q: want vendor | family | generation | device type", clip(text))
	}
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	if parts[0] == "" || parts[1] == "" || parts[3] == "" {
		return fmt.Errorf("class %q: want a vendor, a family and a device type", clip(text))
	}
	p.ref.Classes = append(p.ref.Classes, Class{Vendor: parts[0], Family: parts[1], Generation: parts[2], Type: parts[3]})
	return nil
}

func (p *databaseParser) cpe(text string) error {
	if p.ref == nil || len(p.ref.Classes) == 0 {
		return errors.New("CPE before Class")
	}
	if text == "" {
		return errors.New("CPE without a name")
	}
	c := &p.ref.Classes[len(p.ref.Classes)-1]
	c.CPEs = append(c.CPEs, text)
	return nil
}

func (p *databaseParser) test(text string) error {
	t, err := parseTest(text, p.expression)
	if err != nil {
		return err
	}
	if t.Name == scanTest {
		return fmt.Errorf("%s in a reference: want a test", scanTest)
	}
	for i := range p.db.Points.Tests {
		if p.db.Points.Tests[i].Name == t.Name {
			return addTest(&p.ref.Tests, t)
		}
	}
	return fmt.Errorf("test %s: MatchPoints (line %d) gives it no points", t.Name, p.db.Points.Line)
}

// expression checks an expression, each text once.
func (p *databaseParser) expression(text string) error {
	err, known := p.checked[text]
	if !known {
		err = checkExpression(text)
		if p.checked == nil {
			p.checked = make(map[string]error)
		}
		p.checked[strings.Clone(text)] = err
	}
	return err
}

func addTest(to *[]Test, t Test) error {
	for i := range *to {
		if (*to)[i].Name == t.Name {
			return fmt.Errorf("test %s is there twice", t.Name)
		}
	}
	*to = append(*to, t)
	return nil
}
