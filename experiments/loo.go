package experiments

import (
	"context"
	"fmt"
	"math/rand/v2"

	"tickle/experiments/stats"
	"tickle/learners"
	"tickle/learners/nmap6"
)

// LOORow is how many vectors Nmap's IPv6 classifier, trained here, gets right
// in one way of asking.
type LOORow struct {
	Vectors    string     `json:"vectors" doc:"scanned: answers of machines; recovered: classes of one or two prints of a shipped model"`
	Level      int        `json:"level" doc:"of the labels"`
	Measure    string     `json:"measure" doc:"training set; leave one out; leave one group out: all vectors of an image; at most: vectors whose class has another, so that leaving them out leaves it"`
	Right      int        `json:"right" doc:"vectors whose best class is theirs"`
	N          int        `json:"n" doc:"vectors"`
	Accuracy   Number     `json:"accuracy" unit:"share" decimals:"3"`
	Low        Number     `json:"accuracy_low" unit:"share" decimals:"3" doc:"95 % interval over groups: BCa bootstrap; Wilson where a group is one vector"`
	High       Number     `json:"accuracy_high" unit:"share" decimals:"3"`
	Classes    int        `json:"classes"`
	Singletons int        `json:"singletons" doc:"classes of one vector"`
	Groups     int        `json:"groups" extra:"yes"`
	TalkRight  int        `json:"talk_right" doc:"of the talk's 153 vectors; 0 where it gives nothing"`
	Talk       PaperValue `json:"talk" doc:"the talk's share; empty where it gives nothing"`
	Verdict    string     `json:"verdict" doc:"whether the talk's share is in the interval; cannot tell with fewer than 100 vectors that can be right"`
}

// The measures, in the order of rows.
const (
	trainingSet   = "training set"
	leaveOneOut   = "leave one out"
	leaveGroupOut = "leave one group out"
	atMost        = "at most"
)

// talkVectors is the number of vectors in the talk (D. Fifield and L.
// MartinGarcia, "Remote IPv6 OS classification", 2011), and talkRight how many
// of them were right.
const talkVectors = 153

var talkRight = map[string]int{trainingSet: 141, leaveOneOut: 90, atMost: 121}

var loo = Entry{
	Name:    "loo",
	Title:   "Nmap's IPv6 classifier, leaving one out",
	Summary: "Training-set and leave-one-out accuracy of Nmap's IPv6 classifier trained here, and the most that classes of one vector allow, beside the talk's.",
	Options: []Option{
		vectorLevel,
		{Name: "c", Default: "100", Doc: "cost of the vectors' loss against ½|w|², above 0"},
		{Name: "resamples", Default: "2000", Doc: "bootstrap resamples of the intervals"},
	},
	NeedsVectors: true,
	Rows:         []LOORow{},
	Run:          runLOO,
}

func runLOO(ctx context.Context, in *Input) (*Result, error) {
	level, err := in.integer("level", 0)
	if err != nil {
		return nil, err
	}
	resamples, err := in.integer("resamples", 1)
	if err != nil {
		return nil, err
	}
	o := nmap6.TrainOptions{Workers: 1}
	if o.C, err = in.number("c"); err != nil {
		return nil, err
	}
	if o.C <= 0 {
		return nil, fmt.Errorf("option c=%s: want a number above 0", in.Options["c"])
	}
	sets, warnings, err := in.vectors(level)
	if err != nil {
		return nil, err
	}
	r := &Result{Warnings: warnings, scope: in.vectorScope(sets)}
	rows := []LOORow{}
	for i := range sets {
		l := &looRun{in: in, set: &sets[i], level: level, resamples: resamples, options: o}
		more, err := l.rows(ctx)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
		if _, singletons := sets[i].counts(); len(sets[i].vectors)-singletons < enoughVectors {
			r.Warnings = append(r.Warnings, Warning{Code: WarnSmallN, Cell: sets[i].source,
				Text: fmt.Sprintf("%d vectors, %d of them alone in their class: too few to say how the classifier does elsewhere", len(sets[i].vectors), singletons)})
		}
	}
	r.Rows = rows
	return r, nil
}

// looRun measures one set of vectors.
type looRun struct {
	in        *Input
	set       *vectorRows
	level     int
	resamples int
	options   nmap6.TrainOptions

	groups []int // of each vector
	n      int   // groups
}

func (l *looRun) rows(ctx context.Context) ([]LOORow, error) {
	l.group()
	whole, err := l.whole(ctx)
	if err != nil {
		return nil, err
	}
	alone := make([]int, len(l.set.vectors))
	for i := range alone {
		alone[i] = i
	}
	one, err := l.leaveOut(ctx, alone, leaveOneOut)
	if err != nil {
		return nil, err
	}
	measured := []struct {
		name  string
		right []bool
	}{{trainingSet, whole}, {leaveOneOut, one}}
	if l.n < len(l.groups) {
		group, err := l.leaveOut(ctx, l.groups, leaveGroupOut)
		if err != nil {
			return nil, err
		}
		measured = append(measured, struct {
			name  string
			right []bool
		}{leaveGroupOut, group})
	}
	count := map[string]int{}
	for i := range l.set.vectors {
		count[l.set.vectors[i].Label]++
	}
	possible := make([]bool, len(l.set.vectors))
	for i := range possible {
		possible[i] = count[l.set.vectors[i].Label] > 1
	}
	measured = append(measured, struct {
		name  string
		right []bool
	}{atMost, possible})
	var rows []LOORow
	for _, m := range measured {
		rows = append(rows, l.row(m.name, m.right))
	}
	return rows, nil
}

// group numbers the groups of the set's vectors.
func (l *looRun) group() {
	at := map[string]int{}
	for _, r := range l.set.rows {
		name := l.in.Data.Matrix.Machines[r].Group
		if _, ok := at[name]; !ok {
			at[name] = len(at)
		}
		l.groups = append(l.groups, at[name])
	}
	l.n = len(at)
}

// whole trains on all vectors and asks for each.
func (l *looRun) whole(ctx context.Context) ([]bool, error) {
	m, err := nmap6.Train(ctx, l.set.vectors, l.options)
	if err != nil {
		return nil, err
	}
	right := make([]bool, len(l.set.vectors))
	for i := range right {
		best, _ := m.Best(&l.set.vectors[i].Vector)
		right[i] = m.Classes[best].Name == l.set.vectors[i].Label
	}
	return right, nil
}

// leaveOut trains without each part in turn and asks for its vectors. part is
// that of each vector.
func (l *looRun) leaveOut(ctx context.Context, part []int, what string) ([]bool, error) {
	parts := 0
	for _, p := range part {
		parts = max(parts, p+1)
	}
	right := make([]bool, len(part))
	if parts < 2 {
		return right, nil
	}
	tell := l.in.counter(parts)
	return right, learners.Parallel(ctx, parts, l.in.Workers, func(_, p int) error {
		defer tell(what)
		var train []nmap6.LabelledVector
		for i := range part {
			if part[i] != p {
				train = append(train, l.set.vectors[i])
			}
		}
		m, err := nmap6.Train(ctx, train, l.options)
		if err != nil {
			return err
		}
		for i := range part {
			if part[i] == p {
				best, _ := m.Best(&l.set.vectors[i].Vector)
				right[i] = m.Classes[best].Name == l.set.vectors[i].Label
			}
		}
		return nil
	})
}

func (l *looRun) row(measure string, right []bool) LOORow {
	classes, singletons := l.set.counts()
	row := LOORow{Vectors: l.set.source, Level: l.level, Measure: measure, N: len(right), Classes: classes, Singletons: singletons, Groups: l.n, Low: NA, High: NA}
	for _, ok := range right {
		if ok {
			row.Right++
		}
	}
	share := float64(row.Right) / float64(row.N)
	row.Accuracy = Number(share)
	if measure != atMost {
		interval := shareInterval(right, l.groups, l.n, rand.NewPCG(l.in.Seed, bootstrapStream), l.resamples)
		row.Low, row.High = Number(interval.Low), Number(interval.High)
	}
	if talk := talkRight[measure]; talk > 0 {
		row.TalkRight, row.Talk = talk, PaperValue{"=", Number(float64(int(1e4*float64(talk)/talkVectors+0.5)) / 1e4)}
	}
	row.Verdict = l.verdict(&row)
	return row
}

// verdict says how a share stands to the talk's.
func (l *looRun) verdict(row *LOORow) string {
	switch {
	case row.Low.IsNA() || !row.Talk.Given():
		return ""
	case row.N-row.Singletons < enoughVectors:
		return "cannot tell"
	case row.Talk.Value < row.Low:
		return "above the talk's"
	case row.Talk.Value > row.High:
		return "below the talk's"
	}
	return "as the talk's"
}

// shareInterval is the 95 % interval of a share over groups: Wilson's where
// each group is one row, or where all rows are alike, else a BCa bootstrap.
func shareInterval(right []bool, groups []int, n int, source rand.Source, resamples int) stats.Interval {
	hits, sizes := make([]float64, n), make([]float64, n)
	total := 0.0
	for i, ok := range right {
		sizes[groups[i]]++
		if ok {
			hits[groups[i]]++
			total++
		}
	}
	p := total / float64(len(right))
	if n == len(right) || p == 0 || p == 1 {
		return stats.Wilson(p, n, 0.95)
	}
	b := stats.Bootstrap{Method: stats.BCa, Groups: n, Resamples: resamples, Source: source}
	return b.Interval(func(drawn []int) float64 {
		h, s := 0.0, 0.0
		for g, times := range drawn {
			h, s = h+float64(times)*hits[g], s+float64(times)*sizes[g]
		}
		return h / s
	})
}
