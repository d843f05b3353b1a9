package nmap6_test

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners/modelfile"
	"tickle/learners/nmap6"
)

func TestTrain(t *testing.T) {
	rows := synthetic(3, 1, 4, 3)
	m := train(t, rows)
	require.Len(t, m.Classes, 3)
	require.Equal(t, []int{1, 4, 3}, []int{m.Classes[0].Prints, m.Classes[1].Prints, m.Classes[2].Prints})
	// Means and variances by their definition, values between 0 and 1.
	scaled := make([][]float64, len(rows))
	for i := range rows {
		scaled[i] = m.Scaled(&rows[i].Vector)
		for f, v := range scaled[i] {
			require.True(t, v == -1 || v >= -1e-12 && v <= 1+1e-12, "%s: %v", m.Features[f], v)
		}
	}
	for f := range m.Features {
		mean, variance := 0.0, 0.0
		for i := 1; i < 5; i++ {
			mean += scaled[i][f] / 4
		}
		for i := 1; i < 5; i++ {
			variance += (scaled[i][f] - mean) * (scaled[i][f] - mean) / 4
		}
		require.InDelta(t, mean, m.Mean[1][f], 1e-12)
		require.InDelta(t, variance, m.Variance[1][f], 1e-12)
		require.Equal(t, scaled[0][f], m.Mean[0][f])
		require.Zero(t, m.Variance[0][f])
	}
	for i := range rows {
		best, _ := m.Best(&rows[i].Vector)
		require.Equal(t, rows[i].Label, m.Classes[best].Name)
	}
	one, err := nmap6.Train(context.Background(), rows, nmap6.TrainOptions{Workers: 1})
	require.NoError(t, err)
	require.Equal(t, one.Weight, m.Weight)
}

func TestTrainRefuses(t *testing.T) {
	rows := synthetic(3, 2)
	for name, change := range map[string]func([]nmap6.LabelledVector) []nmap6.LabelledVector{
		"want one at least": func([]nmap6.LabelledVector) []nmap6.LabelledVector { return nil },
		"want a label":      func(r []nmap6.LabelledVector) []nmap6.LabelledVector { r[1].Label = ""; return r },
		"want a finite":     func(r []nmap6.LabelledVector) []nmap6.LabelledVector { r[1].Vector[9] = math.NaN(); return r },
	} {
		_, err := nmap6.Train(context.Background(), change(append([]nmap6.LabelledVector(nil), rows...)), nmap6.TrainOptions{})
		require.ErrorContains(t, err, name)
	}
}

// What is recovered from a model has its means and variances, is exact where
// it says so, and trains to a model that says the same of the class means.
func TestRecover(t *testing.T) {
	rows := synthetic(4, 1, 2, 1, 3, 7, 12)
	m, err := nmap6.ImportFPModel(strings.NewReader(fpModelText(train(t, rows))))
	require.NoError(t, err)
	r, err := m.Recover(1)
	require.NoError(t, err)
	require.Len(t, r.Rows, len(rows))
	require.Less(t, r.Worst, 1e-4)
	require.Less(t, float64(r.Unmet)/float64(r.Pairs), 0.005)
	back := make([]nmap6.LabelledVector, len(rows))
	for i := range r.Rows {
		back[i] = r.Rows[i].LabelledVector
		require.Equal(t, rows[i].Label, r.Rows[i].Label)
		requireLegal(t, &r.Rows[i].Vector)
	}
	require.Equal(t, nmap6.Exact, r.Rows[0].Origin)
	requireNearRecovered(t, &rows[0].Vector, &r.Rows[0].Vector)
	require.Equal(t, nmap6.Exact, r.Rows[3].Origin)
	requireNearRecovered(t, &rows[3].Vector, &r.Rows[3].Vector)
	require.Equal(t, nmap6.Paired, r.Rows[1].Origin)
	for f, name := range nmap6.Features { // the values of both prints, in one order or the other
		if name == "TCP_ISR" || strings.HasSuffix(name, "CORR_WINDOW_MSS") {
			continue
		}
		require.ElementsMatch(t, []float64{rows[1].Vector[f], rows[2].Vector[f]}, []float64{r.Rows[1].Vector[f], r.Rows[2].Vector[f]}, name)
	}
	require.Equal(t, nmap6.Resampled, r.Rows[4].Origin)

	again, err := m.Recover(1)
	require.NoError(t, err)
	require.Equal(t, r, again)
	other, err := m.Recover(2)
	require.NoError(t, err)
	require.NotEqual(t, r.Rows, other.Rows)

	same, of, err := m.Refit(context.Background(), r)
	require.NoError(t, err)
	require.Equal(t, 6, of)
	require.Equal(t, 6, same)
}

func requireNearRecovered(t *testing.T, want, have *nmap6.Vector) {
	t.Helper()
	for i, name := range nmap6.Features {
		if name == "TCP_ISR" || strings.HasSuffix(name, "CORR_WINDOW_MSS") {
			require.InDelta(t, want[i], have[i], 1e-4*want[i]+1, name)
		} else {
			require.Equal(t, want[i], have[i], name)
		}
	}
}

// requireLegal holds values to what an answer can have.
func requireLegal(t *testing.T, v *nmap6.Vector) {
	t.Helper()
	for i, name := range nmap6.Features {
		switch {
		case v[i] == nmap6.Missing:
		case strings.HasSuffix(name, ".HLIM"):
			require.Contains(t, []float64{32, 64, 128, 255}, v[i], name)
		case name == "TCP_ISR" || strings.HasSuffix(name, "CORR_WINDOW_MSS"):
			require.GreaterOrEqual(t, v[i], 0.0, name)
		default:
			require.True(t, v[i] >= 0 && v[i] == math.Trunc(v[i]), "%s: %v", name, v[i])
		}
	}
}

func TestRecoveredDataSet(t *testing.T) {
	m := train(t, synthetic(5, 1, 2, 3))
	r, err := m.Recover(1)
	require.NoError(t, err)
	d, err := datasets.FromTable(r.Table())
	require.NoError(t, err)
	rows, err := nmap6.FromMatrix(d.Matrix, datasets.Given, 1)
	require.NoError(t, err)
	for i := range rows {
		require.Equal(t, r.Rows[i].LabelledVector, rows[i])
		require.Equal(t, r.Rows[i].Origin, nmap6.OriginOf(&d.Matrix.Machines[i]))
	}
}

func TestClassLabels(t *testing.T) {
	m := &nmap6.Model{Classes: []nmap6.Class{{Name: "X"}, {Name: "X"}, {Name: "X (2)"}, {Name: "Y"}, {Name: "X"}}}
	require.Equal(t, []string{"X", "X (3)", "X (2)", "Y", "X (4)"}, m.ClassLabels())
}

func bundle(t testing.TB) *nmap6.Bundle {
	rows := synthetic(6, 2, 3)
	b := &nmap6.Bundle{Model: train(t, rows), History: []nmap6.Addition{{Kind: "train", Who: "w", When: "2026-11-25T20:00:00Z", Source: "s", SHA256: "00", Rows: 5}}}
	for i := range rows {
		b.Vectors = append(b.Vectors, nmap6.KeptVector{LabelledVector: rows[i]})
	}
	return b
}

func TestBundle(t *testing.T) {
	b := bundle(t)
	var out bytes.Buffer
	require.NoError(t, b.Write(&out))
	back, err := nmap6.ReadBundle(out.Bytes())
	require.NoError(t, err)
	require.Equal(t, b.Vectors, back.Vectors)
	require.Equal(t, b.History, back.History)
	require.Equal(t, b.Model, back.Model)
	var again bytes.Buffer
	require.NoError(t, back.Write(&again))
	require.Equal(t, out.Bytes(), again.Bytes())
	for _, at := range []int{0, 20, 100, out.Len() / 2, out.Len() - 1} {
		broken := bytes.Clone(out.Bytes())
		broken[at] ^= 1
		_, err := nmap6.ReadBundle(broken)
		require.Error(t, err)
		_, err = nmap6.ReadBundle(out.Bytes()[:at])
		require.Error(t, err)
	}
}

func TestEnrich(t *testing.T) {
	all := synthetic(7, 4, 4, 4, 3)
	b := &nmap6.Bundle{Model: train(t, all[:12]), History: []nmap6.Addition{{Kind: "train"}}}
	for i := range all[:12] {
		b.Vectors = append(b.Vectors, nmap6.KeptVector{LabelledVector: all[i]})
	}
	contrary := all[0]
	contrary.ID, contrary.Label, contrary.Vector[51] = "x", "Other", 5
	add := append(append([]nmap6.LabelledVector{}, all[11:]...), contrary) // the first is there already
	next, change, err := b.Enrich(context.Background(), add, nmap6.Addition{Who: "me", When: "now"}, nmap6.EnrichOptions{Seed: 1, Folds: 4})
	require.NoError(t, err)
	require.Equal(t, 4, change.Added)
	require.Equal(t, 1, change.Duplicates)
	require.Equal(t, []string{"System 3", "Other"}, change.ClassesAdded)
	require.Equal(t, []nmap6.Conflict{{ID: "x", Label: "Other", With: "m0.0", WithAs: "System 0", Earlier: true}}, change.Conflicts)
	require.Equal(t, 12, change.Before.N)
	require.Equal(t, 16, change.After.N)
	require.Equal(t, 12, change.AfterOfOld.N)
	require.Len(t, next.Vectors, 16)
	require.Equal(t, nmap6.Addition{Kind: "enrich", Who: "me", When: "now", Rows: 4}, next.History[1])
	require.Equal(t, 1, next.Vectors[15].Addition)
	require.Len(t, b.Vectors, 12)
	moved := map[string]bool{}
	for _, m := range change.Moved {
		moved[m.ID] = m.New
	}
	for _, id := range []string{"m3.0", "m3.1", "m3.2"} { // their class is new, so they moved to it
		require.True(t, moved[id], id)
	}
	_, _, err = next.Enrich(context.Background(), all[:3], nmap6.Addition{}, nmap6.EnrichOptions{})
	require.ErrorContains(t, err, "nothing to add")

	// A model that kept no vectors gets those that it still holds.
	imported := &nmap6.Bundle{Model: b.Model}
	next, change, err = imported.Enrich(context.Background(), all[12:], nmap6.Addition{}, nmap6.EnrichOptions{Folds: 3})
	require.NoError(t, err)
	require.Equal(t, 12, change.MadeUp)
	require.Equal(t, nmap6.Resampled, next.Vectors[0].Origin)
	require.Equal(t, nmap6.Origin(""), next.Vectors[12].Origin)
}

// Whatever a payload is, reading it ends, without a panic.
func FuzzBundle(f *testing.F) {
	m, err := nmap6.ImportFPModel(strings.NewReader(oneFeature([]float64{1, -1})))
	require.NoError(f, err)
	b := &nmap6.Bundle{Model: m, History: []nmap6.Addition{{Kind: "import"}}, Vectors: []nmap6.KeptVector{{LabelledVector: nmap6.LabelledVector{ID: "a", Label: "b"}}}}
	var out bytes.Buffer
	require.NoError(f, b.Write(&out))
	file, err := modelfile.Read(out.Bytes())
	require.NoError(f, err)
	f.Add(file.Payload)
	f.Fuzz(func(t *testing.T, payload []byte) {
		h := file.Header
		var out bytes.Buffer
		require.NoError(t, modelfile.Write(&out, &h, payload))
		back, err := nmap6.ReadBundle(out.Bytes())
		if err != nil {
			return
		}
		back.Model.Classify(new(nmap6.Vector))
		var again bytes.Buffer
		require.NoError(t, back.Write(&again))
	})
}
