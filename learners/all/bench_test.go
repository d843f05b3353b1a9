package all_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/all"
	"tickle/learners/learnertest"
)

// benchSizes are the numbers of columns that BenchmarkLearners knows: small
// enough for other programs, in between, and the paper's.
var benchSizes = []int{10_000, 77_000, 1_950_000}

// benchNoises are shares of cells that are random, or missing.
var benchNoises = []struct {
	name           string
	noise, missing float64
}{{"noise=0", 0, 0}, {"noise=2%", 0.02, 0}, {"noise=10%", 0.10, 0}, {"missing=2%", 0.02, 0.02}}

// benchLearners are those whose cross-validation is timed, with the defaults
// that users get.
var benchLearners = []string{"ibk", "smo", "logistic", "forest", "forest:like=sklearn", "j48", "jrip", "bayes"}

// BenchmarkLearners times what a cell of a study costs on 329 rows of 60
// classes: the grouping of the columns and the Gram matrix, once each, then the
// 10-fold cross-validation of each learner on what they share. A part is chosen
// by -bench 'Learners/columns=1950000/noise=2%/j48'. cpu-s is user and system
// time of the process, for machines on which others run too.
func BenchmarkLearners(b *testing.B) {
	for _, columns := range benchSizes {
		for _, n := range benchNoises {
			b.Run(fmt.Sprintf("columns=%d/%s", columns, n.name), func(b *testing.B) {
				shape := learnertest.Paper(columns)
				shape.Noise, shape.Missing = n.noise, n.missing
				benchmarkShape(b, shape)
			})
		}
	}
}

func benchmarkShape(b *testing.B, shape learnertest.Shape) {
	d := learnertest.Synthetic(shape)
	shared := learners.NewShared(d.Selection)
	b.Run("group", func(b *testing.B) { benchmarkGrouping(b, shape) })
	b.Run("gram", func(b *testing.B) {
		measured(b, func() {
			_, err := learners.NewAgreements(context.Background(), d.Selection, 0)
			require.NoError(b, err)
		})
		b.ReportMetric(float64(len(d.IDs)), "partitions")
	})
	for _, spec := range benchLearners {
		list, err := all.Registry().Parse(spec)
		require.NoError(b, err)
		b.Run(spec, func(b *testing.B) {
			_, err := (&learners.Train{Data: d.Selection, Shared: shared}).Agreements(context.Background())
			require.NoError(b, err)
			accuracy := 0.0
			measured(b, func() { accuracy = learnertest.CrossValidate(b, list[0].Learner, d, shared) })
			b.ReportMetric(accuracy, "accuracy")
		})
	}
}

// benchmarkGrouping times the grouping of columns that lie in memory.
func benchmarkGrouping(b *testing.B, shape learnertest.Shape) {
	type column struct {
		at     datasets.Column
		cells  []datasets.Code
		values []datasets.Value
	}
	c := learnertest.NewColumns(shape)
	columns := make([]column, 0, shape.Columns)
	cells := make([]datasets.Code, 0, shape.Columns*shape.Rows)
	values := make([]datasets.Value, 0, 4*shape.Columns)
	for c.Next() {
		cells, values = append(cells, c.Cells...), append(values, c.Values...)
		columns = append(columns, column{c.Column, cells[len(cells)-len(c.Cells):], values[len(values)-len(c.Values):]})
	}
	measured(b, func() {
		g := datasets.NewGrouper(c.Machines)
		for i := range columns {
			g.Add(columns[i].at, columns[i].cells, columns[i].values)
		}
		g.Matrix(nil)
	})
}

// measured times work, garbage of what came before aside.
func measured(b *testing.B, work func()) {
	b.ReportAllocs()
	runtime.GC()
	before := cpuSeconds()
	n := 0
	for b.Loop() {
		work()
		n++
	}
	b.ReportMetric((cpuSeconds()-before)/float64(n), "cpu-s/op")
}
