package bitslice

import "math/bits"

// Overlap says where the number of bits that a mask shares with each of some
// words is to be added: at Line and the following places.
type Overlap struct {
	Mask uint64
	Line int
}

// AddOverlaps adds for each of list, to lines[Line+k], the number of bits that
// Mask and x[k] share, 1<<shift times, for every k. len(x) is a multiple of
// Words.
func AddOverlaps(lines, x []uint64, list []Overlap, shift int) {
	if len(x)%Words != 0 {
		panic("bitslice: AddOverlaps wants a multiple of eight words")
	}
	for i := range list {
		_ = lines[list[i].Line : list[i].Line+len(x)]
	}
	if len(x) > 0 && len(list) > 0 {
		addOverlaps(lines, x, list, shift)
	}
}

// addOverlapsWords is addOverlaps in Go.
func addOverlapsWords(lines, x []uint64, list []Overlap, shift int) {
	for _, o := range list {
		line := lines[o.Line : o.Line+len(x)]
		for k := range line {
			line[k] += uint64(bits.OnesCount64(o.Mask&x[k])) << shift
		}
	}
}
