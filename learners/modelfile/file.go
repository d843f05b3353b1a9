// Package modelfile is the file of a trained model. It holds data and nothing
// that runs: whoever loads one gets what the numbers in it say, or an error of
// one line.
//
// A model names the columns that it looks at, and their values by what they
// mean, so that it can be asked about another data set, whose columns may
// stand in another order and whose codes may differ. Loading ties it to such
// a data set (Target). See Encoder.Table for how columns are found, and what
// becomes of values that the training data did not have.
//
// # The format, version 1
//
//	tickle-model/1 SHA256
//	{"learner":"forest",…}
//	payload
//
// The first line has the SHA-256, hexadecimal, of all that follows it. The
// second is the Header, JSON without line breaks; "head -2 FILE | tail -1"
// shows it. The payload is the rest, as Header.Payload says: either as it is
// or, where that makes it shorter, one Zstandard frame; but never more than 64
// times longer than what the file has for it, so that what a reader sets aside
// is in proportion to the file. It is made of these, one behind the other:
//
//	uint   an unsigned number, seven bits a byte, the lowest first, the
//	       eighth bit set in all bytes but the last (a varint of Protocol
//	       Buffers)
//	count  a uint: how many of something follow
//	index  a uint: a place in a list that came before, from 0
//	flag   a byte, 0 or 1
//	float  a whole number n from 0 to 2⁵²-1 as the uint 2n; any other as a
//	       byte 1 and the 8 bytes of an IEEE 754 double, the lowest first
//	text   a count of bytes and so many
//	table  columns, see Encoder.Table
//
// What stands in which order is in the documentation of each learner's Store.
package modelfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Format is the format of the files that this program writes and reads.
const Format = "tickle-model/1"

// formatFamily is what all versions of the format begin with.
const formatFamily = "tickle-model/"

// Header says what a model is and where it came from.
type Header struct {
	View    string `json:"view"`    // what it reads of a machine, as learners.View names it
	Role    Role   `json:"role"`    // what it is asked
	Learner string `json:"learner"` // or detector
	// Options has every option of the learner, those with default values too:
	// defaults may change.
	Options map[string]string `json:"options"`
	Classes []string          `json:"classes"`          // in the order of scores
	Scores  string            `json:"scores,omitempty"` // of a classifier: what they are, as learners.ScoreKind names it

	Training Training `json:"training"`
	Payload  Payload  `json:"payload"`
}

// Role is what a model is asked.
type Role string

// The roles.
const (
	Classifier Role = "classifier" // which class a row is of
	Novelty    Role = "novelty"    // how strange a row is
	Certainty  Role = "certainty"  // how unsure the classifier in the file is of a row
)

// Training says what a model was trained on.
type Training struct {
	Data     string `json:"data,omitempty"`          // as the user named it
	SHA256   string `json:"data_sha256,omitempty"`   // of the data set
	Pool     string `json:"pool,omitempty"`          // of a data set from probes
	Plan     string `json:"plan,omitempty"`          // of the run
	Probes   string `json:"probes_sha256,omitempty"` // the probe set
	Sent     int    `json:"probes,omitempty"`        // of the plan
	Repeats  int    `json:"repeats,omitempty"`
	Policies string `json:"policies,omitempty"` // of loss, nondeterminism and filter
	Label    string `json:"label,omitempty"`    // what the classes are, as "kernel/2"
	Fields   string `json:"fields,omitempty"`   // "prone" or "vetted"
	Rows     int    `json:"rows,omitempty"`
	Modelled int    `json:"modelled,omitempty"` // of the rows: answers of a model of a stack
	Columns  int    `json:"columns,omitempty"`
	Seed     uint64 `json:"seed"`
	Version  string `json:"version,omitempty"` // of the program
	Command  string `json:"command,omitempty"` // makes the model again
}

// Payload says how the payload is stored.
type Payload struct {
	Encoding string `json:"encoding"` // "zstd" or "none"
	Bytes    int    `json:"bytes"`    // in the file
	Length   int    `json:"length"`   // decoded
}

// The encodings of a payload, and how much longer than in the file it may
// become.
const (
	zstdEncoding = "zstd"
	noEncoding   = "none"
	maxExpansion = 64
	slack        = 1 << 12
	leastWindow  = 1 << 20 // of a decoder, whatever the length
)

// Write writes a model. It fills h.Payload in. The same model gives the same
// bytes.
func Write(w io.Writer, h *Header, payload []byte) error {
	stored := payload
	h.Payload = Payload{Encoding: noEncoding, Bytes: len(payload), Length: len(payload)}
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	defer z.Close()
	if short := z.EncodeAll(payload, nil); len(short) < len(payload) && fits(len(payload), len(short)) {
		stored = short
		h.Payload.Encoding, h.Payload.Bytes = zstdEncoding, len(short)
	}
	var rest bytes.Buffer
	j := json.NewEncoder(&rest)
	j.SetEscapeHTML(false)
	if err := j.Encode(h); err != nil { // ends the line, too
		return err
	}
	rest.Write(stored)
	sum := sha256.Sum256(rest.Bytes())
	if _, err := fmt.Fprintf(w, "%s %s\n", Format, hex.EncodeToString(sum[:])); err != nil {
		return err
	}
	_, err = w.Write(rest.Bytes())
	return err
}

// fits reports whether a payload of some length may have so few bytes.
func fits(length, stored int) bool { return length <= maxExpansion*stored+slack }

// File is a model as it was read.
type File struct {
	Header  Header
	Payload []byte
}

// Open reads the file at path. Errors name it.
func Open(path string) (*File, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	f, err := Read(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// Read takes the bytes of a file apart and checks that they are whole. It
// sets aside at most about 64 times their number.
func Read(b []byte) (*File, error) {
	line, rest, ok := bytes.Cut(b, []byte("\n"))
	format, sum, _ := strings.Cut(string(line[:min(len(line), 256)]), " ")
	switch {
	case !strings.HasPrefix(format, formatFamily):
		return nil, fmt.Errorf("line 1: not a model file: want %s", Format)
	case format != Format:
		return nil, fmt.Errorf("line 1: format %.32q: this program reads %s: another version of it wrote the file", format, Format)
	case !ok:
		return nil, fmt.Errorf("line 1: cut short: want %s, a SHA-256 and two more parts", Format)
	}
	if got := sha256.Sum256(rest); hex.EncodeToString(got[:]) != sum {
		return nil, fmt.Errorf("cut or damaged: SHA-256 of what follows line 1 is %x, want %.64s", got, sum)
	}
	text, stored, ok := bytes.Cut(rest, []byte("\n"))
	if !ok {
		return nil, fmt.Errorf("line 2: no end: want a header and a payload")
	}
	f := &File{}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&f.Header); err != nil {
		return nil, fmt.Errorf("line 2: header: %w", err)
	}
	if d.More() {
		return nil, fmt.Errorf("line 2: header: want one JSON object")
	}
	if err := f.Header.check(); err != nil {
		return nil, fmt.Errorf("line 2: header: %w", err)
	}
	var err error
	if f.Payload, err = f.Header.Payload.decode(stored); err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	return f, nil
}

// check holds a header to what every model has.
func (h *Header) check() error {
	switch h.Role {
	case Classifier, Novelty, Certainty:
	default:
		return fmt.Errorf("role %q: want %s, %s or %s", h.Role, Classifier, Novelty, Certainty)
	}
	seen := make(map[string]bool, len(h.Classes))
	for i, c := range h.Classes {
		if seen[c] {
			return fmt.Errorf("classes: %q is there twice, last as number %d", c, i)
		}
		seen[c] = true
	}
	return nil
}

// decode gives the payload that is stored in some bytes.
func (p *Payload) decode(stored []byte) ([]byte, error) {
	switch {
	case p.Bytes != len(stored):
		return nil, fmt.Errorf("%d bytes: want %d", len(stored), p.Bytes)
	case p.Length < 0 || !fits(p.Length, len(stored)):
		return nil, fmt.Errorf("%d bytes that are to become %d: want at most %d times as many", len(stored), p.Length, maxExpansion)
	}
	switch p.Encoding {
	case noEncoding:
		if p.Length != len(stored) {
			return nil, fmt.Errorf("%d bytes: want %d", len(stored), p.Length)
		}
		return stored, nil
	case zstdEncoding:
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(max(p.Length, leastWindow))))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		b, err := z.DecodeAll(stored, nil)
		if err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
		if len(b) != p.Length {
			return nil, fmt.Errorf("%d bytes decoded: want %d", len(b), p.Length)
		}
		return b, nil
	}
	return nil, fmt.Errorf("encoding %.32q: want %s or %s", p.Encoding, zstdEncoding, noEncoding)
}
