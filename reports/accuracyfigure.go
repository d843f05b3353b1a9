package reports

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/datasets"
	"tickle/experiments"
)

// accuracyPlan is what the accuracy figure shows, one panel for each split
// and hierarchy.
type accuracyPlan struct {
	rows        []experiments.AccuracyRow
	splits      []string
	hierarchies []string
	series      []accuracySeries
	filter      string // of the bars; a ring shows another
	legend      legend
	footer      footer
}

// accuracySeries is one bar of every group.
type accuracySeries struct{ learner, fields string }

// accuracyFigure draws accuracy in grouped bars, a group a level.
func accuracyFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.AccuracyRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := &accuracyPlan{rows: rows, filter: string(r.Provenance.Policies.Filter)}
	for i := range rows {
		p.splits = addOnce(p.splits, rows[i].Split)
		p.hierarchies = addOnce(p.hierarchies, rows[i].Hierarchy)
		p.series = addOnce(p.series, accuracySeries{rows[i].Learner, rows[i].Fields})
	}
	p.legend = p.keys()
	p.footer = footer{provenanceLine(r) + " Intervals are 95 %, over groups."}
	return &Figure{Title: r.Title, Alt: p.alt(), height: p.height, draw: p.draw}, nil
}

func addOnce[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

// figureMargin is left free at every edge.
const figureMargin = 2

// panelGap is the space between panels, the legend and the footer.
const panelGap = 8

// panelHeight is high enough for the text at the axis.
func panelHeight(w Width) vg.Length {
	if w == Page {
		return 1.75 * vg.Inch
	}
	return 1.55 * vg.Inch
}

// across is how many panels stand side by side.
func (p *accuracyPlan) across(w Width) int {
	if w == Page {
		return len(p.hierarchies)
	}
	return 1
}

func (p *accuracyPlan) panelRows(w Width) int {
	n := len(p.splits) * len(p.hierarchies)
	return (n + p.across(w) - 1) / p.across(w)
}

func (p *accuracyPlan) height(w Width) vg.Length {
	x := w.Length() - 2*figureMargin
	return 2*figureMargin + p.legend.height(x) + p.footer.height(x) + vg.Length(p.panelRows(w))*(panelHeight(w)+panelGap) + panelGap
}

func (p *accuracyPlan) draw(c draw.Canvas, w Width) {
	c = draw.Crop(c, figureMargin, -figureMargin, figureMargin, -figureMargin)
	p.legend.draw(c)
	p.footer.draw(c)
	size := c.Size()
	body := draw.Crop(c, 0, 0, p.footer.height(size.X)+panelGap, -p.legend.height(size.X)-panelGap)
	across, down := p.across(w), p.panelRows(w)
	plots := make([][]*plot.Plot, down)
	for i := range plots {
		plots[i] = make([]*plot.Plot, across)
	}
	i := 0
	for _, split := range p.splits {
		for _, h := range p.hierarchies {
			plots[i/across][i%across] = p.panel(split, h)
			i++
		}
	}
	canvases := plot.Align(plots, draw.Tiles{Rows: down, Cols: across, PadX: 2 * panelGap, PadY: panelGap}, body)
	for i, row := range plots {
		for j, panel := range row {
			if panel != nil {
				panel.Draw(canvases[i][j])
			}
		}
	}
}

// panel is the plot of one split and hierarchy.
func (p *accuracyPlan) panel(split, hierarchy string) *plot.Plot {
	title := map[string]string{"paper": "random folds, as the paper", "grouped": "stratified folds, groups kept whole"}[split]
	if title == "" {
		title = split + " folds"
	}
	panel := newPlot(capital(hierarchy) + ": " + title)
	bars := &groupedBars{}
	var ticks plot.ConstantTicks
	for level := range datasets.Levels {
		if g, ok := p.group(split, hierarchy, level); ok {
			ticks = append(ticks, plot.Tick{Value: float64(len(bars.groups)), Label: g.caption})
			bars.groups = append(bars.groups, g)
		}
	}
	panel.Add(bars)
	panel.X.Tick.Marker = ticks
	panel.X.Tick.Length = 0
	panel.X.Min, panel.X.Max, panel.Y.Min, panel.Y.Max = bars.DataRange()
	panel.Y.Label.Text = "accuracy (%)"
	panel.Y.Tick.Marker = plot.ConstantTicks{{Value: 0, Label: "0"}, {Value: 25, Label: "25"}, {Value: 50, Label: "50"}, {Value: 75, Label: "75"}, {Value: 100, Label: "100"}}
	return panel
}

// group is the bars of one level, if it has any.
func (p *accuracyPlan) group(split, hierarchy string, level int) (barGroup, bool) {
	g := barGroup{solid: math.NaN(), dashed: math.NaN()}
	found := false
	for _, s := range p.series {
		b := bar{height: math.NaN(), low: math.NaN(), high: math.NaN(), ceiling: math.NaN(), other: math.NaN()}
		for i := range p.rows {
			r := &p.rows[i]
			if r.Split != split || r.Hierarchy != hierarchy || r.Level != level || r.Learner != s.learner || r.Fields != s.fields {
				continue
			}
			found = true
			if r.Filter != p.filter {
				b.other = percent(r.Accuracy)
				continue
			}
			b.colour, b.hatched = variantColour(learnersOf(p.series), r.Learner), r.Fields == string(datasets.Vetted)
			b.height, b.low, b.high = percent(r.Accuracy), percent(r.AccuracyLow), percent(r.AccuracyHigh)
			b.ceiling, b.paper = percent(r.CeilingAlike), r.Paper
			g.solid, g.dashed = percent(r.CeilingSeen), percent(r.Majority)
			g.caption = fmt.Sprintf("level %d\n%d classes", level, r.Classes)
		}
		g.bars = append(g.bars, b)
	}
	return g, found
}

// variantColour is the learner's, lighter for each variant of it that came
// before among the labels.
func variantColour(labels []string, label string) color.Color {
	name, _, _ := strings.Cut(label, ":")
	before := 0
	for _, l := range labels[:slices.Index(labels, label)] {
		if other, _, _ := strings.Cut(l, ":"); other == name {
			before++
		}
	}
	return tint(LearnerColour(label), before)
}

// learnersOf gives the labels of the series, each once.
func learnersOf(series []accuracySeries) []string {
	var labels []string
	for _, s := range series {
		labels = addOnce(labels, s.learner)
	}
	return labels
}

func percent(n experiments.Number) float64 { return 100 * float64(n) }

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// keys explains every mark that the figure has.
func (p *accuracyPlan) keys() legend {
	var l legend
	var fields []string
	for _, s := range p.series {
		if s.fields != string(experiments.NmapFields) { // its learners say so
			fields = addOnce(fields, s.fields)
		}
	}
	learners := learnersOf(p.series)
	for _, name := range learners {
		l = append(l, boxKey(name, variantColour(learners, name), false))
	}
	for _, name := range fields {
		l = append(l, boxKey(name+" fields", dark, name == string(datasets.Vetted)))
	}
	middle := func(c draw.Canvas) vg.Length { return (c.Min.Y + c.Max.Y) / 2 }
	l = append(l,
		key{func(c draw.Canvas) { drawInterval(c, c.Center().X, c.Min.Y, c.Max.Y) }, "95 % interval"},
		key{func(c draw.Canvas) { c.StrokeLine2(tickLine, c.Min.X+3, middle(c), c.Max.X-3, middle(c)) }, "ceiling: rows alike"},
		key{func(c draw.Canvas) { c.StrokeLine2(solidLine, c.Min.X, middle(c), c.Max.X, middle(c)) }, "ceiling: class seen"},
		key{func(c draw.Canvas) { c.StrokeLine2(dashedLine, c.Min.X, middle(c), c.Max.X, middle(c)) }, "largest class"},
	)
	if slices.ContainsFunc(p.rows, func(r experiments.AccuracyRow) bool { return r.Paper.Given() }) {
		l = append(l, key{func(c draw.Canvas) { drawDiamond(c, c.Center()) }, "the paper (> more than, < less than)"})
	}
	if slices.ContainsFunc(p.rows, func(r experiments.AccuracyRow) bool { return r.Filter != p.filter }) {
		l = append(l, key{func(c draw.Canvas) { drawRing(c, c.Center()) }, "filtered on training rows alone"})
	}
	return l
}

// boxKey explains the filling of bars.
func boxKey(text string, colour color.Color, hatched bool) key {
	return key{func(c draw.Canvas) { fillBox(c, c.Rectangle, colour, hatched) }, text}
}

// alt says in words what the figure shows.
func (p *accuracyPlan) alt() string {
	var b strings.Builder
	b.WriteString("Grouped bars of accuracy in percent. ")
	for i := range p.rows {
		r := &p.rows[i]
		if r.Filter == p.filter {
			fmt.Fprintf(&b, "%s level %d, %s split, %s with %s fields: %s. ", r.Hierarchy, r.Level, r.Split, r.Learner, r.Fields, (100 * r.Accuracy).Format(1))
		}
	}
	return strings.TrimSpace(b.String())
}
