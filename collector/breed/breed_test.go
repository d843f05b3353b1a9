package breed_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"tickle/collector"
	"tickle/collector/breed"
	"tickle/collector/pool"
	"tickle/collector/sim"
	"tickle/datasets"
	"tickle/probegen"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// modelled is a pool of four systems of two images each, with other memory.
const modelled = `
name: breeding
defaults: {backend: sim, ports: {open: 22}}
machines:
  - {name: a1, image: a1, labels: {kernel: [L, L, "2.6.32"], distribution: [L, L, a]}, options: {personality: linux-2.6.32}}
  - {name: a2, image: a2, labels: {kernel: [L, L, "2.6.32"], distribution: [L, L, a]}, options: {personality: linux-2.6.32}, factors: {memory: 256}}
  - {name: b1, image: b1, labels: {kernel: [L, L, "4.19"], distribution: [L, L, b]}, options: {personality: linux-4.19}}
  - {name: b2, image: b2, labels: {kernel: [L, L, "4.19"], distribution: [L, L, b]}, options: {personality: linux-4.19}, factors: {memory: 256}}
  - {name: c1, image: c1, labels: {kernel: [B, B, "12"], distribution: [B, B, c]}, options: {personality: freebsd-12}}
  - {name: c2, image: c2, labels: {kernel: [B, B, "12"], distribution: [B, B, c]}, options: {personality: freebsd-12}, factors: {memory: 256}}
  - {name: d1, image: d1, labels: {kernel: [B, B, "13"], distribution: [B, B, d]}, options: {personality: freebsd-13}}
  - {name: d2, image: d2, labels: {kernel: [B, B, "13"], distribution: [B, B, d]}, options: {personality: freebsd-13}, factors: {memory: 256}}
`

// begin collects the start's probes and gives a search that begins there.
func begin(t *testing.T, family string, n int) breed.Config {
	p, err := pool.Read(strings.NewReader(modelled), "breeding.yaml")
	require.NoError(t, err)
	start, err := probegen.Generate(family, probegen.Config{N: n, Seed: 2})
	require.NoError(t, err)
	dir := t.TempDir()
	cfg := collector.Config{Dir: dir + "/start", Pool: p, Backends: map[string]pool.Backend{"sim": sim.Backend{}}, Seed: 3,
		Plans: []collector.Plan{{Name: family, Set: start, Repeats: 2}}}
	_, err = collector.Collect(context.Background(), cfg)
	require.NoError(t, err)
	d, err := datasets.Build(context.Background(), cfg.Dir, datasets.BuildOptions{})
	require.NoError(t, err)
	cfg.Dir, cfg.Plans = dir+"/search", nil
	return breed.Config{Collect: cfg, Start: start, Data: d, Hierarchy: datasets.Kernel, Level: 2, Size: 60, Budget: 4000}
}

// TestSearch begins with a dialogue that leaves pairs alike, and
// ends with probes that tell more, found on half of the images alone.
func TestSearch(t *testing.T) {
	cfg := begin(t, "dialogue", 1)
	r, err := breed.Run(context.Background(), cfg)
	require.NoError(t, err)
	require.Len(t, r.Machines, 4)
	first, last := r.Generations[0], r.Generations[len(r.Generations)-1]
	require.Equal(t, 6, first.Pairs)
	require.Zero(t, first.Packets)
	require.Greater(t, last.Told, first.Told)
	require.Greater(t, last.Packets, int64(0))
	require.NoError(t, r.Set.Check())
	require.Equal(t, strings.Join(r.Machines, " "), r.Set.Header.Options[probegen.SearchedOption])
	for i := 0; i < len(r.Machines); i++ {
		for j := range i {
			require.NotEqual(t, r.Machines[i][:1], r.Machines[j][:1], "one image of each label")
		}
	}

	// On the images that the search never saw, the bred set tells more than what
	// it began with told where it was found.
	judge := cfg.Collect
	judge.Dir = t.TempDir() + "/judge"
	judge.Seed = 11
	judge.Plans = []collector.Plan{{Name: "bred", Set: r.Set, Repeats: 4}}
	_, err = collector.Collect(context.Background(), judge)
	require.NoError(t, err)
	d, err := datasets.Build(context.Background(), judge.Dir, datasets.BuildOptions{})
	require.NoError(t, err)
	var vetted [datasets.NumAllFields]bool
	for f := range datasets.FieldID(datasets.NumAllFields) {
		vetted[f] = d.Meta.Sources.Vetted(f) && f != datasets.IPChecksum && f != datasets.TCPChecksum
	}
	l := datasets.NewLabelPairs(d.Matrix, datasets.Kernel, 2, vetted)
	var seen, unseen []int32
	for i := range d.Matrix.Machines {
		if slices.Contains(r.Machines, d.Matrix.Machines[i].Name) {
			seen = append(seen, int32(i))
		} else {
			unseen = append(unseen, int32(i))
		}
	}
	require.Greater(t, l.Survivors(seen, unseen, l.Told(seen)).Len(), first.Told)
}

// TestSearchIsRepeatable: the same search gives the same set, also when it was
// interrupted and goes on in its folder; the control is another.
func TestSearchIsRepeatable(t *testing.T) {
	cfg := begin(t, "random", 4)
	cfg.Budget = 700
	r, err := breed.Run(context.Background(), cfg)
	require.NoError(t, err)
	again, err := breed.Run(context.Background(), cfg) // with the runs that are there
	require.NoError(t, err)
	require.Equal(t, r.Set.Hash(), again.Set.Hash())
	require.Equal(t, r.Generations, again.Generations)

	other := cfg
	other.Collect.Dir = t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	other.Progress = func(g breed.Generation) {
		if g.Number == 1 {
			cancel()
		}
	}
	_, err = breed.Run(ctx, other)
	require.ErrorIs(t, err, context.Canceled)
	other.Progress = nil
	resumed, err := breed.Run(context.Background(), other)
	require.NoError(t, err)
	require.Equal(t, r.Set.Hash(), resumed.Set.Hash())

	cfg.Control, cfg.Collect.Dir = true, t.TempDir()
	control, err := breed.Run(context.Background(), cfg)
	require.NoError(t, err)
	require.NotEqual(t, r.Set.Hash(), control.Set.Hash())
	require.Equal(t, "true", control.Set.Header.Options["control"])
}

// TestSearchOnItsOwnPool begins with nothing known: all machines are the
// search's, and the first probes are sent to them like any generation.
func TestSearchOnItsOwnPool(t *testing.T) {
	cfg := begin(t, "dialogue", 5)
	cfg.Data, cfg.Budget = nil, 6000
	r, err := breed.Run(context.Background(), cfg)
	require.NoError(t, err)
	require.Len(t, r.Machines, 8)
	require.Equal(t, "a1 a2 b1 b2 c1 c2 d1 d2", r.Set.Header.Options[probegen.ImagesOption])
	first, last := r.Generations[0], r.Generations[len(r.Generations)-1]
	require.Equal(t, 6, first.Pairs)
	require.Positive(t, first.Packets)
	require.Greater(t, last.Told, first.Told)
	require.LessOrEqual(t, last.Held, 6*breed.DefaultKeep)
	again, err := breed.Run(context.Background(), cfg)
	require.NoError(t, err)
	require.Equal(t, r.Generations, again.Generations)
	require.Equal(t, r.Set.Hash(), again.Set.Hash())
}

func TestSearchRefuses(t *testing.T) {
	other, err := probegen.Generate("random", probegen.Config{N: 4, Seed: 9})
	require.NoError(t, err)
	nmap, err := probegen.Generate("nmap4", probegen.Config{})
	require.NoError(t, err)
	known := begin(t, "random", 4)
	for name, c := range map[string]struct {
		change func(*breed.Config)
		want   string
	}{
		"other probes": {func(c *breed.Config) { c.Start = other },
			"the data set is of probes with SHA-256 " + known.Start.Hash()[:12] + "…: want the probes that the search begins with, " + other.Hash()[:12] + "…"},
		"probes that are not random": {func(c *breed.Config) { c.Start = nmap }, "family nmap4: its probes are no random ones: want random or dialogue"},
		"another pool": {func(c *breed.Config) {
			p := *c.Collect.Pool
			p.Name, c.Collect.Pool = "elsewhere", &p
		}, `the data set is of pool "breeding": want that of the search, "elsewhere"`},
		"one label": {func(c *breed.Config) {
			one, err := c.Collect.Pool.Select("a*")
			require.NoError(t, err)
			c.Collect.Pool = one
		}, `the machines of the search have no two labels at kernel level 2: want two or more, have ["2.6.32"]`},
		"a small budget": {func(c *breed.Config) { c.Budget = 119 },
			"a budget of 119 packets to a machine: want 120 or more, for a generation of 60 probes, each sent 2 times"},
		"a small budget for what it begins with": {func(c *breed.Config) { c.Data, c.Budget = nil, 127 },
			"a budget of 127 packets to a machine: want 128 or more, for the 4 probes that the search begins with and a generation of 60 probes, each sent 2 times"},
		"nothing alike": {func(c *breed.Config) { c.Level, c.Keep = 0, 1 },
			"all pairs of labels (1) are told apart by as many probes as are kept for each (1): nothing is left to search for"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := known
			c.change(&cfg)
			_, err := breed.Run(context.Background(), cfg)
			require.EqualError(t, err, c.want)
			require.NoDirExists(t, cfg.Collect.Dir)
		})
	}
}
