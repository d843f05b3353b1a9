package nmap6_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners/nmap6"
)

// TestRecordedLab reads what 60 real machines answered (testdata/nmap6): each
// stack shows in the vectors as it is documented or was seen by Nmap.
func TestRecordedLab(t *testing.T) {
	run, err := nmap6.OpenRun("../../testdata/nmap6/run")
	require.NoError(t, err)
	table, missing, err := run.Table(nmap6.V793)
	require.NoError(t, err)
	require.Empty(t, missing)
	require.Len(t, table.Rows, 60)
	columns := map[string][]float64{}
	for _, c := range table.Columns {
		columns[c.Name] = c.Numbers
	}
	stacks := map[string]int{}
	for r := range table.Rows {
		m := &table.Rows[r]
		require.False(t, m.Modelled)
		require.NotEmpty(t, m.Labels.At(datasets.Kernel, 2))
		word, _, _ := strings.Cut(m.Stack, " ")
		stacks[word]++
		near := m.Factors["path.hops"] == "" && m.Factors["path.ttl"] == ""
		value := func(name string) float64 { return columns[name][r] }
		require.EqualValues(t, 1, value("S1.TCP_FLAG_S"), m.Name)
		require.EqualValues(t, 1, value("S1.TCP_FLAG_A"), m.Name)
		switch word {
		case "lwIP": // it sends errors from another of its addresses, which Nmap does not take
			require.EqualValues(t, 65535, value("S1.TCP_WINDOW"), m.Name)
			require.True(t, math.IsNaN(value("U1.PLEN")), m.Name)
			if near {
				require.EqualValues(t, 255, value("S1.HLIM"), m.Name)
			}
		case "Linux", "gVisor":
			if near {
				require.EqualValues(t, 64, value("S1.HLIM"), m.Name)
				require.EqualValues(t, 136, value("NS.ICMPV6_TYPE"), m.Name)
				require.EqualValues(t, 255, value("NS.HLIM"), m.Name)
			}
		}
	}
	require.Equal(t, map[string]int{"Linux": 36, "gVisor": 19, "lwIP": 3, "libslirp": 2}, stacks)
}
