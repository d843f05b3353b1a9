package datasets

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
)

// A sealed file is a Parquet file whose metadata has, under the key
// tickle.seal, the SHA-256 of the whole file with the seal itself blanked.
// Other readers see one more key. We look at the seal first, so that a file
// that was cut or damaged never gets as far as the decoder.

const (
	sealKey    = "tickle.seal"
	sealPrefix = "sha256:"
)

// sealBlank stands in the seal's place while the sum is computed.
var sealBlank = sealPrefix + strings.Repeat("0", 2*sha256.Size)

var (
	errNoSeal  = errors.New("not a complete file of ours: it has no seal")
	errNotSeal = errors.New("damaged: its contents are not those that were sealed")
)

// sealer passes bytes on and sums them up; from hold on it keeps them, for
// they may have the seal in them.
type sealer struct {
	w      io.Writer
	sum    hash.Hash
	held   *bytes.Buffer
	stored string // the seal, after finish
}

func newSealer(w io.Writer) *sealer { return &sealer{w: w, sum: sha256.New()} }

func (s *sealer) Write(b []byte) (int, error) {
	if s.held != nil {
		return s.held.Write(b)
	}
	s.sum.Write(b)
	return s.w.Write(b)
}

func (s *sealer) hold() { s.held = new(bytes.Buffer) }

// finish seals what was held and writes it.
func (s *sealer) finish() error {
	b := s.held.Bytes()
	i := bytes.LastIndex(b, []byte(sealBlank))
	if i < 0 {
		return errNoSeal
	}
	s.sum.Write(b)
	s.stored = sealPrefix + hex.EncodeToString(s.sum.Sum(nil))
	copy(b[i:], s.stored)
	_, err := s.w.Write(b)
	return err
}

// maxFooter bounds the tail of a file in which its seal is looked for, and
// with it what a false length there can make us read.
const maxFooter = 256 << 20

// checkSeal reads the file once and compares. The seal stands in the footer,
// whose length the eight last bytes of a Parquet file begin with.
func checkSeal(r io.ReaderAt, size int64) error {
	var tail [8]byte
	if size < int64(len(tail)) {
		return errNoSeal
	}
	if _, err := r.ReadAt(tail[:], size-8); err != nil {
		return err
	}
	footer := int64(tail[0]) | int64(tail[1])<<8 | int64(tail[2])<<16 | int64(tail[3])<<24
	if string(tail[4:]) != "PAR1" {
		return errors.New("cut or not a Parquet file: it does not end in PAR1")
	}
	if footer > size-8 || footer > maxFooter {
		return fmt.Errorf("damaged: a footer of %d bytes in a file of %d", footer, size)
	}
	b := make([]byte, footer+8)
	if _, err := r.ReadAt(b, size-int64(len(b))); err != nil {
		return err
	}
	i := bytes.LastIndex(b, []byte(sealPrefix))
	if i < 0 || i+len(sealBlank) > len(b) {
		return errNoSeal
	}
	stored := string(b[i : i+len(sealBlank)])
	copy(b[i:], sealBlank)
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(r, 0, size-int64(len(b)))); err != nil {
		return err
	}
	sum.Write(b)
	if hex.EncodeToString(sum.Sum(nil)) != stored[len(sealPrefix):] {
		return errNotSeal
	}
	return nil
}
