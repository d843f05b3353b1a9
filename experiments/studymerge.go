package experiments

import (
	"encoding/csv"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// merge writes into the study's folder what follows from the cells that are
// finished: study.json with the state of each, table.csv with the rows of all,
// the experiment's result of each data set (see Folders), and of accuracy
// compare/ with the learners against each other. Shares that
// end at the same time merge each: whoever writes last looks again whether
// a cell was finished meanwhile, so that nothing is left out.
func (s *StudyRun) merge(cells []StudyCell) ([]CellState, error) {
	states, err := s.states(cells)
	if err != nil {
		return nil, err
	}
	for {
		if err := s.write(states); err != nil {
			return nil, err
		}
		again, err := s.states(cells)
		if err != nil {
			return nil, err
		}
		if reflect.DeepEqual(states, again) {
			return states, nil
		}
		states = again
	}
}

func (s *StudyRun) write(states []CellState) error {
	var finished []finishedCell
	for i := range states {
		if states[i].State != StateFinished {
			continue
		}
		r, err := ReadResult(filepath.Join(s.folder(&states[i].Cell), "result.json"))
		if err != nil {
			return err
		}
		finished = append(finished, finishedCell{&states[i].Cell, r})
	}
	if err := WriteFile(filepath.Join(s.Dir, "table.csv"), func(w io.Writer) error { return writeStudyTable(w, finished) }); err != nil {
		return err
	}
	if err := s.join(finished); err != nil {
		return err
	}
	if s.Study.Experiment == accuracy.Name {
		if err := s.compare(finished); err != nil {
			return err
		}
	}
	return writeJSONFile(filepath.Join(s.Dir, "study.json"), struct {
		Schema int         `json:"schema"`
		Cells  []CellState `json:"cells"`
	}{Schema, states})
}

type finishedCell struct {
	cell   *StudyCell
	result *Result
}

// writeStudyTable writes the rows of all cells after the columns that say of
// which cell they are: key, data set, learners, and the options.
func writeStudyTable(w io.Writer, finished []finishedCell) error {
	cw := csv.NewWriter(w)
	if len(finished) == 0 {
		return cw.Error()
	}
	first := finished[0]
	options := sortedKeys(first.cell.Options)
	head := []string{"cell", "data_set", "cell_learners"}
	for _, name := range options {
		head = append(head, "option_"+name)
	}
	for _, c := range first.result.Columns {
		head = append(head, c.Name)
	}
	if err := cw.Write(head); err != nil {
		return err
	}
	for _, f := range finished {
		lead := []string{f.cell.Key(), f.cell.Data.Path, f.cell.Learners}
		for _, name := range options {
			lead = append(lead, f.cell.Options[name])
		}
		for _, row := range f.result.Cells() {
			record := slices.Clone(lead)
			for _, v := range row {
				record = append(record, csvCell(v))
			}
			if err := cw.Write(record); err != nil {
				return err
			}
		}
	}
	cw.Flush()
	return cw.Error()
}

// csvCell writes a value in full.
func csvCell(v any) string {
	if n, ok := v.(Number); ok && !n.IsNA() {
		return strconv.FormatFloat(float64(n), 'g', -1, 64)
	} else if ok {
		return n.Format(0)
	}
	return fmt.Sprint(v)
}

// compare writes the comparison of the learners of all cells.
func (s *StudyRun) compare(finished []finishedCell) error {
	if len(finished) == 0 {
		return nil
	}
	c := &Comparison{Seed: s.Study.Seed, Resamples: 2000}
	for _, f := range finished {
		predictions, err := ReadPredictions(filepath.Join(s.folder(f.cell), "predictions.parquet"))
		if err != nil {
			return err
		}
		// Only cells that agree in all but learner, labels and split meet.
		name := f.cell.Data.Path
		for _, o := range accuracy.Options {
			if v := f.cell.Options[o.Name]; !slices.Contains([]string{"hierarchies", "splits", "fields", "resamples"}, o.Name) && len(s.Study.Options[o.Name]) > 1 {
				name += fmt.Sprintf(" %s=%s", o.Name, v)
			}
		}
		c.AddPredictions(name, predictions)
	}
	r, err := c.Result()
	if err != nil {
		return err
	}
	r.Schema, r.Experiment, r.Title = Schema, compare.Name, compare.Title
	r.Config = map[string]string{"learners": strings.Join(s.Study.Learners, ";")}
	r.Provenance = finished[0].result.Provenance
	r.Columns = ColumnsOf(r.Rows)
	if r.Warnings == nil {
		r.Warnings = []Warning{}
	}
	return r.Write(filepath.Join(s.Dir, compare.Name))
}
