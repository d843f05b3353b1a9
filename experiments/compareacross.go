package experiments

import (
	"fmt"
	"path/filepath"
	"slices"

	"tickle/experiments/stats"
)

// across ranks learners over data sets, for each level, field set and split on
// which every data set has the same learners.
func (c *Comparison) across() []CompareRow {
	var order []string
	same := make(map[string][]*contest)
	for _, k := range c.contests {
		key := fmt.Sprintf("%s %s %q", k, k.split, k.learners)
		if same[key] == nil {
			order = append(order, key)
		}
		same[key] = append(same[key], k)
	}
	var rows []CompareRow
	for _, key := range order {
		if len(same[key]) >= leastDatasets {
			rows = append(rows, ranked(same[key])...)
		}
	}
	return rows
}

// ranked compares learners by their accuracy on each data set.
func ranked(contests []*contest) []CompareRow {
	score := make([][]float64, len(contests))
	for i, k := range contests {
		for _, marks := range k.marks {
			score[i] = append(score[i], rightShare(marks))
		}
	}
	friedman := stats.Friedman(score)
	nemenyi, wilcoxon := friedman.Nemenyi(), stats.WilcoxonHolm(score)
	cd := friedman.CriticalDifference(alpha)
	learners := contests[0].learners
	blank := func(kind string) CompareRow {
		row := contests[0].row(kind)
		row.Data, row.N, row.Groups = fmt.Sprintf("%d data sets", len(contests)), len(contests), 0
		row.CriticalDifference = Number(cd)
		return row
	}
	var rows []CompareRow
	for i, name := range learners {
		row := blank("rank")
		row.A, row.Rank, row.Test, row.P = name, Number(friedman.Ranks[i]), friedman.Test.Name, Number(friedman.Test.P)
		row.Conclusion = "the learners are not all alike over the data sets"
		if !(friedman.Test.P < alpha) {
			row.Conclusion = "no difference among the learners shown over the data sets"
		}
		rows = append(rows, row)
	}
	for i := range learners {
		for j := i + 1; j < len(learners); j++ {
			row := blank("data sets")
			row.A, row.B, row.Test = learners[i], learners[j], "Nemenyi; Wilcoxon with Holm beside it"
			row.Rank = Number(friedman.Ranks[i] - friedman.Ranks[j])
			row.P, row.Holm = Number(nemenyi[i][j]), Number(wilcoxon[i][j])
			row.Conclusion = "no difference of ranks shown"
			if row.P < alpha && friedman.Test.P < alpha {
				better := learners[i]
				if row.Rank > 0 {
					better = learners[j]
				}
				row.Conclusion = better + " ranks higher"
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func rightShare(marks []mark) float64 {
	n := 0
	for _, m := range marks {
		if m.right {
			n++
		}
	}
	return float64(n) / float64(len(marks))
}

// answerKey says of what cell a prediction is.
type answerKey struct {
	hierarchy                               string
	level                                   int32
	learner, options, fields, split, filter string
}

// keptAnswers gives, for each cell, what the accuracy experiment in
// in.Results answered, where it ran on the same data with the same seed,
// folds and program: fitting again would give the same. Nil for other cells.
func keptAnswers(in *Input, cells []Cell) ([][]mark, error) {
	known := make([][]mark, len(cells))
	if in.Results == "" {
		return known, nil
	}
	dir := filepath.Join(in.Results, "accuracy")
	r, err := readKept(in.Results, "accuracy")
	if err != nil {
		return known, nil // none, or of another program: it is only a shortcut
	}
	p := &r.Provenance
	if p.DataHash != in.Data.Origin.Hash || p.Seed != in.Seed || p.Version != in.Version ||
		r.Config["folds"] != in.Options["folds"] || r.Config["repeats"] != in.Options["repeats"] {
		return known, nil
	}
	predictions, err := ReadPredictions(filepath.Join(dir, "predictions.parquet"))
	if err != nil {
		return nil, err
	}
	rows := make(map[string]int32)
	for i := range in.Data.Matrix.Machines {
		rows[in.Data.Matrix.Machines[i].Name] = int32(i)
	}
	at := make(map[answerKey]int)
	for i := range cells {
		c := &cells[i]
		if _, ok := c.Splitter.(FileFolds); !ok { // a file may have changed
			at[answerKey{c.Hierarchy.String(), int32(c.Level), c.Learner.Name, c.Learner.Options, string(c.Fields), c.Splitter.Name(), string(c.Filter)}] = i
		}
	}
	for i := range predictions {
		p := &predictions[i]
		n, ok := at[answerKey{p.Hierarchy, p.Level, p.Learner, p.Options, p.Fields, p.Split, p.Filter}]
		if !ok {
			continue
		}
		row, ok := rows[p.Machine]
		if !ok {
			return nil, fmt.Errorf("%s: machine %q is not in the data", dir, p.Machine)
		}
		known[n] = append(known[n], mark{p.Repeat, p.Fold, row, p.Predicted != nil && *p.Predicted == p.Truth})
	}
	return known, nil
}

// AddPredictions adds what learners answered on a data set called data. Groups
// and rows are those that the predictions name.
func (c *Comparison) AddPredictions(data string, predictions []Prediction) {
	if !slices.Contains(c.datasets, data) {
		c.datasets = append(c.datasets, data)
	}
	rowOf, groupOf := make(map[string]int32), make(map[string]int32)
	var rows rowsOf
	type part struct {
		contestKey
		learner string
	}
	var order []part
	marks := make(map[part][]mark)
	for i := range predictions {
		p := &predictions[i]
		row, known := rowOf[p.Machine]
		if !known {
			row = int32(len(rowOf))
			rowOf[p.Machine] = row
			g, known := groupOf[p.Group]
			if !known {
				g = int32(len(groupOf))
				groupOf[p.Group] = g
			}
			rows.groupOf = append(rows.groupOf, g)
		}
		k := part{contestKey{data, p.Hierarchy, int(p.Level), p.Fields, p.Split, p.Filter}, p.label()}
		if marks[k] == nil {
			order = append(order, k)
		}
		marks[k] = append(marks[k], mark{p.Repeat, p.Fold, row, p.Predicted != nil && *p.Predicted == p.Truth})
	}
	rows.groups = len(groupOf)
	for _, k := range order {
		c.add(contest{contestKey: k.contestKey}, rows, k.learner, marks[k])
	}
}

// label is the learner with its options, as results show it.
func (p *Prediction) label() string {
	if p.Options == "" {
		return p.Learner
	}
	return p.Learner + ":" + p.Options
}
