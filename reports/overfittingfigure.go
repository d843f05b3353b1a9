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

// sourceColours are those of the sources of variation: the operating system
// has the colour of vetted fields.
var sourceColours = [datasets.NumSources]color.Color{green, orange, skyBlue, purple, yellow, blue, grey}

// overfittingFigure draws high-value fields in stacked bars, a bar a level.
func overfittingFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.OverfittingRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := &overfittingPlan{rows: rows}
	for i := range rows {
		p.hierarchies = addOnce(p.hierarchies, rows[i].Hierarchy)
		p.most = max(p.most, float64(rows[i].All))
	}
	s := &sheet{
		legend: p.keys(),
		footer: footer{fmt.Sprintf("%s Means over %d draws of %d machines. Percentages: fields in OS source code, counted by first column; below, if all ties in gain went to prone or to vetted fields.",
			provenanceLine(r), rows[0].Seeds, rows[0].Machines)},
		panels: p.panels,
	}
	return s.figure(r, p.alt()), nil
}

// overfittingPlan is what the figure shows, one panel a hierarchy.
type overfittingPlan struct {
	rows        []experiments.OverfittingRow
	hierarchies []string
	most        float64 // fields of the highest bar
}

func (p *overfittingPlan) panels(w Width) [][]*plot.Plot {
	var panels []*plot.Plot
	for _, h := range p.hierarchies {
		panels = append(panels, p.panel(h))
	}
	return sideBySide(w, panels...)
}

func (p *overfittingPlan) panel(hierarchy string) *plot.Plot {
	panel := newPlot(capital(hierarchy) + " hierarchy")
	panel.Y.Label.Text = "high-value fields"
	var levels []int
	for i := range p.rows {
		if p.rows[i].Hierarchy == hierarchy {
			levels = addOnce(levels, p.rows[i].Level)
		}
	}
	var ticks plot.ConstantTicks
	for i, level := range levels {
		ticks = append(ticks, plot.Tick{Value: float64(i), Label: fmt.Sprintf("level %d", level)})
	}
	panel.X.Tick.Marker, panel.X.Tick.Length = ticks, 0
	panel.X.Min, panel.X.Max = -0.6, float64(len(levels))-0.4
	countAxis(&panel.Y, 0, max(1, p.most*1.35))
	panel.Add(drawing(gridLines), drawing(func(c draw.Canvas, pl *plot.Plot) {
		for i, level := range levels {
			p.stack(c, pl, stackAt{hierarchy, level, float64(i)})
		}
	}))
	return panel
}

// stackAt says which bar stands where.
type stackAt struct {
	hierarchy string
	level     int
	x         float64
}

// stack draws one bar, the operating system at its foot, and its shares.
func (p *overfittingPlan) stack(c draw.Canvas, pl *plot.Plot, at stackAt) {
	x, y := axes(c, pl)
	const half = 0.24
	foot := 0.0
	for i := range p.rows {
		row := &p.rows[i]
		if row.Hierarchy != at.hierarchy || row.Level != at.level || math.IsNaN(float64(row.Fields)) {
			continue
		}
		top := foot + float64(row.Fields)
		fillBox(c, vg.Rectangle{Min: vg.Point{X: x(at.x - half), Y: y(foot)}, Max: vg.Point{X: x(at.x + half), Y: y(top)}}, p.colour(row.Source), false)
		foot = top
	}
	for i := range p.rows {
		row := &p.rows[i]
		if row.Hierarchy == at.hierarchy && row.Level == at.level && row.Source == datasets.SourceNames[datasets.SourceOS] {
			onPaper(c, labelSize, vg.Point{X: x(at.x), Y: y(foot) + 10}, percentText(row.Share)+" %")
			onPaper(c, smallSize, vg.Point{X: x(at.x), Y: y(foot) + 1.5}, fmt.Sprintf("%s to %s %%", percentText(row.ShareLeast), percentText(row.ShareMost)))
		}
	}
}

// onPaper writes text centred above a point, on white, for grid lines may run
// there.
func onPaper(c draw.Canvas, size float64, at vg.Point, s string) {
	sty := withAlign(textStyle(size), draw.XCenter)
	half, top := sty.Width(s)/2+1, at.Y+vg.Length(size)
	c.FillPolygon(paper, []vg.Point{{X: at.X - half, Y: at.Y}, {X: at.X + half, Y: at.Y}, {X: at.X + half, Y: top}, {X: at.X - half, Y: top}})
	c.FillText(sty, at, s)
}

// percentText is a share in whole percent.
func percentText(n experiments.Number) string { return (100 * n).Format(0) }

func (p *overfittingPlan) colour(source string) color.Color {
	for i, name := range datasets.SourceNames {
		if name == source {
			return sourceColours[i]
		}
	}
	return grey
}

func (p *overfittingPlan) keys() legend {
	var l legend
	for _, name := range datasets.SourceNames {
		text := name
		if name == datasets.SourceNames[datasets.SourceOS] {
			text = "OS source code"
		}
		l = append(l, boxKey(text, p.colour(name), false))
	}
	return l
}

func (p *overfittingPlan) alt() string {
	var b strings.Builder
	b.WriteString("Stacked bars of high-value fields by source of variation. ")
	for i := range p.rows {
		if row := &p.rows[i]; row.Source == datasets.SourceNames[datasets.SourceOS] {
			fmt.Fprintf(&b, "%s level %d: %s fields, %s percent of them in OS source code. ", row.Hierarchy, row.Level, row.All.Format(1), percentText(row.Share))
		}
	}
	return strings.TrimSpace(b.String())
}
