package experiments_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/experiments"
	"tickle/learners"
)

// aware is sure of classes that it was trained on, and unsure of all others.
var aware = configured("aware", fake{learners.Probability, func(t *learners.Train, row int32) learners.Prediction {
	for _, r := range t.Rows {
		if t.Labels[r] == t.Labels[row] {
			return certain(t.Labels[row], len(t.Classes))
		}
	}
	p := learners.Prediction{Scores: make([]float64, len(t.Classes))}
	for i := range p.Scores {
		p.Scores[i] = 1 / float64(len(p.Scores))
	}
	return p
}})

func noveltyRows(t *testing.T, in experiments.Input) (*experiments.Result, []experiments.NoveltyRow) {
	t.Helper()
	entry, err := experiments.Find("novelty")
	require.NoError(t, err)
	r, err := experiments.Run(context.Background(), entry, &in)
	require.NoError(t, err)
	rows, err := experiments.RowsOf[experiments.NoveltyRow](r)
	require.NoError(t, err)
	return r, rows
}

// TestNoveltyOfWhoKnows: a learner that knows what it has not met tells all.
func TestNoveltyOfWhoKnows(t *testing.T) {
	_, rows := noveltyRows(t, experiments.Input{Data: synthetic(6, 5, 3), Seed: 1, Learners: []learners.Configured{aware},
		Options: map[string]string{"rules": "certainty", "sets": "4"}})
	families := map[string]bool{}
	for _, r := range rows {
		if r.Kind == experiments.NoveltyPoint {
			continue
		}
		families[r.Unknown] = true
		require.EqualValues(t, 1, r.AUROC, r.Unknown)
		require.EqualValues(t, 1, r.OSCR, r.Unknown)
		require.EqualValues(t, 0, r.FPR95, r.Unknown)
		require.EqualValues(t, 1, r.Known, r.Unknown)
		require.EqualValues(t, 0, r.Accepted, r.Unknown)
		require.EqualValues(t, 1, r.Right, r.Unknown)
		require.EqualValues(t, 0, r.LeaveAccepted, r.Unknown)
	}
	require.Equal(t, map[string]bool{"os0": true, "os1": true, "os2": true, experiments.RandomSets: true}, families)
}

// TestNoveltyFromPredictions computes areas and errors again from the single
// judgements, pair by pair.
func TestNoveltyFromPredictions(t *testing.T) {
	in := experiments.Input{Data: synthetic(6, 5, 3), Seed: 1, Learners: []learners.Configured{modulo}, Options: map[string]string{"sets": "1"}}
	r, rows := noveltyRows(t, in)
	for _, row := range rows {
		if row.Kind == experiments.NoveltyPoint {
			continue
		}
		var known, unknown []experiments.Prediction
		for _, p := range r.Predictions {
			require.NotNil(t, p.Novelty)
			switch {
			case p.Rule != row.Rule || p.Split != "unknown:"+row.Unknown:
			case p.ClassSeen:
				known = append(known, p)
			default:
				unknown = append(unknown, p)
			}
		}
		require.Len(t, known, row.N)
		require.Len(t, unknown, row.NUnknown)
		wins, oscr := 0.0, 0.0
		for _, k := range known {
			for _, u := range unknown {
				won := 0.0
				switch {
				case *u.Novelty > *k.Novelty:
					won = 1
				case *u.Novelty == *k.Novelty:
					won = 0.5
				}
				wins += won
				if k.Predicted != nil && *k.Predicted == k.Truth {
					oscr += won
				}
			}
		}
		pairs := float64(len(known) * len(unknown))
		require.InDelta(t, wins/pairs, float64(row.AUROC), 1e-12, "%s, unknown %s", row.Rule, row.Unknown)
		// A threshold accepts a known machine before an unknown one exactly
		// when the unknown is stranger: OSCR counts the pairs whose known
		// machine is named right.
		require.InDelta(t, oscr/pairs, float64(row.OSCR), 1e-12, "%s, unknown %s", row.Rule, row.Unknown)
	}
}

// TestNoveltyTrainsOnNoUnknown: no fit, inner ones included, sees a row of an
// unknown class, and the result does not depend on the number of goroutines.
func TestNoveltyTrainsOnNoUnknown(t *testing.T) {
	in := experiments.Input{Data: synthetic(6, 5, 3), Seed: 3, Learners: []learners.Configured{aware, modulo}, Options: map[string]string{"sets": "3", "fields": "prone,vetted"}}
	r, rows := noveltyRows(t, in)
	in.Workers = 3
	again, same := noveltyRows(t, in)
	require.Equal(t, fmt.Sprint(rows), fmt.Sprint(same)) // n/a is not equal to itself
	require.Equal(t, r.Predictions, again.Predictions)
	require.Equal(t, r.Assignments, again.Assignments)
	type part struct {
		split        string
		repeat, fold int
		machine      string
	}
	role := map[part]experiments.Role{}
	for _, a := range r.Assignments {
		role[part{a.Split, a.Repeat, a.Fold, a.Machine}] = a.Role
	}
	for _, p := range r.Predictions {
		require.Equal(t, experiments.TestRole, role[part{p.Split, int(p.Repeat), int(p.Fold), p.Machine}])
		// Each class has several groups here: a class that one fold has not seen
		// is unknown, and no fold trains on its machines.
		for fold := range 3 {
			trained := role[part{p.Split, int(p.Repeat), fold, p.Machine}] == experiments.TrainRole
			require.Equal(t, p.ClassSeen && fold != int(p.Fold), trained, "%s, fold %d of %s", p.Machine, fold, p.Split)
		}
		if p.Learner == "aware" && p.Rule == "certainty" {
			require.Equal(t, p.ClassSeen, *p.Novelty == -1, "%s of %s under %s", p.Machine, p.Truth, p.Split)
		}
	}
}

func TestNoveltyRefuses(t *testing.T) {
	entry, err := experiments.Find("novelty")
	require.NoError(t, err)
	for _, c := range []struct{ option, value, want string }{
		{"rules", "psychic", "experiment novelty: option rules=psychic: want certainty, lof, mahalanobis"},
		{"folds", "1", "experiment novelty: option folds=1: want a whole number from 2 on"},
		{"unknown", "2", "experiment novelty: option unknown=2: want a number above 0 and at most 1"},
		{"constant", "NaN", "experiment novelty: option constant=NaN: want a finite number"},
	} {
		_, err := experiments.Run(context.Background(), entry, &experiments.Input{Data: synthetic(3, 3, 2), Learners: []learners.Configured{aware}, Options: map[string]string{c.option: c.value}})
		require.EqualError(t, err, c.want)
	}
	_, err = experiments.Run(context.Background(), entry, &experiments.Input{Data: synthetic(3, 3, 2)})
	require.EqualError(t, err, "experiment novelty: no learners: want one at least that is not majority")
	// Two classes: none can be unknown with two known.
	r, rows := noveltyRows(t, experiments.Input{Data: synthetic(2, 3, 2), Learners: []learners.Configured{aware}})
	require.Empty(t, rows)
	require.Equal(t, experiments.WarnFewClasses, r.Warnings[len(r.Warnings)-1].Code)
}
