package jrip_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/jrip"
	"tickle/learners/learnertest"
	"tickle/learners/peers"
)

// TestWeka holds rules and predictions to those of Weka's JRip, seed by seed.
func TestWeka(t *testing.T) {
	nominal := peers.Mix{Rows: 180, Classes: 6, Nominal: 16, Values: 5, Noise: .15, Repeats: 4, Constant: 2, Seed: 21}
	missing := peers.Mix{Rows: 150, Classes: 4, Nominal: 10, Values: 4, Noise: .2, Missing: .15, Seed: 22}
	mixed := peers.Mix{Rows: 160, Classes: 5, Nominal: 5, Numeric: 5, Values: 4, Noise: .2, Missing: .1, Grid: 1, Seed: 23}
	type run struct {
		name string
		mix  peers.Mix
		seed uint64
		spec string
		args []string
	}
	runs := []run{
		{"jrip-twofolds", mixed, 1, ",folds=2,optimise=1", []string{"-F", "2", "-O", "1"}},
		{"jrip-unpruned", nominal, 1, ",unpruned=true", []string{"-P"}},
		{"jrip-noerrors", missing, 1, ",errors=false,weight=1", []string{"-E", "-N", "1"}},
		{"jrip-numeric", peers.Mix{Rows: 150, Classes: 4, Numeric: 6, Noise: .2, Seed: 24}, 7, "", nil},
		{"jrip-small", peers.Mix{Rows: 30, Classes: 4, Nominal: 4, Numeric: 2, Values: 3, Noise: .4, Missing: .1, Seed: 25}, 1, "", nil},
	}
	for seed := uint64(1); seed <= 4; seed++ {
		runs = append(runs,
			run{fmt.Sprintf("jrip-nominal%d", seed), nominal, seed, "", nil},
			run{fmt.Sprintf("jrip-mixed%d", seed), mixed, seed, "", nil})
	}
	runs = append(runs, run{"jrip-missing", missing, 3, "", nil})
	// With little to learn, rules are pruned to nothing and removed.
	noise := peers.Mix{Rows: 45, Classes: 3, Nominal: 5, Numeric: 2, Values: 3, Noise: .8, Missing: .1, Grid: 1, Seed: 26}
	for seed := uint64(1); seed <= 5; seed++ {
		runs = append(runs, run{fmt.Sprintf("jrip-noise%d", seed), noise, seed, "", nil})
	}
	for _, c := range runs {
		t.Run(c.name, func(t *testing.T) {
			k := peers.Case{
				Name: c.name, Class: "weka.classifiers.rules.JRip", Mix: c.mix,
				Options: append(c.args, "-S", fmt.Sprint(c.seed)),
			}
			want := peers.Weka(t, k)
			d, rows, test := k.Data()
			train := d.Train(rows)
			train.Seed = c.seed
			m := learnertest.Fit(t, learner(t, "jrip:rng=weka"+c.spec), train).(*jrip.Model)
			require.Equal(t, rules(want.Model), m.Text())
			for i, r := range test {
				p := m.Predict(r)
				require.Equal(t, want.Predictions[i].Class, p.Class, "row %d", r)
				require.InDeltaSlice(t, want.Predictions[i].Scores, p.Scores, 5.1e-4, "row %d", r)
			}
		})
	}
}

// rules are the rules in what Weka printed, in our form.
func rules(text string) string {
	_, text, _ = strings.Cut(text, "===========\n\n")
	text, _, _ = strings.Cut(text, "\nNumber of Rules")
	text = strings.NewReplacer("=> class=", "=> ", ".0/", "/", ".0)\n", ")\n").Replace(text)
	return strings.ReplaceAll("\n"+text, "\n =>", "\n=>")[1:]
}
