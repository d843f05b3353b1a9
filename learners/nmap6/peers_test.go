//go:build peers && unix

package nmap6_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas/blas64"

	"tickle/learners/logistic"
	"tickle/learners/nmap6"
)

// cpuTime is what this process has used so far.
func cpuTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Training 101 classes of 300 vectors takes at most a fifth of the processor
// time that LIBLINEAR takes in the same run (which reads a file, too), and
// every class's objective is as low. Processor time and not the clock's, so
// that other programs do not decide.
func TestTrainAgainstLIBLINEAR(t *testing.T) {
	if _, err := exec.LookPath("liblinear-train"); err != nil {
		t.Fatal("LIBLINEAR is not installed: apt-get install liblinear-tools")
	}
	counts := make([]int, 101)
	for i := range 300 {
		counts[i%101]++
	}
	rows := synthetic(9, counts...)
	start, began := cpuTime(t), time.Now()
	m, err := nmap6.Train(context.Background(), rows, nmap6.TrainOptions{})
	require.NoError(t, err)
	ours, wall := cpuTime(t)-start, time.Since(began)

	d := problem(m, rows)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "train.txt"), libsvm(d), 0o666))
	cmd := exec.Command("liblinear-train", "-s", "0", "-c", "100", "-e", "1e-4", "-q", "train.txt", "model.txt")
	cmd.Dir = dir
	began = time.Now()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	theirs := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	t.Logf("ours %v of processor time (%v), LIBLINEAR %v (%v): %.1f times", ours, wall, theirs, time.Since(began), float64(theirs)/float64(ours))

	weights := liblinearWeights(t, filepath.Join(dir, "model.txt"), d)
	sum, their := 0.0, 0.0
	for c := range d.Classes {
		a, b := d.Objective(c, m.Weight[c]), d.Objective(c, weights[c])
		require.LessOrEqual(t, a, b*(1+1e-6), "class %d", c)
		sum, their = sum+a, their+b
	}
	t.Logf("objectives: ours %.6f, LIBLINEAR's %.6f", sum, their)
	require.LessOrEqual(t, ours*5, theirs)
}

// problem is what a model was trained on.
func problem(m *nmap6.Model, rows []nmap6.LabelledVector) *logistic.Dense {
	d := &logistic.Dense{X: blas64.General{Rows: len(rows), Cols: nmap6.NumFeatures, Stride: nmap6.NumFeatures}, Classes: len(m.Classes), C: 100, Epsilon: 1e-4}
	for i := range rows {
		d.X.Data = append(d.X.Data, m.Scaled(&rows[i].Vector)...)
		d.Labels = append(d.Labels, m.ClassIndex(rows[i].Label))
	}
	return d
}

// libsvm writes a problem in LIBLINEAR's format.
func libsvm(d *logistic.Dense) []byte {
	var b bytes.Buffer
	for i, label := range d.Labels {
		fmt.Fprint(&b, label)
		for j, v := range d.X.Data[i*d.X.Stride : i*d.X.Stride+d.X.Cols] {
			if v != 0 {
				fmt.Fprintf(&b, " %d:%.17g", j+1, v)
			}
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// liblinearWeights reads a model of LIBLINEAR's.
func liblinearWeights(t *testing.T, path string, d *logistic.Dense) [][]float64 {
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	head, body, ok := strings.Cut(string(b), "\nw\n")
	require.True(t, ok)
	var order []int
	for _, line := range strings.Split(head, "\n") {
		if rest, ok := strings.CutPrefix(line, "label "); ok {
			for _, f := range strings.Fields(rest) {
				var label int
				_, err := fmt.Sscan(f, &label)
				require.NoError(t, err)
				order = append(order, label)
			}
		}
	}
	require.Len(t, order, d.Classes)
	weights := make([][]float64, d.Classes)
	for c := range weights {
		weights[c] = make([]float64, d.X.Cols)
	}
	words := bufio.NewScanner(strings.NewReader(body))
	words.Split(bufio.ScanWords)
	for j := range d.X.Cols {
		for _, c := range order {
			require.True(t, words.Scan())
			_, err := fmt.Sscan(words.Text(), &weights[c][j])
			require.NoError(t, err)
		}
	}
	return weights
}
