package all_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners"
	"tickle/learners/all"
	"tickle/learners/learnertest"
	"tickle/learners/modelfile"
)

// BenchmarkStore writes and loads models of data of the paper's shape: ibk,
// smo and logistic keep every column and row, forest and j48 the columns that
// they test.
func BenchmarkStore(b *testing.B) {
	for _, columns := range []int{77_000, 400_000, 1_950_000} {
		b.Run(fmt.Sprintf("columns=%d", columns), func(b *testing.B) {
			d := learnertest.Synthetic(learnertest.Paper(columns))
			for _, spec := range []string{"ibk", "forest", "j48", "smo", "logistic"} {
				b.Run(spec, func(b *testing.B) { benchStore(b, d, spec) })
			}
		})
	}
}

func benchStore(b *testing.B, d *learnertest.Data, spec string) {
	list, err := all.Registry().Parse(spec)
	require.NoError(b, err)
	train := d.Train(nil)
	train.Shared = learners.NewShared(d.Selection)
	m := learnertest.Fit(b, list[0].Learner, train)
	var file bytes.Buffer
	store := func() {
		file.Reset()
		require.NoError(b, learners.WriteModel(&file, &list[0], m, modelfile.Header{Classes: d.Classes}))
	}
	b.Run("store", func(b *testing.B) {
		for b.Loop() {
			store()
		}
		b.ReportMetric(float64(file.Len()), "bytes")
	})
	b.Run("load", func(b *testing.B) {
		store()
		b.ReportAllocs()
		for b.Loop() {
			f, err := modelfile.Read(file.Bytes())
			require.NoError(b, err)
			_, _, err = all.Load(context.Background(), f, &modelfile.Target{Matrix: d.Matrix})
			require.NoError(b, err)
		}
	})
}
