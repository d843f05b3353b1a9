package probegen

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// stream is the random numbers of one probe at a time. The stream of probe id
// is ChaCha8 (C2SP's chacha8rand) keyed with the SHA-256 of the family's name,
// a zero byte, and the generator's version, the seed and the id as big-endian
// 64-bit numbers. What is drawn from it is integers made by multiplication, so
// that no compiler or CPU can round it another way.
type stream struct {
	source *rand.ChaCha8
	key    []byte // ends in the id
}

func newStream(family string, version int, seed uint64) *stream {
	key := append([]byte(family), 0)
	key = binary.BigEndian.AppendUint64(key, uint64(version))
	key = binary.BigEndian.AppendUint64(key, seed)
	key = binary.BigEndian.AppendUint64(key, 0)
	return &stream{source: rand.NewChaCha8([32]byte{}), key: key}
}

// restart begins the stream of a probe.
func (r *stream) restart(id int) {
	binary.BigEndian.PutUint64(r.key[len(r.key)-8:], uint64(id))
	r.source.Seed(sha256.Sum256(r.key))
}

// below draws from 0 to n-1. The chances differ by less than n/2⁶⁴.
func (r *stream) below(n int) int {
	hi, _ := bits.Mul64(r.source.Uint64(), uint64(n))
	return int(hi)
}

// percent is true in p of 100 draws.
func (r *stream) percent(p int) bool { return r.below(100) < p }

func (r *stream) uint8() uint8   { return uint8(r.source.Uint64() >> 56) }
func (r *stream) uint16() uint16 { return uint16(r.source.Uint64() >> 48) }
func (r *stream) uint32() uint32 { return uint32(r.source.Uint64() >> 32) }
