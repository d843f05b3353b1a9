package sim

import (
	"encoding/binary"
	"math/bits"
)

// The Internet checksum (RFC 1071) on little-endian words: its sum does not
// care for byte order, so that the result is stored little-endian too.

// add adds bytes to an unfolded sum.
func add(acc uint64, b []byte) uint64 {
	var carry uint64
	for len(b) >= 16 {
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(b), carry)
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(b[8:]), carry)
		b = b[16:]
	}
	if len(b) >= 8 {
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(b), carry)
		b = b[8:]
	}
	var tail uint64
	if len(b) >= 4 {
		tail = uint64(binary.LittleEndian.Uint32(b))
		b = b[4:]
	}
	if len(b) >= 2 {
		tail += uint64(binary.LittleEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		tail += uint64(b[0])
	}
	acc, carry = bits.Add64(acc, tail, carry)
	return acc + carry
}

// sumHeader sums an IP header without options.
func sumHeader(b []byte) uint64 {
	_ = b[19]
	acc, carry := bits.Add64(binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]), 0)
	acc, carry = bits.Add64(acc, uint64(binary.LittleEndian.Uint32(b[16:])), carry)
	return acc + carry
}

// checksum folds a sum and complements it.
func checksum(acc uint64) uint16 {
	acc = acc>>32 + acc&0xffffffff
	acc += acc >> 32
	half := uint32(acc)
	half = half>>16 + half&0xffff
	half += half >> 16
	return ^uint16(half)
}

// pseudo sums the pseudo-header of a packet whose IP header starts at ip.
func pseudo(ip []byte, proto uint8, length int) uint64 {
	acc, carry := bits.Add64(binary.LittleEndian.Uint64(ip[12:20]), uint64(proto)<<8+uint64(bits.ReverseBytes16(uint16(length))), 0)
	return acc + carry
}

func swap16(v uint16) uint64 { return uint64(bits.ReverseBytes16(v)) }
func swap32(v uint32) uint64 { return uint64(bits.ReverseBytes32(v)) }

// sumAt8, sumAt16 and sumAt32 give what a number in network byte order adds
// to the sum of bytes at an offset. Little-endian words count a byte at an odd
// offset 256 times: there a number of several bytes is what it is, for 65536
// counts as one.
func sumAt8(offset int, v uint8) uint64 { return uint64(v) << (offset & 1 * 8) }

func sumAt16(offset int, v uint16) uint64 {
	if offset&1 == 1 {
		return uint64(v)
	}
	return swap16(v)
}

func sumAt32(offset int, v uint32) uint64 {
	if offset&1 == 1 {
		return uint64(v)
	}
	return swap32(v)
}
