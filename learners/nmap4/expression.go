package nmap4

import (
	"errors"
	"fmt"
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

// expression says whether a subject's value is what a reference expects.
type expression interface{ match(value string) bool }

// form is what an alternative is.
type form uint8

const (
	_       form = iota
	plain        // itself
	between      // lo-hi
	above        // >lo
	below        // <lo
)

// splitForm takes an alternative apart. Texts that are no well-formed number,
// where there should be one, are plain.
func splitForm(alt string) (f form, lo, hi string) {
	switch {
	case alt == "":
		return plain, "", ""
	case alt[0] == '>' && isHex(alt[1:]):
		return above, alt[1:], ""
	case alt[0] == '<' && isHex(alt[1:]):
		return below, alt[1:], ""
	}
	if lo, hi, ok := strings.Cut(alt, "-"); ok && isHex(lo) && isHex(hi) {
		return between, lo, hi
	}
	return plain, "", ""
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

// compareHex orders hexadecimal numbers by length, then by digits.
func compareHex(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// expression793 is an expression of Dialect793.
type expression793 []alternative793

type alternative793 struct {
	form   form
	text   string // plain
	lo, hi uint64
	last   bool // no other follows
	ranged bool // a '-' is in it or in one that follows
}

func compile793(text string) expression793 {
	alts := strings.Split(text, "|")
	e := make(expression793, len(alts))
	ranged := false
	for i := len(alts) - 1; i >= 0; i-- {
		ranged = ranged || strings.Contains(alts[i], "-")
		f, lo, hi := splitForm(alts[i])
		a := alternative793{form: f, text: alts[i], last: i == len(alts)-1, ranged: ranged}
		if lo != "" {
			a.lo = hexValue(lo)
		}
		if hi != "" {
			a.hi = hexValue(hi)
		}
		e[i] = a
	}
	return e
}

func (e expression793) match(value string) bool {
	var n uint64
	number := value == "" || isHex(value)
	if number && value != "" {
		n = hexValue(value)
	}
	for i := range e {
		a := &e[i]
		switch a.form {
		case above:
			if number && n > a.lo {
				return true
			}
		case below:
			if number && n < a.lo {
				return true
			}
		case between:
			if number && n >= a.lo && n <= a.hi {
				return true
			}
		case plain:
			switch {
			case number && a.ranged:
			case value == a.text, !a.last && strings.HasPrefix(value, a.text):
				return true
			}
		}
	}
	return false
}

// expressionCurrent is an expression of DialectCurrent.
type expressionCurrent []alternativeCurrent

type alternativeCurrent struct {
	form   form
	lo, hi string
	parts  []part // of a plain one; a single part without brackets
}

// part is a text and the expression in the brackets behind it; nil for none.
type part struct {
	text   string
	nested expressionCurrent
}

func compileCurrent(text string) expressionCurrent {
	var e expressionCurrent
	for _, alt := range splitOutside(text) {
		a := alternativeCurrent{}
		if a.form, a.lo, a.hi = splitForm(alt); a.form == plain {
			a.parts = compileParts(alt)
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

func (e expressionCurrent) match(value string) bool {
	for i := range e {
		if e[i].match(value) {
			return true
		}
	}
	return false
}

func (a *alternativeCurrent) match(value string) bool {
	switch a.form {
	case above:
		return isHex(value) && compareHex(value, a.lo) > 0
	case below:
		return isHex(value) && compareHex(value, a.lo) < 0
	case between:
		return isHex(value) && compareHex(value, a.lo) >= 0 && compareHex(value, a.hi) <= 0
	}
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
		if n == 0 || !p.nested.match(rest[:n]) {
			return false
		}
		value = rest[n:]
	}
	return false
}

// checkExpression reports what is not well-formed in an expression of either
// dialect.
func checkExpression(text string) error {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c > '~' || c == '(' {
			return fmt.Errorf("%q: want printable characters", c)
		}
	}
	if err := checkBrackets(text); err != nil {
		return err
	}
	for _, alt := range splitOutside(text) {
		if err := checkAlternative(alt); err != nil {
			return err
		}
	}
	return nil
}

func checkAlternative(alt string) error {
	f, lo, hi := splitForm(alt)
	if f == between && compareHex(strings.TrimLeft(lo, "0"), strings.TrimLeft(hi, "0")) > 0 {
		return fmt.Errorf("range %s is upside down", alt)
	}
	if f != plain {
		return nil
	}
	outside := alt
	for {
		before, rest, nested := strings.Cut(outside, "[")
		if strings.ContainsAny(before, "<>-") {
			return fmt.Errorf("%s: want a bound as >A or a range as 1-6, of hexadecimal numbers in capitals, up to %d digits", clip(alt), maxDigits)
		}
		if !nested {
			return nil
		}
		inner, behind, _ := strings.Cut(rest, "]")
		for _, a := range strings.Split(inner, "|") {
			if err := checkNested(a); err != nil {
				return err
			}
		}
		outside = behind
	}
}

// checkNested checks an alternative in brackets: a number, bound or range.
func checkNested(alt string) error {
	if f, _, _ := splitForm(alt); f == plain && !isHex(alt) {
		return fmt.Errorf("[%s]: want hexadecimal numbers, ranges or bounds in brackets", clip(alt))
	}
	return checkAlternative(alt)
}

// checkBrackets reports brackets that are not closed, not opened, or within
// others.
func checkBrackets(text string) error {
	open := false
	for i := range len(text) {
		switch {
		case text[i] == '[' && open:
			return errors.New("brackets in brackets")
		case text[i] == '[':
			open = true
		case text[i] == ']' && !open:
			return errors.New("']' without '['")
		case text[i] == ']':
			open = false
		}
	}
	if open {
		return errors.New("'[' without ']'")
	}
	return nil
}
