package datasets

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGrouperBlocks groups more partitions than a block of codes and the first
// table hold, in order of columns and backwards, with repeated columns between.
func TestGrouperBlocks(t *testing.T) {
	const rows, distinct = 60_000, 600
	cell := func(c, r int) Code {
		if r%(c+2) == 1 {
			return 1
		}
		return 0
	}
	for _, backwards := range []bool{false, true} {
		g := NewGrouper(make([]Machine, rows))
		cells := make([]Code, rows)
		for i := range distinct + 50 {
			c := i
			if backwards {
				c = distinct + 49 - i
			}
			for r := range cells {
				cells[r] = cell(c%distinct, r)
			}
			g.Add(Column{Probe: int32(c), Field: IPTTL}, cells, []Value{{State: Present}, {State: Absent}})
		}
		require.Greater(t, len(g.table), 1<<10)
		m := g.Matrix(nil)
		require.Len(t, m.Parts, distinct)
		require.Greater(t, len(m.codes), 2)
		for p := range m.Parts {
			want := Partition{Distinct: 2, First: int32(p), Columns: 1}
			if p < 50 {
				want.Columns = 2
			}
			require.Equal(t, want, m.Parts[p])
			require.Equal(t, int32(p), m.Part[p])
			for r, code := range m.Codes(int32(p)) {
				if code != cell(p, r) {
					t.Fatalf("partition %d, row %d: %d", p, r, code)
				}
			}
		}
	}
}
