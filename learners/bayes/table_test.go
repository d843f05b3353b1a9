package bayes

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/learnertest"
)

// manyClasses has columns of as many different numbers of values as there are
// columns, some of them several times, and classes of few rows.
func manyClasses() *learnertest.Data {
	const rows, classes, columns = 1600, 700, 90
	rng := rand.New(rand.NewPCG(11, 0))
	labels := make([]string, rows)
	for r := range labels {
		labels[r] = fmt.Sprint(r % classes)
	}
	var table [][]string
	for c := range columns {
		column := make([]string, rows)
		for r := range column {
			column[r] = fmt.Sprint((r%classes + rng.IntN(3)) % (c + 1))
			if c%3 > 0 && rng.IntN(5) == 0 {
				column[r] = "?"
			}
		}
		for range 1 + c%4 {
			table = append(table, column)
		}
	}
	return learnertest.Table(table, labels)
}

// TestTable holds the scores of a table, which such data has, to those of words.
func TestTable(t *testing.T) {
	d := manyClasses()
	train := d.Train(d.Except(func(r int) bool { return r%40 == 0 }))
	fitted, err := learner{}.Fit(t.Context(), train)
	require.NoError(t, err)
	require.NotNil(t, fitted.(*model).table)
	start := func() *model {
		m := fitted.(*model)
		return &model{data: m.data, byClass: m.byClass, from: make([]float64, len(m.byClass))}
	}
	table, words := start(), start()
	table.table, err = newTable(t.Context(), train, table.byClass, table.from)
	require.NoError(t, err)
	require.NoError(t, words.useWords(t.Context(), train))
	rows := []int32{0, 40, 41, 800, 1599}
	got, err := table.score(t.Context(), rows)
	require.NoError(t, err)
	want, err := words.score(t.Context(), rows)
	require.NoError(t, err)
	require.InDeltaSlice(t, want, got, 1e-9)
}
