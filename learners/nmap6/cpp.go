package nmap6

import (
	"fmt"
	"strconv"
	"strings"
)

// tokenKind is what a token of C++ is.
type tokenKind uint8

const (
	endOfFile tokenKind = iota
	word                // identifier or keyword
	number              // without its sign
	text                // string literal, its value
	comment             // its words
	mark                // any other character
)

// token is a token of C++ as far as a file of data needs it.
type token struct {
	kind tokenKind
	text string
	line int
}

func (t token) String() string {
	switch t.kind {
	case endOfFile:
		return "the end of the file"
	case comment:
		return "a comment"
	}
	return strconv.Quote(clip(t.text))
}

// is reports whether a token is a word or a mark.
func (t token) is(s string) bool { return (t.kind == word || t.kind == mark) && t.text == s }

// scanner splits C++ into tokens. Preprocessor lines are left out.
type scanner struct {
	src  string
	at   int
	line int
	err  error // the first; every token after it is the end of the file
}

func newScanner(src string) *scanner { return &scanner{src: src, line: 1} }

// failf keeps the first error, with its line.
func (s *scanner) failf(line int, format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("line %d: %w", line, fmt.Errorf(format, args...))
	}
	s.at = len(s.src)
}

// next gives the next token, comments too.
func (s *scanner) next() token {
	s.skip()
	if s.at >= len(s.src) {
		return token{kind: endOfFile, line: s.line}
	}
	t := token{line: s.line}
	rest := s.src[s.at:]
	switch c := rest[0]; {
	case strings.HasPrefix(rest, "/*"):
		t.kind = comment
		body, _, closed := strings.Cut(rest[2:], "*/")
		if !closed {
			s.failf(t.line, "a comment without its end: want */")
			return token{kind: endOfFile, line: t.line}
		}
		s.line += strings.Count(body, "\n")
		s.at += len(body) + 4
		t.text = strings.Join(strings.Fields(body), " ")
	case strings.HasPrefix(rest, "//"):
		t.kind = comment
		body, _, _ := strings.Cut(rest, "\n")
		s.at += len(body)
		t.text = strings.TrimSpace(body[2:])
	case c == '"':
		t.kind, t.text = text, s.literal()
	case isDigit(c) || c == '.' && len(rest) > 1 && isDigit(rest[1]):
		t.kind, t.text = number, rest[:numberLen(rest)]
		s.at += len(t.text)
	case isLetter(c):
		n := 1
		for n < len(rest) && (isLetter(rest[n]) || isDigit(rest[n])) {
			n++
		}
		t.kind, t.text = word, rest[:n]
		s.at += n
	default:
		t.kind, t.text = mark, rest[:1]
		s.at++
	}
	return t
}

// skip passes over spaces and preprocessor lines.
func (s *scanner) skip() {
	for s.at < len(s.src) {
		switch c := s.src[s.at]; c {
		case '\n':
			s.line++
			s.at++
		case ' ', '\t', '\r', '\f', '\v':
			s.at++
		case '#':
			line, _, _ := strings.Cut(s.src[s.at:], "\n")
			s.at += len(line)
		default:
			return
		}
	}
}

// literal reads a string literal.
func (s *scanner) literal() string {
	start := s.at
	for i := s.at + 1; i < len(s.src); i++ {
		switch s.src[i] {
		case '\\':
			i++
		case '\n':
			s.failf(s.line, "a string without its end: want \"")
			return ""
		case '"':
			s.at = i + 1
			value, err := strconv.Unquote(s.src[start:s.at])
			if err != nil {
				s.failf(s.line, "string %s: want a string of C++", clip(s.src[start:s.at]))
			}
			return value
		}
	}
	s.failf(s.line, "a string without its end: want \"")
	return ""
}

// numberLen is the length of the number that a text starts with, its suffix
// with it.
func numberLen(s string) int {
	n := 0
	for n < len(s) {
		sign := (s[n] == '+' || s[n] == '-') && n > 0 && (s[n-1] == 'e' || s[n-1] == 'E')
		if !sign && !isDigit(s[n]) && !isLetter(s[n]) && s[n] != '.' {
			break
		}
		n++
	}
	return n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
