package probegen

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJoin(t *testing.T) {
	all, err := Generate("dialogue", Config{N: 5, Seed: 3})
	require.NoError(t, err)
	packets := func(of []Probe) (n int) {
		for i := range of {
			n += of[i].Packets()
		}
		return n
	}
	seen := func(packets string) map[string]string {
		return map[string]string{SearchedOption: "m", ImagesOption: "i", SearchPacketsOption: packets, PairsOption: "28", ProgressOption: FormatProgress([]SearchPoint{{5, 3, 7}, {60, 4, 9}})}
	}
	joined, err := Join([]string{"bred", "control"}, []*Set{BredSet(all.Probes[:3], 7, seen("100")), BredSet(all.Probes[2:], 7, seen("90"))})
	require.NoError(t, err)
	require.NoError(t, joined.Check())
	require.Equal(t, BredSet(all.Probes, 7, nil).Probes, joined.Probes)
	require.Equal(t, "m", joined.Header.Options[SearchedOption])
	require.Equal(t, "i", joined.Header.Options[ImagesOption])
	require.Equal(t, strconv.Itoa(packets(all.Probes)), joined.Header.Options[JoinedPacketsOption])
	require.Equal(t, "28", joined.Header.Options[PairsOption])
	parts, err := joined.Header.Parts()
	require.NoError(t, err)
	require.Equal(t, []Part{{"bred", []int{0, 1, 2}, packets(all.Probes[:3]), 100, []SearchPoint{{5, 3, 7}, {60, 4, 9}}}, {"control", []int{2, 3, 4}, packets(all.Probes[2:]), 90, []SearchPoint{{5, 3, 7}, {60, 4, 9}}}}, parts)

	parts, err = all.Header.Parts()
	require.NoError(t, err)
	require.Empty(t, parts)
	for key, bad := range map[string]string{"part.bred": "1 5", "part-packets.bred": "none", "part-searched.bred": "many", "part-progress.bred": "1/2/3 4/5"} {
		broken, err := Join([]string{"bred"}, []*Set{BredSet(all.Probes, 7, nil)})
		require.NoError(t, err)
		broken.Header.Options[key] = bad
		_, err = broken.Header.Parts()
		require.ErrorContains(t, err, "option "+key, key)
	}
}

func TestJoinRefuses(t *testing.T) {
	all, err := Generate("random", Config{N: 2, Seed: 3})
	require.NoError(t, err)
	one, other := BredSet(all.Probes, 7, map[string]string{SearchedOption: "a"}), BredSet(all.Probes, 7, map[string]string{SearchedOption: "b"})
	_, err = Join([]string{"bred", "control"}, []*Set{one, other})
	require.EqualError(t, err, "bred and control: the searches for them saw other machines: want those of one pool and draw")
	_, err = Join([]string{"bred", "bred"}, []*Set{one, one})
	require.EqualError(t, err, "two sets are called bred: want each once")
}
