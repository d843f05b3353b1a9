package learnertest

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/modelfile"
)

// Storing says which learner's models StoreContract stores.
type Storing struct {
	Entry learners.Entry
	Spec  string // as Parse reads it
	// Whole says that the learner takes no missing numbers.
	Whole bool
	// Ordered says that what a model says of a row depends on the rows before
	// it.
	Ordered bool
	// Undeclared says that a value which no training row has, but the training
	// data declares, changes nothing of a model, and is to it what a value is
	// that the training data does not have.
	Undeclared bool
}

// someProbes stands for a probe set.
const someProbes = "0123456789abcdef"

// StoreContract holds a learner to what package learners promises of stored
// models: one that is loaded says what it said before, of the data that it was
// trained on and of any other that has the same columns, in whatever order
// rows, values and columns stand there.
func StoreContract(t *testing.T, s Storing) {
	for _, c := range []struct {
		name string
		data *Data
	}{
		{"nominal", Synthetic(Shape{Rows: 70, Columns: 90, Classes: 5, Behaviours: 4, Constant: .3, Noise: .1, Seed: 2})},
		{"missing", Synthetic(Shape{Rows: 70, Columns: 90, Classes: 5, Behaviours: 4, Constant: .3, Noise: .1, Missing: .1, Seed: 3})},
		{"numbers", withNumbers(Synthetic(Shape{Rows: 70, Columns: 12, Classes: 4, Behaviours: 3, Constant: .3, Noise: .2, Missing: .1, Seed: 4}), s.Whole)},
		{"numbers alone", withNumbers(Synthetic(Shape{Rows: 50, Columns: 0, Classes: 3, Behaviours: 1, Seed: 5}), s.Whole)},
		{"a table", named(withNumbers(Synthetic(Shape{Rows: 60, Columns: 20, Classes: 4, Behaviours: 3, Constant: .1, Noise: .2, Missing: .1, Seed: 6}), s.Whole))},
		{"some columns", some(Synthetic(Shape{Rows: 60, Columns: 90, Classes: 4, Behaviours: 3, Constant: .3, Noise: .1, Missing: .05, Seed: 7}))},
		{"many rows", withNumbers(Synthetic(Shape{Rows: 200, Columns: 8, Classes: 3, Behaviours: 3, Noise: .2, Missing: .05, Seed: 8}), s.Whole)},
		{"one class", Table([][]string{{"x", "y", "x", "?"}}, []string{"a", "a", "a", "a"})},
		{"two classes", Table([][]string{{"x", "y", "x", "?"}, {"u", "u", "v", "v"}}, []string{"a", "b", "a", "b"})},
		{"nothing known", Table([][]string{{"x", "x", "x"}, {"?", "?", "?"}}, []string{"a", "b", "b"})},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.sameAgain(t, c.data, nil)
			rows := c.data.Except(third)
			s.sameAgain(t, c.data, rows)
			if !s.Ordered {
				s.sameElsewhere(t, c.data, rows)
			}
			if s.Undeclared {
				s.sameOfOthers(t, c.data)
			}
		})
	}
}

// fitted is a learner, its model and the file of it.
type fitted struct {
	registry *learners.Registry
	model    learners.Model
	file     []byte
}

func (s *Storing) fit(t *testing.T, d *Data, rows []int32) fitted {
	t.Helper()
	f := fitted{registry: learners.NewRegistry(s.Entry)}
	list, err := f.registry.Parse(s.Spec)
	require.NoError(t, err)
	if list[0].Detector != nil {
		n, err := list[0].Detector.Fit(context.Background(), d.Train(rows))
		require.NoError(t, err)
		f.model = strangeness{n, len(d.Classes)}
	} else {
		f.model = Fit(t, list[0].Learner, d.Train(rows))
	}
	f.file = Store(t, &list[0], f.model, d)
	return f
}

// strangeness is a measure of novelty that looks like a model.
type strangeness struct {
	learners.Novelty
	classes int
}

func (s strangeness) Kind() learners.ScoreKind { return learners.Uncalibrated }

func (s strangeness) Predict(row int32) learners.Prediction {
	p := learners.Prediction{Scores: make([]float64, s.classes)}
	p.Scores[0] = s.Score(row)
	return p
}

// Store writes a model and gives the file.
func Store(t testing.TB, c *learners.Configured, model any, d *Data) []byte {
	t.Helper()
	var b bytes.Buffer
	if s, ok := model.(strangeness); ok {
		model = s.Novelty
	}
	h := modelfile.Header{Classes: d.Classes, Training: modelfile.Training{Probes: someProbes}}
	require.NoError(t, learners.WriteModel(&b, c, model, h))
	return b.Bytes()
}

// Load reads a file that Store gave.
func Load(t testing.TB, r *learners.Registry, file []byte, m *datasets.Matrix) (learners.Model, error) {
	t.Helper()
	return loadFor(t, r, file, &modelfile.Target{Matrix: m, Probes: someProbes})
}

func loadFor(t testing.TB, r *learners.Registry, file []byte, to *modelfile.Target) (learners.Model, error) {
	t.Helper()
	f, err := modelfile.Read(file)
	require.NoError(t, err)
	if f.Header.Role == modelfile.Novelty {
		n, err := r.LoadNovelty(context.Background(), f, to)
		return strangeness{n, len(f.Header.Classes)}, err
	}
	return r.Load(context.Background(), f, to)
}

// sameAgain stores and loads a model for the data that it was trained on.
func (s *Storing) sameAgain(t *testing.T, d *Data, rows []int32) {
	f := s.fit(t, d, rows)
	again, err := Load(t, f.registry, f.file, d.Matrix)
	require.NoError(t, err)
	require.Equal(t, PredictAll(t, f.model, d), PredictAll(t, again, d))
	list, err := f.registry.Parse(s.Spec)
	require.NoError(t, err)
	alone, err := Load(t, f.registry, f.file, nil)
	require.NoError(t, err)
	require.True(t, bytes.Equal(f.file, Store(t, &list[0], alone, d)), "stored, loaded and stored again")
	require.True(t, bytes.Equal(f.file, Store(t, &list[0], again, d)), "stored, loaded for the data and stored again")
}

// sameElsewhere asks a stored model about the same rows in another data set:
// in another order, so that codes and partitions are others, among rows that
// have values which nobody has seen, and with columns that the model does not
// know.
func (s *Storing) sameElsewhere(t *testing.T, d *Data, rows []int32) {
	f := s.fit(t, d, rows)
	other, place := elsewhere(d)
	again, err := Load(t, f.registry, f.file, other)
	require.NoError(t, err)
	for r := range int32(d.Rows()) {
		want, got := f.model.Predict(r), again.Predict(place[r])
		for c := range want.Scores {
			if want.Scores[c] != got.Scores[c] { // infinite ones are
				require.InDelta(t, want.Scores[c], got.Scores[c], 1e-9, "row %d", r)
			}
		}
		if best := slices.Max(want.Scores); math.Abs(best-want.Scores[max(got.Class, 0)]) > 1e-9 {
			require.Equal(t, want.Class, got.Class, "row %d", r)
		}
	}
	for r := range int32(other.Rows()) {
		CheckPrediction(t, again.Kind(), again.Predict(r), len(d.Classes))
	}
	s.sameInBlocks(t, f, other, again)
}

// sameInBlocks asks about some rows of a data set alone.
func (s *Storing) sameInBlocks(t *testing.T, f fitted, m *datasets.Matrix, whole learners.Model) {
	from, to := m.Rows()/3, m.Rows()/2+1
	block, err := loadFor(t, f.registry, f.file, &modelfile.Target{Matrix: m, Probes: someProbes, From: from, To: to})
	require.NoError(t, err)
	for r := range to - from {
		want, got := whole.Predict(int32(from+r)), block.Predict(int32(r))
		for c := range want.Scores {
			if want.Scores[c] != got.Scores[c] {
				require.InDelta(t, want.Scores[c], got.Scores[c], 1e-9, "row %d", from+r)
			}
		}
	}
}

// sameOfOthers asks about rows with values that the training data does not
// have, and holds the answers to those of a model whose data has them.
func (s *Storing) sameOfOthers(t *testing.T, d *Data) {
	f := s.fit(t, d, nil)
	all, place := elsewhere(d)
	both := &Data{Selection: all.Select(func(c int) bool {
		return all.Name(c) != "unknown" && c < len(d.Columns) && (d.Names != nil || d.Selected(c))
	}), Classes: d.Classes, Labels: make([]int32, all.Rows())}
	var rows []int32
	for n := range all.Numbers {
		both.Numbers = append(both.Numbers, int32(n))
	}
	for r, at := range place {
		both.Labels[at] = d.Labels[r]
		rows = append(rows, at)
	}
	slices.Sort(rows)
	again, err := Load(t, f.registry, f.file, all)
	require.NoError(t, err)
	list, err := f.registry.Parse(s.Spec)
	require.NoError(t, err)
	want := Fit(t, list[0].Learner, both.Train(rows))
	for r := range int32(all.Rows()) {
		require.InDeltaSlice(t, want.Predict(r).Scores, again.Predict(r).Scores, 1e-9, "row %d", r)
	}
}

// elsewhere makes another matrix with the rows of d, and says where they are
// there.
func elsewhere(d *Data) (*datasets.Matrix, []int32) {
	const strange = 7
	rng := rand.New(rand.NewPCG(uint64(d.Rows()), 0x656c7365))
	order := rng.Perm(d.Rows() + strange)
	place := make([]int32, d.Rows())
	for at, r := range order {
		if r < d.Rows() {
			place[r] = int32(at)
		}
	}
	machines := make([]datasets.Machine, len(order))
	for i := range machines {
		machines[i].Name = fmt.Sprintf("other%03d", i)
	}
	g := datasets.NewGrouper(machines)
	columns := rng.Perm(len(d.Columns))
	if d.Names == nil { // probes keep their order
		slices.Sort(columns)
	}
	var names []string
	add := func(name string, column datasets.Column, cell func(r int) int32) {
		numbers := make([]int32, len(order))
		for at, r := range order {
			if numbers[at] = int32(100 + rng.IntN(2)); r < d.Rows() {
				numbers[at] = cell(r)
			}
		}
		addCells(g, column, numbers)
		names = append(names, name)
	}
	for place, c := range columns {
		column := d.Columns[c]
		if d.Names != nil {
			column.Probe = int32(place)
		}
		codes, values := d.Codes(d.Part[c]), d.Values(c)
		add(d.Name(c), column, func(r int) int32 {
			if codes[r] == datasets.Missing {
				return -1
			}
			return int32(values[codes[r]].Number)
		})
	}
	add("unknown", datasets.Column{Probe: 1 << 20}, func(r int) int32 { return int32(r % 3) })
	m := g.Matrix(nil)
	if d.Names != nil {
		m.Names = names
	}
	for n := range d.Matrix.Numbers {
		column := datasets.NumericColumn{Name: d.Matrix.Numbers[n].Name}
		for _, r := range order {
			v := 1e6
			if r < d.Rows() {
				v = d.Matrix.Numbers[n].Cells[r]
			}
			column.Cells = append(column.Cells, v)
		}
		m.Numbers = append(m.Numbers, column)
	}
	slices.Reverse(m.Numbers)
	return m, place
}

// withNumbers adds columns of numbers: one that follows the class, one that
// does so at times, one that is constant.
func withNumbers(d *Data, whole bool) *Data {
	rng := rand.New(rand.NewPCG(uint64(d.Rows()), 0x6e756d626572))
	columns := make([]datasets.NumericColumn, 4)
	for n := range columns {
		columns[n].Name = fmt.Sprintf("n%d", n)
		columns[n].Before = int32(min(3*n, len(d.Columns)))
	}
	for _, c := range d.Labels {
		for n := range columns {
			v := float64(c) + rng.NormFloat64()*float64(n)/3
			switch {
			case n == 2 && !whole && rng.IntN(4) == 0:
				v = math.NaN()
			case n == 3:
				v = 7
			}
			columns[n].Cells = append(columns[n].Cells, v)
		}
	}
	d.Matrix.Numbers = columns
	d.Selection = d.Matrix.All()
	return d
}

// named gives the columns names, as those of a table have.
func named(d *Data) *Data {
	for c := range d.Matrix.Columns {
		d.Matrix.Names = append(d.Matrix.Names, fmt.Sprintf("column %d", c))
	}
	return d
}

// some selects some columns, so that partitions are selected in part.
func some(d *Data) *Data {
	d.Selection = d.Select(func(c int) bool { return c%4 != 2 })
	return d
}
