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

// looFigure draws a panel for each source of vectors, a line a measure, with
// the talk's share beside ours.
func looFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.LOORow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := &looPlan{rows: rows}
	for i := range rows {
		p.sources = addOnce(p.sources, rows[i].Vectors)
	}
	s := &sheet{
		legend: legend{
			{func(c draw.Canvas) { drawSpan(c, c.Min.X, c.Max.X, c.Center(), blue) }, "Nmap's IPv6 classifier trained here, 95 % interval"},
			diamondKey("the talk, 153 vectors of 2011"),
		},
		footer: footer{provenanceLine(r) + " At most: vectors whose class has another vector."},
		panels: p.panels,
	}
	return s.figure(r, p.alt()), nil
}

// looPlan is what the figure shows.
type looPlan struct {
	rows    []experiments.LOORow
	sources []string
}

func (p *looPlan) panels(w Width) [][]*plot.Plot {
	var all []*plot.Plot
	for _, source := range p.sources {
		all = append(all, p.panel(source))
	}
	return sideBySide(w, all...)
}

func (p *looPlan) panel(source string) *plot.Plot {
	var of []experiments.LOORow
	for i := range p.rows {
		if p.rows[i].Vectors == source {
			of = append(of, p.rows[i])
		}
	}
	panel := newPlot(fmt.Sprintf("%s: %d vectors of %d classes, %d of one vector", capital(source), of[0].N, of[0].Classes, of[0].Singletons))
	panel.X.Label.Text = "right (%)"
	panel.X.Min, panel.X.Max = 0, 104
	panel.X.Tick.Marker = percentTicks(0, 25, 50, 75, 100)
	last := float64(len(of) - 1)
	panel.Y.Min, panel.Y.Max = -0.5, last+0.5
	var ticks plot.ConstantTicks
	for i, row := range of {
		ticks = append(ticks, plot.Tick{Value: last - float64(i), Label: row.Measure})
	}
	panel.Y.Tick.Marker = ticks
	panel.Add(drawing(func(c draw.Canvas, pl *plot.Plot) {
		x, y := axes(c, pl)
		for i, row := range of {
			at := vg.Point{X: x(percent(row.Accuracy)), Y: y(last - float64(i))}
			low, high := at.X, at.X
			if !row.Low.IsNA() {
				low, high = x(percent(row.Low)), x(percent(row.High))
			}
			drawSpan(c, low, high, at, blue)
			if row.Talk.Given() {
				drawDiamond(c, vg.Point{X: x(percent(row.Talk.Value)), Y: at.Y - 9})
			}
			text := fmt.Sprintf("%d/%d", row.Right, row.N)
			sty := textStyle(smallSize)
			left := min(max(at.X-sty.Width(text)/2, c.Min.X), c.Max.X-sty.Width(text))
			c.FillText(sty, vg.Point{X: left, Y: at.Y + 3.5}, text)
		}
	}))
	return panel
}

// drawSpan draws a disc on a line from low to high.
func drawSpan(c draw.Canvas, low, high vg.Length, at vg.Point, colour color.Color) {
	c.StrokeLine2(draw.LineStyle{Color: colour, Width: vg.Points(1)}, low, at.Y, high, at.Y)
	c.DrawGlyph(draw.GlyphStyle{Color: colour, Radius: 2.2, Shape: draw.CircleGlyph{}}, at)
}

func (p *looPlan) alt() string {
	var b strings.Builder
	b.WriteString("Shares of vectors that are given their class. ")
	for i := range p.rows {
		row := &p.rows[i]
		fmt.Fprintf(&b, "%s, %s: %d of %d", row.Vectors, row.Measure, row.Right, row.N)
		if row.Talk.Given() {
			fmt.Fprintf(&b, "; the talk %d of 153", row.TalkRight)
		}
		b.WriteString(". ")
	}
	return strings.TrimSpace(b.String())
}
