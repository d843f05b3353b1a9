//go:build peers

package peers

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/bayes"
	"tickle/learners/forest"
	"tickle/learners/ibk"
	"tickle/learners/j48"
	"tickle/learners/jrip"
	"tickle/learners/learnertest"
	"tickle/learners/oner"
)

// examples is where Debian's package weka puts its data, which is read there.
const examples = "/usr/share/doc/weka/examples"

// TestExamples trains every learner and its original on two thirds of Weka's
// own data and compares the answers to the rest.
func TestExamples(t *testing.T) {
	installed(t)
	registry := learners.NewRegistry(forest.Entry(), ibk.Entry(), j48.Entry(), jrip.Entry(), oner.Entry(), bayes.Entry())
	for _, name := range []string{"breast-cancer", "contact-lenses", "diabetes", "glass", "iris", "labor", "soybean", "vote", "weather.nominal", "weather.numeric"} {
		d := readExample(t, filepath.Join(examples, name+".arff"))
		for _, c := range []struct {
			spec, class string
			args        []string
		}{
			{"oner", "rules.OneR", nil},
			{"bayes", "bayes.NaiveBayes", nil},
			{"j48", "trees.J48", nil},
			{"jrip:rng=weka", "rules.JRip", []string{"-S", "1"}},
			{"forest:rng=weka,trees=10", "trees.RandomForest", []string{"-I", "10", "-S", "1"}},
			{"ibk:weka-ranges=true", "lazy.IBk", []string{"-K", "3"}},
		} {
			t.Run(name+" "+c.class, func(t *testing.T) { compareExample(t, d, c.class, c.args, registry, c.spec) })
		}
	}
}

func compareExample(t *testing.T, d *learnertest.Data, class string, args []string, registry *learners.Registry, spec string) {
	train := d.Except(func(r int) bool { return r%3 == 0 })
	test := d.Except(func(r int) bool { return r%3 != 0 })
	dir := t.TempDir()
	for name, rows := range map[string][]int32{"train.arff": train, "test.arff": test} {
		f, err := os.Create(filepath.Join(dir, name))
		require.NoError(t, err)
		require.NoError(t, WriteARFF(f, d, rows))
		require.NoError(t, f.Close())
	}
	args = append([]string{"-cp", jar, "weka.classifiers." + class, "-t", "train.arff", "-T", "test.arff", "-p", "0", "-distribution"}, args...)
	list, err := registry.Parse(spec)
	require.NoError(t, err)
	m := learnertest.Fit(t, list[0].Learner, d.Train(train))
	i, differ := 0, 0
	for _, line := range strings.Split(java(t, dir, args), "\n") {
		if !strings.Contains(line, ":") || strings.HasPrefix(line, "=") {
			continue
		}
		want, err := parsePrediction(strings.Join(strings.Fields(line), " "))
		require.NoError(t, err)
		got := m.Predict(test[i])
		same := got.Class == want.Class
		for c := range got.Scores {
			same = same && math.Abs(got.Scores[c]-want.Scores[c]) < 5.1e-4
		}
		if !same {
			differ++
			t.Logf("row %d: %d %.3f, Weka %d %v", test[i], got.Class, got.Scores, want.Class, want.Scores)
		}
		i++
	}
	require.Equal(t, len(test), i)
	require.Zero(t, differ, "of %d rows", i)
}

// readExample reads an ARFF file with nominal and numeric columns, the class
// last. Values are named by number, in order of their appearance.
func readExample(t *testing.T, path string) *learnertest.Data {
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	var numeric []bool
	var rows [][]string
	for _, line := range strings.Split(string(b), "\n") {
		line = strings.TrimSpace(line)
		lower := strings.ToLower(line)
		switch {
		case line == "" || line[0] == '%':
		case strings.HasPrefix(lower, "@attribute"):
			numeric = append(numeric, !strings.Contains(line, "{"))
		case line[0] != '@':
			row := strings.Split(line, ",")
			require.Len(t, row, len(numeric), path)
			for i := range row {
				row[i] = strings.TrimSpace(row[i])
			}
			rows = append(rows, row)
		}
	}
	d := &learnertest.Data{}
	classes := map[string]int32{}
	for _, row := range rows {
		name := row[len(row)-1]
		if _, known := classes[name]; !known {
			classes[name] = int32(len(classes))
			d.Classes = append(d.Classes, fmt.Sprintf("c%d", len(d.Classes)))
		}
		d.Labels = append(d.Labels, classes[name])
	}
	g := datasets.NewGrouper(make([]datasets.Machine, len(rows)))
	var numbers []datasets.NumericColumn
	nominal := 0
	for c := range numeric[:len(numeric)-1] {
		column, cells, seen := make([]int, len(rows)), make([]float64, len(rows)), map[string]int{"?": -1}
		for r, row := range rows {
			if numeric[c] {
				if cells[r], err = strconv.ParseFloat(row[c], 64); row[c] == "?" {
					cells[r], err = math.NaN(), nil
				}
				require.NoError(t, err, path)
				continue
			}
			if _, known := seen[row[c]]; !known {
				seen[row[c]] = len(seen)
			}
			column[r] = seen[row[c]]
		}
		if numeric[c] {
			numbers = append(numbers, datasets.NumericColumn{Name: fmt.Sprintf("n%d", c), Cells: cells, Before: int32(nominal)})
		} else {
			addColumn(g, nominal, column)
			nominal++
		}
	}
	matrix := g.Matrix(nil)
	matrix.Numbers = numbers
	d.Selection = matrix.All()
	return d
}
