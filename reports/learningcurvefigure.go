package reports

import (
	"fmt"
	"image/color"
	"math"
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
	s := &sheet{legend: p.keys(), footer: footer{provenanceLine(r) + " Grouped folds; intervals are 95 %, over groups."}, panels: p.panels}
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
	for k, s := range p.series {
		var points []point
		var bars []drawing
		for i := range p.rows {
			row := &p.rows[i]
			if row.Hierarchy != l.hierarchy || row.Level != l.level || row.Learner != s.learner || row.Fields != s.fields {
				continue
			}
			x := float64(row.Machines)
			if k == 0 {
				seen = append(seen, point{x, percent(row.CeilingSeen)})
			}
			// Series stand beside one another, so that no interval hides another.
			x += (float64(k) - float64(len(p.series)-1)/2) * p.most * 0.008
			points = append(points, point{x, percent(row.Accuracy)})
			bars = append(bars, intervalAt(x, percent(row.AccuracyLow), percent(row.AccuracyHigh), LearnerColour(s.learner)))
		}
		if len(p.series) <= maxIntervals {
			for _, b := range bars {
				panel.Add(b)
			}
		}
		panel.Add(curve(points, seriesLine(s)), dots(points, LearnerColour(s.learner)))
	}
	panel.Add(curve(seen, dashedLine))
	return panel
}

// maxIntervals is of how many series the intervals are drawn; those of more
// are in the table only.
const maxIntervals = 4

// intervalAt draws an interval in a series' colour.
func intervalAt(at, low, high float64, colour color.Color) drawing {
	return func(c draw.Canvas, p *plot.Plot) {
		if math.IsNaN(low) || math.IsNaN(high) {
			return
		}
		x, y := axes(c, p)
		style := draw.LineStyle{Color: colour, Width: vg.Points(0.6)}
		const half = 1.6
		c.StrokeLine2(style, x(at), y(low), x(at), y(high))
		c.StrokeLine2(style, x(at)-half, y(low), x(at)+half, y(low))
		c.StrokeLine2(style, x(at)-half, y(high), x(at)+half, y(high))
	}
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
