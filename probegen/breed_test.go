package probegen

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBreederMakesProbes: offspring of offspring pass Check, are told by the
// seed, differ from their parents, keep their openings and leave the parents
// as they were.
func TestBreederMakesProbes(t *testing.T) {
	for _, family := range []string{"random", "dialogue"} {
		parents, err := Generate(family, Config{N: 120, Seed: 5})
		require.NoError(t, err)
		before := parents.Hash()
		breed := func(seed uint64) []Probe {
			b := NewBreeder(seed)
			all := parents.Probes
			for range 3 {
				var next []Probe
				for i := range all {
					next = append(next, b.Mutate(&all[i]), b.Recombine(&all[i], &all[(7*i+1)%len(all)]), b.Reopen(&all[i]))
				}
				all = next
			}
			return all
		}
		children := breed(1)
		set := BredSet(children, 1, map[string]string{SearchedOption: "a b"})
		require.NoError(t, set.Check(), family)
		require.Equal(t, set.Hash(), BredSet(breed(1), 1, set.Header.Options).Hash(), family)
		require.NotEqual(t, set.Hash(), BredSet(breed(2), 1, set.Header.Options).Hash(), family)
		require.Equal(t, before, parents.Hash(), family)
		distinct := map[string]bool{}
		for i := range children {
			one := BredSet(children[i:i+1], 0, nil)
			distinct[one.Hash()] = true
			if family == "random" {
				require.Len(t, children[i].Steps, 1)
			}
			n := beginning(&children[i])
			require.LessOrEqual(t, len(children[i].Steps)-n, maxTail)
		}
		require.Greater(t, len(distinct), len(children)/2, family)
	}
}

// TestBreederFresh makes what the family makes, and refuses fixed ones.
func TestBreederFresh(t *testing.T) {
	b := NewBreeder(3)
	p, err := b.Fresh("dialogue")
	require.NoError(t, err)
	require.NoError(t, p.Check())
	_, err = b.Fresh("nmap4")
	require.EqualError(t, err, "family nmap4: its probes are no random ones: want random or dialogue")
}

// TestRecombinedClock: segments of another dialogue tell the time of the one
// that they have come to.
func TestRecombinedClock(t *testing.T) {
	var stamped []Probe
	set, err := Generate("dialogue", Config{N: 400, Seed: 9})
	require.NoError(t, err)
	for _, p := range set.Probes {
		if clockOf(&p) != 0 && len(p.Steps) > beginning(&p)+1 {
			stamped = append(stamped, p)
		}
	}
	require.Greater(t, len(stamped), 50)
	b, near, far := NewBreeder(1), 0, 0
	for i := range stamped[1:] {
		c := b.Recombine(&stamped[i], &stamped[i+1])
		for _, s := range c.Steps {
			one := Probe{Steps: []Step{s}}
			if v := clockOf(&one); v != 0 {
				if d := v - clockOf(&c); d < 1<<12 {
					near++
				} else {
					far++ // segments that lie about the time
				}
			}
		}
	}
	require.Greater(t, near, 5*far)
}

// TestReopen: another opening, the same state and the same tail, but for the
// opening's clock.
func TestReopen(t *testing.T) {
	parents, err := Generate("dialogue", Config{N: 200, Seed: 5})
	require.NoError(t, err)
	b := NewBreeder(2)
	reopened := 0
	for i := range parents.Probes {
		p := &parents.Probes[i]
		opening, state, ok := strings.Cut(p.Name, "/")
		q := b.Reopen(p)
		if !ok {
			require.Equal(t, p.Name, q.Name)
			continue
		}
		other, same, _ := strings.Cut(q.Name, "/")
		if other == opening { // no other was drawn in time, and it is mutated
			continue
		}
		reopened++
		require.Equal(t, state, same)
		tail, want := q.Steps[beginning(&q):], p.Steps[beginning(p):]
		require.Len(t, tail, len(want))
		for j := range want {
			step := cloneStep(&tail[j])
			shiftStamp(step.Packet, clockOf(p)-clockOf(&q))
			require.Equal(t, want[j], step)
		}
	}
	require.Greater(t, reopened, 100)
	random, err := Generate("random", Config{N: 1, Seed: 5})
	require.NoError(t, err)
	one := b.Reopen(&random.Probes[0])
	require.Len(t, one.Steps, 1)
	require.NotEqual(t, random.Probes[0].Steps, one.Steps)
}
