package models

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/all"
	"tickle/learners/modelfile"
)

// blockRows is how many rows are asked about at once: a model that keeps its
// training rows holds a number for each pair of rows.
const blockRows = 4096

// Asking says how a model is asked.
type Asking struct {
	Lacking  modelfile.Lacking
	Workers  int // goroutines at most; 0: GOMAXPROCS
	Progress func(done, total int)
}

// Answers are what a model says of the rows of a data set.
type Answers struct {
	Header  *modelfile.Header
	IDs     []string
	Labels  []string              // the truth; empty where the data does not say
	Said    []learners.Prediction // of a classifier
	Strange []float64             // of a measure of novelty
}

// Ask asks a model about every row of d.
func Ask(ctx context.Context, f *modelfile.File, d *datasets.Dataset, o *Asking) (*Answers, error) {
	a := &Answers{Header: &f.Header}
	label, err := ParseLabel(&d.Meta, f.Header.Training.Label)
	labelled := err == nil && f.Header.Training.Label != ""
	for r := range d.Matrix.Machines {
		m := &d.Matrix.Machines[r]
		a.IDs, a.Labels = append(a.IDs, m.Name), append(a.Labels, "")
		if labelled {
			a.Labels[r] = label.of(m)
		}
	}
	rows := d.Matrix.Rows()
	for from := 0; from < rows; from += blockRows {
		to := &modelfile.Target{Matrix: d.Matrix, Probes: d.Meta.Probes, Lacking: o.Lacking, Workers: o.Workers, From: from, To: min(from+blockRows, rows)}
		if err := a.block(ctx, f, to); err != nil {
			return nil, err
		}
		if o.Progress != nil {
			o.Progress(to.To, rows)
		}
	}
	return a, nil
}

// block asks about the target's rows.
func (a *Answers) block(ctx context.Context, f *modelfile.File, to *modelfile.Target) error {
	model, novelty, err := all.Load(ctx, f, to)
	if err != nil {
		return err
	}
	n := to.To - to.From
	said, strange := make([]learners.Prediction, n), make([]float64, n)
	err = learners.Parallel(ctx, n, to.Workers, func(_, r int) error {
		if model != nil {
			said[r] = model.Predict(int32(r))
		} else {
			strange[r] = novelty.Score(int32(r))
		}
		return nil
	})
	if model != nil {
		a.Said = append(a.Said, said...)
	} else {
		a.Strange = append(a.Strange, strange...)
	}
	return err
}

// WriteCSV writes a line a row: id, label, predicted and the score of each
// class, or of a measure of novelty id, label and novelty. A label that is not
// known is empty, and so is predicted where the model abstains.
func (a *Answers) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	line := []string{"id", "label", "novelty"}
	if a.Said != nil {
		line = slices.Concat([]string{"id", "label", "predicted"}, a.Header.Classes)
	}
	if err := c.Write(line); err != nil {
		return err
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for r, id := range a.IDs {
		line = append(line[:0], id, a.Labels[r])
		if a.Said == nil {
			line = append(line, number(a.Strange[r]))
		} else {
			line = append(line, a.predicted(r))
			for _, s := range a.Said[r].Scores {
				line = append(line, number(s))
			}
		}
		if err := c.Write(line); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// predicted is the class that the model names; empty when it abstains.
func (a *Answers) predicted(r int) string {
	if c := a.Said[r].Class; c >= 0 {
		return a.Header.Classes[c]
	}
	return ""
}

// Sum says in one sentence what came out.
func (a *Answers) Sum() string {
	s := fmt.Sprintf("%d rows", len(a.IDs))
	labelled, right := 0, 0
	for r := range a.Said {
		if a.Labels[r] != "" {
			labelled++
			if a.Labels[r] == a.predicted(r) {
				right++
			}
		}
	}
	if labelled > 0 {
		s += fmt.Sprintf(", %d of %d labels as predicted", right, labelled)
	}
	return s
}
