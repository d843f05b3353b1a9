package breed

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/probegen"
)

// archiveOf makes found probes of names and the pairs that they tell.
func archiveOf(names []string, pairs ...[]int) []found {
	by := make([]found, len(names))
	for i, name := range names {
		p := probegen.Probe{Name: name, Steps: []probegen.Step{{Wait: int64(i)}}}
		by[i] = found{p, openingOf(&p), datasets.NewPairSet(70)}
		for _, k := range pairs[i] {
			by[i].told.Put(k)
		}
	}
	return by
}

func TestCover(t *testing.T) {
	for name, c := range map[string]struct {
		by   []found
		keep int
		want []int
	}{
		"nothing":                     {nil, 3, nil},
		"what serves most first":      {archiveOf([]string{"full/a", "full/b", "full/c"}, []int{0}, []int{0, 1, 69}, []int{69}), 1, []int{1}},
		"the first of equals":         {archiveOf([]string{"full/a", "full/b"}, []int{0}, []int{0}), 1, []int{0}},
		"all that there are":          {archiveOf([]string{"full/a", "plain/b"}, []int{0}, []int{0}), 3, []int{0, 1}},
		"one of each opening":         {archiveOf([]string{"full/a", "full/b", "plain/c"}, []int{0}, []int{0}, []int{0}), 3, []int{0, 2}},
		"for each pair":               {archiveOf([]string{"full/a", "full/b", "plain/c"}, []int{0}, []int{1}, []int{0, 1}), 2, []int{2, 0, 1}},
		"any where nothing is opened": {archiveOf([]string{"udp", "udp", ""}, []int{0}, []int{0}, []int{0}), 3, []int{0, 1, 2}},
	} {
		require.Equal(t, c.want, cover(c.by, 70, c.keep), name)
	}
}

func TestHeldAndWorths(t *testing.T) {
	by := archiveOf([]string{"a", "b", "c"}, []int{0, 1}, []int{0}, []int{0})
	require.Equal(t, 3+1, held(by, 70, 3))
	require.Equal(t, 2+1, held(by, 70, 2))
	same := archiveOf([]string{"full/a", "full/b", "plain/c"}, []int{0, 1}, []int{0}, []int{0})
	require.Equal(t, 2+1, held(same, 70, 3))
	require.InDeltaSlice(t, []float64{1./2 + 1, 1. / 2, 1. / 2}, worths(same, 70), 1e-15)
	require.Equal(t, 2, told(by, 70).Len())
	require.InDeltaSlice(t, []float64{1./3 + 1, 1. / 3, 1. / 3}, worths(by, 70), 1e-15)
}

// TestNothingIsSentTwice: neither a generation nor two, nor one and the start,
// have a probe in common, though the archive has little to make some of.
func TestNothingIsSentTwice(t *testing.T) {
	start, err := probegen.Generate("random", probegen.Config{N: 2, Seed: 1})
	require.NoError(t, err)
	s, err := newSearch(Config{Start: start, Size: 300, Budget: 1e6})
	require.NoError(t, err)
	s.pairs = []pair{{"a", "b"}}
	for i := range start.Probes {
		s.archive = append(s.archive, found{start.Probes[i], openingOf(&start.Probes[i]), datasets.PairSet{1}})
	}
	seen := make(map[string]bool)
	for i := range start.Probes {
		seen[contentOf(&start.Probes[i])] = true
	}
	for n := 1; n <= 2; n++ {
		probes, err := s.offspring(n)
		require.NoError(t, err)
		require.Greater(t, len(probes), 250)
		for i := range probes {
			key := contentOf(&probes[i])
			require.False(t, seen[key], "generation %d, probe %d", n, i)
			seen[key] = true
		}
	}
}
