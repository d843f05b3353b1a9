package peers

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/learnertest"
)

// Case is a run of Weka: a classifier trained on some rows, asked about
// others.
type Case struct {
	Name    string   // of the golden file
	Class   string   // of Weka, as weka.classifiers.trees.J48
	Options []string // of the class
	Mix     Mix
	// Every is the share of rows that are asked about: row r when r is
	// divisible by it. 0 stands for 3.
	Every int
	// PredictionsOnly keeps the run to its predictions, for classifiers that print
	// no model.
	PredictionsOnly bool
}

// Data makes the case's data and says which rows train and which are asked
// about.
func (c Case) Data() (d *learnertest.Data, train, test []int32) {
	every := c.Every
	if every == 0 {
		every = 3
	}
	d = Make(c.Mix)
	held := func(r int) bool { return r%every == 0 }
	return d, d.Except(held), d.Except(func(r int) bool { return !held(r) })
}

// Output is what Weka printed.
type Output struct {
	Model       string
	Predictions []Prediction // one a row asked about
}

// Prediction is Weka's answer, its scores with three decimal places.
type Prediction struct {
	Class  int32
	Scores []float64
}

// Weka gives what Weka says of the case.
func Weka(t testing.TB, c Case) Output {
	t.Helper()
	d, train, test := c.Data()
	var learn, ask bytes.Buffer
	require.NoError(t, WriteARFF(&learn, d, train))
	require.NoError(t, WriteARFF(&ask, d, test))
	hash := fmt.Sprintf("%x", sha256.Sum256(append(learn.Bytes(), ask.Bytes()...)))
	path := goldenPath("weka", c.Name+".txt")
	text := run(t, c, path, files{learn.Bytes(), ask.Bytes(), hash})
	head, rest, ok := strings.Cut(text, "--- model\n")
	require.True(t, ok, "%s: want a section --- model", path)
	require.Contains(t, head, "data: "+hash, "%s was made of other data: run go test -tags peers -update", path)
	model, predictions, ok := strings.Cut(rest, "--- predictions\n")
	require.True(t, ok, "%s: want a section --- predictions", path)
	out := Output{Model: model}
	for i, line := range strings.Split(strings.TrimSuffix(predictions, "\n"), "\n") {
		p, err := parsePrediction(line)
		require.NoError(t, err, "%s: prediction %d", path, i+1)
		out.Predictions = append(out.Predictions, p)
	}
	require.Len(t, out.Predictions, len(test), path)
	return out
}

// files are a case's training and test rows as ARFF, and the SHA-256 of both.
type files struct {
	train, test []byte
	hash        string
}

// goldenPath gives the path of a golden file, wherever the test runs.
func goldenPath(program, name string) string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "..", "..", "testdata", "golden", program, name)
}

// readGolden reads a golden file.
func readGolden(t testing.TB, path string) string {
	b, err := os.ReadFile(path)
	require.NoError(t, err, "make it with go test -tags peers -update")
	return string(b)
}

// parsePrediction reads a line as Weka's -p 0 -distribution prints it:
//
//	1        2:c1        1:c0   +  *0.75,0.25
func parsePrediction(line string) (p Prediction, err error) {
	fields := strings.Fields(line)
	if len(fields) < 4 {
		return p, fmt.Errorf("%q: want at least 4 fields", line)
	}
	number, _, _ := strings.Cut(fields[2], ":")
	class, err := strconv.Atoi(number)
	if err != nil {
		return p, fmt.Errorf("%q: predicted: %w", line, err)
	}
	p.Class = int32(class - 1)
	for _, s := range strings.Split(fields[len(fields)-1], ",") {
		v, err := strconv.ParseFloat(strings.TrimPrefix(s, "*"), 64)
		if err != nil {
			return p, fmt.Errorf("%q: distribution: %w", line, err)
		}
		p.Scores = append(p.Scores, v)
	}
	return p, nil
}
