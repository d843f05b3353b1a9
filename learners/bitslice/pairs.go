package bitslice

import "math/bits"

// Pairs compares rows in up to 64 columns, whose codes are planes of bits: a
// word a row each.
type Pairs struct {
	// Codes has Planes planes of Stride words, one behind the other; word r of
	// a plane is row r's. Words from Rows on are padding.
	Codes  []uint64
	Planes int
	// Stride is PaddedRows(Rows).
	Rows, Stride int
	Used         uint64   // the bits that stand for a column
	There        []uint64 // Stride words: which cells are not missing; nil where none is
	Shift        int      // each column counts 1<<Shift times
}

// PaddedRows is the number of rows with what makes it a multiple of Words.
func PaddedRows(rows int) int { return (rows + Words - 1) / Words * Words }

// Agree adds to same[j], for the rows j from i on, the number of columns in
// which i and j have one code, and to both[j], where cells are missing, that
// of columns in which both have one. What it adds to places before i means
// nothing. Both slices are of Rows numbers.
func (p *Pairs) Agree(i int, same, both []int32) {
	if p.There != nil {
		agreeThere(p, i, same, both)
		return
	}
	agree(p, i, same)
}

// agreeWords is agree in Go.
func agreeWords(p *Pairs, i int, same []int32) {
	for j := i; j < p.Rows; j++ {
		differ := uint64(0)
		for at := 0; at < len(p.Codes); at += p.Stride {
			differ |= p.Codes[at+i] ^ p.Codes[at+j]
		}
		same[j] += int32(bits.OnesCount64(p.Used&^differ)) << p.Shift
	}
}

// agreeThereWords is agreeThere in Go.
func agreeThereWords(p *Pairs, i int, same, both []int32) {
	for j := i; j < p.Rows; j++ {
		differ := uint64(0)
		for at := 0; at < len(p.Codes); at += p.Stride {
			differ |= p.Codes[at+i] ^ p.Codes[at+j]
		}
		shared := p.There[i] & p.There[j]
		same[j] += int32(bits.OnesCount64(shared&^differ)) << p.Shift
		both[j] += int32(bits.OnesCount64(shared)) << p.Shift
	}
}
