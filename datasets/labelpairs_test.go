package datasets

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// reachData is six machines of three labels, two images each, and four
// probes: what each cell holds is in the comments.
func reachData() *LabelPairs { return reachDataOf(TCPUrgent) }

// reachDataOf looks at some fields of it.
func reachDataOf(fields ...FieldID) *LabelPairs {
	var machines []Machine
	for i, label := range []string{"a", "a", "b", "b", "c", "c"} {
		l := [Levels]string{[]string{"x", "x", "x", "x", "y", "y"}[i], label, label}
		machines = append(machines, Machine{Name: fmt.Sprint(i), Group: fmt.Sprint("image", i), Labels: Labels{Kernel: l, Distribution: l}})
	}
	g := NewGrouper(machines)
	const none, missing = -1, -2
	add := func(probe int32, field FieldID, cells ...int) {
		codes, values, at := make([]Code, len(cells)), []Value{}, map[int]Code{}
		for i, v := range cells {
			if v == missing {
				codes[i] = Missing
				continue
			}
			code, ok := at[v]
			if !ok {
				code = Code(len(values))
				at[v] = code
				value := Value{State: Present, Number: uint64(max(v, 0))}
				if v == none {
					value = Value{State: Absent}
				}
				values = append(values, value)
			}
			codes[i] = code
		}
		g.Add(Column{Probe: probe, Field: field}, codes, values)
	}
	tcp, silent := int(KindTCP), int(KindNone)
	// Probe 0 tells a from b and c from both.
	add(0, AnswerKind, tcp, tcp, tcp, tcp, tcp, tcp)
	add(0, TCPUrgent, 1, 1, 2, 2, 3, 3)
	// Probe 1: the second b is behind a firewall, whose silence says nothing;
	// and one b with a value of its own is half of b.
	add(1, AnswerKind, tcp, tcp, tcp, silent, tcp, tcp)
	add(1, TCPUrgent, 1, 1, 2, none, 1, 1)
	// Probe 2: a shares a value with b, and c is missing on both machines.
	add(2, AnswerKind, tcp, tcp, tcp, tcp, tcp, tcp)
	add(2, TCPUrgent, 1, 2, 2, 2, missing, missing)
	// Probe 3 differs in a prone field and in the kind of answer alone.
	add(3, AnswerKind, tcp, tcp, silent, silent, silent, silent)
	add(3, TCPWindow, 1, 1, 2, 2, 3, 3)
	add(3, TCPUrgent, 0, 0, none, none, none, none)
	var in [NumAllFields]bool
	for _, f := range fields {
		in[f] = true
	}
	return NewLabelPairs(g.Matrix(nil), Kernel, 2, in)
}

func TestLabelPairs(t *testing.T) {
	l := reachData()
	require.Equal(t, [][2]int32{{0, 1}, {0, 2}, {1, 2}}, l.Pairs)
	told := map[int32]string{}
	all := []int32{0, 1, 2, 3, 4, 5}
	for i := range l.features {
		for _, p := range l.probes[i] {
			told[p] += fmt.Sprintf("%03b", l.tells(&l.features[i], all)[0])
		}
	}
	// Bits: bc, ac, ab.
	require.Equal(t, map[int32]string{0: "111", 1: "101", 2: "000", 3: "000"}, told)
	require.Equal(t, PairSet{7}, l.Told(all))
	probes, sets := l.ByProbe(all)
	require.Equal(t, []int32{0, 1}, probes)
	require.Equal(t, []PairSet{{7}, {5}}, sets)

	// On the first machine of each label, probe 2 tells a from b too; on the
	// second ones that is wrong, but two of three fields outvote it.
	search, test := []int32{0, 2, 4}, []int32{1, 3, 5}
	found := l.Told(search)
	require.Equal(t, PairSet{7}, found)
	require.Equal(t, PairSet{7}, l.Survivors(search, test, found))
	// The other way round b's second machine, silent in probe 1 and alike a in
	// probe 2, leaves probe 0 alone.
	found = l.Told(test)
	require.Equal(t, PairSet{7}, found)
	require.Equal(t, PairSet{7}, l.Survivors(test, search, found))
	require.True(t, l.Asks(search, test, 2))
	require.False(t, l.Asks(search, []int32{1, 3}, 2))

	// Labels of one value: the first machine of a, and b, in probe 2.
	l.Uniform = true
	require.Equal(t, PairSet{7}, l.Told(all))
	require.Equal(t, PairSet{1}, l.tells(&feature{l.features[0].codes, l.features[1].evidence}, []int32{0, 1, 2}))
	mixed := feature{[]Code{0, 1, 2, 2, 3, 3}, []bool{true, true, true, true, true, true}}
	require.Equal(t, PairSet{4}, l.tells(&mixed, all), "a has two values")
	require.Equal(t, []string{"x", "x", "y"}, l.Families(Kernel))
}

// TestLabelPairsOfSomeProbes: what some probes tell is what each of them does.
func TestLabelPairsOfSomeProbes(t *testing.T) {
	l := reachData()
	all := []int32{0, 1, 2, 3, 4, 5}
	for probes, want := range map[string]PairSet{"": {0}, "0": {7}, "1": {5}, "2 3": {0}, "1 2 7": {5}} {
		var of []int32
		for _, word := range strings.Fields(probes) {
			n, err := strconv.Atoi(word)
			require.NoError(t, err)
			of = append(of, int32(n))
		}
		require.Equal(t, want, l.Of(of).Told(all), probes)
	}
	require.Equal(t, PairSet{7}, l.Told(all), "it is as it was")
}

// TestSurvivorsMayFail: what tells two labels apart on some machines and not
// on others does not survive.
func TestSurvivorsMayFail(t *testing.T) {
	l := reachData().Of([]int32{2})
	search, test := []int32{0, 2, 4}, []int32{1, 3, 5}
	found := l.Told(search)
	require.Equal(t, PairSet{1}, found)
	require.Equal(t, PairSet{0}, l.Survivors(search, test, found))
}

// TestHalves: a group is on one side, and each label with two groups on both.
func TestHalves(t *testing.T) {
	labels, groups := []int32{0, 0, 0, 1, 1, 2}, []int32{0, 0, 1, 2, 3, 4}
	for seed := range uint64(20) {
		search, test := HalfOf(labels, groups, rand.New(rand.NewPCG(seed, 1)))
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

// Whether a machine answers is a feature where it is asked for: probe 3 tells a
// from b and c by that alone, and what one b's firewall keeps back tells nothing.
func TestSilenceTellsLabelsApartWhereAsked(t *testing.T) {
	every := []int32{0, 1, 2, 3, 4, 5}
	for _, c := range []struct {
		fields []FieldID
		want   map[int32][]int // pairs by probe
	}{
		{[]FieldID{TCPUrgent}, map[int32][]int{0: {0, 1, 2}, 1: {0, 2}}},
		{[]FieldID{AnswerKind}, map[int32][]int{3: {0, 1}}},
		{[]FieldID{TCPUrgent, AnswerKind}, map[int32][]int{0: {0, 1, 2}, 1: {0, 2}, 3: {0, 1}}},
	} {
		probes, told := reachDataOf(c.fields...).ByProbe(every)
		have := map[int32][]int{}
		for i, probe := range probes {
			for pair := range 3 {
				if told[i].Has(pair) {
					have[probe] = append(have[probe], pair)
				}
			}
		}
		require.Equal(t, c.want, have, "%v", c.fields)
	}
}
