//go:build !amd64

package bitslice

// add counts rows in planes.
func add(planes *[Planes]Vector, v []Vector, rows []int32) { addWords(planes, v, rows) }

// expand gives the numbers of planes.
func expand(out *[Bits]uint16, planes *[Planes]Vector, used int) { expandWords(out, planes, used) }

// atLeast gives the bits whose number reaches a threshold.
func atLeast(out *Vector, planes *[Planes]Vector, t threshold) { atLeastWords(out, planes, t) }

// divided gives the bits whose number is neither 0 nor rows, which none
// exceeds.
func divided(out *Vector, planes *[Planes]Vector, rows int) { dividedWords(out, planes, rows) }

// agree is Pairs.Agree where no cell is missing.
func agree(p *Pairs, i int, same []int32) { agreeWords(p, i, same) }

// agreeThere is Pairs.Agree where some are.
func agreeThere(p *Pairs, i int, same, both []int32) { agreeThereWords(p, i, same, both) }

// addOverlaps is AddOverlaps for checked arguments.
func addOverlaps(lines, x []uint64, list []Overlap, shift int) {
	addOverlapsWords(lines, x, list, shift)
}

// slice is Slice for checked arguments.
func slice(out []uint64, columns [][]uint16, bit int) { sliceWords(out, columns, bit) }
