package novelty_test

import (
	"context"
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

// run is scikit-learn's LocalOutlierFactor on some data.
type run struct {
	name    string
	k       int
	outlier bool
	metric  string // ours, and scikit-learn's
	mix     peers.Mix
}

// Neighbours that tie are anyone's choice in scikit-learn, so there are none:
// numbers are all different, and of the nominal rows all others are
// neighbours.
var runs = []run{
	{"numeric-novelty", 20, false, "euclidean", peers.Mix{Rows: 90, Classes: 3, Numeric: 5, Noise: .2, Grid: 1e-6, Seed: 41}},
	{"numeric-outlier", 5, true, "euclidean", peers.Mix{Rows: 60, Classes: 3, Numeric: 3, Noise: .2, Grid: 1e-6, Seed: 42}},
	{"few", 20, false, "euclidean", peers.Mix{Rows: 18, Classes: 2, Numeric: 4, Noise: .2, Grid: 1e-6, Seed: 43}},
	{"nominal", 100, true, "hamming", peers.Mix{Rows: 60, Classes: 4, Nominal: 30, Values: 4, Noise: .3, Constant: 2, Repeats: 8, Seed: 44}},
}

func (r run) path() string {
	return filepath.Join("..", "..", "testdata", "golden", "sklearn", "lof-"+r.name+".txt")
}

func (r run) read(t *testing.T) string {
	b, err := os.ReadFile(r.path())
	require.NoError(t, err, "make it with go test -tags peers -update")
	return string(b)
}

// csv writes some rows, nominal cells as codes.
func csv(d *learnertest.Data, rows []int32) []byte {
	var b strings.Builder
	for _, r := range rows {
		var cells []string
		for c := range d.Columns {
			cells = append(cells, strconv.Itoa(int(d.Codes(d.Part[c])[r])))
		}
		for _, column := range d.Matrix.Numbers {
			cells = append(cells, strconv.FormatFloat(column.Cells[r], 'g', -1, 64))
		}
		b.WriteString(strings.Join(cells, ",") + "\n")
	}
	return []byte(b.String())
}

func TestLOFScikitLearn(t *testing.T) {
	for _, r := range runs {
		t.Run(r.name, func(t *testing.T) {
			d := peers.Make(r.mix)
			train, ask := d.Except(func(row int) bool { return row%3 == 0 }), d.Except(func(row int) bool { return row%3 != 0 })
			mode := "novelty"
			if r.outlier {
				mode, ask = "outlier", train
			}
			known, asked := csv(d, train), csv(d, ask)
			text := r.run(t, known, asked)
			require.Contains(t, text, fmt.Sprintf("data: %x ", sha256.Sum256(append(known, asked...))), "%s was made of other data: run go test -tags peers -update", r.path())
			_, scores, ok := strings.Cut(text, "--- scores\n")
			require.True(t, ok)
			lines := strings.Fields(scores)
			require.Len(t, lines, len(ask))
			m := fit(t, fmt.Sprintf("lof:like=sklearn,k=%d,mode=%s,metric=%s", r.k, mode, r.metric), d.Train(train))
			for i, row := range ask {
				want, err := strconv.ParseFloat(lines[i], 64)
				require.NoError(t, err)
				require.InDelta(t, want, m.Score(row), 1e-9, "row %d", row)
			}
		})
	}
}

// TestLOFByHand has the numbers of a paper-and-pencil example: distances on a
// line.
func TestLOFByHand(t *testing.T) {
	at := func(x ...float64) *learnertest.Data {
		d := learnertest.Table(nil, make([]string, len(x)))
		d.Matrix.Numbers = []datasets.NumericColumn{{Name: "x", Cells: x}}
		d.Selection = d.Matrix.All()
		return d
	}
	for _, c := range []struct {
		name, spec string
		x          []float64
		train      []int32
		row        int32
		want       float64
	}{
		// The 1-distances of 0, 1, 3 are 1, 1, 2; their densities 1, 1, 1/2.
		// 10 is 7 from 3 alone: (1/2)/(1/7).
		{"nearest", "lof:k=1,metric=euclidean", []float64{0, 1, 3, 10}, []int32{0, 1, 2}, 3, 3.5},
		// 1 has 0 and itself as new row; its k-distance 1 takes both in.
		{"a training row finds itself", "lof:k=1,metric=euclidean", []float64{0, 1, 3}, []int32{0, 1, 2}, 1, 1},
		// Without itself: 3's neighbour is 1, at 2: 1/(1/2).
		{"a training row without itself", "lof:k=1,metric=euclidean,mode=outlier", []float64{0, 1, 3}, []int32{0, 1, 2}, 2, 2},
		// Duplicates at 0 have the distance 1 to the next different row:
		// their neighbours are each other and 1, all at reach 1; so has 1.
		{"duplicates", "lof:k=1,metric=euclidean", []float64{0, 0, 0, 1, 5}, []int32{0, 1, 2, 3}, 4, 4},
		{"all the same", "lof:k=1,metric=euclidean", []float64{2, 2, 2, 2}, []int32{0, 1, 2}, 3, 1},
		{"unlike all the same", "lof:k=1,metric=euclidean", []float64{2, 2, 2, 5}, []int32{0, 1, 2}, 3, math.Inf(1)},
		// A range of 2 makes 10 four and a half ranges away from 1.
		{"range", "lof:k=1", []float64{-1, 1, 10}, []int32{0, 1}, 2, 4.5},
		{"missing is the mean", "lof:k=1,metric=euclidean", []float64{0, 4, 8, 3, math.NaN()}, []int32{0, 1, 2}, 4, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := at(c.x...)
			require.InDelta(t, c.want, fit(t, c.spec, d.Train(c.train)).Score(c.row), 1e-12)
		})
	}
}

// TestLOFPartitionsAreColumns compares with distances column by column, and
// neighbourhoods by counting distinct distances.
func TestLOFPartitionsAreColumns(t *testing.T) {
	d := learnertest.Synthetic(learnertest.Shape{Rows: 80, Columns: 200, Classes: 6, Behaviours: 4, Constant: .5, Noise: .003, Missing: .002, Seed: 1})
	train := d.Train(d.Except(func(r int) bool { return r%4 == 0 }))
	m := fit(t, "lof:k=5", train)
	distance := func(a, b int32) float64 {
		n := 0
		for c := range d.Columns {
			x, y := d.Codes(d.Part[c])[a], d.Codes(d.Part[c])[b]
			if x != y || x == datasets.Missing {
				n++
			}
		}
		return float64(n) / float64(len(d.Columns))
	}
	kdistance := func(row, own int32) float64 {
		distinct := map[float64]bool{}
		for _, r := range train.Rows {
			if x := distance(row, r); r != own && x > 0 {
				distinct[x] = true
			}
		}
		for range 4 {
			least := 2.0
			for x := range distinct {
				least = min(least, x)
			}
			delete(distinct, least)
		}
		least := 2.0
		for x := range distinct {
			least = min(least, x)
		}
		return least
	}
	mean := func(row, own int32, of func(r int32) float64) float64 {
		sum, n, k := 0.0, 0.0, kdistance(row, own)
		for _, r := range train.Rows {
			if r != own && distance(row, r) <= k {
				sum += of(r)
				n++
			}
		}
		return sum / n
	}
	reach := map[int32]float64{}
	for _, r := range train.Rows {
		reach[r] = kdistance(r, r)
	}
	density := func(row, own int32) float64 {
		return 1 / mean(row, own, func(r int32) float64 { return max(reach[r], distance(row, r)) })
	}
	for row := int32(0); row < int32(d.Rows()); row += 4 {
		want := mean(row, -1, func(r int32) float64 { return density(r, r) }) / density(row, -1)
		require.InDelta(t, want, m.Score(row), 1e-9, "row %d", row)
	}
}

func TestLOFErrors(t *testing.T) {
	d := peers.Make(peers.Mix{Rows: 10, Classes: 2, Numeric: 2, Seed: 1})
	_, err := detector(t, "lof").Fit(context.Background(), d.Train([]int32{4}))
	require.EqualError(t, err, "one training row: want at least 2, for it has no neighbours")
	d.Matrix.Numbers[1].Cells[3] = math.Inf(1)
	for _, spec := range []string{"lof", "mahalanobis"} {
		_, err = detector(t, spec).Fit(context.Background(), d.Train(nil))
		require.EqualError(t, err, "column n1, row 3: +Inf: want a finite number, or none", spec)
	}
}
