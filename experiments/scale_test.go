package experiments_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/experiments"
	"tickle/learners/all"
	"tickle/learners/learnertest"
)

// paperScale is synthetic data of the paper's proportions with labels of both
// hierarchies: each class is a release of two kernels' worth.
func paperScale(columns int) *experiments.Data {
	d := learnertest.Synthetic(learnertest.Paper(columns))
	for i := range d.Machines {
		c := int(d.Labels[i])
		m := &d.Machines[i]
		m.Group = fmt.Sprintf("g%d", i)
		top := fmt.Sprintf("os%d", min(3, c/15))
		m.Labels.Kernel = [3]string{top, fmt.Sprintf("%s.%d", top, c/4), fmt.Sprintf("%s.%d.%d", top, c/4, c)}
		m.Labels.Distribution = [3]string{top, fmt.Sprintf("%s d%d", top, min(c/8, 5)), fmt.Sprintf("%s d%d.%d", top, min(c/8, 5), c)}
		m.Factors = map[string]string{"memory": fmt.Sprint(256 << (i % 4)), "path.hops": fmt.Sprint(i / 3 % 3)}
	}
	vetted := d.Select(func(c int) bool { return d.Columns[c].Field%2 == 0 })
	return &experiments.Data{
		Matrix: d.Matrix,
		Select: func(f datasets.FieldSet) (*datasets.Selection, error) {
			if f == datasets.Vetted {
				return vetted, nil
			}
			return d.Selection, nil
		},
		Origin: experiments.Origin{Name: "scale", Pool: "scale", Policies: experiments.Policies{Filter: "all"}},
	}
}

// BenchmarkExperiments runs each experiment that needs no run folder at a
// tenth of the paper's number of columns.
func BenchmarkExperiments(b *testing.B) {
	ls, err := all.Registry().Parse("forest;ibk")
	require.NoError(b, err)
	for _, columns := range []int{160_000} {
		d := paperScale(columns)
		b.Logf("%d columns, %d partitions", columns, len(d.Matrix.Parts))
		for _, e := range experiments.All() {
			if !strings.Contains("overfitting bias confusion importance learning-curve calibration factors", e.Name) {
				continue
			}
			b.Run(e.Name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_, err := experiments.Run(context.Background(), &e, &experiments.Input{Data: d, Learners: ls, Seed: 1})
					require.NoError(b, err)
				}
			})
		}
	}
}
