package datasets

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestScansGiveWhatReadGives holds the readers of single columns to the one
// of whole summaries, over more than one row group.
func TestScansGiveWhatReadGives(t *testing.T) {
	path := SummaryPath(t.TempDir(), "random", "m")
	w, err := CreateSummary(path, SummaryHeader{Machine: "m", Plan: "random"})
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(1, 1))
	var texts Interner
	obs, answered := make([]Observation, 4), make([]bool, 4)
	const rows = RowsPerGroup + 100
	for probe := range rows {
		for i := range obs {
			obs[i].Reset()
			answered[i] = rng.IntN(9) > 0
			obs[i].Set(IPTTL, 64)
			obs[i].Set(IPID, rng.Uint64N(3))
			if probe > RowsPerGroup {
				obs[i].Set(TCPWindow, rng.Uint64N(2))
			}
		}
		s := Summary{Probe: int32(probe)}
		Summarize(&s, obs, answered)
		require.NoError(t, w.Write(&s, &texts))
	}
	require.NoError(t, w.Close())

	f, err := OpenSummary(path)
	require.NoError(t, err)
	defer f.Close()
	require.Equal(t, 2, f.Groups())
	varied := 0
	for g := range f.Groups() {
		want, err := f.Read(g, &texts)
		require.NoError(t, err)
		answered, repeats, err := f.Answered(g)
		require.NoError(t, err)
		require.Len(t, answered, len(want))
		for r := range want {
			require.Equal(t, []uint16{want[r].Answered, want[r].Repeats}, []uint16{answered[r], repeats[r]})
		}
		for field := range FieldID(NumFields) {
			firsts, err := f.Firsts(g, field)
			require.NoError(t, err)
			if firsts != nil {
				varied++
				require.Len(t, firsts, len(want))
			}
			for r := range want {
				first := uint16(0)
				if firsts != nil {
					first = firsts[r]
				}
				require.Equal(t, want[r].Fields[field].First, first)
			}
		}
	}
	require.Equal(t, 3, varied, "the identification in both groups, the window in the last")
}
