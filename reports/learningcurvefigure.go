package reports

import (
	"fmt"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/datasets"
	"tickle/experiments"
)

// learningCurveFigure draws accuracy against the machines trained on, a panel
// for each hierarchy and level.
func learningCurveFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.LearningCurveRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := &learningCurvePlan{rows: rows}
	for i := range rows {
		p.levels = addOnce(p.levels, levelOf{rows[i].Hierarchy, rows[i].Level})
		p.series = addOnce(p.series, accuracySeries{rows[i].Learner, rows[i].Fields})
		p.most = max(p.most, float64(rows[i].Machines))
	}
	s := &sheet{legend: p.keys(), footer: footer{provenanceLine(r) + " Grouped folds; bands are 95 % intervals over groups."}, panels: p.panels}
	return s.figure(r, p.alt()), nil
}

// levelOf is a level of a hierarchy: a panel.
type levelOf struct {
	hierarchy string
	level     int
}

func (l levelOf) String() string { return fmt.Sprintf("%s level %d", capital(l.hierarchy), l.level) }

// learningCurvePlan is what the figure shows.
type learningCurvePlan struct {
	rows   []experiments.LearningCurveRow
	levels []levelOf
	series []accuracySeries
	most   float64
}

func (p *learningCurvePlan) panels(w Width) [][]*plot.Plot {
	across := 1
	if w == Page {
		across = min(2, len(p.levels))
	}
	panels := make([]*plot.Plot, len(p.levels))
	for i, l := range p.levels {
		panels[i] = p.panel(l)
	}
	return inRows(panels, across)
}

// inRows lays panels out, so many side by side; the last row may have gaps.
func inRows(panels []*plot.Plot, across int) [][]*plot.Plot {
	var rows [][]*plot.Plot
	for i, p := range panels {
		if i%across == 0 {
			rows = append(rows, make([]*plot.Plot, across))
		}
		rows[i/across][i%across] = p
	}
	return rows
}

func (p *learningCurvePlan) panel(l levelOf) *plot.Plot {
	panel := newPlot(l.String())
	panel.X.Label.Text = "machines trained on"
	panel.Y.Label.Text = "accuracy (%)"
	countAxis(&panel.X, 0, p.most*1.05)
	panel.Y.Min, panel.Y.Max = 0, 104
	panel.Y.Tick.Marker = percentTicks(0, 25, 50, 75, 100)
	panel.Add(drawing(gridLines))
	var seen []point
	var over []plot.Plotter
	for _, s := range p.series {
		var points, low, high []point
		for i := range p.rows {
			row := &p.rows[i]
			if row.Hierarchy != l.hierarchy || row.Level != l.level || row.Learner != s.learner || row.Fields != s.fields {
				continue
			}
			x := float64(row.Machines)
			points = append(points, point{x, percent(row.Accuracy)})
			low, high = append(low, point{x, percent(row.AccuracyLow)}), append(high, point{x, percent(row.AccuracyHigh)})
			if s == p.series[0] {
				seen = append(seen, point{x, percent(row.CeilingSeen)})
			}
		}
		if len(p.series) <= 2 {
			panel.Add(band(low, high, tint(LearnerColour(s.learner), 3)))
		}
		over = append(over, curve(points, seriesLine(s)), dots(points, LearnerColour(s.learner)))
	}
	panel.Add(curve(seen, dashedLine))
	panel.Add(over...)
	return panel
}

// seriesLine is a learner's line: dashed for vetted fields.
func seriesLine(s accuracySeries) draw.LineStyle {
	style := draw.LineStyle{Color: LearnerColour(s.learner), Width: vg.Points(1.3)}
	if s.fields == string(datasets.Vetted) {
		style.Dashes = []vg.Length{4, 2}
	}
	return style
}

func (p *learningCurvePlan) keys() legend {
	var l legend
	for _, s := range p.series {
		l = append(l, lineKey(s.learner+", "+s.fields+" fields", seriesLine(s)))
	}
	return append(l, lineKey("ceiling: class seen in training", dashedLine))
}

func (p *learningCurvePlan) alt() string {
	var b strings.Builder
	b.WriteString("Curves of accuracy against the number of machines trained on. ")
	for i := range p.rows {
		row := &p.rows[i]
		fmt.Fprintf(&b, "%s level %d, %s with %s fields, %s machines: %s. ", row.Hierarchy, row.Level, row.Learner, row.Fields, row.Machines.Format(0), (100 * row.Accuracy).Format(1))
	}
	return strings.TrimSpace(b.String())
}
