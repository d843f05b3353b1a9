package experiments

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"tickle/datasets"
	"tickle/experiments/stats"
	"tickle/learners"
)

// BiasRow is one class at one mixture of two classes: what becomes of it when
// the other is commoner in training and in testing. Numbers are means over
// the draws.
type BiasRow struct {
	Split            string     `json:"split"`
	Share            Number     `json:"share" unit:"share" decimals:"2" doc:"of the first class among the machines drawn"`
	Scores           string     `json:"scores" doc:"as trained; or prior-corrected: each divided by its class's mean over the training rows, out of the bag where the learner has bags"`
	Class            string     `json:"class"`
	Machines         int        `json:"machines" doc:"of the class in each draw"`
	Precision        Number     `json:"precision" unit:"share" decimals:"3" doc:"right answers among those that name the class, over the draws that have any; n/a where none has"`
	Recall           Number     `json:"recall" unit:"share" decimals:"3" doc:"right answers among the machines of the class"`
	Accuracy         Number     `json:"accuracy" unit:"share" decimals:"3" doc:"of both classes"`
	BalancedAccuracy Number     `json:"balanced_accuracy" unit:"share" decimals:"3" doc:"mean recall of both classes: 0.5 for any guess that does not look at the machine"`
	Confidence       Number     `json:"confidence" decimals:"3" doc:"mean probability of the answers that are right, of both classes; n/a for scores that are no probabilities"`
	PrecisionPaper   PaperValue `json:"precision_paper" doc:"what the paper gives; where it had no such answers its 100 % is undefined and left out"`
	RecallPaper      PaperValue `json:"recall_paper"`
	AccuracyPaper    PaperValue `json:"accuracy_paper"`
	ConfidencePaper  PaperValue `json:"confidence_paper"`
	RecallLow        Number     `json:"recall_low" extra:"yes" unit:"share" decimals:"3" doc:"the least over the draws: spread, no interval"`
	RecallHigh       Number     `json:"recall_high" extra:"yes" unit:"share" decimals:"3"`
	AccuracyLow      Number     `json:"accuracy_low" extra:"yes" unit:"share" decimals:"3"`
	AccuracyHigh     Number     `json:"accuracy_high" extra:"yes" unit:"share" decimals:"3"`
	BalancedLow      Number     `json:"balanced_accuracy_low" extra:"yes" unit:"share" decimals:"3"`
	BalancedHigh     Number     `json:"balanced_accuracy_high" extra:"yes" unit:"share" decimals:"3"`
	Draws            int        `json:"draws" extra:"yes"`
	Learner          string     `json:"learner" extra:"yes"`
}

var bias = Entry{
	Name:          "bias",
	Title:         "Training bias",
	PaperFigure:   "Figure 6",
	Summary:       "What an uneven mixture of two classes does to precision, recall, accuracy and confidence, and what correcting for the prior gives back.",
	NeedsMachines: true,
	Options: []Option{
		{Name: "draws", Default: "20", Doc: "random draws of the machines, 1 or more"},
		{Name: "machines", Default: "100", Doc: "machines of a draw, 20 or more; fewer where the pool has too few"},
		{Name: "folds", Default: "10", Doc: "folds of the cross-validation, 2 or more"},
		fieldsOption("prone"),
	},
	Rows: []BiasRow{},
	Run:  runBias,
}

// WarnCannotTell marks a result on too little to conclude anything.
const WarnCannotTell = "cannot-tell"

// The mixtures of the bias experiment: the first class's share in percent.
var biasPercent = []int{50, 60, 70, 80, 90}

// biasLeast is how many machines each class needs for a result that tells.
const biasLeast = 20

func runBias(ctx context.Context, in *Input) (*Result, error) {
	b := &biasRun{in: in}
	if err := b.configure(); err != nil {
		return nil, err
	}
	r := &Result{Rows: []BiasRow{}}
	r.Warnings = b.choose()
	if b.machines == 0 {
		return r, nil
	}
	trials := b.trials()
	if err := b.fit(ctx, trials); err != nil {
		return nil, err
	}
	r.Classes = []ClassList{{datasets.Distribution.String(), 1, b.classes[:]}}
	r.Predictions = []Prediction{}
	var rows []BiasRow
	for _, split := range b.splitters() {
		for _, percent := range biasPercent {
			for _, scores := range []string{asTrained, corrected} {
				rows = append(rows, b.rows(biasCell{split.Name(), percent, scores}, trials)...)
			}
		}
	}
	for i := range trials {
		r.Predictions = append(r.Predictions, trials[i].predictions(b)...)
	}
	r.Rows = rows
	if !b.probabilities {
		r.Warnings = append(r.Warnings, Warning{WarnNoProbabilities, b.learner.Label, "its scores are no probabilities: no confidence, and no prior to correct"})
	}
	return r, nil
}

// WarnNoProbabilities marks what is n/a since a learner's scores are no
// probabilities.
const WarnNoProbabilities = "no-probabilities"

// What the scores of a bias row are.
const (
	asTrained = "as trained"
	corrected = "prior-corrected"
)

// biasRun is a bias experiment under way.
type biasRun struct {
	in            *Input
	draws, folds  int
	machines      int // of a draw
	learner       learners.Configured
	fields        datasets.FieldSet
	classes       [2]string
	rowsOf        [2][]int32
	labels        []int32 // of every row; -1 where it is of neither class
	probabilities bool
}

func (b *biasRun) configure() (err error) {
	if err := b.in.integers(whole{"draws", 1, &b.draws}, whole{"machines", 20, &b.machines}, whole{"folds", 2, &b.folds}); err != nil {
		return err
	}
	if list := b.in.list("fields"); len(list) == 1 {
		b.fields = datasets.FieldSet(list[0])
	} else {
		return fmt.Errorf("option fields=%s: want one", b.in.Options["fields"])
	}
	if len(b.in.Learners) == 0 {
		return errors.New("no learners: want one at least")
	}
	// The paper's learner where it is among those given, else the first.
	b.learner = b.in.Learners[0]
	for _, l := range b.in.Learners {
		if l.Name == "forest" {
			b.learner = l
			break
		}
	}
	return nil
}

// splitters are the paper's folds, for its numbers, and those that keep
// clones of one image together.
func (b *biasRun) splitters() []Splitter {
	return []Splitter{RandomFolds{K: b.folds}, GroupedFolds{K: b.folds}}
}

// choose finds the two classes and how many machines a draw can have, which
// is 0 when there are too few for any.
func (b *biasRun) choose() []Warning {
	m := b.in.Data.Matrix
	of := make(map[string][]int32)
	parent := make(map[string]string)
	for r := range m.Machines {
		l := m.Machines[r].Labels.Distribution
		of[l[1]] = append(of[l[1]], int32(r))
		parent[l[1]] = l[0]
	}
	b.classes = [2]string{"Ubuntu", "Fedora"}
	if len(of["Ubuntu"]) < biasLeast || len(of["Fedora"]) < biasLeast {
		b.classes = largestSiblings(of, parent)
	}
	for i, class := range b.classes {
		b.rowsOf[i] = of[class]
	}
	b.labels = slices.Repeat([]int32{learners.Abstain}, m.Rows())
	for class, rows := range b.rowsOf {
		for _, r := range rows {
			b.labels[r] = int32(class)
		}
	}
	return b.size(len(b.rowsOf[0]), len(b.rowsOf[1]))
}

// size sets the machines of a draw to what both ends of the curve allow, a
// multiple of ten so that every share is exact.
func (b *biasRun) size(first, second int) []Warning {
	wanted := b.machines / 10 * 10
	b.machines = min(wanted, first*100/biasPercent[len(biasPercent)-1], 2*second) / 10 * 10
	if b.machines == 0 {
		largest := "there are none"
		if second > 0 {
			largest = fmt.Sprintf("the largest: %q %d, %q %d", b.classes[0], first, b.classes[1], second)
		}
		return []Warning{{WarnCannotTell, "", "cannot tell: no two sibling classes at distribution level 1 have 9 and 5 machines (" + largest + "); no rows"}}
	}
	sizes := fmt.Sprintf("%s has %d machines and %s %d", b.classes[0], first, b.classes[1], second)
	switch {
	case min(first, second) < biasLeast:
		return []Warning{{WarnCannotTell, "", fmt.Sprintf("cannot tell: %s, fewer than %d each; draws are of %d machines", sizes, biasLeast, b.machines)}}
	case b.machines < wanted:
		return []Warning{{WarnSmallN, "", fmt.Sprintf("%s: draws are of %d machines instead of %d", sizes, b.machines, wanted)}}
	}
	return nil
}

// largestSiblings gives the two classes with one parent of which the smaller
// is largest, the larger first; then those with the larger larger, then by
// name.
func largestSiblings(of map[string][]int32, parent map[string]string) (best [2]string) {
	names := sortedKeys(of)
	slices.SortStableFunc(names, func(a, b string) int { return len(of[b]) - len(of[a]) })
	first := make(map[string]string) // by parent
	second := 0
	for _, name := range names {
		p := parent[name]
		if first[p] == "" {
			first[p] = name
		} else if len(of[name]) > second || len(of[name]) == second && len(of[first[p]]) > len(of[best[0]]) {
			best, second = [2]string{first[p], name}, len(of[name])
		}
	}
	return best
}

// biasCell names the rows of one mixture.
type biasCell struct {
	split   string
	percent int
	scores  string
}

// rows makes a row for each class of a cell.
func (b *biasRun) rows(c biasCell, trials []biasTrial) []BiasRow {
	if c.scores == corrected && !b.probabilities {
		return nil
	}
	var rows []BiasRow
	for class := range b.classes {
		var precision, recall, accuracy, balanced, confidence []float64
		for i := range trials {
			t := &trials[i]
			if t.split.Name() != c.split || t.percent != c.percent {
				continue
			}
			m, sure := t.judge(b, c.scores)
			tp := float64(m.At(class, class))
			precision = append(precision, tp/float64(m.At(0, class)+m.At(1, class)))
			recall = append(recall, tp/float64(m.At(class, 0)+m.At(class, 1)+m.At(class, 2)))
			accuracy, balanced = append(accuracy, m.Accuracy()), append(balanced, m.BalancedAccuracy())
			confidence = append(confidence, sure)
		}
		r := BiasRow{
			Split: c.split, Share: Number(float64(c.percent) / 100), Scores: c.scores, Class: b.classes[class],
			Machines: b.count(c.percent)[class], Learner: b.learner.Label, Draws: len(recall),
			Precision: meanOf(precision), Recall: meanOf(recall), Accuracy: meanOf(accuracy), BalancedAccuracy: meanOf(balanced), Confidence: meanOf(confidence),
		}
		r.RecallLow, r.RecallHigh = Number(slices.Min(recall)), Number(slices.Max(recall))
		r.AccuracyLow, r.AccuracyHigh = Number(slices.Min(accuracy)), Number(slices.Max(accuracy))
		r.BalancedLow, r.BalancedHigh = Number(slices.Min(balanced)), Number(slices.Max(balanced))
		b.paper(c, class, &r)
		rows = append(rows, r)
	}
	return rows
}

// count is how many machines of each class a draw has.
func (b *biasRun) count(percent int) [2]int {
	first := b.machines * percent / 100
	return [2]int{first, b.machines - first}
}

// paper puts beside a row what the paper's Figure 6 gives: for a forest on
// Ubuntu and Fedora, by its own split, from scores as they are.
func (b *biasRun) paper(c biasCell, class int, r *BiasRow) {
	if b.classes != [2]string{"Ubuntu", "Fedora"} || b.learner.Name != "forest" || c.split != "paper" || c.scores != asTrained || b.fields != datasets.Prone {
		return
	}
	is := func(v Number) PaperValue { return PaperValue{"=", v} }
	switch {
	case c.percent == 50:
		r.PrecisionPaper = is([]Number{0.524, 1}[class])
		r.RecallPaper = is([]Number{1, 0.08}[class])
		r.AccuracyPaper, r.ConfidencePaper = is(0.54), is(0.553)
	case c.percent == 90:
		if class == 0 {
			r.PrecisionPaper = is(0.9)
		}
		r.RecallPaper = is([]Number{1, 0}[class])
		r.AccuracyPaper, r.ConfidencePaper = is(0.9), is(0.914)
	}
}

// meanOf is the mean of the values that are not NaN; n/a for none.
func meanOf(values []float64) Number {
	sum, n := 0.0, 0
	for _, v := range values {
		if !math.IsNaN(v) {
			sum += v
			n++
		}
	}
	return Number(sum / float64(n))
}

// judge makes the confusion matrix of a trial, and gives the mean confidence
// of the answers that are right, NaN where there is none.
func (t *biasTrial) judge(b *biasRun, scores string) (*stats.Confusion, float64) {
	m := stats.NewConfusion(len(b.classes))
	sure, right := 0.0, 0
	for i := range t.answers {
		a := &t.answers[i]
		class, p := a.Class, a.Scores
		if scores == corrected {
			class, p = a.correctedClass, a.corrected
		}
		m.Add(int(b.labels[a.Row]), int(class))
		if class == b.labels[a.Row] {
			sure += p[class]
			right++
		}
	}
	if !b.probabilities {
		return m, math.NaN()
	}
	return m, sure / float64(right)
}
