package reports

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/experiments"
)

// compared is a result of pairs, and of ranks where it is over data sets.
func compared(ranks bool) *experiments.Result {
	names := []string{"forest", "smo", "ibk", "majority"}
	var rows []experiments.CompareRow
	for _, h := range []string{"kernel", "distribution"} {
		for level := range 3 {
			for f, fields := range []string{"prone", "vetted"} {
				base := experiments.CompareRow{
					Kind: "rank", Data: "6 data sets", Hierarchy: h, Level: level, Fields: fields, Split: "grouped", CriticalDifference: 1.91, N: 6,
					Difference: experiments.NA, Low: experiments.NA, High: experiments.NA, Detectable: experiments.NA, P: experiments.NA, Holm: experiments.NA,
				}
				for i := range names {
					if ranks {
						row := base
						row.A, row.Rank = names[i], experiments.Number(1+0.9*float64(i)+0.1*float64(f))
						rows = append(rows, row)
						continue
					}
					for j := i + 1; j < len(names); j++ {
						row := base
						row.Kind, row.Data, row.A, row.B = "pair", "data", names[i], names[j]
						row.Difference = experiments.Number(8*(j-i) - 10*f)
						row.Low, row.High, row.Detectable = row.Difference-6, row.Difference+7, experiments.Number(5+level)
						row.Holm = experiments.Number(0.2 / float64(j-i) / float64(j-i))
						rows = append(rows, row)
					}
				}
			}
		}
	}
	r := small()
	r.Experiment, r.Title = "compare", "Learners against each other"
	r.Rows, r.Columns = rows, experiments.ColumnsOf(rows)
	return r
}

func TestCompareFigures(t *testing.T) {
	for name, ranks := range map[string]bool{"pairs": false, "ranks": true} {
		fig, err := FigureOf(compared(ranks))
		require.NoError(t, err)
		require.NotNil(t, fig)
		for _, width := range []Width{Column, Page} {
			var b bytes.Buffer
			require.NoError(t, fig.Write(&b, SVG, width))
			wellFormed(t, b.String())
			require.Contains(t, b.String(), "forest")
			if dir := os.Getenv("TICKLE_LOOK"); dir != "" {
				b.Reset()
				require.NoError(t, fig.Write(&b, PNG, width))
				require.NoError(t, os.WriteFile(filepath.Join(dir, name+string(rune('0'+width))+".png"), b.Bytes(), 0o644))
			}
		}
	}
}

func TestRankBarsJoinWhatIsNotTold(t *testing.T) {
	q := rankPanel{critical: 1}
	for _, rank := range []experiments.Number{1, 1.5, 2.2, 2.4, 4, 4.5} {
		q.learners = append(q.learners, experiments.CompareRow{Rank: rank})
	}
	require.Equal(t, [][2]int{{0, 1}, {1, 3}, {4, 5}}, q.bars())
}
