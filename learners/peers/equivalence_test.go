//go:build peers

package peers

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/forest"
	"tickle/learners/learnertest"
)

// seeds is how many forests are grown on each side.
const seeds = 30

// TestForestsAreEquivalent holds forests with random numbers of their own to
// the originals: on the same rows, with 30 seeds each, the means of the
// accuracies are within one point, by two one-sided tests at the level 0.05.
func TestForestsAreEquivalent(t *testing.T) {
	nominal := Mix{Rows: 600, Classes: 6, Nominal: 30, Values: 5, Noise: .55, Repeats: 8, Constant: 6, Seed: 51}
	missing := Mix{Rows: 600, Classes: 5, Nominal: 14, Numeric: 4, Values: 4, Noise: .5, Missing: .1, Seed: 52}
	mixed := Mix{Rows: 600, Classes: 5, Nominal: 14, Numeric: 4, Values: 4, Noise: .5, Seed: 53}
	for _, c := range []struct {
		name, spec string
		mix        Mix
		original   func(t *testing.T, f forests) []float64
	}{
		{"weka nominal", "forest", nominal, wekaForests},
		{"weka missing", "forest", missing, wekaForests},
		{"sklearn nominal", "forest:like=sklearn", nominal, sklearnForests},
		{"sklearn mixed", "forest:like=sklearn", mixed, sklearnForests},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, train, test := Case{Mix: c.mix, Every: 2}.Data()
			theirs := c.original(t, forests{d, train, test, t.TempDir()})
			list, err := learners.NewRegistry(forest.Entry()).Parse(c.spec)
			require.NoError(t, err)
			var ours []float64
			for seed := range uint64(seeds) {
				set := d.Train(train)
				set.Seed = seed
				ours = append(ours, 100*learnertest.Accuracy(learnertest.Fit(t, list[0].Learner, set), d, test))
			}
			a, va := stat.MeanVariance(ours, nil)
			b, vb := stat.MeanVariance(theirs, nil)
			width := distuv.StudentsT{Sigma: 1, Nu: 2*seeds - 2}.Quantile(.95) * math.Sqrt((va+vb)/seeds)
			t.Logf("ours %.2f %%, theirs %.2f %%, difference %.2f ± %.2f points", a, b, a-b, width)
			require.Less(t, math.Abs(a-b)+width, 1.0)
		})
	}
}

// forests is what an original is asked to grow on.
type forests struct {
	d           *learnertest.Data
	train, test []int32
	dir         string
}

// wekaForests gives the accuracies in percent of Weka's RandomForest.
func wekaForests(t *testing.T, f forests) (accuracies []float64) {
	installed(t)
	for name, rows := range map[string][]int32{"train.arff": f.train, "test.arff": f.test} {
		var b bytes.Buffer
		require.NoError(t, WriteARFF(&b, f.d, rows))
		require.NoError(t, os.WriteFile(filepath.Join(f.dir, name), b.Bytes(), 0o666))
	}
	for seed := range seeds {
		out := java(t, f.dir, []string{"-cp", jar, "weka.classifiers.trees.RandomForest", "-I", "100", "-S", strconv.Itoa(seed),
			"-t", "train.arff", "-T", "test.arff", "-p", "0"})
		right, rows := 0, 0
		for _, line := range strings.Split(out, "\n") {
			if fields := strings.Fields(line); len(fields) >= 4 && strings.Contains(line, ":c") {
				rows++
				if fields[1] == fields[2] {
					right++
				}
			}
		}
		require.Equal(t, len(f.test), rows, out)
		accuracies = append(accuracies, 100*float64(right)/float64(rows))
	}
	return accuracies
}

// program is what scikit-learn runs.
const program = `
import csv, sklearn
from sklearn.ensemble import RandomForestClassifier
def table(name):
    rows = [[float(v) for v in row] for row in csv.reader(open(name))]
    return [row[1:] for row in rows], [row[0] for row in rows]
x, y = table("train.csv")
u, v = table("test.csv")
for seed in range(%d):
    print(100 * RandomForestClassifier(n_estimators=100, random_state=seed).fit(x, y).score(u, v))
`

// sklearnForests gives the accuracies in percent of scikit-learn's
// RandomForestClassifier on one-hot columns.
func sklearnForests(t *testing.T, f forests) (accuracies []float64) {
	const python = "/usr/bin/python3"
	if out, err := exec.Command(python, "-c", "import sklearn").CombinedOutput(); err != nil {
		t.Fatalf("scikit-learn is not installed: apt-get install python3-sklearn\n%s", out)
	}
	for name, rows := range map[string][]int32{"train.csv": f.train, "test.csv": f.test} {
		require.NoError(t, os.WriteFile(filepath.Join(f.dir, name), oneHotCSV(f.d, rows), 0o666))
	}
	cmd := exec.Command(python, "-c", fmt.Sprintf(program, seeds))
	cmd.Dir = f.dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, line := range strings.Fields(string(out)) {
		v, err := strconv.ParseFloat(line, 64)
		require.NoError(t, err, "%s", out)
		accuracies = append(accuracies, v)
	}
	require.Len(t, accuracies, seeds)
	return accuracies
}

// oneHotCSV writes rows with the class first, a column a value.
func oneHotCSV(d *learnertest.Data, rows []int32) []byte {
	var b bytes.Buffer
	for _, r := range rows {
		fmt.Fprintf(&b, "%d", d.Labels[r])
		for c, part := range d.Part {
			for code := range d.Values(c) {
				fmt.Fprintf(&b, ",%d", map[bool]int{true: 1}[d.Codes(part)[r] == datasets.Code(code)])
			}
		}
		for i := range d.Matrix.Numbers {
			fmt.Fprintf(&b, ",%v", d.Matrix.Numbers[i].Cells[r])
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}
