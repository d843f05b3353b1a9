package peers

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
	"tickle/learners/learnertest"
)

// Apart makes data with the columns of d, in which no two columns share a
// partition: rows are added behind those of d, in which columns differ. A
// learner that is trained on rows of d must make the same model of both, down
// to the columns that it names, or partitions do not give what columns give.
func Apart(t testing.TB, d *learnertest.Data, seed uint64) *learnertest.Data {
	rng := rand.New(rand.NewPCG(seed, 0x6170617274))
	const more = 64
	n := d.Rows()
	machines := slices.Clone(d.Machines)
	for i := range more {
		machines = append(machines, datasets.Machine{Name: fmt.Sprintf("more%02d", i)})
	}
	apart := &learnertest.Data{Classes: d.Classes, Labels: append(slices.Clone(d.Labels), make([]int32, more)...)}
	g := datasets.NewGrouper(machines)
	for c, column := range d.Columns {
		cells := slices.Clone(d.Codes(d.Part[c]))
		values := d.Values(c)
		for range more {
			code := datasets.Missing
			if rng.IntN(2) == 0 && len(values) > 0 {
				code = datasets.Code(rng.IntN(len(values)))
			}
			cells = append(cells, code)
		}
		g.Add(column, cells, values)
	}
	matrix := g.Matrix(d.Texts)
	for _, numbers := range d.Matrix.Numbers {
		numbers.Cells = slices.Clone(numbers.Cells)
		for range more {
			numbers.Cells = append(numbers.Cells, math.NaN())
		}
		matrix.Numbers = append(matrix.Numbers, numbers)
	}
	apart.Selection = matrix.All()
	empty := 0
	for _, p := range apart.Parts {
		if p.Distinct == 0 {
			empty += int(p.Columns) - 1
		}
	}
	require.Len(t, apart.Parts, apart.D-empty, "some columns still share a partition")
	require.Equal(t, n+more, apart.Rows())
	return apart
}

// CheckPartitions holds a learner to what Apart says, on data with many equal
// columns, constant ones, numbers and missing cells. text writes a model; nil
// when it cannot be written.
func CheckPartitions(t *testing.T, l learners.Learner, text func(learners.Model) string) {
	for seed := range uint64(4) {
		d := Make(Mix{Rows: 90, Classes: 5, Nominal: 40, Numeric: int(seed % 2), Values: 4, Repeats: 20, Constant: 6, Noise: .15, Missing: float64(seed/2) * .05, Seed: seed})
		require.Less(t, len(d.IDs), d.D-10)
		apart := Apart(t, d, seed)
		rows := d.Except(func(r int) bool { return r%4 == 0 })
		together := learnertest.Fit(t, l, d.Train(rows))
		alone := learnertest.Fit(t, l, apart.Train(rows))
		if text != nil {
			require.Equal(t, text(alone), text(together), "seed %d", seed)
		}
		for r := range int32(d.Rows()) {
			want, got := alone.Predict(r), together.Predict(r)
			require.Equal(t, want.Class, got.Class, "seed %d row %d", seed, r)
			require.InDeltaSlice(t, want.Scores, got.Scores, 1e-9, "seed %d row %d", seed, r)
		}
	}
}

// CheckNumbers holds a learner to the contract where columns are numbers: the
// same model for any number of workers, sense in columns that are constant or
// all missing, and an error that names an infinite number.
func CheckNumbers(t *testing.T, l learners.Learner) {
	mix := Mix{Rows: 90, Classes: 4, Nominal: 3, Numeric: 6, Values: 3, Noise: .2, Missing: .1, Seed: 9}
	d := Make(mix)
	for r := range d.Rows() {
		d.Matrix.Numbers[1].Cells[r], d.Matrix.Numbers[2].Cells[r] = math.NaN(), 7
	}
	rows := d.Except(func(r int) bool { return r%3 == 0 })
	var want []learners.Prediction
	for _, workers := range []int{1, 2, 0} {
		train := d.Train(rows)
		train.Workers = workers
		m := learnertest.Fit(t, l, train)
		if want == nil {
			want = learnertest.PredictAll(t, m, d)
			// A row in four would be right by chance.
			require.Greater(t, learnertest.Accuracy(m, d, rows), 0.45)
		}
		require.Equal(t, want, learnertest.PredictAll(t, m, d), "workers %d", workers)
	}
	d.Matrix.Numbers[3].Cells[5] = math.Inf(-1)
	_, err := l.Fit(context.Background(), d.Train(rows))
	require.EqualError(t, err, fmt.Sprintf("column %s, row 5: -Inf: want a finite number, or none", attributes.Name(d.Matrix, attributes.Numeric(3))))
}
