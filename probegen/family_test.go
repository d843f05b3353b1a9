package probegen

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGolden pins what the generator makes: when it fails without a new
// Version, old seeds have lost their meaning. The hash is this package's own,
// of version 1; sha256sum of the file gives it too.
func TestGolden(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{N: 500, Seed: 1}, "aa93484436d5c88301362c6e1e6560b3c17db11d3a3e153ac71351d08a387af4"},
		{Config{N: 500, Seed: 1<<64 - 1, Options: map[string]string{"closed-share": "10", "payload-share": "30"}}, "24c9499980b409f7688c9055ace222e6f1731f00fab1c80b2739f9ef18e9f954"},
	} {
		s, err := Generate("random", c.cfg)
		require.NoError(t, err)
		require.Equal(t, c.want, s.Hash())
	}
}

func TestProbeDoesNotDependOnN(t *testing.T) {
	cfg := Config{N: 300, Seed: 9, Options: map[string]string{"payload-share": "50"}}
	long, err := Generate("random", cfg)
	require.NoError(t, err)
	cfg.N = 20
	short, err := Generate("random", cfg)
	require.NoError(t, err)
	require.Equal(t, long.Probes[:20], short.Probes)
	cfg.Seed++
	other, err := Generate("random", cfg)
	require.NoError(t, err)
	for i := range other.Probes {
		require.NotEqual(t, short.Probes[i], other.Probes[i])
	}
}

// shareNear asks for a count within five standard deviations of the binomial
// distribution's mean.
func shareNear(t *testing.T, name string, count, n int, p float64) {
	t.Helper()
	mean := float64(n) * p
	require.InDelta(t, mean, float64(count), 5*math.Sqrt(mean*(1-p))+1e-9, name)
}

func TestRandomDistributions(t *testing.T) {
	const n = 40_000
	s, err := Generate("random", Config{N: n, Seed: 5})
	require.NoError(t, err)
	count := map[string]int{}
	var flags [256]int
	var ttl [256]int
	for i := range s.Probes {
		p := s.Probes[i].Steps[0].Packet
		flags[p.TCP.Flags]++
		ttl[p.IP.TTL]++
		for name, is := range map[string]bool{
			"df":         p.IP.DF,
			"tos bit":    p.IP.TOS&1 == 1,
			"id bit":     p.IP.ID>>15 == 1,
			"seq bit":    p.TCP.Seq>>31 == 1,
			"ack bit":    p.TCP.Ack>>7&1 == 1,
			"window bit": p.TCP.Window>>15 == 1,
			"reserved 0": p.TCP.Reserved == 0,
			"reserved 8": p.TCP.Reserved>>3 == 1,
			"urgent 0":   p.TCP.Urgent == 0,
			"payload":    len(p.Payload) > 0,
			"open":       p.Port == OpenTCP,
		} {
			if is {
				count[name]++
			}
		}
	}
	for _, name := range []string{"df", "tos bit", "id bit", "seq bit", "ack bit", "window bit"} {
		shareNear(t, name, count[name], n, 0.5)
	}
	// A quarter of all probes is plain and tidy.
	shareNear(t, "reserved 0", count["reserved 0"], n, 0.25+0.75/16)
	shareNear(t, "reserved 8", count["reserved 8"], n, 0.75/2)
	shareNear(t, "urgent 0", count["urgent 0"], n, 0.25+0.75/65536)
	require.Zero(t, count["payload"])
	require.Equal(t, n, count["open"])

	want := [256]float64{}
	for v := range want {
		want[v] = 0.5 / 256
	}
	for _, c := range flagClasses {
		want[c.flags] += float64(c.share) / 100
	}
	for v, p := range want {
		shareNear(t, flagNames(uint8(v)), flags[v], n, p)
	}
	for v, seen := range ttl {
		if v < minTTL {
			require.Zero(t, seen)
			continue
		}
		shareNear(t, "ttl", seen, n, 1.0/(256-minTTL))
	}
}

// TestRandomOptions: every option is well-formed and of a known kind, lengths
// fit, tidy probes repeat none, and every kind and every length occurs.
func TestRandomOptions(t *testing.T) {
	s, err := Generate("random", Config{N: 20_000, Seed: 6})
	require.NoError(t, err)
	kinds, lengths, blocks := map[uint8]int{}, map[int]int{}, map[int]int{}
	for i := range s.Probes {
		p := s.Probes[i].Steps[0].Packet
		require.NoError(t, p.Check())
		b := []byte(p.TCP.Options)
		lengths[len(b)]++
		seen := map[uint8]int{}
		for len(b) > 0 {
			kind, data, rest, ok := NextOption(b)
			require.True(t, ok)
			require.NotContains(t, describeOption(kind, data), "length", "an option of a length that is not its kind's")
			if kind == KindSACK {
				blocks[len(data)/8]++
			}
			kinds[kind]++
			seen[kind]++
			b = rest
		}
		if p.TCP.Reserved != 0 || p.TCP.Urgent != 0 {
			continue
		}
		for _, kind := range tidyKinds {
			require.LessOrEqual(t, seen[kind], 1)
		}
		require.Zero(t, seen[KindSACK])
	}
	require.Len(t, kinds, 7)
	require.Len(t, lengths, 11)
	require.Len(t, blocks, 3)
}

func TestOptionsOfRandom(t *testing.T) {
	const n = 10_000
	s, err := Generate("random", Config{N: n, Seed: 7, Options: map[string]string{
		"syn-share": "0", "syn-ecn-share": "0", "ack-share": "100", "psh-ack-share": "0", "fin-ack-share": "0", "syn-ack-share": "0",
		"tidy-share": "050", "closed-share": "20", "payload-share": "40", "payload-max": "3",
	}})
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"syn-share": "0", "syn-ecn-share": "0", "ack-share": "100", "psh-ack-share": "0", "fin-ack-share": "0", "syn-ack-share": "0",
		"closed-share": "20", "payload-share": "40", "payload-max": "3",
	}, s.Header.Options, "without tidy-share, which is at its default")
	closed, lengths := 0, [4]int{}
	for i := range s.Probes {
		p := s.Probes[i].Steps[0].Packet
		require.EqualValues(t, ACK, p.TCP.Flags)
		if p.Port == ClosedTCP {
			closed++
		}
		lengths[len(p.Payload)]++
	}
	shareNear(t, "closed", closed, n, 0.2)
	shareNear(t, "no payload", lengths[0], n, 0.6)
	for _, have := range lengths[1:] {
		shareNear(t, "payload of a length", have, n, 0.4/3)
	}
}

func TestGenerateErrors(t *testing.T) {
	for _, c := range []struct {
		family string
		cfg    Config
		want   string
	}{
		{"randm", Config{N: 1}, `family "randm": no such family; did you mean random?`},
		{"", Config{N: 1}, `family "": no such family; want random, nmap4, nmap6, dialogue`},
		{"random", Config{}, "family random: n: want 1 to 10000000 probes, have 0"},
		{"random", Config{N: -5}, "family random: n: want 1 to 10000000 probes, have -5"},
		{"random", Config{N: MaxProbes + 1}, "family random: n: want 1 to 10000000 probes, have 10000001"},
		{"random", Config{N: 1, Options: map[string]string{"close-share": "1"}}, `family random: option "close-share": no such option; did you mean closed-share?`},
		{"random", Config{N: 1, Options: map[string]string{"closed-share": "101"}}, `family random: option closed-share: want a whole number from 0 to 100, have "101"`},
		{"random", Config{N: 1, Options: map[string]string{"closed-share": "-1"}}, `family random: option closed-share: want a whole number from 0 to 100, have "-1"`},
		{"random", Config{N: 1, Options: map[string]string{"closed-share": "1.5"}}, `family random: option closed-share: want a whole number from 0 to 100, have "1.5"`},
		{"random", Config{N: 1, Options: map[string]string{"payload-max": "0"}}, `family random: option payload-max: want a whole number from 1 to 1400, have "0"`},
		{"random", Config{N: 1, Options: map[string]string{"syn-share": "75"}}, "family random: options syn-share to syn-ack-share: want at most 100 percent together, have 101"},
	} {
		s, err := Generate(c.family, c.cfg)
		require.EqualError(t, err, c.want)
		require.Nil(t, s)
	}
}

func TestUnlikeOptionListsAll(t *testing.T) {
	_, err := Generate("random", Config{N: 1, Options: map[string]string{"zzz": ""}})
	for _, o := range Families()[0].Options {
		require.ErrorContains(t, err, o.Name)
	}
}

// TestFamiliesIsACopy: what a caller does to the list changes nothing.
func TestFamiliesIsACopy(t *testing.T) {
	Families()[0].Options[0].Default = "99"
	require.Equal(t, "24", Families()[0].Options[0].Default)
}

func TestFamiliesAreDescribed(t *testing.T) {
	for _, f := range Families() {
		require.NotEmpty(t, f.Summary)
		require.Positive(t, f.Version)
		var names []string
		for _, o := range f.Options {
			require.Contains(t, []string{PercentOption, IntOption}, o.Type)
			require.NotEmpty(t, o.Doc)
			require.False(t, strings.Contains(o.Doc, "\n"))
			require.NotContains(t, names, o.Name)
			names = append(names, o.Name)
		}
		require.Equal(t, f.Name == "random", slices.Contains(names, "closed-share"))
	}
}

func BenchmarkGenerate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, err := Generate("random", Config{N: 50_000, Seed: 1})
		require.NoError(b, err)
	}
}
