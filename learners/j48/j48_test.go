package j48_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners"
	"tickle/learners/j48"
	"tickle/learners/learnertest"
)

func learner(t testing.TB, spec string) learners.Learner {
	list, err := learners.NewRegistry(j48.Entry()).Parse(spec)
	require.NoError(t, err)
	return list[0].Learner
}

func TestContract(t *testing.T) {
	for _, spec := range []string{"j48", "j48:binary=true,laplace=true,confidence=0.1", "j48:unpruned=true,leaf=1"} {
		t.Run(spec, func(t *testing.T) { learnertest.Contract(t, learner(t, spec)) })
	}
}

func BenchmarkJ48(b *testing.B) {
	for _, columns := range []int{10_000, 77_000} {
		d := learnertest.Synthetic(learnertest.Paper(columns))
		l := learner(b, "j48")
		b.Run(fmt.Sprintf("columns=%d/partitions=%d/tenfold", columns, len(d.IDs)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.ReportMetric(learnertest.TenFold(b, l, d), "accuracy")
			}
		})
	}
}
