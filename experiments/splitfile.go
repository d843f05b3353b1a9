package experiments

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"tickle/datasets"
)

// FileFolds are folds that somebody has written down, in the form of a
// splits.csv. Machines of the file that are not in the data, and machines of
// the data that are not in the file, are in no fold.
type FileFolds struct {
	split string
	rows  []Assignment
}

// ReadFileFolds reads a splits.csv and gives a splitter for each split that
// it names, in order of appearance. Every error names the file, and the line
// where there is one.
func ReadFileFolds(path string) ([]FileFolds, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("splits: %w", err)
	}
	defer f.Close()
	rows, err := ReadAssignments(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var list []FileFolds
	for _, a := range rows {
		i := slices.IndexFunc(list, func(f FileFolds) bool { return f.split == a.Split })
		if i < 0 {
			i = len(list)
			list = append(list, FileFolds{split: a.Split})
		}
		list[i].rows = append(list[i].rows, a)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: no folds", path)
	}
	return list, nil
}

// Name is what the file calls the split.
func (s FileFolds) Name() string { return s.split }

// Stratified reports whether the file has folds for each level.
func (s FileFolds) Stratified() bool { return s.rows[0].Hierarchy != "" }

// Split gives the folds that the file has for the table's hierarchy and
// level, in order of repeat and fold. It is an error when there is none, or
// when one has no training or no test row among the table's.
func (s FileFolds) Split(t *Table, _ uint64) ([]Fold, error) {
	row := make(map[string]int32, t.Rows)
	for i := range t.Machines {
		row[t.Machines[i].Name] = int32(i)
	}
	at := make(map[[2]int]*Fold)
	for _, a := range s.rows {
		r, known := row[a.Machine]
		if !known || a.Hierarchy != "" && (a.Hierarchy != t.Hierarchy.String() || a.Level != t.Level) {
			continue
		}
		k := [2]int{a.Repeat, a.Fold}
		if at[k] == nil {
			at[k] = &Fold{Repeat: a.Repeat, Fold: a.Fold}
		}
		if a.Role == TestRole {
			at[k].Test = append(at[k].Test, r)
		} else {
			at[k].Train = append(at[k].Train, r)
		}
	}
	var folds []Fold
	for _, f := range at {
		folds = append(folds, *f)
	}
	if len(folds) == 0 {
		return nil, fmt.Errorf("split %s: the file has no folds for %s level %d of these machines", s.split, t.Hierarchy, t.Level)
	}
	slices.SortFunc(folds, func(a, b Fold) int { return cmp.Or(cmp.Compare(a.Repeat, b.Repeat), cmp.Compare(a.Fold, b.Fold)) })
	for i := range folds {
		f := &folds[i]
		slices.Sort(f.Train)
		slices.Sort(f.Test)
		if len(f.Train) == 0 || len(f.Test) == 0 {
			return nil, fmt.Errorf("split %s, repeat %d, fold %d: %d training and %d test rows of this data: want some of each", s.split, f.Repeat, f.Fold, len(f.Train), len(f.Test))
		}
	}
	return folds, nil
}

// ReadAssignments reads what WriteAssignments writes. A machine that is twice
// in one fold is an error, and so is all that the columns do not allow.
// Errors begin with the line.
func ReadAssignments(r io.Reader) ([]Assignment, error) {
	cr := csv.NewReader(r)
	cr.ReuseRecord = true
	head, err := cr.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("line 1: want the columns %v", assignmentHeader)
	}
	if err != nil {
		return nil, err
	}
	if !slices.Equal(head, assignmentHeader) {
		return nil, fmt.Errorf("line 1: columns %v: want %v", head, assignmentHeader)
	}
	var rows []Assignment
	seen := make(map[Assignment]bool)
	for {
		record, err := cr.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := cr.FieldPos(0)
		a, err := parseAssignment(record)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		k := a
		k.Role = ""
		if seen[k] {
			return nil, fmt.Errorf("line %d: machine %s is in the fold twice", line, a.Machine)
		}
		seen[k] = true
		rows = append(rows, a)
	}
}

func parseAssignment(record []string) (Assignment, error) {
	a := Assignment{Split: record[0], Hierarchy: record[1], Machine: record[5], Role: Role(record[6])}
	if a.Split == "" || a.Machine == "" {
		return a, errors.New("split and machine: want a name for both")
	}
	if a.Role != TrainRole && a.Role != TestRole {
		return a, fmt.Errorf("role %q: want train or test", record[6])
	}
	if a.Hierarchy != "" {
		if _, err := datasets.ParseHierarchy(a.Hierarchy); err != nil {
			return a, err
		}
		level, err := strconv.Atoi(record[2])
		if err != nil || level < 0 || level >= datasets.Levels {
			return a, fmt.Errorf("level %q: want a whole number below %d", record[2], datasets.Levels)
		}
		a.Level = level
	} else if record[2] != "" {
		return a, fmt.Errorf("level %q: want none without a hierarchy", record[2])
	}
	for i, to := range []*int{&a.Repeat, &a.Fold} {
		v, err := strconv.Atoi(record[3+i])
		if err != nil || v < 0 {
			return a, fmt.Errorf("%s %q: want a whole number from 0 on", assignmentHeader[3+i], record[3+i])
		}
		*to = v
	}
	return a, nil
}
