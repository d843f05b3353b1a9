package nmap6

import (
	"math"
	"strconv"
	"strings"
)

// matches reads the body of load_fp_matches: a block a class, with a block in
// it for each system that the class covers.
func (f *fpModel) matches() {
	f.expect("{")
	for f.err == nil {
		t := f.peek()
		switch {
		case f.accept("}"):
			return
		case f.accept("{"):
			f.match()
		case t.kind == word: // the list's declaration, and its return
			f.statement()
		default:
			f.failf(t.line, "load_fp_matches: have %s: %w", t, errStatement)
		}
	}
}

// match reads the block of one class.
func (f *fpModel) match() {
	var class Class
	pushed := false
	line := f.peek().line
	for f.err == nil && !f.accept("}") {
		if f.accept("{") {
			f.system(&class)
			continue
		}
		s := f.statement()
		switch {
		case s.is("match.OS_name="):
			class.Name = s.strings(1)[0]
		case s.is("match.numprints="):
			class.Prints = s.count()
		case s.is("match.line="):
			if n := s.count(); n != len(f.classes) {
				f.failf(s.line, "load_fp_matches: class %d has the line %d: want classes in order", len(f.classes), n)
			}
		case s.is("matches.push_back(match)"):
			pushed = true
		case s.is("FingerMatchmatch"):
		default:
			f.failf(s.line, "load_fp_matches: have %q: %w", clip(s.text), errStatement)
		}
	}
	if f.err != nil {
		return
	}
	if !pushed || class.Name == "" {
		f.failf(line, "load_fp_matches: class %d has no OS_name or is not pushed back", len(f.classes))
		return
	}
	for i := range class.OS {
		if class.Family == "" {
			class.Family = class.OS[i].Family
		}
	}
	f.classes = append(f.classes, class)
}

// system reads the block of one system of a class.
func (f *fpModel) system(class *Class) {
	var os OSClass
	for f.err == nil && !f.accept("}") {
		s := f.statement()
		switch {
		case s.is("OS_Classificationosclass={"):
			v := s.strings(4)
			os = OSClass{Vendor: v[0], Family: v[1], Generation: v[2], Device: v[3]}
		case s.is("osclass.cpe.push_back("):
			os.CPE = append(os.CPE, s.strings(1)[0])
		case s.is("match.OS_class.push_back(osclass)"):
			class.OS = append(class.OS, os)
		default:
			f.failf(s.line, "load_fp_matches: have %q: %w", clip(s.text), errStatement)
		}
	}
}

// statement is a statement of C++ up to its semicolon: its words and marks in
// one text, casts left out, and its values apart.
type statement struct {
	f      *fpModel
	text   string
	line   int
	values []token // strings, numbers and NULL
}

func (f *fpModel) statement() *statement {
	s := &statement{f: f, line: f.peek().line}
	var b strings.Builder
	for f.err == nil {
		t := f.take()
		switch {
		case t.kind == endOfFile:
			f.failf(t.line, "the end of the file: want a ';'")
		case t.is(";"):
			s.text = strings.ReplaceAll(b.String(), "(char*)", "")
			return s
		case t.kind == text || t.kind == number || t.is("NULL") || t.is("nullptr"):
			s.values = append(s.values, t)
		default:
			b.WriteString(t.text)
		}
	}
	return s
}

// is reports whether the statement's text starts so; what follows may only
// separate and end its values.
func (s *statement) is(start string) bool {
	rest, ok := strings.CutPrefix(s.text, start)
	return ok && strings.Trim(rest, ",)}") == ""
}

// strings gives the statement's n values, which are strings; NULL is "".
func (s *statement) strings(n int) []string {
	all := make([]string, n)
	if len(s.values) != n {
		s.f.failf(s.line, "load_fp_matches: %d values: want %d", len(s.values), n)
		return all
	}
	for i, t := range s.values {
		switch t.kind {
		case text:
			all[i] = t.text
		case number:
			s.f.failf(s.line, "load_fp_matches: have %s: want a string or NULL", t)
		}
	}
	return all
}

// count gives the statement's value, a whole number from 0 on.
func (s *statement) count() int {
	if len(s.values) == 1 && s.values[0].kind == number {
		if n, err := strconv.Atoi(s.values[0].text); err == nil && n >= 0 && n <= math.MaxInt32 {
			return n
		}
	}
	s.f.failf(s.line, "load_fp_matches: want a whole number from 0 on")
	return 0
}
