package nmap4

import "strings"

// Attr is one attribute of a test, as SP=105. In a subject Value is what was
// seen; in a reference it is an expression, in MatchPoints a number. An empty
// value is a value: O= says that there were no options.
type Attr struct{ Name, Value string }

// Test is one line of a fingerprint, as SEQ(SP=105%GCD=1): what Nmap's book
// calls a probe category. Attrs are in the order in which they were written.
type Test struct {
	Name  string
	Attrs []Attr
}

// Get gives the value of the attribute called name, and whether t has it.
func (t *Test) Get(name string) (string, bool) {
	for i := range t.Attrs {
		if t.Attrs[i].Name == name {
			return t.Attrs[i].Value, true
		}
	}
	return "", false
}

// String prints t as Nmap does.
func (t *Test) String() string {
	var b strings.Builder
	t.write(&b)
	return b.String()
}

func (t *Test) write(b *strings.Builder) {
	b.WriteString(t.Name)
	b.WriteByte('(')
	for i, a := range t.Attrs {
		if i > 0 {
			b.WriteByte('%')
		}
		b.WriteString(a.Name)
		b.WriteByte('=')
		b.WriteString(a.Value)
	}
	b.WriteByte(')')
}

// Fingerprint is a subject: what one scan saw of a machine, with one value an
// attribute. Tests are in Nmap's order (see TestNames). A fingerprint that Nmap
// merged from several tries has a test several times, in the order of the
// tries; matching reads the first of each.
type Fingerprint struct{ Tests []Test }

// Test gives the first test called name, or nil.
func (f *Fingerprint) Test(name string) *Test {
	for i := range f.Tests {
		if f.Tests[i].Name == name {
			return &f.Tests[i]
		}
	}
	return nil
}

// Get gives the value of an attribute of the first test called test, and
// whether f has it.
func (f *Fingerprint) Get(test, attr string) (string, bool) {
	if t := f.Test(test); t != nil {
		return t.Get(attr)
	}
	return "", false
}

// Merged reports whether f has a test more than once.
func (f *Fingerprint) Merged() bool {
	seen := make(map[string]bool, len(f.Tests))
	for i := range f.Tests {
		if seen[f.Tests[i].Name] {
			return true
		}
		seen[f.Tests[i].Name] = true
	}
	return false
}

// String prints f a test a line, each ended by a newline.
func (f *Fingerprint) String() string {
	var b strings.Builder
	for i := range f.Tests {
		f.Tests[i].write(&b)
		b.WriteByte('\n')
	}
	return b.String()
}

// wrapAt is the most characters in a line of Nmap's wrapped form.
const wrapAt = 75

// Wrapped prints f as Nmap asks people to submit it: all tests in a row, cut
// into lines of 75 characters that begin with "OS:".
func (f *Fingerprint) Wrapped() string {
	var all, b strings.Builder
	for i := range f.Tests {
		f.Tests[i].write(&all)
	}
	for text := all.String(); text != ""; {
		n := min(len(text), wrapAt-len(wrapPrefix))
		b.WriteString(wrapPrefix)
		b.WriteString(text[:n])
		b.WriteByte('\n')
		text = text[n:]
	}
	return b.String()
}

const wrapPrefix = "OS:"
