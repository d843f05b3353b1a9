package experiments

// RowFolds is stratified by label like GroupedFolds, and lets rows of a group
// stand on both sides of a fold: the mistake that experiment leakage shows.
type RowFolds struct{ K, Repeats int }

// Name is "rows".
func (RowFolds) Name() string { return "rows" }

// Stratified is true.
func (RowFolds) Stratified() bool { return true }

// Split is that of GroupedFolds with each row a group.
func (s RowFolds) Split(t *Table, seed uint64) ([]Fold, error) {
	rows := *t
	rows.Groups = make([]int32, t.Rows)
	for i := range rows.Groups {
		rows.Groups[i] = int32(i)
	}
	return GroupedFolds(s).Split(&rows, seed)
}
