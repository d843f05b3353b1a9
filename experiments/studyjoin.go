package experiments

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// joinable are the options whose values stand in the rows, so that rows of
// cells that differ in nothing else can be told apart in one result.
var joinable = []string{"hierarchies", "splits", "fields"}

// Folders are where the results of a study lie: its own, and below it one for
// each data set where there are several.
func (s *StudyRun) Folders() []string {
	if len(s.Study.Data) == 1 {
		return []string{s.Dir}
	}
	folders := []string{s.Dir}
	for i := range s.Study.Data {
		folders = append(folders, s.dataFolder(i))
	}
	return folders
}

func (s *StudyRun) dataFolder(i int) string {
	if len(s.Study.Data) == 1 {
		return s.Dir
	}
	return filepath.Join(s.Dir, fmt.Sprintf("%d-%s", i+1, filepath.Base(s.Study.Data[i].Path)))
}

// join writes, for each data set, the result of all its cells as one. It does
// nothing where cells differ in an option that rows do not show.
func (s *StudyRun) join(finished []finishedCell) error {
	for name, values := range s.Study.Options {
		if len(values) > 1 && !slices.Contains(joinable, name) {
			return nil
		}
	}
	for i, d := range s.Study.Data {
		var joined *Result
		for _, f := range finished {
			if f.cell.Data.Path != d.Path {
				continue
			}
			if err := joinInto(&joined, f, s.folder(f.cell)); err != nil {
				return err
			}
		}
		if joined == nil {
			continue
		}
		if err := joined.Write(filepath.Join(s.dataFolder(i), s.Study.Experiment)); err != nil {
			return err
		}
	}
	return nil
}

// joinInto adds a cell's result to all.
func joinInto(all **Result, f finishedCell, folder string) error {
	r := f.result
	predictions, err := readIfThere(filepath.Join(folder, "predictions.parquet"))
	if err != nil {
		return err
	}
	if *all == nil {
		first := *r
		first.Predictions = predictions
		*all = &first
		return nil
	}
	a := *all
	a.Rows = reflect.AppendSlice(reflect.ValueOf(a.Rows), reflect.ValueOf(r.Rows)).Interface()
	a.Predictions = append(a.Predictions, predictions...)
	for _, c := range r.Classes {
		if !slices.ContainsFunc(a.Classes, func(o ClassList) bool { return o.Hierarchy == c.Hierarchy && o.Level == c.Level }) {
			a.Classes = append(a.Classes, c)
		}
	}
	for _, w := range r.Warnings {
		if !slices.Contains(a.Warnings, w) {
			a.Warnings = append(a.Warnings, w)
		}
	}
	for name, v := range r.Config {
		separator := ","
		if name == "learners" {
			separator = ";"
		}
		if !slices.Contains(strings.Split(a.Config[name], separator), v) && a.Config[name] != v {
			a.Config[name] += separator + v
		}
	}
	return nil
}

// readIfThere reads predictions, nil where there are none.
func readIfThere(path string) ([]Prediction, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return ReadPredictions(path)
}
