package nmap6

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"tickle/learners"
)

// EnrichOptions says how a model is enriched.
type EnrichOptions struct {
	Seed    uint64 // of the folds, and of the rows that an imported model must have made up
	Folds   int    // of the cross-validation; 0: 10
	Workers int    // goroutines at most; 0: GOMAXPROCS. It changes no result
}

// Change says what enriching a model changed.
type Change struct {
	Added        int        `json:"added"`         // vectors
	Duplicates   int        `json:"duplicates"`    // vectors that were there already, with the same label, and were left out
	MadeUp       int        `json:"made_up"`       // vectors that the model did not keep and that were recovered or resampled from it
	ClassesAdded []string   `json:"classes_added"` // in order of appearance
	Conflicts    []Conflict `json:"conflicts"`     // vectors that are alike but for their labels
	Moved        []Move     `json:"moved"`         // predictions, of all vectors, that changed
	Before       Accuracy   `json:"before"`        // cross-validated, of the vectors before
	After        Accuracy   `json:"after"`         // of all vectors
	AfterOfOld   Accuracy   `json:"after_of_old"`  // of those that were there before, among all
}

// Conflict is a pair of vectors that nothing tells apart, of two classes.
type Conflict struct {
	ID      string `json:"id"`
	Label   string `json:"label"`
	With    string `json:"with"` // the other's id
	WithAs  string `json:"with_label"`
	Earlier bool   `json:"earlier"` // the other was in the model before
}

// Move is a vector whose best class changed.
type Move struct {
	ID     string `json:"id"`
	Label  string `json:"label"`
	Before string `json:"before"`
	After  string `json:"after"`
	New    bool   `json:"new"` // the vector was added
}

// Accuracy is how many of some vectors were given their label.
type Accuracy struct {
	Right int `json:"right"`
	N     int `json:"n"`
}

// String gives "right/n (percent)".
func (a Accuracy) String() string {
	if a.N == 0 {
		return "n/a"
	}
	return fmt.Sprintf("%d/%d (%.1f %%)", a.Right, a.N, 100*float64(a.Right)/float64(a.N))
}

// Enrich trains a model anew on its own vectors and more, and says what
// changed. The cost is the model's, and the scale is found anew. A model that
// was imported has kept no vectors: those that Recover gives stand in for them,
// and are marked. The bundle itself does not change.
func (b *Bundle) Enrich(ctx context.Context, add []LabelledVector, by Addition, o EnrichOptions) (*Bundle, *Change, error) {
	if o.Folds == 0 {
		o.Folds = 10
	}
	next := &Bundle{Vectors: slices.Clone(b.Vectors), History: slices.Clone(b.History), Training: b.Training}
	change := &Change{ClassesAdded: []string{}, Conflicts: []Conflict{}, Moved: []Move{}}
	if len(next.Vectors) == 0 {
		if err := next.makeUp(b.Model, o.Seed); err != nil {
			return nil, nil, err
		}
		change.MadeUp = len(next.Vectors)
	}
	old := len(next.Vectors)
	next.add(add, change)
	if change.Added == 0 {
		return nil, nil, fmt.Errorf("all %d vectors are in the model already: nothing to add", len(add))
	}
	by.Kind, by.Rows = "enrich", change.Added
	next.History = append(next.History, by)
	rows := next.labelled()
	options := TrainOptions{C: b.Model.C, Workers: o.Workers}
	var err error
	if next.Model, err = Train(ctx, rows, options); err != nil {
		return nil, nil, err
	}
	next.Model.inherit(b.Model)
	next.Training.Rows, next.Training.Seed = len(rows), o.Seed
	change.compare(b.Model, next.Model, rows, old)
	for _, c := range []struct {
		rows []LabelledVector
		into *Accuracy
	}{{rows[:old], &change.Before}, {rows, &change.After}} {
		right, err := CrossValidate(ctx, c.rows, o.Folds, o.Seed, options)
		if err != nil {
			return nil, nil, err
		}
		*c.into = accuracyOf(right)
		change.AfterOfOld = accuracyOf(right[:old])
	}
	return next, change, nil
}

// makeUp takes the vectors that a model still holds, and such as it allows.
func (b *Bundle) makeUp(m *Model, seed uint64) error {
	r, err := m.Recover(seed)
	if err != nil {
		return err
	}
	if len(b.History) == 0 {
		b.History = []Addition{{Kind: "import", Rows: len(r.Rows)}}
	}
	for i := range r.Rows {
		b.Vectors = append(b.Vectors, KeptVector{LabelledVector: r.Rows[i].LabelledVector, Origin: r.Rows[i].Origin})
	}
	return nil
}

// add appends the vectors that are not there yet, and notes those that are
// alike but for their labels.
func (b *Bundle) add(rows []LabelledVector, change *Change) {
	old := len(b.Vectors)
	for i := range rows {
		alike := slices.IndexFunc(b.Vectors, func(v KeptVector) bool { return v.Vector == rows[i].Vector && v.Label == rows[i].Label })
		if alike >= 0 {
			change.Duplicates++
			continue
		}
		for k := range b.Vectors {
			if v := &b.Vectors[k]; v.Label != rows[i].Label && alikeButForRate(&v.Vector, &rows[i].Vector) {
				change.Conflicts = append(change.Conflicts, Conflict{rows[i].ID, rows[i].Label, v.ID, v.Label, k < old})
				break
			}
		}
		change.Added++
		b.Vectors = append(b.Vectors, KeptVector{LabelledVector: rows[i], Addition: len(b.History)})
	}
}

// alikeButForRate reports whether two vectors are the same but for TCP_ISR,
// which is another in every scan.
func alikeButForRate(a, b *Vector) bool {
	for i := range a {
		if a[i] != b[i] && i != isrAt {
			return false
		}
	}
	return true
}

func (b *Bundle) labelled() []LabelledVector {
	rows := make([]LabelledVector, len(b.Vectors))
	for i := range rows {
		rows[i] = b.Vectors[i].LabelledVector
	}
	return rows
}

// inherit takes over what another model knows of classes beside their
// vectors.
func (m *Model) inherit(from *Model) {
	labels := from.ClassLabels()
	for i := range m.Classes {
		if k := slices.Index(labels, m.Classes[i].Name); k >= 0 {
			m.Classes[i].Family, m.Classes[i].OS = from.Classes[k].Family, from.Classes[k].OS
		}
	}
}

// compare lists new classes and predictions that changed.
func (c *Change) compare(before, after *Model, rows []LabelledVector, old int) {
	labels := before.ClassLabels()
	for i := range after.Classes {
		if name := after.Classes[i].Name; !slices.Contains(labels, name) {
			c.ClassesAdded = append(c.ClassesAdded, name)
		}
	}
	for i := range rows {
		was, _ := before.Best(&rows[i].Vector)
		is, _ := after.Best(&rows[i].Vector)
		if labels[was] != after.Classes[is].Name {
			c.Moved = append(c.Moved, Move{rows[i].ID, rows[i].Label, labels[was], after.Classes[is].Name, i >= old})
		}
	}
}

// CrossValidate trains on all folds but one and asks for that one's rows, for
// each fold, and reports of each row whether its best class is its label.
// Folds are drawn with the seed, with the rows of a label spread over them; as
// many folds as rows leave out one at a time. Everything, the scale too, is
// fitted on the training rows.
func CrossValidate(ctx context.Context, rows []LabelledVector, folds int, seed uint64, o TrainOptions) ([]bool, error) {
	if len(rows) < 2 || folds < 2 {
		return nil, fmt.Errorf("%d vectors in %d folds: want two of each at least", len(rows), folds)
	}
	folds = min(folds, len(rows))
	fold := foldsOf(rows, folds, seed)
	right := make([]bool, len(rows))
	workers := o.Workers
	o.Workers = 1
	err := learners.Parallel(ctx, folds, workers, func(_, k int) error {
		var train []LabelledVector
		for i := range rows {
			if fold[i] != k {
				train = append(train, rows[i])
			}
		}
		m, err := Train(ctx, train, o)
		if err != nil {
			return err
		}
		for i := range rows {
			if fold[i] == k {
				best, _ := m.Best(&rows[i].Vector)
				right[i] = m.Classes[best].Name == rows[i].Label
			}
		}
		return nil
	})
	return right, err
}

// foldsOf deals rows to folds, label by label, each label's in a drawn order.
func foldsOf(rows []LabelledVector, folds int, seed uint64) []int {
	byLabel := map[string][]int{}
	var labels []string
	for i := range rows {
		if byLabel[rows[i].Label] == nil {
			labels = append(labels, rows[i].Label)
		}
		byLabel[rows[i].Label] = append(byLabel[rows[i].Label], i)
	}
	r := rand.New(rand.NewPCG(seed, 0x6f6c6473))
	fold := make([]int, len(rows))
	next := 0
	for _, label := range labels {
		of := byLabel[label]
		for _, k := range r.Perm(len(of)) {
			fold[of[k]] = next % folds
			next++
		}
	}
	return fold
}

func accuracyOf(right []bool) Accuracy {
	a := Accuracy{N: len(right)}
	for _, ok := range right {
		if ok {
			a.Right++
		}
	}
	return a
}
