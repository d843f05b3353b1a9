package logistic_test

import (
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners/learnertest"
	"tickle/learners/peers"
)

// run is a training by LIBLINEAR.
type run struct {
	name    string
	c, bias float64
	mix     peers.Mix
}

var runs = []run{
	{"nominal", 1, 1, peers.Mix{Rows: 120, Classes: 5, Nominal: 20, Values: 5, Noise: .3, Repeats: 5, Constant: 3, Seed: 21}},
	{"missing", 0.5, -1, peers.Mix{Rows: 120, Classes: 6, Nominal: 20, Values: 4, Noise: .3, Missing: .2, Repeats: 5, Constant: 1, Seed: 22}},
	{"numeric", 2, 1, peers.Mix{Rows: 150, Classes: 4, Numeric: 6, Noise: .3, Missing: .05, Seed: 23}},
	{"mixed", 4, 10, peers.Mix{Rows: 150, Classes: 5, Nominal: 10, Numeric: 4, Values: 4, Noise: .2, Missing: .1, Seed: 24}},
	{"two", 1, 1, peers.Mix{Rows: 80, Classes: 2, Nominal: 15, Values: 3, Noise: .4, Missing: .1, Seed: 25}},
	{"many", 8, 1, peers.Mix{Rows: 90, Classes: 25, Nominal: 60, Values: 6, Noise: .1, Repeats: 25, Seed: 26}},
}

// libsvm writes some rows in LIBLINEAR's format. Features are numbered from 1:
// a nominal column's values by code, then the numeric columns.
func libsvm(d *learnertest.Data, rows []int32) []byte {
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%d", d.Labels[r])
		at := 1
		for c := range d.Columns {
			if code := d.Codes(d.Part[c])[r]; code != datasets.Missing {
				fmt.Fprintf(&b, " %d:1", at+int(code))
			}
			at += len(d.Values(c))
		}
		for _, column := range d.Matrix.Numbers {
			if v := column.Cells[r]; !math.IsNaN(v) && v != 0 {
				fmt.Fprintf(&b, " %d:%s", at, strconv.FormatFloat(v, 'g', -1, 64))
			}
			at++
		}
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

func (r run) path() string {
	return filepath.Join("..", "..", "testdata", "golden", "liblinear", r.name+".txt")
}

// weights gives LIBLINEAR's weights by class and feature, the bias column's
// last.
func (r run) weights(t *testing.T, d *learnertest.Data, data []byte) map[int32][]float64 {
	text := r.run(t, data)
	require.Contains(t, text, fmt.Sprintf("data: %x ", sha256.Sum256(data)), "%s was made of other data: run go test -tags peers -update", r.path())
	_, model, ok := strings.Cut(text, "--- model\n")
	require.True(t, ok)
	head, body, ok := strings.Cut(model, "\nw\n")
	require.True(t, ok)
	var labels []int32
	for _, line := range strings.Split(head, "\n") {
		if fields := strings.Fields(line); fields[0] == "label" {
			for _, f := range fields[1:] {
				label, err := strconv.Atoi(f)
				require.NoError(t, err)
				labels = append(labels, int32(label))
			}
		}
	}
	w := map[int32][]float64{}
	for _, line := range strings.Split(strings.TrimSpace(body), "\n") {
		for k, f := range strings.Fields(line) {
			v, err := strconv.ParseFloat(f, 64)
			require.NoError(t, err)
			w[labels[k]] = append(w[labels[k]], v)
		}
	}
	if len(labels) == 2 {
		for _, v := range w[labels[0]] {
			w[labels[1]] = append(w[labels[1]], -v)
		}
	}
	return w
}

// TestLIBLINEAR holds objectives to LIBLINEAR's within a millionth and weights
// within a thousandth of the greatest.
func TestLIBLINEAR(t *testing.T) {
	for _, r := range runs {
		t.Run(r.name, func(t *testing.T) {
			d := peers.Make(r.mix)
			rows := d.Except(func(row int) bool { return row%5 == 4 })
			weights := r.weights(t, d, libsvm(d, rows))
			for _, space := range []string{"gram", "primal"} {
				m := fit(t, fmt.Sprintf("logistic:eps=1e-8,c=%v,bias=%v,space=%s", r.c, r.bias, space), d.Train(rows))
				for class, want := range weights {
					w := rawOf(m, d, class, r.bias)
					theirs := w.with(want)
					ours, least := w.objective(r.c, class, rows), theirs.objective(r.c, class, rows)
					require.InEpsilon(t, least, ours, 1e-6, "class %d", class)
					greatest := 0.0
					for _, v := range want {
						greatest = max(greatest, math.Abs(v))
					}
					require.InDeltaSlice(t, theirs.flat(), w.flat(), 1e-3*greatest, "class %d", class)
				}
			}
		})
	}
}

// with gives a model of the same columns with other weights, in LIBLINEAR's
// order. It knows no features after the last that occurs in training.
func (w *raw) with(flat []float64) *raw {
	v := &raw{d: w.d, value: w.value}
	if v.value > 0 {
		v.bias = flat[len(flat)-1]
		flat = flat[:len(flat)-1]
	}
	next := func() float64 {
		if len(flat) == 0 {
			return 0
		}
		first := flat[0]
		flat = flat[1:]
		return first
	}
	for c := range w.d.Columns {
		values := make([]float64, len(w.d.Values(c)))
		for code := range values {
			values[code] = next()
		}
		v.nominal = append(v.nominal, values)
	}
	for range w.d.Matrix.Numbers {
		v.numeric = append(v.numeric, next())
	}
	return v
}

func (r run) read(t *testing.T) string {
	b, err := os.ReadFile(r.path())
	require.NoError(t, err, "make it with go test -tags peers -update")
	return string(b)
}
