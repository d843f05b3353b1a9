//go:build peers

package formats

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
)

// jar and python are where Debian's packages weka and python3-sklearn put
// their programs.
const (
	jar    = "/usr/share/java/weka.jar"
	python = "/usr/bin/python3"
)

// command runs a program that must be installed.
func command(t *testing.T, name string, args ...string) string {
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%s is not installed: apt-get install weka default-jre-headless liblinear-tools python3-sklearn", name)
	}
	out, err := exec.Command(name, args...).CombinedOutput()
	require.NoError(t, err, "%s %s\n%s", name, strings.Join(args, " "), out)
	return string(out)
}

// TestWekaKeepsARFF loads our ARFF in Weka, has it written again, and reads the
// same table. Weka writes six decimal places, in which the numbers fit, and
// does not quote an empty value or control character, so that tables with those
// are only loaded.
func TestWekaKeepsARFF(t *testing.T) {
	compared := 0
	for seed := range uint64(25) {
		d := randomTable(t, rand.New(rand.NewPCG(seed, 3)), true)
		for i := range d.Matrix.Numbers {
			for r, v := range d.Matrix.Numbers[i].Cells {
				if math.Abs(v) > 1e9 || math.Abs(v) < 1e-3 && v != 0 {
					v = 42
				}
				d.Matrix.Numbers[i].Cells[r] = math.Round(v*1e6)/1e6 + 0
			}
		}
		dir := t.TempDir()
		ours, theirs := filepath.Join(dir, "ours.arff"), filepath.Join(dir, "theirs.arff")
		var b bytes.Buffer
		require.NoError(t, ExportARFF(&b, d, Options{}))
		require.NoError(t, os.WriteFile(ours, b.Bytes(), 0o666))
		command(t, "java", "-Dfile.encoding=UTF-8", "-cp", jar, "weka.core.converters.ArffSaver", "-i", ours, "-o", theirs)
		if slices.Contains(d.Matrix.Texts, "") || strings.Contains(b.String(), "\u0001") {
			continue
		}
		compared++
		meta := d.Meta.Table
		back, err := ImportARFF(context.Background(), theirs, ImportOptions{Labels: meta.Labels, ID: meta.ID, Group: meta.Group})
		require.NoError(t, err, "seed %d\n%s", seed, &b)
		require.Equal(t, spell(t, d), spell(t, back), "seed %d\n%s", seed, &b)
	}
	require.Greater(t, compared, 4)
}

// TestWekaLearnsFromARFF trains Weka on an export with one label.
func TestWekaLearnsFromARFF(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.arff")
	var b bytes.Buffer
	require.NoError(t, ExportARFF(&b, examples(t), Options{Label: "y"}))
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o666))
	out := command(t, "java", "-cp", jar, "weka.classifiers.trees.J48", "-t", path, "-no-cv", "-i")
	require.Contains(t, out, "Total Number of Instances               90")
	require.Contains(t, out, "Correctly Classified Instances          90              100")
}

// examples are rows whose label follows from a nominal and a numeric column.
func examples(t *testing.T) *datasets.Dataset {
	rng := rand.New(rand.NewPCG(1, 1))
	table := &datasets.Imported{Meta: datasets.TableMeta{Format: "csv", File: "examples", Labels: []string{"y"}}}
	colour := datasets.ImportedColumn{Name: "colour", Values: []string{"red", "green"}}
	size := datasets.ImportedColumn{Name: "size"}
	for r := range 90 {
		c, x := datasets.Code(rng.IntN(2)), float64(rng.IntN(8))/4
		colour.Codes, size.Numbers = append(colour.Codes, c), append(size.Numbers, x)
		label := fmt.Sprintf("%s, %v", colour.Values[c], x < 1)
		table.Rows = append(table.Rows, datasets.Machine{Name: strconv.Itoa(r + 1), Group: strconv.Itoa(r + 1), Labels: datasets.GivenLabels(label)})
	}
	table.Columns = []datasets.ImportedColumn{colour, size}
	d, err := datasets.FromTable(table)
	require.NoError(t, err)
	return d
}

// TestLIBSVMPeers trains LIBLINEAR on an export and reads it with scikit-learn.
func TestLIBSVMPeers(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "t.libsvm")
	d := examples(t)
	var b bytes.Buffer
	require.NoError(t, ExportLIBSVM(&b, d, Options{}))
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o666))
	command(t, "liblinear-train", "-q", "-s", "0", path, filepath.Join(dir, "model"))
	model, err := os.ReadFile(filepath.Join(dir, "model"))
	require.NoError(t, err)
	require.Contains(t, string(model), "nr_class 4")
	require.Contains(t, string(model), "nr_feature 3")
	sum := 0.0
	for _, v := range d.Matrix.Numbers[0].Cells {
		sum += v
	}
	out := command(t, python, "-c", `
import sys
from sklearn.datasets import load_svmlight_file
x, y = load_svmlight_file(sys.argv[1])
print(x.shape, len(set(y)), x[:, 2].sum())`, path)
	require.Equal(t, fmt.Sprintf("(90, 3) 4 %v", sum), strings.TrimSpace(out))
}
