package experiments

import (
	"context"
	"fmt"
	"math/rand/v2"

	"tickle/experiments/stats"
	"tickle/learners"
)

// CalibrationRow is one bin of a reliability diagram, with the measures of
// the whole diagram beside it.
type CalibrationRow struct {
	Hierarchy   string `json:"hierarchy"`
	Level       int    `json:"level"`
	Learner     string `json:"learner"`
	Fields      string `json:"fields"`
	Bin         int    `json:"bin" doc:"of equal mass, from the least confident, from 1"`
	N           int    `json:"n" doc:"answers in the bin"`
	Confidence  Number `json:"confidence" decimals:"3" doc:"mean probability of the class answered, in the bin"`
	Accuracy    Number `json:"accuracy" unit:"share" decimals:"3" doc:"in the bin"`
	From        Number `json:"from" extra:"yes" decimals:"3" doc:"least confidence in the bin"`
	To          Number `json:"to" extra:"yes" decimals:"3"`
	ECE         Number `json:"ece" decimals:"3" doc:"of all bins: mean distance of accuracy from confidence"`
	ECELow      Number `json:"ece_low" decimals:"3" doc:"95 % percentile interval, bootstrap over groups, and down to ece at least: few answers a bin raise ece, and resampling raises it again"`
	ECEHigh     Number `json:"ece_high" decimals:"3"`
	Perfect     Number `json:"ece_perfect" decimals:"3" doc:"that a perfectly calibrated model would show with these confidences, in the mean"`
	PerfectHigh Number `json:"ece_perfect_95" decimals:"3" doc:"that it would exceed once in twenty"`
	Brier       Number `json:"brier" decimals:"3" doc:"0 to 2, lower is better"`
	MeanSure    Number `json:"mean_confidence" extra:"yes" decimals:"3" doc:"of all answers"`
	Right       Number `json:"mean_accuracy" extra:"yes" unit:"share" decimals:"3" doc:"of all answers"`
	Tests       int    `json:"tests" extra:"yes"`
	Abstained   int    `json:"abstained" extra:"yes" doc:"tests without an answer, in no bin"`
}

var calibration = Entry{
	Name:    "calibration",
	Title:   "Confidence against accuracy",
	Summary: "Reliability diagrams of learners whose scores are probabilities, under grouped folds.",
	Options: []Option{
		{Name: "folds", Default: "10", Doc: "folds of the grouped cross-validation, 2 or more"},
		{Name: "bins", Default: "10", Doc: "bins of equal mass, 2 or more"},
		{Name: "resamples", Default: "1000", Doc: "bootstrap resamples, and draws of the perfectly calibrated model"},
		hierarchiesOption, levelsOption("0,1,2"), fieldsOption("prone"),
	},
	Rows: []CalibrationRow{},
	Run:  runCalibration,
}

// calibrationStream draws the resamples.
const calibrationStream = 0x63616c6962 << 24

func runCalibration(ctx context.Context, in *Input) (*Result, error) {
	var folds, bins, resamples int
	if err := in.integers(whole{"folds", 2, &folds}, whole{"bins", 2, &bins}, whole{"resamples", 1, &resamples}); err != nil {
		return nil, err
	}
	tasks, warnings := in.levels()
	cells, err := in.cells(tasks, GroupedFolds{K: folds, Repeats: 1})
	if err != nil {
		return nil, err
	}
	outcomes, err := CrossValidate(ctx, in, cells)
	if err != nil {
		return nil, err
	}
	rows := []CalibrationRow{}
	var probable []Outcome
	other := make(map[string]bool)
	for i := range outcomes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		o := &outcomes[i]
		if o.Kind != learners.Probability {
			if label := o.Cell.Learner.Label; !other[label] {
				other[label] = true
				warnings = append(warnings, Warning{WarnNoProbabilities, label, fmt.Sprintf("its scores are %s, not probabilities: they cannot be calibrated or not", o.Kind)})
			}
			continue
		}
		probable = append(probable, *o)
		c := stats.Calibrator{Bins: bins, Resamples: resamples, Source: rand.NewPCG(in.Seed, calibrationStream)}
		rows = append(rows, calibrationRows(in, o, &c)...)
	}
	r := &Result{Rows: rows, Warnings: warnings}
	r.record(in.Data.Matrix, probable)
	return r, nil
}

// calibrationRows makes the rows of one diagram.
func calibrationRows(in *Input, o *Outcome, c *stats.Calibrator) []CalibrationRow {
	groupOf, groups := groupsOf(in.Data.Matrix)
	c.Groups = groups
	var answers []stats.Sure
	var scores [][]float64
	var truth []int32
	sure, right := 0.0, 0
	for _, a := range o.Answers {
		scores, truth = append(scores, a.Scores), append(truth, a.Truth)
		if a.Class < 0 {
			continue
		}
		s := stats.Sure{Confidence: a.Scores[a.Class], Right: a.Class == a.Truth, Group: int(groupOf[a.Row])}
		answers = append(answers, s)
		sure += s.Confidence
		if s.Right {
			right++
		}
	}
	m := c.Calibrate(answers)
	rows := make([]CalibrationRow, len(m.Bins))
	for i, b := range m.Bins {
		rows[i] = CalibrationRow{
			Hierarchy: o.Cell.Hierarchy.String(), Level: o.Cell.Level, Learner: o.Cell.Learner.Label, Fields: string(o.Cell.Fields),
			Bin: i + 1, N: b.N, Confidence: Number(b.Confidence), Accuracy: Number(b.Accuracy), From: Number(b.From), To: Number(b.To),
			ECE: Number(m.ECE), ECELow: Number(m.Interval.Low), ECEHigh: Number(m.Interval.High),
			Perfect: Number(m.Perfect), PerfectHigh: Number(m.PerfectHigh), Brier: Number(stats.Brier(scores, truth)),
			MeanSure: Number(sure / float64(len(answers))), Right: Number(float64(right) / float64(len(answers))),
			Tests: len(o.Answers), Abstained: len(o.Answers) - len(answers),
		}
	}
	return rows
}
