package experiments

import (
	"context"
	"fmt"
	"math/rand/v2"

	"tickle/experiments/stats"
)

// VectorRow is how well a classifier does on vectors of IPv6 answers, with
// some of the test's answers taken away.
type VectorRow struct {
	Vectors    string `json:"vectors" doc:"scanned: answers of machines; recovered: classes of one or two prints of a shipped model"`
	Level      int    `json:"level" doc:"of the labels"`
	Learner    string `json:"learner" doc:"nmap6 is Nmap's own"`
	Missing    string `json:"missing" doc:"what stands for probes without an answer: -1; missing: the learner's own way; k-nn; regression"`
	Masked     string `json:"masked" doc:"probes whose answers the tests lost"`
	Right      int    `json:"right"`
	N          int    `json:"n" doc:"vectors"`
	Accuracy   Number `json:"accuracy" unit:"share" decimals:"3"`
	Low        Number `json:"accuracy_low" unit:"share" decimals:"3" doc:"95 % interval over groups: BCa bootstrap; Wilson where a group is one vector"`
	High       Number `json:"accuracy_high" unit:"share" decimals:"3"`
	Brier      Number `json:"brier" decimals:"3" doc:"0 to 2, lower is better; n/a where scores are no probabilities; nmap6's are scaled to sum to one"`
	LogLoss    Number `json:"log_loss" unit:"nat" decimals:"3" doc:"of vectors whose class was trained on, clipped at 1e-15"`
	Unseen     int    `json:"n_unseen" extra:"yes" doc:"vectors whose class was not: left out of log_loss"`
	Difference Number `json:"difference" unit:"share" decimals:"3" doc:"from nmap6 with -1 under the same mask"`
	P          Number `json:"p" decimals:"4" doc:"of no difference: sign-flip test over groups"`
	Holm       Number `json:"p_holm" decimals:"4" doc:"corrected for all rows of the same vectors"`
	Verdict    string `json:"verdict" doc:"cannot tell where p_holm is 0.05 or more, with fewer than 30 groups, and of recovered vectors, which are partly guessed"`
}

// mask is a group of probes whose answers may be lost together.
type mask struct {
	name   string
	probes []string
}

// vectorMasks are what a network takes away: one group at a time.
var vectorMasks = []mask{
	{"none", nil},
	{"closed port", []string{"T5", "T6", "T7"}},
	{"UDP", []string{"U1"}},
	{"ICMPv6 echo", []string{"IE1", "IE2"}},
	{"neighbour", []string{"NS"}},
	{"all ICMPv6", []string{"IE1", "IE2", "NS", "U1"}},
	{"SYN tests", []string{"S1", "S2", "S3", "S4", "S5", "S6"}},
	{"T2 to T7", []string{"T2", "T3", "T4", "T5", "T6", "T7"}},
}

const nmap6Label = "nmap6"

var vectorClassifiers = Entry{
	Name:    "vectors",
	Title:   "Classifiers of IPv6 answers",
	Summary: "Learners against Nmap's IPv6 classifier on the same folds, with missing answers as -1 or filled in, and with groups of the tests' answers taken away.",
	Options: []Option{
		vectorLevel,
		{Name: "folds", Default: "10", Doc: "folds of the cross-validation, 2 or more; groups are kept whole"},
		{Name: "missing", Default: "-1,missing,k-nn,regression", Doc: "what stands for probes without an answer", Values: []string{minusOne, ownWay, byNearest, regression}, List: true},
		{Name: "resamples", Default: "2000", Doc: "bootstrap resamples of the intervals"},
	},
	Learners:     "forest;ibk;smo;logistic:multinomial=true;logistic:multinomial=true,calibrated=true",
	NeedsVectors: true,
	Rows:         []VectorRow{},
	Run:          runVectors,
}

func runVectors(ctx context.Context, in *Input) (*Result, error) {
	resamples, err := in.integer("resamples", 1)
	if err != nil {
		return nil, err
	}
	studies, r, err := in.vectorStudies()
	if err != nil {
		return nil, err
	}
	rows := []VectorRow{}
	for i := range studies {
		t := &vectorTrial{vectorStudy: studies[i], resamples: resamples, said: map[vectorCell][]vectorAnswer{}}
		source := t.set.source
		if err := t.prepare(); err != nil {
			r.Warnings = append(r.Warnings, Warning{Code: WarnFewClasses, Cell: source, Text: err.Error()})
			continue
		}
		if err := t.run(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", source, err)
		}
		rows = append(rows, t.rows()...)
		if !t.enough() {
			r.Warnings = append(r.Warnings, Warning{Code: WarnSmallN, Cell: source,
				Text: fmt.Sprintf("%d vectors, %d groups: too few, or too much guessed, to tell classifiers apart; every verdict is cannot tell", len(t.set.vectors), t.groups)})
		}
	}
	r.Rows = rows
	return r, nil
}

// enoughGroups is how many groups a verdict wants.
const enoughGroups = 30

// enough reports whether there are vectors enough for a verdict, and whether
// they are such as were measured.
func (t *vectorTrial) enough() bool { return t.set.source == scannedRows && t.groups >= enoughGroups }

func (t *vectorTrial) rows() []VectorRow {
	var rows []VectorRow
	var p []float64
	for _, m := range vectorMasks {
		base := t.said[vectorCell{nmap6Label, minusOne, m.name}]
		for _, l := range t.labelsOfLearners() {
			for _, way := range t.in.list("missing") {
				said := t.said[vectorCell{l, way, m.name}]
				row := VectorRow{Vectors: t.set.source, Level: t.level, Learner: l, Missing: way, Masked: m.name, N: len(said), Difference: NA, P: NA, Holm: NA}
				t.measure(&row, said)
				if base != nil && (l != nmap6Label || way != minusOne) {
					t.compare(&row, base, said)
					p = append(p, float64(row.P))
				}
				rows = append(rows, row)
			}
		}
	}
	holm := stats.Holm(p)
	for i := range rows {
		if !rows[i].P.IsNA() {
			rows[i].Holm, holm = Number(holm[0]), holm[1:]
			rows[i].Verdict = t.verdict(&rows[i])
		}
	}
	return rows
}

// measure says how often answers are right, and how good their probabilities
// are.
func (t *vectorTrial) measure(row *VectorRow, said []vectorAnswer) {
	right := make([]bool, len(said))
	var scores [][]float64
	var seen []float64 // probabilities of the right class, where there was one
	for i, a := range said {
		if right[i] = a.class == t.labels[i]; right[i] {
			row.Right++
		}
		if !t.seen[i] {
			row.Unseen++
		} else if a.scores != nil {
			seen = append(seen, a.scores[t.labels[i]])
		}
		if a.scores != nil {
			scores = append(scores, a.scores)
		}
	}
	row.Accuracy = Number(float64(row.Right) / float64(row.N))
	interval := shareInterval(right, t.groupOf, t.groups, rand.NewPCG(t.in.Seed, bootstrapStream), t.resamples)
	row.Low, row.High = Number(interval.Low), Number(interval.High)
	if row.Brier, row.LogLoss = NA, NA; len(scores) == len(said) {
		row.Brier, row.LogLoss = Number(stats.Brier(scores, t.labels)), Number(stats.LogLoss(seen))
	}
}

// compare holds a row against Nmap's own, group by group.
func (t *vectorTrial) compare(row *VectorRow, base, said []vectorAnswer) {
	difference := make([]int, t.groups)
	total := 0
	for i, truth := range t.labels {
		switch right, theirs := said[i].class == truth, base[i].class == truth; {
		case right && !theirs:
			difference[t.groupOf[i]]++
			total++
		case theirs && !right:
			difference[t.groupOf[i]]--
			total--
		}
	}
	row.Difference = Number(float64(total) / float64(len(said)))
	row.P = Number(stats.SignFlip(difference).P)
}

func (t *vectorTrial) verdict(row *VectorRow) string {
	switch {
	case !t.enough() || !(row.Holm < 0.05):
		return "cannot tell"
	case row.Difference > 0:
		return "better"
	}
	return "worse"
}
