package experiments_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/experiments"
	"tickle/learners/all"
	"tickle/learners/nmap6"
)

// vectorData makes a data set of vectors: so many machines of each class,
// whose classes differ in every probe, two machines an image, and the last
// class's machines resampled.
func vectorData(t testing.TB, counts ...int) *experiments.Data {
	t.Helper()
	r := rand.New(rand.NewPCG(8, 9))
	table := &datasets.Imported{Meta: datasets.TableMeta{Format: "test", File: "test", Labels: []string{"family", "class"}}}
	var rows []nmap6.LabelledVector
	for c, n := range counts {
		var centre nmap6.Vector
		for i := range centre {
			centre[i] = float64(r.IntN(6))
		}
		for k := range n {
			v := centre
			v[51] = r.Float64()
			v[60] += float64(r.IntN(2))
			if k%3 == 2 { // U1 was not answered
				for i, name := range nmap6.Features {
					if nmap6.FeatureProbe(name) == "U1" {
						v[i] = nmap6.Missing
					}
				}
			}
			name := fmt.Sprintf("m%d.%d", c, k)
			m := datasets.Machine{Name: name, Group: fmt.Sprintf("g%d.%d", c, k/2), Labels: datasets.GivenLabels(fmt.Sprint("F", c%2), fmt.Sprint("C", c))}
			if c == len(counts)-1 {
				m.Factors = map[string]string{"origin": string(nmap6.Resampled)}
			}
			table.Rows = append(table.Rows, m)
			rows = append(rows, nmap6.LabelledVector{Vector: v})
		}
	}
	table.Columns = nmap6.Columns(rows)
	d, err := datasets.FromTable(table)
	require.NoError(t, err)
	return experiments.Of("vectors", d)
}

func TestLOO(t *testing.T) {
	r := study(t, "loo", experiments.Input{Data: vectorData(t, 4, 1, 5, 1, 3), Seed: 1})
	rows := studyRows[experiments.LOORow](t, r)
	right := map[string]int{}
	for _, row := range rows {
		require.Equal(t, "scanned", row.Vectors)
		require.Equal(t, 11, row.N, "resampled vectors are left out")
		require.Equal(t, []int{4, 2}, []int{row.Classes, row.Singletons})
		right[row.Measure] = row.Right
	}
	// Classes lie far apart: only those alone in their class are wrong, and
	// those whose whole group is.
	require.Equal(t, map[string]int{"training set": 11, "leave one out": 9, "leave one group out": 9, "at most": 9}, right)
	require.Equal(t, 141, rows[0].TalkRight)
	require.Equal(t, "=0.9216", rows[0].Talk.Relation+rows[0].Talk.String())
	require.Equal(t, "cannot tell", rows[0].Verdict)
	require.Equal(t, "cannot tell", rows[1].Verdict)
	require.Equal(t, 11, r.Provenance.Machines)
}

// Clones of an image that is alone in its class are right when one of them is
// left out, and wrong when all are.
func TestLOOByGroup(t *testing.T) {
	rows := studyRows[experiments.LOORow](t, study(t, "loo", experiments.Input{Data: vectorData(t, 2, 4, 1), Seed: 1}))
	for _, row := range rows {
		switch row.Measure {
		case "leave one out":
			require.Equal(t, 6, row.Right)
		case "leave one group out":
			require.Equal(t, 4, row.Right)
		}
	}
}

func TestMap(t *testing.T) {
	for _, points := range []string{"classes", "vectors"} {
		r := study(t, "map", experiments.Input{Data: vectorData(t, 4, 2, 5, 1, 3), Seed: 1, Options: map[string]string{"points": points, "perplexity": "3"}})
		rows := studyRows[experiments.MapRow](t, r)
		want := 5
		if points == "vectors" {
			want = 12
		}
		require.Len(t, rows, 3*want)
		for _, row := range rows {
			require.False(t, row.X.IsNA() || row.Y.IsNA())
			require.True(t, row.Fit >= 0 && row.Fit <= 1, "%v", row.Fit)
			if points == "vectors" && row.Method != "tsne" { // clones lie together, other classes do not
				for _, o := range rows {
					if o.Method == row.Method && o.Label[:2] == row.Label[:2] {
						require.Equal(t, row.Family, o.Family)
					}
				}
			}
		}
	}
}

// t-SNE keeps clusters that are far apart apart: the nearest of every point is
// of its class.
func TestMapKeepsClusters(t *testing.T) {
	r := study(t, "map", experiments.Input{Data: vectorData(t, 8, 8, 8, 8, 1), Seed: 2, Options: map[string]string{"points": "vectors", "perplexity": "5"}})
	rows := studyRows[experiments.MapRow](t, r)
	for _, method := range []string{"pca", "mds", "tsne"} {
		for _, a := range rows {
			if a.Method != method {
				continue
			}
			best, of := 1e300, ""
			for _, b := range rows {
				if d := float64((a.X-b.X)*(a.X-b.X) + (a.Y-b.Y)*(a.Y-b.Y)); b.Method == method && b.Label != a.Label && d < best {
					best, of = d, b.Label
				}
			}
			require.Equal(t, a.Label[:2], of[:2], method)
		}
	}
}

func TestVectorClassifiers(t *testing.T) {
	ls, err := all.Registry().Parse("forest:trees=5;ibk:k=1")
	require.NoError(t, err)
	r := study(t, "vectors", experiments.Input{Data: vectorData(t, 6, 6, 7, 2), Learners: ls, Seed: 1, Options: map[string]string{"folds": "3"}})
	rows := studyRows[experiments.VectorRow](t, r)
	require.Len(t, rows, 8*3*4)
	for _, row := range rows {
		require.Equal(t, 19, row.N)
		if row.Masked == "none" {
			require.Equal(t, 19, row.Right, "%s %s", row.Learner, row.Missing)
		}
		if row.Learner == "nmap6" && row.Missing == "-1" {
			require.Empty(t, row.Verdict)
			require.True(t, row.P.IsNA())
		} else {
			require.Equal(t, "cannot tell", row.Verdict, "10 groups are too few")
		}
	}
}

// The learners that the study is about have rows of their own, and calibration
// changes no class.
func TestCalibratedVectorClassifier(t *testing.T) {
	entry, err := experiments.Find("vectors")
	require.NoError(t, err)
	const multinomial, calibrated = "logistic:multinomial=true", "logistic:multinomial=true,calibrated=true"
	ls, err := all.Registry().Parse(entry.Learners)
	require.NoError(t, err)
	var labels []string
	for _, l := range ls {
		labels = append(labels, l.Label)
	}
	require.Equal(t, []string{"forest", "ibk", "smo", multinomial, calibrated}, labels)
	data := vectorData(t, 6, 6, 7, 1, 2)
	r := study(t, "vectors", experiments.Input{Data: data, Learners: ls, Seed: 1, Options: map[string]string{"folds": "3", "missing": "-1,k-nn"}})
	type cell struct{ learner, missing, masked string }
	at := map[cell]experiments.VectorRow{}
	for _, row := range studyRows[experiments.VectorRow](t, r) {
		at[cell{row.Learner, row.Missing, row.Masked}] = row
		require.Equal(t, 1, row.Unseen, "the class of one vector")
		require.Equal(t, row.Learner == "smo", row.Brier.IsNA(), "votes are no probabilities")
		require.Equal(t, row.Learner == "smo", row.LogLoss.IsNA())
	}
	require.Len(t, at, 8*6*2)
	for c, row := range at {
		if c.learner == calibrated {
			require.Equal(t, at[cell{multinomial, c.missing, c.masked}].Right, row.Right)
		}
	}
	// Nmap's own is one against the rest, whose optimum is the learner's.
	require.InDelta(t, float64(at[cell{"nmap6", "-1", "none"}].LogLoss), oneVsRestLoss(t, data), 1e-4)
}

func oneVsRestLoss(t *testing.T, data *experiments.Data) float64 {
	ls, err := all.Registry().Parse("logistic:c=100,eps=0.0001,bias=-1")
	require.NoError(t, err)
	r := study(t, "vectors", experiments.Input{Data: data, Learners: ls, Seed: 1, Options: map[string]string{"folds": "3", "missing": "-1"}})
	for _, row := range studyRows[experiments.VectorRow](t, r) {
		if row.Learner != "nmap6" && row.Masked == "none" {
			return float64(row.LogLoss)
		}
	}
	return 0
}

func TestVectorStudiesAreTheSameForAnyNumberOfWorkers(t *testing.T) {
	ls, err := all.Registry().Parse("forest:trees=5;logistic:multinomial=true,calibrated=true")
	require.NoError(t, err)
	for _, name := range []string{"loo", "map", "vectors", "vector-novelty"} {
		var first []byte
		for _, workers := range []int{1, 3} {
			r := study(t, name, experiments.Input{Data: vectorData(t, 4, 4, 5, 2, 2), Learners: ls, Seed: 3, Workers: workers, Options: map[string]string{"level": "1"}})
			var b bytes.Buffer
			require.NoError(t, r.WriteJSON(&b))
			if first == nil {
				first = b.Bytes()
			}
			require.Equal(t, string(first), b.String(), name)
		}
	}
}

func TestVectorStudiesRefuseAndStop(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, name := range []string{"loo", "map", "vectors", "vector-novelty"} {
		entry, err := experiments.Find(name)
		require.NoError(t, err)
		_, err = experiments.Run(context.Background(), entry, &experiments.Input{Data: synthetic(3, 3, 2)})
		require.ErrorContains(t, err, "holds no vectors of IPv6 answers")
		_, err = experiments.Run(ctx, entry, &experiments.Input{Data: vectorData(t, 4, 4, 5, 2)})
		require.ErrorIs(t, err, context.Canceled, name)
	}
}

// labVectors reads the vectors of the lab's real machines.
func labVectors(t *testing.T) *experiments.Data {
	t.Helper()
	run, err := nmap6.OpenRun("../testdata/nmap6/run")
	require.NoError(t, err)
	table, missing, err := run.Table(nmap6.V793)
	require.NoError(t, err)
	require.Empty(t, missing)
	d, err := datasets.FromTable(table)
	require.NoError(t, err)
	require.Equal(t, 60, d.Matrix.Rows())
	return experiments.Of("lab", d)
}

// On real vectors, whose classes are hard to tell apart, a calibrated model
// makes the better forecasts whatever answers are missing.
func TestCalibratedOnLabVectors(t *testing.T) {
	const spec = "logistic:multinomial=true;logistic:multinomial=true,calibrated=true"
	ls, err := all.Registry().Parse(spec)
	require.NoError(t, err)
	r := study(t, "vectors", experiments.Input{Data: labVectors(t), Learners: ls, Seed: 1, Options: map[string]string{"folds": "4", "missing": "-1"}})
	byMask := map[string][]experiments.VectorRow{}
	for _, row := range studyRows[experiments.VectorRow](t, r) {
		if row.Learner != "nmap6" {
			byMask[row.Masked] = append(byMask[row.Masked], row)
		}
	}
	require.Len(t, byMask, 8)
	for mask, rows := range byMask {
		require.Less(t, float64(rows[1].LogLoss), float64(rows[0].LogLoss), mask)
		require.Less(t, float64(rows[1].Brier), float64(rows[0].Brier), mask)
	}
}

// The lab's real machines: what the run in testdata says. Training-set
// accuracy and the order of measures follow from it.
func TestLabVectors(t *testing.T) {
	rows := studyRows[experiments.LOORow](t, study(t, "loo", experiments.Input{Data: labVectors(t), Seed: 1}))
	right := map[string]int{}
	for _, row := range rows {
		require.Equal(t, []int{60, 16, 1, 55}, []int{row.N, row.Classes, row.Singletons, row.Groups})
		right[row.Measure] = row.Right
	}
	require.Equal(t, 59, right["at most"])
	require.LessOrEqual(t, right["leave one group out"], right["leave one out"])
	require.Less(t, right["leave one out"], right["training set"])
}

// A family whose vectors are unlike all others' is noticed by every rule, and
// too few vectors bear no verdict.
func TestVectorNovelty(t *testing.T) {
	rows := studyRows[experiments.VectorNoveltyRow](t, study(t, "vector-novelty", experiments.Input{Data: vectorData(t, 6, 5, 7, 6, 2), Seed: 1, Options: map[string]string{"folds": "3"}}))
	require.Len(t, rows, 2*7)
	for _, row := range rows {
		require.Greater(t, float64(row.AUROC), 0.9, "%s without %s", row.Rule, row.Unknown)
		if row.Rule == "mahalanobis" {
			require.Zero(t, row.ConstantAccepted)
		} else {
			require.Equal(t, "cannot tell", row.Verdict)
		}
	}
}
