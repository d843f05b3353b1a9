package experiments

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
)

// LearningCurveRow is a point of a learning curve.
type LearningCurveRow struct {
	Hierarchy        string `json:"hierarchy"`
	Level            int    `json:"level"`
	Learner          string `json:"learner"`
	Fields           string `json:"fields"`
	Share            Number `json:"share" unit:"share" decimals:"2" doc:"of the groups of a training fold"`
	Machines         Number `json:"machines" decimals:"1" doc:"trained on, mean over the folds"`
	Accuracy         Number `json:"accuracy" unit:"share" decimals:"3"`
	AccuracyLow      Number `json:"accuracy_low" unit:"share" decimals:"3" doc:"95 % interval over groups, as in accuracy"`
	AccuracyHigh     Number `json:"accuracy_high" unit:"share" decimals:"3"`
	BalancedAccuracy Number `json:"balanced_accuracy" unit:"share" decimals:"3"`
	CeilingSeen      Number `json:"ceiling_seen" unit:"share" decimals:"3" doc:"tests whose class is among the machines trained on"`
	N                int    `json:"n" extra:"yes" doc:"tests"`
	Classes          int    `json:"classes" extra:"yes"`
	Folds            int    `json:"folds" extra:"yes"`
}

var learningCurve = Entry{
	Name:    "learning-curve",
	Title:   "Accuracy against machines trained on",
	Summary: "How much more machines to learn from would help, under grouped folds: the tests stay, the training rows grow.",
	Options: []Option{
		{Name: "folds", Default: "5", Doc: "folds of the grouped cross-validation, 2 or more"},
		{Name: "repeats", Default: "1", Doc: "times that the cross-validation is repeated with other folds"},
		{Name: "shares", Default: "0.1,0.2,0.4,0.6,0.8,1", Doc: "shares of each training fold's groups, comma separated, above 0 and at most 1"},
		{Name: "resamples", Default: "1000", Doc: "bootstrap resamples of the intervals"},
		hierarchiesOption, levelsOption("1,2"), fieldsOption("prone"),
	},
	Rows: []LearningCurveRow{},
	Run:  runLearningCurve,
}

func runLearningCurve(ctx context.Context, in *Input) (*Result, error) {
	var folds, repeats, resamples int
	if err := in.integers(whole{"folds", 2, &folds}, whole{"repeats", 1, &repeats}, whole{"resamples", 1, &resamples}); err != nil {
		return nil, err
	}
	var splits []partialFolds
	for _, name := range in.list("shares") {
		share, err := strconv.ParseFloat(name, 64)
		if err != nil || !(share > 0 && share <= 1) {
			return nil, fmt.Errorf("option shares=%s: %q: want numbers above 0 and at most 1", in.Options["shares"], name)
		}
		splits = append(splits, partialFolds{GroupedFolds{K: folds, Repeats: repeats}, share})
	}
	tasks, warnings := in.levels()
	var all []Cell
	for _, s := range splits {
		cells, err := in.cells(tasks, s)
		if err != nil {
			return nil, err
		}
		all = append(all, cells...)
	}
	outcomes, err := CrossValidate(ctx, in, all)
	if err != nil {
		return nil, err
	}
	rows := make([]LearningCurveRow, len(outcomes))
	for i := range outcomes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rows[i] = learningCurveRow(in, &outcomes[i], resamples)
	}
	r := &Result{Rows: rows, Warnings: warnings}
	r.record(in.Data.Matrix, outcomes)
	return r, nil
}

func learningCurveRow(in *Input, o *Outcome, resamples int) LearningCurveRow {
	s := newScores(in.Data.Matrix, o)
	interval := s.interval(in.Seed, resamples)
	trained := 0
	for _, f := range o.Folds {
		trained += len(f.Train)
	}
	return LearningCurveRow{
		Hierarchy: o.Cell.Hierarchy.String(), Level: o.Cell.Level, Learner: o.Cell.Learner.Label, Fields: string(o.Cell.Fields),
		Share: Number(o.Cell.Splitter.(partialFolds).share), Machines: Number(float64(trained) / float64(len(o.Folds))),
		Accuracy: Number(s.accuracy()), AccuracyLow: Number(interval.Low), AccuracyHigh: Number(interval.High),
		BalancedAccuracy: Number(s.confusion.BalancedAccuracy()), CeilingSeen: Number(s.seen()),
		N: len(o.Answers), Classes: len(o.Classes), Folds: s.folds(),
	}
}

// partialFolds are grouped folds that train on a share of their groups.
// Smaller shares are within larger ones, and every share tests the same rows.
type partialFolds struct {
	GroupedFolds
	share float64
}

// Name says the share.
func (s partialFolds) Name() string { return fmt.Sprintf("grouped, %g of training", s.share) }

// partialStream orders the groups of a training fold.
const partialStream = 0x7061727473 << 24 // + repeat << 12 + fold

// Split takes of each training fold the first groups in a random order, as
// if fewer had been met. At least two groups stay where there are two.
func (s partialFolds) Split(t *Table, seed uint64) ([]Fold, error) {
	folds, err := s.GroupedFolds.Split(t, seed)
	if err != nil {
		return nil, err
	}
	for i := range folds {
		f := &folds[i]
		rng := rand.New(rand.NewPCG(seed, partialStream+uint64(f.Repeat)<<12+uint64(f.Fold)))
		var order []int32
		keep := make(map[int32]bool)
		for _, r := range f.Train {
			if g := t.Groups[r]; !keep[g] {
				keep[g] = true
				order = append(order, g)
			}
		}
		clear(keep)
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		n := max(int(s.share*float64(len(order))+0.5), min(2, len(order)))
		for _, g := range order[:n] {
			keep[g] = true
		}
		f.Train = slices.DeleteFunc(f.Train, func(r int32) bool { return !keep[t.Groups[r]] })
	}
	return folds, nil
}
