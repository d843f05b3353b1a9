package experiments

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/all"
)

// importedTable is a table of 60 rows whose labels, at two levels, follow from
// a nominal and a numeric column with some cells missing.
func importedTable(t *testing.T, levels ...string) *Data {
	table := &datasets.Imported{Meta: datasets.TableMeta{Format: "csv", File: "t.csv", SHA256: "0", Labels: levels}}
	name := datasets.ImportedColumn{Name: "colour", Values: []string{"red", "green"}}
	number := datasets.ImportedColumn{Name: "size"}
	for r := range 60 {
		code, v := datasets.Code(r%2), float64(r%3)
		labels := []string{name.Values[code], fmt.Sprint(name.Values[code], v > 0)}
		table.Rows = append(table.Rows, datasets.Machine{Name: fmt.Sprint(r + 1), Group: fmt.Sprint(r + 1), Labels: datasets.GivenLabels(labels[2-len(levels):]...)})
		if r == 10 {
			code = datasets.Missing
		}
		if r == 20 {
			v = math.NaN()
		}
		name.Codes, number.Numbers = append(name.Codes, code), append(number.Numbers, v)
	}
	table.Columns = []datasets.ImportedColumn{number, name}
	d, err := datasets.FromTable(table)
	require.NoError(t, err)
	return Of("t", d)
}

func parseAll(t *testing.T, spec string) []learners.Configured {
	list, err := all.Registry().Parse(spec)
	require.NoError(t, err)
	return list
}

// Every learner runs on an imported table, once a level, on all columns.
func TestAccuracyOfAnImportedTable(t *testing.T) {
	entry, err := Find("accuracy")
	require.NoError(t, err)
	in := &Input{Data: importedTable(t, "family", "version"), Learners: parseAll(t, "forest;j48;jrip;ibk:k=1;smo;logistic;bayes;oner;majority"), Seed: 1,
		Options: map[string]string{"splits": "grouped", "folds": "5", "resamples": "50"}}
	r, err := Run(context.Background(), entry, in)
	require.NoError(t, err)
	require.Equal(t, "label", r.Config["hierarchies"])
	require.Equal(t, "prone", r.Config["fields"])
	require.True(t, r.Provenance.Table)
	rows, err := RowsOf[AccuracyRow](r)
	require.NoError(t, err)
	require.Len(t, rows, 2*9)
	for i, row := range rows {
		require.Equal(t, "label", row.Hierarchy)
		require.Equal(t, i/9, row.Level)
		require.Equal(t, 2+2*row.Level, row.Classes)
		require.Equal(t, PaperValue{}, row.Paper)
		require.Greater(t, float64(row.CeilingAlike), 0.95) // the numeric column counts
		if row.Learner != "oner" && row.Learner != "majority" {
			require.Greater(t, float64(row.Accuracy), 0.9, row.Learner)
		}
	}
}

// Options that ask for what a table lacks are errors, and so are experiments
// on machines.
func TestNarrowedToATable(t *testing.T) {
	one := importedTable(t, "family")
	for _, c := range []struct {
		experiment string
		options    map[string]string
		want       string
	}{
		{"accuracy", map[string]string{"hierarchies": "kernel"}, "hierarchies=kernel"},
		{"accuracy", map[string]string{"fields": "vetted"}, "fields=vetted"},
		{"confusion", map[string]string{"levels": "0,1"}, "levels 0 to 0"},
		{"sources", nil, "imported table"},
		{"importance", nil, "imported table"},
		{"statements", nil, "imported table"},
	} {
		entry, err := Find(c.experiment)
		require.NoError(t, err)
		_, err = Run(context.Background(), entry, &Input{Data: one, Learners: parseAll(t, "majority"), Options: c.options})
		require.ErrorContains(t, err, c.want, c.experiment)
	}
	entry, err := Find("confusion") // its default is level 2
	require.NoError(t, err)
	r, err := Run(context.Background(), entry, &Input{Data: one, Learners: parseAll(t, "majority")})
	require.NoError(t, err)
	require.Equal(t, "0", r.Config["levels"])
}
