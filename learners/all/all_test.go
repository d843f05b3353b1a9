package all_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/all"
	"tickle/learners/learnertest"
)

// TestSomeColumns: a learner that walks columns one by one, as Weka does,
// reads of a selection with some columns of a partition those, and no others.
func TestSomeColumns(t *testing.T) {
	d := learnertest.Synthetic(learnertest.Shape{Rows: 80, Columns: 120, Classes: 4, Behaviours: 3, Constant: .2, Missing: .01, Seed: 5})
	keep := func(c int) bool { return c%3 != 1 }
	some := &learnertest.Data{Selection: d.Select(keep), Labels: d.Labels, Classes: d.Classes}
	g := datasets.NewGrouper(d.Machines)
	for c, column := range d.Columns {
		if keep(c) {
			g.Add(column, d.Codes(d.Part[c]), d.Values(c))
		}
	}
	alone := &learnertest.Data{Selection: g.Matrix(nil).All(), Labels: d.Labels, Classes: d.Classes}
	require.Less(t, len(some.IDs), some.D)
	list, err := all.Registry().Parse("forest:rng=weka,trees=5;jrip:rng=weka")
	require.NoError(t, err)
	for _, l := range list {
		want := learnertest.PredictAll(t, learnertest.Fit(t, l.Learner, alone.Train(nil)), alone)
		require.Equal(t, want, learnertest.PredictAll(t, learnertest.Fit(t, l.Learner, some.Train(nil)), some), l.Label)
	}
}

// TestRegistry: every learner and detector has a summary and documented options, and is
// made with its defaults.
func TestRegistry(t *testing.T) {
	for _, r := range []*learners.Registry{all.Registry(), all.Novelty()} {
		checkEntries(t, r)
	}
}

func checkEntries(t *testing.T, r *learners.Registry) {
	for _, e := range r.Entries() {
		require.NotEmpty(t, e.Summary, e.Name)
		for _, o := range e.Options {
			require.NotEmpty(t, o.Doc, e.Name+": "+o.Name)
		}
		list, err := r.Parse(e.Name)
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Empty(t, list[0].Options)
	}
}
