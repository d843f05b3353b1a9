package forest

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
)

// OutOfBag gives the number of training rows that some tree has not seen, and
// how many of them the trees that have not seen them, voting as in Predict,
// get wrong.
func (m *Model) OutOfBag() (wrong, rows int) {
	b := m.estimate()
	return b.wrong, b.rows
}

// OutOfBagScores gives for each training row, in their order, the mean class
// distribution of the trees that have not seen it: what the forest says of
// its own training rows without having learned them. A row that every tree
// has seen has nil. They must not be changed. Of a loaded forest there are none.
func (m *Model) OutOfBagScores() [][]float64 { return m.estimate().scores }

// estimate computes m.bagged, once.
func (m *Model) estimate() *bagged {
	b := &m.bagged
	b.once.Do(func() {
		if m.bags != nil {
			// It ends with no error, for its context does not end.
			b.scores, _ = m.outOfBag(context.Background(), m.workers, swap{})
			b.wrong, b.rows = m.wrong(b.scores)
		}
	})
	return b
}

// swap says that the cells of some columns are those of another row: of
// training row i those of training row with[i]. The zero value swaps nothing.
type swap struct {
	columns func(attributes.ID) bool
	with    []int32
}

// outOfBag gives for each training row the mean class distribution of the
// trees that have not seen it, nil when all have.
func (m *Model) outOfBag(ctx context.Context, workers int, s swap) ([][]float64, error) {
	all := make([][]float64, len(m.rows))
	err := learners.Parallel(ctx, len(m.rows), workers, func(_, i int) error {
		w := walk{matrix: m.matrix, row: m.rows[i], scores: make([]float64, m.classes), swapped: s.columns}
		if s.columns != nil {
			w.other = m.rows[s.with[i]]
		}
		for k := range m.trees {
			if m.bags[k][i] == 0 {
				all[i] = w.scores
				m.trees[k].walk(w, 0, 1)
			}
		}
		if all[i] != nil {
			normalise(all[i])
		}
		return nil
	})
	return all, err
}

// wrong counts the training rows that have scores, and those of them whose
// first highest score is not their class's.
func (m *Model) wrong(scores [][]float64) (wrong, rows int) {
	for i, s := range scores {
		if s == nil {
			continue
		}
		rows++
		if slices.Index(s, slices.Max(s)) != int(m.labels[i]) {
			wrong++
		}
	}
	return wrong, rows
}

// Gain is the importance of a column by gain.
type Gain struct {
	Column attributes.ID
	// Value is how much the nodes that test the column lower the impurity of
	// the training rows, in the mean over trees: bits, with like=sklearn Gini
	// impurity. Sums over columns are the importances of fields or probes;
	// scikit-learn divides by the sum over all.
	Value float64
}

// ImportanceByGain gives the columns that some tree tests, from the most
// important down, equals by column. Of columns that group the rows alike only
// the first is ever tested.
func (m *Model) ImportanceByGain() []Gain {
	sums := make(map[attributes.ID]float64)
	for k := range m.trees {
		for i := range m.trees[k].nodes {
			if n := &m.trees[k].nodes[i]; n.kind != leaf {
				sums[n.column] += n.gain / float64(len(m.trees))
			}
		}
	}
	list := make([]Gain, 0, len(sums))
	for id, sum := range sums {
		list = append(list, Gain{id, sum})
	}
	slices.SortFunc(list, func(a, b Gain) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(a.Column, b.Column))
	})
	return list
}

// Permutation says how importance by permutation is computed.
type Permutation struct {
	// Group gives the group of a column, from 0 to Groups-1. All columns of a
	// group are permuted together: of many columns that say the same, one
	// alone would never be missed.
	Group   func(attributes.ID) int
	Groups  int
	Repeats int // permutations over which the mean is taken; 0: 5
	Seed    uint64
	Workers int // goroutines at most; 0: GOMAXPROCS
}

// Fields groups the columns of a matrix by field, over all probes together.
// Columns of numbers have no field and are a last group.
func (m *Model) Fields() (group func(attributes.ID) int, groups int) {
	fields := datasets.NumFields
	if m.matrix.Layout() == datasets.Dialogues {
		fields = datasets.NumAllFields
	}
	return func(id attributes.ID) int {
		if _, number := id.Number(); number {
			return fields
		}
		return int(m.matrix.Columns[id].Field)
	}, fields + 1
}

// permuteStream is the stream of a PCG keyed by the seed.
const permuteStream = 0x7065726d757465

// ImportanceByPermutation gives, for each group of columns, by how much the
// accuracy out of the bags falls when the cells of the group are permuted
// among the training rows, all columns by the same permutation: Breiman's
// variable importance, taken of the forest's votes. It fails when ctx ends, and
// of a loaded forest, which has no training rows.
func (m *Model) ImportanceByPermutation(ctx context.Context, p Permutation) ([]float64, error) {
	if m.rows == nil {
		return nil, errors.New("a loaded forest has no training rows to permute")
	}
	tested := make([]bool, p.Groups)
	for k := range m.trees {
		for i := range m.trees[k].nodes {
			if n := &m.trees[k].nodes[i]; n.kind != leaf {
				tested[p.Group(n.column)] = true
			}
		}
	}
	if p.Repeats == 0 {
		p.Repeats = 5
	}
	rng := rand.New(rand.NewPCG(p.Seed, permuteStream))
	falls := make([]float64, p.Groups)
	before, rows := m.OutOfBag()
	for range p.Repeats {
		s := swap{with: make([]int32, len(m.rows))}
		for i, j := range rng.Perm(len(m.rows)) {
			s.with[i] = int32(j)
		}
		for group := range falls {
			if !tested[group] {
				continue
			}
			s.columns = func(id attributes.ID) bool { return p.Group(id) == group }
			scores, err := m.outOfBag(ctx, p.Workers, s)
			if err != nil {
				return nil, err
			}
			wrong, _ := m.wrong(scores)
			falls[group] += float64(wrong-before) / float64(max(rows, 1)*p.Repeats)
		}
	}
	return falls, nil
}
