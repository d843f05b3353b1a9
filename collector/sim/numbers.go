package sim

import (
	"math/bits"
	"math/rand/v2"
)

// Purposes of randomness. Each has a PCG stream of its own, seeded with the
// machine's seed and the purpose, so that the draws for one purpose move none
// of another.
const (
	purposeBoot = iota + 1
	purposeLatency
	purposeISN
	purposeID
	purposeTS
	purposeChallenge
	purposeLoad
)

func stream(seed, purpose uint64) *rand.PCG {
	return rand.NewPCG(seed, purpose*0x9e3779b97f4a7c15)
}

// key is the secret of a keyed hash.
type key [2]uint64

// hash stands for the keyed hashes of real systems (MD4, MD5, SipHash): two
// rounds of a multiplication folded onto itself, as in wyhash. What matters
// here is only that its values look random and repeat for one input.
func (k key) hash(a, b uint64) uint64 {
	return fold64(fold64(a^k[0], 0xa0761d6478bd642f)^b, k[1]|1)
}

func fold64(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// below draws from [0, n).
func below(src *rand.PCG, n uint64) uint64 {
	hi, _ := bits.Mul64(src.Uint64(), n)
	return hi
}

// peer is what the machine remembers of one of the prober's addresses.
type peer struct {
	ids      [2]uint16 // by counterTCP and counterICMP
	used     [2]int64  // ticks of last use
	started  bool
	tokens   int64
	tokensAt int64
}

const (
	counterTCP = iota
	counterICMP
)

// peerOf gives the state kept for an address of the prober's block.
func (s *stack) peerOf(addr uint32) *peer {
	pr := &s.peers[addr&s.peerMask]
	if !pr.started {
		h := s.secret.hash(uint64(addr), 1) // secure_ip_id
		pr.started = true
		pr.ids = [2]uint16{uint16(h), uint16(h >> 16)}
		pr.tokens, pr.tokensAt = tokenBurst*s.errorGap, s.now
	}
	return pr
}

// jiffy is the tick that idBuckets counts in, µs (HZ = 250).
const jiffy = 4 * ms

// identification draws the next IP id under a policy.
func (s *stack) identification(policy idPolicy, addr uint32, counter int) uint16 {
	switch policy {
	case idGlobal:
		s.globalID++
		return s.globalID
	case idRandom:
		return uint16(s.idSource.Uint64())
	case idPeer, idBuckets:
		pr := s.peerOf(addr)
		if !s.idByProtocol {
			counter = counterTCP
		}
		if policy == idBuckets { // ip_idents_reserve
			tick := (s.boot + s.now) / jiffy
			if past := tick - pr.used[counter]; past > 0 {
				pr.ids[counter] += uint16(below(&s.idSource, uint64(past)))
				pr.used[counter] = tick
			}
		}
		pr.ids[counter]++
		return pr.ids[counter]
	}
	return 0
}

// initialSequence draws an initial sequence number for a connection.
func (s *stack) initialSequence(addr uint32, port uint16) uint32 {
	switch s.isn {
	case isnRandom:
		return uint32(s.isnSource.Uint64())
	case isnStep:
		s.lastISN += uint32(s.isnSource.Uint64()&0x1ffff) + 1
		return s.lastISN + s.isnClock()
	case isnStep24:
		s.lastISN += 1 << 24
		return s.lastISN + uint32(s.isnSource.Uint64()>>40)
	}
	return uint32(s.secret.hash(uint64(addr), uint64(port)<<16|uint64(s.ports.Open))) + s.isnClock()
}

func (s *stack) isnClock() uint32 {
	if s.isnTick == 0 {
		return 0
	}
	return uint32(uint64(s.boot+s.now) * 1000 / uint64(s.isnTick))
}

// timestampBase gives what a connection's timestamps start from.
func (s *stack) timestampBase(addr uint32) uint32 {
	switch s.ts {
	case tsPeerOffset:
		return uint32(s.secret.hash(uint64(addr), 2))
	case tsRandomBases:
		return uint32(s.tsSource.Uint64())
	case tsConnection:
		return 1 - s.ticks()
	}
	return 0
}

// timestamp reads a connection's timestamp clock.
func (s *stack) timestamp(base uint32) uint32 {
	if s.ts == tsSilent {
		return 0
	}
	return base + s.ticks()
}

// ticks reads the clock behind timestamps.
func (s *stack) ticks() uint32 { return uint32(uint64(s.boot+s.now) * uint64(s.tsHz) / sec) }
