package experiments_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/experiments"
	"tickle/learners"
)

// dataset makes six machines, in three groups, that answered three probes.
// Probe 1 was lossy on machine 0; the TTL of probe 2 varied on machine 1.
func dataset(filter datasets.Filter) *datasets.Dataset {
	var machines []datasets.Machine
	for _, name := range []string{"a0", "a1", "b0", "b1", "c0", "c1"} {
		l := [datasets.Levels]string{"os" + name[:1], "os" + name[:1], "os" + name[:1]}
		machines = append(machines, datasets.Machine{Name: name, Group: name[:1], Labels: datasets.Labels{Kernel: l, Distribution: l}})
	}
	g := datasets.NewGrouper(machines)
	one := []datasets.Value{{State: datasets.Present, Number: 64}}
	two := append(one, datasets.Value{State: datasets.Present, Number: 128})
	missing := datasets.Missing
	g.Add(datasets.Column{Probe: 0, Field: datasets.IPTTL}, []datasets.Code{0, 0, 1, 1, 0, 1}, two)
	g.Add(datasets.Column{Probe: 0, Field: datasets.IPChecksum}, []datasets.Code{0, 1, 1, 0, 0, 1}, two)
	if filter == datasets.FilterTrain {
		g.Add(datasets.Column{Probe: 1, Field: datasets.IPTTL}, []datasets.Code{missing, 0, 0, 0, 1, 1}, two)
	}
	g.Add(datasets.Column{Probe: 2, Field: datasets.IPTTL}, []datasets.Code{0, missing, 0, 0, 0, 0}, one)
	d := &datasets.Dataset{
		Meta: datasets.Meta{
			Pool: "lab", Sent: 3, Repeats: 6, Loss: datasets.DropProbe, Nondet: datasets.MaskNondet, Filter: filter,
			Sources: datasets.DefaultSources(), SHA256: "abc",
		},
		Matrix: g.Matrix(nil),
	}
	if filter == datasets.FilterTrain {
		d.Lossy = []datasets.Pair{{Probe: 1, Machine: 0}}
	} else {
		d.Meta.LossyProbes = []int32{1}
	}
	return d
}

func TestDataOfADataset(t *testing.T) {
	d := experiments.Of("out/data", dataset(datasets.FilterAll))
	prone, err := d.Select(datasets.Prone)
	require.NoError(t, err)
	vetted, err := d.Select(datasets.Vetted)
	require.NoError(t, err)
	require.Equal(t, 3, prone.D)
	require.Less(t, vetted.D, prone.D, "raw checksums are prone")
	require.Nil(t, d.FilterTrain)

	require.EqualError(t, d.AlsoFiltered(dataset(datasets.FilterAll)), "data set out/data: filter all: want train")
	other := dataset(datasets.FilterTrain)
	other.Matrix.Machines[2].Name = "b9"
	require.EqualError(t, d.AlsoFiltered(other), "data set out/data: the one with filter train has other machines")

	require.NoError(t, d.AlsoFiltered(dataset(datasets.FilterTrain)))
	with, err := d.FilterTrain(datasets.Prone, []int32{0, 1, 2, 3})
	require.NoError(t, err)
	without, err := d.FilterTrain(datasets.Prone, []int32{2, 3, 4, 5})
	require.NoError(t, err)
	require.Equal(t, 3, with.D, "probe 1 is lossy on a training row")
	require.Equal(t, 4, without.D, "and not on these")
}

func TestFilterOfResults(t *testing.T) {
	ls := []learners.Configured{modulo}
	options := map[string]string{"hierarchies": "kernel", "folds": "3"}
	d := experiments.Of("out/data", dataset(datasets.FilterAll))
	require.NoError(t, d.AlsoFiltered(dataset(datasets.FilterTrain)))
	r, rows := runAccuracy(t, experiments.Input{Data: d, Learners: ls, Options: options})
	filters := make(map[string]int)
	for _, row := range rows {
		filters[row.Split+" "+row.Filter]++
	}
	require.Equal(t, map[string]int{"paper all": 6, "grouped all": 6, "grouped train": 6}, filters)
	require.Equal(t, experiments.Provenance{
		Data: "out/data", DataHash: "abc", Pool: "lab", Machines: 6, Real: 6, Groups: 3, Probes: 2, Dropped: 1, Repeats: 6,
		Policies: experiments.Policies{Loss: "drop-probe", Nondet: "mask", Filter: "all"},
	}, r.Provenance)
	require.Equal(t, experiments.WarnTransductive, r.Warnings[0].Code)

	r, rows = runAccuracy(t, experiments.Input{Data: experiments.Of("x", dataset(datasets.FilterTrain)), Learners: ls, Options: options})
	require.Len(t, rows, 12)
	for _, row := range rows {
		require.Equal(t, "train", row.Filter)
		require.False(t, row.Paper.Given(), "the paper's filter looked at all machines")
	}
	require.NotEqual(t, experiments.WarnTransductive, r.Warnings[0].Code)
}
