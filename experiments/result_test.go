package experiments_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/experiments"
	"tickle/learners"
)

func TestNumbersInJSON(t *testing.T) {
	type row struct {
		N experiments.Number     `json:"n"`
		P experiments.PaperValue `json:"p"`
	}
	for _, c := range []struct {
		row  row
		want string
	}{
		{row{experiments.NA, experiments.PaperValue{}}, `{"n":null,"p":null}`},
		{row{0.25, experiments.PaperValue{Relation: ">", Value: 0.98}}, `{"n":0.25,"p":{"relation":">","value":0.98}}`},
	} {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		require.NoError(t, e.Encode(c.row))
		require.Equal(t, c.want+"\n", b.String())
		var back row
		require.NoError(t, json.Unmarshal(b.Bytes(), &back))
		require.Equal(t, c.row.P, back.P)
		require.Equal(t, c.row.N.IsNA(), back.N.IsNA())
	}
	require.Error(t, json.Unmarshal([]byte(`{"n":"NaN"}`), &row{}))
	require.Error(t, json.Unmarshal([]byte(`{"p":{"relation":"~","value":1}}`), &row{}))
	require.Equal(t, "n/a", experiments.NA.Format(3))
	require.Equal(t, "0.00", experiments.Number(-0.001).Format(2))
}

func TestResultReadsBack(t *testing.T) {
	r, rows := runAccuracy(t, experiments.Input{Data: synthetic(4, 3, 2), Learners: []learners.Configured{modulo, silent}, Seed: 1<<63 + 1, Command: "tickle <x> & y", Version: "v0"})
	dir := filepath.Join(t.TempDir(), "accuracy")
	require.NoError(t, r.Write(dir))
	first := readAll(t, dir)
	require.Len(t, first, 3)
	require.NoError(t, r.Write(dir))
	require.Equal(t, first, readAll(t, dir), "writing again changes bytes")

	back, err := experiments.ReadResult(filepath.Join(dir, "result.json"))
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, back.WriteJSON(&b))
	require.Equal(t, first["result.json"], b.String())
	backRows, err := experiments.RowsOf[experiments.AccuracyRow](back)
	require.NoError(t, err)
	require.Len(t, backRows, len(rows))
	require.Equal(t, rows[0], backRows[0])
	_, err = experiments.RowsOf[int](back)
	require.EqualError(t, err, "result of accuracy: rows are []experiments.AccuracyRow, not []int")

	predictions, err := experiments.ReadPredictions(filepath.Join(dir, "predictions.parquet"))
	require.NoError(t, err)
	require.Equal(t, r.Predictions, predictions)
	abstained := 0
	for _, p := range predictions {
		if p.Predicted == nil {
			abstained++
			require.Nil(t, p.Confidence)
		}
	}
	require.Equal(t, len(predictions)/2, abstained)

	lines := strings.Split(first["splits.csv"], "\n")
	require.Equal(t, "split,hierarchy,level,repeat,fold,machine,role", lines[0])
	require.Equal(t, "paper,,,0,0,m0-0-0,test", lines[1])
	// The paper's split once, the grouped one for each of six levels: ten
	// folds of 24 machines each.
	require.Len(t, lines, 1+(1+6)*10*24+1)
}

func readAll(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	files := make(map[string]string)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		files[e.Name()] = string(b)
	}
	return files
}

func TestMalformedResults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "result.json")
	for text, want := range map[string]string{
		`{`:                                "want a result: unexpected end of JSON input",
		`{"schema": 9}`:                    "schema 9: want 1",
		`{"schema": 1, "experiment": "x"}`: `experiment "x": want one of `,
		`{"schema": 1, "experiment": "accuracy", "rows": [{"accuracy": "NaN"}]}`:                 `want a result of accuracy: number "NaN": want a number or null`,
		`{"schema": 1, "experiment": "accuracy", "row": []}`:                                     `want a result of accuracy: json: unknown field "row"`,
		`{"schema": 1, "experiment": "classes", "columns": [{"name": "label", "type": "text"}]}`: `columns of another version of experiment classes: run it again`,
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		_, err := experiments.ReadResult(path)
		require.ErrorContains(t, err, path+": "+want)
	}
	// As many columns of the same types, one of them by another name.
	columns := experiments.ColumnsOf([]experiments.ClassRow{})
	columns[0].Name = "tree"
	text, err := json.Marshal(map[string]any{"schema": 1, "experiment": "classes", "columns": columns})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, text, 0o644))
	_, err = experiments.ReadResult(path)
	require.ErrorContains(t, err, "columns of another version")
	_, err = experiments.ReadPredictions(path)
	require.ErrorContains(t, err, path+": want predictions: ")
}

func TestFilesAreWholeOrNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "table.csv")
	require.NoError(t, experiments.WriteFile(path, func(w io.Writer) error { _, err := io.WriteString(w, "old"); return err }))
	full := errors.New("no space left on device")
	err := experiments.WriteFile(path, func(w io.Writer) error {
		io.WriteString(w, "half of the n")
		return full
	})
	require.ErrorIs(t, err, full)
	require.EqualError(t, err, path+": no space left on device")
	require.Equal(t, map[string]string{"table.csv": "old"}, readAll(t, filepath.Dir(path)))
}

func TestAlikeRowsAgainstComparingThem(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	for range 30 {
		n := 2 + rng.IntN(30)
		g := datasets.NewGrouper(make([]datasets.Machine, n))
		columns := make([][]uint64, 1+rng.IntN(4))
		for c := range columns {
			columns[c] = make([]uint64, n)
			for r := range columns[c] {
				columns[c][r] = uint64(rng.IntN(3))
			}
			addColumn(g, datasets.Column{Probe: int32(c)}, columns[c])
		}
		s := g.Matrix(nil).All()
		set := experiments.AlikeRows(s)
		labels := make([]int32, n)
		best := make(map[int32][3]int)
		for a := range n {
			labels[a] = int32(rng.IntN(3))
			count := best[set[a]]
			count[labels[a]]++
			best[set[a]] = count
			for b := range n {
				equal := true
				for c := range columns {
					equal = equal && columns[c][a] == columns[c][b]
				}
				require.Equal(t, equal, set[a] == set[b])
			}
		}
		sum := 0
		for _, count := range best {
			sum += max(count[0], count[1], count[2])
		}
		require.InDelta(t, float64(sum)/float64(n), experiments.CeilingAlike(set, labels, 3), 1e-12)
	}
}

func TestMissingIsAMarkOfItsOwn(t *testing.T) {
	g := datasets.NewGrouper(make([]datasets.Machine, 3))
	g.Add(datasets.Column{}, []datasets.Code{0, datasets.Missing, datasets.Missing}, []datasets.Value{{State: datasets.Present}})
	set := experiments.AlikeRows(g.Matrix(nil).All())
	require.Equal(t, []int32{0, 1, 1}, set)
	require.InDelta(t, 2.0/3, experiments.CeilingAlike(set, []int32{0, 0, 1}, 2), 1e-12)
}
