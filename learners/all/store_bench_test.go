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

// BenchmarkStore writes and loads models of data of the paper's shape: ibk
// keeps every column and row, forest and j48 the columns that they test.
func BenchmarkStore(b *testing.B) {
	for _, columns := range []int{77_000, 1_950_000} {
		d := learnertest.Synthetic(learnertest.Paper(columns))
		list, err := all.Registry().Parse("ibk;forest:trees=100;j48;smo;logistic")
		require.NoError(b, err)
		shared := learners.NewShared(d.Selection)
		for i := range list {
			train := d.Train(nil)
			train.Shared = shared
			m := learnertest.Fit(b, list[i].Learner, train)
			var file bytes.Buffer
			store := func() {
				file.Reset()
				require.NoError(b, learners.WriteModel(&file, &list[i], m, modelfile.Header{Classes: d.Classes}))
			}
			b.Run(fmt.Sprintf("columns=%d/%s/store", columns, list[i].Label), func(b *testing.B) {
				for b.Loop() {
					store()
				}
				b.ReportMetric(float64(file.Len()), "bytes")
			})
			b.Run(fmt.Sprintf("columns=%d/%s/load", columns, list[i].Label), func(b *testing.B) {
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
	}
}
