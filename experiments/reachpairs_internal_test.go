package experiments

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/majority"
)

// reachData is six machines of three labels, two images each, and four
// probes: what each cell holds is in the comments.
func reachData() (*Data, []int32) {
	var machines []datasets.Machine
	for i, label := range []string{"a", "a", "b", "b", "c", "c"} {
		l := [datasets.Levels]string{[]string{"x", "x", "x", "x", "y", "y"}[i], label, label}
		machines = append(machines, datasets.Machine{Name: fmt.Sprint(i), Group: fmt.Sprint("image", i), Labels: datasets.Labels{Kernel: l, Distribution: l}})
	}
	g := datasets.NewGrouper(machines)
	const none, missing = -1, -2
	add := func(probe int32, field datasets.FieldID, cells ...int) {
		codes, values, at := make([]datasets.Code, len(cells)), []datasets.Value{}, map[int]datasets.Code{}
		for i, v := range cells {
			if v == missing {
				codes[i] = datasets.Missing
				continue
			}
			code, ok := at[v]
			if !ok {
				code = datasets.Code(len(values))
				at[v] = code
				value := datasets.Value{State: datasets.Present, Number: uint64(max(v, 0))}
				if v == none {
					value = datasets.Value{State: datasets.Absent}
				}
				values = append(values, value)
			}
			codes[i] = code
		}
		g.Add(datasets.Column{Probe: probe, Field: field}, codes, values)
	}
	tcp, silent := int(datasets.KindTCP), int(datasets.KindNone)
	// Probe 0 tells a from b and c from both.
	add(0, datasets.AnswerKind, tcp, tcp, tcp, tcp, tcp, tcp)
	add(0, datasets.TCPUrgent, 1, 1, 2, 2, 3, 3)
	// Probe 1: the second b is behind a firewall, whose silence says nothing;
	// and one b with a value of its own is half of b.
	add(1, datasets.AnswerKind, tcp, tcp, tcp, silent, tcp, tcp)
	add(1, datasets.TCPUrgent, 1, 1, 2, none, 1, 1)
	// Probe 2: a shares a value with b, and c is missing on both machines.
	add(2, datasets.AnswerKind, tcp, tcp, tcp, tcp, tcp, tcp)
	add(2, datasets.TCPUrgent, 1, 2, 2, 2, missing, missing)
	// Probe 3 differs in a prone field and in the kind of answer alone.
	add(3, datasets.AnswerKind, tcp, tcp, silent, silent, silent, silent)
	add(3, datasets.TCPWindow, 1, 1, 2, 2, 3, 3)
	add(3, datasets.TCPUrgent, 0, 0, none, none, none, none)
	d := &datasets.Dataset{Meta: datasets.Meta{Pool: "p", Sent: 4, Repeats: 6, Sources: datasets.DefaultSources()}, Matrix: g.Matrix(nil)}
	labels, _ := labelsOf(d.Matrix, datasets.Kernel, 2)
	return Of("reach", d), labels
}

func TestLabelPairs(t *testing.T) {
	d, labels := reachData()
	l := newLabelPairs(d, labels, 3)
	require.Equal(t, [][2]int32{{0, 1}, {0, 2}, {1, 2}}, l.pairs)
	told := map[int32]string{}
	all := []int32{0, 1, 2, 3, 4, 5}
	for i := range l.features {
		for _, p := range l.probes[i] {
			told[p] += fmt.Sprintf("%03b", l.tells(&l.features[i], all)[0])
		}
	}
	// Bits: bc, ac, ab.
	require.Equal(t, map[int32]string{0: "111", 1: "101", 2: "000", 3: "000"}, told)
	require.Equal(t, pairSet{7}, l.told(all))
	require.Len(t, l.byProbe(), 2)

	// On the first machine of each label, probe 2 tells a from b too; on the
	// second ones that is wrong, but two of three fields outvote it.
	search, test := []int32{0, 2, 4}, []int32{1, 3, 5}
	found := l.told(search)
	require.Equal(t, pairSet{7}, found)
	require.Equal(t, pairSet{7}, l.survivors(search, test, found))
	// The other way round b's second machine, silent in probe 1 and alike a in
	// probe 2, leaves probe 0 alone.
	found = l.told(test)
	require.Equal(t, pairSet{7}, found)
	require.Equal(t, pairSet{7}, l.survivors(test, search, found))
	require.Equal(t, 3, l.count(search, test, func(int) bool { return true }))
	require.Equal(t, 1, l.count(search, []int32{1, 3}, func(int) bool { return true }))
	require.Equal(t, []string{AllPairs, "x"}, scopesOf(l.families(datasets.Kernel)))
}

// TestSurvivorsMayFail: what tells two labels apart on some machines and not
// on others does not survive.
func TestSurvivorsMayFail(t *testing.T) {
	d, labels := reachData()
	l := newLabelPairs(d, labels, 3)
	var shared []feature
	var probes [][]int32
	for i := range l.features {
		if l.probes[i][0] == 2 {
			shared, probes = append(shared, l.features[i]), append(probes, l.probes[i])
		}
	}
	l.features, l.probes = shared, probes
	search, test := []int32{0, 2, 4}, []int32{1, 3, 5}
	found := l.told(search)
	require.Equal(t, pairSet{1}, found)
	require.Equal(t, pairSet{0}, l.survivors(search, test, found))
}

// TestHalves: a group is on one side, and each label with two groups on both.
func TestHalves(t *testing.T) {
	labels, groups := []int32{0, 0, 0, 1, 1, 2}, []int32{0, 0, 1, 2, 3, 4}
	for seed := range uint64(20) {
		search, test := halfOf(labels, groups, rand.New(rand.NewPCG(seed, 1)))
		require.Len(t, append(search, test...), 6)
		side := map[int32]bool{}
		for _, r := range search {
			side[groups[r]] = true
		}
		for _, r := range test {
			require.False(t, side[groups[r]], "group %d on both sides", groups[r])
		}
		require.True(t, side[4], "a label of one group is searched")
		require.NotEqual(t, side[2], side[3])
	}
}

// TestReachOfTheRecordedLab: the last point of a curve is what all probes
// tell, and nothing depends on the number of goroutines.
func TestReachOfTheRecordedLab(t *testing.T) {
	const run = "../testdata/lab/run"
	d, err := datasets.Build(context.Background(), run, datasets.BuildOptions{})
	require.NoError(t, err)
	ls, err := learners.NewRegistry(majority.Entry()).Parse("majority")
	require.NoError(t, err)
	ls[0].Name = "floor" // experiments leave majority out
	of := func(workers int) []ReachRow {
		r, err := Run(context.Background(), &reach, &Input{Data: Of("lab", d), Run: run, Learners: ls, Seed: 1, Workers: workers,
			Options: map[string]string{"subsets": "20", "halves": "3", "plans": "random,dialogue"}})
		require.NoError(t, err)
		require.Contains(t, r.Warnings, Warning{Code: WarnNoPlan, Text: run + ` has no plan "dialogue": its probes are not compared`})
		return r.Rows.([]ReachRow)
	}
	rows := of(1)
	require.Equal(t, fmt.Sprint(rows), fmt.Sprint(of(3)))
	last := map[string]ReachRow{}
	for _, row := range rows {
		switch {
		case row.Kind == ReachCurve:
			last[row.Scope] = row
		case row.Kind == ReachPairs && row.Test == AllMachines:
			require.InDelta(t, float64(row.Told), float64(last[row.Scope].Told), 1e-9, row.Scope)
			require.EqualValues(t, row.Told, last[row.Scope].ToldLow)
			require.Equal(t, row.Packets, last[row.Scope].Packets)
		}
	}
	require.Contains(t, last, "Linux")
	require.Equal(t, 28, last["Linux"].Pairs)
}
