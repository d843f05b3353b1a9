package experiments

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"tickle/datasets"
)

// Splitter cuts rows into folds.
type Splitter interface {
	// Name is what results and flags call it.
	Name() string
	// Stratified reports whether the folds depend on the labels, so that
	// each level has its own.
	Stratified() bool
	// Split makes the folds of every repeat. The same table and seed give
	// the same folds.
	Split(t *Table, seed uint64) ([]Fold, error)
}

// Table is what a splitter may know of the rows.
type Table struct {
	Rows   int
	Labels []int32 // class of each row, 0…; nil for a splitter that is not Stratified
	Groups []int32 // group of each row, 0…
	// Machines are the rows by name, for splitters that cut by what they are.
	Machines []datasets.Machine
	// Hierarchy and Level say what Labels are.
	Hierarchy datasets.Hierarchy
	Level     int
}

// Fold is one training and test set. Rows may be in neither.
type Fold struct {
	Repeat, Fold int
	Train, Test  []int32 // rows, ascending
}

// RandomFolds is the paper's split: the rows in random order, cut into K
// parts whose sizes differ by one at most; neither stratified nor grouped. It
// lets clones of one image stand on both sides of a fold.
type RandomFolds struct{ K, Repeats int }

// Name is "paper".
func (RandomFolds) Name() string { return "paper" }

// Stratified is false.
func (RandomFolds) Stratified() bool { return false }

// Split cuts a permutation drawn from PCG(seed, stream), where the stream is
// the repeat's number. With fewer than K rows there are as many folds as
// rows; fewer than two rows are an error.
func (s RandomFolds) Split(t *Table, seed uint64) ([]Fold, error) {
	k := min(s.K, t.Rows)
	if k < 2 {
		return nil, fmt.Errorf("paper split into %d folds of %d rows: want 2 of each at least", s.K, t.Rows)
	}
	var folds []Fold
	for repeat := range max(s.Repeats, 1) {
		order := rand.New(rand.NewPCG(seed, paperStream+uint64(repeat))).Perm(t.Rows)
		fold := make([]int32, t.Rows)
		for i, row := range order {
			fold[row] = int32(i * k / t.Rows)
		}
		folds = append(folds, foldsOf(fold, k, repeat)...)
	}
	return folds, nil
}

// Streams of PCG(seed, stream): each use of randomness has its own range, so
// that one does not follow from another.
const (
	paperStream     = 0x7061706572 << 24     // + repeat
	groupedStream   = 0x67726f7570 << 24     // + repeat
	bootstrapStream = 0x626f6f7473 << 24     // the intervals
	fitStream       = uint64(0x666974) << 40 // + repeat, fold: seeds of fits
)

// GroupedFolds is the split of everything but the paper's numbers: stratified
// by label, and a group is never on both sides.
type GroupedFolds struct{ K, Repeats int }

// Name is "grouped".
func (GroupedFolds) Name() string { return "grouped" }

// Stratified is true.
func (GroupedFolds) Stratified() bool { return true }

// Split assigns groups greedily: they are shuffled by PCG(seed, stream), those
// of 2ⁿ rows or more come before smaller ones (the largest are the hardest to
// place), and each goes to the fold where it leaves its classes spread most
// evenly: the least sum over its classes of the standard deviation over folds
// of the share of the class. Ties go to the fold with the fewest rows, then to
// the first. The measure is that of scikit-learn's StratifiedGroupKFold; the
// order is coarser, so that repeats differ. With fewer than K groups there are
// as many folds as groups; fewer than two are an error.
func (s GroupedFolds) Split(t *Table, seed uint64) ([]Fold, error) {
	groups := int(slices.Max(append([]int32{-1}, t.Groups...))) + 1
	k := min(s.K, groups)
	if k < 2 {
		return nil, fmt.Errorf("grouped split into %d folds of %d groups: want 2 of each at least", s.K, groups)
	}
	var folds []Fold
	for repeat := range max(s.Repeats, 1) {
		b := newBalancer(t, groups, k)
		rng := rand.New(rand.NewPCG(seed, groupedStream+uint64(repeat)))
		foldOfGroup := b.assign(rng)
		fold := make([]int32, t.Rows)
		for row, g := range t.Groups {
			fold[row] = foldOfGroup[g]
		}
		folds = append(folds, foldsOf(fold, k, repeat)...)
	}
	return folds, nil
}

// foldsOf makes k folds of which fold each row is tested in.
func foldsOf(fold []int32, k, repeat int) []Fold {
	folds := make([]Fold, k)
	for i := range folds {
		folds[i].Repeat, folds[i].Fold = repeat, i
		for row, f := range fold {
			if int(f) == i {
				folds[i].Test = append(folds[i].Test, int32(row))
			} else {
				folds[i].Train = append(folds[i].Train, int32(row))
			}
		}
	}
	return folds
}
