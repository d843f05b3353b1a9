package models_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/all"
	"tickle/learners/modelfile"
	"tickle/learners/models"
)

// table is an imported table whose label follows its one column; every third
// row has no label.
func table(t *testing.T, rows int) *datasets.Dataset {
	in := &datasets.Imported{Meta: datasets.TableMeta{Format: "csv", File: "t.csv", Labels: []string{"family", "kind"}}}
	column := datasets.ImportedColumn{Name: "color", Values: []string{"red", "white"}}
	for r := range rows {
		m := datasets.Machine{Name: fmt.Sprint(r), Group: fmt.Sprint(r), Labels: datasets.GivenLabels("plant", [2]string{"rose", "daisy"}[r%2])}
		if r%3 == 0 {
			m.Labels = datasets.GivenLabels("plant", "")
		}
		in.Rows = append(in.Rows, m)
		column.Codes = append(column.Codes, datasets.Code(r%2))
	}
	in.Columns = []datasets.ImportedColumn{column}
	d, err := datasets.FromTable(in)
	require.NoError(t, err)
	return d
}

func learner(t *testing.T, spec string) learners.Configured {
	list, err := all.Registry().Parse(spec)
	require.NoError(t, err)
	return list[0]
}

// Rows without a label are left out of training, with a warning, and are
// predicted like any other.
func TestRowsWithoutLabel(t *testing.T) {
	d := table(t, 30)
	var units []int
	m, err := models.Train(context.Background(), d, &models.Training{
		Learner: learner(t, "forest:trees=7"), Fields: datasets.Prone, Seed: 1, Workers: 2,
		Progress: func(done, total int) { units = append(units, done, total) },
	})
	require.NoError(t, err)
	require.Equal(t, []string{"10 of 30 rows have no label kind and are left out"}, m.Warnings)
	require.Equal(t, []string{"daisy", "rose"}, m.Header.Classes)
	require.Equal(t, 20, m.Header.Training.Rows)
	require.Equal(t, []int{1, 7, 2, 7, 3, 7, 4, 7, 5, 7, 6, 7, 7, 7}, units)
	var b bytes.Buffer
	require.NoError(t, m.Write(&b))
	f, err := modelfile.Read(b.Bytes())
	require.NoError(t, err)
	answers, err := models.Ask(context.Background(), f, d, &models.Asking{})
	require.NoError(t, err)
	require.Equal(t, "30 rows, 20 of 20 labels as predicted", answers.Sum())
	var csv strings.Builder
	require.NoError(t, answers.WriteCSV(&csv))
	require.True(t, strings.HasPrefix(csv.String(), "id,label,predicted,daisy,rose\n0,,rose,"), csv.String())
}

// Many rows are asked in blocks, and come out in their order.
func TestManyRows(t *testing.T) {
	d := table(t, 9000)
	small := table(t, 40)
	m, err := models.Train(context.Background(), small, &models.Training{Learner: learner(t, "ibk:k=1"), Fields: datasets.Prone})
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, m.Write(&b))
	f, err := modelfile.Read(b.Bytes())
	require.NoError(t, err)
	answers, err := models.Ask(context.Background(), f, d, &models.Asking{})
	require.NoError(t, err)
	require.Equal(t, "9000 rows, 6000 of 6000 labels as predicted", answers.Sum())
	for r, p := range answers.Said {
		require.Equal(t, [2]string{"rose", "daisy"}[r%2], answers.Header.Classes[p.Class])
	}
}

func TestParseLabel(t *testing.T) {
	imported, probes := &table(t, 3).Meta, &datasets.Meta{}
	for _, c := range []struct {
		meta       *datasets.Meta
		name, want string
	}{
		{imported, "", "kind"}, {imported, "family", "family"}, {probes, "kernel/2", "kernel/2"}, {probes, "distribution/0", "distribution/0"},
	} {
		l, err := models.ParseLabel(c.meta, c.name)
		require.NoError(t, err)
		require.Equal(t, c.want, l.String())
	}
	for _, c := range []struct {
		meta       *datasets.Meta
		name, want string
	}{
		{imported, "kernel/2", `label "kernel/2": want family, kind`},
		{probes, "", `label "": want kernel/0, kernel/1, kernel/2, distribution/0, distribution/1, distribution/2`},
	} {
		_, err := models.ParseLabel(c.meta, c.name)
		require.EqualError(t, err, c.want)
	}
}
