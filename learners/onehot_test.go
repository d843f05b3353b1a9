package learners

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners/bitslice"
)

// TestOneHot holds bits to the cells, over partitions of many sizes, with
// missing cells.
func TestOneHot(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	const rows = 301
	g := datasets.NewGrouper(make([]datasets.Machine, rows))
	for c := range 190 {
		values := 1 + rng.IntN(OneHotValues+3)
		cells := make([]datasets.Code, rows)
		for r := range cells {
			if cells[r] = datasets.Code(rng.IntN(values)); r < values {
				cells[r] = datasets.Code(r)
			} else if c%3 == 0 && rng.IntN(9) == 0 {
				cells[r] = datasets.Missing
			}
		}
		g.Add(datasets.Column{Probe: int32(c)}, cells, make([]datasets.Value, values))
	}
	s := g.Matrix(nil).All()
	o, err := NewOneHot(context.Background(), s, 2)
	require.NoError(t, err)
	last := int32(-1)
	for i, id := range s.IDs {
		p := &s.Parts[id]
		if p.Distinct > OneHotValues || p.Distinct == 1 && !p.Missing {
			require.Equal(t, int32(-1), o.First[i])
			continue
		}
		require.Greater(t, o.First[i], last)
		last = o.First[i] + int32(p.Distinct) - 1
		require.Equal(t, o.First[i]/64, last/64, "one word")
		block, bit := int(o.First[i])/bitslice.Bits, int(o.First[i])%bitslice.Bits
		for code := range p.Distinct {
			for r, cell := range s.Codes(id) {
				require.Equal(t, int(cell) == code, o.Block(block)[r][bit/64]>>(bit%64+code)&1 == 1)
			}
		}
	}
	require.Equal(t, int(last)/bitslice.Bits+1, o.Blocks)
	require.Greater(t, o.Blocks, 2)
}
