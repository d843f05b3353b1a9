package bitslice

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// inBoth runs a test with the loops in Go, and with the assembly where the
// processor has it.
func inBoth(t *testing.T, test func(t *testing.T, rng *rand.Rand)) {
	run := func(t *testing.T) { test(t, rand.New(rand.NewPCG(1, 2))) }
	withVectors(t, run)
}

// randomVectors makes vectors whose bits are set with probabilities that differ
// from bit to bit.
func randomVectors(rng *rand.Rand, rows int) []Vector {
	v := make([]Vector, rows)
	for bit := range Bits {
		often := bit % 5
		for r := range v {
			if rng.IntN(4) < often {
				v[r][bit/64] |= 1 << (bit % 64)
			}
		}
	}
	return v
}

func TestCounts(t *testing.T) {
	inBoth(t, func(t *testing.T, rng *rand.Rand) {
		v := randomVectors(rng, 301)
		var c, twice Counts
		for _, n := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 23, 64, 300, 1000} {
			rows := make([]int32, n)
			for k := range rows {
				rows[k] = int32(rng.IntN(len(v)))
			}
			c.Reset()
			cut := rng.IntN(n + 1)
			c.Add(v, rows[:cut])
			c.Add(v, rows[cut:])
			twice = c
			twice.Plus(&c)
			checkCounts(t, &c, &twice, func(bit int) (want int) {
				for _, r := range rows {
					want += int(v[r][bit/64] >> (bit % 64) & 1)
				}
				return want
			})
		}
		c.Reset()
		c.Add(v, make([]int32, 1<<16-1))
		require.Equal(t, 65535*int(v[0][0]&1), c.At(0))
		require.Equal(t, 65535, c.At(4), "a bit of every row")
		require.Panics(t, func() { c.Add(v, []int32{0}) })
		require.Panics(t, func() { new(Counts).Add(v, []int32{301}) })
		require.Panics(t, func() { new(Counts).Add(v, []int32{-1}) })
	})
}

// checkCounts holds all that counts and their double say to the numbers wanted.
func checkCounts(t *testing.T, c, twice *Counts, want func(bit int) int) {
	t.Helper()
	var all [Bits]uint16
	all[5] = 9
	c.All(&all)
	var divided, least Vector
	c.Divided(&divided)
	for bit := range Bits {
		w, n := want(bit), c.rows
		set := func(v *Vector) bool { return v[bit/64]>>(bit%64)&1 == 1 }
		require.Equal(t, w, c.At(bit))
		require.Equal(t, 2*w, twice.At(bit))
		require.Equal(t, w, int(all[bit]))
		require.Equal(t, w > 0 && w < n, set(&divided))
		var planes [Planes]uint64
		sum := 0
		for b := range c.Word(bit/64, &planes) {
			sum += int(planes[b]>>(bit%64)&1) << b
		}
		require.Equal(t, w, sum)
		for _, at := range []int{0, 1, w, w + 1, 1 << 17} {
			c.AtLeast(&least, at)
			require.Equal(t, w >= at, set(&least), "%d of %d", at, w)
			require.Equal(t, least != Vector{}, least.Any())
		}
	}
}

func TestPairs(t *testing.T) {
	inBoth(t, func(t *testing.T, rng *rand.Rand) {
		for _, rows := range []int{1, 7, 8, 9, 41} {
			for planes := range 4 {
				p := Pairs{Planes: planes, Rows: rows, Stride: PaddedRows(rows), Shift: planes, Used: ^uint64(0) >> planes}
				p.Codes = make([]uint64, planes*p.Stride)
				for k := range p.Codes {
					p.Codes[k] = rng.Uint64() & rng.Uint64()
				}
				checkPairs(t, &p)
				p.There = make([]uint64, p.Stride)
				for r := range rows {
					p.There[r] = (rng.Uint64() | rng.Uint64()) & p.Used
				}
				checkPairs(t, &p)
			}
		}
	})
}

func checkPairs(t *testing.T, p *Pairs) {
	t.Helper()
	for i := range p.Rows {
		same, both := make([]int32, p.Rows+1), make([]int32, p.Rows+1)
		same[p.Rows], both[p.Rows] = -1, -2
		p.Agree(i, same[:p.Rows], both[:p.Rows])
		require.Equal(t, []int32{-1, -2}, []int32{same[p.Rows], both[p.Rows]})
		for j := i; j < p.Rows; j++ {
			agree, shared := int32(0), int32(0)
			for bit := range 64 {
				there := p.Used>>bit&1 == 1
				if p.There != nil {
					there = (p.There[i]&p.There[j])>>bit&1 == 1
					shared += int32((p.There[i]&p.There[j])>>bit&1) << p.Shift
				}
				for b := range p.Planes {
					there = there && p.Codes[b*p.Stride+i]>>bit&1 == p.Codes[b*p.Stride+j]>>bit&1
				}
				if there {
					agree += 1 << p.Shift
				}
			}
			require.Equal(t, []int32{agree, shared}, []int32{same[j], both[j]}, "rows %d, %d of %d", i, j, p.Rows)
		}
	}
}

func TestAddOverlaps(t *testing.T) {
	inBoth(t, func(t *testing.T, rng *rand.Rand) {
		for _, n := range []int{0, 8, 40, 64, 72} {
			x, lines := make([]uint64, n), make([]uint64, 5*n+1)
			for k := range x {
				x[k] = rng.Uint64()
			}
			want := make([]uint64, len(lines))
			list := make([]Overlap, 9)
			for i := range list {
				list[i] = Overlap{rng.Uint64() & rng.Uint64(), n * rng.IntN(5)}
				for k := range x {
					for bit := range 64 {
						want[list[i].Line+k] += list[i].Mask >> bit & (x[k] >> bit) & 1 << 3
					}
				}
			}
			AddOverlaps(lines, x, list, 3)
			require.Equal(t, want, lines)
		}
		require.Panics(t, func() { AddOverlaps(make([]uint64, 8), make([]uint64, 7), nil, 0) })
		require.Panics(t, func() { AddOverlaps(make([]uint64, 8), make([]uint64, 8), []Overlap{{1, 1}}, 0) })
	})
}

func TestSlice(t *testing.T) {
	inBoth(t, func(t *testing.T, rng *rand.Rand) {
		for _, rows := range []int{0, 1, 4, 31, 32, 33, 67} {
			for _, n := range []int{0, 1, 15, 16, 17, 33, 63, 64} {
				columns := make([][]uint16, n)
				for i := range columns {
					columns[i] = make([]uint16, rows)
					for r := range columns[i] {
						columns[i][r] = uint16(rng.Uint32())
					}
				}
				for _, bit := range []int{0, 1, 7, 15} {
					want, got := make([]uint64, SlicedRows(rows)), make([]uint64, SlicedRows(rows))
					for r := range got {
						got[r] = rng.Uint64()
					}
					for i, c := range columns {
						for r, code := range c {
							want[r] |= uint64(code>>bit&1) << i
						}
					}
					Slice(got, columns, bit)
					require.Equal(t, want, got, "%d rows, %d columns, bit %d", rows, n, bit)
				}
				checkKnown(t, columns)
			}
		}
		require.Panics(t, func() { Slice(nil, make([][]uint16, 65), 0) })
		require.Panics(t, func() { Slice(nil, nil, 16) })
		require.Panics(t, func() { Slice(make([]uint64, 32), [][]uint16{{1}, {1, 2}}, 0) })
		require.Panics(t, func() { Slice(make([]uint64, 8), [][]uint16{{1}}, 0) })
	})
}

func checkKnown(t *testing.T, columns [][]uint16) {
	t.Helper()
	if len(columns) == 0 {
		require.Empty(t, SliceKnown(columns))
		return
	}
	want := make([]uint64, SlicedRows(len(columns[0])))
	for i, c := range columns {
		for r := range c {
			if r%3 == i%2 {
				c[r] = 0xffff
			}
			if c[r] != 0xffff {
				want[r] |= 1 << i
			}
		}
	}
	require.Equal(t, want, SliceKnown(columns))
}
