package experiments

import (
	"fmt"
	"strings"
)

// splitNames says in a flag's help what splitters reads.
const splitNames = "paper, grouped, rows (stratified, groups split), leave-one-out, leave-one-group-out, hold-out, by:COLUMN (backend, stack, kernel.2, distribution.1, …, or a factor as memory), or a file of folds as splits.csv"

// holdOutShare is the share of rows that hold-out tests.
const holdOutShare = 1.0 / 3

// splitters makes the splitters that a comma-separated option names. The
// paper's, grouped and hold-out follow folds and repeats; a name that ends in
// .csv is a file, all of whose splits are used.
func (in *Input) splitters(option string, folds, repeats int) ([]Splitter, error) {
	var list []Splitter
	for _, name := range in.list(option) {
		column, by := strings.CutPrefix(name, "by:")
		switch {
		case name == "paper":
			list = append(list, RandomFolds{folds, repeats})
		case name == "grouped":
			list = append(list, GroupedFolds{folds, repeats})
		case name == "rows":
			list = append(list, RowFolds{folds, repeats})
		case name == "leave-one-out":
			list = append(list, LeaveOneOut{})
		case name == "leave-one-group-out":
			list = append(list, LeaveOneGroupOut{})
		case name == "hold-out":
			list = append(list, HoldOut{holdOutShare, repeats})
		case by && column != "":
			list = append(list, By{column})
		case strings.HasSuffix(name, ".csv"):
			read, err := ReadFileFolds(name)
			if err != nil {
				return nil, err
			}
			for _, s := range read {
				list = append(list, s)
			}
		default:
			return nil, fmt.Errorf("option %s=%s: %q: want %s", option, in.Options[option], name, splitNames)
		}
	}
	seen := make(map[string]bool)
	for _, s := range list {
		if seen[s.Name()] {
			return nil, fmt.Errorf("option %s=%s: the split %s is there twice", option, in.Options[option], s.Name())
		}
		seen[s.Name()] = true
	}
	return list, nil
}
