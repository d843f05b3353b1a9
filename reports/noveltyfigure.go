package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/experiments"
)

// noveltyFigure draws, a column of panels for each rule, the OSCR curve, the
// accuracy of what is accepted, and the area for each choice of the unknown.
func noveltyFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.NoveltyRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := &noveltyPlan{}
	first := rows[0]
	for i := range rows {
		row := &rows[i]
		if row.Hierarchy != first.Hierarchy || row.Level != first.Level || row.Fields != first.Fields {
			continue // the table has them
		}
		p.rows = append(p.rows, *row)
		p.rules, p.learners = addOnce(p.rules, row.Rule), addOnce(p.learners, row.Learner)
		if row.Kind == experiments.NoveltyMeasure {
			p.unknown = addOnce(p.unknown, row.Unknown)
		}
	}
	s := &sheet{
		legend: p.keys(),
		footer: footer{fmt.Sprintf("%s %s level %d, %s fields; grouped folds. Curves are over random sets of unknown classes; intervals of AUROC are 95 %% over groups, of random sets 90 %% of the sets.",
			provenanceLine(r), capital(first.Hierarchy), first.Level, first.Fields)},
		panels: p.panels,
	}
	return s.figure(r, p.alt()), nil
}

// noveltyPlan is what the figure shows.
type noveltyPlan struct {
	rows                     []experiments.NoveltyRow
	rules, learners, unknown []string
}

func (p *noveltyPlan) panels(w Width) [][]*plot.Plot {
	var oscr, accepted, areas []*plot.Plot
	for _, rule := range p.rules {
		a := p.curves(rule, "unknown accepted (%)", "known right (%)", func(r *experiments.NoveltyRow) point {
			return point{percent(r.Accepted), percent(r.Correct)}
		})
		b := p.curves(rule, "share accepted (%)", "accepted right (%)", func(r *experiments.NoveltyRow) point {
			return point{percent(r.Share), percent(r.Right)}
		})
		oscr, accepted, areas = append(oscr, a), append(accepted, b), append(areas, p.areas(rule))
	}
	if w == Page {
		return [][]*plot.Plot{oscr, accepted, areas}
	}
	var stacked [][]*plot.Plot
	for _, panel := range append(append(oscr, accepted...), areas...) {
		stacked = append(stacked, []*plot.Plot{panel})
	}
	return stacked
}

// ruleTitle is a rule as panels name it.
func ruleTitle(rule string) string {
	if rule == "lof" {
		return "LOF"
	}
	return capital(rule)
}

// curves draws one curve a learner through the points of a rule.
func (p *noveltyPlan) curves(rule, x, y string, at func(*experiments.NoveltyRow) point) *plot.Plot {
	panel := newPlot(ruleTitle(rule))
	panel.X.Label.Text, panel.Y.Label.Text = x, y
	panel.X.Min, panel.X.Max, panel.Y.Min, panel.Y.Max = 0, 104, 0, 104
	panel.X.Tick.Marker, panel.Y.Tick.Marker = percentTicks(0, 25, 50, 75, 100), percentTicks(0, 25, 50, 75, 100)
	panel.Add(drawing(gridLines))
	for _, l := range p.learners {
		var points []point
		for i := range p.rows {
			if row := &p.rows[i]; row.Kind == experiments.NoveltyPoint && row.Rule == rule && row.Learner == l {
				points = append(points, at(row))
			}
		}
		style := draw.LineStyle{Color: LearnerColour(l), Width: vg.Points(1.1)}
		panel.Add(curve(points, style), dots(points, LearnerColour(l)))
	}
	return panel
}

// areas draws the AUROC of a rule for each choice of the unknown, a line
// each. Of a detector, whose score is no learner's, there is one.
func (p *noveltyPlan) areas(rule string) *plot.Plot {
	panel := newPlot(ruleTitle(rule))
	panel.X.Label.Text = "AUROC"
	panel.X.Min, panel.X.Max = 0, 1.04
	panel.X.Tick.Marker = plot.ConstantTicks{{Value: 0, Label: "0"}, {Value: 0.5, Label: "0.5"}, {Value: 1, Label: "1"}}
	last := float64(len(p.unknown) - 1)
	panel.Y.Min, panel.Y.Max = -0.5, last+0.5
	var ticks plot.ConstantTicks
	for i, u := range p.unknown {
		ticks = append(ticks, plot.Tick{Value: last - float64(i), Label: shortUnknown(u)})
	}
	panel.Y.Tick.Marker = ticks
	panel.Add(upright(0.5, dashedLine))
	series := p.learners
	if rule != experiments.CertaintyRule {
		series = series[:1]
	}
	for k, l := range series {
		colour := LearnerColour(l)
		if rule != experiments.CertaintyRule {
			colour = ink
		}
		for i := range p.rows {
			row := &p.rows[i]
			if row.Kind != experiments.NoveltyMeasure || row.Rule != rule || row.Learner != l || math.IsNaN(float64(row.AUROC)) {
				continue
			}
			y := last - float64(slices.Index(p.unknown, row.Unknown)) - (float64(k)-float64(len(series)-1)/2)*0.22
			interval := []point{{float64(row.Low), y}, {float64(row.High), y}}
			panel.Add(curve(interval, draw.LineStyle{Color: colour, Width: vg.Points(0.7)}), dots([]point{{float64(row.AUROC), y}}, colour))
		}
	}
	return panel
}

// shortUnknown keeps tick labels apart.
func shortUnknown(name string) string {
	if name == experiments.RandomSets {
		return "random"
	}
	if runes := []rune(name); len(runes) > 10 {
		return string(runes[:9]) + "…"
	}
	return name
}

func (p *noveltyPlan) keys() legend {
	var l legend
	for _, learner := range p.learners {
		l = append(l, lineKey(learner, draw.LineStyle{Color: LearnerColour(learner), Width: vg.Points(1.1)}))
	}
	return append(l, lineKey("no better than chance", dashedLine))
}

func (p *noveltyPlan) alt() string {
	var b strings.Builder
	b.WriteString("Curves of known machines named right against unknown ones accepted, and areas under ROC curves. ")
	for i := range p.rows {
		if row := &p.rows[i]; row.Kind == experiments.NoveltyMeasure {
			fmt.Fprintf(&b, "%s of %s, unknown %s: AUROC %s. ", row.Rule, row.Learner, row.Unknown, row.AUROC.Format(2))
		}
	}
	return strings.TrimSpace(b.String())
}
