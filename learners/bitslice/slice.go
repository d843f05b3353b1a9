package bitslice

// SlicedRows is the number of words that Slice writes for so many rows.
func SlicedRows(rows int) int { return (rows + sliceRows - 1) / sliceRows * sliceRows }

// sliceRows is how many rows the assembly does at once.
const sliceRows = 32

// Slice makes a plane of codes: bit i of out[r] becomes the given bit of
// columns[i][r]. There are at most 64 columns, all of as many rows, and out has
// SlicedRows of those; words beyond the rows become 0.
func Slice(out []uint64, columns [][]uint16, bit int) {
	if len(columns) > 64 || bit < 0 || bit > 15 {
		panic("bitslice: Slice of more than 64 columns, or of a bit that no code has")
	}
	if len(columns) == 0 {
		clear(out)
		return
	}
	rows := len(columns[0])
	for _, c := range columns {
		if len(c) != rows {
			panic("bitslice: Slice of columns of different lengths")
		}
	}
	if out = out[:SlicedRows(rows)]; rows > 0 {
		slice(out, columns, bit)
	}
}

// SliceKnown gives a plane as Slice does, of the cells that are not all ones: in
// data sets, those that are not missing.
func SliceKnown(columns [][]uint16) []uint64 {
	if len(columns) == 0 {
		return nil
	}
	rows := len(columns[0])
	known, bit := make([]uint64, SlicedRows(rows)), make([]uint64, SlicedRows(rows))
	for b := range 16 {
		Slice(bit, columns, b)
		for r, plane := range bit[:rows] {
			known[r] |= ^plane
		}
	}
	used := ^uint64(0) >> (64 - len(columns))
	for r := range known[:rows] {
		known[r] &= used
	}
	return known
}

// sliceWords is slice in Go: four rows of sixteen columns at a time, each of a
// word's 16-bit lanes collecting a row's bits.
func sliceWords(out []uint64, columns [][]uint16, bit int) {
	const low = 1<<48 | 1<<32 | 1<<16 | 1 // the lowest bit of each lane
	clear(out)
	rows := len(columns[0])
	for first := 0; first < len(columns); first += 16 {
		some := columns[first:min(first+16, len(columns))]
		r := 0
		for ; r+4 <= rows; r += 4 {
			lanes := uint64(0)
			for k := range some {
				c := some[k][r : r+4 : r+4]
				four := uint64(c[0]) | uint64(c[1])<<16 | uint64(c[2])<<32 | uint64(c[3])<<48
				lanes |= four >> bit & low << k
			}
			to := out[r : r+4]
			for k := range to {
				to[k] |= lanes >> (16 * k) & 0xffff << first
			}
		}
		for ; r < rows; r++ {
			for k := range some {
				out[r] |= uint64(some[k][r]>>bit&1) << (first + k)
			}
		}
	}
}
