package probegen

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// maxLine is the length in bytes of the longest line that is read.
const maxLine = 16 << 20

// Check says what is wrong with the set: its header, a number of probes that
// is not the header's, ids out of order, or a probe.
func (s *Set) Check() error {
	if err := s.Header.Check(); err != nil {
		return within("header", err)
	}
	if s.Header.N != len(s.Probes) {
		return wrong("header.n", "want %d, the number of probes, have %d", len(s.Probes), s.Header.N)
	}
	for i := range s.Probes {
		if have := s.Probes[i].ID; have != i {
			return wrong(fmt.Sprintf("probes[%d].id", i), "want %d, have %d", i, have)
		}
		if err := s.Probes[i].Check(); err != nil {
			return within(fmt.Sprintf("probes[%d]", i), err)
		}
	}
	return nil
}

// Write writes the set as JSON Lines: the header, then a probe a line, without
// white space between tokens. A set has one such form. When the set fails
// Check, nothing is written.
func (s *Set) Write(w io.Writer) error {
	if err := s.Check(); err != nil {
		return err
	}
	b := bufio.NewWriterSize(w, 1<<16)
	e := json.NewEncoder(b)
	if err := e.Encode(&s.Header); err != nil {
		return err
	}
	for i := range s.Probes {
		if err := e.Encode(&s.Probes[i]); err != nil {
			return err
		}
	}
	return b.Flush()
}

// Hash gives the SHA-256 of what Write writes, in hexadecimal; it names the
// set. That of a set that fails Check is empty.
func (s *Set) Hash() string {
	h := sha256.New()
	if s.Write(h) != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// WriteFile writes the set to the file, which is complete or, on an error, as
// it was before.
func (s *Set) WriteFile(path string) (err error) {
	if err := s.Check(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close() // closed already, or of no use
			_ = os.Remove(f.Name())
		}
	}()
	if err := s.Write(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// ReadFile reads a file that WriteFile wrote.
func ReadFile(path string) (*Set, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Read(f, path)
}

// Read reads what Write writes and nothing else, but that white space between
// tokens is free. Its errors are one line, name:LINE: field: what was expected:
// a file that is cut, ids out of order, probes that fail Check, fields that are
// unknown, missing, repeated or not in Write's order.
func Read(r io.Reader, name string) (*Set, error) {
	l := lines{in: bufio.NewScanner(r), name: name}
	l.in.Buffer(make([]byte, 1<<16), maxLine)
	l.in.Split(wholeLines)
	s := &Set{}
	if err := l.next(&s.Header, "the header"); err != nil {
		return nil, err
	}
	if err := s.Header.Check(); err != nil {
		return nil, l.wrap(err)
	}
	s.Probes = make([]Probe, 0, min(s.Header.N, 1<<16)) // a header may claim anything
	for id := range s.Header.N {
		var p Probe
		if err := l.next(&p, "probe "+strconv.Itoa(id)+" of "+strconv.Itoa(s.Header.N)); err != nil {
			return nil, err
		}
		if p.ID != id {
			return nil, l.wrap(wrong("id", "want %d, have %d", id, p.ID))
		}
		if err := p.Check(); err != nil {
			return nil, l.wrap(err)
		}
		s.Probes = append(s.Probes, p)
	}
	if err := l.end(); err != nil {
		return nil, err
	}
	return s, nil
}

// lines reads values one a line.
type lines struct {
	in     *bufio.Scanner
	name   string
	number int
	again  bytes.Buffer
}

// wrap puts the place before an error.
func (l *lines) wrap(err error) error {
	return fmt.Errorf("%s:%d: %w", l.name, l.number, err)
}

// next reads the next line into v, which must write itself back as it stands.
func (l *lines) next(v any, what string) error {
	l.number++
	if !l.in.Scan() {
		if err := l.in.Err(); err != nil {
			return l.wrap(scanError(err))
		}
		return l.wrap(wrong("line", "want %s, have the end of the file", what))
	}
	line := l.in.Bytes()
	if err := json.Unmarshal(line, v); err != nil {
		return l.wrap(jsonError(err))
	}
	l.again.Reset()
	if err := json.NewEncoder(&l.again).Encode(v); err != nil {
		return l.wrap(err)
	}
	if bytes.Equal(bytes.TrimSuffix(l.again.Bytes(), []byte("\n")), line) {
		return nil
	}
	if err := sameTokens(line, l.again.Bytes()); err != nil {
		return l.wrap(err)
	}
	return nil
}

// end makes sure that nothing follows.
func (l *lines) end() error {
	l.number++
	if l.in.Scan() {
		return l.wrap(wrong("line", "want the end of the file, as the header's n says"))
	}
	if err := l.in.Err(); err != nil {
		return l.wrap(scanError(err))
	}
	return nil
}

var errCut = wrong("line", "want a whole line, have one that is cut")

// wholeLines splits like bufio.ScanLines, but what follows the last newline is
// an error.
func wholeLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, errCut
	}
	return 0, nil, nil
}

func scanError(err error) error {
	if errors.Is(err, bufio.ErrTooLong) {
		return wrong("line", "want at most %d bytes", maxLine)
	}
	return err
}
