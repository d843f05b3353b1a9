package experiments

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// LeaveOneOut tests each row alone, with all others for training. Like the
// paper's split it lets clones of one image stand on both sides.
type LeaveOneOut struct{}

// Name is "leave-one-out".
func (LeaveOneOut) Name() string { return "leave-one-out" }

// Stratified is false.
func (LeaveOneOut) Stratified() bool { return false }

// Split makes one fold a row; fewer than two rows are an error.
func (LeaveOneOut) Split(t *Table, _ uint64) ([]Fold, error) {
	if t.Rows < 2 {
		return nil, fmt.Errorf("leave-one-out split of %d rows: want 2 at least", t.Rows)
	}
	fold := make([]int32, t.Rows)
	for row := range fold {
		fold[row] = int32(row)
	}
	return foldsOf(fold, t.Rows, 0), nil
}

// LeaveOneGroupOut tests each group alone, with all others for training.
type LeaveOneGroupOut struct{}

// Name is "leave-one-group-out".
func (LeaveOneGroupOut) Name() string { return "leave-one-group-out" }

// Stratified is false.
func (LeaveOneGroupOut) Stratified() bool { return false }

// Split makes one fold a group; fewer than two groups are an error.
func (LeaveOneGroupOut) Split(t *Table, _ uint64) ([]Fold, error) {
	groups := int(slices.Max(append([]int32{-1}, t.Groups...))) + 1
	if groups < 2 {
		return nil, fmt.Errorf("leave-one-group-out split of %d groups: want 2 at least", groups)
	}
	return foldsOf(t.Groups, groups, 0), nil
}

// HoldOut tests one share of the rows and trains on the rest: one fold of the
// grouped split, another in each repeat.
type HoldOut struct {
	Share   float64 // of the rows that is tested, above 0 and at most 0.5; it becomes 1/K for a whole K
	Repeats int
}

// Name is "hold-out".
func (HoldOut) Name() string { return "hold-out" }

// Stratified is true.
func (HoldOut) Stratified() bool { return true }

// holdOutStream draws which fold is held out.
const holdOutStream = 0x686f6c646f << 24 // + repeat

// Split takes one fold of each repeat of GroupedFolds. Fewer than two groups
// are an error.
func (s HoldOut) Split(t *Table, seed uint64) ([]Fold, error) {
	if !(s.Share > 0 && s.Share <= 0.5) {
		return nil, fmt.Errorf("hold-out split of a share of %g: want more than 0 and at most 0.5", s.Share)
	}
	k := int(math.Round(1 / s.Share))
	all, err := GroupedFolds{K: k, Repeats: s.Repeats}.Split(t, seed)
	if err != nil {
		return nil, err
	}
	var folds []Fold
	for repeat := range max(s.Repeats, 1) {
		of := slices.DeleteFunc(slices.Clone(all), func(f Fold) bool { return f.Repeat != repeat })
		fold := of[rand.New(rand.NewPCG(seed, holdOutStream+uint64(repeat))).IntN(len(of))]
		fold.Fold = 0
		folds = append(folds, fold)
	}
	return folds, nil
}
