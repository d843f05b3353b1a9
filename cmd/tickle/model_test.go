package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/modelfile"
)

// flowers are made up. Others have their columns in another order, a color
// that flowers do not have, and no column that flowers lack.
const (
	flowers = `id,kind,color,petals,length
1,rose,red,5,2.5
2,rose,red,5,2.25
3,rose,white,5,2
4,tulip,red,6,4
5,tulip,yellow,6,4.5
6,tulip,yellow,6,
7,daisy,white,21,1
8,daisy,white,34,1.5
9,daisy,white,21,
`
	others = `length,petals,id,kind,color,smell
2.25,5,a,rose,red,sweet
1,34,b,daisy,blue,none
4.25,6,c,tulip,yellow,none
,6,d,tulip,,none
`
)

// tableFolder imports a table.
func tableFolder(t *testing.T, text string, args ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	tickle(t, append([]string{"dataset", "import", "--quiet", write(t, "table.csv", text), "--id", "id", "--label", "kind", "-o", dir}, args...)...)
	return dir
}

// lines reads CSV.
func lines(t *testing.T, text string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	return rows
}

// A model that was trained on one table is asked about another.
func TestTrainAndPredict(t *testing.T) {
	data, other := tableFolder(t, flowers, "--nominal", "petals"), tableFolder(t, others, "--nominal", "petals")
	for _, learner := range []string{"j48:leaf=1", "ibk:k=1", "forest:trees=30", "smo", "logistic", "bayes", "jrip:weight=1", "oner"} {
		model := filepath.Join(t.TempDir(), "m.model")
		tickle(t, "train", "--quiet", "--data", data, "--learner", learner, "-o", model)
		rows := lines(t, tickle(t, "predict", "--model", model, "--data", other))
		require.Equal(t, []string{"id", "label", "predicted", "daisy", "rose", "tulip"}, rows[0], learner)
		require.Len(t, rows, 5)
		right := 0
		for i, id := range []string{"a", "b", "c", "d"} {
			require.Equal(t, id, rows[i+1][0])
			if rows[i+1][1] == rows[i+1][2] {
				right++
			}
		}
		require.GreaterOrEqual(t, right, 3, learner)

		var shown struct {
			Header struct {
				Learner  string
				Classes  []string
				Training struct {
					Label, Data string
					Rows        int
				}
			}
		}
		require.NoError(t, json.Unmarshal([]byte(tickle(t, "model", "show", model, "--format", "json")), &shown))
		require.Equal(t, []string{"daisy", "rose", "tulip"}, shown.Header.Classes)
		require.Equal(t, "kind", shown.Header.Training.Label)
		require.Equal(t, data, shown.Header.Training.Data)
		require.Equal(t, 9, shown.Header.Training.Rows)
		require.Contains(t, tickle(t, "model", "show", model), "daisy, rose, tulip")

		// Trained again it is the same to the byte.
		first, err := os.ReadFile(model)
		require.NoError(t, err)
		tickle(t, "train", "--quiet", "--workers", "1", "--data", data, "--learner", learner, "-o", model)
		again, err := os.ReadFile(model)
		require.NoError(t, err)
		require.Equal(t, first, again, learner)
	}
}

func TestNoveltyModels(t *testing.T) {
	data, other := tableFolder(t, flowers), tableFolder(t, others)
	for _, args := range [][]string{{"--novelty", "lof:k=3"}, {"--novelty", "mahalanobis"}, {"--novelty", "certainty", "--learner", "bayes"}} {
		model := filepath.Join(t.TempDir(), "m.model")
		tickle(t, append([]string{"train", "--quiet", "--data", data, "-o", model}, args...)...)
		rows := lines(t, tickle(t, "predict", "--model", model, "--data", other))
		require.Equal(t, []string{"id", "label", "novelty"}, rows[0], args)
		require.Len(t, rows, 5)
		require.Contains(t, tickle(t, "model", "show", model), "daisy, rose, tulip")
	}
}

// A table without labels is for predicting.
func TestPredictUnlabelled(t *testing.T) {
	data := tableFolder(t, flowers)
	dir := filepath.Join(t.TempDir(), "new")
	tickle(t, "dataset", "import", "--quiet", write(t, "new.csv", "id,color,petals,length\nx,red,5,2.5\ny,white,30,1\n"), "--id", "id", "--unlabelled", "-o", dir)
	model := filepath.Join(t.TempDir(), "m.model")
	tickle(t, "train", "--quiet", "--data", data, "--learner", "ibk:k=1", "-o", model)
	rows := lines(t, tickle(t, "predict", "--model", model, "--data", dir))
	require.Equal(t, []string{"x", "", "rose"}, rows[1][:3])
	require.Equal(t, []string{"y", "", "daisy"}, rows[2][:3])
	require.Contains(t, fails(t, "train", "--data", dir, "--label", "kernel/0", "-o", model), "no row has it")
}

// table makes CSV of twenty rows.
func table(row func(i int) string) string {
	text := "id,kind,a,b,x\n"
	for i := range 20 {
		text += fmt.Sprintf("%d,%s\n", i, row(i))
	}
	return text
}

// kind is the label of most tables: 12 of 20 rows are roses.
func kind(i int) string { return [2]string{"rose", "tulip"}[min(i/12, 1)] }

// What data may lack, every learner is tried on: columns that differ, known
// cells, rows enough of a class. Training and experiments say so and go on.
func TestPoorTables(t *testing.T) {
	for _, c := range []struct {
		name, text string
		warnings   []string // of the experiment
		trains     string   // of training
	}{
		{"all columns constant", table(func(i int) string { return kind(i) + ",u,v,1.5" }), []string{"thin-classes"}, "no column tells the training rows apart"},
		{"all cells missing", table(func(i int) string { return kind(i) + ",,," }), []string{"thin-classes"}, "no column tells the training rows apart"},
		{"a class with fewer rows than folds", table(func(i int) string { return []string{"rose,u,0,1", "daisy,v,1,2"}[min(i/19, 1)] }), []string{"thin-classes", "unseen"}, ""},
	} {
		data := tableFolder(t, c.text)
		out := t.TempDir()
		tickle(t, "experiment", "accuracy", "--quiet", "--data", data, "--learners", "all", "-o", out)
		b, err := os.ReadFile(filepath.Join(out, "accuracy", "result.json"))
		require.NoError(t, err)
		var result struct {
			Rows     []struct{ Accuracy, Majority float64 }
			Warnings []struct{ Code string }
		}
		require.NoError(t, json.Unmarshal(b, &result))
		require.GreaterOrEqual(t, len(result.Rows), 2*9, c.name)
		for _, r := range result.Rows {
			require.InDelta(t, r.Majority, r.Accuracy, 1e-9, c.name)
		}
		for _, code := range c.warnings {
			require.Contains(t, string(b), code, c.name)
		}
		var stderr bytes.Buffer
		model := filepath.Join(t.TempDir(), "m.model")
		require.Zero(t, run(context.Background(), []string{"train", "--data", data, "--learner", "j48", "-o", model}, io.Discard, &stderr))
		require.Contains(t, stderr.String(), c.trains, c.name)
	}
	alone := tableFolder(t, table(func(int) string { return "rose,u,0,1" }))
	out := t.TempDir()
	tickle(t, "experiment", "accuracy", "--quiet", "--data", alone, "--learners", "all", "-o", out)
	b, err := os.ReadFile(filepath.Join(out, "accuracy", "result.json"))
	require.NoError(t, err)
	require.Contains(t, string(b), "nothing to tell apart")
	for _, learner := range []string{"forest", "j48", "jrip", "oner", "ibk", "smo", "logistic", "bayes", "majority"} {
		require.Contains(t, fails(t, "train", "--data", alone, "--learner", learner, "-o", filepath.Join(out, "m")), "one class alone, rose")
		large := tableFolder(t, table(func(i int) string { return kind(i) + ",u,0," + []string{"1", "1e300"}[i/19] }))
		if learner != "majority" { // which looks at no column
			require.Contains(t, fails(t, "train", "--data", large, "--learner", learner, "-o", filepath.Join(out, "m")), "column x, row 19: 1e+300", learner)
		}
	}
}

// Cells that are no numbers, and rows without a label, are errors that say
// where.
func TestUnusableTables(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
	}{
		{"NaN", table(func(i int) string { return kind(i) + ",u,0," + []string{"1", "NaN"}[i/19] }), "table.csv:21: column x: NaN"},
		{"infinity", table(func(i int) string { return kind(i) + ",u,0," + []string{"1", "-inf"}[i/19] }), "table.csv:21: column x: -inf"},
		{"no label in a row", table(func(i int) string { return []string{"rose", ""}[i/19] + ",u,0,1" }), "table.csv:21: column kind: empty"},
	} {
		line := fails(t, "dataset", "import", write(t, "table.csv", c.text), "--id", "id", "--label", "kind", "-o", filepath.Join(t.TempDir(), "d"))
		require.Contains(t, line, c.want, c.name)
	}
}

// The file of a model that reads no tables says where it came from, and is not
// asked about tables.
func TestModelOfAnotherView(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, modelfile.Write(&b, &modelfile.Header{View: "timing", Role: modelfile.Classifier, Learner: "timing", Classes: []string{"Linux"}}, nil))
	model := write(t, "timing.model", b.String())
	require.Contains(t, tickle(t, "model", "show", model), "timing (classifier, reads the timing)")
	require.Contains(t, tickle(t, "model", "show", model, "--format", "json"), `"view": "timing"`)
	require.Contains(t, fails(t, "predict", "--model", model, "--data", tableFolder(t, flowers)), "reads the timing view")
}

// What is wrong with a model or its data is one line that says so, and no
// file is left.
func TestBadModels(t *testing.T) {
	data := tableFolder(t, flowers)
	dir := t.TempDir()
	model := filepath.Join(dir, "m.model")
	tickle(t, "train", "--quiet", "--data", data, "--learner", "j48:leaf=1", "-o", model)
	whole, err := os.ReadFile(model)
	require.NoError(t, err)
	cut := write(t, "cut.model", string(whole[:len(whole)-9]))
	newer := write(t, "newer.model", strings.Replace(string(whole), "tickle-model/1", "tickle-model/2", 1))
	damaged := write(t, "damaged.model", strings.Replace(string(whole), `"daisy"`, `"dizzy"`, 1))
	short := tableFolder(t, "id,kind,length\n1,rose,2\n2,tulip,4\n")
	changed := tableFolder(t, strings.Replace(flowers, ",5,2.5", ",five,2.5", 1), "--nominal", "petals", "--nominal", "length")
	alone := tableFolder(t, "id,kind,length\n1,rose,2\n2,rose,4\n")
	out := filepath.Join(dir, "out")
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"cut", []string{"predict", "--model", cut, "--data", data, "-o", out}, []string{cut, "cut or damaged"}},
		{"newer", []string{"model", "show", newer}, []string{newer, "tickle-model/2", "another version"}},
		{"damaged", []string{"model", "show", damaged}, []string{damaged, "cut or damaged"}},
		{"no model", []string{"model", "show", write(t, "x", "id,kind\n")}, []string{"not a model file"}},
		{"empty", []string{"model", "show", write(t, "empty", "")}, []string{"not a model file"}},
		{"lacking columns", []string{"predict", "--model", model, "--data", short, "-o", out}, []string{"lacks", "petals", "--lacking missing"}},
		{"another kind of column", []string{"predict", "--model", model, "--data", changed, "-o", out}, []string{"column petals", "numbers"}},
		{"unknown --lacking", []string{"predict", "--model", model, "--data", data, "--lacking", "none"}, []string{"--lacking none"}},
		{"one class", []string{"train", "--data", alone, "-o", out}, []string{alone, "one class alone, rose"}},
		{"no such label", []string{"train", "--data", data, "--label", "sort", "-o", out}, []string{`"sort"`, "want kind"}},
		{"unknown learner", []string{"train", "--data", data, "--learner", "j47", "-o", out}, []string{"--learner", "j47", "j48"}},
		{"two learners", []string{"train", "--data", data, "--learner", "j48;ibk", "-o", out}, []string{"want one learner"}},
		{"two kinds", []string{"train", "--data", data, "--learner", "j48", "--novelty", "lof", "-o", out}, []string{"--novelty lof", "want one"}},
		{"an import's fields", []string{"train", "--data", data, "--fields", "vetted", "-o", out}, []string{"fields vetted", "no fields"}},
		{"outlier mode", []string{"train", "--data", data, "--novelty", "lof:mode=outlier", "-o", out}, []string{"mode=outlier"}},
		{"no tree", []string{"model", "show", out, "--format", "dot"}, []string{out}},
		{"unknown form", []string{"model", "show", model, "--format", "xml"}, []string{"xml", "json"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			line := fails(t, c.args...)
			require.NotContains(t, line, "\n")
			for _, want := range c.want {
				require.Contains(t, line, want)
			}
			require.NoFileExists(t, out)
		})
	}
	tickle(t, "predict", "--quiet", "--model", model, "--data", short, "--lacking", "missing", "-o", out)
}

// The list of learners has those that train --novelty takes.
func TestLearnersList(t *testing.T) {
	var list struct {
		Learners, Novelty []struct {
			Name    string
			Options []struct{ Name, Type, Default string }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(tickle(t, "learners", "--json")), &list))
	require.Equal(t, "forest", list.Learners[0].Name)
	require.Equal(t, "lof", list.Novelty[0].Name)
	require.Equal(t, "20", list.Novelty[0].Options[0].Default)
	text := tickle(t, "learners")
	for _, want := range []string{"mahalanobis", "certainty", "weka-ranges=false"} {
		require.Contains(t, text, want)
	}
}
