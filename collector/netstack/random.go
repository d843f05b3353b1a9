package netstack

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"sync"
)

// stream is a ChaCha8 stream that the stack's goroutines may share. It is both
// the rand.Source of math/rand that the stack wants for what need not be
// secret, and the io.Reader for what must be.
type stream struct {
	mu  sync.Mutex
	src *rand.ChaCha8
}

// newStream gives the named stream of a seed: its key is the SHA-256 of
// "tickle netstack ", the name, and the seed in 8 bytes, big endian.
func newStream(name string, seed uint64) *stream {
	key := binary.BigEndian.AppendUint64([]byte("tickle netstack "+name), seed)
	return &stream{src: rand.NewChaCha8(sha256.Sum256(key))}
}

// Int63 implements math/rand.Source.
func (s *stream) Int63() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(s.src.Uint64() >> 1)
}

// Seed implements math/rand.Source; the stream keeps its own key.
func (s *stream) Seed(int64) {}

// Read implements io.Reader. It fills p and never fails.
func (s *stream) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.src.Read(p)
}
