package collector

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// The random streams of a run. Each is keyed by the run's seed, what it is
// for and the names that it depends on, and by nothing else.
const (
	streamOrder   = "order"   // of copies, by plan
	streamPairs   = "pairs"   // the mapping of copies to addresses and ports, a run
	streamMachine = "machine" // the machine's own seed, by machine and plan
	streamPath    = "path"    // of the path to the machine, by machine and plan
	streamSample  = "sample"  // which machines' observations are kept, a run
)

// streamKey is the SHA-256 of the format's name, the seed in 8 bytes, little
// endian, and each word, led by its length in 4 bytes.
func streamKey(seed uint64, words ...string) [32]byte {
	b := binary.LittleEndian.AppendUint64([]byte("tickle collector 1\n"), seed)
	for _, w := range words {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(w)))
		b = append(b, w...)
	}
	return sha256.Sum256(b)
}

// stream is ChaCha8 with streamKey for its seed.
func stream(seed uint64, words ...string) *rand.Rand {
	return rand.New(rand.NewChaCha8(streamKey(seed, words...)))
}

// machineSeed gives the seed of one machine's fresh start for one plan: the
// first 8 bytes of its key.
func machineSeed(seed uint64, machine, plan string) uint64 {
	k := streamKey(seed, streamMachine, machine, plan)
	return binary.LittleEndian.Uint64(k[:])
}
