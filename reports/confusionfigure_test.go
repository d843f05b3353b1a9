package reports

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/experiments"
)

// Of many classes a matrix shows those with the most rows, numbered anew, and the
// answers among them.
func TestConfusionOfManyClasses(t *testing.T) {
	var rows []experiments.ConfusionRow
	const classes = confusionMost + 7
	name := func(i int) string { return fmt.Sprintf("class %03d", i) }
	for i := range classes {
		of := 5
		if i%12 == 0 { // 8 of 87
			of = 1
		}
		rows = append(rows, experiments.ConfusionRow{Hierarchy: "kernel", Level: 2, Learner: "forest", Fields: "prone",
			Truth: name(i), Predicted: name((i + 1) % classes), N: of, Share: 1, Common: "none", Of: of, Order: i})
	}
	f, err := confusionFigure(of(t, "confusion", rows))
	require.NoError(t, err)
	require.NotEmpty(t, f.svg(Page))
	m := confusionMatrix{rows: rows, classes: rows}
	m.trim()
	require.Len(t, m.classes, confusionMost)
	require.Equal(t, 7, m.leftOut)
	// Of the eight with one row the first stays, as the first of equals.
	require.Equal(t, name(0), m.classes[0].Truth)
	require.Equal(t, name(13), m.classes[12].Truth)
	for _, row := range m.rows {
		require.Equal(t, m.classes[row.Order].Truth, row.Truth)
		require.NotContains(t, []string{name(12), name(84)}, row.Predicted)
	}
	require.Len(t, m.rows, confusionMost-7)
	few := confusionMatrix{rows: rows[:confusionMost], classes: rows[:confusionMost]}
	few.trim()
	require.Equal(t, rows[:confusionMost], few.rows)
}
