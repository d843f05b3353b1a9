package reports

import (
	"fmt"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/experiments"
)

// calibrationFigure draws reliability diagrams, a panel for each hierarchy
// and level.
func calibrationFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.CalibrationRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := &calibrationPlan{rows: rows}
	for i := range rows {
		p.levels = addOnce(p.levels, levelOf{rows[i].Hierarchy, rows[i].Level})
		p.series = addOnce(p.series, accuracySeries{rows[i].Learner, rows[i].Fields})
	}
	s := &sheet{
		legend: p.keys(),
		footer: footer{provenanceLine(r) + " Grouped folds; each dot is a bin of equal mass. Numbers: expected calibration error in points, and in brackets what a perfectly calibrated model would exceed once in twenty."},
		panels: p.panels,
	}
	return s.figure(r, p.alt()), nil
}

// calibrationPlan is what the figure shows.
type calibrationPlan struct {
	rows   []experiments.CalibrationRow
	levels []levelOf
	series []accuracySeries
}

func (p *calibrationPlan) panels(w Width) [][]*plot.Plot {
	across := 2
	if w == Page {
		across = 3
	}
	panels := make([]*plot.Plot, len(p.levels))
	for i, l := range p.levels {
		panels[i] = p.panel(l)
	}
	return inRows(panels, min(across, len(panels)))
}

func (p *calibrationPlan) panel(l levelOf) *plot.Plot {
	panel := newPlot(l.String())
	panel.X.Label.Text = "confidence (%)"
	panel.Y.Label.Text = "accuracy (%)"
	panel.X.Min, panel.X.Max, panel.Y.Min, panel.Y.Max = 0, 104, 0, 104
	panel.X.Tick.Marker = percentTicks(0, 25, 50, 75, 100)
	panel.Y.Tick.Marker = percentTicks(0, 25, 50, 75, 100)
	panel.Add(drawing(gridLines), curve([]point{{0, 0}, {100, 100}}, dashedLine))
	var notes []string
	for _, s := range p.series {
		var points []point
		for i := range p.rows {
			row := &p.rows[i]
			if row.Hierarchy == l.hierarchy && row.Level == l.level && row.Learner == s.learner && row.Fields == s.fields {
				if len(points) == 0 {
					notes = append(notes, fmt.Sprintf("%s %s (%s)", s.learner, (100*row.ECE).Format(0), (100*row.PerfectHigh).Format(0)))
				}
				points = append(points, point{percent(row.Confidence), percent(row.Accuracy)})
			}
		}
		thin := seriesLine(s)
		thin.Width = vg.Points(0.7)
		panel.Add(curve(points, thin), dots(points, LearnerColour(s.learner)))
	}
	// Diagrams of more learners have no room for their numbers, which are in
	// the table.
	if len(notes) <= 3 {
		panel.Add(drawing(func(c draw.Canvas, _ *plot.Plot) { writeNotes(c, notes) }))
	}
	return panel
}

// writeNotes writes lines into the upper left corner of a panel, on white.
func writeNotes(c draw.Canvas, notes []string) {
	sty := textStyle(smallSize)
	y := c.Max.Y - 2
	for _, s := range notes {
		y -= smallSize * lineGap
		wide := sty.Width(s)
		c.FillPolygon(paper, []vg.Point{{X: c.Min.X + 2, Y: y}, {X: c.Min.X + 4 + wide, Y: y}, {X: c.Min.X + 4 + wide, Y: y + smallSize + 1}, {X: c.Min.X + 2, Y: y + smallSize + 1}})
		c.FillText(sty, vg.Point{X: c.Min.X + 3, Y: y}, s)
	}
}

func (p *calibrationPlan) keys() legend {
	var l legend
	for _, s := range p.series {
		l = append(l, lineKey(s.learner+", "+s.fields+" fields", seriesLine(s)))
	}
	return append(l, lineKey("perfectly calibrated", dashedLine))
}

func (p *calibrationPlan) alt() string {
	var b strings.Builder
	b.WriteString("Reliability diagrams of accuracy against confidence. ")
	for i := range p.rows {
		if row := &p.rows[i]; row.Bin == 1 {
			fmt.Fprintf(&b, "%s level %d, %s with %s fields: expected calibration error %s points, %s for a perfect model. ",
				row.Hierarchy, row.Level, row.Learner, row.Fields, (100 * row.ECE).Format(1), (100 * row.Perfect).Format(1))
		}
	}
	return strings.TrimSpace(b.String())
}
