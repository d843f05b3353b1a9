package reports

import (
	"fmt"
	"image/color"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/experiments"
)

// biasFigure draws recall, accuracy and confidence against the share of the
// commoner class.
func biasFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.BiasRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := &biasPlan{rows: rows}
	machines := 0
	for i := range rows {
		p.splits, p.classes = addOnce(p.splits, rows[i].Split), addOnce(p.classes, rows[i].Class)
		p.scores = addOnce(p.scores, rows[i].Scores)
		p.paper = p.paper || rows[i].RecallPaper.Given()
	}
	for i := range rows[:len(p.classes)] {
		machines += rows[i].Machines
	}
	s := &sheet{
		legend: p.keys(),
		footer: footer{fmt.Sprintf("%s Learner %s; means over %d draws of %d machines of %s.", provenanceLine(r), rows[0].Learner, rows[0].Draws, machines, strings.Join(p.classes, " and "))},
		panels: p.panels,
	}
	return s.figure(r, p.alt()), nil
}

// biasPlan is what the figure shows: two panels a split.
type biasPlan struct {
	rows                    []experiments.BiasRow
	splits, classes, scores []string
	paper                   bool
}

// The colours of the bias figure, which has one learner.
var (
	biasClasses = []color.Color{blue, orange}
	overAll     = []struct {
		name   string
		colour color.Color
		of     func(*experiments.BiasRow) (v experiments.Number, paper experiments.PaperValue)
	}{
		{"accuracy", ink, func(r *experiments.BiasRow) (experiments.Number, experiments.PaperValue) {
			return r.Accuracy, r.AccuracyPaper
		}},
		{"balanced accuracy", green, func(r *experiments.BiasRow) (experiments.Number, experiments.PaperValue) {
			return r.BalancedAccuracy, experiments.PaperValue{}
		}},
		{"confidence of right answers", purple, func(r *experiments.BiasRow) (experiments.Number, experiments.PaperValue) {
			return r.Confidence, r.ConfidencePaper
		}},
	}
)

func (p *biasPlan) panels(w Width) [][]*plot.Plot {
	var all [][]*plot.Plot
	for _, split := range p.splits {
		all = append(all, sideBySide(w, p.recall(split), p.over(split))...)
	}
	return all
}

// empty is a panel with the axes of all of them.
func (p *biasPlan) empty(title, split string) *plot.Plot {
	panel := newPlot(title + ": " + splitTitle(split))
	panel.X.Label.Text = fmt.Sprintf("share of %s (%%)", p.classes[0])
	panel.Y.Label.Text = "percent"
	panel.X.Min, panel.X.Max, panel.Y.Min, panel.Y.Max = 47, 93, 0, 104
	panel.X.Tick.Marker = percentTicks(50, 60, 70, 80, 90)
	panel.Y.Tick.Marker = percentTicks(0, 25, 50, 75, 100)
	panel.Add(drawing(gridLines))
	return panel
}

// splitTitle says in a title what a split is.
func splitTitle(split string) string {
	switch split {
	case "paper":
		return "random folds, as the paper"
	case "grouped":
		return "groups kept whole"
	}
	return split + " folds"
}

func percentTicks(at ...int) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for _, v := range at {
		ticks = append(ticks, plot.Tick{Value: float64(v), Label: fmt.Sprint(v)})
	}
	return ticks
}

func (p *biasPlan) recall(split string) *plot.Plot {
	panel := p.empty("Recall", split)
	for i, class := range p.classes {
		of := func(r *experiments.BiasRow) (experiments.Number, experiments.PaperValue) {
			return r.Recall, r.RecallPaper
		}
		p.add(panel, biasLine{split, class, biasClasses[i%len(biasClasses)], of})
	}
	return panel
}

func (p *biasPlan) over(split string) *plot.Plot {
	panel := p.empty("Both classes", split)
	for _, o := range overAll {
		p.add(panel, biasLine{split, p.classes[0], o.colour, o.of})
	}
	return panel
}

// biasLine is a quantity of one class under one split.
type biasLine struct {
	split, class string
	colour       color.Color
	of           func(*experiments.BiasRow) (experiments.Number, experiments.PaperValue)
}

// add draws the line of scores as trained, of corrected ones, and what the
// paper gives.
func (p *biasPlan) add(panel *plot.Plot, l biasLine) {
	var marks []point
	for i, scores := range p.scores {
		var points []point
		for k := range p.rows {
			row := &p.rows[k]
			if row.Split != l.split || row.Class != l.class || row.Scores != scores {
				continue
			}
			v, paper := l.of(row)
			points = append(points, point{percent(row.Share), percent(v)})
			if paper.Given() {
				marks = append(marks, point{percent(row.Share), percent(paper.Value)})
			}
		}
		panel.Add(curve(points, biasStyle(l.colour, i)), dots(points, l.colour))
	}
	panel.Add(drawing(func(c draw.Canvas, pl *plot.Plot) {
		for _, at := range onCanvas(c, pl, marks) {
			drawDiamond(c, at)
		}
	}))
}

// biasStyle is a solid line for scores as trained and a dashed one for
// corrected.
func biasStyle(colour color.Color, scores int) draw.LineStyle {
	style := draw.LineStyle{Color: colour, Width: vg.Points(1.2)}
	if scores > 0 {
		style.Dashes = []vg.Length{3, 2}
	}
	return style
}

func (p *biasPlan) keys() legend {
	var l legend
	for i, class := range p.classes {
		l = append(l, lineKey("recall of "+class, biasStyle(biasClasses[i%len(biasClasses)], 0)))
	}
	for _, o := range overAll {
		l = append(l, lineKey(o.name, biasStyle(o.colour, 0)))
	}
	for i, scores := range p.scores {
		l = append(l, lineKey("scores "+scores, biasStyle(dark, i)))
	}
	if p.paper {
		l = append(l, diamondKey("the paper"))
	}
	return l
}

func (p *biasPlan) alt() string {
	var b strings.Builder
	b.WriteString("Curves of recall, accuracy and confidence against the share of the commoner class. ")
	for i := range p.rows {
		row := &p.rows[i]
		if row.Share == 0.5 || row.Share == 0.9 {
			fmt.Fprintf(&b, "%s, %s %% %s, %s: recall of %s %s %%, accuracy %s %%, balanced %s %%. ",
				row.Split, percentText(row.Share), p.classes[0], row.Scores, row.Class, percentText(row.Recall), percentText(row.Accuracy), percentText(row.BalancedAccuracy))
		}
	}
	return strings.TrimSpace(b.String())
}
