package all_test

import (
	"bytes"
	"context"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/all"
	"tickle/learners/attributes"
	"tickle/learners/learnertest"
	"tickle/learners/modelfile"
	"tickle/learners/models"
)

// stored is a model of every kind, trained on a small table.
func stored(t testing.TB) (files []*modelfile.File, d *learnertest.Data) {
	d = learnertest.Table([][]string{
		{"x", "y", "x", "z", "y", "x", "?", "y"}, {"p", "p", "q", "q", "?", "p", "q", "q"}, {"o", "o", "o", "o", "o", "o", "o", "o"},
	}, []string{"a", "b", "a", "c", "b", "a", "c", "b"})
	d.Matrix.Numbers = []datasets.NumericColumn{{Name: "n", Cells: []float64{1, 2, 1.5, 9, 2.5, 1, 8, 2}}}
	d.Selection = d.All()
	add := func(c *learners.Configured, made any, err error) {
		require.NoError(t, err)
		var b bytes.Buffer
		require.NoError(t, learners.WriteModel(&b, c, made, modelfile.Header{Classes: d.Classes}))
		f, err := modelfile.Read(b.Bytes())
		require.NoError(t, err)
		files = append(files, f)
	}
	list, err := all.Registry().Parse("forest:trees=3;forest:trees=2,like=sklearn;j48:leaf=1;j48:leaf=1,binary=true;jrip:weight=0;oner;ibk;ibk:missing=skip;" +
		"smo;smo:kernel=rbf,scores=platt;smo:kernel=poly;logistic;logistic:space=primal;logistic:multinomial=true;logistic:calibrated=true;bayes;majority")
	require.NoError(t, err)
	for i := range list {
		m, err := list[i].Learner.Fit(context.Background(), d.Train(nil))
		add(&list[i], m, err)
	}
	list, err = all.Novelty().Parse("lof:k=2;lof:k=2,like=sklearn,metric=euclidean;mahalanobis")
	require.NoError(t, err)
	for i := range list {
		m, err := list[i].Detector.Fit(context.Background(), d.Train(nil))
		add(&list[i], m, err)
	}
	return files, d
}

// load loads a file and looks at all that it says. Only an error may come of
// what is no model, and memory in proportion to the payload.
func load(t testing.TB, f *modelfile.File, m *datasets.Matrix) error {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	model, novelty, err := all.Load(context.Background(), f, &modelfile.Target{Matrix: m, Workers: 1})
	runtime.ReadMemStats(&after)
	if most := uint64(4<<20 + 4096*len(f.Payload)); after.TotalAlloc-before.TotalAlloc > most {
		t.Errorf("%s: %d bytes of memory for a payload of %d", f.Header.Learner, after.TotalAlloc-before.TotalAlloc, len(f.Payload))
	}
	if err != nil {
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q is not one line", f.Header.Learner, err)
		}
		return err
	}
	for r := range int32(m.Rows()) {
		if model == nil {
			if math.IsNaN(novelty.Score(r)) && f.Header.Learner != "lof" {
				t.Errorf("%s: row %d: no number", f.Header.Learner, r)
			}
		} else if p := model.Predict(r); len(p.Scores) != len(f.Header.Classes) || int(p.Class) >= len(p.Scores) {
			t.Errorf("%s: row %d: %v", f.Header.Learner, r, p)
		}
	}
	for _, form := range models.Forms {
		// What is no tree, and what has no number, cannot be shown in each.
		if err := models.Show(context.Background(), io.Discard, f, models.Showing{Form: form}); err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q is not one line", f.Header.Learner, err)
		}
	}
	return nil
}

// FuzzLoad: whatever the payload, a model or an error comes of it.
func FuzzLoad(f *testing.F) {
	files, d := stored(f)
	for i, file := range files {
		f.Add(uint8(i), file.Payload)
	}
	f.Fuzz(func(t *testing.T, i uint8, payload []byte) {
		file := *files[int(i)%len(files)]
		file.Payload = payload
		_ = load(t, &file, d.Matrix)
	})
}

// TestDamagedPayloads: a payload that is cut, or in which a byte is another,
// is an error or another model; never a panic.
func TestDamagedPayloads(t *testing.T) {
	files, d := stored(t)
	for _, whole := range files {
		require.NoError(t, load(t, whole, d.Matrix))
		for n := range whole.Payload {
			f := *whole
			f.Payload = whole.Payload[:n]
			require.Error(t, load(t, &f, d.Matrix), "%s cut at byte %d", f.Header.Learner, n)
			for _, to := range []byte{0, 1, 2, 3, 0x7f, 0x80, 0xff} {
				f.Payload = bytes.Clone(whole.Payload)
				f.Payload[n] = to
				_ = load(t, &f, d.Matrix)
			}
		}
		f := *whole
		f.Payload = append(bytes.Clone(whole.Payload), 0)
		require.ErrorContains(t, load(t, &f, d.Matrix), "bytes more than the model has")
	}
}

// TestDeepTree: a tree that is all depth is an error, before it is anything
// else's business.
func TestDeepTree(t *testing.T) {
	files, d := stored(t)
	f := *files[2]
	require.Equal(t, "j48", f.Header.Learner)
	chain := func(levels int) error {
		var e modelfile.Encoder
		e.Table(d.Matrix, []attributes.ID{attributes.Numeric(0)}, nil)
		weights := func(bags int) {
			e.Count(bags)
			for range bags*3 + bags + 3 + 1 {
				e.Float(1)
			}
		}
		leaf := func() {
			e.Uint(0)
			e.Flag(false)
			weights(1)
		}
		for i := range levels {
			e.Uint(3)
			e.Index(0)
			e.Float(float64(i))
			weights(2)
			leaf()
		}
		leaf()
		f.Payload = e.Bytes()
		return load(t, &f, d.Matrix)
	}
	require.NoError(t, chain(100))
	require.ErrorContains(t, chain(modelfile.MaxDepth+1), "levels")
}
