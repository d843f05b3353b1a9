package bitslice

import "golang.org/x/sys/cpu"

// vectors says that the processor has the instructions of the assembly.
var vectors = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL &&
	cpu.X86.HasAVX512VPOPCNTDQ && cpu.X86.HasBMI2

// add counts rows in planes.
func add(planes *[Planes]Vector, v []Vector, rows []int32) {
	if !vectors {
		addWords(planes, v, rows)
		return
	}
	if !addAVX512(planes, v, rows) {
		panic("bitslice: a row without a vector")
	}
}

// expand gives the numbers of planes.
func expand(out *[Bits]uint16, planes *[Planes]Vector, used int) {
	if !vectors {
		expandWords(out, planes, used)
		return
	}
	expandAVX512(out, planes, used)
}

// atLeast gives the bits whose number reaches a threshold.
func atLeast(out *Vector, planes *[Planes]Vector, t threshold) {
	if !vectors {
		atLeastWords(out, planes, t)
		return
	}
	atLeastAVX512(out, planes, t)
}

// divided gives the bits whose number is neither 0 nor rows, which none
// exceeds.
func divided(out *Vector, planes *[Planes]Vector, rows int) {
	if !vectors {
		dividedWords(out, planes, rows)
		return
	}
	dividedAVX512(out, planes, rows)
}

// agree is Pairs.Agree where no cell is missing.
func agree(p *Pairs, i int, same []int32) {
	if !vectors {
		agreeWords(p, i, same)
		return
	}
	p.check(i, same)
	agreeAVX512(p, i, &same[0])
}

// agreeThere is Pairs.Agree where some are.
func agreeThere(p *Pairs, i int, same, both []int32) {
	if !vectors {
		agreeThereWords(p, i, same, both)
		return
	}
	p.check(i, same)
	p.check(i, both)
	_ = p.There[p.Stride-1]
	agreeThereAVX512(p, i, &same[0], &both[0])
}

// check panics where the assembly would leave its arguments.
func (p *Pairs) check(i int, out []int32) {
	if len(out) < p.Rows || i < 0 || i >= p.Rows || p.Stride < PaddedRows(p.Rows) || len(p.Codes) < p.Planes*p.Stride {
		panic("bitslice: Pairs without room for its rows")
	}
}

// addOverlaps is AddOverlaps for checked arguments.
func addOverlaps(lines, x []uint64, list []Overlap, shift int) {
	if !vectors {
		addOverlapsWords(lines, x, list, shift)
		return
	}
	overlapsAVX512(lines, x, list, uint64(shift))
}

// slice is Slice for checked arguments.
func slice(out []uint64, columns [][]uint16, bit int) {
	if !vectors {
		sliceWords(out, columns, bit)
		return
	}
	sliceAVX512(&out[0], columns, bit)
}

//go:noescape
func addAVX512(planes *[Planes]Vector, v []Vector, rows []int32) (ok bool)

//go:noescape
func expandAVX512(out *[Bits]uint16, planes *[Planes]Vector, used int)

//go:noescape
func atLeastAVX512(out *Vector, planes *[Planes]Vector, t threshold)

//go:noescape
func dividedAVX512(out *Vector, planes *[Planes]Vector, rows int)

//go:noescape
func agreeAVX512(p *Pairs, i int, same *int32)

//go:noescape
func agreeThereAVX512(p *Pairs, i int, same, both *int32)

//go:noescape
func overlapsAVX512(lines, x []uint64, list []Overlap, shift uint64)

//go:noescape
func sliceAVX512(out *uint64, columns [][]uint16, bit int)
