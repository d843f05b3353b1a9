package reports

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/experiments"
)

// judged is a result with every verdict.
func judged() *experiments.Result {
	var rows []experiments.StatementRow
	for i, verdict := range []string{experiments.Reproduced, experiments.NotReproduced, experiments.CannotTell, experiments.Holds, experiments.DoesNotHold} {
		rows = append(rows, experiments.StatementRow{
			ID: string(rune('a' + i)), Statement: "Statement <" + verdict + ">", Quantity: "forest, random folds", Verdict: verdict,
			Estimate: experiments.Number(10 - i), Low: 2, High: 18, Margin: 2, Unit: "points", P: 0.01, Holm: 0.04, Why: "p = 0.0400 after Holm", Paper: "85 %",
		})
	}
	rows[2].Estimate, rows[2].Low, rows[2].High, rows[2].Why = experiments.NA, experiments.NA, experiments.NA, "no result of the experiment bias"
	r := small()
	r.Experiment, r.Title = "statements", "Does the paper hold?"
	r.Rows, r.Columns = rows, experiments.ColumnsOf(rows)
	return r
}

func TestVerdictsStandAtTheTop(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, WritePage(&b, []*experiments.Result{small(), judged()}))
	s := b.String()
	require.Less(t, strings.Index(s, `<section id="statements">`), strings.Index(s, `<section id="accuracy">`))
	for _, want := range []string{
		"1 holds · 1 reproduced by the model · 1 does not hold · 1 not reproduced by the model · 1 cannot tell",
		`<span class="verdict yes">reproduced by the model</span>`,
		`<span class="verdict no">does not hold</span>`,
		`<span class="verdict open">cannot tell</span></td><td class="long"><span class="muted">no result of the experiment bias`,
		"10.0 (2.0 to 18.0) points; margin 2.0",
		`Statement &lt;cannot tell&gt;<br><span class="muted">forest, random folds</span>`,
	} {
		require.Contains(t, s, want)
	}
}

func TestLongTablesAreFolded(t *testing.T) {
	r := small()
	var b bytes.Buffer
	require.NoError(t, WritePage(&b, []*experiments.Result{r}))
	require.Contains(t, b.String(), `<label for="all-accuracy">Show all 49 rows</label>`)
	r.Rows = r.Rows.([]experiments.AccuracyRow)[:foldedFrom-1]
	b.Reset()
	require.NoError(t, WritePage(&b, []*experiments.Result{r}))
	require.NotContains(t, b.String(), `id="all-accuracy"`)
}
