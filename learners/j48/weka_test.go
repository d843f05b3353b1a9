package j48_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/j48"
	"tickle/learners/learnertest"
	"tickle/learners/peers"
)

// TestWeka holds trees and predictions to those of Weka's J48.
func TestWeka(t *testing.T) {
	mixed := peers.Mix{Rows: 150, Classes: 5, Nominal: 6, Numeric: 4, Values: 4, Noise: .25, Missing: .1, Seed: 14}
	small := peers.Mix{Rows: 45, Classes: 3, Nominal: 5, Numeric: 2, Values: 3, Noise: .5, Missing: .15, Grid: 1, Seed: 15}
	many := peers.Mix{Rows: 60, Classes: 4, Nominal: 6, Values: 40, Noise: .3, Seed: 16}
	for _, c := range []struct {
		spec    string
		options []string
		peers.Case
	}{
		{"j48", nil, peers.Case{Name: "j48-nominal", Mix: peers.Mix{Rows: 150, Classes: 6, Nominal: 14, Values: 4, Noise: .2, Repeats: 4, Constant: 2, Seed: 11}}},
		{"j48", nil, peers.Case{Name: "j48-missing", Mix: peers.Mix{Rows: 150, Classes: 5, Nominal: 10, Values: 4, Noise: .2, Missing: .15, Repeats: 2, Seed: 12}}},
		{"j48", nil, peers.Case{Name: "j48-numeric", Mix: peers.Mix{Rows: 150, Classes: 5, Numeric: 5, Noise: .2, Seed: 13}}},
		{"j48", nil, peers.Case{Name: "j48-mixed", Mix: mixed}},
		{"j48", nil, peers.Case{Name: "j48-small", Mix: small}},
		{"j48", nil, peers.Case{Name: "j48-manyvalues", Mix: many}},
		{"j48:unpruned=true", []string{"-U"}, peers.Case{Name: "j48-unpruned", Mix: mixed}},
		{"j48:raising=false", []string{"-S"}, peers.Case{Name: "j48-noraising", Mix: mixed}},
		{"j48:confidence=0.05,leaf=5", []string{"-C", "0.05", "-M", "5"}, peers.Case{Name: "j48-confidence", Mix: mixed}},
		{"j48:binary=true", []string{"-B"}, peers.Case{Name: "j48-binary", Mix: mixed}},
		{"j48:binary=true", []string{"-B"}, peers.Case{Name: "j48-binarymany", Mix: many}},
		{"j48:laplace=true", []string{"-A"}, peers.Case{Name: "j48-laplace", Mix: mixed}},
		{"j48:unpruned=true,leaf=1,laplace=true", []string{"-U", "-M", "1", "-A"}, peers.Case{Name: "j48-leaf1", Mix: small}},
	} {
		t.Run(c.Name, func(t *testing.T) {
			c.Class, c.Case.Options = "weka.classifiers.trees.J48", c.options
			want := peers.Weka(t, c.Case)
			d, train, test := c.Data()
			m := learnertest.Fit(t, learner(t, c.spec), d.Train(train)).(*j48.Model)
			require.Equal(t, tree(want.Model), m.Text())
			leaves, nodes := m.Size()
			require.Contains(t, want.Model, fmt.Sprintf("Number of Leaves  : \t%d\n\nSize of the tree : \t%d\n", leaves, nodes))
			for i, r := range test {
				p, w := m.Predict(r), want.Predictions[i]
				require.InDeltaSlice(t, w.Scores, p.Scores, 5.1e-4, "row %d", r)
				// Weka labels by the scores without Laplace's correction, we by
				// those that we give.
				if c.spec != "j48:laplace=true" || w.Scores[w.Class] == slices.Max(w.Scores) {
					require.Equal(t, w.Class, p.Class, "row %d", r)
				}
			}
		})
	}
}

// tree is the tree in what Weka printed.
func tree(text string) string {
	_, text, _ = strings.Cut(text, "------------------\n")
	text, _, _ = strings.Cut(text, "\nNumber of Leaves")
	return strings.TrimLeft(text, "\n")
}
