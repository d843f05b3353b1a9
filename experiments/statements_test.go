package experiments

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
)

// Every column that a statement asks for is one of its experiment's.
func TestStatementsAskForWhatThereIs(t *testing.T) {
	list, err := readStatements(statementsText)
	require.NoError(t, err)
	for _, s := range list {
		if s.Paired != nil {
			require.Equal(t, "accuracy", s.Paired.Experiment)
			sum := 0
			for _, term := range s.Paired.Terms {
				sum += term.Sign
			}
			require.Zero(t, sum, "%s is no contrast", s.ID)
			continue
		}
		e, err := Find(s.Rows.Experiment)
		require.NoError(t, err)
		var names []string
		for _, c := range ColumnsOf(e.Rows) {
			names = append(names, c.Name)
		}
		for _, term := range []*rowTerm{&s.Rows.A, s.Rows.B} {
			if term == nil {
				continue
			}
			for _, column := range append(sortedKeys(term.Where), term.Column, term.Low, term.High, term.Last) {
				require.True(t, column == "" || slices.Contains(names, column), "%s: %s has no column %q", s.ID, e.Name, column)
			}
		}
	}
}

func TestStatementsRefuseWhatIsNone(t *testing.T) {
	for text, want := range map[string]string{
		"statements: [{id: a, text: b, quantity: c, pool: any}]":                           "want either paired or rows",
		"statements: [{id: a, text: b, quantity: c, pool: all, rows: {experiment: bias}}]": "want any or real",
		"statements: [{text: b}]": "want one that no other has",
		"statements: [{id: a, text: b, quantity: c, pool: any, margin: 0.5, paired: {terms: []}}]": "want two terms of signs 1 and -1",
		"statements: [{id: a, text: b, quantity: c, pool: any, paired: {term: []}}]":               "term",
	} {
		_, err := readStatements([]byte(text))
		require.ErrorContains(t, err, want)
	}
}

func TestVerdicts(t *testing.T) {
	tested := func(beyond bool) *finding { return &finding{p: 0.01, beyond: beyond, n: 9, groups: 8} }
	counted := func(beyond, certain bool) *finding { return &finding{p: math.NaN(), beyond: beyond, certain: certain} }
	for _, c := range []struct {
		f        *finding
		p        float64
		modelled bool
		want     string
	}{
		{tested(true), 0.04, false, Holds}, {tested(true), 0.04, true, Reproduced}, {tested(false), 0.04, false, DoesNotHold},
		{tested(false), 0.04, true, NotReproduced}, {tested(true), 0.05, false, CannotTell},
		{counted(true, true), math.NaN(), false, Holds}, {counted(false, true), math.NaN(), true, NotReproduced}, {counted(true, false), math.NaN(), true, CannotTell},
	} {
		got, why := verdict(c.f, c.p, c.modelled)
		require.Equal(t, c.want, got)
		require.NotEmpty(t, why)
	}
}

// accuracyOf writes an accuracy result in which the forest is right on the
// first right machines of 40 in each cell.
func accuracyOf(t *testing.T, dir string, p Provenance, right map[string]int) {
	t.Helper()
	r := &Result{Schema: Schema, Experiment: "accuracy", Rows: []AccuracyRow{}, Provenance: p}
	yes, no := "yes", "no"
	for _, cell := range sortedKeys(right) {
		var hierarchy, fields string
		var level int32
		_, err := fmt.Sscan(cell, &hierarchy, &level, &fields)
		require.NoError(t, err)
		for i := range 40 {
			q := Prediction{Hierarchy: hierarchy, Level: level, Learner: "forest", Fields: fields, Split: "paper", Filter: "all", Fold: int32(i % 10), Machine: fmt.Sprint(i), Group: fmt.Sprint(i / 2), Truth: yes, Predicted: &no}
			if i < right[cell] {
				q.Predicted = &yes
			}
			r.Predictions = append(r.Predictions, q)
		}
	}
	require.NoError(t, r.Write(filepath.Join(dir, "accuracy")))
}

func judgeAll(t *testing.T, dir string) map[string]StatementRow {
	t.Helper()
	in := &Input{Data: &Data{Matrix: &datasets.Matrix{}, Origin: Origin{Hash: "abc"}}, Results: dir, Seed: 1, Options: map[string]string{"resamples": "200"}}
	r, err := Run(context.Background(), &statements, in)
	require.NoError(t, err)
	require.Equal(t, WarnNoResult, r.Warnings[0].Code)
	require.Equal(t, dir+" has no result of factors, overfitting, probe-count, repeats: run what is wanted first, with the same -o", r.Warnings[0].Text)
	rows := make(map[string]StatementRow)
	for _, row := range r.Rows.([]StatementRow) {
		rows[row.ID] = row
	}
	return rows
}

func TestStatementsAreJudgedByResults(t *testing.T) {
	dir := t.TempDir()
	accuracyOf(t, dir, Provenance{DataHash: "abc", Real: 40, Machines: 40, Groups: 20}, map[string]int{
		"kernel 1 prone": 38, "kernel 2 prone": 20, "kernel 2 vetted": 19, "distribution 1 prone": 10, "distribution 2 prone": 30,
	})
	bias := filepath.Join(dir, "bias", "result.json")
	require.NoError(t, os.MkdirAll(filepath.Dir(bias), 0o755))
	text := `{"schema":1,"experiment":"bias","provenance":{"data_hash":"abc","modelled":3},"rows":[
		{"share":0.5,"scores":"as trained","accuracy":0.55,"accuracy_low":0.5,"accuracy_high":0.6},
		{"share":0.9,"scores":"as trained","accuracy":0.9,"accuracy_low":0.88,"accuracy_high":0.92}],"warnings":[]}`
	require.NoError(t, os.WriteFile(bias, []byte(text), 0o644))
	rows := judgeAll(t, dir)
	for id, want := range map[string]string{
		"level-kernel": Holds, "level-distribution": DoesNotHold, "prone-kernel": CannotTell, "prone-distribution": CannotTell,
		"bias": Reproduced, "gain-flattens": CannotTell,
	} {
		require.Equal(t, want, rows[id].Verdict, "%s: %s", id, rows[id].Why)
	}
	require.Equal(t, "45.0", rows["level-kernel"].Estimate.Format(1))
	require.Equal(t, 20, rows["level-kernel"].Groups)
	require.Greater(t, rows["level-kernel"].Holm, rows["level-kernel"].P)
	require.Equal(t, "35.0 28.0 42.0", strings.Join([]string{rows["bias"].Estimate.Format(1), rows["bias"].Low.Format(1), rows["bias"].High.Format(1)}, " "))
	require.True(t, rows["bias"].P.IsNA())
	require.Equal(t, "no result of the experiment probe-count", rows["gain-flattens"].Why)
	require.Contains(t, rows["prone-distribution"].Why, "accuracy has no answers of distribution level 2, forest, vetted fields")

	text = strings.Replace(text, `"warnings":[]`, `"warnings":[{"code":"cannot-tell","text":"too few machines"}]`, 1)
	require.NoError(t, os.WriteFile(bias, []byte(text), 0o644))
	accuracyOf(t, dir, Provenance{DataHash: "of another"}, map[string]int{"kernel 1 prone": 38})
	rows = judgeAll(t, dir)
	require.Equal(t, "bias: too few machines", rows["bias"].Why)
	require.Equal(t, "the result of accuracy is of another data set", rows["level-kernel"].Why)
}

func TestPOfInterval(t *testing.T) {
	// Altman and Bland (2011): a difference of 0.21 with the interval from
	// 0.03 to 0.39 has z = 2.28 and p = 0.023 by their approximation.
	p := pOfInterval(&finding{estimate: 0.21, low: 0.03, high: 0.39}, 0)
	require.InDelta(t, 0.0222, p, 1e-3)
	require.True(t, math.IsNaN(pOfInterval(&finding{estimate: 1, low: 1, high: 1}, 0)))
}
