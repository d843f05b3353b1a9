package nmap4

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Dialect is how a matcher reads the expressions of references. The grammar
// of Nmap's book has alternatives (A|B), ranges (1-6) and bounds (>A, <A) of
// hexadecimal numbers, and plain texts, which match only themselves; an empty
// expression or alternative matches the empty value.
type Dialect uint8

// The dialects. The zero value is invalid.
const (
	_ Dialect = iota
	// Dialect793 does what Nmap 7.93 does, which departs from its book:
	//   - a plain alternative that is not the last one matches every value
	//     that begins with it, so that an empty one matches every value;
	//   - but where a range comes anywhere after it, it never matches a
	//     value that is a hexadecimal number;
	//   - the empty value counts as the number 0 in ranges and bounds;
	//   - brackets mean nothing.
	Dialect793
	// DialectCurrent is the book's grammar, as the newest Nmap reads it:
	// numbers are compared as texts (the longer is the greater, equal lengths
	// by their digits), and plain texts may hold expressions of their own in
	// brackets, for a run of hexadecimal digits: M[500-5B4]ST11NW[6-8].
	DialectCurrent
)

// String gives the name used in flags.
func (d Dialect) String() string {
	switch d {
	case Dialect793:
		return "7.93"
	case DialectCurrent:
		return "current"
	}
	return fmt.Sprintf("Dialect(%d)", uint8(d))
}

// ParseDialect reads a name that String gives.
func ParseDialect(s string) (Dialect, error) {
	for _, d := range []Dialect{Dialect793, DialectCurrent} {
		if d.String() == s {
			return d, nil
		}
	}
	return 0, fmt.Errorf("dialect %q: want 7.93 or current", s)
}

// compile reads an expression that checkExpression accepts.
func (d Dialect) compile(text string) (expression, error) {
	switch d {
	case Dialect793:
		return compile793(text), nil
	case DialectCurrent:
		return compileCurrent(text), nil
	}
	return nil, fmt.Errorf("no such dialect: %s", d)
}

// key places a value among the numbers; ok is false for one that is none.
// What is less has the lesser key.
func (d Dialect) key(value string) (key uint64, ok bool) {
	switch {
	case d == Dialect793 && value == "":
		return 0, true
	case !isHex(value):
		return 0, false
	case d == Dialect793:
		return hexValue(value), true
	}
	return lengthKey(value), true
}

// seen is a subject's value.
type seen struct {
	text   string
	key    uint64
	number bool
}

func (d Dialect) seen(value string) seen {
	key, number := d.key(value)
	return seen{value, key, number}
}

// expression says what a reference expects: one of its alternatives.
type expression []alternative

// alternative is a text, a range of keys, or a text with brackets.
type alternative struct {
	form   form
	text   string // plain
	prefix bool   // plain: what begins with text will do
	// notNumber: plain, and for values that are no numbers only.
	notNumber bool
	lo, hi    uint64 // within: bounds of the key, both included
	parts     []part // nested
}

// part is a text and the expression in the brackets behind it; nil for none.
type part struct {
	text   string
	nested expression
}

func (e expression) match(v seen) bool {
	for i := range e {
		if e[i].match(v) {
			return true
		}
	}
	return false
}

func (a *alternative) match(v seen) bool {
	switch a.form {
	case within:
		return v.number && a.lo <= v.key && v.key <= a.hi
	case nested:
		return a.matchParts(v.text)
	}
	if a.notNumber && v.number {
		return false
	}
	return v.text == a.text || a.prefix && strings.HasPrefix(v.text, a.text)
}

func (a *alternative) matchParts(value string) bool {
	for i := range a.parts {
		p := &a.parts[i]
		rest, ok := strings.CutPrefix(value, p.text)
		if !ok {
			return false
		}
		if p.nested == nil {
			return rest == ""
		}
		n := hexRun(rest)
		if n == 0 || !p.nested.match(DialectCurrent.seen(rest[:n])) {
			return false
		}
		value = rest[n:]
	}
	return false
}

// form is what an alternative is.
type form uint8

const (
	_      form = iota
	plain       // a text
	within      // a range, or a bound
	nested      // a text with brackets
)

// numbers reads a range or a bound: lo-hi, >lo or <hi, where the bounds
// themselves are outside. ok is false for what is neither.
func numbers(alt string) (lo, hi string, open, ok bool) {
	switch {
	case alt == "":
		return "", "", false, false
	case alt[0] == '>':
		return alt[1:], "", true, isHex(alt[1:])
	case alt[0] == '<':
		return "", alt[1:], true, isHex(alt[1:])
	}
	lo, hi, ok = strings.Cut(alt, "-")
	return lo, hi, false, ok && isHex(lo) && isHex(hi)
}

// rangeOf makes the alternative of a range or bound, by the dialect's keys.
func (d Dialect) rangeOf(alt string) (a alternative, ok bool) {
	lo, hi, open, ok := numbers(alt)
	if !ok {
		return alternative{}, false
	}
	a = alternative{form: within, hi: math.MaxUint64}
	if lo != "" {
		a.lo, _ = d.key(lo)
	}
	if hi != "" {
		a.hi, _ = d.key(hi)
	}
	switch {
	case open && hi == "":
		a.lo++
	case open && a.hi == 0:
		a.lo = 1 // nothing is below 0
	case open:
		a.hi--
	}
	return a, true
}

// maxDigits keeps numbers within 63 bits.
const maxDigits = 15

// isHex reports whether s is a hexadecimal number as fingerprints have them.
func isHex(s string) bool {
	return s != "" && len(s) <= maxDigits && hexRun(s) == len(s)
}

// hexRun is the number of hexadecimal digits that s begins with.
func hexRun(s string) int {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'A' || c > 'F') {
			return i
		}
	}
	return len(s)
}

func hexValue(s string) uint64 {
	n, err := strconv.ParseUint(s, 16, 64)
	if err != nil {
		panic("nmap4: " + err.Error()) // isHex came first
	}
	return n
}

// lengthKey orders hexadecimal numbers by length, then by digits.
func lengthKey(s string) uint64 { return uint64(len(s))<<(4*maxDigits) | hexValue(s) }

func compile793(text string) expression {
	alts := strings.Split(text, "|")
	e := make(expression, len(alts))
	ranged := false // a '-' is in this alternative or in one that follows
	for i := len(alts) - 1; i >= 0; i-- {
		ranged = ranged || strings.Contains(alts[i], "-")
		a, ok := Dialect793.rangeOf(alts[i])
		if !ok {
			a = alternative{form: plain, text: alts[i], prefix: i < len(alts)-1, notNumber: ranged}
		}
		e[i] = a
	}
	return e
}

func compileCurrent(text string) expression {
	var e expression
	for _, alt := range splitOutside(text) {
		a, ok := DialectCurrent.rangeOf(alt)
		switch {
		case ok:
		case strings.Contains(alt, "["):
			a = alternative{form: nested, parts: compileParts(alt)}
		default:
			a = alternative{form: plain, text: alt}
		}
		e = append(e, a)
	}
	return e
}

func compileParts(alt string) []part {
	var parts []part
	for {
		text, rest, nested := strings.Cut(alt, "[")
		if !nested {
			return append(parts, part{text: text})
		}
		inner, behind, _ := strings.Cut(rest, "]")
		parts = append(parts, part{text, compileCurrent(inner)})
		alt = behind
	}
}

// splitOutside splits an expression at each '|' that is not in brackets.
func splitOutside(text string) []string {
	var alts []string
	start, depth := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '[':
			depth++
		case ']':
			depth--
		case '|':
			if depth == 0 {
				alts = append(alts, text[start:i])
				start = i + 1
			}
		}
	}
	return append(alts, text[start:])
}
