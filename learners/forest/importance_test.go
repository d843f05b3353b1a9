package forest_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
	"tickle/learners/forest"
	"tickle/learners/learnertest"
	"tickle/learners/peers"
)

// copies is data in which the TTL of each of 24 probes says the class,
// but for 4 % of its cells, and the window says nothing.
func copies() *learnertest.Data {
	const rows, probes = 150, 24
	rng := rand.New(rand.NewPCG(1, 2))
	d := &learnertest.Data{Classes: []string{"a", "b", "c"}}
	for range rows {
		d.Labels = append(d.Labels, rng.Int32N(3))
	}
	g := datasets.NewGrouper(make([]datasets.Machine, rows))
	for p := range int32(probes) {
		for _, field := range []datasets.FieldID{datasets.IPTTL, datasets.TCPWindow} {
			codes := map[int32]datasets.Code{}
			var cells []datasets.Code
			var values []datasets.Value
			for r := range rows {
				v := d.Labels[r]
				if field != datasets.IPTTL || rng.Float64() < .06 {
					v = rng.Int32N(3)
				}
				if _, ok := codes[v]; !ok {
					codes[v] = datasets.Code(len(values))
					values = append(values, datasets.Value{State: datasets.Present, Number: uint64(v)})
				}
				cells = append(cells, codes[v])
			}
			g.Add(datasets.Column{Probe: p, Field: field}, cells, values)
		}
	}
	d.Selection = g.Matrix(nil).All()
	return d
}

func TestImportance(t *testing.T) {
	d := copies()
	for _, spec := range []string{"forest", "forest:like=sklearn", "forest:rng=weka"} {
		m := learnertest.Fit(t, learner(t, spec), d.Train(nil)).(*forest.Model)
		gains := m.ImportanceByGain()
		byField := map[datasets.FieldID]float64{}
		for i, g := range gains {
			byField[d.Columns[g.Column].Field] += g.Value
			if i > 0 {
				require.LessOrEqual(t, g.Value, gains[i-1].Value)
			}
		}
		require.Greater(t, byField[datasets.IPTTL], 10*byField[datasets.TCPWindow], spec)
		// The bags' class entropy, log₂ 3 at most, or their Gini impurity,
		// 2/3 at most, is nearly all explained.
		most := 1.585
		if spec == "forest:like=sklearn" {
			most = 2. / 3
		}
		require.InDelta(t, most, byField[datasets.IPTTL]+byField[datasets.TCPWindow], .05, spec)

		group, groups := m.Fields()
		p := forest.Permutation{Group: group, Groups: groups, Seed: 3}
		falls, err := m.ImportanceByPermutation(context.Background(), p)
		require.NoError(t, err)
		// All probes' TTLs together: from all right to a third.
		require.InDelta(t, 2./3, falls[datasets.IPTTL], .1, spec)
		require.InDelta(t, 0, falls[datasets.TCPWindow], .03, spec)
		p.Workers = 1
		again, err := m.ImportanceByPermutation(context.Background(), p)
		require.NoError(t, err)
		require.Equal(t, falls, again)
		// One column alone is hardly missed, for the others say the same.
		p.Group, p.Groups = func(id attributes.ID) int { return int(id) }, d.D
		alone, err := m.ImportanceByPermutation(context.Background(), p)
		require.NoError(t, err)
		for _, fall := range alone {
			require.InDelta(t, 0, fall, .1, spec)
		}
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		_, err = m.ImportanceByPermutation(ended, p)
		require.ErrorIs(t, err, context.Canceled)
	}
}

func TestSklearnWantsNumbers(t *testing.T) {
	d := peers.Make(peers.Mix{Rows: 40, Classes: 2, Nominal: 2, Numeric: 2, Missing: .2, Noise: .1, Seed: 1})
	_, err := learner(t, "forest:like=sklearn").Fit(context.Background(), d.Train(nil))
	require.ErrorContains(t, err, "want a number: scikit-learn's forest takes no missing ones")
	_, err = learners.NewRegistry(forest.Entry()).Parse("forest:like=wekka")
	require.ErrorContains(t, err, `the nearest is "weka"`)
}
